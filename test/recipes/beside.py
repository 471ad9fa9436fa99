# SPDX-License-Identifier: Apache-2.0
"""What stands beside the shop: jobs that use its database through slowburn, and a carrier that it
asks where a parcel is. Each runs until it is told to stop."""
import http.server
import threading
import time

import psycopg2

from test.harness.until_told import UntilTold


class Job(UntilTold):
    """The same transaction again and again. `statements` run in it one after another, a number is a
    pause of so many seconds; then it commits, and pauses for pause_s."""

    def __init__(self, connect, statements, pause_s):
        self._connect, self._statements, self._pause_s = connect, statements, pause_s
        super().__init__(self._run)

    def _run(self):
        connection = self._connect()
        connection.autocommit = False
        try:
            while not self.ends.is_set():
                self._transaction(connection)
                self.ends.wait(self._pause_s)
        finally:
            connection.close()

    def _transaction(self, connection):
        with connection.cursor() as cursor:
            for statement in self._statements:
                if isinstance(statement, str):
                    cursor.execute(statement)
                else:
                    self.ends.wait(statement)
        connection.commit()


class Knocks(UntilTold):
    """A job that logs in again and again, so many times a second, and asks for nothing much."""

    def __init__(self, connect, per_second):
        self._connect, self._every_s = connect, 1.0 / per_second
        self.refused = self.let_in = 0
        super().__init__(self._run)

    def _run(self):
        while not self.ends.is_set():
            try:
                with self._connect() as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM settings")
                connection.close()
                self.let_in += 1
            except psycopg2.OperationalError:
                self.refused += 1
            self.ends.wait(self._every_s)


class Carrier:
    """An HTTP server that answers every GET with a word, after delay_s; that may change any time."""

    def __init__(self, delay_s):
        self.delay_s = delay_s
        carrier = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                time.sleep(carrier.delay_s)
                self.send_response(200)
                self.send_header("Content-Length", "10")
                self.end_headers()
                self.wfile.write(b"on its way")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
