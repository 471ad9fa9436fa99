# SPDX-License-Identifier: Apache-2.0
"""The whole protocol between real clients and a real PostgreSQL: what neither may notice of the
proxy, whatever they say."""
import contextlib
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time

import pytest

from test.harness import postgres as harness, processes
from test.harness.slowburn import Slowburn
from test.peer import proxy_host, wire
from test.peer.proxy_host import ProxyHost
from test.peer.records import SESSION_CLOSE, Records
from test.peer.wire import COPY_DONE, FLUSH, SYNC, Wire, message, query, run


@pytest.fixture
def proxy(postgres, tmp_path):
    """Four workers before `postgres`, with .port and .records."""
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"], "postgres", workers=4,
                   drain_ms=500) as running:
        running.port = running.ports[0]
        running.records = Records(running)
        yield running


def eventually(check, seconds=60.0):
    """The first true answer, or the last one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


@contextlib.contextmanager
def direct(postgres):
    with Wire(postgres.port) as w:
        yield w


def activity(postgres, pid):
    """(state, query) of a backend, or None when it is gone."""
    with direct(postgres) as w:
        found = w.ask(f"select state, query from pg_stat_activity where pid = {pid}")
    return tuple(found[0]) if found else None


def starts_waiting(postgres, w, text="select pg_sleep(60)"):
    """The server works on it: a cancel that came before would hit nothing."""
    w.send(query(text))
    assert eventually(lambda: activity(postgres, w.pid) == ("active", text))


# ---- strings ----

@pytest.mark.parametrize("way", ["at login", "later", "prepared", "in SQL"])
def test_a_backslash_ends_no_string_where_the_server_says_so(proxy, way):
    """What follows one would be told as the statement's text, literals and all."""
    off = {"options": "-c standard_conforming_strings=off"} if way == "at login" else {}
    text = "select 'it\\'s', 'a secret' as strings -- '"
    with Wire(proxy.port, **off) as w:
        if not off:
            w.ask("set standard_conforming_strings = off")
        w.ask("set escape_string_warning = off")
        if way == "prepared":
            w.send(run(text), SYNC)
            assert wire.rows(w.until(b"Z")) == [["it's", "a secret"]]
        elif way == "in SQL":
            w.ask("prepare p as " + text)
            assert w.ask("execute p") == [["it's", "a secret"]]
        else:
            assert w.ask(text) == [["it's", "a secret"]]
        w.ask("reset standard_conforming_strings; set standard_conforming_strings = on")
        assert w.ask("select 'it\\', 'plain' as strings") == [["it\\", "plain"]]
    texts = {found for found, _ in proxy.records.seen(2, text="as strings")}
    assert texts == {"select ?, ? as strings"}, texts


# ---- cancelling ----

def test_any_worker_cancels_for_any_session(postgres, proxy):
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Wire(proxy.port)) for _ in range(16)]
        assert len({w.pid for w in sessions}) == 16
        for w in sessions:
            w.send(query("select pg_sleep(600)"))
        assert eventually(lambda: all((activity(postgres, w.pid) or [""])[0] == "active"
                                      for w in sessions))
        for w in sessions[::2]:
            wire.cancel(proxy.port, w.pid, w.key)
        for w in sessions[::2]:
            assert wire.sqlstate(w.until(b"Z")) == "57014"
            assert w.ask("select 1") == [["1"]]
        for w in sessions[1::2]:
            assert activity(postgres, w.pid)[0] == "active"
    assert eventually(lambda: proxy.records.counter("cancels") >= 8)


def test_a_cancel_is_dealt_with_before_its_connection_ends(postgres, proxy):
    with Wire(proxy.port) as w:
        for _ in range(20):
            starts_waiting(postgres, w)
            wire.cancel(proxy.port, w.pid, w.key)
            assert wire.sqlstate(w.until(b"Z")) == "57014"
            # What comes after the cancel was answered is not hit by it.
            assert w.ask("select 'next'") == [["next"]]


def test_a_cancel_that_nobody_waits_for_arrives(postgres, proxy):
    with Wire(proxy.port) as w:
        starts_waiting(postgres, w)
        with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
            sock.sendall(struct.pack(">iiI", 16, 80877102, w.pid) + w.key)
        assert wire.sqlstate(w.until(b"Z")) == "57014"


def test_an_unknown_key_is_dropped_and_counted(postgres, proxy):
    with Wire(proxy.port) as w, direct(postgres) as other:
        other.send(query("select pg_sleep(2)"))
        w.send(query("select pg_sleep(2)"))
        wire.cancel(proxy.port, w.pid, bytes(4))
        wire.cancel(proxy.port, w.pid, bytes(256))
        # The server would know this one, but no session of the proxy has it.
        wire.cancel(proxy.port, other.pid, other.key)
        assert wire.sqlstate(w.until(b"Z")) is None
        assert wire.sqlstate(other.until(b"Z")) is None
        pid, key = w.pid, w.key
    assert eventually(lambda: proxy.records.of(SESSION_CLOSE))
    wire.cancel(proxy.port, pid, key)
    assert eventually(lambda: proxy.records.counter("cancels_unknown") == 4)
    assert proxy.records.counter("cancels") == 0


