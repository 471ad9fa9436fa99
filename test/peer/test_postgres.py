# SPDX-License-Identifier: Apache-2.0
"""Real drivers, a real PostgreSQL, the proxy between: the same answers, and true records."""
import contextlib
import hashlib
import io
import shutil
import socket
import struct
import subprocess
import threading
import time

import psycopg
import psycopg2
import psycopg2.extensions
import pytest

from test.harness import processes
from test.peer import records
from test.peer.proxy_host import ProxyHost


@contextlib.contextmanager
def old(port, **more):
    connection = psycopg2.connect(host="127.0.0.1", port=port, user="postgres",
                                  dbname="postgres", **more)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def new(port, **more):
    return psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres",
                           autocommit=True, **more)


def startup(user=b"postgres", database=b"postgres"):
    body = b"\0\3\0\0user\0" + user + b"\0database\0" + database + b"\0\0"
    return struct.pack(">i", len(body) + 4) + body


def message(kind, body=b""):
    return kind + struct.pack(">i", len(body) + 4) + body


def read_until(sock, end, seconds=60):
    sock.settimeout(seconds)
    data = b""
    while not data.endswith(end):
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


READY = b"Z\0\0\0\5I"


def test_simple_queries_and_their_records(watched):
    with old(watched.port, application_name="peer") as cursor:
        cursor.execute("create temp table simple_t (id int, v text)")
        cursor.execute("insert into simple_t select g, 'v' || g from generate_series(1, 10) g")
        for i in range(5):
            cursor.execute("select v from simple_t where id <= %s", (i,))
            assert len(cursor.fetchall()) == i
        with pytest.raises(psycopg2.errors.UndefinedColumn):
            cursor.execute("select nope from simple_t")
        cursor.execute("select count(*) from simple_t; select 1 from simple_t limit 3")
    selects = watched.records.seen(5, text="select v from simple_t")
    assert [q.rows for _, q in selects] == [0, 1, 2, 3, 4]
    assert len({q.values_hash for _, q in selects}) == 5
    assert all(q.start_ns <= q.end_ns and q.tx_state == ord("I") for _, q in selects)
    [(_, failed)] = watched.records.seen(text="select nope")
    assert failed.sqlstate == b"42703" and failed.flags & records.ERROR
    [(_, inserted)] = watched.records.seen(text="insert into simple_t")
    assert inserted.rows == 10
    several = watched.records.seen(2, text=" from simple_t", flag=records.MULTI)
    assert [q.rows for _, q in several] == [1, 3]


def test_prepared_statements_and_their_values(watched):
    with new(watched.port, prepare_threshold=0) as connection:
        connection.execute("create temp table prepared_t (id int, u uuid)")
        for i in range(4):
            connection.execute("select u from prepared_t where id = %s", (i,)).fetchall()
    found = watched.records.seen(4, text="select u from prepared_t")
    executed = [q for _, q in found if q.role == records.EXECUTE]
    assert len(executed) == 4
    assert all(q.flags & records.PREPARED and q.flags & records.EXTENDED for q in executed)
    assert executed[0].start_ns < executed[0].end_ns
    assert len({q.values for q in executed}) == 4
    # The same value as a literal has the same hash as one that was bound in binary.
    with old(watched.port) as cursor:
        cursor.execute("select 2")
    [(_, literal)] = watched.records.seen(text="select ?")
    assert literal.values[0] == executed[2].values[0]


