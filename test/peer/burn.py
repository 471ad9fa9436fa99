# SPDX-License-Identifier: Apache-2.0
"""A small application whose second version burns: no index, a query for each row, settings read
again and again. Its HTTP server runs in the test's process; `Visitors` are its load."""
import http.client
import http.server
import json
import threading
import time
import urllib.parse

import psycopg2

from test.harness.until_told import UntilTold

ORDERS = 3000
LISTED = 8

SCHEMA = f"""
CREATE EXTENSION IF NOT EXISTS hypopg;
CREATE TABLE users (id int PRIMARY KEY, token text UNIQUE);
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, title text NOT NULL);
CREATE TABLE items (id int PRIMARY KEY, order_id int NOT NULL, sku text NOT NULL);
CREATE TABLE settings (key text PRIMARY KEY, value text NOT NULL);
INSERT INTO users SELECT i, 'token' || i FROM generate_series(0, 99) i;
INSERT INTO orders SELECT i, i % 100, 'order ' || i FROM generate_series(1, {ORDERS}) i;
INSERT INTO items SELECT i, i % {ORDERS} + 1, 'sku ' || i FROM generate_series(1, 40000) i;
INSERT INTO settings SELECT 'k' || i, 'v' || i FROM generate_series(1, 20) i;
CREATE INDEX ON orders (user_id);
ANALYZE;
"""


class Application:
    """GET /api/orders and GET /api/me; `extra(handler, cursor)` runs with every request."""

    def __init__(self, connect, extra=None, reply=""):
        self.connect, self.extra, self.reply = connect, extra, reply
        self.version = 1
        self.lists = 0
        self.failures = []
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    status, answer = application.handle(self, body)
                except (psycopg2.Error, OSError) as error:
                    application.failures.append(repr(error))
                    status, answer = 500, repr(error)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        http.server.ThreadingHTTPServer.request_queue_size = 64
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler, _body):
        token = dict(urllib.parse.parse_qsl(handler.path.partition("?")[2]))["user"]
        connection = self.connect()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT id FROM users WHERE token = %s", (token,))
                user = cursor.fetchone()[0]
                if self.extra is not None:
                    self.extra(handler, cursor)
                if handler.path.startswith("/api/orders"):
                    return 200, [self.list(cursor, user), self.reply]
                return 200, self.reply
        finally:
            connection.close()

    def list(self, cursor, user):
        cursor.execute("SELECT id, title FROM orders WHERE user_id = %s ORDER BY id LIMIT %s",
                       (user, LISTED))
        listed = cursor.fetchall()
        self.lists += 1
        if self.version == 2:
            for number, _ in listed:
                cursor.execute("SELECT id, sku FROM items WHERE order_id = %s", (number,))
                cursor.fetchall()
            for _ in range(LISTED):
                cursor.execute("SELECT value FROM settings WHERE key = %s", ("k7",))
        return [title for _, title in listed]


class Visitors(UntilTold):
    """A few clients, a pause after each request. `prepare(number, path)` may say more about it:
    (method, path, body, headers). Who they are is in the path's query, as the user's token."""

    def __init__(self, port, clients=3, pause_s=0.08, prepare=None):
        self.port, self.pause_s, self.prepare = port, pause_s, prepare
        self.done = 0
        self.failures = []
        self.lock = threading.Lock()
        super().__init__(*[self._visit] * clients)

    def _number(self):
        with self.lock:
            self.done += 1
            return self.done

    def _visit(self):
        while not self.ends.is_set():
            number = self._number()
            path = "/api/me" if number % 3 == 0 else "/api/orders"
            method, path, body, headers = (self.prepare or self._plain)(number, path)
            path += f"{'&' if '?' in path else '?'}user=token{number % 100}"
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                text = response.read()
                if response.status != 200:
                    self.failures.append((response.status, text))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            finally:
                connection.close()
            self.ends.wait(self.pause_s)

    @staticmethod
    def _plain(_number, path):
        return "GET", path, None, {}


WARM_UP_S = 11.0  # cold caches are not counted for ten seconds
LISTS_BEFORE = 60  # twice what a baseline needs, however long they take
CAUSES = {"missing-index", "repeated-query", "cacheable"}


def kinds(incident):
    return {cause["kind"] for cause in incident["causes"]}


def burn(application, daemons, wanted=frozenset(CAUSES), seconds=300):
    """Plays the deploy under Visitors that are there already; the incident of each daemon."""
    time.sleep(WARM_UP_S)
    enough, deadline = application.lists + LISTS_BEFORE, time.monotonic() + seconds
    while application.lists < enough:
        assert time.monotonic() < deadline, f"only {application.lists} of {enough} lists asked for"
        time.sleep(0.1)
    for daemon in daemons:
        daemon.verb("deploy", "version-2")
    application.version = 2
    found = []
    for daemon in daemons:
        found.append(daemon.wait_for_incident(seconds, lambda i: kinds(i) >= wanted))
        assert found[-1] is not None, f"no incident within {seconds} s, see {daemon.log}"
    return found
