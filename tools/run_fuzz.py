#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every libFuzzer target of a build for so many seconds, from its committed seeds.

What the fuzzer finds beyond the seeds stays in the build directory; a crash ends with exit 1 and
the file that provokes it, which then becomes a test.
"""
import os
import subprocess
import sys


def main():
    build, seconds = sys.argv[1], int(sys.argv[2])
    folder = os.path.join(build, "test", "fuzz")
    targets = sorted(
        name for name in os.listdir(folder)
        if name.startswith("fuzz_") and os.access(os.path.join(folder, name), os.X_OK)
        and os.path.isfile(os.path.join(folder, name))
    )
    failed = 0
    for target in targets:
        corpus = os.path.join(build, "corpus", target)
        os.makedirs(corpus, exist_ok=True)
        seeds = os.path.join("test", "fuzz", target.removeprefix("fuzz_"))
        print(f"{target}: {seconds} s", flush=True)
        command = [os.path.join(folder, target), f"-max_total_time={seconds}", "-timeout=10",
                   "-print_final_stats=1", f"-artifact_prefix={corpus}-", corpus, seeds]
        failed += subprocess.call(command) != 0
    print(f"{len(targets) - failed} passed, {failed} failed")
    return 1 if failed or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
