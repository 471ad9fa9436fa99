# SPDX-License-Identifier: Apache-2.0
"""Slow queries in the log: which ones, what is said about them, in both formats, and how many."""
import json
import os
import re
import signal
import threading
import time

import psycopg2
import pytest

from test.harness.slowburn import Slowburn

CANARY = "canaryslowquery"
LOG_BURST, LOG_BURST_S = 20, 10  # src/io/log.h


def until(condition, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def json_lines(daemon):
    found = []
    with open(daemon.log, encoding="utf-8") as log:
        for line in log:
            if line.startswith("{") and line.endswith("\n"):
                entry = json.loads(line)
                if entry.get("event") == "slow_query":
                    found.append(entry)
    return found


def text_lines(daemon):
    with open(daemon.log, encoding="utf-8") as log:
        return [line for line in log if "event=slow_query" in line]


def sleep(postgres, daemon, seconds):
    connection = psycopg2.connect(postgres.dsn(port=daemon.port))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT pg_sleep(%s), %s /*route='/nap'*/", (seconds, CANARY))
    finally:
        connection.close()


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_slow_query_is_told_without_its_values(postgres, tmp_path, form):
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                  more=("--log-format", form, "--slow-query-ms", "2000")) as daemon:
        daemon.wait_until_watching()
        lines = json_lines if form == "json" else text_lines
        sleep(postgres, daemon, 2.1)
        def naps():  # on a machine that stands still for two seconds another may be as slow
            return [line for line in lines(daemon) if "pg_sleep" in str(line)]
        told = until(naps, "a slow query in the log")
        assert len(told) == 1
        if form == "json":
            entry = told[0]
            assert entry["statement"] == "select pg_sleep(?), ?"
            assert re.fullmatch("[0-9a-f]{16}", entry["fingerprint"])
            assert entry["ms"] >= 2000 and entry["rows"] == 1
            assert (entry["database"], entry["user"]) == ("postgres", "postgres")
            assert entry["route"] == "/nap"
        else:
            assert "select pg_sleep(?), ?" in told[0] and "/nap" in told[0]
        with open(daemon.log, encoding="utf-8") as log:
            assert CANARY not in log.read()


def test_the_limit_is_taken_over_and_a_flood_is_bounded(postgres, tmp_path):
    path = tmp_path / "slowburn.conf"
    path.write_text("[limits]\nslow_query_ms = 0\n")
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                  more=("--log-format", "json", "-c", str(path))) as daemon:
        daemon.wait_until_watching()
        sleep(postgres, daemon, 0.1)
        until(lambda: daemon.document("queries"), "the query is known")
        assert json_lines(daemon) == []
        path.write_text("[limits]\nslow_query_ms = 50\n")
        daemon.process.send_signal(signal.SIGHUP)
        def told():
            sleep(postgres, daemon, 0.1)
            return json_lines(daemon)
        until(told, "the new limit")
        before = len(json_lines(daemon))
        began = time.monotonic()
        naps = [threading.Thread(target=sleep, args=(postgres, daemon, 0.1)) for _ in range(100)]
        for nap in naps:
            nap.start()
        for nap in naps:
            nap.join()
        def counted():
            naps = [q for q in daemon.document("queries") if "pg_sleep" in q["statement"]]
            return naps and naps[0]["calls"] >= 102
        until(counted, "all of them in the totals")
        # So many of each stretch of time, however long a slow machine takes for all of them.
        stretches = 2 + (time.monotonic() - began) / LOG_BURST_S
        assert 0 < len(json_lines(daemon)) - before <= stretches * LOG_BURST
