# SPDX-License-Identifier: Apache-2.0
"""OTLP: what the application did arrives at a collector that protoc decodes, also at one that is busy,
slow and broken at first; what cannot be sent is counted."""
import os
import subprocess
import sys
import time

import pytest

from test.harness import processes
from test.harness.collector import Collector, attributes
from test.harness.receiver import Answer
from test.harness.slowburn import Slowburn
from test.peer import burn

APP = os.path.join(os.path.dirname(__file__), "small_app.py")
TOKEN = "Zq7token"
INTERNAL, SERVER, CLIENT = "INTERNAL", "SERVER", "CLIENT"


def until(ready, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, f"no {what} after {seconds} s"
        time.sleep(0.2)
    return found


def headers_file(folder):
    path = os.path.join(folder, "otlp.headers")
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"Authorization: Bearer {TOKEN}\n\nX-Tenant: shop\n")
    return path


@pytest.fixture(scope="module")
def pushed(postgres, tmp_path_factory):
    """A collector after six requests, and the daemon that told it of them."""
    postgres.sql("CREATE DATABASE pushed")
    postgres.sql(burn.SCHEMA, "pushed")
    folder = str(tmp_path_factory.mktemp("pushed"))
    os.environ["no_proxy"] = "127.0.0.1"
    port = processes.free_port()
    with Collector(Answer(503, {"Retry-After": "1"}), Answer(429, slow_s=1.0), body=b"") as collector, \
            Slowburn(os.environ["SLOWBURN_BINARY"], folder, postgres.port, http_port=port, more=(
                "--link-alone", "1", "--otlp", collector.url, "--otlp-metrics-s", "1",
                "--instance", "db-1", "--otlp-service-name", "shop",
                "--otlp-headers-file", headers_file(folder))) as daemon:
        daemon.wait_until_watching()
        subprocess.run([sys.executable, APP, "pushed", str(port), "lazy", "fail"], check=True,
                       env={**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(daemon.port),
                            "SLOWBURN_HTTP": f"http://127.0.0.1:{daemon.http}"})
        roots = until(lambda: (found := [s for s in collector.spans() if s["kind"] == [SERVER]])
                      and len(found) >= 6 and found, "six requests")
        daemon.upstream = postgres.port
        yield collector, daemon, roots


def test_a_request_and_its_queries_are_a_trace(pushed):
    collector, daemon, roots = pushed
    spans = collector.spans()
    told = {trace["trace_id"]: trace for trace in daemon.document("traces")}
    assert len(roots) == 6
    for root in roots:
        facts = attributes(root)
        queries = [s for s in spans if s["trace_id"] == root["trace_id"] and s["kind"] == [CLIENT]]
        assert facts["http.request.method"] == "GET" and "http.route" not in facts
        assert facts["slowburn.route.basis"] == "path"
        assert root["name"] == [f"GET {facts['slowburn.route.guess']}".encode()]
        trace = told[root["trace_id"][0].hex()]
        assert facts["slowburn.queries"] == trace["queries"]
        took_ns = root["end_time_unix_nano"][0] - root["start_time_unix_nano"][0]
        assert abs(took_ns / 1e6 - trace["duration_ms"]) < 0.01
        failed = facts["slowburn.route.guess"] == "/orders"
        assert facts["http.response.status_code"] == (500 if failed else 200)
        assert ("status" in root, facts.get("error.type")) == (failed, "500" if failed else None)
        assert sum(attributes(q).get("slowburn.calls", 1) for q in queries) == trace["queries"]
        for query in queries:
            assert query["parent_span_id"] == root["span_id"]
            assert root["start_time_unix_nano"] <= query["start_time_unix_nano"]
            assert query["start_time_unix_nano"] <= query["end_time_unix_nano"]
            assert query["end_time_unix_nano"] <= root["end_time_unix_nano"]
    assert len({s["span_id"][0] for s in spans}) == len(spans)


