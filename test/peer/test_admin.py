# SPDX-License-Identifier: Apache-2.0
"""The admin API of a running daemon: who may ask what, and what never comes out."""
import contextlib
import http.client
import http.server
import json
import os
import socket
import stat
import threading
import time

import pytest

from test.harness import processes
from test.harness.slowburn import Slowburn

DOCUMENTS = ("incidents", "queries", "requests", "status")


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(connection, method, path, body=None, **headers):
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read() or b"null")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = str(tmp_path_factory.mktemp("admin"))
    with Slowburn(os.environ["SLOWBURN_BINARY"], folder, processes.free_port(),
                  http_port=server.server_address[1]) as running:
        deadline = time.monotonic() + 60
        while ask(tcp(running), "GET", "/healthz")[0] != 200:
            assert time.monotonic() < deadline, "the analyzer has nothing to show after 60 s"
            time.sleep(0.1)
        yield running
    server.shutdown()


def tcp(running):
    return http.client.HTTPConnection("127.0.0.1", running.admin, timeout=60)


def unix(running):
    return UnixConnection(os.path.join(running.data, "admin.sock"))


def token(running):
    with open(os.path.join(running.data, "token"), encoding="ascii") as file:
        return file.read().strip()


def test_the_documents_are_there_on_both_sockets(daemon):
    for connect in (tcp, unix):
        assert ask(connect(daemon), "GET", "/healthz") == (200, {"ok": True})
        for name in DOCUMENTS:
            status, value = ask(connect(daemon), "GET", f"/api/v1/{name}")
            assert status == 200 and isinstance(value, dict if name == "status" else list)
    assert ask(tcp(daemon), "GET", "/api/v1/incidents/999")[0] == 404
    assert ask(tcp(daemon), "GET", "/api/v1/nothing")[0] == 404


def test_socket_and_token_are_the_owners_alone(daemon):
    for name in ("admin.sock", "token"):
        mode = os.stat(os.path.join(daemon.data, name)).st_mode
        assert stat.S_IMODE(mode) == 0o600


def test_a_change_needs_the_socket_or_the_token(daemon):
    body = json.dumps({"name": "v2"})
    assert ask(tcp(daemon), "POST", "/api/v1/deploys", body)[0] == 401
    assert ask(tcp(daemon), "POST", "/api/v1/deploys", body,
               Authorization="Bearer " + "0" * 64)[0] == 401
    assert ask(tcp(daemon), "POST", "/api/v1/deploys", body,
               Authorization="Bearer " + token(daemon))[0] == 200
    assert ask(unix(daemon), "POST", "/api/v1/deploys", body)[0] == 200
    for verb in ("ack", "close"):
        assert ask(unix(daemon), "POST", f"/api/v1/incidents/999/{verb}")[0] == 404
    assert ask(unix(daemon), "POST", "/api/v1/deploys", "{}")[0] == 400


def test_a_rebound_name_is_refused(daemon):
    assert ask(tcp(daemon), "GET", "/api/v1/status", Host="evil.example")[0] == 403


def test_requests_show_up_without_their_values(daemon):
    canary = "canary7f3a"
    for n in range(40):
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", daemon.http, timeout=60)) as c:
            c.request("POST", f"/api/things/{n}?q={canary}", json.dumps({"secret": canary}),
                      {"Content-Type": "application/json", "Cookie": f"sid={canary}",
                       "Authorization": f"Bearer {canary}"})
            assert canary in c.getresponse().read().decode()
    deadline = time.monotonic() + 60
    routes = []
    while not any("things" in route for route in routes) and time.monotonic() < deadline:
        time.sleep(0.2)
        routes = [r["route"] for r in ask(tcp(daemon), "GET", "/api/v1/requests")[1]]
    assert sum("things" in route for route in routes) == 1, routes
    for name in DOCUMENTS:
        assert canary not in json.dumps(ask(unix(daemon), "GET", f"/api/v1/{name}")[1])
    for folder, _, names in os.walk(os.path.dirname(daemon.data)):
        for name in names:
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                with open(path, "rb") as file:
                    assert canary.encode() not in file.read(), path


def open_console(running, request):
    """It does not read."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.settimeout(60)
    s.connect(("127.0.0.1", running.admin))
    s.sendall(request.encode())
    return s


def test_a_hundred_consoles_hurt_neither_traffic_nor_analysis(daemon):
    """Forty that read events; twenty that never do; twenty that ask again and again for more than the
    sockets hold and never read; twenty that have stopped in the middle of a request."""
    head = "GET /api/v1/{} HTTP/1.1\r\nHost: localhost\r\n"
    before = daemon.status("proxy")
    with contextlib.ExitStack() as stack:
        consoles = [stack.enter_context(contextlib.closing(open_console(daemon, request)))
                    for request in [head.format("events") + "\r\n"] * 60 +
                    [(head.format("overview") + "\r\n") * 150] * 20 + [head.format("status")] * 20]
        for reads in consoles[:40]:
            assert b"text/event-stream" in reads.recv(4096)
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", daemon.http, timeout=60)) as c:
            for n in range(300):
                c.request("GET", f"/api/looked/{n}/at")
                reply = c.getresponse()
                assert reply.status == 200 and reply.read() == b""
        status, deploy = ask(unix(daemon), "POST", "/api/v1/deploys", json.dumps({"name": "busy"}))
        assert status == 200, deploy  # the judge is there
        deadline = time.monotonic() + 60
        seen = consoles_seen = 0
        while (seen < 300 or consoles_seen < 40) and time.monotonic() < deadline:
            time.sleep(0.2)
            seen = sum(r["requests"] for r in ask(tcp(daemon), "GET", "/api/v1/requests")[1]
                       if "looked" in r["route"])
            after = daemon.status("proxy")
            consoles_seen = after.get("api", {"consoles": 0})["consoles"]
        assert seen == 300 and consoles_seen >= 40
        for name in ("events_dropped", "events_folded"):
            assert after["proxy"][name] == before["proxy"][name]
        assert after["analyzer"]["items_dropped"] == before["analyzer"]["items_dropped"]
        for reads in consoles[:40]:
            heard = b""
            while b"event: change" not in heard:
                heard += (more := reads.recv(4096))
                assert more, heard
