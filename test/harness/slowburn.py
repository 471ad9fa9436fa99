# SPDX-License-Identifier: Apache-2.0
"""A slowburn of the test's own, and its answers as Python objects."""
import json
import os
import subprocess
import time

from examples.demo.daemon import run_command
from test.harness import processes


class Slowburn:
    """with Slowburn(binary, folder, postgres_port, http_port=None, advisor=None) as s: ..."""

    def __init__(self, binary, folder, postgres_port, http_port=None, advisor=None, more=()):
        self.binary = os.path.abspath(binary)
        self.data = os.path.join(folder, "slowburn")
        self.log = os.path.join(folder, "slowburn.log")
        self.port = processes.free_port()
        self.http = processes.free_port() if http_port else None
        self.admin = processes.free_port()
        listeners = [("postgres", self.port, postgres_port)]
        if http_port:
            listeners.append(("http", self.http, http_port))
        loop = os.environ.get("SLOWBURN_LOOP", "auto")
        self.command = run_command(self.binary, self.data, self.admin, listeners, advisor,
                                   ["--event-loop", loop, *more])
        self.process = None

    def __enter__(self):
        self.process = processes.start(self.command, self.log)
        for port in filter(None, (self.port, self.http, self.admin)):
            processes.wait_for_port(port, self.process)
        return self

    def wait_until_watching(self, seconds=60.0):
        """Until the analyzer reads the proxy's rings: what is sent from now on is known whole."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.document("status")["analyzer"]["rings"] > 0:
                    return
            except (RuntimeError, KeyError):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"the analyzer reads no rings after {seconds} s, see {self.log}")

    def __exit__(self, *_):
        processes.stop(self.process)

    def verb(self, *words):
        """Runs a verb against this daemon and returns its standard output."""
        done = subprocess.run([self.binary, *words, "--data", self.data], text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"slowburn {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def document(self, *words):
        return json.loads(self.verb(*words, "--json"))

    def wait_for_incident(self, seconds, ready=lambda incident: True):
        """The first incident once ready(incident) holds; the last state seen, or None, after it."""
        deadline = time.monotonic() + seconds
        seen = None
        while time.monotonic() < deadline:
            incidents = self.document("incidents")
            if incidents:
                seen = incidents[-1]
                if ready(seen):
                    return seen
            time.sleep(1)
        return seen
