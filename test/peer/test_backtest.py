# SPDX-License-Identifier: Apache-2.0
"""`slowburn backtest`: what it prints, what it refuses and where, and that it needs no daemon."""
import json
import os
import subprocess

import psycopg

from test.harness.slowburn import Slowburn
from test.peer.test_lifecycle import until

BINARY = os.environ["SLOWBURN_BINARY"]
MONDAY = 1699833600


def run(*args, text=""):
    return subprocess.run([BINARY, "backtest", *args], input=text, capture_output=True, text=True, timeout=120)


def window(minute, calls, requests=100):
    """One statement of one route, called so often for each request."""
    t = MONDAY + 60 * minute
    n = round(calls * requests)
    return [json.dumps(o) for o in (
        {"t": t, "len": 60, "route": "GET /a", "fingerprint": "f1", "statement": "select \"ü\"", "calls": n,
         "requests": requests, "hist": [[4000, n]], "later": {"is": ["unknown", None]}},
        {"t": t, "len": 60, "route": "GET /a", "calls": requests, "hist": [[12000, requests]]})]


def story():
    lines = []
    for minute in range(600):
        if minute == 560:
            lines.append(json.dumps({"t": MONDAY + 60 * minute, "deploy": "v2", "affects": ["GET /a"]}))
        lines += window(minute, 20 if minute >= 560 else 1)
    return lines


def test_an_incident_is_printed_with_its_deploy(tmp_path):
    file = tmp_path / "windows"
    file.write_text("\n".join(story()) + "\n", encoding="utf-8")
    result = run(str(file))
    assert result.returncode == 0, result.stderr
    assert "more-calls" in result.stdout and "after deploy v2" in result.stdout
    assert "1 incident in 1,200 windows of 2 series; 2 still learning" in result.stdout
    document = json.loads(run("--json", str(file)).stdout)
    (incident,) = document["incidents"]
    assert incident["causes"][0]["kind"] == "more-calls"
    assert incident["deploy"] == {"name": "v2", "at_s": MONDAY + 560 * 60, "chance": None}
    assert MONDAY + 560 * 60 < incident["opened_s"] <= MONDAY + 564 * 60


def test_a_bad_line_is_named_and_stops_it_or_not(tmp_path):
    lines = story()[:10]
    lines[3] = '{"t":1,"len":60,"route":"r","calls":-1}'
    file = tmp_path / "windows"
    file.write_text("\n".join(lines), encoding="utf-8")
    result = run(str(file))
    assert result.returncode == 1
    assert f'{file}:4: "calls": wants a number between 0 and 1e15' in result.stderr
    result = run("--keep-going", "-", text="\n".join(lines))
    assert result.returncode == 0
    assert "standard input:4:" in result.stderr
    assert "9 windows" in result.stdout and "1 lines were refused" in result.stdout


def test_what_a_daemon_has_stored_is_judged(postgres, tmp_path):
    with Slowburn(BINARY, str(tmp_path), postgres.port) as daemon:
        daemon.wait_until_watching()
        with psycopg.connect(postgres.dsn(port=daemon.port), autocommit=True) as connection:
            for i in range(40):
                connection.execute("select %s::int + 1", (i,))
        until(lambda: any("+ ?" in q["statement"] and q["calls"] == 40 for q in daemon.document("queries")),
              "the queries are counted")
    export = subprocess.run([BINARY, "export", "windows", "--data", daemon.data], capture_output=True, text=True,
                            timeout=60)
    assert export.returncode == 0, export.stderr
    windows = [json.loads(line) for line in export.stdout.splitlines()]
    mine = [w for w in windows if "+ ?" in w.get("statement", "") and "route" not in w]
    assert sum(w["calls"] for w in mine) == 40
    assert all(sum(count for _, count in w["hist"]) == w["calls"] for w in mine)
    assert all(w["bytes"] > 0 and w["same_value_calls"] == 0 for w in mine)  # a value each
    in_route = [w for w in windows if "+ ?" in w.get("statement", "") and "route" in w]
    assert sum(w["requests_repeating"] for w in in_route) >= 1, in_route
    assert [w["t"] for w in windows] == sorted(w["t"] for w in windows)
    result = run("-", text=export.stdout)
    assert result.returncode == 0 and "0 incidents" in result.stdout
    nothing = subprocess.run([BINARY, "export", "windows", "--data", "/nonexistent"], timeout=60)
    assert nothing.returncode == 3


def test_usage():
    assert run().returncode == 2
    assert run("--utc-offset", "nine", "x").returncode == 2
    assert run("--bogus", "x").returncode == 2
    missing = run("/nonexistent/windows")
    assert missing.returncode == 1 and "No such file" in missing.stderr
