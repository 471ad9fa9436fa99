# SPDX-License-Identifier: Apache-2.0
"""A route becomes slow because others hold a row's lock: the incident says who blocks whom."""
import json
import os
import time

import psycopg2

from test.harness.slowburn import Slowburn
from test.harness.until_told import UntilTold
from test.peer import burn

STOCK = "CREATE TABLE stock (id int PRIMARY KEY, left_over int NOT NULL);" \
        "INSERT INTO stock SELECT i, 1000 FROM generate_series(1, 20) i; ANALYZE stock;"
WANTED = {"lock-wait", "idle-in-transaction"}


def take_stock(handler, cursor):
    if handler.path.startswith("/api/orders"):
        cursor.execute("UPDATE stock SET left_over = left_over - 1 WHERE id = %s",
                       (handler.server.server_port % 20 + 1,))


class Holder(UntilTold):
    """Locks all rows, does nothing for a while, commits, and begins anew."""

    def __init__(self, connect):
        self.connect = connect
        super().__init__(self._hold)

    def _hold(self):
        connection = self.connect()
        try:
            while not self.ends.is_set():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM (SELECT id FROM stock FOR UPDATE) locked")
                    self.ends.wait(0.7)
                connection.commit()
                self.ends.wait(0.1)
        finally:
            connection.close()


def wait_for_waits(daemon):
    """Windows in which somebody waited for a lock, by now."""
    deadline = time.monotonic() + 150
    while True:
        lines = daemon.verb("export", "windows").splitlines()
        waited = [w for w in map(json.loads, lines) if w.get("lock_ms", 0) > 0]
        if waited:
            return waited
        assert time.monotonic() < deadline, lines[-20:]
        time.sleep(2)


def test_the_incident_says_who_blocks_whom(postgres, tmp_path):
    postgres.sql("CREATE DATABASE waits")
    postgres.sql(burn.SCHEMA + STOCK, "waits")

    def connect():
        return psycopg2.connect(postgres.dsn("waits", port=daemon.port))
    with burn.Application(connect, extra=take_stock) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port, advisor=postgres.dsn("waits")) as daemon, \
            burn.Visitors(daemon.http) as visitors:
        time.sleep(burn.WARM_UP_S)
        enough, deadline = application.lists + burn.LISTS_BEFORE, time.monotonic() + 300
        while application.lists < enough:
            assert time.monotonic() < deadline, f"only {application.lists} lists asked for"
            time.sleep(0.1)
        daemon.verb("deploy", "a-job-that-counts")  # before and since are known apart at once
        with Holder(connect):
            found = daemon.wait_for_incident(300, lambda i: burn.kinds(i) >= WANTED)
            assert found is not None and burn.kinds(found) >= WANTED, (found, daemon.log)
            waited = wait_for_waits(daemon)  # in the minutes that are over, too
        assert found["subject"] == "GET /api/orders"
        assert not visitors.failures and not application.failures
        causes = {cause["kind"]: cause for cause in found["causes"]}
        wait, idle = causes["lock-wait"], causes["idle-in-transaction"]
        assert wait["statement"].startswith("update stock set left_over"), wait
        assert idle["statement"].startswith("select count(*) from (select id from stock"), idle
        for cause in (wait, idle):
            blocker = cause["blocker"]
            assert blocker["waiting"] == wait["fingerprint"]
            assert blocker["holder"] == idle["fingerprint"]
            assert blocker["state"] == "idle in transaction"
            assert blocker["samples"] >= 3 and blocker["waiters"] >= 1
            assert blocker["idle_ms"] >= 100 and blocker["waited_ms"] > 0
            assert cause["evidence"] == "measured" and cause["basis"] == "samples"
            assert cause["saving_ms"] > 50
            assert "idle_in_transaction_session_timeout" in cause["advice"]
        assert {w["statement"].split(" ")[0] for w in waited} == {"update"}
        assert all(w["rows_read"] > 0 for w in waited if "rows_read" in w), waited
        assert "lock waits" not in {ruled["test"] for ruled in found["ruled_out"]}
        page = daemon.verb("incidents", str(found["id"]))
        assert "idle in its transaction" in page and "lock-wait" in page and "to do: commit before" in page, page