def test_cancels_pass_where_no_session_does_any_more(postgres, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"], "postgres", workers=1,
                   sessions_max=1, drain_ms=500) as proxy:
        with Wire(proxy.ports[0]) as w:
            with Wire(proxy.ports[0]) as refused:
                assert wire.sqlstate(refused.greeting) == "53300"
            starts_waiting(postgres, w)
            wire.cancel(proxy.ports[0], w.pid, w.key)
            assert wire.sqlstate(w.until(b"Z")) == "57014"


def test_a_storm_of_cancels_is_bounded(proxy):
    with Wire(proxy.port) as w:
        def storm():
            for i in range(100):
                with contextlib.suppress(OSError):
                    wire.cancel(proxy.port, w.pid if i % 2 else i, w.key)
        threads = [threading.Thread(target=storm) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert w.ask("select 1") == [["1"]]
    total = lambda: proxy.records.counter("cancels") + proxy.records.counter("cancels_unknown")
    assert eventually(lambda: total() == 400)


# ---- clients that die ----

def gone(postgres, pid):
    return eventually(lambda: activity(postgres, pid) is None)


def begin_something(w):
    assert w.ask("create temp table mine (x int)") == []
    w.send(query("begin; insert into mine values (1); select pg_sleep(120)"))


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_dies_mid_query_leaves_nothing_running(postgres, proxy, how):
    with Wire(proxy.port) as w:
        begin_something(w)
        assert eventually(lambda: activity(postgres, w.pid)[0] == "active")
        if how == "reset":
            w.reset()
        else:
            w.sock.close()
        assert gone(postgres, w.pid)
    assert eventually(lambda: proxy.records.counter("cancels") == 1)


@pytest.mark.parametrize("tail", [run("select pg_sleep(120)") + FLUSH,
                                  run("select pg_sleep(120)") + SYNC,
                                  message(b"P", b"\0select pg_sleep(120)\0\0\0") +
                                  message(b"B", b"\0\0" + bytes(6)) + message(b"E", b"\0" + bytes(4)),
                                  # PostgreSQL's pg_sleep(double precision), by its number
                                  message(b"F", struct.pack(">ihhi", 2626, 0, 1, 3) + b"120" +
                                          struct.pack(">h", 0))])
def test_whatever_it_was_waiting_for_is_cancelled(postgres, proxy, tail):
    with Wire(proxy.port) as w:
        w.send(tail)
        assert eventually(lambda: activity(postgres, w.pid)[0] in ("active", "fastpath function call"))
        w.sock.close()
        assert gone(postgres, w.pid)


def test_a_client_that_dies_in_a_transaction_or_a_copy_ends_both(postgres, proxy):
    with direct(postgres) as w:
        assert w.ask("create table left_behind (x int)") == []
    with Wire(proxy.port) as w:
        assert w.ask("begin; lock table left_behind") == []
        w.sock.close()
        assert gone(postgres, w.pid)
    with Wire(proxy.port) as w:
        w.send(query("copy left_behind from stdin"))
        assert w.until(b"G")[-1][0] == b"G"
        w.send(message(b"d", b"1\n"))
        w.sock.close()
        assert gone(postgres, w.pid)
    with direct(postgres) as w:
        assert w.ask("select count(*) from left_behind") == [["0"]]
        w.ask("drop table left_behind")


def test_a_client_killed_by_the_system_is_noticed(postgres, proxy, tmp_path):
    script = tmp_path / "client.py"
    script.write_text(
        "import psycopg2, sys\n"
        f"c = psycopg2.connect(host='127.0.0.1', port={proxy.port}, user='postgres',"
        " dbname='postgres')\n"
        "print(c.info.backend_pid, flush=True)\n"
        "c.cursor().execute('select pg_sleep(120)')\n")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as client:
        pid = int(client.stdout.readline())
        assert eventually(lambda: activity(postgres, pid)[0] == "active")
        client.kill()
    assert gone(postgres, pid)


def test_who_says_goodbye_behind_a_query_gets_it_done(postgres, proxy):
    with direct(postgres) as other:
        other.ask("create table farewell (x int)")
        with Wire(proxy.port) as w:
            w.send(query("begin; select pg_sleep(2.5); insert into farewell values (1); commit"),
                   message(b"X"))
            w.sock.close()
        assert eventually(lambda: other.ask("select x from farewell") == [["1"]])
        other.ask("drop table farewell")
    assert proxy.records.counter("cancels") == 0


def test_half_a_goodbye_still_gets_its_replies(proxy):
    with Wire(proxy.port) as w:
        w.send(query("select repeat('r', 3000000)"), query("select 'last'"))
        w.sock.shutdown(socket.SHUT_WR)
        found = w.until(b"never")
        assert [len(row[0]) for row in wire.rows(found)] == [3000000, 4]


# ---- limits ----

def limited(postgres, tmp_path, **settings):
    settings = {"workers": 2, "drain_ms": 500, **settings}
    return ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"] * 2, "postgres", **settings)


def refused(port, **parameters):
    """The SQLSTATE and the words that a new session gets instead of a greeting; None: it is let in."""
    with Wire(port, **parameters) as w:
        if w.greeting[-1][0] == b"Z":
            return None
        words = next(part[1:] for part in w.greeting[-1][1].split(b"\0") if part[:1] == b"M")
        assert w.next() is None
        return wire.sqlstate(w.greeting), words.decode()


def let_in(stack, port):
    """A new session, when there is room."""
    w = Wire(port)
    if w.greeting[-1][0] != b"Z":
        w.sock.close()
        return None
    return stack.enter_context(w)


@pytest.mark.parametrize("setting, words", [
    ("sessions_per_listener", "too many sessions of this listener"),
    ("sessions_per_address", "too many sessions from this address"),
    ("sessions_per_user", "too many sessions of this user")])
def test_sessions_of_one_kind_are_limited(postgres, tmp_path, setting, words):
    with limited(postgres, tmp_path, **{setting: 3}) as proxy, contextlib.ExitStack() as stack:
        records = Records(proxy)
        one, two = proxy.ports
        held = [stack.enter_context(Wire(one)) for _ in range(3)]
        assert refused(one) == ("53300", f"slowburn: {words}")
        # The other listener is another kind; another user is, where users are counted.
        if setting == "sessions_per_address":
            assert refused(two)[0] == "53300"
        else:
            assert refused(two) is None
        other = refused(one, user="nobody_at_all")
        assert other[0] == ("28000" if setting == "sessions_per_user" else "53300")
        held.pop().sock.close()
        # Those who were refused are not counted on.
        held.append(eventually(lambda: let_in(stack, one)))
        for _ in range(10):
            assert refused(one)[0] == "53300"
        held.pop().sock.close()
        assert eventually(lambda: refused(one) is None)
        assert eventually(lambda: records.counter("sessions_refused") >= 12)
        # A reload lifts the limit, and knows of those before it when it sets one.
        assert eventually(lambda: records.counter("sessions_now") == 2)
        assert proxy.channel.ask(proxy_host.CONFIGURE, {setting: 0})[2]["ok"]
        for _ in range(3):
            assert refused(one) is None
        assert proxy.channel.ask(proxy_host.CONFIGURE, {setting: 1})[2]["ok"]
        assert refused(one)[0] == "53300"


def test_a_login_that_takes_too_long_is_an_error_with_a_code(postgres, tmp_path):
    with limited(postgres, tmp_path, login_timeout_ms=1500) as proxy, \
            contextlib.ExitStack() as stack:
        records = Records(proxy)
        attempts = []

        def logs_in():
            attempts.append(0)  # on a slow machine even an honest login may take too long
            return let_in(stack, proxy.ports[0])
        with eventually(logs_in) as logged_in:
            with Wire(proxy.ports[0], login=False) as silent:
                assert wire.sqlstate(silent.until(b"E")) == "57014"
                assert silent.next() is None
            with Wire(proxy.ports[0], login=False) as slow:
                slow.send(slow.startup()[:20])
                assert wire.sqlstate(slow.until(b"E")) == "57014"
            with socket.create_server(("127.0.0.1", 0)) as dumb:
                upstream = f"127.0.0.1:{dumb.getsockname()[1]}"
                os.makedirs(tmp_path / "dumb")
                with ProxyHost(str(tmp_path / "dumb"), [upstream], "postgres",
                               login_timeout_ms=700, drain_ms=100) as waiting:
                    with Wire(waiting.ports[0]) as w:
                        assert wire.sqlstate(w.greeting) == "57014"
            time.sleep(2)
            assert logged_in.ask("select 1") == [["1"]]
        assert eventually(lambda: records.counter("sessions_timed_out") == 1 + len(attempts))


def test_idle_sessions_end_as_postgresql_ends_them(postgres, tmp_path):
    with limited(postgres, tmp_path) as proxy:
        records = Records(proxy)
        with Wire(proxy.ports[0]) as idle, Wire(proxy.ports[0]) as inside, \
                Wire(proxy.ports[0]) as failed, Wire(proxy.ports[0]) as busy, \
                Wire(proxy.ports[0]) as flushing:
            assert inside.ask("begin") == []
            assert failed.ask("begin; select 1 / 0") == []
            busy.send(query("select pg_sleep(4)"))
            # It waits for nothing but has not said Sync: to PostgreSQL it is not idle either.
            flushing.send(run("select 1") + FLUSH)
            # Only now: on a slow machine the first would be idle before the last is there.
            proxy.reload(idle_session_timeout_ms=1500, idle_in_transaction_timeout_ms=1500)
            for w, code in ((idle, "57P05"), (inside, "25P03"), (failed, "25P03")):
                last = w.until(b"never")
                assert [kind for kind, _ in last] == [b"E"] and wire.sqlstate(last) == code
                assert gone(postgres, w.pid)
            assert wire.sqlstate(busy.until(b"Z")) is None
            assert flushing.kinds(b"C") == b"12DC"
            flushing.send(SYNC)
            assert flushing.kinds() == b"Z"
        assert eventually(lambda: records.counter("sessions_timed_out") == 3)
        # The words are the server's own.
        with direct(postgres) as w:
            assert w.ask("begin; set idle_in_transaction_session_timeout = 100") == []
            theirs = w.until(b"E")[-1][1].split(b"\0")
            ours = last[-1][1].split(b"\0")
            assert [field for field in ours if field[:1] in (b"S", b"V", b"C", b"M")] == \
                [field for field in theirs if field[:1] in (b"S", b"V", b"C", b"M")]
        assert proxy.channel.ask(proxy_host.CONFIGURE, {
            "idle_session_timeout_ms": 0, "idle_in_transaction_timeout_ms": 0})[2]["ok"]
        with Wire(proxy.ports[0]) as w:
            time.sleep(3)
            assert w.ask("select 1") == [["1"]]


# ---- the end ----

def lets_in(port):
    try:
        with Wire(port) as w:
            return w.greeting[-1:] and w.greeting[-1][0] == b"Z"
    except ConnectionError:
        return False


def test_draining_ends_each_session_where_it_may_end(postgres, tmp_path):
    """At once, behind its transaction, its query or its COPY; nothing is cut, nobody is let in."""
    with limited(postgres, tmp_path, drain_ms=600000) as proxy, direct(postgres) as other:
        port = proxy.ports[0]
        other.ask("create table drained (x int)")
        other.ask("select pg_advisory_lock(4712)")
        with Wire(port) as idle, Wire(port) as inside, Wire(port) as busy, Wire(port) as copying:
            assert inside.ask("begin; insert into drained values (1)") == []
            starts_waiting(postgres, busy, "select pg_advisory_xact_lock(4712)")
            copying.send(query("copy drained from stdin"))
            assert copying.kinds(b"G") == b"G"
            proxy.channel.send(proxy_host.DRAIN, {})
            assert wire.sqlstate(idle.until(b"never")) == "57P01"
            assert not lets_in(port)
            assert inside.ask("insert into drained values (2)") == []
            inside.send(query("commit"))
            copying.send(copy_data("4\n"), COPY_DONE)
            other.ask("select pg_advisory_unlock(4712)")
            for w, answer in ((inside, b"CZ"), (copying, b"CZ"), (busy, b"TDCZ")):
                last = w.until(b"never")
                assert kinds(last) == answer + b"E" and wire.sqlstate(last) == "57P01"
        assert proxy.process.wait(60) == 0
        assert other.ask("select sum(x) from drained; drop table drained") == [["7"]]
        assert "drain_cut" not in proxy.read_log()


# ---- addresses ----

@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A server that also listens on IPv6 and a unix socket, and can be replicated from."""
    folder = tmp_path_factory.mktemp("elsewhere")
    sockets = tmp_path_factory.mktemp("sockets")
    harness.reachable(sockets)
    os.chmod(sockets, 0o777)
    settings = (f"unix_socket_directories = '{sockets}'\nlisten_addresses = '127.0.0.1, ::1'\n"
                "wal_level = logical\nmax_wal_senders = 8\nmax_replication_slots = 8\n")
    with harness.Postgres(harness.reachable(folder), settings) as server:
        server.sockets = str(sockets)
        yield server


def test_ipv6_upstream_and_names(elsewhere, tmp_path):
    upstreams = [f"[::1]:{elsewhere.port}", f"localhost:{elsewhere.port}",
                 f"{elsewhere.sockets}/.s.PGSQL.{elsewhere.port}",
                 f"unix:{elsewhere.sockets}:{elsewhere.port}"]
    with ProxyHost(str(tmp_path), upstreams, "postgres", drain_ms=500) as proxy:
        for port in proxy.ports:
            with Wire(port) as w:
                family = w.ask("select coalesce(family(client_addr), 0) from pg_stat_activity "
                               "where pid = pg_backend_pid()")
                expected = {proxy.ports[0]: ["6"], proxy.ports[1]: ["4", "6"]}.get(port, ["0"])
                assert family[0][0] in expected
                starts_waiting(elsewhere, w)
                wire.cancel(port, w.pid, w.key)
                assert wire.sqlstate(w.until(b"Z")) == "57014"


def test_unix_and_ipv6_listeners_of_the_whole_daemon(elsewhere, tmp_path):
    path = tmp_path / ".s.PGSQL.6543"
    six = processes.free_port()
    # Left behind by a process that died.
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    more = ["--postgres", f"unix:{tmp_path}:6543=unix:{elsewhere.sockets}:{elsewhere.port}",
            "--postgres", f"[::1]:{six}=[::1]:{elsewhere.port}",
            "--unix-socket-permissions", "0770"]
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), elsewhere.port,
                  more=more) as slowburn:
        eventually(path.exists)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o770
        done = subprocess.run(["psql", "-X", "-A", "-t", "-h", str(tmp_path), "-p", "6543", "-U",
                               "postgres", "-d", "postgres", "-c", "select 4711"],
                              capture_output=True, text=True, check=False)
        assert done.stdout == "4711\n", done.stderr
        with Wire(str(path)) as w:
            assert w.ask("select 1") == [["1"]]
        with Wire(six, host="::1") as w:
            assert w.ask("select family(inet_client_addr())") == [["6"]]
        # A second daemon does not take the socket away.
        second = subprocess.run(
            [os.environ["SLOWBURN_BINARY"], "run", "--data", str(tmp_path / "second"), "--admin",
             "off", "--postgres", f"unix:{path}=127.0.0.1:{elsewhere.port}"],
            capture_output=True, text=True, check=False, timeout=60)
        assert second.returncode != 0 and "in use" in second.stderr
        with Wire(str(path)) as w:
            assert w.ask("select 2") == [["2"]]
        assert slowburn.process.poll() is None
    assert not path.exists()


def with_hosts(tmp_path, text):
    """The front of a command line under which `text` is /etc/hosts, and that file."""
    hosts = tmp_path / "hosts"
    hosts.write_text(text)
    names = tmp_path / "nsswitch.conf"
    names.write_text("hosts: files\n")
    front = ["unshare", "-m", "sh", "-c", f"mount --bind {hosts} /etc/hosts && "
             f"mount --bind {names} /etc/nsswitch.conf && exec \"$@\"", "sh"]
    if subprocess.run([*front, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespaces here")
    return front, hosts


class OneSession(threading.Thread):
    """A server with a key of its own that takes one session, then refuses others, and in the end
    listens for a cancel request."""

    def __init__(self, host, port):
        super().__init__()
        self.address = (host, port)
        self.listener = socket.create_server(self.address)
        self.cancelled = b""
        self.taken = threading.Event()

    def run(self):
        session, _ = self.listener.accept()
        self.listener.close()
        with session:
            session.recv(1000)
            session.sendall(message(b"R", bytes(4)) +
                            message(b"K", struct.pack(">ii", 4711, 4712)) + message(b"Z", b"I"))
            self.taken.wait(60)
            with socket.create_server(self.address) as again:
                again.settimeout(60)
                conn, _ = again.accept()
                with conn:
                    self.cancelled = conn.recv(1000)
                    if self.cancelled == b"\0\0\0\x08\x04\xd2\x16\x2f":
                        conn.sendall(b"N")  # asked whether it has TLS
                        self.cancelled = conn.recv(1000)


def test_a_name_that_moves_is_found_and_cancels_follow_their_sessions(elsewhere, tmp_path):
    front, hosts = with_hosts(tmp_path, "127.0.0.3 db.test\n")
    first = OneSession("127.0.0.2", elsewhere.port)
    first.start()
    with ProxyHost(str(tmp_path), [f"db.test:{elsewhere.port}"], "postgres", within=front,
                   workers=2, drain_ms=500) as proxy:
        port = proxy.ports[0]
        time.sleep(2.1)  # a name is looked up once a second at most
        # Nobody answers where it was; the client that finds out is not told of it.
        hosts.write_text("127.0.0.2 db.test\n")
        with Wire(port) as one:
            assert (one.pid, one.key) == (4711, struct.pack(">i", 4712))
            time.sleep(2.1)
            hosts.write_text("127.0.0.1 db.test\n127.0.0.2 db.test\n")
            with Wire(port) as two:
                starts_waiting(elsewhere, two)
                first.taken.set()
                assert eventually(lambda: reaches("127.0.0.2", elsewhere.port) or first.cancelled)
                wire.cancel(port, one.pid, one.key)
                first.join()
                wire.cancel(port, two.pid, two.key)
                assert wire.sqlstate(two.until(b"Z")) == "57014"
        assert first.cancelled == struct.pack(">iiii", 16, 80877102, 4711, 4712)


def reaches(host, port):
    """Somebody listens there, as the kernel's own table has it: to try would be to be served."""
    wanted = f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"
    with open("/proc/net/tcp", encoding="utf-8") as table:
        return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in table
                   if ":" in line)


