# SPDX-License-Identifier: Apache-2.0
"""Replies with status 200 that say by their body that something went wrong are counted as errors,
and those that look different since a deploy are an incident."""
import http.client
import itertools
import json
import os
import re
import time

import psycopg2

from test.harness import processes
from test.harness.http_server import HttpServer
from test.harness.slowburn import Slowburn
from test.harness.until_told import UntilTold
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


MEMBER = "jane.doe@example.com"  # a map has data for names
KEY = 7
LEARN = 250  # answers to each; fewer than 200 are no normal
LET_GO_S = 65.0  # what was learned in the last minute is let go of: the deploy may be marked late


class Answers(HttpServer):
    """GET /api/orders: a list whose elements have `total` until version 2; GET /api/me: an object
    that has `phone` every other time, and none in version 2."""

    content_type = "application/json"

    def __init__(self):
        self.version = 1
        self.orders = 0
        self.numbers = itertools.count()
        super().__init__()

    def answer(self, path):
        return json.dumps(self.document(path, next(self.numbers))).encode()

    def document(self, path, number):
        if path == "/api/orders":
            self.orders += 1
            orders = [{"id": number + i, "title": "x" * i, MEMBER: i} for i in range(5)]
            if self.version == 1:
                orders = [{**order, "total": 2.5} for order in orders]
            return {"data": orders, "meta": {"page": 1}}
        me = {"id": number, "name": "jane", "tags": ["a"] * (number % 3)}
        return {**me, "phone": "1"} if self.version == 1 and number // 2 % 2 == 0 else me


class Askers(UntilTold):
    """Asks for each in turn, some twenty times a second."""

    def __init__(self, port):
        self.port = port
        self.failures = []
        super().__init__(self._ask)

    def _ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.ends.wait(0.03):
            for path in ("/api/orders", "/api/me"):
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    self.failures.append((path, response.status))
        connection.close()


def write_key(folder):
    """The installation's key, one under which no two members share a bit: what is said is exact."""
    os.mkdir(folder, 0o700)
    with open(os.open(os.path.join(folder, "hash.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        f.write(bytes([KEY]) * 16)


def test_a_member_that_is_missing_since_a_deploy(tmp_path):
    write_key(tmp_path / "slowburn")
    with Answers() as answers, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), processes.free_port(),
                     http_port=answers.port) as daemon:
        daemon.wait_until_watching()
        with Askers(daemon.http) as askers:
            until(lambda: answers.orders >= LEARN, "enough answers to learn from", seconds=300)
            time.sleep(LET_GO_S)
            daemon.verb("deploy", "version-2")
            answers.version = 2
            found = daemon.wait_for_incident(240)
            assert not askers.failures
        assert found is not None, f"no incident, see {daemon.log}"
        assert found["subject"] == "GET /api/orders" and found["state"] == "open"
        assert found["headline"] == "GET /api/orders answers differently"
        assert found["deploy"]["name"] == "version-2" and found["deploy"]["basis"] == "marked"
        assert len(daemon.document("incidents")) == 1
        (cause,) = found["causes"]
        assert cause["kind"] == "inconsistent-response" and cause["evidence"] == "measured"
        assert re.fullmatch(  # a few were answered while it was being marked
            r"1 of 4 members that each answer's first item had is missing: as before were 100\.0 % of "
            r"\d+ answers, and since the deploy are [0-9]\.\d % of \d+", cause["detail"])
        page = daemon.verb("incidents", str(found["id"]))
        assert "answers differently" in page and "inconsistent-response" in page
        assert "deploy version-2" in page and "slowburn expected 1" in page
    for folder, _, files in os.walk(tmp_path):  # the store, the log: no name of a member
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                assert MEMBER.encode() not in file.read(), name
