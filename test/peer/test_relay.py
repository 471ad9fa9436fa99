# SPDX-License-Identifier: Apache-2.0
"""The relay between real clients and a real PostgreSQL, without and with its driver."""
import contextlib
import os
import resource
import select
import socket
import stat
import subprocess
import threading
import time

import psycopg2
import pytest

from test.harness import processes
from test.peer import proxy_host
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records


@pytest.fixture(scope="module")
def server(postgres):
    """The peer tests' PostgreSQL, with pgbench's tables."""
    postgres.sql("CREATE DATABASE bench")
    subprocess.run(["pgbench", "-i", "-q", "-s", "1", "-h", "127.0.0.1", "-p", str(postgres.port),
                    "-U", "postgres", "bench"], check=True, capture_output=True)
    yield postgres
    postgres.sql("DROP DATABASE bench WITH (FORCE)")


@pytest.fixture(params=["raw", "postgres"])
def proxy(server, tmp_path, request):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], request.param,
                   drain_ms=500) as running:
        yield running


def connect(port, **more):
    return psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="bench",
                            sslmode="disable", **more)


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_transactions_all_succeed(proxy, mode):
    done = subprocess.run(["pgbench", "-n", "-M", mode, "-c", "8", "-j", "2", "-t", "50", "-h",
                           "127.0.0.1", "-p", str(proxy.ports[0]), "-U", "postgres", "bench"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "number of transactions actually processed: 400/400" in done.stdout
    assert "number of failed transactions: 0" in done.stdout


def test_results_are_the_same_as_direct(server, proxy):
    query = "SELECT g, repeat(md5(g::text), 40) FROM generate_series(1, 20000) g"
    answers = []
    for port in (server.port, proxy.ports[0]):
        with contextlib.closing(connect(port)) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            answers.append(cursor.fetchall())
    assert answers[0] == answers[1]


def test_copy_both_ways(proxy):
    class Rows:
        """About 30 MB of lines, made as they are read."""
        def __init__(self):
            self.left = 300000

        def read(self, size):
            count = min(self.left, max(1, size // 100))
            self.left -= count
            return "x" * 99 + "\n" if count == 1 else ("x" * 99 + "\n") * count

    with contextlib.closing(connect(proxy.ports[0])) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMP TABLE copied (line text)")
        cursor.copy_expert("COPY copied FROM STDIN", Rows())
        cursor.execute("SELECT count(*), sum(length(line)) FROM copied")
        assert cursor.fetchone() == (300000, 300000 * 99)


def wait_until_it_cannot_write(server, pid):
    """The server's process waits for its client to read: all that is between is full."""
    waits = f"select count(*) from pg_stat_activity where pid = {pid} and wait_event = 'ClientWrite'"
    deadline = time.monotonic() + 60
    in_a_row = 0
    while in_a_row < 5:
        assert time.monotonic() < deadline, "somebody reads what nobody asked for"
        in_a_row = in_a_row + 1 if server.sql(waits).strip() == "1" else 0


def test_slow_reader_does_not_fill_the_memory(server, little_kept, proxy):
    connection = connect(proxy.ports[0])
    fd = connection.fileno()
    startup = proxy.memory()
    # Sent by hand, so that nothing reads the 400 MB of the reply.
    text = b"SELECT repeat('y', 1000000) FROM generate_series(1, 400)\0"
    os.write(fd, b"Q" + (len(text) + 4).to_bytes(4, "big") + text)
    wait_until_it_cannot_write(server, connection.get_backend_pid())
    assert proxy.memory() - startup < 2 << 20
    # Others go on meanwhile.
    with contextlib.closing(connect(proxy.ports[0])) as other:
        cursor = other.cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    received = 0
    while select.select([fd], [], [], 60)[0]:
        chunk = os.read(fd, 1 << 20)
        if not chunk:
            break
        received += len(chunk)
        if received > 400_000_000 and chunk.endswith(b"Z\0\0\0\5I"):
            break
    assert received > 400_000_000
    assert proxy.memory() - startup < 2 << 20
    connection.close()


def test_half_close_lets_the_reply_come(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            conn, _ = listener.accept()
            with conn:
                received = b""
                while chunk := conn.recv(65536):
                    received += chunk
                conn.sendall(b"got %d" % len(received))
        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        with ProxyHost(str(tmp_path), [f"localhost:{port}"], drain_ms=500) as proxy:
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as client:
                client.sendall(b"z" * 5_000_000)
                client.shutdown(socket.SHUT_WR)
                assert client.recv(100) == b"got 5000000"
                assert client.recv(100) == b""
        thread.join()


def test_upstream_that_is_down_ends_the_client_and_is_logged(tmp_path):
    down = processes.free_port()
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{down}", "no-such-host.invalid:5432"],
                   connect_timeout_ms=2000, drain_ms=500) as proxy:
        for port in proxy.ports:
            with socket.create_connection(("127.0.0.1", port), 60) as client:
                assert client.recv(100) == b""
        assert '"event":"upstream_failed"' in proxy.read_log()
        assert f"127.0.0.1:{down}" in proxy.read_log()


def test_thousands_of_idle_connections_are_cheap(tmp_path):
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * count + 500
    if hard < wanted:
        pytest.skip(f"at most {hard} open files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    accepted = []
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
        proxy = stack.enter_context(ProxyHost(
            str(tmp_path), [f"127.0.0.1:{listener.getsockname()[1]}"], drain_ms=500))
        before = proxy.memory()
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", proxy.ports[0])))
            upstream, _ = listener.accept()
            accepted.append(stack.enter_context(upstream))
            client.sendall(b"ping")
            clients.append(client)
        for upstream in accepted:
            assert upstream.recv(4) == b"ping"
        per_session = (proxy.memory() - before) / count
        print(f"{per_session:.0f} bytes a session")
        # Instrumented builds keep shadow memory beside it.
        assert per_session < 16384
        for client, upstream in zip(clients, accepted):
            upstream.sendall(b"pong")
        for client in clients:
            assert client.recv(4) == b"pong"


def test_what_was_before_anybody_read_is_read(server, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres", drain_ms=500) as proxy:
        with contextlib.closing(connect(proxy.ports[0])) as connection:
            cursor = connection.cursor()
            for number in range(10):
                cursor.execute(f"SELECT {number} AS early")
        assert len(Records(proxy).seen(10, text="as early")) == 10


def test_supervisor_may_die_and_another_takes_over(server, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], drain_ms=500) as proxy:
        path = os.path.join(proxy.data, "control.sock")
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600

        def knock():
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            sock.connect(path)
            return proxy_host.Channel(sock)

        with contextlib.closing(connect(proxy.ports[0])) as connection:
            cursor = connection.cursor()
            second = knock()
            kind, _, answer, _ = second.ask(proxy_host.ADOPT, {})
            assert kind == proxy_host.STATUS and answer["ok"] is False
            proxy.channel.close()
            cursor.execute("SELECT 1")
            second = knock()
            kind, number, hello, _ = second.ask(proxy_host.ADOPT, {}, number=7)
            assert (kind, number) == (proxy_host.HELLO, 7)
            assert hello["configured"] and hello["pid"] == proxy.process.pid
            assert hello["listeners"][0]["address"] == f"127.0.0.1:{proxy.ports[0]}"
            for epoch in (1, 2):
                kind, _, rings, fds = second.ask(proxy_host.ATTACH, {})
                assert kind == proxy_host.RINGS
                assert rings == {"epoch": epoch, "workers": 2, "slot": 0} and len(fds) == 4
                for fd in fds:
                    os.close(fd)
            assert second.ask(proxy_host.CONFIGURE, {"sessions_max": 10})[2] == {"ok": True}
            refused = second.ask(proxy_host.CONFIGURE, {"drain_ms": "soon"})[2]
            assert refused["ok"] is False and "drain_ms" in refused["reason"]
            cursor.execute("SELECT 2")
            assert cursor.fetchone() == (2,)
        second.close()
    assert not os.path.exists(path)


def test_garbage_on_the_control_socket_harms_nobody(proxy):
    path = os.path.join(proxy.data, "control.sock")
    for junk in (b"x", b"\0" * 16, os.urandom(4096)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.connect(path)
            sock.send(junk)
            sock.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(100) == b""
    with contextlib.closing(connect(proxy.ports[0])) as connection:
        connection.cursor().execute("SELECT 1")


def test_drain_ends_the_process(server, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], drain_ms=1000) as proxy:
        connection = connect(proxy.ports[0])
        proxy.channel.send(proxy_host.DRAIN, {})
        assert proxy.process.wait(60) == 0
        assert '"event":"drain_cut"' in proxy.read_log()
        with pytest.raises(psycopg2.OperationalError):
            connect(proxy.ports[0])
        connection.close()
