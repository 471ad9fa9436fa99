# SPDX-License-Identifier: Apache-2.0
"""A small application and its own test run, as one command: serves on PORT, asks itself through
$SLOWBURN_HTTP, ends. The database is where PGHOST and PGPORT say.

small_app.py DATABASE PORT MODE...    lazy: a query for each row; fail: one request fails; new: one
more statement; exit3: ends with 3; serve: no test run, answers until it is killed; direct: asks
itself past slowburn; together: requests four at a time."""
import http.client
import http.server
import json
import os
import sys
import threading
import urllib.parse

import psycopg2

DATABASE, PORT, MODES = sys.argv[1], int(sys.argv[2]), set(sys.argv[3:])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        status, answer = 200, []
        connection = psycopg2.connect(dbname=DATABASE, user="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, title FROM orders WHERE user_id = %s ORDER BY id LIMIT 5", (7,))
            listed = cursor.fetchall()
            if self.path == "/orders":
                if "lazy" in MODES:
                    for number, _ in listed:
                        cursor.execute("SELECT sku FROM items WHERE order_id = %s", (number,))
                        answer += cursor.fetchall()
                if "new" in MODES:
                    cursor.execute("SELECT count(*) FROM settings")
                if "fail" in MODES:
                    status = 500
            elif self.path == "/me":
                cursor.execute("SELECT token FROM users WHERE id = %s", (7,))
                answer = cursor.fetchall()
        connection.close()
        data = json.dumps([listed, answer]).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def visit(paths):
    where = PORT if "direct" in MODES else urllib.parse.urlsplit(os.environ["SLOWBURN_HTTP"]).port
    for path in paths:
        connection = http.client.HTTPConnection("127.0.0.1", where, timeout=60)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()


http.server.ThreadingHTTPServer.request_queue_size = 64
server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
if "serve" in MODES:
    server.serve_forever()
threading.Thread(target=server.serve_forever, daemon=True).start()
if "together" in MODES:
    together = [threading.Thread(target=visit, args=(["/orders", "/me"] * 10,)) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
else:
    visit(["/orders", "/me"] * 3)
sys.exit(3 if "exit3" in MODES else 0)
