# SPDX-License-Identifier: Apache-2.0
"""The speed of fingerprinting, per corpus, beside libpg_query; instructions a byte by callgrind."""
import glob
import os
import re
import subprocess
import tempfile

from test.bench.figures import Goal
from test.bench.report import Section, number

HERE = os.path.dirname(os.path.abspath(__file__))
GOAL_MB_S = 500


def instructions(program, path, rounds):
    """(instructions, bytes) of so many rounds."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind",
                               f"--callgrind-out-file={folder}/out", program, "-r", str(rounds),
                               path], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)), int(done.stdout)


def per_byte(program, path):
    few, many = instructions(program, path, 1), instructions(program, path, 11)
    return (many[0] - few[0]) / (many[1] - few[1])


def speeds(program, path, seconds):
    """MB/s: shape and values; with each value hashed; libpg_query."""
    done = subprocess.run([program, "-s", str(seconds), path], capture_output=True, text=True,
                          check=True)
    return [float(word) for word in done.stdout.splitlines()[-1].split("|")[1].split()]


def run(room, options):
    section = Section("Fingerprinting statements of real applications, one core")
    program = room.program("bench_fingerprint")
    rows = []
    for path in sorted(glob.glob(os.path.join(HERE, "..", "corpus", "*.sql"))):
        if path.endswith(".schema.sql"):
            continue
        name = os.path.basename(path)[:-len(".sql")]
        ours, hashed, theirs = speeds(program, path, options.seconds)
        each = per_byte(program, path)
        section.figures[name] = {"mb_s": ours, "hashed_mb_s": hashed, "libpg_query_mb_s": theirs,
                                 "instructions_a_byte": each}
        rows.append([name, number(ours), number(hashed), number(theirs, 1), number(each, 1)])
        section.goals.append(Goal(name, [ours], at_least=GOAL_MB_S, unit="MB/s"))
    section.table(["corpus", "MB/s", "values hashed too", "libpg_query", "instructions a byte"], rows)
    return section
