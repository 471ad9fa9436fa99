# SPDX-License-Identifier: Apache-2.0
"""Webhooks against receivers that are slow, full, broken or away: each hears of each change once, also
over a restart, and no secret is seen anywhere. The incidents are written into the store at rest."""
import contextlib
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from test.harness import processes
from test.harness.receiver import Answer, Receiver
from test.harness.slowburn import Slowburn

INCIDENT = os.path.join(os.path.dirname(__file__), "../unit/cli/incident.json")
SECRET = {"sign": "Zq7sign", "slack": "xoxb-Zq7slack", "route": "Zq7route", "alert": "Zq7alert",
          "url": "Zq7url"}


def plant(daemon, number, state):
    """An incident, as the store of a daemon that does not run has it."""
    with open(INCIDENT, encoding="utf-8") as file:
        incident = json.load(file)
    incident.update(id=number, state=state)
    with contextlib.closing(sqlite3.connect(os.path.join(daemon.data, "store.db"))) as store:
        instance = store.execute("SELECT id FROM instances").fetchone()[0]
        store.execute("INSERT OR REPLACE INTO incidents VALUES(?, ?, ?, 1, 1, 0, ?, x'')",
                      (instance, number, state, json.dumps(incident)))
        store.commit()


def secret_file(folder, name):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(SECRET[name] + "\n")
    return path