def test_queries_have_the_conventions_attributes(pushed):
    facts = [attributes(s) for s in pushed[0].spans() if s["kind"] == [CLIENT]]
    items = [f for f in facts if f["db.query.summary"] == "SELECT items"]
    assert len(items) == 3
    for f in items:
        assert f["db.system.name"] == "postgresql" and f["db.namespace"] == "pushed"
        assert f["db.query.text"] == "select sku from items where order_id = ?"
        assert (f["server.address"], f["server.port"]) == ("127.0.0.1", pushed[1].upstream)
        assert f["slowburn.calls"] == 5
    assert not any("db.collection.name" in f or "db.operation.name" in f for f in facts)


def test_metrics_are_the_figures_of_the_scrape(pushed):
    collector = pushed[0]

    def counted():
        points = [p for m in collector.metrics() if m["name"] == [b"http.server.request.duration"]
                  for p in m["histogram"][0]["data_points"]]
        latest = {attributes(p)["slowburn.route.guess"]: p for p in points}
        return latest if {r: p["count"] for r, p in latest.items()} == {
            "/orders": [3], "/me": [3]} else None
    for point in until(counted, "metrics of six requests").values():
        assert sum(point["bucket_counts"]) == 3
        assert len(point["bucket_counts"]) == len(point["explicit_bounds"]) + 1
        assert point["explicit_bounds"][0] == 0.005 and point["sum"][0] > 0

    def all_told():  # the proxy says what it has counted once a second
        latest = {m["name"][0].decode(): m for m in collector.metrics()}
        queries = latest["slowburn.proxy_queries"]["sum"][0]["data_points"][0]
        return latest if queries.get("as_double", [0])[0] >= 24 else None
    latest = until(all_told, "metrics of their queries")
    assert latest["db.client.operation.duration"]["unit"] == [b"s"]
    failed = {attributes(p)["slowburn.route.guess"]: p.get("as_double", [0])[0]
              for p in latest["slowburn.http_requests_failed"]["sum"][0]["data_points"]}
    assert failed == {"/orders": 3, "/me": 0}
    queries = latest["slowburn.proxy_queries"]["sum"][0]
    assert queries["is_monotonic"] and queries["aggregation_temporality"] == ["CUMULATIVE"]
    assert "gauge" in latest["slowburn.database_load"]


def test_every_request_says_who_sends_it_and_its_secret_is_nowhere(pushed):
    collector, daemon, _ = pushed
    for signal in ("traces", "metrics"):
        for resource in collector.resources(signal):
            assert resource["service.name"] == "shop" and resource["service.instance.id"] == "db-1"
    for received in collector.received:
        assert received.headers["Authorization"] == f"Bearer {TOKEN}"
        assert received.headers["X-Tenant"] == "shop"
    with open(daemon.log, encoding="utf-8") as log:
        assert TOKEN not in log.read() + daemon.verb("status")


def test_what_failed_at_first_was_sent_again_and_is_counted(pushed):
    collector, daemon, _ = pushed
    facts = until(lambda: (f := daemon.document("status")["otlp"])["traces"]["queued"] == 0
                  and f["traces"]["sent"] and f, "spans that were sent")
    assert facts["traces"]["failed"] + facts["metrics"]["failed"] == 2
    assert facts["traces"]["dropped"] == facts["metrics"]["dropped"] == 0
    assert facts["error"] == ""
    assert facts["traces"]["sent"] == len(collector.spans())


def test_a_collector_that_is_away_costs_nothing_but_what_is_counted(postgres, tmp_path):
    port = processes.free_port()
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port, more=(
            "--otlp", f"http://127.0.0.1:{port}", "--otlp-metrics-s", "1")) as daemon:
        daemon.wait_until_watching()
        facts = until(lambda: (f := daemon.document("status").get("otlp")) and
                      f["metrics"]["failed"] and f, "a failure")
        assert facts["error"] and facts["metrics"]["sent"] == 0
    assert daemon.process.returncode == 0  # it ends by itself, and is not killed
