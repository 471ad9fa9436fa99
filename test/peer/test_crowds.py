# SPDX-License-Identifier: Apache-2.0
"""Many that ask for the same at once, and clients that ask again for what has failed."""
import http.client
import itertools
import os
import time

import psycopg2

from test.harness.slowburn import Slowburn
from test.harness.until_told import UntilTold
from test.peer import burn

CLIENTS = 16


def prepare(postgres, name):
    postgres.sql(f"CREATE DATABASE {name}")
    postgres.sql(burn.SCHEMA, name)


def test_a_stampede_is_found(postgres, tmp_path):
    prepare(postgres, "stampede")

    def connect():
        return psycopg2.connect(postgres.dsn("stampede", port=daemon.port))

    def report(handler, cursor):
        if application.version == 2 and handler.path.startswith("/api/orders"):
            cursor.execute("SELECT pg_sleep(%s)", (0.3,))  # what a cache had, until now

    class Application(burn.Application):
        def list(self, cursor, user):
            self.lists += 1
            return []

    with Application(connect, extra=report) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port) as daemon, \
            burn.Visitors(daemon.http, clients=CLIENTS) as visitors:
        (found,) = burn.burn(application, [daemon], {"stampede"})
        assert not visitors.failures and not application.failures
    assert burn.kinds(found) >= {"stampede"}, found
    cause = next(c for c in found["causes"] if c["kind"] == "stampede")
    assert "pg_sleep" in cause["statement"]
    assert "calls with the same values at once" in cause["detail"]
    assert cause["evidence"] == "measured" and "single flight" in cause["advice"]


class Stubborn(UntilTold):
    """Each asks for something of its own, and again when it fails."""

    def __init__(self, port):
        self.port, self.numbers = port, itertools.count(1000)
        super().__init__(*[self._ask] * 4)

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response.status == 200
        finally:
            connection.close()

    def _ask(self):
        while not self.ends.is_set():
            path = f"/api/orders?order={next(self.numbers)}&user=token7"
            for _ in range(6):
                if self._get(path) or self.ends.wait(0.2):
                    break
            self.ends.wait(0.2)


def test_a_retry_storm_is_found(postgres, tmp_path):
    prepare(postgres, "retries")

    def connect():
        return psycopg2.connect(postgres.dsn("retries", port=daemon.port))

    def pay(handler, cursor):
        if application.version == 2:
            cursor.execute("SELECT pg_sleep(0.4)")
            raise OSError("the payment provider does not answer")

    with burn.Application(connect, extra=pay) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port) as daemon, \
            Stubborn(daemon.http):
        daemon.wait_until_watching()
        enough = application.lists + 4 * burn.LISTS_BEFORE
        deadline = time.monotonic() + 120
        while application.lists < enough:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        daemon.verb("deploy", "version-2")
        application.version = 2
        found = daemon.wait_for_incident(240, lambda i: burn.kinds(i) >= {"retry-storm"})
    assert found is not None and burn.kinds(found) >= {"retry-storm"}, (found, daemon.log)
    assert found["subject"] == "GET /api/orders"
    cause = next(c for c in found["causes"] if c["kind"] == "retry-storm")
    assert "of the requests that failed came again within 30 s, of those that did not 0 %" in cause["detail"]
    assert "wait longer after each failure" in cause["advice"]
