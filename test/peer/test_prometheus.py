# SPDX-License-Identifier: Apache-2.0
"""/metrics: promtool finds nothing to say about it, a real Prometheus scrapes it, and what comes out
at its other end is what the application did."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest

from test.harness import processes
from test.harness.slowburn import Slowburn
from test.peer import burn
from test.peer.test_lifecycle import until

APP = os.path.join(os.path.dirname(__file__), "small_app.py")
CONTRIB = os.path.join(os.path.dirname(__file__), "../../contrib")
OPEN = "application/openmetrics-text"


def tool(name):
    found = shutil.which(name)
    assert found is not None, f"{name} is missing: Debian's package prometheus has it (make deps)"
    return found


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as reply:
        return reply.headers["Content-Type"], reply.read().decode()


def is_ready(port):
    try:
        return "ready" in get(f"http://127.0.0.1:{port}/-/ready")[1].lower()
    except OSError:
        return False


@pytest.fixture(scope="module")
def measured(postgres, tmp_path_factory):
    """A daemon after three requests to each of two routes; the metrics tell of them."""
    postgres.sql("CREATE DATABASE measured")
    postgres.sql(burn.SCHEMA, "measured")
    folder = str(tmp_path_factory.mktemp("measured"))
    port = processes.free_port()
    config = os.path.join(folder, "objectives.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[objective quick]\nroute = GET /orders\nlatency_ms = 300\n"
                   "[objective all]\navailability = 99.9\n")
    with Slowburn(os.environ["SLOWBURN_BINARY"], folder, postgres.port, http_port=port,
                  more=("--link-alone", "1", "--config", config)) as daemon:
        daemon.wait_until_watching()
        subprocess.run([sys.executable, APP, "measured", str(port), "lazy", "fail"], check=True,
                       env={**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(daemon.port),
                            "SLOWBURN_HTTP": f"http://127.0.0.1:{daemon.http}"})
        daemon.metrics = f"http://127.0.0.1:{daemon.admin}/metrics"
        deadline = time.monotonic() + 60
        wanted = ('slowburn_route_guess="/me"} 3', 'slowburn_route_guess="/orders"} 3', 'SELECT items"} 15',
                  'slowburn_process_restarts_total{process="proxy"} 0')
        while not all(line in get(daemon.metrics)[1] for line in wanted):
            assert time.monotonic() < deadline, f"{wanted} are not there after 60 s"
            time.sleep(0.2)
        yield daemon


def test_promtool_finds_nothing_to_say(measured):
    kind, text = get(measured.metrics)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_what_is_promised_is_shown(measured):
    text = get(measured.metrics)[1]
    for labels in ('objective="quick",indicator="latency"', 'objective="all",indicator="availability"'):
        assert f"slowburn_objective_budget_remaining_ratio{{{labels}}}" in text
        assert f'slowburn_objective_burn_rate{{{labels},window="1h"}}' in text
    shown = {(o["name"], o["route"], o["days"]) for o in measured.document("status")["judge"]["objectives"]}
    assert shown == {("quick", "GET /orders", 30), ("all", "", 30)}


def test_openmetrics_is_given_to_whom_asks(measured):
    kind, text = get(measured.metrics, Accept=f"{OPEN};version=1.0.0,text/plain;q=0.5")
    assert kind == f"{OPEN}; version=1.0.0; charset=utf-8"
    assert text.endswith("# EOF\n")
    assert "# TYPE slowburn_http_requests_failed counter" in text
    assert 'le="10.0"' in text and "# UNIT http_server_request_duration_seconds seconds" in text


def test_no_text_path_or_value_is_a_label(measured):
    text = get(measured.metrics)[1]
    assert "select" not in text and "token" not in text and "WHERE" not in text
    assert 'db_query_summary="SELECT items"' in text
    assert 'db_namespace="measured"' in text


def test_a_real_prometheus_scrapes_it(measured, tmp_path):
    port = processes.free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [os.path.abspath(f"{CONTRIB}/prometheus/slowburn.rules.yml")],
        "scrape_configs": [{"job_name": "slowburn", "static_configs": [
            {"targets": [f"127.0.0.1:{measured.admin}"]}]}]}))
    server = processes.start(
        [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port}"], str(tmp_path / "prometheus.log"))

    def ask(query):
        _, text = get(f"http://127.0.0.1:{port}/api/v1/query?"
                      + urllib.parse.urlencode({"query": query}))
        return {tuple(sorted((key, value) for key, value in row["metric"].items()
                             if key in ("slowburn_route_guess", "db_query_summary"))): float(row["value"][1])
                for row in json.loads(text)["data"]["result"]}
    try:
        processes.wait_for_port(port, server, 60)
        deadline = time.monotonic() + 60
        while not is_ready(port):  # it listens before it answers
            assert time.monotonic() < deadline, "Prometheus is not ready after 60 s"
            time.sleep(0.2)
        while ask('up{job="slowburn"}') != {(): 1.0}:
            assert time.monotonic() < deadline, "no scrape succeeded in 60 s, see prometheus.log"
            time.sleep(0.5)

        def tells(query, right):
            """On a slow machine a scrape may come too late, and what it would have told is gone
            until the next one."""
            until(lambda: right(ask(query)), f"{query} in Prometheus, which has {ask(query)}")
        requests = {(("slowburn_route_guess", "/me"),): 3, (("slowburn_route_guess", "/orders"),): 3}
        tells("http_server_request_duration_seconds_count", lambda found: found == requests)
        tells('http_server_request_duration_seconds_bucket{le="+Inf"}',
              lambda found: found == requests)
        tells("slowburn_http_requests_failed_total > 0",
              lambda found: found == {(("slowburn_route_guess", "/orders"),): 3})
        tells('db_client_operation_duration_seconds_count{db_namespace="measured"}',
              lambda found: found.get((("db_query_summary", "SELECT items"),)) == 15)
        tells("slowburn_proxy_queries_total", lambda found: found.get((), 0) >= 24)
        tells("slowburn_build_info", lambda found: found == {(): 1.0})
        _, rules = get(f"http://127.0.0.1:{port}/api/v1/rules")
        assert all(rule["health"] != "err" for group in json.loads(rules)["data"]["groups"]
                   for rule in group["rules"])
    finally:
        processes.stop(server)


def test_rules_and_dashboard_name_only_metrics_that_exist(measured):
    rules = f"{CONTRIB}/prometheus/slowburn.rules.yml"
    assert subprocess.run([tool("promtool"), "check", "rules", rules], capture_output=True,
                          check=False).returncode == 0
    text = get(measured.metrics)[1]
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}
    with open(f"{CONTRIB}/grafana/slowburn.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    with open(rules, encoding="utf-8") as file:
        expressions += [line for line in file if "expr:" in line]
    used = {name for expression in expressions
            for name in re.findall(r"\b(?:slowburn|http_server|db_client)_[a-z_]+", expression)
            if name != "slowburn_route_guess"}  # a label
    assert len(used) > 10 and used <= names, used - names
