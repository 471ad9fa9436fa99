# SPDX-License-Identifier: Apache-2.0
"""TLS towards clients and towards the server: real libpq, a real PostgreSQL, real certificates."""
import collections
import contextlib
import os
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import warnings

import psycopg
import psycopg2
import pytest

from examples.demo.processes import unprivileged_user
from test.harness import postgres as harness
from test.harness import processes
from test.harness.certificates import Authority
from test.harness.slowburn import Slowburn
from test.peer import messages
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
STARTUP = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0"


class Files:
    """Two authorities, and what they have signed."""

    def __init__(self, folder):
        self.folder = str(folder)
        user = unprivileged_user()
        self.ca = Authority(folder)
        self.other_ca = Authority(folder, "other_ca")
        self.server = self.ca.issue("db.example", "DNS:localhost,IP:127.0.0.1", "server")
        self.server_for_us = self.copy(self.server, "server_for_us")
        self.server.owned_by(user)
        self.proxy = self.ca.issue("proxy", "DNS:localhost,IP:127.0.0.1")
        self.stranger = self.other_ca.issue("stranger", "DNS:localhost,IP:127.0.0.1")
        self.client = self.ca.issue("postgres", file="client")
        self.other_client = self.ca.issue("somebody", file="other_client")
        for name in os.listdir(self.folder):
            if name.endswith(".crt"):
                os.chmod(os.path.join(self.folder, name), 0o644)

    def copy(self, certificate, name):
        key = os.path.join(self.folder, f"{name}.key")
        shutil.copy(certificate.key, key)
        os.chmod(key, 0o600)
        made = type(certificate)(self.folder, name, certificate.cert)
        return made


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    harness.reachable(folder)
    return Files(folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory, files):
    """A PostgreSQL with TLS, trust for everybody."""
    settings = (f"ssl = on\nssl_cert_file = '{files.server.cert}'\n"
                f"ssl_key_file = '{files.server.key}'\nssl_ca_file = '{files.ca.cert}'\n")
    with harness.Postgres(harness.reachable(tmp_path_factory.mktemp("postgres_tls")),
                          settings) as running:
        yield running


@contextlib.contextmanager
def proxy_before(port, tmp_path, host="127.0.0.1", **security):
    tmp_path.mkdir(exist_ok=True)
    with ProxyHost(str(tmp_path), [f"{host}:{port}"], "postgres", security=security,
                   drain_ms=500) as proxy:
        proxy.port = proxy.ports[0]
        yield proxy


def connect(port, host="127.0.0.1", user="postgres", **more):
    return psycopg.connect(host=host, port=port, user=user, dbname="postgres", autocommit=True,
                           **more)


def is_tls_at_the_server(connection):
    return connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()"
                              ).fetchone()[0]


@pytest.fixture
def terminating(server, files, tmp_path):
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="disable") as proxy:
        yield proxy


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
def test_clients_get_tls_where_there_is_a_certificate(terminating, files, mode):
    more = {"sslrootcert": files.ca.cert} if mode.startswith("verify") else {}
    for connection in (connect(terminating.port, sslmode=mode, **more),
                       psycopg2.connect(host="127.0.0.1", port=terminating.port, user="postgres",
                                        dbname="postgres", sslmode=mode, **more)):
        info = connection.pgconn.ssl_in_use if hasattr(connection, "pgconn") \
            else connection.info.ssl_in_use
        assert info
        with connection.cursor() as cursor:
            cursor.execute("select count(*), sum(length(repeat('x', g % 1000))) "
                           "from generate_series(1, 50000) g")
            assert cursor.fetchone()[0] == 50000
        connection.close()


def test_the_certificate_is_the_one_that_was_given(terminating, files):
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        connect(terminating.port, sslmode="verify-ca", sslrootcert=files.other_ca.cert)
    with connect(terminating.port, sslmode="disable") as connection:
        assert not connection.pgconn.ssl_in_use


