# SPDX-License-Identifier: Apache-2.0
"""make bench: slowburn beside PgBouncer, a bytes-only relay and nothing at all, in one run.

Every figure of a table comes from one run of this program on one machine. The ways take turns, in
another order each round; what is compared is compared within a round. CPU is what the kernel has
charged to the processes, divided by the queries. A figure of slowburn counts only if every query
became an event and none was dropped.

Prints Markdown, writes JSON, and exits 1 when a goal is missed or a figure does not count.
"""
import argparse
import signal
import sys
import time

from test.bench import bulk, connect, fingerprint, http, idle, kills, observe, queries, report, tracing
from test.bench.room import Room

SECTIONS = {"queries": queries, "tracing": tracing, "connect": connect, "bulk": bulk, "idle": idle,
            "http": http, "observe": observe, "kills": kills, "fingerprint": fingerprint}


def numbers(text):
    return [int(word) for word in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(prog="python3 -m test.bench",
                                     description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", required=True, help="build directory: tests, no sanitizers")
    parser.add_argument("--only", help="sections, by comma: " + ", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="3 short rounds: says little")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of each comparison (7)")
    parser.add_argument("--seconds", type=int, default=2, help="of each run (2)")
    parser.add_argument("--clients", type=numbers, default=[1, 16, 64], help="of queries (1,16,64)")
    parser.add_argument("--modes", type=lambda text: text.split(","), help="simple,prepared")
    parser.add_argument("--bulk-bytes", type=int, default=1 << 30, help="of each COPY (1 GiB)")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    options.only = options.only.split(",") if options.only else list(SECTIONS)
    unknown = set(options.only) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if options.quick:
        options.rounds, options.seconds = 3, 1
        options.bulk_bytes = min(options.bulk_bytes, 1 << 27)
    return options


def main():
    options = parse()
    # Whoever stops it has everything stopped that it started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    facts = report.machine()
    started = time.monotonic()
    print(report.heading(facts), flush=True)
    found = {}
    with Room(options.build) as room:
        for name in options.only:
            section_started = time.monotonic()
            found[name] = SECTIONS[name].run(room, options)
            print(found[name].markdown(), flush=True)
            print(f"{name}: {time.monotonic() - section_started:.0f} s", file=sys.stderr)
    seconds = time.monotonic() - started
    if options.json:
        report.write_json(options.json, facts, found, seconds)
    goals = [goal for section in found.values() for goal in section.goals]
    missed = [goal for goal in goals if not goal.holds]
    print(f"{len(goals) - len(missed)} of {len(goals)} goals hold; {seconds / 60:.0f} min.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
