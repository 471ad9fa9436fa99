#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's own regression suite, straight to a server and through slowburn: the same verdicts,
and the same output of every test to the byte.

Each run has a cluster of its own, because the suite leaves roles behind. A test of the suite may
depend on chance (the order of rows, an autovacuum), so tests that differ are run again, both ways:
what differs every time is a difference. A session that slowburn lost its place in is one, too.
"""
import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile

from examples.demo.processes import as_user, unprivileged_user
from test.harness.postgres import BIN, Postgres
from test.harness.slowburn import Slowburn

PROGRAM = os.path.join(os.path.dirname(BIN), "lib/pgxs/src/test/regress/pg_regress")

# What pg_regress gives to a server that it makes itself, and the defaults that the expected plans
# are made with instead of what the harness sets.
SETTINGS = """
max_prepared_transactions = 2
max_parallel_workers_per_gather = 2
shared_buffers = 128MB
jit = on
autovacuum_naptime = 60s
"""

CHANCES = 3  # that a test gets, before what differs is a difference
VERDICT = re.compile(r"^(?:test| {3,})\s*([\w.]+) +\.\.\. (ok|FAILED)")


def compile_library(suite, folder):
    """The functions in C that the suite tests with, beside those of contrib that it needs."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-fPIC", "-shared", f"-I{suite}/include", f"{suite}/regress.c",
                    "-o", f"{folder}/regress.so"], check=True)
    for name in ("refint", "autoinc"):
        shutil.copy(os.path.join(os.path.dirname(BIN), "lib", f"{name}.so"), folder)


class Run:
    """One pass of the suite. verdicts: {test: "ok" or "FAILED"}."""

    def __init__(self, suite, folder):
        self.suite = suite
        self.folder = folder
        self.verdicts = {}
        os.makedirs(folder)
        self.user = unprivileged_user()
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def tests(self, port, library):
        command = [*as_user(self.user), PROGRAM, f"--bindir={BIN}", f"--dlpath={library}",
                   f"--inputdir={self.suite}", f"--outputdir={self.folder}", "--host=127.0.0.1",
                   f"--port={port}", "--user=postgres", "--dbname=regression", "--no-locale",
                   "--encoding=UTF8", f"--schedule={self.suite}/parallel_schedule"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL) as process:
            for line in process.stdout:
                if found := VERDICT.match(line):
                    self.verdicts[found[1]] = found[2]
        if process.returncode not in (0, 1):
            raise RuntimeError(f"pg_regress ended with {process.returncode}")
        failed = sorted(test for test, verdict in self.verdicts.items() if verdict != "ok")
        print(f"    {len(self.verdicts)} tests, {len(failed)} failed: {' '.join(failed) or 'none'}",
              flush=True)

    def output(self, test):
        return os.path.join(self.folder, "results", f"{test}.out")


def direct(suite, folder, library):
    print("direct", flush=True)
    run = Run(suite, folder)
    with Postgres(folder, SETTINGS) as server:
        run.tests(server.port, library)
    return run


def through(binary, suite, folder, library):
    """Returns also what the proxy has counted."""
    print("through slowburn", flush=True)
    run = Run(suite, folder)
    with Postgres(folder, SETTINGS) as server, Slowburn(binary, folder, server.port) as slowburn:
        slowburn.wait_until_watching()
        run.tests(slowburn.port, library)
        counted = slowburn.document("status")["proxy"]
    print(f"    {counted['sessions_opened']} sessions, {counted['queries']} queries, "
          f"{counted['query_errors']} of them errors; {counted['sessions_opaque']} sessions lost, "
          f"{counted['events_folded']} events folded, {counted['events_dropped']} dropped",
          flush=True)
    return run, counted


def differing(one, other):
    """The tests whose verdict or output is another one."""
    return {test for test in one.verdicts.keys() | other.verdicts.keys()
            if one.verdicts.get(test) != other.verdicts.get(test)
            or not filecmp.cmp(one.output(test), other.output(test), shallow=False)}


def compare(binary, suite, folder, library):
    """Returns the number of differences."""
    always = None
    lost = 0
    for chance in range(CHANCES):
        plain = direct(suite, os.path.join(folder, f"direct{chance}"), library)
        relayed, counted = through(binary, suite, os.path.join(folder, f"through{chance}"), library)
        lost += counted["sessions_opaque"]
        found = differing(plain, relayed)
        if not plain.verdicts or counted["queries"] == 0:
            raise RuntimeError("nothing was tested")
        always = found if always is None else always & found
        print(f"{len(found)} of {len(plain.verdicts)} tests differ: "
              f"{' '.join(sorted(found)) or 'none'}", flush=True)
        if not always:
            break
    for test in sorted(always):
        subprocess.run(["diff", "-u", plain.output(test), relayed.output(test)], check=False)
    print(f"{len(always)} differences, {lost} sessions lost")
    return len(always) + lost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--suite", required=True, help="what test/regress/fetch fetched")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="slowburn-regress-") as folder:
        os.chmod(folder, 0o755)  # for the server's user
        suite, library = os.path.join(folder, "suite"), os.path.join(folder, "library")
        shutil.copytree(arguments.suite, suite)
        compile_library(suite, library)
        return 1 if compare(arguments.binary, suite, folder, library) else 0


if __name__ == "__main__":
    sys.exit(main())