def test_queries_inside_tls_are_observed(server, files, tmp_path):
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="require") as proxy:
        records = Records(proxy)
        with connect(proxy.port, sslmode="require") as connection:
            assert is_tls_at_the_server(connection)
            for i in range(3):
                connection.execute("select %s::int + 41", (i,), prepare=True)
        assert len(records.seen(3, text="+ ?")) == 3


def told_no(records, at_least):
    """Workers tell their counters once a second."""
    deadline = time.monotonic() + (60 if at_least else 2.5)
    while time.monotonic() < deadline:
        if at_least and records.counter("asked_tls_told_no") >= at_least:
            break
        time.sleep(0.1)
    return records.counter("asked_tls_told_no")


@pytest.mark.parametrize("mode, expected", [("disable", False), ("prefer", False),
                                            ("require", None)])
def test_without_a_certificate_clients_are_told_no(server, tmp_path, mode, expected):
    with proxy_before(server.port, tmp_path, server_tls="disable") as proxy:
        records = Records(proxy)
        if expected is None:
            with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
                connect(proxy.port, sslmode=mode)
        else:
            for _ in range(2):
                connect(proxy.port, sslmode=mode).close()
        asked = {"disable": 0, "prefer": 2, "require": 1}[mode]
        assert told_no(records, asked) == asked
        assert proxy.read_log().count("tls_not_configured") == (asked > 0)


def test_require_takes_tls_only(server, files, tmp_path):
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      client_tls="require") as proxy:
        with pytest.raises(psycopg.OperationalError, match="takes TLS only"):
            connect(proxy.port, sslmode="disable")
        connect(proxy.port, sslmode="require").close()


def test_clients_show_certificates(server, files, tmp_path):
    ours = {"sslcert": files.client.cert, "sslkey": files.client.key}
    other = {"sslcert": files.other_client.cert, "sslkey": files.other_client.key}
    strange = {"sslcert": files.stranger.cert, "sslkey": files.stranger.key}
    security = {"tls_cert": files.proxy.cert, "tls_key": files.proxy.key,
                "tls_client_ca": files.ca.cert}
    with proxy_before(server.port, tmp_path / "a", **security) as proxy:
        connect(proxy.port, sslmode="require").close()
        connect(proxy.port, sslmode="require", **ours).close()
        with pytest.raises(psycopg.OperationalError):
            connect(proxy.port, sslmode="require", **strange)
    with proxy_before(server.port, tmp_path / "b", client_tls="verify-ca", **security) as proxy:
        with pytest.raises(psycopg.OperationalError):
            connect(proxy.port, sslmode="require")
        connect(proxy.port, sslmode="require", **other).close()
    with proxy_before(server.port, tmp_path / "c", client_tls="verify-full", **security) as proxy:
        with pytest.raises(psycopg.OperationalError, match="another user's"):
            connect(proxy.port, sslmode="require", **other)
        connect(proxy.port, sslmode="require", **ours).close()


@pytest.mark.parametrize("mode, client, expected", [
    ("follow", "disable", False), ("follow", "prefer", True), ("disable", "prefer", False),
    ("prefer", "disable", True), ("require", "disable", True), ("verify-ca", "disable", True),
    ("verify-full", "disable", True)])
def test_tls_towards_the_server(server, files, tmp_path, mode, client, expected):
    security = {"server_tls": mode}
    if mode.startswith("verify"):
        security["server_tls_ca"] = files.ca.cert
    with proxy_before(server.port, tmp_path, **security) as proxy:
        with connect(proxy.port, sslmode=client) as connection:
            assert is_tls_at_the_server(connection) is expected


@pytest.mark.parametrize("mode, host, ca, reason", [
    ("verify-ca", "127.0.0.1", "other_ca", "certificate"),
    ("require", "127.0.0.1", "other_ca", "certificate"),
    ("verify-full", "127.0.0.2", "ca", "IP address mismatch")])
