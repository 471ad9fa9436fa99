# SPDX-License-Identifier: Apache-2.0
"""A small application: an HTTP server on a free loopback port that answers every GET."""
import http.server
import threading


class HttpServer:
    """class Shop(HttpServer): def answer(self, path): ...; with Shop() as shop: ... shop.port

    Serves from its beginning on, each connection on a thread of its own."""

    content_type = "text/plain"

    def __init__(self):
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                data = application.answer(self.path)
                self.send_response(200)
                self.send_header("Content-Type", application.content_type)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        """The body, as bytes. Any thread."""
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
