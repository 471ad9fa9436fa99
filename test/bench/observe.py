# SPDX-License-Identifier: Apache-2.0
"""What observing alone costs, and what the analyzer does with it: instructions a query (callgrind),
and nanoseconds beside them."""
import re
import statistics
import subprocess
import tempfile

from test.bench.report import Section, number

FEW, MANY = 1000, 6000
TIMED = 200_000
# The analyzer's tables and lists take longer to be as they will stay.
ANALYZED_FEW, ANALYZED_MANY = 100_000, 200_000


def instructions(program, mode, queries, collect=()):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind", *collect,
                               f"--callgrind-out-file={folder}/out", program, mode, str(queries)],
                              capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def nanoseconds(program, mode, rounds):
    return statistics.median(
        float(subprocess.run([program, mode, str(TIMED)], capture_output=True, text=True,
                             check=True).stdout) for _ in range(rounds))


def run(room, options):
    section = Section("Observing alone: decode, fingerprint, hash, stamp, push")
    program = room.program("bench_observe")
    rows = []
    for mode in ("simple", "prepared"):
        each = (instructions(program, mode, MANY) - instructions(program, mode, FEW)) / (MANY - FEW)
        took_ns = nanoseconds(program, mode, options.rounds)
        section.figures[mode] = {"instructions": each, "nanoseconds": took_ns}
        rows.append([mode, number(each), number(took_ns)])
    program = room.program("bench_analyze")
    for mode in ("queries", "requests"):
        many, few = (instructions(program, mode, count, ["--toggle-collect=analyze_take*"])
                     for count in (ANALYZED_MANY, ANALYZED_FEW))
        each = (many - few) / (ANALYZED_MANY - ANALYZED_FEW)
        took_ns = nanoseconds(program, mode, options.rounds)
        section.figures[f"analyzer {mode}"] = {"instructions": each, "nanoseconds": took_ns}
        rows.append([f"the analyzer, {mode}", number(each), number(took_ns)])
    section.table(["", "instructions a query", "ns a query, everything in cache"], rows)
    return section
