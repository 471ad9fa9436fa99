# SPDX-License-Identifier: Apache-2.0
"""The ways to a database that are compared, and whose processor time each one costs."""
import contextlib
import glob
import time


def child_named(pid, name):
    """The pid of `slowburn child NAME` below pid, or None."""
    with contextlib.suppress(OSError), \
            open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        for child in map(int, text.read().split()):
            with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline", "rb") as words:
                if name.encode() in words.read().split(b"\0"):
                    return child
    return None


def wait_for_child(pid, name, seconds=20):
    deadline = time.monotonic() + seconds
    while (child := child_named(pid, name)) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"there is no {name} after {seconds} s")
        time.sleep(0.05)
    return child


def cpu_ns(pid):
    """Processor time of all threads that still live, as the scheduler has charged it."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as text:
            total += int(text.read().split()[0])
    return total


def private_bytes(pid):
    """Resident memory that is this process's alone."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as lines:
        return sum(int(line.split()[1]) * 1024 for line in lines
                   if line.startswith(("Private_Clean", "Private_Dirty")))


class Way:
    """pids: {"proxy": pid} of whoever stands in between; none for direct."""

    def __init__(self, name, port, proxy=None, secure_port=None):
        self.name, self.port, self.secure_port = name, port, secure_port or port
        self.pids = {} if proxy is None else {"proxy": proxy}

    def cpu(self):
        return {name: cpu_ns(pid) for name, pid in self.pids.items()}

    def expect(self, queries):
        """So many more queries went this way."""

    def lost(self):
        """None when everything that was to be observed was; else what is wrong."""


class SlowburnWay(Way):
    """Counts only when every query became an event that the analyzer has: events = queries,
    nothing dropped or folded, nothing missing."""

    def __init__(self, name, daemon, port=None, secure_port=None):
        super().__init__(name, port or daemon.port, secure_port=secure_port)
        self.daemon = daemon
        self.pids = {child: wait_for_child(daemon.process.pid, child)
                     for child in ("proxy", "analyzer")}
        daemon.wait_until_watching()
        time.sleep(1.5)  # counters come once a second
        self.expected = self._counters()

    def _counters(self):
        status = self.daemon.document("status")
        counters = {key: status["proxy"][key]
                    for key in ("queries", "events_dropped", "events_folded", "sessions_opaque")}
        return {**counters, "records_missing": status["analyzer"]["records_missing"]}

    def expect(self, queries):
        self.expected["queries"] += queries

    def lost(self):
        deadline = time.monotonic() + 5
        while (seen := self._counters()) != self.expected and time.monotonic() < deadline:
            time.sleep(0.2)
        return None if seen == self.expected else \
            ", ".join(f"{key} {seen[key]:,} instead of {self.expected[key]:,}"
                      for key in seen if seen[key] != self.expected[key])