def test_a_name_without_an_address_is_an_error_until_it_has_one(elsewhere, tmp_path):
    front, hosts = with_hosts(tmp_path, "")
    with ProxyHost(str(tmp_path), [f"db.test:{elsewhere.port}"], "postgres", within=front,
                   connect_timeout_ms=3000, drain_ms=500) as proxy:
        with Wire(proxy.ports[0]) as w:
            assert wire.sqlstate(w.greeting) == "08006"
        time.sleep(2.1)
        hosts.write_text("127.0.0.1 db.test\n")
        with Wire(proxy.ports[0]) as w:
            assert w.ask("select 1") == [["1"]]


# ---- messages ----

@pytest.fixture
def both(postgres, proxy):
    """ask(bytes, until) -> the replies, the same from the server itself and through the proxy but for
    the number of the session's own schema."""
    with Wire(postgres.port) as straight, Wire(proxy.port) as through:
        def ask(data, *until, times=1):
            answers = []
            for w in (straight, through):
                w.send(data)
                answers.append([(kind, re.sub(rb"pg_temp_\d+", b"pg_temp", body)) for _ in range(times)
                            for kind, body in w.until(*(until or (b"Z",)))])
            assert answers[0] == answers[1]
            return answers[1]
        yield ask
    assert "session_opaque" not in proxy.read_log()


