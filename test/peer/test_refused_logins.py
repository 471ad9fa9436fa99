# SPDX-License-Identifier: Apache-2.0
"""Logins that the server refuses are counted beside those that it does not, and name nobody."""
import json
import os
import subprocess

import psycopg2
import pytest

from test.harness.slowburn import Slowburn
from test.peer.test_lifecycle import until

TYPED = "hunter2-in-the-wrong-field"
GOOD, REFUSED = 20, 30


def logins(daemon):
    """What is counted so far, by what the series is called."""
    sums = {}
    for line in daemon.verb("export", "windows").splitlines():
        window = json.loads(line)
        name = window.get("fingerprint", "")
        if name.startswith("logins") and "route" not in window:
            by_class = window.get("errors_by_class", {})
            sum_of = sums.setdefault(name, {"calls": 0, "errors": 0, "login": 0})
            for key, value in (("calls", window["calls"]), ("errors", window["errors"]),
                               ("login", by_class.get("login", 0))):
                sum_of[key] += value
    return sums


def test_refused_logins_are_counted(postgres, tmp_path):
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port) as daemon:
        daemon.wait_until_watching()
        dsn = postgres.dsn(port=daemon.port)
        for _ in range(GOOD):
            psycopg2.connect(dsn).close()
        for _ in range(REFUSED):
            with pytest.raises(psycopg2.OperationalError, match="does not exist"):
                psycopg2.connect(dsn, user=TYPED)
        for _ in range(REFUSED):
            with pytest.raises(psycopg2.OperationalError, match="does not exist"):
                psycopg2.connect(dsn, dbname=TYPED)
        database = psycopg2.extensions.parse_dsn(dsn)["dbname"]
        wanted = {f"logins to {database}": {"calls": GOOD + REFUSED, "errors": REFUSED, "login": REFUSED},
                  "logins": {"calls": REFUSED, "errors": REFUSED, "login": REFUSED}}
        until(lambda: logins(daemon) == wanted, "all logins are counted")
        assert not any("logging in" in q["statement"] for q in daemon.document("queries"))
        daemon.verb("status")
    assert TYPED not in open(daemon.log, encoding="utf-8").read()
    kept = subprocess.run(["grep", "-rl", TYPED, daemon.data], capture_output=True, text=True, check=False)
    assert kept.returncode == 1, kept.stdout  # nowhere on disk
