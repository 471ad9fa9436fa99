# SPDX-License-Identifier: Apache-2.0
"""Queries that say in a comment whose they are: many requests at once over two shared connections,
where neither times nor values could tell."""
import contextlib
import http.client
import http.server
import itertools
import os
import queue
import threading
import time
import urllib.parse

import psycopg2

from test.harness.slowburn import Slowburn

CLIENTS, REQUESTS = 8, 12
TRACE = "traceparent='{trace}'"
# What is behind each of a request's five queries; all of them in one trace.
SHAPES = [
    f"/*framework='laravel',route='{{route}}',{TRACE}*/",
    f"/*action='index',route='{{route}}',{TRACE}*/;",
    f"/*controller='Order+Controller',{TRACE}*/",
    f"/*application:Shop,controller:orders*/ /*{TRACE}*/",
    f" /* {TRACE} , route='{{route}}' */ -- a remark",
]
ROUTES = {"/api/orders/{n}": "/api/orders/<int:order>", "/api/people/{n}": "^api/people/(?P<who>[^/]+)$"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pool = queue.Queue()

    def log_message(self, *_):
        pass

    def do_GET(self):
        template = ROUTES[self.path.rpartition("/")[0] + "/{n}"]
        values = {"route": urllib.parse.quote(template, safe=""),
                  "trace": self.headers["traceparent"]}
        for shape in SHAPES:
            connection = self.pool.get()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_class" + shape.format(**values))
            self.pool.put(connection)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def visit(daemon, paths):
    with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", daemon.http, timeout=60)) as connection:
        for path in paths:
            connection.request("GET", path)
            assert connection.getresponse().read() == b""


def test_every_query_finds_its_request_by_its_comment(postgres, tmp_path):
    http.server.ThreadingHTTPServer.request_queue_size = 64
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.ExitStack() as stack:
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        daemon = stack.enter_context(Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path),
                                              postgres.port, http_port=server.server_address[1]))
        daemon.wait_until_watching()
        for _ in range(2):
            connection = psycopg2.connect(postgres.dsn(port=daemon.port))
            stack.callback(connection.close)
            connection.autocommit = True
            Handler.pool.put(connection)
        paths = [path.format(n=n) for n, path in zip(range(CLIENTS * REQUESTS),
                                                     itertools.cycle(ROUTES))]
        clients = [threading.Thread(target=visit, args=(daemon, paths[n::CLIENTS]))
                   for n in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        deadline = time.monotonic() + 60
        routes = {}
        while sum(row["requests"] for row in routes.values()) < len(paths):
            assert time.monotonic() < deadline, routes
            time.sleep(0.2)
            routes = {row["route"]: row for row in daemon.document("requests") if row["method"]}
        assert set(routes) == {"GET /api/orders/{order}", "GET /api/people/{who}"}
        for row in routes.values():
            assert row["queries_per_request"] == len(SHAPES)
            assert row["basis"] == {"traceparent": 1.0}
            assert row["route_basis"] == "application"
        assert len(daemon.document("queries")) == 1  # no comment made another statement of it
