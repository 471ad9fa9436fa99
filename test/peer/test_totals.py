# SPDX-License-Identifier: Apache-2.0
"""Nothing is counted twice and nothing vanishes: with a consumer that does not keep up, and with
one that is killed at random moments."""
import contextlib
import os
import random
import signal
import time

import psycopg

from test.harness.slowburn import Slowburn
from test.peer.test_kills import statements
from test.peer.test_lifecycle import child, until

ROWS = 7
# Windows are written every ten seconds and committed in the next one; a connection that does not rest
# is told of every five; and a slow machine takes its time for each.
KEPT_AFTER_S = 20.0


@contextlib.contextmanager
def connected(postgres, daemon):
    daemon.wait_until_watching()
    with psycopg.connect(postgres.dsn(port=daemon.port), autocommit=True,
                         prepare_threshold=None) as connection:
        yield connection


def send(connection, count):
    for number in range(count):
        rows = connection.execute(f"SELECT {number} FROM generate_series(1, {ROWS})").fetchall()
        assert len(rows) == ROWS


def known(daemon):
    return statements(daemon).get("select ? from generate_series(?, ?)",
                                  {"calls": 0, "rows": 0, "errors": 0, "mean_ms": 0.0})


def test_a_ring_that_overflows_loses_no_call(postgres, tmp_path):
    count = 4000
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                  more=("--ring-bytes", "65536", "--workers", "1")) as daemon, \
            connected(postgres, daemon) as connection:
        send(connection, 200)
        until(lambda: known(daemon)["calls"] == 200, "the first ones")
        analyzer = child(daemon, "analyzer")
        stopped = time.monotonic()
        os.kill(analyzer, signal.SIGSTOP)
        try:
            send(connection, count)  # the ring has room for a few hundred
        finally:
            os.kill(analyzer, signal.SIGCONT)
        until(lambda: known(daemon)["calls"] >= 200 + count, "all of them")
        seconds = time.monotonic() - stopped
        query = known(daemon)
        assert (query["calls"], query["rows"], query["errors"]) == (
            200 + count, (200 + count) * ROWS, 0)
        status = daemon.status("proxy", ready=lambda s: s["proxy"]["events_folded"] > count / 2)
        assert status["proxy"]["events_folded"] > count / 2
        assert status["proxy"]["events_dropped"] < 30 + seconds  # a counter a second, names
        assert status["analyzer"]["rings_broken"] == 0
        # The sequence numbers tell the reader of every record it did not get; it reads them a
        # moment later than the proxy counted them.
        until(lambda: (lambda s: s["analyzer"]["records_missing"] == s["proxy"]["events_folded"]
                       + s["proxy"]["events_dropped"])(daemon.document("status")),
              "missing = folded + dropped")


def test_totals_at_rest_survive_kills(postgres, tmp_path):
    rng = random.Random(7)
    sent, kills, last = [], [], None
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port) as daemon, \
            connected(postgres, daemon) as connection:
        def send_ten():
            send(connection, 10)
            sent.append((time.monotonic(), 10))
            return known(daemon)["calls"] > 0
        for lives_s in (KEPT_AFTER_S + 4, *(rng.uniform(0.2, 3.0) for _ in range(4))):
            ends = time.monotonic() + lives_s
            while time.monotonic() < ends:
                send_ten()
            last = until(lambda: child(daemon, "analyzer", last), "an analyzer")
            os.kill(last, signal.SIGKILL)
            kills.append(time.monotonic())
        until(lambda: child(daemon, "analyzer", last), "the last analyzer")
        daemon.wait_until_watching()
        watching = time.monotonic()
        until(send_ten, "what is known")
        send_ten()
        daemon.process.terminate()
        assert daemon.process.wait(60) == 0
        at_rest = known(daemon)
    # A death takes along what came in the ten seconds before it, and no more; nothing twice.
    assert at_rest["calls"] <= sum(count for _, count in sent)
    assert at_rest["calls"] >= sum(count for at, count in sent
                                   if at < kills[0] - KEPT_AFTER_S or at > watching)
    assert at_rest["rows"] == at_rest["calls"] * ROWS
    assert not os.path.exists(os.path.join(daemon.data, "store.db.damaged"))
