# SPDX-License-Identifier: Apache-2.0
"""A route becomes slow because others hold a row's lock: the incident says who blocks whom."""
import contextlib
import json
import os
import threading
import time

import psycopg2

from test.harness.slowburn import Slowburn
from test.harness.until_told import UntilTold
from test.peer import burn

STOCK = "CREATE TABLE stock (id int PRIMARY KEY, left_over int NOT NULL);" \
        "INSERT INTO stock SELECT i, 1000 FROM generate_series(1, 20) i; ANALYZE stock;" \
        "CREATE TABLE audit (id int PRIMARY KEY, day int); INSERT INTO audit VALUES (1, 1);"
WANTED = {"lock-wait", "idle-in-transaction"}


def take_stock(handler, cursor):
    if handler.path.startswith("/api/orders"):
        cursor.execute("UPDATE stock SET left_over = left_over - 1 WHERE id = %s",
                       (handler.server.server_port % 20 + 1,))


class Holder(UntilTold):
    """Locks all rows, does nothing for a while, commits, and begins anew."""

    def __init__(self, connect):
        self.connect = connect
        super().__init__(*self.targets())

    def targets(self):
        return [self._hold]

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


class Chain(Holder):
    """One locks all rows, and then waits for a second one, which locks the audit and does nothing."""

    def targets(self):
        self.held, self.between = threading.Event(), threading.Event()
        return [self._hold_audit, self._wait_for_audit]

    def _hold_audit(self):
        with contextlib.closing(self.connect()) as connection:
            while not self.ends.is_set():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT day FROM audit WHERE id = 1 FOR UPDATE")
                    self.held.set()
                    self.ends.wait(0.7)
                self.held.clear()
                connection.commit()
                self.ends.wait(0.1)

    def _wait_for_audit(self):
        with contextlib.closing(self.connect()) as connection:
            while not self.ends.is_set():
                if not self.held.wait(0.05):
                    continue
                with connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM (SELECT id FROM stock FOR UPDATE) locked")
                    cursor.execute("UPDATE audit SET day = day + 1 WHERE id = 1")
                connection.commit()
                self.ends.wait(0.1)


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


def ruled_out(found):
    return {ruled["test"]: ruled["figure"] for ruled in found["ruled_out"]}


@contextlib.contextmanager
def incident(postgres, tmp_path, database, holders, is_wanted):
    """(daemon, the incident that is wanted, windows in which somebody waited for a lock)"""
    postgres.sql(f"CREATE DATABASE {database}")
    postgres.sql(burn.SCHEMA + STOCK, database)

    def connect():
        return psycopg2.connect(postgres.dsn(database, port=daemon.port))
    with burn.Application(connect, extra=take_stock) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port, advisor=postgres.dsn(database)) as daemon, \
            burn.Visitors(daemon.http) as visitors:
        time.sleep(burn.WARM_UP_S)
        enough, deadline = application.lists + burn.LISTS_BEFORE, time.monotonic() + 300
        while application.lists < enough:
            assert time.monotonic() < deadline, f"only {application.lists} lists asked for"
            time.sleep(0.1)
        daemon.verb("deploy", "a-job-that-counts")  # before and since are known apart at once
        with holders(connect):
            found = daemon.wait_for_incident(300, is_wanted)
            assert found is not None and is_wanted(found), (found, daemon.log)
            waited = wait_for_waits(daemon)  # in the minutes that are over, too
            counted = daemon.wait_for_incident(60, lambda i: "deadlocks" in ruled_out(i))
            assert ruled_out(counted)["deadlocks"] == "0", counted  # by the server's own count
        assert found["subject"] == "GET /api/orders"
        assert not visitors.failures and not application.failures
        yield daemon, found, waited


def test_the_incident_says_who_blocks_whom(postgres, tmp_path):
    with incident(postgres, tmp_path, "waits", Holder,
                  lambda i: burn.kinds(i) >= WANTED) as (daemon, found, waited):
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
            chain = blocker["chain"]
            assert len(chain) == min(blocker["depth"] + 1, 8), blocker
            assert chain[0]["fingerprint"] == wait["fingerprint"]
            assert chain[-1]["fingerprint"] == idle["fingerprint"]
            assert {session["state"] for session in chain[:-1]} == {"waiting"}
            assert cause["evidence"] == "measured" and cause["basis"] == "samples"
            assert cause["saving_ms"] > 50
            assert "idle_in_transaction_session_timeout" in cause["advice"]
        assert {w["statement"].split(" ")[0] for w in waited} == {"update"}
        assert all(w["rows_read"] > 0 for w in waited if "rows_read" in w), waited
        assert "lock waits" not in ruled_out(found)
        page = daemon.verb("incidents", str(found["id"]))
        assert "idle in its transaction" in page and "lock-wait" in page and "to do: commit before" in page, page


def between(found):
    """Statements that stand between what waits and who is in the way."""
    return [session["short"] for cause in found["causes"] if cause["kind"] == "lock-wait"
            for session in cause["blocker"]["chain"][1:-1]]


def test_who_waits_in_between_is_named_and_not_blamed(postgres, tmp_path):
    def is_wanted(found):
        return burn.kinds(found) >= WANTED and "update audit" in " ".join(between(found))
    with incident(postgres, tmp_path, "chain", Chain, is_wanted) as (daemon, found, _):
        causes = {cause["kind"]: cause for cause in found["causes"]}
        wait, idle = causes["lock-wait"], causes["idle-in-transaction"]
        assert wait["statement"].startswith("update stock set left_over"), wait
        assert idle["statement"].startswith("select day from audit where id"), idle
        assert wait["blocker"]["depth"] >= 2 and wait["blocker"]["state"] == "idle in transaction"
        for cause in (wait, idle):
            assert "update audit" in cause["detail"].partition(", through ")[2], cause
        page = " ".join(daemon.verb("incidents", str(found["id"])).split())
        assert ", through " in page and "which waits for it" in page, page
