# SPDX-License-Identifier: Apache-2.0
"""Upgrades under traffic: no query fails, no session is dropped, the totals reconcile; and what a
broken binary, a wrong configuration or a death in the midst of it changes: nothing."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import psycopg
import pytest

from examples.demo.processes import unprivileged_user
from test.harness import postgres as harness, processes
from test.harness.certificates import Authority
from test.harness.slowburn import Slowburn
from test.peer.test_kills import Queries, statements
from test.peer.test_lifecycle import Upstream, child, is_alive, until
from test.peer.wire import Wire, query

BINARY = os.path.abspath(os.environ["SLOWBURN_BINARY"])
BROKEN = os.path.join(os.path.dirname(BINARY), "..", "test", "peer", "slowburn_broken")


def replace(path, by):
    """As a package manager does: beside it, then renamed over it."""
    shutil.copy(by, path + ".new")
    os.chmod(path + ".new", 0o755)
    os.rename(path + ".new", path)


class Upgradable(Slowburn):
    """A daemon whose binary is its own, so that it can be replaced."""

    def __init__(self, folder, postgres_port, more=()):
        self.own = os.path.join(folder, "slowburn.bin")
        replace(self.own, BINARY)
        super().__init__(self.own, folder, postgres_port, more=more)

    def __exit__(self, *_):
        former = self.proxies()
        super().__exit__()
        for pid in filter(is_alive, former):
            os.kill(pid, signal.SIGKILL)

    def upgrade(self):
        """Exit code, what was printed."""
        done = subprocess.run([BINARY, "upgrade", "--data", self.data], capture_output=True,
                              text=True, check=False, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def upgraded(self):
        code, said = self.upgrade()
        assert code == 0, said + open(self.log, encoding="utf-8").read()
        self.wait_until_watching()

    def proxies(self):
        """Pids of all proxies, the oldest first."""
        found = []
        with contextlib.suppress(OSError), open(
                f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                encoding="ascii") as pids:
            for pid in map(int, pids.read().split()):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as words:
                    if words.read().split(b"\0")[1:3] == [b"child", b"proxy"]:
                        found.append(pid)
        return found

    def former(self):
        return self.status("supervisor")["supervisor"].get("former_proxies", [])

    def record(self):
        with open(os.path.join(self.data, "upgrade.json"), encoding="utf-8") as file:
            return json.load(file)

    def in_state(self, state):
        return until(lambda: os.path.exists(os.path.join(self.data, "upgrade.json"))
                     and self.record()["state"] == state, f"the upgrade is {state}")

    def ask(self):
        """Begins an upgrade and does not wait for its end."""
        self.process.send_signal(signal.SIGUSR2)


@pytest.fixture
def daemon(postgres, tmp_path):
    with Upgradable(str(tmp_path), postgres.port) as running:
        running.wait_until_watching()
        yield running


def connect(postgres, daemon, **more):
    return psycopg.connect(postgres.dsn(port=daemon.port), autocommit=True, prepare_threshold=None,
                           **more)


def answers(connection, number=1):
    return connection.execute(f"SELECT {number}").fetchone() == (number,)


def test_three_upgrades_under_load_drop_nothing(postgres, daemon):
    load = Queries(postgres.dsn(port=daemon.port))
    pooled = [connect(postgres, daemon) for _ in range(4)]
    inside = connect(postgres, daemon)
    inside.autocommit = False
    assert answers(inside)  # a transaction that lasts through all of it
    with load:
        first = daemon.proxies()
        for generation in range(3):
            before = load.done
            daemon.upgraded()
            pooled.append(connect(postgres, daemon))
            assert all(answers(connection) for connection in pooled)
            assert answers(inside, generation)
            until(lambda: load.done > before + 50, "traffic through the new proxy")
            until(lambda: len(daemon.former()) == generation + 1, "all former ones are told of")
        assert daemon.proxies()[0] == first[0]
    assert load.failures == []
    # A fourth finds no room, says until when, and changes nothing.
    code, said = daemon.upgrade()
    assert code == 1 and "3 former proxies still finish their sessions" in said
    oldest = until(lambda: (first := daemon.former()[0])["sessions_left"] >= 5 and first,
                   "its sessions are counted")
    assert oldest["until"][:2] == "20"
    inside.commit()
    for connection in (inside, *pooled):
        assert answers(connection)
        connection.close()
    until(lambda: daemon.former() == [], "the former proxies leave")
    daemon.upgraded()
    # Every call is known, once: each of three analyzers read where the one before had stopped.
    def known():
        found = statements(daemon)
        return {text: found.get(text, {}).get("calls") for text in load.sent}
    with contextlib.suppress(AssertionError):
        until(lambda: known() == load.sent, "all calls are known")
    status = daemon.status("proxy")
    counted = {name: status["proxy"][name] for name in (
        "events_sent", "events_folded", "events_dropped", "events_abandoned")}
    assert known() == load.sent, (counted, status["analyzer"])
    assert counted["events_dropped"] == 0, counted
    with connect(postgres, daemon) as fresh:
        assert answers(fresh)


def test_the_last_records_of_a_proxy_that_leaves_are_read(postgres, daemon):
    """Its rings end with it, and nobody has them while one analyzer follows another."""
    analyzer = child(daemon, "analyzer")
    os.kill(analyzer, signal.SIGSTOP)
    with connect(postgres, daemon) as old:
        for number in range(300):
            assert old.execute(f"SELECT {number}, 'last'").fetchone() == (number, "last")
        [former] = daemon.proxies()
        daemon.ask()
        daemon.in_state("renewing")
    until(lambda: not has_clients(daemon, former), "it has no session any more")
    os.kill(analyzer, signal.SIGKILL)
    until(lambda: statements(daemon).get("select ?, ?", {}).get("calls") == 300, "all are known")
    until(lambda: not is_alive(former), "then it ends")
    daemon.in_state("done")


def has_clients(daemon, pid):
    """Has the process a connection at the daemon's port? As the kernel's own tables have it."""
    own = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                own.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table if ":" in line]
    return any(int(row[1].split(":")[1], 16) == daemon.port and row[3] == "01"
               and f"socket:[{row[9]}]" in own for row in rows)


def test_counters_never_go_backwards(postgres, daemon):
    seen = []
    ends = threading.Event()

    def look():
        while not ends.is_set():
            with contextlib.suppress(RuntimeError, KeyError):
                seen.append(daemon.document("status")["proxy"]["queries"])
            time.sleep(0.2)
    with connect(postgres, daemon) as old:
        for _ in range(100):
            assert answers(old)
        daemon.status("proxy", ready=lambda s: s["proxy"]["queries"] >= 100)
        watcher = threading.Thread(target=look)
        watcher.start()
        daemon.ask()
        daemon.in_state("proving")
        with connect(postgres, daemon) as new:
            for _ in range(100):
                assert answers(old) and answers(new)
            both = daemon.status("proxy", ready=lambda s: s["proxy"]["queries"] >= 300)
            assert both["proxy"]["queries"] >= 300
            ends.set()
            watcher.join()
            daemon.in_state("done")
    assert seen == sorted(seen)


def test_the_bound_tells_idle_sessions_and_closes_busy_ones(postgres, tmp_path):
    with Upgradable(str(tmp_path), postgres.port,
                    more=("--upgrade-drain-s", "1", "--drain-ms", "300")) as daemon:
        daemon.wait_until_watching()
        idle, busy = connect(postgres, daemon), connect(postgres, daemon)
        busy.autocommit = False
        assert answers(idle) and answers(busy)
        former = daemon.proxies()
        daemon.upgraded()
        until(lambda: not is_alive(former[0]), "the former proxy ends at its bound")
        with pytest.raises(psycopg.OperationalError, match="slowburn is shutting down"):
            answers(idle)  # libpq shows the message of the 57P01 that came unasked
        with pytest.raises(psycopg.OperationalError):
            answers(busy)
        with connect(postgres, daemon) as fresh:
            assert answers(fresh)


@contextlib.contextmanager
def asleep(postgres, connection, number=60):
    """The connection sleeps at the server meanwhile; .ended holds its SQLSTATE afterwards."""
    text, ended = f"SELECT pg_sleep({number})", []

    def sleep():
        try:
            connection.execute(text)
        except psycopg.Error as error:
            ended.append(error.sqlstate)
    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    with psycopg.connect(postgres.dsn(), autocommit=True) as direct:
        until(lambda: direct.execute("SELECT count(*) FROM pg_stat_activity WHERE query = %s "
                                     "AND state = 'active'", (text,)).fetchone() == (1,),
              "it sleeps")
    yield ended
    sleeper.join(60)
    assert not sleeper.is_alive()


def test_a_cancel_finds_its_session_whichever_proxy_has_it(postgres, daemon):
    """While both accept, when the former one only finishes, and after one more upgrade."""
    with contextlib.ExitStack() as stack:
        old = [stack.enter_context(connect(postgres, daemon)) for _ in range(3)]
        daemon.ask()
        daemon.in_state("proving")
        both = [stack.enter_context(connect(postgres, daemon)) for _ in range(6)]

        def cancels(connections):
            for i, connection in enumerate(connections):
                with asleep(postgres, connection, 60 + i) as ended:
                    connection.cancel()
                assert ended == ["57014"]
        cancels(old[:1] + both)
        daemon.in_state("done")
        cancels(old + both)
        daemon.upgraded()
        new = stack.enter_context(connect(postgres, daemon))
        cancels([*old, *both, new])
        assert daemon.status("proxy")["proxy"]["cancels_unknown"] == 0


def configured(tmp_path, postgres, more=""):
    """A daemon that has nothing but a file; and that file, and what stands in it."""
    path = tmp_path / "slowburn.conf"
    daemon = Upgradable(str(tmp_path), postgres.port)
    text = (f"[slowburn]\nadmin = {daemon.admin}\n[postgres main]\nlisten = {daemon.port}\n"
            f"upstream = 127.0.0.1:{postgres.port}\n" + more)
    path.write_text(text)
    daemon.command = [daemon.own, "run", "-c", str(path), "--data", daemon.data]
    return daemon, path, text


def test_a_cancel_finds_its_server_where_the_listener_leads_elsewhere(postgres, tmp_path):
    daemon, path, text = configured(tmp_path, postgres)
    with daemon:
        daemon.wait_until_watching()
        with connect(postgres, daemon) as old:
            path.write_text(text.replace(f":{postgres.port}\n", f":{processes.free_port()}\n"))
            daemon.upgraded()
            with pytest.raises(psycopg.OperationalError, match="cannot be reached"):
                connect(postgres, daemon)
            with asleep(postgres, old) as ended:
                old.cancel()
            assert ended == ["57014"]


def test_a_client_of_the_former_proxy_that_dies_is_cancelled_through_tls(tmp_path):
    """The server takes TLS only; what the listener was told is needed as long as a session lives."""
    ca = Authority(tmp_path)
    shown = ca.issue("db", "IP:127.0.0.1").owned_by(unprivileged_user())
    settings = f"ssl = on\nssl_cert_file = '{shown.cert}'\nssl_key_file = '{shown.key}'\n"
    with harness.Postgres(harness.reachable(tmp_path), settings,
                          "hostssl all all all trust\n") as server:
        daemon, *_ = configured(tmp_path, server, "server_tls = require\n")
        with daemon:
            daemon.wait_until_watching()
            with Wire(daemon.port) as dying:
                dying.send(query("select pg_sleep(6000)"))
                daemon.upgraded()
                dying.reset()
            with psycopg.connect(server.dsn(port=daemon.port), autocommit=True) as other:
                until(lambda: other.execute("select count(*) from pg_stat_activity where query = "
                                            "'select pg_sleep(6000)'").fetchone() == (0,),
                      "its query is cancelled")


def test_tls_and_http_sessions_go_on_through_an_upgrade(postgres, tmp_path):
    ca = Authority(tmp_path)
    shown = ca.issue("proxy", "IP:127.0.0.1")
    web = processes.free_port()
    with Upstream() as pages:
        daemon, *_ = configured(tmp_path, postgres, (
            f"client_tls = require\ntls_cert = {shown.cert}\ntls_key = {shown.key}\n"
            f"[http web]\nlisten = {web}\nupstream = 127.0.0.1:{pages.port}\n"))
        tls = {"sslmode": "verify-ca", "sslrootcert": ca.cert}
        with daemon, contextlib.ExitStack() as stack:
            daemon.wait_until_watching()
            idle, sleeping = (stack.enter_context(connect(postgres, daemon, **tls))
                              for _ in range(2))
            inside = stack.enter_context(connect(postgres, daemon, **tls))
            inside.autocommit = False
            assert answers(inside)
            kept, busy = (stack.enter_context(contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", web, timeout=60))) for _ in range(2))

            def get(connection, path):
                connection.request("GET", path)
                return connection.getresponse().read()
            assert get(kept, "/before") == b"ok"
            own_port = kept.sock.getsockname()
            busy.request("GET", "/slow")
            assert pages.slow_arrived.wait(60)
            with asleep(postgres, sleeping) as ended:
                daemon.upgraded()
                assert answers(idle) and answers(inside, 2)
                assert get(kept, "/after") == b"ok" and kept.sock.getsockname() == own_port
                pages.slow_may_go.set()
                assert busy.getresponse().read() == b"ok"
                sleeping.cancel()
            assert ended == ["57014"]
            inside.commit()
            fresh = stack.enter_context(connect(postgres, daemon, **tls))
            assert answers(fresh) and fresh.pgconn.ssl_in_use
            until(lambda: (daemon.former() or [{"sessions_left": 0}])[0]["sessions_left"] == 5,
                  "they are counted")
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", web)) as other:
                assert get(other, "/new") == b"ok"


BINARIES = {
    "is another program": ("/bin/true", "does not answer as a slowburn that can take over would"),
    "is cut short": (None, "crashed when tried"),
    "dies at once": ("early", "the new proxy ended before it was ready (signal 9)"),
    "dies once it serves": ("late", "the new proxy ended right after it had begun to accept"),
    "says nothing": ("mute", "the new proxy was not ready within 15 s"),
}


@pytest.mark.parametrize("what", BINARIES)
def test_a_broken_binary_changes_nothing(postgres, tmp_path, what):
    other, reason = BINARIES[what]
    way = other if other in ("early", "late", "mute") else ""
    folder = tmp_path
    with Upgradable(str(folder), postgres.port) as daemon:
        pass
    daemon.own = os.path.join(str(folder), "slowburn-" + (way or "x"))
    replace(daemon.own, BINARY)
    daemon.command[daemon.command.index(daemon.binary)] = daemon.own
    with daemon:
        daemon.wait_until_watching()
        with connect(postgres, daemon) as old:
            proxies = daemon.proxies()
            if other is None:
                with open(BINARY, "rb") as whole, open(daemon.own + ".new", "wb") as cut:
                    cut.write(whole.read(100_000))
                os.chmod(daemon.own + ".new", 0o755)
                os.rename(daemon.own + ".new", daemon.own)
            else:
                replace(daemon.own, BROKEN if way else other)
            code, said = daemon.upgrade()
            assert (code, reason in said) == (1, True), said
            assert daemon.proxies() == proxies
            assert daemon.record()["state"] == "failed"
            assert answers(old)
            with connect(postgres, daemon) as new:
                assert answers(new)
            # The next one, with a sound binary, works: the way back left nothing behind.
            replace(daemon.own, BINARY)
            daemon.upgraded()
            assert answers(old)
            assert daemon.proxies() != proxies


def test_configurations_that_cannot_be_used(postgres, tmp_path):
    daemon, path, good = configured(tmp_path, postgres)
    taken = processes.free_port()
    with daemon, socket.socket() as other:
        daemon.wait_until_watching()
        other.bind(("127.0.0.1", taken))
        other.listen()
        with connect(postgres, daemon) as old:
            proxies = daemon.proxies()
            path.write_text(good + "[limits]\ndrain_sm = 5\n")
            code, said = daemon.upgrade()
            assert code == 1 and 'unknown key "drain_sm" in [limits]' in said
            path.write_text(good + f"[http web]\nlisten = {taken}\nupstream = 127.0.0.1:9\n")
            code, said = daemon.upgrade()
            assert code == 1 and f"127.0.0.1:{taken}: the port is in use" in said
            assert daemon.proxies() == proxies and answers(old)
            # What a SIGHUP cannot change, an upgrade can: listeners come and stay, workers change.
            more = processes.free_port()
            path.write_text(good.replace("[postgres", "workers = 3\n[postgres", 1) +
                            f"[postgres second]\nlisten = {more}\n"
                            f"upstream = 127.0.0.1:{postgres.port}\n")
            daemon.upgraded()
            assert answers(old)
            for port in (daemon.port, more):
                with psycopg.connect(postgres.dsn(port=port)) as new:
                    assert answers(new)
            ways = subprocess.run([BINARY, "bypass", "--data", daemon.data, "--json"],
                                  capture_output=True, text=True, check=True)
            assert [l["name"] for l in json.loads(ways.stdout)] == ["main", "second"]


def test_a_supervisor_killed_in_the_midst(postgres, daemon):
    with connect(postgres, daemon) as old:
        daemon.ask()
        daemon.in_state("proving")
        former, successor = daemon.proxies()
        daemon.process.kill()
        daemon.process.wait()
        assert answers(old)
        with connect(postgres, daemon) as meanwhile:
            assert answers(meanwhile)
            # The next one takes both over, and finishes what the dead one had begun.
            daemon.process = processes.start(daemon.command, daemon.log)
            until(lambda: former_or_none(daemon) == [former], "the older one is retired")
            daemon.in_state("failed")
            assert answers(old) and answers(meanwhile)
            with connect(postgres, daemon) as new:
                assert answers(new)
    until(lambda: not is_alive(former), "the former proxy ends with its last session")
    assert is_alive(successor)
    daemon.upgraded()
    until(lambda: not is_alive(successor), "an adopted proxy is replaced like any other")


def former_or_none(daemon):
    """None while the daemon is not there yet."""
    with contextlib.suppress(RuntimeError, KeyError):
        return [proxy["pid"] for proxy in daemon.former()]
    return None


def test_a_former_proxy_that_dies_in_the_midst(postgres, daemon):
    daemon.ask()
    daemon.in_state("proving")
    former, successor = daemon.proxies()
    os.kill(former, signal.SIGKILL)
    daemon.in_state("done")
    assert daemon.proxies() == [successor]
    with connect(postgres, daemon) as new:
        assert answers(new)


def test_stopping_in_the_midst_stops_all(postgres, daemon):
    with connect(postgres, daemon) as old:
        assert answers(old)
        daemon.ask()
        daemon.in_state("proving")
        proxies = daemon.proxies()
        assert len(proxies) == 2
        daemon.process.terminate()
        assert daemon.process.wait(60) == 0
    assert not any(map(is_alive, proxies))
    assert daemon.record()["state"] == "failed"


def test_bypass_of_unix_sockets_and_v6(tmp_path):
    path = tmp_path / "slowburn.conf"
    path.write_text("[postgres a]\nlisten = 16432\nupstream = unix:/run/pg/.s.PGSQL.5433\n"
                    "[postgres b]\nlisten = 16433\nupstream = [::1]:5432\n"
                    "[http c]\nlisten = 16434\nupstream = unix:/run/api.sock\n")
    done = subprocess.run([BINARY, "bypass", "-c", str(path), "--json"], capture_output=True,
                          text=True, check=True)
    ways = [listener["set"] for listener in json.loads(done.stdout)]
    assert ways[0]["libpq"] == "host=/run/pg port=5433"
    assert ways[1]["database_url"] == "postgresql://USER:PASSWORD@[::1]:5432/DATABASE"
    assert ways[2]["nginx"] == "server unix:/run/api.sock;"


def test_nobody_to_ask(tmp_path):
    done = subprocess.run([BINARY, "upgrade", "--data", str(tmp_path)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 3 and "no slowburn runs with the data directory" in done.stderr
    done = subprocess.run([BINARY, "bypass", "--data", str(tmp_path)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 3 and "give the configuration with -c FILE" in done.stderr
