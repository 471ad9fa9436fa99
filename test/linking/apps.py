# SPDX-License-Identifier: Apache-2.0
"""The same application three times: PHP's own server with workers and PDO, Python threads with
psycopg2's pool, one asynchronous Node process with node-postgres' pool.

Each answers the routes of spec.json, whose statements bind the id of a user. That id is the one in the
path or the body in the mode `values`; in the others the request names somebody ("u-17") and the
application knows the id, so that request and queries have no value in common. In the mode `tags`, and
in no other, the request's traceparent goes behind each statement. Between its steps an application
thinks, for random times (exponential, THINK_MS on average).

After each answer the application appends a line to TRUTH: {"trace": the id in its traceparent header,
"route": ..., "queries": [[the server's process, begin, end (us, CLOCK_MONOTONIC), queries on the wire,
name], ...]}. That is the truth; none of it is on the wire."""
import os
import sys

from test.harness import processes

HERE = os.path.dirname(os.path.abspath(__file__))
SPEC = os.path.join(HERE, "spec.json")
PHP_WORKERS = 48

COMMANDS = {
    "php": lambda port: ["php", "-S", f"127.0.0.1:{port}", os.path.join(HERE, "app.php")],
    "python": lambda port: [sys.executable, os.path.join(HERE, "app_python.py"), str(port)],
    "node": lambda port: ["node", os.path.join(HERE, "app_node.js"), str(port)],
}


class Application:
    """with Application(kind, mode, folder, port, database, database_port, think_ms, modules): ..."""

    def __init__(self, kind, mode, folder, port, database, database_port, think_ms, modules):
        self.truth = os.path.join(folder, "truth.jsonl")
        self.port = port
        self._command = COMMANDS[kind](port)
        self._log = os.path.join(folder, "application.log")
        self._environment = dict(os.environ, SPEC=SPEC, TRUTH=self.truth, MODE=mode,
                                 PGPORT=str(database_port), PGDATABASE=database, THINK_MS=str(think_ms),
                                 NODE_PATH=modules or "", PHP_CLI_SERVER_WORKERS=str(PHP_WORKERS))
        self._process = None

    def __enter__(self):
        self._process = processes.start(self._command, self._log, env=self._environment)
        processes.wait_for_port(self.port, self._process)
        return self

    def __exit__(self, *_):
        processes.stop(self._process)