def test_a_server_that_is_another_is_refused(server, files, tmp_path, mode, host, ca, reason):
    with contextlib.ExitStack() as stack:
        port = server.port if host == "127.0.0.1" else stack.enter_context(
            forward(host, server.port))
        proxy = stack.enter_context(proxy_before(
            port, tmp_path, host=host, server_tls=mode,
            server_tls_ca=getattr(files, ca).cert))
        with pytest.raises(psycopg.OperationalError, match="no TLS with the database server"):
            connect(proxy.port, sslmode="disable")
        assert reason in proxy.read_log()


@contextlib.contextmanager
def forward(host, port):
    """The same server at another address of loopback."""
    with socket.create_server((host, 0)) as listener:
        def pump(source, sink):
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    far = socket.create_connection(("127.0.0.1", port))
                    for pair in ((near, far), (far, near)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_server_without_tls(postgres, tmp_path):
    with proxy_before(postgres.port, tmp_path / "a", server_tls="prefer") as proxy:
        with connect(proxy.port) as connection:
            assert not is_tls_at_the_server(connection)
    with proxy_before(postgres.port, tmp_path / "b", server_tls="require") as proxy:
        with pytest.raises(psycopg.OperationalError, match="no TLS with the database server"):
            connect(proxy.port)
        assert "does not speak TLS" in proxy.read_log()


class Liar(threading.Thread):
    """A server that answers a request for TLS in its own way."""

    def __init__(self, answer, then_closes=False):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        self.then_closes = then_closes
        self.heard = []
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    connection.settimeout(60)
                    heard = connection.recv(100)
                    self.heard.append(heard)
                    if heard == SSL_REQUEST:
                        connection.sendall(self.answer)
                    if not self.then_closes:
                        with contextlib.suppress(OSError):
                            self.heard.append(connection.recv(100))


@pytest.mark.parametrize("answer", [b"Nglued", b"SSL", b"E", b"X", b"S\x15\x03\x01\0\x02\x02\x28"])
@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_what_comes_behind_the_servers_answer_is_not_taken(tmp_path, answer, mode):
    liar = Liar(answer)
    with proxy_before(liar.port, tmp_path, server_tls=mode) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.settimeout(60)
            client.sendall(STARTUP)
            if mode == "prefer" and len(answer) == 1:
                # Without TLS then, on another connection; this liar says nothing there.
                assert eventually(lambda: STARTUP in liar.heard)
                client.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    client.recv(100)
            else:
                assert client.recv(1000).startswith(b"E")
                assert STARTUP not in liar.heard
    liar.listener.close()


@pytest.mark.parametrize("extra", [b"x", STARTUP])
def test_plaintext_behind_an_ssl_request_is_refused(terminating, extra):
    with socket.create_connection(("127.0.0.1", terminating.port)) as client:
        client.settimeout(60)
        client.sendall(SSL_REQUEST + extra)
        answer = client.recv(1000)
        assert answer.startswith(b"E") and b"unencrypted bytes" in answer
        assert client.recv(1000) == b""


def raw_tls(files, port, alpn=None):
    context = ssl.create_default_context(cafile=files.ca.cert)
    if alpn:
        context.set_alpn_protocols([alpn])
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60),
                               server_hostname="localhost")


def read_until_ready(client):
    data = b""
    while not data.endswith(b"Z\0\0\0\5I"):
        piece = client.recv(65536)
        assert piece, data
        data += piece
    return data


def test_direct_tls_names_the_protocol(terminating, files):
    with raw_tls(files, terminating.port, "postgresql") as client:
        assert client.selected_alpn_protocol() == "postgresql"
        client.sendall(STARTUP)
        assert b"R\0\0\0\x08\0\0\0\0" in read_until_ready(client)
    for alpn in (None, "h2"):
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            with raw_tls(files, terminating.port, alpn) as client:
                client.sendall(STARTUP)
                if client.recv(100) == b"":
                    raise EOFError