def kinds(messages):
    return b"".join(kind for kind, _ in messages)


def copy_data(text):
    return message(b"d", text.encode())


def function_call(oid, *values):
    body = struct.pack(">ihh", oid, 0, len(values))
    for value in values:
        body += struct.pack(">i", len(value)) + value
    return message(b"F", body + struct.pack(">h", 0))


def test_function_calls(both):
    assert kinds(both(function_call(1297 + 10_000_000))) == b"EZ"
    found = both(function_call(177, b"40", b"2"))  # int4pl
    assert kinds(found) == b"VZ" and found[0][1].endswith(b"42")
    found = both(function_call(154, b"1", b"0"))  # int4div
    assert wire.sqlstate(found) == "22012"
    assert kinds(both(run("select 1") + function_call(177, b"1", b"1") + SYNC, times=2)) == b"12DCVZZ"


def test_copies_end_in_every_way(both):
    both(query("create temp table copied (x int primary key)"))
    copy = query("copy copied from stdin")
    assert kinds(both(copy, b"G")) == b"G"
    assert kinds(both(copy_data("1\n") + copy_data("2\n") + COPY_DONE)) == b"CZ"
    # Without data, with data that breaks off, refused by the client, refused by the server.
    assert kinds(both(copy + COPY_DONE)) == b"GCZ"
    assert wire.sqlstate(both(copy + message(b"f", b"no more\0"))) == "57014"
    assert wire.sqlstate(both(copy + copy_data("nonsense\n") + copy_data("3\n") + COPY_DONE)) == "22P02"
    assert wire.sqlstate(both(copy + copy_data("1\n") + COPY_DONE)) == "23505"
    assert wire.rows(both(query("select count(*) from copied"))) == [["2"]]
    # Sync and Flush inside are passed over; so is what comes behind an error.
    assert kinds(both(copy + FLUSH + SYNC + copy_data("4\n") + FLUSH + COPY_DONE)) == b"GCZ"
    assert kinds(both(query("copy copied to stdout"))) == b"HdddcCZ"
    assert kinds(both(query("copy copied to stdout; select 5; copy copied from stdin") +
                      COPY_DONE)) == b"HdddcCTDCGCZ"