def configuration(folder, sections):
    path = os.path.join(folder, "slowburn.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("[slowburn]\ninstance = db-1\nconsole_url = https://slow.example\n")
        for name, keys in sections.items():
            file.write(f"[webhook {name}]\n")
            file.writelines(f"{key} = {value}\n" for key, value in keys.items())
    return path


def daemon_with(folder, sections):
    """It has nothing behind it: no traffic is needed. The configuration lies beside its folder."""
    os.environ["no_proxy"] = "127.0.0.1"
    place = os.path.join(folder, "run")
    os.makedirs(place, exist_ok=True)
    return Slowburn(os.environ["SLOWBURN_BINARY"], place, processes.free_port(),
                    more=("-c", configuration(folder, sections), "--log-level", "debug"))


@contextlib.contextmanager
def running(daemon):
    with daemon:
        daemon.wait_until_watching()
        yield


def facts(daemon):
    return daemon.document("status").get("webhooks", {})


def wait_for_facts(daemon, ready, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not ready(facts(daemon)):
        assert time.monotonic() < deadline, facts(daemon)
        time.sleep(0.2)
    return facts(daemon)


def everything_seen(daemon):
    """Logs, status, the data directory, and what a process list shows."""
    texts = [daemon.verb("status"), daemon.verb("status", "--json")]
    for where, _, names in os.walk(os.path.dirname(daemon.data)):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    texts.append(file.read().decode("latin-1"))
    pids = [child["pid"] for child in
            daemon.document("status")["supervisor"]["children"].values() if child.get("pid")]
    for pid in (daemon.process.pid, *pids):
        for what in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{what}", "rb") as file:
                texts.append(file.read().decode("latin-1"))
    return texts


def test_receivers_of_all_kinds_hear_of_each_change_once(tmp_path):
    folder = str(tmp_path)
    slack = json.dumps({"ok": True, "ts": "17958640.1"}).encode()
    busy = Answer(429, {"Retry-After": "1"})
    refused = processes.free_port()
    with contextlib.ExitStack() as stack:
        script = stack.enter_context(Receiver(Answer(cut=True)))
        alerts = stack.enter_context(Receiver(busy))
        chat = stack.enter_context(Receiver(
            Answer(body=b'{"ok": false, "error": "ratelimited"}'), body=slack))
        pager = stack.enter_context(Receiver(Answer(503, slow_s=1.5)))
        daemon = daemon_with(folder, {
            "script": {"url": f"{script.url}/a", "secret_file": secret_file(folder, "sign")},
            "alerts": {"kind": "alertmanager", "url": f"{alerts.url}/{SECRET['url']}",
                       "secret_file": secret_file(folder, "alert")},
            "chat": {"kind": "slack", "url": chat.url, "channel": "C1",
                     "secret_file": secret_file(folder, "slack")},
            "pager": {"kind": "pagerduty", "url": pager.url,
                      "secret_file": secret_file(folder, "route")},
            "away": {"url": f"http://127.0.0.1:{refused}/"},
        })
        with running(daemon):
            pass  # now there is a store
        plant(daemon, 3, "closed")  # over before anybody is told: no news
        plant(daemon, 4, "open")
        with running(daemon):
            told = wait_for_facts(daemon, lambda f: all(
                name == "away" or f.get(name, {}).get("sent") == 1 for name in f) and f)
            wait_for_facts(daemon, lambda f: f["away"]["failed"] >= 1)
            seen = everything_seen(daemon)
        assert {name: (f["failed"], f["dropped"], f["queued"]) for name, f in told.items()
                if name != "away"} == {name: (1, 0, 0)
                                       for name in ("script", "alerts", "chat", "pager")}
        assert told["away"]["sent"] == 0 and told["away"]["queued"] == 1
        assert not any(secret in text for secret in SECRET.values() for text in seen)

        plant(daemon, 4, "recovered")
        with running(daemon):
            wait_for_facts(daemon, lambda f: all(
                name == "away" or f.get(name, {}).get("sent") == 1 for name in f) and f)
        for receiver in (script, alerts, chat, pager):
            assert len(receiver.received) == 3  # one failed, and each change once

    messages = [json.loads(r.body) for r in script.received]
    assert [(m["change"], m["number"], m["incident"]["id"]) for m in messages] == [
        ("opened", 1, 4), ("opened", 1, 4), ("recovered", 2, 4)]
    for r in script.received:
        expected = hmac.new(SECRET["sign"].encode(), r.headers["Slowburn-Timestamp"].encode() + b"."
                            + r.body, hashlib.sha256).hexdigest()
        assert r.headers["Slowburn-Signature"] == f"sha256={expected}"
        assert abs(int(r.headers["Slowburn-Timestamp"]) - time.time()) < 600
    deliveries = [r.headers["Slowburn-Delivery"] for r in script.received]
    assert deliveries[0] == deliveries[1] != deliveries[2]

    assert alerts.received[0].path == f"/{SECRET['url']}"
    assert alerts.received[0].headers["Authorization"] == f"Bearer {SECRET['alert']}"
    assert [json.loads(r.body)["status"] for r in alerts.received] == [
        "firing", "firing", "resolved"]

    threads = [json.loads(r.body).get("thread_ts") for r in chat.received]
    assert threads == [None, None, "17958640.1"]

    events = [json.loads(r.body) for r in pager.received]
    assert [e["event_action"] for e in events] == ["trigger", "trigger", "resolve"]
    assert {e["routing_key"] for e in events} == {SECRET["route"]}
    assert len({e["dedup_key"] for e in events}) == 1


def test_a_receiver_that_comes_back_hears_where_it_stands(tmp_path):
    """Nobody listens there at first, and never says so: what was not told is told in the end."""
    port = processes.free_port()
    daemon = daemon_with(str(tmp_path), {"back": {"url": f"http://127.0.0.1:{port}/"}})
    with running(daemon):
        pass
    plant(daemon, 1, "open")
    with running(daemon):
        wait_for_facts(daemon, lambda f: f and f["back"]["failed"] >= 1)
    plant(daemon, 1, "recovered")
    with Receiver() as receiver:
        daemon = daemon_with(str(tmp_path), {"back": {"url": f"{receiver.url}/"}})
        with running(daemon):
            assert json.loads(receiver.wait_for(1)[0].body)["change"] == "recovered"


class Deadly(Answer):
    """The analyzer dies with the message delivered and its answer unread: before it could keep that it
    was told."""

    def __init__(self, daemon, answers):
        super().__init__()
        self.daemon, self.answers = daemon, answers
        self.killed = []

    def analyzer(self):
        parent = self.daemon().process.pid
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
            children = file.read().split()
        for pid in children:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"analyzer" in file.read().split(b"\0"):
                    return int(pid)
        raise AssertionError("there is no analyzer")

    def give(self, handler, body):
        pid = self.analyzer()
        os.kill(pid, signal.SIGSTOP)
        if self.answers:
            super().give(handler, body)
        handler.close_connection = True
        os.kill(pid, signal.SIGKILL)
        self.killed.append(pid)


@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("kind", ["generic", "pagerduty"])
def test_who_dies_behind_a_message_sends_it_again_as_the_same(tmp_path, kind, answers):
    daemon = None
    deadly = Deadly(lambda: daemon, answers)
    with Receiver(deadly) as receiver:
        daemon = daemon_with(str(tmp_path), {"one": {
            "kind": kind, "url": f"{receiver.url}/",
            "secret_file": secret_file(str(tmp_path), "route")}})
        with running(daemon):
            pass
        plant(daemon, 7, "open")
        with daemon:  # its analyzer dies as soon as it has something to tell
            first, again = receiver.wait_for(2)[:2]
            wait_for_facts(daemon, lambda f: f.get("one", {}).get("sent") == 1)
        assert len(deadly.killed) == 1
        if kind == "pagerduty":
            keys = [json.loads(r.body)["dedup_key"] for r in (first, again)]
        else:
            keys = [r.headers["Slowburn-Delivery"] for r in (first, again)]
            assert [json.loads(r.body)["number"] for r in (first, again)] == [1, 1]
        assert keys[0] == keys[1]
        with running(daemon):  # that it was told is kept now
            wait_for_facts(daemon, lambda f: "one" in f)
            told = facts(daemon)["one"]
            assert (told["sent"], told["queued"]) == (0, 0)
        assert len(receiver.received) == 2


@pytest.mark.parametrize("keys, complaint", [
    ({"kind": "pagerduty"}, "needs secret_file"),
    ({"url": "ftp://Zq7"}, "url does not begin with http:// or https://"),
    ({"url": "http://h", "secert_file": "/x"}, 'unknown key "secert_file"'),
])
def test_a_wrong_section_is_named(tmp_path, keys, complaint):
    path = configuration(str(tmp_path), {"ops": keys})
    with open(path, "a", encoding="ascii") as file:
        file.write("[postgres]\nlisten = 6543\nupstream = 5432\n")
    done = subprocess.run([os.environ["SLOWBURN_BINARY"], "check-config", path],
                                    capture_output=True, text=True, check=False)
    assert done.returncode != 0 and complaint in done.stderr and "Zq7" not in done.stderr
