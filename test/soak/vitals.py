# SPDX-License-Identifier: Apache-2.0
"""Descriptors and resident memory of slowburn's processes, and whether they stay flat."""
import os
import statistics


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as pids:
        return [int(child) for child in pids.read().split()]


def name_of(pid):
    """supervisor, or what `slowburn child NAME` is."""
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as line:
        words = line.read().split("\0")
    return words[2] if words[1] == "child" else "supervisor"


def resident(pid):
    """Bytes that the process alone has written: what a leak would grow."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines
                    if line.startswith("Private_Dirty"))


class Vitals:
    """read() now and then; verdicts() at the end."""

    GROWS_BY = 1.05  # and
    GROWS_MORE = 1 << 20  # at most, from the second quarter of the time to the last

    def __init__(self, pid):
        self.pids = {name_of(p): p for p in [pid, *children(pid)]}
        self.idle = self.descriptors()
        self.memory = {name: [] for name in self.pids}

    def descriptors(self):
        return {name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in self.pids.items()}

    def read(self):
        for name, pid in self.pids.items():
            self.memory[name].append(resident(pid))

    def grown(self):
        """{name: (then, now)} of the processes whose memory has not stayed flat, and a table."""
        found, table = {}, []
        for name, all_of_it in self.memory.items():
            quarter = max(1, len(all_of_it) // 4)
            then = statistics.median(all_of_it[quarter:2 * quarter] or all_of_it)
            now = statistics.median(all_of_it[-quarter:])
            if now > then * self.GROWS_BY + self.GROWS_MORE:
                found[name] = (then, now)
            table.append(f"{name:12}{all_of_it[0] / 1e6:8.1f}{then / 1e6:8.1f}{now / 1e6:8.1f}")
        return found, table