def test_copies_of_the_extended_protocol(both):
    both(query("create temp table copied (x int)"))
    start = run("copy copied from stdin") + SYNC
    assert kinds(both(start + copy_data("1\n") + COPY_DONE + SYNC)) == b"12GCZ"
    assert kinds(both(start, b"G")) == b"12G"
    assert kinds(both(copy_data("2\n") + COPY_DONE + SYNC)) == b"CZ"
    assert wire.sqlstate(both(start + copy_data("x\n") + COPY_DONE + SYNC)) == "22P02"
    assert wire.sqlstate(both(start + message(b"f", b"no\0") + SYNC)) == "57014"
    assert kinds(both(run("copy copied to stdout") + SYNC)) == b"12HddcCZ"
    assert wire.rows(both(query("select sum(x) from copied"))) == [["3"]]


def test_a_copy_that_its_trigger_refuses(both):
    """It fails between CopyInResponse and the Sync that came along, which is then answered."""
    both(query("create temp table guarded (x int); create function pg_temp.no() returns trigger "
               "language plpgsql as $$ begin raise 'no'; end $$; create trigger no before insert "
               "on guarded for each statement execute function pg_temp.no()"))
    assert kinds(both(run("copy guarded from stdin") + SYNC)) == b"12GEZ"
    assert wire.rows(both(query("select 'after'"))) == [["after"]]
    assert kinds(both(query("copy guarded from stdin"))) == b"GEZ"
    # What the client goes on sending is passed over.
    assert kinds(both(copy_data("1\n") + COPY_DONE + query("select 1"))) == b"TDCZ"


