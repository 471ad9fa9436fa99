#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The speed of fingerprinting, per corpus, beside libpg_query; instructions a byte by callgrind.

fingerprint.py PROGRAM [SECONDS]
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def instructions(program, path, rounds):
    """(instructions, bytes) of so many rounds."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind",
                               f"--callgrind-out-file={folder}/out", program, "-r", str(rounds),
                               path], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)), int(done.stdout)


def main():
    program = sys.argv[1]
    seconds = sys.argv[2] if len(sys.argv) > 2 else "2"
    files = [path for path in sorted(glob.glob(os.path.join(HERE, "..", "corpus", "*.sql")))
             if not path.endswith(".schema.sql")]
    subprocess.run([program, "-s", seconds, *files], check=True)
    if shutil.which("valgrind") is None:
        return
    for path in files:
        few, many = instructions(program, path, 1), instructions(program, path, 11)
        print(f"{os.path.basename(path)}: "
              f"{(many[0] - few[0]) / (many[1] - few[1]):.1f} instructions a byte")


if __name__ == "__main__":
    main()
