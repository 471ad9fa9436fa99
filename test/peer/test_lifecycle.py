# SPDX-License-Identifier: Apache-2.0
"""The processes' lives: deaths, restarts, a proxy that changes hands, reloading, stopping."""
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from test.harness import processes
from test.harness.http_server import HttpServer
from test.harness.until_told import UntilTold

BINARY = os.path.abspath(os.environ["SLOWBURN_BINARY"])
PATIENCE_S = 60.0


def until(condition, what, seconds=PATIENCE_S):
    """Waits for a state; how long it takes is not what is tested."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class Upstream(HttpServer):
    """/slow waits until the test lets it go."""

    def __init__(self):
        self.slow_arrived = threading.Event()
        self.slow_may_go = threading.Event()
        super().__init__()

    def answer(self, path):
        if path == "/slow":
            self.slow_arrived.set()
            self.slow_may_go.wait(PATIENCE_S)
        return b"ok"

    def __exit__(self, *error):
        self.slow_may_go.set()
        super().__exit__(*error)


class Load(UntilTold):
    """Four clients, one kept connection each, until told to stop."""

    def __init__(self, port):
        self.port = port
        self.done = 0
        self.failures = []
        super().__init__(*[self._client] * 4)

    def _client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        while not self.ends.is_set():
            try:
                connection.request("GET", "/orders/1")
                response = connection.getresponse()
                if response.status != 200 or response.read() != b"ok":
                    self.failures.append(response.status)
                self.done += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return
            time.sleep(0.002)
        connection.close()


class Run:
    """One `slowburn run`; its log as a list of objects."""

    def __init__(self, folder, name, *options, data=None):
        self.log = os.path.join(folder, f"{name}.log")
        self.data = data or os.path.join(folder, "data")
        self.process = processes.start(
            [BINARY, "run", "--data", self.data, "--log-format", "json", *options], self.log)

    def events(self, event=None, **fields):
        found = []
        with open(self.log, encoding="utf-8") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if event in (None, entry.get("event")) and fields.items() <= entry.items():
                        found.append(entry)
        return found

    def wait_for(self, event, count=1, **fields):
        def seen():
            found = self.events(event, **fields)
            return found if len(found) >= count else None
        return until(seen, f"{count} x {event} {fields} in {self.log}")

    def pid_of(self, name):
        return self.events("process_started", name=name)[-1]["pid"]

    def stop(self):
        processes.stop(self.process)


def is_alive(pid):
    """False for zombies too: an orphan's parent need not reap it at once."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return False


def get(port, path="/"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def ready(place, run):
    """The listener takes connections before the proxy is there; an answer says that it is. Whether the
    supervisor knows it is another thing: a proxy that dies before ends the start."""
    processes.wait_for_port(place.port, run.process)
    assert get(place.port) == 200
    run.wait_for("ready")


@pytest.fixture
def upstream():
    with Upstream() as server:
        yield server


@pytest.fixture
def place(tmp_path, upstream):
    """Folder, options, and whatever was started, which ends with the test."""
    class Place:
        folder = str(tmp_path)
        port = processes.free_port()
        admin = processes.free_port()
        runs = []

        def run(self, *more, name=None, http=True):
            options = ["--admin", f"127.0.0.1:{self.admin}"]
            if http:
                options += ["--http", f"127.0.0.1:{self.port}=127.0.0.1:{upstream.port}"]
            self.runs.append(Run(self.folder, name or f"run{len(self.runs)}", *options, *more))
            return self.runs[-1]

    made = Place()
    made.runs = []
    yield made
    pids = {e["pid"] for run in made.runs for e in run.events("process_started")}
    for run in made.runs:
        run.stop()
    for pid in filter(is_alive, pids):
        os.kill(pid, signal.SIGKILL)


def refused(*words):
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, check=False,
                          timeout=PATIENCE_S)
    return done.returncode, done.stderr


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = refused("run", "--data", str(tmp_path / "d"), "--http", f"{port}=127.0.0.1:9",
                             "--admin", "off")
        assert code == 1
        assert f"the http listener 127.0.0.1:{port}: the port is in use" in said
        code, said = refused("run", "--data", str(tmp_path / "d"), "--admin", str(port),
                             "--http", f"{processes.free_port()}=127.0.0.1:9")
        assert code == 1
        assert f"the admin API on 127.0.0.1:{port}: the port is in use" in said


def test_an_unknown_key_is_named_with_its_line(tmp_path):
    path = tmp_path / "slowburn.conf"
    path.write_text("[http]\nlisten = 1\nupstream = 2\n\n[limits]\ndrain_sm = 5\n")
    for words in (("run", "-c", str(path)), ("check-config", str(path))):
        code, said = refused(*words)
        assert code == 1
        assert f'{path}:6: unknown key "drain_sm" in [limits]; did you mean "drain_ms"?' in said


def test_one_slowburn_to_a_data_directory(place):
    first = place.run()
    ready(place, first)
    code, said = refused("run", "--data", first.data, "--http", "1=2")
    assert code == 1
    assert f"run.lock is held by process {first.process.pid}" in said
    assert get(place.port) == 200


def child(run, name, other_than=None):
    """The pid of a child, from the kernel: the log leaves lines out when there are many."""
    with contextlib.suppress(OSError), open(
            f"/proc/{run.process.pid}/task/{run.process.pid}/children", encoding="ascii") as pids:
        for pid in map(int, pids.read().split()):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as words:
                if words.read().split(b"\0")[1:3] == [b"child", name.encode()] \
                        and pid != other_than:
                    return pid
    return None


