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
        argv = [self._program, "run",
                "--postgres", f"{net.HOST}:{self.postgres_port}={net.HOST}:{postgres_upstream}",
                "--data", self.data, "--admin", f"{net.HOST}:{self.admin_port}", *extra]
        ports = [self.postgres_port, self.admin_port]
        if http_upstream:
            argv += ["--http", f"{net.HOST}:{self.http_port}={net.HOST}:{http_upstream}"]
            ports.append(self.http_port)
        if advisor_dsn:
            argv += ["--advisor", advisor_dsn]
        self.process = self._processes.start("slowburn", argv, self._log)
        for port in ports:
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
