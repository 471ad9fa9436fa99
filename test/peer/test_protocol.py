# SPDX-License-Identifier: Apache-2.0
"""The whole protocol between real clients and a real PostgreSQL: what neither may notice of the
proxy, whatever they say."""
import contextlib
import os
import re
import socket
import struct
import threading
import time

import psycopg2
import pytest

from test.harness import postgres as harness
from test.peer import proxy_host, wire
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records
from test.peer.wire import COPY_DONE, FLUSH, SYNC, Wire, message, query, run


@pytest.fixture
def proxy(postgres, tmp_path):
    """Four workers before `postgres`, with .port and .records."""
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"], "postgres", workers=4,
                   drain_ms=500) as running:
        running.port = running.ports[0]
        running.records = Records(running)
        yield running


def eventually(check, seconds=15.0):
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


# ---- cancelling ----

def test_any_worker_cancels_for_any_session(postgres, proxy):
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Wire(proxy.port)) for _ in range(16)]
        assert len({w.pid for w in sessions}) == 16
        for w in sessions:
            w.send(query("select pg_sleep(60)"))
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


def test_a_cancel_is_dealt_with_before_its_connection_ends(proxy):
    with Wire(proxy.port) as w:
        for _ in range(20):
            w.send(query("select pg_sleep(60)"))
            time.sleep(0.02)
            wire.cancel(proxy.port, w.pid, w.key)
            assert wire.sqlstate(w.until(b"Z")) == "57014"
            # What comes after the cancel was answered is not hit by it.
            assert w.ask("select 'next'") == [["next"]]


def test_a_cancel_that_nobody_waits_for_arrives(proxy):
    with Wire(proxy.port) as w:
        w.send(query("select pg_sleep(60)"))
        time.sleep(0.1)
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
    assert eventually(lambda: activity(postgres, pid) is None)
    wire.cancel(proxy.port, pid, key)
    assert eventually(lambda: proxy.records.counter("cancels_unknown") == 4)
    assert proxy.records.counter("cancels") == 0


def test_cancels_pass_where_no_session_does_any_more(postgres, tmp_path):
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"], "postgres", workers=1,
                   sessions_max=1, drain_ms=500) as proxy:
        with Wire(proxy.ports[0]) as w:
            with Wire(proxy.ports[0]) as refused:
                assert wire.sqlstate(refused.greeting) == "53300"
            w.send(query("select pg_sleep(60)"))
            time.sleep(0.1)
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