def test_portals_names_and_their_ends(both):
    generate = wire.parse("select g from generate_series(1, 5) g", b"s")
    assert kinds(both(generate + wire.bind(b"p", b"s") + wire.execute(b"p", 2) +
                      wire.execute(b"p", 2) + wire.execute(b"p", 2) + wire.execute(b"p", 2) +
                      SYNC)) == b"12DDsDDsDCCZ"
    # A portal ends with its transaction, a statement does not; a name is taken until it is closed.
    assert wire.sqlstate(both(wire.execute(b"p") + SYNC)) == "34000"
    assert wire.sqlstate(both(generate + SYNC)) == "42P05"
    assert kinds(both(message(b"C", b"Ss\0") + generate + message(b"D", b"Ss\0") + SYNC)) == b"31tTZ"
    both(query("begin"))
    assert kinds(both(wire.bind(b"p", b"s") + wire.execute(b"p", 1) + SYNC)) == b"2DsZ"
    assert kinds(both(wire.execute(b"p", 1) + message(b"D", b"Pp\0") + SYNC)) == b"DsTZ"
    assert wire.sqlstate(both(wire.bind(b"p", b"s") + SYNC)) == "42P03"
    both(query("rollback"))
    assert kinds(both(query("deallocate s"))) == b"CZ"
    assert wire.sqlstate(both(wire.bind(b"", b"s") + SYNC)) == "26000"
    assert kinds(both(generate + SYNC + query("discard all") + generate + SYNC, times=3)) == b"1ZCZ1Z"
    assert kinds(both(query("deallocate all; prepare s as select 1; execute s; deallocate s"))) == b"CCTDCCZ"
    # The unnamed ones are replaced without being closed.
    assert kinds(both((run("select 1") + run("select 2")) + message(b"C", b"S\0") +
                      message(b"C", b"P\0") + SYNC)) == b"12DC12DC33Z"