def test_inside_tls_nobody_asks_for_tls_again(terminating, files):
    with raw_tls(files, terminating.port, "postgresql") as client:
        client.sendall(SSL_REQUEST)
        assert b"encryption was asked for twice" in client.recv(1000)


class Bio:
    """TLS on top of a socket whose every byte is in the test's hands."""

    def __init__(self, files, port):
        context = ssl.create_default_context(cafile=files.ca.cert)
        context.set_alpn_protocols(["postgresql"])
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def flush(self):
        """Byte by byte."""
        for byte in self.outgoing.read():
            self.sock.sendall(bytes([byte]))

    def until(self, action):
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                assert data
                self.incoming.write(data)
            finally:
                self.flush()

    def log_in(self):
        self.until(self.tls.do_handshake)
        self.tls.write(STARTUP)
        data = b""
        while not data.endswith(b"Z\0\0\0\5I"):
            data += self.until(lambda: self.tls.read(65536))


def test_direct_tls_in_the_smallest_pieces(terminating, files):
    """The first record cut at every byte, and every later one as well."""
    with Bio(files, terminating.port) as client:
        client.log_in()


def test_both_directions_full_inside_tls(server, files, little_kept, tmp_path):
    """A client that writes 48 MB, as much as it is answered with, and reads nothing: it comes to
    rest, at a bound, and goes on once it reads."""
    unit = messages.query("select repeat('p', 60000) -- " + "q" * 60000)
    count = 800
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="require") as proxy, Bio(files, proxy.port) as client:
        client.log_in()
        client.sock.setblocking(False)
        before = proxy.memory()
        queries, pending = iter([unit] * count), b""

        def write():
            """False: nobody takes anything."""
            nonlocal pending
            if not pending and (one := next(queries, None)) is not None:
                client.tls.write(one)
                pending = client.outgoing.read()
            with contextlib.suppress(BlockingIOError):
                taken = client.sock.send(pending) if pending else 0
                pending = pending[taken:]
                return taken > 0
            return False
        quiet = 0
        while quiet < 10:
            if not write():
                quiet += 1
                time.sleep(0.05)
            else:
                quiet = 0
        assert pending, "all of it fits between the two"
        assert proxy.memory() - before < 12 << 20
        with connect(proxy.port, sslmode="require") as other:
            assert other.execute("select 1").fetchone() == (1,)
        rest, kinds = b"", collections.Counter()
        while kinds["Z"] < count:
            assert any(select.select([client.sock], [client.sock] if pending else [], [], 60))
            write()
            with contextlib.suppress(BlockingIOError):
                client.incoming.write(client.sock.recv(1 << 18))
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    found, rest = messages.frames(rest + client.tls.read(1 << 18))
                    kinds.update(kind.decode() for kind, _ in found)
        assert kinds == {kind: count for kind in "TDCZ"}


class OneVersion(threading.Thread):
    """A server that speaks this version of TLS and no other; .heard is what it got inside."""

    def __init__(self, files, version):
        super().__init__(daemon=True)
        self.context = context_of(ssl.PROTOCOL_TLS_SERVER, version)
        self.context.load_cert_chain(files.server.cert, files.server.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.heard = None
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        with connection, contextlib.suppress(ssl.SSLError, OSError):
            connection.settimeout(60)
            assert connection.recv(100) == SSL_REQUEST
            connection.sendall(b"S")
            with self.context.wrap_socket(connection, server_side=True) as inside:
                self.heard = inside.recv(100)


def context_of(protocol, version):
    context = ssl.SSLContext(protocol)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return context


VERSIONS = [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)]


@pytest.mark.parametrize("version, taken", VERSIONS)
def test_tls_from_1_2_on(terminating, version, taken):
    context = context_of(ssl.PROTOCOL_TLS_CLIENT, version)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["postgresql"])
    with socket.create_connection(("127.0.0.1", terminating.port), 60) as plain:
        if not taken:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain)
            return
        with context.wrap_socket(plain) as client:
            assert client.version() == version.replace("_", ".")
            client.sendall(STARTUP)
            read_until_ready(client)


