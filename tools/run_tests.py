#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the named tiers against a build directory and ends with "N passed, N failed".

unit and property are meson suites (each cmocka test counts by itself); peer is pytest. A tier that
cannot run at all counts as one failure, so that nothing passes by not being there.
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

MESON_TIERS = ("unit", "property")


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


def run_peer(build):
    """Returns (passed, failed, skipped) of the pytest tier."""
    binary = os.path.abspath(os.path.join(build, "src", "slowburn"))
    environment = dict(os.environ, SLOWBURN_BINARY=binary, PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory() as folder:
        # Not in pytest's common folder: every pytest that starts closes that to other users, and
        # PostgreSQL's user is one.
        os.chmod(folder, 0o755)
        report = os.path.join(folder, "peer.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   "--basetemp", os.path.join(folder, "pytest-peer"),
                   "--junitxml", report, "test/peer"]
        code = subprocess.call(command, env=environment)
        try:
            suite = ElementTree.parse(report).getroot().find("testsuite")
        except (OSError, ElementTree.ParseError):
            return 0, 1, 0
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    if code != 0 and failed == 0:
        failed = 1
    return max(0, total - failed - skipped), failed, skipped


def main():
    build, tiers = sys.argv[1], sys.argv[2:]
    passed = failed = skipped = 0
    meson_tiers = [tier for tier in tiers if tier in MESON_TIERS]
    if meson_tiers:
        passed, failed = run_meson(build, meson_tiers)
    if "peer" in tiers:
        more = run_peer(build)
        passed, failed, skipped = passed + more[0], failed + more[1], more[2]
    if passed + failed == 0:
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
