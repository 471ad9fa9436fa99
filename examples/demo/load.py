# SPDX-License-Identifier: Apache-2.0
"""The load generator as a process of its own, so that whatever waits here never delays a request."""

import json
import os
import subprocess
import sys
import time

from ..load import summary, traffic

from . import net
from .processes import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Load:
    def __init__(self, processes, port, logs, name="load", rate_per_min=1000.0, shares=None, seed=1):
        self._processes = processes
        self._path = os.path.join(logs, name + ".jsonl")
        argv = [sys.executable, "-m", "examples.load", f"{net.HOST}:{port}", "--out", self._path,
                "--rate", str(rate_per_min), "--seed", str(seed), "--control"]
        if shares:
            argv += ["--shares", json.dumps(shares)]
        open(self._path, "wb").close()
        self._process = processes.start("load generator", argv, os.path.join(logs, name + ".log"),
                                        cwd=ROOT, stdin=subprocess.PIPE)
        self._wait_until_started(os.path.join(logs, name + ".log"))
        self.results = summary.Results(self._path)

    def _wait_until_started(self, log, limit_s=10.0):
        """The generator's clock starts with the line that it prints."""
        end = time.monotonic() + limit_s
        while not os.path.getsize(log):
            self._process.check()
            if time.monotonic() > end:
                raise Failed(f"the load generator does not start; see {log}")
            time.sleep(0.005)
        self._started = time.monotonic()

    def now(self):
        """Seconds on the generator's own clock, to a few hundredths."""
        return time.monotonic() - self._started

    def at_wall(self, wall_s):
        """The same clock, for a moment given in seconds since 1970."""
        return self.now() + wall_s - time.time()

    def change(self, **wanted):
        """A straight ramp to a new rate_per_min, new shares or both, over_s seconds long."""
        self._process.popen.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._process.popen.stdin.flush()

    def stop(self):
        """Sends nothing more and waits for the replies still on their way."""
        self._process.popen.stdin.close()
        try:
            self._process.popen.wait(max(traffic.TIMEOUTS.values()) + 5.0)
        except subprocess.TimeoutExpired:
            pass
        self._processes.stop(self._process)
        return self.results.refresh()