def test_simple_queries_of_every_shape(both):
    assert kinds(both(query(""))) == b"IZ"
    assert kinds(both(query("; ;"))) == b"IZ"
    assert kinds(both(query("select 1;; select 2; -- and no more"))) == b"TDCTDCZ"
    assert kinds(both(query("select 1; select 1 / 0; select 3"))) == b"TDCEZ"
    assert kinds(both(query("begin; select 1; commit; select 2"))) == b"CTDCCTDCZ"
    assert kinds(both(query("select") + query("selekt") + query("select 3"), times=3)) == b"TDCZEZTDCZ"
    assert kinds(both(wire.parse("") + wire.bind() + wire.execute() + SYNC)) == b"12IZ"


def test_errors_skip_to_sync_and_not_further(both):
    broken = wire.parse("select 1 / 0") + wire.bind() + wire.execute()
    assert kinds(both(broken + run("select 2") + query("select 3") + SYNC + run("select 4") + SYNC,
                      times=2)) == b"1EZ12DCZ"
    assert kinds(both(SYNC + SYNC + run("selekt") + SYNC, times=3)) == b"ZZEZ"
    # An error at the commit that Sync means.
    both(query("create temp table late (x int primary key deferrable initially deferred)"))
    assert wire.sqlstate(both(run("insert into late values (1), (1)") + SYNC)) == "23505"


def test_flush_only_drivers_get_their_replies(both):
    assert kinds(both(wire.parse("select 1", b"f") + message(b"D", b"Sf\0") + FLUSH, b"T")) == b"1tT"
    for _ in range(3):
        assert kinds(both(wire.bind(b"", b"f") + wire.execute() + FLUSH, b"C")) == b"2DC"
    assert wire.sqlstate(both(wire.bind(b"", b"none") + FLUSH, b"E")) == "26000"
    assert kinds(both(SYNC)) == b"Z"


def test_what_comes_at_any_time(postgres, proxy):
    with Wire(proxy.port) as w, direct(postgres) as other:
        assert w.ask("listen news") == []
        other.ask("notify news, 'one'")
        assert w.kinds(b"A") == b"A"
        found = [kind for kind, _ in (w.send(query("set application_name = 'x'; do $$ begin raise "
                                                   "notice 'n'; end $$; select 1")), w.until(b"Z"))[1]]
        assert sorted(found) == [b"C", b"C", b"C", b"D", b"N", b"S", b"T", b"Z"]
        other.ask(f"select pg_terminate_backend({w.pid})")
        assert wire.sqlstate(w.until(b"never")) == "57P01"
    assert "session_opaque" not in proxy.read_log()


# ---- a place that is lost ----

def test_a_lost_place_is_counted_said_once_and_ends_with_its_server(postgres, proxy):
    with Wire(proxy.port) as w, direct(postgres) as holder:
        holder.ask("select pg_advisory_lock(4711)")
        # More replies outstanding than are followed.
        w.send(query("select pg_advisory_xact_lock(4711)"), SYNC * 20000)
        assert eventually(lambda: "session_opaque" in proxy.read_log())
        holder.ask("select pg_advisory_unlock(4711)")
        w.until(b"C")
        assert w.kinds(b"Z") == b"Z"
        for _ in range(20000):
            assert w.next() == (b"Z", b"I")
        assert w.ask("select 'on'") == [["on"]]
        w.send(message(b"X"))
        assert w.next() is None
        assert gone(postgres, w.pid)
    assert eventually(lambda: proxy.records.counter("sessions_opaque") == 1)
    assert proxy.read_log().count('"event":"session_opaque"') == 1


