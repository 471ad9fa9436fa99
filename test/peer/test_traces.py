# SPDX-License-Identifier: Apache-2.0
"""Traces that are kept: from a real application's requests to the list and the waterfall."""
import contextlib
import http.client
import json
import os
import re
import signal
import time

import psycopg2
import pytest

from test.harness.slowburn import Slowburn
from test.peer import burn


@pytest.fixture(scope="module")
def traced(postgres, tmp_path_factory):
    """A daemon after 30 requests that repeat a query, and one that failed."""
    postgres.sql("CREATE DATABASE traced")
    postgres.sql(burn.SCHEMA, "traced")
    folder = str(tmp_path_factory.mktemp("traced"))
    with contextlib.ExitStack() as stack:
        application = stack.enter_context(
            burn.Application(lambda: psycopg2.connect(postgres.dsn("traced", port=daemon.port))))
        application.version = 2
        daemon = stack.enter_context(Slowburn(os.environ["SLOWBURN_BINARY"], folder, postgres.port,
                                              http_port=application.port,
                                              more=("--request-log", f"{folder}/requests.jsonl")))
        daemon.wait_until_watching()
        for number in range(30):
            assert visit(daemon, f"/api/orders?user=token{number}") == 200
        application.handle = broken(application.handle)
        assert visit(daemon, "/api/orders?user=token7") == 500
        deadline = time.monotonic() + 60
        while not any(trace["failed"] for trace in daemon.document("traces")):
            assert time.monotonic() < deadline, "the failed request is not kept after 60 s"
            time.sleep(0.1)
        yield daemon


def broken(handle):
    def handle_and_fail(handler, body):
        handle(handler, body)
        raise OSError("as told")
    return handle_and_fail


def visit(daemon, path):
    with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", daemon.http, timeout=60)) as connection:
        connection.request("GET", path)
        reply = connection.getresponse()
        reply.read()
        return reply.status


def test_the_slowest_the_failed_and_a_few_others_are_kept(traced):
    traces = traced.document("traces", "--route", "/api/orders")
    kept = [trace["kept"] for trace in traces]
    assert {"slow", "random", "failed"} == set(kept) and len(kept) < 15
    assert [trace["started_at"] for trace in traces] == sorted(
        (trace["started_at"] for trace in traces), reverse=True)
    slow = traced.document("traces", "--slow")
    assert [trace["duration_ms"] for trace in slow] == sorted(
        (trace["duration_ms"] for trace in slow), reverse=True)
    assert traced.document("traces", "--route", "/nothing") == []
    assert len(traced.document("traces", "--limit", "2")) == 2


def test_a_trace_has_its_queries_in_order(traced):
    known = [summary for summary in traced.document("traces") if summary["queries"] > 0]
    assert known  # the first ones abstain: nothing has been learned about them yet
    for summary in known:
        trace = traced.document("trace", summary["trace_id"])
        assert all(trace[key] == summary[key] for key in summary)
        assert trace["queries"] == sum(row["calls"] for row in trace["statements"]) == 18
        assert [row["short"] for row in trace["statements"]] == [
            "users by token", "orders by user_id", "items by order_id", "settings by key"]
        items, settings = trace["statements"][2:]
        assert (items["calls"], items["distinct_values"]) == (burn.LISTED, burn.LISTED)
        assert (settings["calls"], settings["distinct_values"]) == (burn.LISTED, 1)
        assert {row["basis"] for row in trace["statements"]} == {trace["basis"]}
        gaps = trace["app_after_ms"] + sum(row["app_before_ms"] + row["app_between_ms"]
                                           for row in trace["statements"])
        assert abs(gaps - trace["app_ms"]) < 0.01
        assert abs(trace["app_ms"] + trace["db_ms"] - trace["duration_ms"]) < 0.01
        starts = [row["start_ms"] for row in trace["statements"]]
        assert starts == sorted(starts)


def test_the_waterfall_folds_repeats_into_80_columns(traced):
    trace = next(trace["trace_id"] for trace in traced.document("traces", "--slow")
                 if trace["queries"] > 0)
    page = traced.verb("trace", trace[:12])
    assert re.search(rf"items by order_id ×{burn.LISTED} ", page), page
    assert "application" in page and "\033" not in page
    assert max(len(line) for line in page.splitlines()) <= 80, page
    assert "token" not in re.sub("users by token", "", page)


def test_what_is_not_kept_is_said(traced):
    for words, said in ((("trace", "0" * 32), "no such incident, trace or mute"),
                        (("trace", "0" * 12), "no trace that is kept begins like this"),
                        (("trace", "x"), "hexadecimal")):
        with pytest.raises(RuntimeError, match=said):
            traced.verb(*words)


def test_the_request_log_has_a_line_for_each_request(traced):
    path = os.path.join(os.path.dirname(traced.data), "requests.jsonl")
    # In the order in which their queries are known, not in that of the requests.
    deadline = time.monotonic() + 60
    lines = []
    while len(lines) < 31 and time.monotonic() < deadline:
        time.sleep(0.1)
        with open(path, encoding="utf-8") as file:
            whole = [line for line in file if line.endswith("\n")]
        lines = [line for line in map(json.loads, whole) if line["status"]]
    assert sorted(line["status"] for line in lines) == [200] * 30 + [500]
    line = next(line for line in lines if line["status"] == 500)
    assert (line["route"], line["method"], line["failed"]) == ("GET /api/orders", "GET", True)
    assert line["queries"] == 18 and line["duration_ms"] > line["db_ms"] > 0
    assert [(one["short"], one["calls"], one["distinct_values"]) for one in line["repeated"]] == [
        ("items by order_id", burn.LISTED, burn.LISTED), ("settings by key", burn.LISTED, 1)]
    assert line["slowest"]["short"] and len(line["trace_id"]) == 32 and not line["partial"]
    assert "statements" not in line
    assert traced.document("status")["request_log"]["dropped"] == 0
    os.rename(path, path + ".1")  # as logrotate does
    traced.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while not os.path.exists(path) or os.path.getsize(path) == 0:
        assert time.monotonic() < deadline, "the log was not opened again within 60 s"
        visit(traced, "/api/me?user=token1")
        time.sleep(0.5)
