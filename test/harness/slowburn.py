# SPDX-License-Identifier: Apache-2.0
"""A slowburn of the test's own, and its answers as Python objects."""
import contextlib
import json
import os
import subprocess
import time

from examples.demo.daemon import run_command
from test.harness import processes

VERB_S = 120


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
        try:
            for port in filter(None, (self.port, self.http, self.admin)):
                processes.wait_for_port(port, self.process)
        except BaseException:
            processes.stop(self.process)
            raise
        return self

    def wait_until_watching(self, seconds=60.0):
        """Until the analyzer reads the proxy's rings: what is sent from now on is known whole."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError, KeyError):
                if self.document("status")["analyzer"]["rings"] > 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the analyzer reads no rings after {seconds} s, see {self.log}")

    def __exit__(self, failure=None, *_):
        if failure is not None:
            self.keep_status()
        processes.stop(self.process)

    def keep_status(self):
        """In a file beside the log, for whoever reads why a test failed (evidence.py)."""
        path = self.log[:-len(".log")] + ".status"
        if self.process is not None and self.process.poll() is None:
            with open(path, "w", encoding="utf-8") as out:
                try:
                    out.write(self.verb("status"))
                except RuntimeError as error:
                    out.write(f"{error}\n")
        return path

    def status(self, *names, ready=lambda status: True, seconds=60.0):
        """The status once it has these parts and is ready, or the last one seen: an analyzer that
        has just begun is told of the others within a few seconds, and of changes as seldom."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.document("status")
            whole = all(name in found for name in names)
            if (whole and ready(found)) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def verb(self, *words):
        """Runs a verb against this daemon and returns its standard output."""
        try:
            done = subprocess.run([self.binary, *words, "--data", self.data], text=True,
                                  capture_output=True, check=False, timeout=VERB_S)
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(f"slowburn {' '.join(words)}: not done in {VERB_S} s") from late
        if done.returncode != 0:
            raise RuntimeError(f"slowburn {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def document(self, *words):
        return json.loads(self.verb(*words, "--json"))

    def wait_for_incident(self, seconds, ready=lambda incident: True):
        """The oldest incident that is ready; after `seconds` the oldest one there is, or None. Where
        a request for them failed, as on a daemon that starts, the next one may not."""
        deadline = time.monotonic() + seconds
        incidents = []
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):
                incidents = self.document("incidents")
                for incident in filter(ready, reversed(incidents)):
                    return incident
            time.sleep(1)
        return incidents[-1] if incidents else None
