# SPDX-License-Identifier: Apache-2.0
"""The store under the whole daemon: a disk that is full and has room again, a size limit, and many
deaths. The same at the store's own level, with more of each, is in test/unit/store."""
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import psycopg
import pytest

from test.harness import processes
from test.harness.slowburn import Slowburn
from test.peer.test_kills import statements
from test.peer.test_lifecycle import child, until

WRITTEN_EVERY_S = 10.0
# What a death takes along: that, what the store commits a second later and the analyzer holds five
# seconds at most, and what a slow machine adds to each.
TAKEN_ALONG_S = WRITTEN_EVERY_S + 10.0
KILLS = int(os.environ.get("SLOWBURN_KILLS", "6"))


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of that many bytes at `folder`, for this test alone."""
    os.makedirs(folder)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "none", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk of the test's own can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def connect(postgres, daemon):
    return psycopg.connect(postgres.dsn(port=daemon.port), autocommit=True, prepare_threshold=None)


def log_lines(daemon, event):
    with open(daemon.log, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def calls_of(daemon, text):
    return statements(daemon).get(text, {"calls": 0})["calls"]


def test_a_full_disk_harms_no_query_and_is_said(postgres, tmp_path):
    data = str(tmp_path / "disk")
    sent = 0
    with small_disk(data, 16 << 20):
        with Slowburn(os.environ["SLOWBURN_BINARY"], data, postgres.port,
                      more=("--log-format", "json")) as daemon, \
                connect(postgres, daemon) as connection:
            daemon.wait_until_watching()

            def some():
                nonlocal sent
                for _ in range(20):
                    connection.execute("SELECT 1 AS full_disk").fetchall()
                sent += 20

            some()
            hog = os.path.join(data, "hog")
            with open(hog, "wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 65536)
                    file.flush()

            def failed():
                some()
                return log_lines(daemon, "store_failed")

            line = until(failed, "the message about the store", seconds=60)[0]
            assert line["level"] == "warn"
            assert "full" in line["reason"], line
            assert line["path"].startswith(data)
            until(lambda: calls_of(daemon, "select ? as full_disk") == sent, "what was sent")
            os.remove(hog)

            def recovered():
                some()
                return log_lines(daemon, "store_recovered")

            until(recovered, "the store", seconds=60)
            time.sleep(2 * WRITTEN_EVERY_S)
            processes.stop(daemon.process)
            assert daemon.process.returncode == 0
            assert calls_of(daemon, "select ? as full_disk") == sent  # from the store at rest


def size_of(path):
    """What the database holds, as a reader sees it: the file itself grows when SQLite gets round to
    copying into it what is in the log."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        return (store.execute("PRAGMA page_count").fetchone()[0]
                * store.execute("PRAGMA page_size").fetchone()[0])


def test_the_store_stays_below_its_limit(postgres, tmp_path):
    limit = 2 << 20
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                  more=("--store-max-bytes", str(limit))) as daemon, \
            connect(postgres, daemon) as connection:
        daemon.wait_until_watching()
        path = os.path.join(daemon.data, "store.db")
        largest = 0
        for number in range(4000):
            # Each its own shape: far more texts and windows than there is room for.
            columns = ", ".join(f"{number} AS c{number}_{i}" for i in range(24))
            connection.execute(f"SELECT {columns}").fetchall()
            if number % 100 == 0:
                largest = max(largest, size_of(path))
        ends = time.monotonic() + 3 * WRITTEN_EVERY_S
        latest = ends + 60
        while time.monotonic() < ends or (largest <= 0.7 * limit and time.monotonic() < latest):
            largest = max(largest, size_of(path))
            assert os.path.getsize(path) <= limit
            time.sleep(0.2)
        assert 0.7 * limit < largest <= limit
        assert daemon.document("queries")


def damage(path):
    """Inside, where only who reads windows, or looks at every page, comes upon it."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        root, = store.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'windows'").fetchone()
    with open(path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\x0d\x7f\x7f\x7f\x7f\x7f\x7f\x7f")


def test_a_damaged_store_is_set_aside_and_all_is_told_again(postgres, tmp_path):
    binary, json_log = os.environ["SLOWBURN_BINARY"], ("--log-format", "json")
    with Slowburn(binary, str(tmp_path), postgres.port) as daemon, connect(postgres, daemon) as c:
        daemon.wait_until_watching()
        c.execute("SELECT 1 AS before_it").fetchall()
        until(lambda: calls_of(daemon, "select ? as before_it"), "the call")
    damage(os.path.join(daemon.data, "store.db"))
    with Slowburn(binary, str(tmp_path), postgres.port, more=json_log) as daemon, \
            connect(postgres, daemon) as c:
        until(lambda: log_lines(daemon, "store_damaged"), "the message")
        assert os.path.exists(os.path.join(daemon.data, "store.db.damaged"))
        until(lambda: log_lines(daemon, "leaving"), "the end of who has read the old one")

        def said():
            c.execute("SELECT 1 AS after_it").fetchall()
            with contextlib.suppress(RuntimeError):  # between two analyzers
                return calls_of(daemon, "select ? as after_it")
            return None
        until(said, "a call after it")
        assert len(log_lines(daemon, "leaving")) == 1
        processes.stop(daemon.process)
        assert daemon.process.returncode == 0
        assert calls_of(daemon, "select ? as after_it") > 0  # with its text, from the new store
        assert len(log_lines(daemon, "store_damaged")) == 1


def test_the_store_opens_after_every_death(postgres, tmp_path):
    rng = random.Random(11)
    sent, kills, last = [], [], None
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                  more=("--log-format", "json")) as daemon, \
            connect(postgres, daemon) as connection:
        daemon.wait_until_watching()
        for number in range(KILLS):
            # One in five lives long enough to have written; the others die at any moment. After
            # short lives the rings are new ones: what waited in the old ones is lost, so that the
            # long ones begin once somebody reads.
            if number % 5 == 0:
                daemon.wait_until_watching()
            ends = time.monotonic() + (rng.uniform(0.05, 2.5) if number % 5 else
                                       TAKEN_ALONG_S + rng.uniform(1.0, 3.0))
            while time.monotonic() < ends:
                connection.execute("SELECT 1 AS deaths").fetchall()
                sent.append(time.monotonic())
            last = until(lambda: child(daemon, "analyzer", last), "an analyzer")
            os.kill(last, signal.SIGKILL)
            kills.append(time.monotonic())
        until(lambda: child(daemon, "analyzer", last), "the last analyzer")
        processes.stop(daemon.process)
        at_rest = calls_of(daemon, "select ? as deaths")
        lost = sum(any(kill - TAKEN_ALONG_S <= at <= kill for kill in kills) for at in sent)
        assert len(sent) - lost <= at_rest <= len(sent)
        assert at_rest > 0
        assert log_lines(daemon, "store_damaged") == []
        assert not os.path.exists(os.path.join(daemon.data, "store.db.damaged"))