# ---- pressure ----

def test_a_client_that_writes_100_mb_and_reads_nothing(postgres, little_kept, proxy):
    """Queries whose replies are larger than they: both directions fill up, neither deadlocks."""
    unit = query("select repeat('p', 6000) -- " + "q" * 4000)
    count = 100_000_000 // len(unit) + 1
    with Wire(proxy.port, seconds=120) as w:
        before = proxy.memory()
        written = [0]

        def write():
            for _ in range(count):
                w.sock.sendall(unit)
                written[0] += 1
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        # It comes to rest somewhere: everything between them is full.
        assert eventually(lambda: stalled(written), 60)
        assert writer.is_alive()
        assert proxy.memory() - before < 8 << 20
        with Wire(proxy.port) as other:
            assert other.ask("select 1") == [["1"]]
        got = 0
        while got < count:
            found = w.until(b"Z")
            assert kinds(found) == b"TDCZ"
            got += 1
        writer.join()
        assert proxy.memory() - before < 8 << 20
        assert w.ask("select 'done'") == [["done"]]


def stalled(written):
    before = written[0]
    time.sleep(0.5)
    return before > 0 and written[0] == before


def test_a_client_that_dies_with_everything_full(postgres, proxy):
    unit = query("select repeat('p', 60000)")
    with Wire(proxy.port) as w:
        w.sock.setblocking(False)
        sent, quiet = 0, 0
        while quiet < 20:
            try:
                sent += w.sock.send(unit * 100)
                quiet = 0
            except BlockingIOError:
                quiet += 1
                time.sleep(0.05)
        w.reset()
        assert gone(postgres, w.pid)


# ---- replication ----

def test_base_backup_through_the_proxy(elsewhere, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{elsewhere.port}"], "postgres",
                   drain_ms=500) as proxy:
        records = Records(proxy)
        common = ["-h", "127.0.0.1", "-p", str(proxy.ports[0]), "-U", "postgres"]
        target = tmp_path / "backup"
        done = subprocess.run([f"{harness.BIN}/pg_basebackup", *common, "-D", str(target), "-X",
                               "stream", "-c", "fast"], capture_output=True, text=True,
                              check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        done = subprocess.run([f"{harness.BIN}/pg_verifybackup", str(target)],
                              capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        assert eventually(lambda: records.counter("sessions_replication") >= 2)
        assert eventually(lambda: records.counter("sessions_now") == 0)
        assert records.counter("queries") == 0 and "session_opaque" not in proxy.read_log()


def test_receivewal_stops_when_told(elsewhere, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{elsewhere.port}"], "postgres",
                   drain_ms=500) as proxy:
        target = tmp_path / "wal"
        target.mkdir()
        with subprocess.Popen([f"{harness.BIN}/pg_receivewal", "-h", "127.0.0.1", "-p",
                               str(proxy.ports[0]), "-U", "postgres", "-D", str(target)],
                              stderr=subprocess.PIPE) as receiver:
            try:
                assert eventually(lambda: list(target.iterdir()))
                elsewhere.sql("select pg_switch_wal(); create table moved (x int); "
                              "drop table moved; select pg_switch_wal()")
                assert eventually(lambda: [f for f in target.iterdir()
                                           if not f.name.endswith(".partial")])
                receiver.send_signal(signal.SIGINT)
                assert receiver.wait(60) == 0, receiver.stderr.read()
            finally:
                receiver.kill()
        assert "session_opaque" not in proxy.read_log()


def test_logical_replication_through_the_proxy(elsewhere, postgres, tmp_path):
    name = "followed"
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{elsewhere.port}"], "postgres",
                   drain_ms=500) as proxy:
        records = Records(proxy)
        table = f"create table {name} (x int primary key)"
        elsewhere.sql(f"{table}; insert into {name} select generate_series(1, 1000); "
                      f"create publication {name} for table {name}")
        postgres.sql(table)
        postgres.sql(f"create subscription {name} connection 'host=127.0.0.1 "
                     f"port={proxy.ports[0]} user=postgres dbname=postgres' publication {name}")
        try:
            counted = lambda: int(postgres.sql(f"select count(*) from {name}"))
            assert eventually(lambda: counted() == 1000)
            elsewhere.sql(f"insert into {name} select generate_series(1001, 1500); "
                          f"delete from {name} where x <= 100")
            assert eventually(lambda: counted() == 1400)
        finally:
            postgres.sql(f"drop subscription {name}")
            postgres.sql(f"drop table {name}")
            elsewhere.sql(f"drop publication {name}; drop table {name}")
        assert eventually(lambda: records.counter("sessions_replication") >= 2)
        assert "session_opaque" not in proxy.read_log()
