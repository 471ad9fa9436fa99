#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How starved the machine is: a process of its own that asks for WORK_S of CPU again and again and
notes how long that took. On a machine with time to spare it takes as long as it is; whoever has to
share waits for its turn. What a trial says on a starved machine is about the machine."""
import bisect
import os
import subprocess
import sys
import time

WORK_S = 0.004
EVERY_S = 0.2


class Probe:
    """with Probe(file) as probe: ... ; then probe.stretch(from, to), times by time.monotonic()."""

    def __init__(self, file):
        self.file = file
        self.process = None

    def __enter__(self):
        with open(self.file, "w", encoding="ascii") as out:
            self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__)],
                                            stdin=subprocess.DEVNULL, stdout=out)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def stretch(self, since, until):
        """How many times longer than on an idle machine the work took in that time: the mean."""
        with open(self.file, encoding="ascii") as file:
            samples = sorted(tuple(map(float, line.split())) for line in file
                             if line.endswith("\n"))
        at = [sample[0] for sample in samples]
        wanted = samples[bisect.bisect(at, since):bisect.bisect(at, until)]
        return sum(sample[1] for sample in wanted) / len(wanted) if wanted else float("inf")


def main():
    while True:
        began, spent = time.monotonic(), time.process_time()
        while time.process_time() < spent + WORK_S:
            pass
        took = time.monotonic() - began
        print(f"{began:.3f} {took / WORK_S:.2f}", flush=True)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