def test_a_pipeline_with_an_error_in_it(watched):
    with new(watched.port) as connection:
        connection.execute("create temp table pipe_a (x int)")
        connection.execute("insert into pipe_a values (1), (2), (3)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            with connection.pipeline() as pipeline:
                first = connection.execute("select x from pipe_a")
                connection.execute("select 1 / 0 from pipe_a")
                connection.execute("select x + 1 from pipe_a")
                pipeline.sync()
        connection.execute("select x, x from pipe_a").fetchall()
    assert len(watched.records.seen(text="select x, x from pipe_a")) == 1
    [(_, one)] = watched.records.seen(text="select x from pipe_a")
    assert one.rows == 3 and not one.flags & records.ERROR
    [(_, two)] = watched.records.seen(text="/ ? from pipe_a")
    assert two.sqlstate == b"22012"
    assert not [t for t, q in watched.records.seen() if "x + ?" in t]
    assert first is not None


def test_pdo_prepares_executes_and_deallocates(watched):
    if shutil.which("php") is None:
        pytest.skip("no php here")
    script = f"""
        $db = new PDO('pgsql:host=127.0.0.1;port={watched.port};dbname=postgres', 'postgres', '');
        $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $db->exec('create temp table pdo_t (id int, v text)');
        for ($i = 0; $i < 3; $i++) {{
            $s = $db->prepare('select * from pdo_t where id = ?');
            $s->execute([$i]);
            $s->fetchAll();
            $s = null;
        }}
        echo 'done';
    """
    done = subprocess.run(["php", "-r", script], capture_output=True, text=True, check=False)
    assert done.stdout == "done", done.stderr
    found = [q for _, q in watched.records.seen(6, text="from pdo_t where id = ?")]
    assert [q.role for q in found] == [records.EXECUTE, records.CLOSE] * 3
    assert all(q.prepare_ns > 0 for q in found if q.role == records.EXECUTE)
    assert len({q.fingerprint for q in found}) == 1


def test_copy_both_ways(watched):
    lines = "".join(f"{i}\tline {i}\n" for i in range(50000))
    with old(watched.port) as cursor:
        cursor.execute("create temp table copy_t (id int, v text)")
        cursor.copy_expert("copy copy_t from stdin", io.StringIO(lines))
        back = io.StringIO()
        cursor.copy_expert("copy copy_t to stdout", back)
        assert back.getvalue() == lines
        with pytest.raises(psycopg2.errors.InvalidTextRepresentation):
            cursor.copy_expert("copy copy_t from stdin", io.StringIO("x\ty\n" * 1000))
        cursor.execute("select count(*) from copy_t")
        assert cursor.fetchone() == (50000,)
    with new(watched.port) as connection:
        connection.execute("create temp table copy_u (id int)")
        with connection.cursor().copy("copy copy_u from stdin") as copy:
            for i in range(100):
                copy.write_row((i,))
        assert connection.execute("select count(*) from copy_u").fetchone() == (100,)
    copied = sorted((q for _, q in watched.records.seen(4, text="copy copy_")),
                    key=lambda q: q.start_ns)  # they are of two sessions
    assert [(q.rows, q.sqlstate) for q in copied] == [
        (50000, bytes(5)), (50000, bytes(5)), (0, b"22P02"), (100, bytes(5))]
    assert copied[0].bytes_in > len(lines) and copied[1].bytes_out > len(lines)
    assert "session_opaque" not in watched.read_log()


@contextlib.contextmanager
def once_it_sleeps(postgres, cursor, act):
    """Does `act` in a thread as soon as the server works on what the cursor is told to execute."""
    text = "select count(*) from pg_stat_activity where pid = %s and state = 'active'"
    pid = cursor.connection.info.backend_pid

    def wait_and_act():
        with old(postgres.port) as other:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                other.execute(text, (pid,))
                if other.fetchone() == (1,):
                    break
                time.sleep(0.02)
        act()
    thread = threading.Thread(target=wait_and_act)
    thread.start()
    yield
    thread.join()


def test_cancel_reaches_the_server(postgres, watched):
    with old(watched.port) as cursor:
        with once_it_sleeps(postgres, cursor, cursor.connection.cancel), \
                pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("select pg_sleep(60)")
        cursor.execute("select 1")
    [(_, canceled)] = watched.records.seen(text="pg_sleep")
    assert canceled.sqlstate == b"57014"


def test_notices_and_notifications_at_any_time(watched):
    with old(watched.port) as listener, old(watched.port) as other:
        listener.execute("listen peers")
        listener.execute("do $$ begin raise notice 'hear'; end $$")
        assert "hear" in listener.connection.notices[0]
        other.execute("notify peers, 'hello'")
        deadline = time.monotonic() + 60
        while not listener.connection.notifies and time.monotonic() < deadline:
            listener.execute("select 4711 from pg_class limit 2")
            listener.connection.poll()
        assert listener.connection.notifies[0].payload == "hello"
    assert {q.rows for _, q in watched.records.seen(text="from pg_class")} == {2}
    assert "session_opaque" not in watched.read_log()


def test_a_row_of_64_mb_is_the_same(postgres, watched):
    digests = []
    for port in (postgres.port, watched.port):
        with old(port) as cursor:
            cursor.execute("select repeat('0123456789abcdef', 4 * 1024 * 1024)")
            digests.append(hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest())
    assert digests[0] == digests[1]
    [(_, big)] = watched.records.seen(text="select repeat")
    assert big.rows == 1 and big.bytes_out > 64 << 20
    assert not big.flags & records.RESULT_HASHED


def test_portals_with_row_limits(watched):
    with socket.create_connection(("127.0.0.1", watched.port), 60) as sock:
        sock.sendall(startup())
        read_until(sock, READY)
        sock.sendall(message(b"P", b"\0select g from generate_series(1, 5) g\0\0\0") +
                     message(b"B", b"\0\0" + bytes(6)) +
                     message(b"E", b"\0" + struct.pack(">i", 2)) +
                     message(b"E", b"\0" + struct.pack(">i", 0)) + message(b"S"))
        reply = read_until(sock, READY)
        assert b"s\0\0\0\4" in reply and b"SELECT 3\0" in reply
    found = [q for _, q in watched.records.seen(2, text="generate_series")]
    assert [q.rows for q in found] == [2, 3]


def test_every_byte_on_its_own(watched):
    with socket.create_connection(("127.0.0.1", watched.port), 60) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send(data):
            for i in range(len(data)):
                sock.sendall(data[i:i + 1])
                time.sleep(0.0005)

        send(b"\0\0\0\x08\x04\xd2\x16\x30")
        assert sock.recv(1) == b"N"
        send(b"\0\0\0\x08\x04\xd2\x16\x2f")
        assert sock.recv(1) == b"N"
        send(startup())
        read_until(sock, READY)
        send(message(b"Q", b"select 'single' as bytes\0"))
        assert b"single" in read_until(sock, READY)
        send(message(b"X"))
        assert sock.recv(1) == b""
    [(_, query)] = watched.records.seen(text="as bytes")
    assert query.rows == 1


@pytest.mark.parametrize("mode", ["prefer", "allow", "disable"])
def test_clients_that_would_like_tls_go_on_without(watched, mode):
    with old(watched.port, sslmode=mode, gssencmode="prefer") as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("garbage", [
    b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01", b"\xff" * 64,
    b"\0\0\0\x08\0\x02\0\0", b"\0\0\0\x09\0\x03\0\0\0", b"\0\0\0\x04"])
def test_garbage_instead_of_a_startup_is_refused(watched, garbage):
    with old(watched.port) as cursor:
        with socket.create_connection(("127.0.0.1", watched.port), 60) as sock:
            sock.sendall(garbage + bytes(8))
            reply = read_until(sock, b"\0\0")
            assert reply[:1] == b"E" and b"C08P01\0" in reply
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("garbage", [
    b"Q\0\0\0\2", message(b"Q", b"select 1"), message(b"?", b"x"), b"D\x7f\xff\xff\xff" + bytes(99),
    message(b"B", b"\0\0\0\1"), message(b"d", b"x") + message(b"c") + message(b"Q", b";\0")])
def test_garbage_within_a_session_is_the_servers_to_answer(postgres, watched, garbage):
    replies = []
    with old(watched.port) as cursor:
        for port in (postgres.port, watched.port):
            with socket.create_connection(("127.0.0.1", port), 60) as sock:
                sock.sendall(startup())
                read_until(sock, READY)
                sock.sendall(garbage)
                sock.shutdown(socket.SHUT_WR)
                replies.append(read_until(sock, b"never"))
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
    assert replies[0] == replies[1]


def test_messages_out_of_order_from_a_server_are_passed_on(tmp_path):
    odd = READY + message(b"D", b"\0\0") + message(b"C", b"SELECT 1\0") + b"\xff\xff garbage"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            conn, _ = listener.accept()
            with conn:
                conn.recv(1000)
                conn.sendall(odd)
        thread = threading.Thread(target=serve)
        thread.start()
        with ProxyHost(str(tmp_path), [f"127.0.0.1:{listener.getsockname()[1]}"], "postgres",
                       drain_ms=500) as proxy:
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as sock:
                sock.sendall(startup())
                assert read_until(sock, b"never") == odd
            assert "session_opaque" in proxy.read_log()
        thread.join()


def test_an_upstream_that_is_down_is_an_error_with_a_code(tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{processes.free_port()}"], "postgres",
                   drain_ms=500) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.ports[0]), 60) as sock:
            sock.sendall(startup())
            assert b"C08006\0" in read_until(sock, b"\0\0")


def test_a_backend_that_dies_mid_query(postgres, watched):
    with old(watched.port) as cursor, old(watched.port) as killer:
        pid = cursor.connection.info.backend_pid
        with once_it_sleeps(postgres, cursor,
                            lambda: killer.execute("select pg_terminate_backend(%s)", (pid,))), \
                pytest.raises(psycopg2.OperationalError):
            cursor.execute("select pg_sleep(61)")
        killer.execute("select 1")
    [(_, query)] = watched.records.seen(text="pg_sleep")
    assert query.sqlstate == b"57P01" or query.flags & records.UNFINISHED
