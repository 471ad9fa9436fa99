# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on a free loopback port that keeps what it is sent, and answers as it is told to."""
import http.server
import threading
import time


class Received:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class Receiver:
    """with Receiver(Answer(429, {"Retry-After": "1"})) as r: ...   Later requests get 200 and `body`."""

    def __init__(self, *answers, body=b"{}"):
        self.answers, self.body = list(answers), body
        self.received = []
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.received.append(Received(self.path, dict(self.headers), data))
                    answer = receiver.answers.pop(0) if receiver.answers else Answer()
                answer.give(self, receiver.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count, seconds=60.0):
        """Until so many requests have come; all of them."""
        deadline = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < deadline, \
                f"{len(self.received)} of {count} requests after {seconds} s"
            time.sleep(0.05)
        return self.received


class Answer:
    """cut: the connection ends in the middle of the body. slow_s: it takes so long."""

    def __init__(self, status=200, headers=None, cut=False, slow_s=0.0, body=None):
        self.status, self.headers, self.cut, self.slow_s = status, headers or {}, cut, slow_s
        self.body = body

    def give(self, handler, body):
        time.sleep(self.slow_s)
        body = body if self.body is None else self.body
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body) + (100 if self.cut else 0)))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = self.cut