def test_who_only_watches_does_not_push_the_proxy_aside(place):
    run = place.run()
    ready(place, run)
    # Another policy than the usual one (nice tests run under SCHED_IDLE) is inherited and kept.
    ours = os.sched_getscheduler(0)
    batch = os.SCHED_BATCH if ours == os.SCHED_OTHER else ours
    for name, policy in (("proxy", ours), ("analyzer", batch), ("advisor", batch)):
        pid = until(lambda name=name: child(run, name), f"{name} runs")
        until(lambda pid=pid, policy=policy: os.sched_getscheduler(pid) == policy,
              f"{name} is scheduled as {policy}")


def test_traffic_survives_deaths_of_each(place):
    """Of each six; twenty with queries: test_kills.py."""
    run = place.run()
    ready(place, run)
    proxy = child(run, "proxy")
    killed = {"analyzer": None, "advisor": None}
    with Load(place.port) as load:
        for death in range(6):
            for name, last in killed.items():
                killed[name] = until(lambda: child(run, name, last), f"{name} after {last}")
                os.kill(killed[name], signal.SIGKILL)
            time.sleep(0.2 if death % 2 else 1.1)  # one that lived a second starts again at once
        for name, last in killed.items():
            until(lambda: child(run, name, last), f"{name} after {last}")
        before = load.done
        until(lambda: load.done > before + 100, "traffic goes on")
    assert load.failures == []
    assert child(run, "proxy") == proxy


def test_a_killed_proxy_comes_back_on_its_port(place):
    run = place.run()
    ready(place, run)
    os.kill(run.pid_of("proxy"), signal.SIGKILL)
    run.wait_for("process_started", count=2, name="proxy")
    # The listening socket is the supervisor's: nobody is refused meanwhile.
    assert get(place.port) == 200


def test_a_new_supervisor_takes_the_running_proxy_over(place):
    first = place.run()
    ready(place, first)
    proxy = first.pid_of("proxy")
    other = processes.free_port()
    with Load(place.port) as load:
        first.process.kill()
        first.process.wait()
        until(lambda: load.done > 200, "traffic without a supervisor")
        second = place.run("--http", f"127.0.0.1:{other}=127.0.0.1:9")
        assert second.wait_for("proxy_adopted")[0]["pid"] == proxy
        difference = second.wait_for("proxy_differs")[0]["difference"]
        assert difference == f"it does not listen on 127.0.0.1:{other}"
        second.wait_for("process_started", name="analyzer")
        before = load.done
        until(lambda: load.done > before + 200, "traffic under the new one")
        assert is_alive(proxy)
    assert load.failures == []
    for name in ("analyzer", "advisor"):
        until(lambda: not is_alive(first.pid_of(name)), f"the orphaned {name} leaves")
    # It is watched like a child: dead, it is started again, as configured this time.
    os.kill(proxy, signal.SIGKILL)
    second.wait_for("process_started", name="proxy")
    assert get(place.port) == 200
    processes.wait_for_port(other, second.process)


def test_sigterm_finishes_what_is_in_flight(place, upstream):
    run = place.run()
    ready(place, run)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(get(place.port, "/slow")))
    slow.start()
    assert upstream.slow_arrived.wait(PATIENCE_S)
    run.process.terminate()
    run.wait_for("draining")
    def refuses():
        with contextlib.suppress(ConnectionRefusedError), \
                socket.create_connection(("127.0.0.1", place.port), 5):
            return False
        return True
    until(refuses, "no new connections")
    assert run.process.poll() is None
    upstream.slow_may_go.set()
    slow.join(PATIENCE_S)
    assert answers == [200]
    assert run.process.wait(PATIENCE_S) == 0
    for entry in run.events("process_started"):
        assert not is_alive(entry["pid"])
    assert not os.path.exists(os.path.join(run.data, "control.sock"))


def test_draining_is_bounded(place, upstream):
    run = place.run("--drain-ms", "100")
    ready(place, run)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE_S)
    connection.request("GET", "/slow")
    assert upstream.slow_arrived.wait(PATIENCE_S)
    run.process.terminate()
    assert run.process.wait(PATIENCE_S) == 0
    connection.close()


def test_a_second_sigterm_stops_at_once(place, upstream):
    run = place.run("--drain-ms", "600000")
    ready(place, run)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE_S)
    connection.request("GET", "/slow")
    assert upstream.slow_arrived.wait(PATIENCE_S)
    run.process.terminate()
    run.wait_for("draining")
    run.process.terminate()
    run.process.wait(PATIENCE_S)
    for entry in run.events("process_started"):
        assert not is_alive(entry["pid"])
    connection.close()


def test_sighup_rereads_the_file(place, upstream, tmp_path):
    path = tmp_path / "slowburn.conf"
    listener = f"[http]\nlisten = {place.port}\nupstream = {upstream.port}\n"
    path.write_text(f"[slowburn]\nlog_level = info\n{listener}")
    run = place.run("-c", str(path), http=False)
    ready(place, run)

    path.write_text(f"[slowburn]\nlog_level = debug\nworkers = 7\n{listener}")
    run.process.send_signal(signal.SIGHUP)
    assert run.wait_for("reloaded")[0]["log_level"] == "debug"
    assert run.events("reload_ignored", setting="workers")

    path.write_text(f"[slowburn]\nlog_level = loud\n{listener}")
    run.process.send_signal(signal.SIGHUP)
    reason = run.wait_for("reload_failed")[0]["reason"]
    assert re.search(r"slowburn\.conf:2: log_level is .*not \"loud\"", reason)
    assert get(place.port) == 200

    path.write_text(f"[slowburn]\nlog_level = info\n{listener}")
    run.process.send_signal(signal.SIGHUP)
    assert run.wait_for("reloaded", count=2)[1]["log_level"] == "info"
