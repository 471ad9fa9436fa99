# SPDX-License-Identifier: Apache-2.0
"""Deaths under PostgreSQL's traffic: no query fails, and what slowburn knew comes back."""
import contextlib
import functools
import os
import signal
import sqlite3
import time

import psycopg
import psycopg2

from test.harness.slowburn import Slowburn
from test.harness.until_told import UntilTold
from test.peer import burn
from test.peer.test_lifecycle import child, is_alive, until


class Queries(UntilTold):
    """Clients of three kinds until told to stop: literals, prepared on the wire, transactions."""

    def __init__(self, dsn):
        self.dsn = dsn
        self.sent = {}
        self.failures = []
        super().__init__(*(functools.partial(self._run, kind) for kind in (
            self._literals, self._prepared, self._transactions)))

    def _run(self, kind):
        try:
            kind()
        except (psycopg.Error, psycopg2.Error, AssertionError) as error:
            self.failures.append(repr(error))

    def _count(self, statement):
        self.sent[statement] = self.sent.get(statement, 0) + 1

    def _literals(self):
        number = 0
        while not self.ends.is_set():
            connection = psycopg2.connect(self.dsn)
            connection.autocommit = True
            with connection.cursor() as cursor:
                for _ in range(20):
                    number += 1
                    cursor.execute(f"SELECT {number} + 1")
                    assert cursor.fetchone() == (number + 1,)
                    self._count("select ? + ?")
            connection.close()
            self.ends.wait(0.01)

    def _prepared(self):
        with psycopg.connect(self.dsn, autocommit=True, prepare_threshold=0) as connection:
            while not self.ends.is_set():
                row = connection.execute("SELECT %s::int * 2", (21,)).fetchone()
                assert row == (42,)
                self._count("select ?::int * ?")
                self.ends.wait(0.002)

    def _transactions(self):
        with contextlib.closing(psycopg2.connect(self.dsn)) as connection:
            while not self.ends.is_set():
                with connection, connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'pg_class'")
                    assert cursor.fetchone() == (1,)
                self._count("select count(*) from pg_class where relname = ?")
                self.ends.wait(0.005)

    @property
    def done(self):
        return sum(self.sent.values())


def statements(daemon):
    """What the API says, which is not there while the analyzer is not."""
    with contextlib.suppress(RuntimeError):
        return {query["statement"]: query for query in daemon.document("queries")}
    return {}


def kill(daemon, name, last=None):
    pid = until(lambda: child(daemon, name, last), f"{name} after {last}")
    os.kill(pid, signal.SIGKILL)
    return pid


def test_queries_go_on_through_twenty_deaths_of_each(slowburn, postgres):
    slowburn.wait_until_watching()
    dsn = postgres.dsn(port=slowburn.port)
    proxy = until(lambda: child(slowburn, "proxy"), "the proxy")
    killed = {"analyzer": None, "advisor": None}
    with Queries(dsn) as load:
        until(lambda: load.sent.keys() <= statements(slowburn).keys() and len(load.sent) == 3,
              "the statements are known")
        for death in range(20):
            for name, last in killed.items():
                killed[name] = kill(slowburn, name, last)
            time.sleep(0.2 if death % 5 == 4 else 1.1)
        for name, last in killed.items():
            until(lambda: child(slowburn, name, last), f"{name} after {last}")
        # Their texts are announced anew, and they are counted again.
        before = until(lambda: load.sent.keys() <= statements(slowburn).keys()
                       and statements(slowburn), "the statements' texts")
        until(lambda: all(statements(slowburn).get(text, before[text])["calls"]
                          > before[text]["calls"] for text in load.sent), "they are counted")
        done = load.done
        until(lambda: load.done > done + 100, "traffic goes on")
    assert load.failures == []
    assert child(slowburn, "proxy") == proxy
    status = slowburn.status("proxy", "supervisor", ready=lambda s: (
        s["supervisor"]["children"]["analyzer"]["restarts"] >= 20))
    assert status["proxy"]["sessions_opaque"] == 0 and status["proxy"]["upstream_failed"] == 0
    assert status["supervisor"]["children"]["analyzer"]["restarts"] >= 20


def stored_calls(daemon):
    """Of all statements, as the store has them."""
    with contextlib.closing(sqlite3.connect(os.path.join(daemon.data, "store.db"))) as store:
        return store.execute("SELECT sum(calls) FROM windows JOIN series ON series.id = series "
                             "WHERE route = '' AND length = 60").fetchone()[0] or 0


