# SPDX-License-Identifier: Apache-2.0
"""Replies with status 200 that say by their body that something went wrong are counted as errors."""
import json
import os
import time

import psycopg2

from test.harness.slowburn import Slowburn
from test.peer import burn
from test.peer.test_lifecycle import until

SECRET = "card 4711-0815 refused"


def test_errors_inside_of_a_200(postgres, tmp_path):
    postgres.sql("CREATE DATABASE responses")
    postgres.sql(burn.SCHEMA, "responses")

    class Application(burn.Application):
        def handle(self, handler, body):
            status, answer = super().handle(handler, body)
            if handler.path.startswith("/api/orders"):
                return status, {"data": None, "error": {"message": SECRET}}
            return status, {"data": answer, "error": None}

    def connect():
        return psycopg2.connect(postgres.dsn("responses", port=daemon.port))

    def classes(route):
        windows = [json.loads(line) for line in daemon.verb("export", "windows").splitlines()]
        mine = [w for w in windows if w.get("route") == route and "fingerprint" not in w]
        return (sum(w["calls"] for w in mine), sum(w["errors"] for w in mine),
                sum(w.get("errors_by_class", {}).get("body", 0) for w in mine))

    with Application(connect) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port) as daemon:
        daemon.wait_until_watching()
        with burn.Visitors(daemon.http) as visitors:
            deadline = time.monotonic() + 60
            while application.lists < 30:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert not visitors.failures
        lists = application.lists
        until(lambda: classes("GET /api/orders") == (lists, 0, lists), "all lists are counted")
        calls, errors, bodies = classes("GET /api/me")
        assert calls > 0 and errors == bodies == 0
    assert SECRET not in open(daemon.log, encoding="utf-8").read()
