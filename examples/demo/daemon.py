# SPDX-License-Identifier: Apache-2.0
"""slowburn as its user meets it: the daemon's command line, and the verbs."""

import json
import os
import subprocess
import time

from . import net
from .processes import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, "build", "src", "slowburn")


def binary():
    """$SLOWBURN_BINARY, or what `make` builds."""
    path = os.path.abspath(os.environ.get("SLOWBURN_BINARY", BUILT))
    if not os.access(path, os.X_OK):
        raise Failed(f"{path} is not built; run make")
    return path


def run_command(program, data, admin_port, listeners, advisor_dsn=None, extra=()):
    """`slowburn run`; listeners: (protocol, port, upstream's port), all on loopback."""
    argv = [program, "run", "--data", data, "--admin", f"{net.HOST}:{admin_port}"]
    for protocol, port, upstream in listeners:
        argv += [f"--{protocol}", f"{net.HOST}:{port}={net.HOST}:{upstream}"]
    if advisor_dsn:
        argv += ["--advisor", advisor_dsn]
    return [*argv, *extra]


class Slowburn:
    """One daemon in front of one PostgreSQL and one HTTP server."""

    def __init__(self, processes, folder, logs, ports, program=None):
        self._processes = processes
        self._program = program or binary()
        self._log = os.path.join(logs, "slowburn.log")
        self.data = os.path.join(folder, "slowburn")
        self.postgres_port, self.http_port, self.admin_port = ports
        self.process = None

    def start(self, postgres_upstream, http_upstream=None, advisor_dsn=None, extra=()):
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        listeners = [("postgres", self.postgres_port, postgres_upstream)]
        if http_upstream:
            listeners.append(("http", self.http_port, http_upstream))
        argv = run_command(self._program, self.data, self.admin_port, listeners, advisor_dsn, extra)
        self.process = self._processes.start("slowburn", argv, self._log)
        for port in (self.admin_port, *(listener[1] for listener in listeners)):
            net.wait_for_port(port, self.process)
        self._wait_until_answering()

    def _wait_until_answering(self, limit_s=15.0):
        end = time.monotonic() + limit_s
        while True:
            self.process.check()
            try:
                self.cli("status", "--json")
                return
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def stop(self):
        self._processes.stop(self.process)

    def cli(self, verb, *words):
        """What a person would type; answers what it printed."""
        argv = [self._program, verb, *words]
        if verb != "advisor-grants":
            argv += ["--admin", f"{net.HOST}:{self.admin_port}", "--data", self.data]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise Failed(f"slowburn {verb}: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def json(self, verb, *words):
        return json.loads(self.cli(verb, *words, "--json"))

    def incidents(self):
        return self.json("incidents")

    def deploy(self, name):
        self.cli("deploy", name)