@pytest.mark.parametrize("version, taken", VERSIONS)
def test_a_server_has_to_speak_tls_from_1_2_on(files, tmp_path, version, taken):
    server = OneVersion(files, version)
    with proxy_before(server.listener.getsockname()[1], tmp_path, server_tls="require") as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), 60) as client:
            client.sendall(STARTUP)
            if not taken:
                assert b"no TLS with the database server" in client.recv(1000)
            server.join(60)
    assert server.heard == (STARTUP if taken else None)
    server.listener.close()


@pytest.mark.parametrize("asks", [[SSL_REQUEST], [messages.GSSENC_REQUEST, SSL_REQUEST]],
                         ids=["ssl", "gssenc_ssl"])
def test_encryption_is_asked_for_in_either_order_in_pieces(terminating, files, asks):
    with socket.create_connection(("127.0.0.1", terminating.port), 60) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for ask in asks:
            for byte in ask:
                plain.sendall(bytes([byte]))
            assert plain.recv(100) == (b"S" if ask == SSL_REQUEST else b"N")
        context = ssl.create_default_context(cafile=files.ca.cert)
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(STARTUP)
            read_until_ready(client)


@pytest.mark.parametrize("first, second", [
    (SSL_REQUEST, messages.GSSENC_REQUEST), (messages.GSSENC_REQUEST, SSL_REQUEST)])
def test_without_encryption_each_is_asked_for_once(server, tmp_path, first, second):
    with proxy_before(server.port, tmp_path) as proxy:
        for asks, goes_on in (([first, second], True), ([first, first], False),
                              ([first, second, first], False)):
            with socket.create_connection(("127.0.0.1", proxy.port), 60) as client:
                for ask in asks[:-1] if not goes_on else asks:
                    client.sendall(ask)
                    assert client.recv(100) == b"N"
                client.sendall(STARTUP if goes_on else asks[-1])
                if goes_on:
                    read_until_ready(client)
                else:
                    assert b"C08P01\0" in client.recv(1000)


def test_a_renewed_certificate_is_taken_over_and_a_bad_one_is_not(server, files, tmp_path):
    folder = tmp_path / "live"
    folder.mkdir()
    cert, key = str(folder / "tls.crt"), str(folder / "tls.key")

    def install(certificate, key_of=None):
        shutil.copy(certificate.cert, cert)
        shutil.copy((key_of or certificate).key, key)
        os.chmod(key, 0o600)

    def works_with(ca):
        try:
            with connect(proxy.port, sslmode="verify-ca", sslrootcert=ca.cert) as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False
    install(files.proxy)
    with proxy_before(server.port, tmp_path, tls_cert=cert, tls_key=key) as proxy:
        lasting = connect(proxy.port, sslmode="require")
        install(files.stranger)
        assert works_with(files.ca)
        proxy.reload()
        assert works_with(files.other_ca) and not works_with(files.ca)
        install(files.proxy, key_of=files.stranger)
        proxy.reload()
        assert works_with(files.other_ca)
        assert "those before stay" in proxy.read_log()
        assert "not the certificate's" in proxy.read_log()
        assert lasting.execute("select 2").fetchone() == (2,)
        lasting.close()


def test_a_key_that_others_may_read_is_refused(server, files, tmp_path):
    key = str(tmp_path / "open.key")
    shutil.copy(files.proxy.key, key)
    os.chmod(key, 0o644)
    with pytest.raises(AssertionError, match="others may read the key file"):
        with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=key):
            pass


def test_a_lot_both_ways_through_tls_on_both_sides(server, files, tmp_path):
    """Rows of 16 MB, COPY in while rows come out; more than any buffer on the way."""
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="require") as proxy:
        with connect(proxy.port, sslmode="require") as connection:
            big = connection.execute("select repeat('abcdefgh', 2 << 20)").fetchone()[0]
            assert len(big) == 16 << 20 and big.count("abcdefgh") == 2 << 20
            assert connection.execute("select length(%s::text)", (big,)).fetchone() == (16 << 20,)
            connection.execute("create temp table copied (v text)")
            with connection.cursor().copy("copy copied from stdin") as copy:
                for i in range(20000):
                    copy.write_row((f"{i} " + "x" * 100,))
            with connection.cursor().copy("copy copied to stdout") as copy:
                assert sum(len(piece) for piece in copy) > 2000000


