# SPDX-License-Identifier: Apache-2.0
"""Server-Timing with a real PHP and PDO behind two workers: what it says is what the application did,
nothing is said that is not certain, and off nothing changes."""
import http.client
import os
import re
import socket
import threading

import psycopg
import pytest

from test.harness import processes
from test.peer.test_lifecycle import until
from test.peer.test_upgrade import Upgradable

APP = os.path.join(os.path.dirname(__file__), "timed_app.php")
SAID = re.compile(r'db;dur=(\d+\.\d);desc="(\d+) quer(?:y|ies)(?:, (\d+) under way)?"')


class Daemon(Upgradable):
    """One whose HTTP listener `.http` says server_timing = on, and `.plain` does not."""

    def __init__(self, folder, postgres_port, application):
        self.http, self.plain = processes.free_port(), processes.free_port()
        conf = os.path.join(folder, "slowburn.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write("[slowburn]\nworkers = 2\n")
            for port, on in ((self.http, "on"), (self.plain, "off")):
                file.write(f"[http p{port}]\nlisten = 127.0.0.1:{port}\n"
                           f"upstream = 127.0.0.1:{application}\nserver_timing = {on}\n")
        http = self.http
        super().__init__(folder, postgres_port, more=("-c", conf))
        self.http = http

    def environment(self):
        return {**os.environ, "PGPORT": str(self.port), "PHP_CLI_SERVER_WORKERS": "4"}


@pytest.fixture(scope="module")
def daemon(postgres, tmp_path_factory):
    application = processes.free_port()
    folder = str(tmp_path_factory.mktemp("timed"))
    with Daemon(folder, postgres.port, application) as running:
        server = processes.start(["php", "-S", f"127.0.0.1:{application}", APP],
                                 os.path.join(folder, "php.log"), env=running.environment())
        try:
            processes.wait_for_port(application, server)
            running.application = application
            yield running
        finally:
            processes.stop(server)


def ask(port, query, headers=None):
    """(all values of Server-Timing, the body)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/orders?{query}", headers=headers or {})
    response = connection.getresponse()
    assert response.status == 200
    body = response.read()
    connection.close()
    return response.headers.get_all("Server-Timing") or [], body


def told(values):
    """(how many queries, whether one of them is still under way, how many ms) of the last value"""
    found = SAID.fullmatch(values[-1])
    assert found, values
    under_way = int(found.group(3) or 0)
    return int(found.group(2)) + under_way, under_way > 0, float(found.group(1))


def raw(port, query):
    """Whole response, with what changes from one to the next taken out."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(f"GET /orders?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        text = b"".join(iter(lambda: s.recv(65536), b""))
    return re.sub(rb"(?m)^Date: [^\r]*\r\n", b"", text)


def test_what_it_says_is_what_the_application_did(daemon):
    wrong = []

    def visit(first):
        for n in range(first, first + 8):
            values, body = ask(daemon.http, f"queries={n}")
            if n == 0:
                good = values == []
            else:
                queries, unsure, took_ms = told(values)
                good = len(values) == 1 and queries == n and (unsure or took_ms >= 2 * n)
            if not good or body != b'{"queries":%d}' % n:
                wrong.append((n, values, body))
    clients = [threading.Thread(target=visit, args=(first,)) for first in (0, 1, 3, 5, 8, 0, 2, 9)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert wrong == []


def test_nothing_else_of_the_response_is_changed(daemon):
    for query in ("queries=3", "queries=1&own=1", "queries=0", "queries=2&tags=0", "queries=2&later=2"):
        direct = raw(daemon.plain, query)  # with a traceparent, which the application needs
        timed = raw(daemon.http, query)
        line = re.search(rb'Server-Timing: db;[^\r]*\r\n', timed)
        tagged = "tags=0" not in query and "queries=0" not in query
        assert (line is not None) == tagged, timed
        if line:
            assert timed[line.end():].startswith(b"\r\n")  # the last line of the head
            assert told([line.group(0)[len(b"Server-Timing: "):-2].decode()])[0] == int(query[8])
            timed = timed[:line.start()] + timed[line.end():]
        assert timed == direct
    own = ask(daemon.http, "queries=1&own=1")[0]
    assert own[0] == 'app;dur=7;desc="own"' and told(own)[0] == 1
    # A failed query is one, too; never its text.
    assert told(ask(daemon.http, "queries=1&wrong=1")[0])[0] == 2


def test_a_traceparent_of_two_requests_is_told_of_neither(daemon):
    given = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    assert told(ask(daemon.http, "queries=2", given)[0])[0] == 2
    assert ask(daemon.http, "queries=2", given)[0] == []
    given["traceparent"] = given["traceparent"].replace("b7ad", "c7ad")
    assert told(ask(daemon.http, "queries=3", given)[0])[0] == 3


def test_while_another_proxy_has_sessions_nothing_is_said(daemon, postgres):
    daemon.wait_until_watching()
    assert told(ask(daemon.http, "queries=2")[0])[0] == 2
    pooled = psycopg.connect(postgres.dsn(port=daemon.port))
    daemon.upgraded()
    assert len(daemon.proxies()) == 2
    for _ in range(4):
        assert ask(daemon.http, "queries=2")[0] == []
    pooled.close()
    until(lambda: len(daemon.proxies()) == 1, "the former proxy's end")
    assert told(until(lambda: ask(daemon.http, "queries=2")[0], "a Server-Timing"))[0] == 2