def test_nothing_is_lost_between_one_analyzer_and_the_next(slowburn, postgres):
    """What is sent while none runs waits in the rings, and is counted by the next."""
    slowburn.wait_until_watching()
    with psycopg.connect(postgres.dsn(port=slowburn.port), autocommit=True,
                         prepare_threshold=None) as connection:
        connection.execute("SELECT 'before'")
        until(lambda: "select ?" in statements(slowburn), "the first statement")
        until(lambda: stored_calls(slowburn) >= 1, "it is kept: a death takes it along no more")
        last = child(slowburn, "analyzer")
        os.kill(last, signal.SIGSTOP)
        for _ in range(500):
            connection.execute("SELECT 'meanwhile', 1")
        os.kill(last, signal.SIGKILL)
        for _ in range(500):
            connection.execute("SELECT 'meanwhile', 1")
        def all_of_them():
            known = statements(slowburn)
            return known.get("select ?, ?", {}).get("calls") == 1000 and known
        known = until(all_of_them, "all that was sent around the death")
        assert known["select ?"]["calls"] == 1
    status = slowburn.status("proxy")["proxy"]
    assert status["events_abandoned"] == status["events_dropped"] == status["events_folded"] == 0


def told(incident):
    """The instants of its beginning, which never change once somebody has seen them."""
    return ([incident["opened_at"], incident["onset_at"], incident["deploy"]],
            [e for e in incident["timeline"] if e["kind"] in ("deploy", "onset", "opened")])


def test_an_open_incident_outlives_the_analyzer(postgres, tmp_path):
    postgres.sql("CREATE DATABASE outlives")
    postgres.sql(burn.SCHEMA, "outlives")

    def connect():
        return psycopg2.connect(postgres.dsn("outlives", port=daemon.port))
    with burn.Application(connect) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port, advisor=postgres.dsn("outlives")) as daemon, \
            burn.Visitors(daemon.http) as visitors:
        before = burn.burn(application, [daemon])[0]
        assert burn.kinds(before) == burn.CAUSES and before["state"] == "open"
        last = None
        for _ in range(3):
            last = kill(daemon, "analyzer", last)
            until(lambda: child(daemon, "analyzer", last), "the next analyzer")
            def answers():
                with contextlib.suppress(RuntimeError):
                    return daemon.document("incidents")
                return None
            after = until(answers, "its answer")
            assert len(after) == 1
            assert after[0]["id"] == before["id"] and after[0]["state"] == "open"
            assert burn.kinds(after[0]) == burn.CAUSES
            assert told(after[0]) == told(before)
        seen = visitors.done
        until(lambda: visitors.done > seen + 50, "traffic goes on")
        # It is followed, not only shown: one incident still, with the causes.
        last = daemon.document("incidents")
        assert [burn.kinds(i) for i in last] == [burn.CAUSES]
    assert visitors.failures == [] and application.failures == []
    with contextlib.closing(sqlite3.connect(os.path.join(daemon.data, "store.db"))) as store:
        found = store.execute("SELECT kind, subject, evidence FROM findings").fetchall()
        fixes = store.execute("SELECT action, state, measured_ms FROM fixes").fetchall()
    # One row for each, also of what was written again after a death: as of the last word, which may
    # have come after we asked.
    [rest] = daemon.document("incidents")
    assert rest["id"] == before["id"]
    assert {(c["kind"], c["fingerprint"], c["evidence"]) for c in rest["causes"]} == set(found)
    assert [(a["id"], "proposed", None) for a in rest["actions"]] == sorted(fixes)


def test_a_second_supervisor_takes_over_under_queries(postgres, tmp_path):
    first = Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port)
    with first, Queries(postgres.dsn(port=first.port)) as load:
        until(lambda: len(load.sent) == 3 and load.sent.keys() <= statements(first).keys(),
              "the statements are known")
        proxy = child(first, "proxy")
        first.process.kill()
        first.process.wait()
        done = load.done
        until(lambda: load.done > done + 200, "traffic without a supervisor")
        second = Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port)
        second.command, second.port, second.admin = first.command, first.port, first.admin
        try:
            with second:
                until(lambda: child(second, "analyzer"), "a new analyzer")
                before = until(lambda: load.sent.keys() <= (known := statements(second)).keys()
                               and known, "what was known")
                until(lambda: statements(second).get("select ? + ?", {"calls": 0})["calls"]
                      > before["select ? + ?"]["calls"], "and it is counted on")
                assert is_alive(proxy)
                load.__exit__()
                assert load.failures == []
        finally:
            if is_alive(proxy):
                os.kill(proxy, signal.SIGKILL)