def test_a_slow_reader_inside_tls_costs_a_bound(server, files, little_kept, tmp_path):
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="require") as proxy:
        before = proxy.memory()
        with raw_tls(files, proxy.port, "postgresql") as client:
            client.sendall(STARTUP)
            read_until_ready(client)
            text = b"select repeat('x', 64 << 20)\0"
            client.sendall(b"Q" + struct.pack(">i", len(text) + 4) + text)
            client.recv(1000)
            with connect(proxy.port, sslmode="require") as other:
                for _ in range(50):
                    other.execute("select pg_sleep(0.01)")
            assert proxy.memory() - before < 24 << 20
            left = 64 << 20
            while left > 1000:
                left -= len(client.recv(1 << 20))


def test_a_cancel_reaches_the_server_through_tls(server, files, tmp_path):
    with proxy_before(server.port, tmp_path, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                      server_tls="verify-full", server_tls_ca=files.ca.cert) as proxy:
        with connect(proxy.port, sslmode="require") as connection:
            pid = connection.info.backend_pid

            def cancel():
                text = f"select state from pg_stat_activity where pid = {pid}"
                eventually(lambda: server.sql(text).strip() == "active")
                connection.cancel()
            canceller = threading.Thread(target=cancel)
            canceller.start()
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("select pg_sleep(60)")
            canceller.join()


def eventually(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds()


def test_the_daemon_takes_it_from_its_file_and_reads_the_files_again(server, files, tmp_path):
    cert, key, conf = (str(tmp_path / name) for name in ("live.crt", "live.key", "slowburn.conf"))
    port = processes.free_port()

    def install(certificate):
        shutil.copy(certificate.cert, cert)
        shutil.copy(certificate.key, key)
        os.chmod(key, 0o600)

    def works_with(ca):
        try:
            connect(port, sslmode="verify-full", host="localhost", sslrootcert=ca.cert).close()
            return True
        except psycopg.OperationalError:
            return False
    install(files.proxy)
    with open(conf, "w", encoding="utf-8") as text:
        text.write(f"[postgres secure]\nlisten = {port}\nupstream = 127.0.0.1:{server.port}\n"
                   f"client_tls = require\ntls_cert = {cert}\ntls_key = {key}\n"
                   f"server_tls = verify-full\nserver_tls_ca = {files.ca.cert}\n")
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), server.port,
                  more=["-c", conf]) as running:
        assert eventually(lambda: works_with(files.ca))
        with connect(port, sslmode="require") as connection:
            assert is_tls_at_the_server(connection)
        install(files.stranger)
        running.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: works_with(files.other_ca))
        # The listener without a certificate, as every client of today meets it.
        connect(running.port).close()
        running.wait_until_watching()
        assert eventually(
            lambda: running.document("status")["proxy"]["asked_tls_told_no"] >= 1)
        assert "asked tls told no" in running.verb("status")


@pytest.mark.parametrize("lines, reason", [
    ("client_tls = on", "client_tls is one of disable|allow|require"),
    ("client_tls = require", "needs tls_cert"),
    ("tls_certt = x", "tls_cert"),
    ("server_tls = verify-full", "needs server_tls_ca")])
def test_check_config_names_what_is_wrong(tmp_path, lines, reason):
    conf = tmp_path / "slowburn.conf"
    conf.write_text(f"[postgres shop]\nlisten = 6543\nupstream = 5432\n{lines}\n")
    done = subprocess.run([os.environ["SLOWBURN_BINARY"], "check-config", str(conf)], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0
    assert reason in done.stdout + done.stderr
