#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A generated application in Python: threads, psycopg2 or psycopg3, one connection a request or a
small pool. Usage: app_python.py SPEC.json VERSION_FILE HTTP_PORT DATABASE_PORT DATABASE"""
import contextlib
import json
import queue
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POOL_SIZE = 6


class Database:
    """One connection, speaking to the server the way the specification says."""

    def __init__(self, spec, port, name):
        self.prepared, self.names = spec["prepared"], {}
        dsn = f"host=127.0.0.1 port={port} dbname={name} user=postgres"
        if spec["driver"] == "psycopg2":
            import psycopg2
            self.connection = psycopg2.connect(dsn)
        else:
            import psycopg
            threshold = 0 if self.prepared == "wire" else None
            self.connection = psycopg.connect(dsn, prepare_threshold=threshold)

    def run(self, sql, values):
        with self.connection.cursor() as cursor:
            if self.prepared == "sql":
                sql = self._execute_by_name(cursor, sql)
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def _execute_by_name(self, cursor, sql):
        if sql not in self.names:
            name = f"statement_{len(self.names)}"
            parts = sql.split("%s")
            numbered = parts[0] + "".join(f"${i}{part}" for i, part in enumerate(parts[1:], 1))
            cursor.execute(f"PREPARE {name} AS {numbered}")
            self.names[sql] = name
        return f"EXECUTE {self.names[sql]} ({', '.join(['%s'] * sql.count('%s'))})"

    def end(self):
        self.connection.commit()

    def close(self):
        self.connection.close()


class Pool:
    def __init__(self, make, size):
        self.make, self.idle = make, queue.LifoQueue()
        for _ in range(size):
            self.idle.put(None)

    @contextlib.contextmanager
    def connection(self):
        database = self.idle.get() or self.make()
        try:
            yield database
            database.end()
        except BaseException:
            database.close()
            database = None
            raise
        finally:
            self.idle.put(database)


class Fresh:
    def __init__(self, make):
        self.make = make

    @contextlib.contextmanager
    def connection(self):
        database = self.make()
        try:
            yield database
            database.end()
        finally:
            database.close()


class Application:
    def __init__(self, spec, version_file, port, name):
        def make():
            return Database(spec, port, name)
        self.queries, self.steps = spec["queries"], spec["steps"]
        self.faulty_route = spec["faulty_route"]
        self.version_file = version_file
        self.pool = Pool(make, POOL_SIZE) if spec["connection"] == "pool" else Fresh(make)

    def version(self):
        with open(self.version_file, encoding="ascii") as file:
            return file.read().strip()

    def handle(self, method, path, token):
        with self.pool.connection() as database:
            owners = database.run(self.queries["authenticate"], (token,))
            if not owners:
                return 401, {"error": "unknown token"}
            owner = owners[0][0]
            parts = path.strip("/").split("/")
            if method == "GET" and len(parts) == 1:
                return 200, self.show(database, "list", owner, owner)
            if method == "GET":
                return 200, self.show(database, "detail", owner, parts[1])
            database.run(self.queries["rename"], ("renamed", parts[1]))
            return 200, {"renamed": parts[1]}

    def show(self, database, route, owner, key):
        listed = database.run(self.queries[route], (key,))
        more = []
        if self.version() == "2" and route == self.faulty_route:
            for step in self.steps:
                more.append(self.step(database, step, owner, listed))
        return {"listed": listed, "more": more}

    def step(self, database, step, owner, listed):
        sql = self.queries[step["query"]]
        if step["values"] == "each-listed":
            return [len(database.run(sql, (row[0],))) for row in listed]
        if step["values"] == "first-listed":
            return [len(database.run(sql, (row[0],))) for row in listed[:1]]
        if step["values"] == "owner":
            return database.run(sql, (owner,))
        return [database.run(sql, (step["constant"],)) for _ in range(step["times"])]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    application = None

    def answer(self, method):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            status, body = self.application.handle(method, self.path, token)
        except Exception as error:  # the load counts a 500; the application goes on
            status, body = 500, {"error": str(error)}
        data = json.dumps(body, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer("POST")

    def log_message(self, *_):
        pass


def main():
    spec_file, version_file, http_port, database_port, database = sys.argv[1:6]
    with open(spec_file, encoding="utf-8") as file:
        spec = json.load(file)
    Handler.application = Application(spec, version_file, int(database_port), database)
    ThreadingHTTPServer.request_queue_size = 64
    ThreadingHTTPServer(("127.0.0.1", int(http_port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
