# SPDX-License-Identifier: Apache-2.0
"""The trial's application in Python: a thread for each request, psycopg2's pool of connections, a
transaction for each request. What it does and writes down: apps.py."""
import http.server
import json
import os
import random
import re
import sys
import threading
import time

import psycopg2
import psycopg2.pool

CONNECTIONS = 64
MODE, THINK_S = os.environ["MODE"], float(os.environ["THINK_MS"]) / 1000
with open(os.environ["SPEC"], encoding="utf-8") as file:
    SPEC = json.load(file)
TRUTH = open(os.environ["TRUTH"], "a", encoding="utf-8", buffering=1)  # pylint: disable=R1732
writing = threading.Lock()
free = threading.BoundedSemaphore(CONNECTIONS)
pool = psycopg2.pool.ThreadedConnectionPool(
    4, CONNECTIONS, host="127.0.0.1", port=os.environ["PGPORT"], dbname=os.environ["PGDATABASE"],
    user="postgres")


def now_us():
    return time.monotonic_ns() // 1000


class Work:
    """One request's queries, on one connection."""

    def __init__(self, connection, traceparent):
        self.connection, self.done = connection, []
        self.tags = f" /*traceparent='{traceparent}'*/" if MODE == "tags" else ""

    def timed(self, name, queries, work):
        start = now_us()
        try:
            work()
        finally:
            self.done.append([self.connection.info.backend_pid, start, now_us(), queries, name])

    def run(self, name, values):
        text = re.sub(r"\$\d", "%s", SPEC["statements"][name]) + self.tags
        begins = self.connection.status == psycopg2.extensions.STATUS_READY
        with self.connection.cursor() as cursor:
            self.timed(name, 2 if begins else 1, lambda: cursor.execute(text, values))
            return cursor.fetchall() if cursor.description else []

    def steps(self, plan, user):
        rows = []
        for number, step in enumerate(plan["steps"]):
            if number > 0:
                time.sleep(random.expovariate(1 / THINK_S))
            if step == "items for each":
                for row in rows:
                    self.run("items", (user, row[0]))
            else:
                rows = self.run(step, (user,))
        return rows


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self):
        parts = self.path.strip("/").split("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        visit = parts[0] == "visits"
        who = str(json.loads(body)["user"]) if visit else parts[1]
        route = self.command + (" /visits" if visit else "/".join([" /users/{id}", *parts[2:]]))
        user = int(who) if who.isdigit() else int(who[2:]) * 7919 % 5000 + 1
        traceparent = self.headers.get("traceparent", "--")
        status, rows = 200, []
        with free:
            connection = pool.getconn()
            work = Work(connection, traceparent)
            try:
                rows = work.steps(SPEC["routes"][route], user)
                work.timed("commit", 1, connection.commit)
            except psycopg2.Error:
                status = 500
                work.timed("rollback", 1, connection.rollback)
            finally:
                pool.putconn(connection)
        data = json.dumps({"rows": len(rows)}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        with writing:
            TRUTH.write(json.dumps({"trace": traceparent.split("-")[1], "route": route,
                                    "queries": work.done}) + "\n")

    do_GET = do_POST = answer


http.server.ThreadingHTTPServer.request_queue_size = 128
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
