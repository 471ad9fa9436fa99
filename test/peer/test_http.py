# SPDX-License-Identifier: Apache-2.0
"""The HTTP hop between real clients and real servers: Python's, PHP's and nginx."""
import contextlib
import hashlib
import http.client
import http.server
import os
import re
import shutil
import socket
import socketserver
import ssl
import threading
import time

import pytest

from test.harness import certificates, processes
from test.peer.proxy_host import ProxyHost

LARGE = 24 << 20
TRACEPARENT = re.compile(rb"\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01(?=\r\n)")
# What may differ between two replies of the same server to the same request.
VOLATILE = {"date"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline() != b"\r\n":
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Sum")
            self.end_headers()
            for n in range(1, 400):
                self.wfile.write(b"%x;n=%d\r\n%s\r\n" % (n, n, b"c" * n))
            self.wfile.write(b"0\r\nX-Sum: 5\r\n\r\n")
        elif path == "/close":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"until the end" * 1000)
        elif path in ("/204", "/304"):
            self.reply(int(path[1:]), ETag='"x"')
        elif path == "/large":
            self.reply(200, bytes(range(256)) * (LARGE // 256))
        elif path == "/headers":
            self.reply(200, str(self.headers).encode())
        elif path == "/500":
            self.reply(500, b"broken")
        else:
            self.reply(200, self.path.encode(), Set_Cookie="a=b")

    do_HEAD = do_GET

    def do_POST(self):
        body = self.body()
        self.reply(200, f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode())


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def python_server():
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Scripted:
    """An upstream that notes every byte and answers what the test says, connection by connection."""

    def __init__(self, *scripts):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.received = []
        self.scripts = scripts
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for script in self.scripts:
            connection, _ = self.listener.accept()
            connection.settimeout(60)
            with connection:
                script(self, connection)

    def read_until(self, connection, end):
        data = b""
        while not data.endswith(end):
            more = connection.recv(65536)
            if not more:
                break
            data += more
        self.received.append(data)

    def close(self):
        self.listener.close()
        self.thread.join(60)


@pytest.fixture(scope="module")
def upstream():
    with python_server() as port:
        yield port


@pytest.fixture
def hop(upstream, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{upstream}"], protocol="http") as running:
        yield running


@contextlib.contextmanager
def scripted_hop(tmp_path, *scripts):
    server = Scripted(*scripts)
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], protocol="http",
                   drain_ms=500) as proxy:
        yield server, proxy
    server.close()


def ask(port, method, path, body=None, headers=None, encode_chunked=False):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as c:
        c.request(method, path, body, headers or {}, encode_chunked=encode_chunked)
        reply = c.getresponse()
        kept = [(name, value) for name, value in reply.getheaders()
                if name.lower() not in VOLATILE]
        return reply.status, reply.reason, kept, reply.read()


def raw(port, data, half_close=False):
    """Sends the bytes and returns everything up to the other side's end."""
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        got = b""
        while more := s.recv(65536):
            got += more
        return got


def one_answer(s, end):
    """What comes up to this end of a body, in however many pieces."""
    got = b""
    while not got.endswith(end):
        more = s.recv(65536)
        assert more, got
        got += more
    return got


def without_dates(data):
    return re.sub(rb"\r\nDate: [^\r]*", b"", data)


@pytest.mark.parametrize("method,path", [
    ("GET", "/api/orders/12?x=1"), ("HEAD", "/a"), ("GET", "/204"), ("GET", "/304"),
    ("HEAD", "/large"), ("GET", "/chunked"), ("GET", "/close"), ("GET", "/500"), ("GET", "/large"),
    ("PUT", "/not-allowed")])
def test_replies_are_the_same_as_direct(upstream, hop, method, path):
    assert ask(hop.ports[0], method, path) == ask(upstream, method, path)


@pytest.mark.parametrize("chunked", [False, True])
def test_large_request_bodies_arrive_whole(hop, chunked):
    body = os.urandom(LARGE)
    want = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
    if chunked:
        pieces = (body[at:at + 100_001] for at in range(0, len(body), 100_001))
        got = ask(hop.ports[0], "POST", "/", pieces, {"Transfer-Encoding": "chunked"}, True)
    else:
        got = ask(hop.ports[0], "POST", "/", body)
    assert got[0] == 200 and got[3] == want


def test_bytes_on_the_wire_are_the_same_but_for_traceparent(tmp_path):
    request = (b"POST /a%20b?c=d&&e HTTP/1.1\r\nhOST:x\r\nX-Odd:  two  blanks  \r\nX-Empty:\r\n"
               b"X-Bytes: \xc3\xa4\xff\r\nContent-Length: 4\r\n\r\n\r\n\x00z")
    answer = (b"HTTP/1.1 299 Odd \xff Reason\r\nX-a:b\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"00003;ext\r\nabc\r\n0\r\nX-T: u\r\n\r\n")

    def script(server, connection):
        server.read_until(connection, b"\x00z")
        connection.sendall(answer)

    with scripted_hop(tmp_path, script, script) as (server, proxy):
        for step in (len(request), 1):
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(0, len(request), step):
                    s.sendall(request[at:at + step])
                    if step == 1:
                        time.sleep(0.001)
                got = b""
                while more := s.recv(65536):
                    got += more
                assert got == answer
        assert len(server.received) == 2
        for received in server.received:
            assert len(TRACEPARENT.findall(received)) == 1
            assert TRACEPARENT.sub(b"", received) == request


def test_a_traceparent_of_the_client_is_kept(hop):
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    kept = ask(hop.ports[0], "GET", "/headers", headers={"TraceParent": given})[3].decode()
    assert re.findall(r"(?im)^traceparent: *(.*?)\r?$", kept) == [given]
    made = ask(hop.ports[0], "GET", "/headers", headers={"traceparent": "00-zz"})[3].decode()
    found = re.findall(r"(?im)^traceparent: *(.*?)\r?$", made)
    assert len(found) == 1 and re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", found[0])


def test_connections_are_kept_alive(hop):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", hop.ports[0])) as c:
        c.connect()
        first = c.sock
        for n in range(50):
            method = ("GET", "HEAD", "POST")[n % 3]
            c.request(method, f"/n/{n}", b"x" * n if method == "POST" else None)
            reply = c.getresponse()
            body = reply.read()
            assert reply.status == 200 and c.sock is first
            assert method != "GET" or body == f"/n/{n}".encode()


def test_pipelined_requests_are_answered_in_order(upstream, hop):
    requests = b"".join(b"GET /p/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(40))
    requests += (b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                 b"HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n"
                 b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert without_dates(raw(hop.ports[0], requests)) == without_dates(raw(upstream, requests))


def test_a_client_that_shuts_its_side_still_gets_its_answer(hop):
    got = raw(hop.ports[0], b"GET /half HTTP/1.0\r\n\r\n", half_close=True)
    assert got.endswith(b"\r\n\r\n/half")


def test_expect_continue_passes(hop):
    with socket.create_connection(("127.0.0.1", hop.ports[0]), 60) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
                  b"Connection: close\r\n\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b"abc")
        got = b""
        while more := s.recv(65536):
            got += more
    assert got.startswith(b"HTTP/1.1 200") and hashlib.sha256(b"abc").hexdigest().encode() in got


def test_a_slow_reader_gets_everything(little_kept, hop):
    assert ask(hop.ports[0], "GET", "/other")[3] == b"/other"
    before = hop.memory()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(60)
        s.connect(("127.0.0.1", hop.ports[0]))
        s.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.5)
        assert ask(hop.ports[0], "GET", "/other")[3] == b"/other"
        assert hop.memory() - before < 2 << 20  # of a body of 24 MB
        length = 0
        while more := s.recv(1 << 20):
            length += len(more)
        assert hop.memory() - before < 2 << 20
    assert length > LARGE


def test_many_clients_at_once(hop):
    failures = []

    def client(number):
        try:
            with contextlib.closing(
                    http.client.HTTPConnection("127.0.0.1", hop.ports[0], timeout=60)) as c:
                for n in range(20):
                    c.request("GET", f"/c/{number}/{n}")
                    assert c.getresponse().read() == f"/c/{number}/{n}".encode()
        except Exception as e:  # pylint: disable=broad-except
            failures.append(e)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(32)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_a_long_head_passes(hop):
    assert ask(hop.ports[0], "GET", "/headers", headers={"Cookie": "c" * 31000})[0] == 431
    for length in (7000, 9000, 20000, 29000):
        headers = {"Cookie": "c" * length}
        got = ask(hop.ports[0], "GET", "/headers", headers=headers)[3]
        assert b"c" * length in got
        assert len(re.findall(rb"(?im)^traceparent: 00-", got)) == 1


@pytest.mark.parametrize("request_bytes,status", [
    (b"GARBAGE\r\n\r\n", b"400"),
    (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70000 + b"\r\n\r\n", b"431"),
    (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    (b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", b"405"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", b"501"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
], ids=lambda part: part[:20].decode("latin-1"))
def test_what_is_no_http_is_refused_and_others_go_on(hop, request_bytes, status):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", hop.ports[0])) as other:
        other.request("GET", "/before")
        assert other.getresponse().read() == b"/before"
        got = raw(hop.ports[0], request_bytes)
        assert got.startswith(b"HTTP/1.1 " + status) and b"slowburn" in got
        assert got.count(b"HTTP/1.1 ") == 1
        other.request("GET", "/after")
        assert other.getresponse().read() == b"/after"


def test_a_bad_chunk_goes_no_further(tmp_path):
    def script(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        server.read_until(connection, b"never")

    with scripted_hop(tmp_path, script) as (server, proxy):
        with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as s:
            s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert s.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            s.sendall(b"3\r\nabc\r\n-1\r\nsmuggled")
            assert s.recv(1000).startswith(b"HTTP/1.1 400")
        server.thread.join(60)
        assert server.received[1] in (b"3\r\nabc\r\n", b"3\r\nabc", b"")


def test_an_upstream_that_is_down_is_a_502(tmp_path):
    port = processes.free_port()
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{port}"], protocol="http") as proxy:
        status, reason, headers, body = ask(proxy.ports[0], "GET", "/x")
        assert (status, reason) == (502, "Bad Gateway")
        assert b"cannot be reached" in body and ("Connection", "close") in headers
        assert ask(proxy.ports[0], "HEAD", "/x")[3] == b""
        body = ask(proxy.ports[0], "POST", "/x", b"b" * 200_000)[3]
        assert b"cannot be reached" in body
        with Server(("127.0.0.1", port), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            assert ask(proxy.ports[0], "GET", "/x")[0] == 200
            server.shutdown()
        assert '"event":"upstream_refused"' in proxy.read_log()


def test_an_upstream_that_dies(tmp_path):
    partial = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"

    def without_a_word(server, connection):
        server.read_until(connection, b"\r\n\r\n")

    def in_the_head(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(partial[:20])

    def in_the_body(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(partial)

    def after_one(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        server.read_until(connection, b"\r\n\r\n")

    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    scripts = (without_a_word, in_the_head, in_the_body, after_one)
    with scripted_hop(tmp_path, *scripts) as (_, proxy):
        got = raw(proxy.ports[0], request)
        assert got.startswith(b"HTTP/1.1 502 ") and b"without an answer" in got
        got = raw(proxy.ports[0], request)
        assert got.startswith(b"HTTP/1.1 502 ") and b"in the middle" in got
        assert raw(proxy.ports[0], request) == partial
        # On a connection that was used before, the client is left to ask again, as without us.
        assert raw(proxy.ports[0], request + request).endswith(b"\r\n\r\nok")


def test_a_reply_that_is_no_http_is_a_502(tmp_path):
    def script(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(b"ICY 200 OK\r\nicy-name: x\r\n\r\n" + bytes(range(256)) * 100)

    with scripted_hop(tmp_path, script) as (_, proxy):
        assert raw(proxy.ports[0], b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 502 ")
        assert '"event":"bad_response"' in proxy.read_log()


def test_what_was_not_asked_for_goes_nowhere(tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def script(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(answer + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        server.read_until(connection, b"never")

    with scripted_hop(tmp_path, script) as (server, proxy):
        assert raw(proxy.ports[0], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2) == answer
        server.thread.join(60)
        assert server.received[1:] == [b""], "the second request must not go out"


SLOW = [
    (b"GET / HTT", b"HTTP/1.1 408 "),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 408 "),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 504 "),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
     b"HTTP/1.1 504 "),
    (b"", b""),
]


def test_waiting_is_bounded(tmp_path):
    def script(server, connection):
        server.read_until(connection, b"never")

    with scripted_hop(tmp_path, *[script] * 3) as (_, proxy):
        proxy.reload(http_client_timeout_ms=1000, http_response_timeout_ms=1000,
                     http_keep_alive_timeout_ms=1000, login_timeout_ms=1500)
        for sent, answer in SLOW:
            got = raw(proxy.ports[0], sent)
            assert got.startswith(answer) and (answer or not got), (sent, got)


def test_who_comes_beyond_the_limit_is_told(upstream, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{upstream}"], protocol="http", workers=1,
                   sessions_max=2) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as one, \
                socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as two:
            for s in (one, two):  # they are in, and stay
                s.sendall(b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
                assert one_answer(s, b"/in").startswith(b"HTTP/1.1 200 ")
            got = raw(proxy.ports[0], b"GET /third HTTP/1.1\r\nHost: x\r\n\r\n")
            assert got.startswith(b"HTTP/1.1 503 ") and b"too many connections at once" in got
            assert '"event":"session_limit"' in proxy.read_log()
            one.sendall(b"GET /still HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one_answer(one, b"/still").startswith(b"HTTP/1.1 200 ")


def test_an_idle_connection_is_ended(upstream, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{upstream}"], protocol="http",
                   http_keep_alive_timeout_ms=1500) as proxy:
        got = raw(proxy.ports[0], b"GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
        assert got.endswith(b"\r\n\r\n/idle")


def test_a_client_that_reads_nothing_is_given_up(upstream, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{upstream}"], protocol="http",
                   http_client_timeout_ms=1500) as proxy:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(60)
            s.connect(("127.0.0.1", proxy.ports[0]))
            s.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            deadline = time.monotonic() + 60
            while '"event":"client_stuck"' not in proxy.read_log():
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_events_pass_as_they_are_sent(tmp_path):
    """Server-sent events: each one arrives before the next is sent."""
    arrived = threading.Semaphore(0)

    def script(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        for n in range(20):
            event = b"data: %d\n\n" % n
            connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
            assert arrived.acquire(timeout=60)
        connection.sendall(b"0\r\n\r\n")

    with scripted_hop(tmp_path, script) as (_, proxy):
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", proxy.ports[0], timeout=60)) as c:
            c.request("GET", "/events")
            reply = c.getresponse()
            for n in range(20):
                assert reply.readline() == b"data: %d\n" % n
                assert reply.readline() == b"\n"
                arrived.release()
            assert reply.read() == b""


def headers_of(port, **headers):
    """What the upstream got, by name; the headers that are sent several times in their order."""
    text = ask(port, "GET", "/headers", headers=headers)[3].decode()
    got = {}
    for line in text.splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            got.setdefault(name.lower(), []).append(value)
    return got


def test_nothing_but_traceparent_is_added_unless_asked(upstream, hop):
    direct = headers_of(upstream)
    through = headers_of(hop.ports[0])
    assert through.pop("traceparent") and {**through, "host": 0} == {**direct, "host": 0}


def test_forwarded_headers(upstream, tmp_path):
    claims = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher",
              "X-Forwarded-Prefix": "/evil", "Forwarded": "for=6.6.6.6", "Host": "shop:81",
              "X_Forwarded_For": "6.6.6.6", "x-forwarded_PROTO": "gopher"}
    for how in ("append", "replace"):
        with ProxyHost(str(tmp_path / how), [f"127.0.0.1:{upstream}"], protocol="http",
                       security={"forwarded": how}) as proxy:
            got = headers_of(proxy.ports[0], Host="shop:81")
            assert got["x-forwarded-for"] == ["127.0.0.1"]
            assert got["x-forwarded-proto"] == ["http"] and got["x-forwarded-host"] == ["shop:81"]
            got = headers_of(proxy.ports[0], **claims)
            if how == "append":
                assert got["x-forwarded-for"] == ["6.6.6.6", "127.0.0.1"]
                assert got["x-forwarded-proto"] == ["gopher"] and "forwarded" in got
            else:
                assert got["x-forwarded-for"] == ["127.0.0.1"]
                assert got["x-forwarded-proto"] == ["http"]
                assert "forwarded" not in got and "x-forwarded-prefix" not in got
                # For who reads CGI's variables these are the same.
                assert "x_forwarded_for" not in got and "x-forwarded_proto" not in got
            assert got["x-forwarded-host"] == ["shop:81"]


def test_a_request_id_is_given(upstream, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{upstream}"], protocol="http",
                   security={"request_id": "on"}) as proxy:
        got = headers_of(proxy.ports[0])
        assert got["x-request-id"] == [got["traceparent"][0].split("-")[1]]
        got = headers_of(proxy.ports[0], **{"x-request-id": "Abc_1.2-3"})
        assert got["x-request-id"] == ["Abc_1.2-3"]
        got = headers_of(proxy.ports[0], **{"x-request-id": "Abc", "X_Request_Id": "evil"})
        assert got["x-request-id"] == [got["traceparent"][0].split("-")[1]]
        assert "x_request_id" not in got
        for bad in ("a b", "x" * 129, "a'--"):
            got = headers_of(proxy.ports[0], **{"x-request-id": bad})
            assert got["x-request-id"] == [got["traceparent"][0].split("-")[1]]


def test_another_address_stands_in(upstream, tmp_path):
    down = processes.free_port()
    path = str(tmp_path / "app.sock")
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{down}"], protocol="http", workers=1,
                   security={"upstream_fallback": f"unix:{path},127.0.0.1:{upstream}"}) as proxy:
        for _ in range(3):
            assert ask(proxy.ports[0], "POST", "/x", b"b" * 100_000)[0] == 200
        assert proxy.read_log().count('"event":"address_failed"') == 2
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            # Those that failed a moment ago come last, and back again after a while.
            assert ask(proxy.ports[0], "GET", "/still")[3] == b"/still"


def test_an_upstream_on_a_unix_socket(tmp_path):
    path = str(tmp_path / "app.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with ProxyHost(str(tmp_path), [f"unix:{path}"], protocol="http") as proxy:
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as s:
                s.sendall(b"GET /u HTTP/1.1\r\nHost: x\r\n\r\n")
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(60)
                    data = b""
                    while not data.endswith(b"\r\n\r\n"):
                        data += connection.recv(65536)
                    assert TRACEPARENT.search(data)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                    assert s.recv(1000) == b"HTTP/1.1 204 No Content\r\n\r\n"


def https(port, ca, request):
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", port), 60) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as s:
            assert s.selected_alpn_protocol() == "http/1.1"
            s.sendall(request)
            got = b""
            while more := s.recv(65536):
                got += more
            return got


def test_tls_towards_clients(upstream, tmp_path):
    ca = certificates.Authority(tmp_path)
    issued = ca.issue("server", "DNS:localhost")
    files = {"tls_cert": issued.cert, "tls_key": issued.key}
    request = b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for wanted in ("allow", "require"):
        with ProxyHost(str(tmp_path / wanted), [f"127.0.0.1:{upstream}"], protocol="http",
                       security={"client_tls": wanted, **files}) as proxy:
            got = https(proxy.ports[0], ca.cert, request)
            assert got.startswith(b"HTTP/1.1 200 OK") and got.endswith(bytes(range(256)))
            assert len(got) > LARGE
            got = raw(proxy.ports[0], b"GET /a HTTP/1.0\r\n\r\n")
            if wanted == "allow":
                assert got.endswith(b"/a")
            else:
                assert got.startswith(b"HTTP/1.1 400 ") and b"https only" in got


def test_a_tunnel_passes_both_ways(tmp_path):
    def script(server, connection):
        server.read_until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                           b"Upgrade: websocket\r\n\r\n\x82\x03abc")
        while data := connection.recv(65536):
            connection.sendall(data[::-1])

    with scripted_hop(tmp_path, script) as (_, proxy):
        with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as s:
            s.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
                      b"Upgrade: websocket\r\n\r\n")
            got = b""
            while not got.endswith(b"\x82\x03abc"):
                got += s.recv(1000)
            for data in (b"\x81\x02hi", b"GET / HTTP/1.1\r\n\r\n", b"\r\n" * 5):
                s.sendall(data)
                got = b""
                while len(got) < len(data):
                    got += s.recv(1000)
                assert got == data[::-1]


@pytest.mark.skipif(shutil.which("php") is None, reason="no php")
def test_php_answers_the_same(tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "index.php").write_text(
        "<?php header('X-Uri: ' . $_SERVER['REQUEST_URI']);"
        "http_response_code(isset($_GET['s']) ? (int)$_GET['s'] : 200);"
        "echo json_encode(['get' => $_GET, 'body' => file_get_contents('php://input')]);"
        "if (isset($_GET['flush'])) { for ($i = 0; $i < 5; $i++) { echo str_repeat('x', 5000);"
        "flush(); } }")
    port = processes.free_port()
    php = processes.start(["php", "-S", f"127.0.0.1:{port}", "-t", str(tmp_path / "www")],
                          str(tmp_path / "php.log"))
    try:
        processes.wait_for_port(port, php)
        with ProxyHost(str(tmp_path), [f"127.0.0.1:{port}"], protocol="http") as proxy:
            for method, path, body in (("GET", "/?a=b", None), ("POST", "/?p", b"q=1" * 50_000),
                                       ("GET", "/?s=404", None), ("GET", "/?s=204", None),
                                       ("HEAD", "/", None), ("GET", "/?flush", None)):
                host = {"Host": "shop"}
                direct = ask(port, method, path, body, host)
                assert ask(proxy.ports[0], method, path, body, host) == direct
    finally:
        processes.stop(php)


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="no nginx")
@pytest.mark.parametrize("on_socket", [False, True])
def test_nginx_answers_the_same(tmp_path, on_socket):
    port = processes.free_port()
    path = str(tmp_path / "nginx.sock")
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "file.txt").write_bytes(b"0123456789" * 500_000)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {tmp_path}/nginx.pid; error_log {tmp_path}/e.log;\n"
        f"{'user root;' if os.geteuid() == 0 else ''} events {{ worker_connections 64; }}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;"
        f" fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u;"
        f" scgi_temp_path {tmp_path}/s; gzip on; gzip_types text/plain; keepalive_timeout 1s;\n"
        f" types {{ text/plain txt; }}"
        f" server {{ listen 127.0.0.1:{port}; listen unix:{path}; root {tmp_path}/www; }} }}\n")
    nginx = processes.start([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-c",
                             str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "e.log")],
                            str(tmp_path / "nginx.log"))
    try:
        processes.wait_for_port(port, nginx)
        where = f"unix:{path}" if on_socket else f"127.0.0.1:{port}"
        with ProxyHost(str(tmp_path), [where], protocol="http") as proxy:
            etag = dict(ask(port, "GET", "/file.txt")[2])["ETag"]
            for headers in ({}, {"Range": "bytes=5-20"}, {"If-None-Match": etag},
                            {"Accept-Encoding": "gzip"}, {"Range": "bytes=99999999-"}):
                headers["Host"] = "shop"
                direct = ask(port, "GET", "/file.txt", None, headers)
                assert ask(proxy.ports[0], "GET", "/file.txt", None, headers) == direct
            # nginx ends an idle connection after a second; so does the hop then.
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as s:
                s.sendall(b"HEAD /file.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                assert s.recv(65536).startswith(b"HTTP/1.1 200 OK")
                assert s.recv(65536) == b""
    finally:
        processes.stop(nginx)
