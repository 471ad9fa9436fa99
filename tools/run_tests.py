#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the named tiers against a build directory and ends with "N passed, N failed".

unit and property are meson suites (each cmocka test counts by itself); peer is pytest. A tier that
cannot run at all counts as one failure, so that nothing passes by not being there.

Peer tests that failed, up to AGAIN_MAX of them, are run once more, alone; one that passes then is
counted as passed, and named with what it said first. STRICT=1: none is.
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

MESON_TIERS = ("unit", "property")
AGAIN_MAX = 3  # more that fail are not bad luck
WORDS_MAX = 600  # of a first failure, in the line that names it
TESTS_FAILED = 1  # pytest's exit code; others are no failures of tests


def run_meson(build, tiers):
    """Returns (passed, failed) over the TAP lines of all tests in the suites."""
    suites = [arg for tier in tiers for arg in ("--suite", tier)]
    code = subprocess.call(
        ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", *suites]
    )
    log = os.path.join(build, "meson-logs", "testlog.txt")
    try:
        with open(log, encoding="utf-8", errors="replace") as lines:
            text = lines.read()
    except OSError:
        return 0, 1
    passed = len(re.findall(r"^ok \d+", text, re.MULTILINE))
    failed = len(re.findall(r"^not ok \d+", text, re.MULTILINE))
    counts = re.search(r"^Ok:\s+(\d+)", text, re.MULTILINE)
    if passed + failed == 0 and counts:
        passed = int(counts.group(1))
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed


def node_of(case):
    """A junit test case's name as pytest wants it; None where it was no test (a file that does not
    load)."""
    path, name = case.get("file"), case.get("name")
    if not path or not name:
        return None
    module = os.path.splitext(path)[0].replace(os.sep, ".")
    classes = case.get("classname", "")[len(module) + 1:].split(".")
    return "::".join([path, *filter(None, classes), name])


def first_words(problem):
    """What pytest calls a failure's message, as one line."""
    lines = [line.strip() for line in (problem.get("message") or "").splitlines()]
    return " ".join(filter(None, lines))[:WORDS_MAX]


def read_report(path):
    """Returns (tests, skipped, {node: what its failure said}) of a junit report."""
    suite = ElementTree.parse(path).getroot().find("testsuite")
    failed = {}
    for case in suite.iter("testcase"):
        for problem in (*case.findall("failure"), *case.findall("error")):
            failed.setdefault(node_of(case), first_words(problem))
    return int(suite.get("tests")), int(suite.get("skipped")), failed


def run_pytest(environment, what):
    """Returns (exit code, tests, skipped, failed)."""
    with tempfile.TemporaryDirectory() as folder:
        # Not in pytest's common folder: every pytest that starts closes that to other users, and
        # PostgreSQL's user is one.
        os.chmod(folder, 0o755)
        report = os.path.join(folder, "peer.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   "--basetemp", os.path.join(folder, "pytest-peer"), "-o", "junit_family=xunit1",
                   "--junitxml", report, *what]
        code = subprocess.call(command, env=environment)
        try:
            return code, *read_report(report)
        except (OSError, ElementTree.ParseError):
            return code, 0, 0, {None: "no report was written"}


def run_peer(build, what=("test/peer",), strict=bool(os.environ.get("STRICT"))):
    """Returns (passed, failed, skipped, {test that passed at its second attempt: its first failure})
    of the pytest tier."""
    binary = os.path.abspath(os.path.join(build, "src", "slowburn"))
    environment = dict(os.environ, SLOWBURN_BINARY=binary, PYTHONDONTWRITEBYTECODE="1")
    code, tests, skipped, failed = run_pytest(environment, what)
    again = {}
    if code == TESTS_FAILED and None not in failed and len(failed) <= AGAIN_MAX and not strict:
        for node, words in failed.items():
            print(f"\nsecond attempt, alone: {node}", flush=True)
            if run_pytest(environment, [node])[:2] == (0, 1):
                again[node] = words
    count = len(failed) - len(again)
    if code != 0 and not failed:
        count = 1
    return max(0, tests - count - skipped), count, skipped, again


def main():
    build, tiers = sys.argv[1], sys.argv[2:]
    passed = failed = skipped = 0
    again = {}
    meson_tiers = [tier for tier in tiers if tier in MESON_TIERS]
    if meson_tiers:
        passed, failed = run_meson(build, meson_tiers)
    if "peer" in tiers:
        *more, again = run_peer(build)
        passed, failed, skipped = passed + more[0], failed + more[1], more[2]
    if passed + failed == 0:
        failed = 1
    for node, words in again.items():
        print(f"passed at the second attempt: {node}: {words}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
