# SPDX-License-Identifier: Apache-2.0
"""`slowburn backtest`: what it prints, what it refuses and where, and that it needs no daemon."""
import collections
import json
import os
import re
import subprocess
import time

import psycopg
import pytest

from test.harness.slowburn import Slowburn
from test.peer.test_lifecycle import until

BINARY = os.environ["SLOWBURN_BINARY"]
MONDAY = 1699833600
OPTIONAL = ("bytes", "requests_repeating", "same_value_calls", "rows_read")


def run(*args, text=""):
    return subprocess.run([BINARY, "backtest", *args], input=text, capture_output=True, text=True, timeout=120)


def window(minute, calls, requests=100):
    """One statement of one route, called so often for each request."""
    t = MONDAY + 60 * minute
    n = round(calls * requests)
    return [json.dumps(o) for o in (
        {"t": t, "len": 60, "route": "GET /a", "fingerprint": "f1", "statement": "select \"ü\"", "calls": n,
         "requests": requests, "hist": [[4000, n]], "later": {"is": ["unknown", None]}},
        {"t": t, "len": 60, "route": "GET /a", "calls": requests, "hist": [[8000 + round(4000 * calls), requests]]})]


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
    assert "GET /a: 88.0 ms a request, was 12.0" in result.stdout, result.stdout
    assert re.search(r"\+76\.0 +measured, of which:\n +\+76\.0 +select \"ü\"\n +\+0\.0 +outside", result.stdout)
    assert "cannot tell" not in result.stdout
    assert "1 incident in 1,200 windows of 2 series; 2 still learning" in result.stdout
    document = json.loads(run("--json", str(file)).stdout)
    (incident,) = document["incidents"]
    assert incident["causes"][0]["kind"] == "more-calls"
    parts = incident["breakdown"]
    assert parts["change_ms"] == pytest.approx(sum(c["change_ms"] for c in parts["changes"]) + parts["outside_ms"])
    assert incident["explained"] == 1 and not incident["cannot_tell"]
    assert incident["deploy"] == {"name": "v2", "at_s": MONDAY + 560 * 60, "chance": None}
    assert MONDAY + 560 * 60 < incident["opened_s"] <= MONDAY + 564 * 60


def test_what_comes_twice_is_said(tmp_path):
    file = tmp_path / "windows"
    file.write_text("\n".join(story()[:600]) + "\n", encoding="utf-8")
    assert "behind later ones" not in run(str(file)).stdout
    result = run(str(file), str(file))
    assert result.returncode == 0, result.stderr
    assert re.search(r"^[0-9,]+ windows came behind later ones, and count all the same: ", result.stdout, re.M)
    totals = json.loads(run("--json", str(file), str(file)).stdout)["totals"]
    assert totals["late"] > 500 and totals["incidents"] == 0


def blinks(times):
    """So many incidents, each over before the next one."""
    lines = []
    for minute in range(70 * times):
        lines += window(minute, 20 if minute % 70 >= 60 else 1)
    return lines


def test_more_incidents_than_are_remembered_are_counted(tmp_path):
    file = tmp_path / "windows"
    file.write_text("\n".join(blinks(300)) + "\n", encoding="utf-8")
    document = json.loads(run("--json", str(file)).stdout)
    assert document["totals"]["incidents"] == 300
    assert [i["id"] for i in document["incidents"]] == list(range(45, 301))
    assert run(str(file)).stdout.splitlines()[-1].startswith("300 incidents, the last of them above, in ")


def apart():
    """The route becomes slower, and none of its statements."""
    for minute in range(600):
        slower = 30000 if minute >= 300 else 0
        for line in window(minute, 1):
            w = json.loads(line)
            wobble = minute * 7919 % 100  # us
            w["hist"] = [[upper + wobble + (0 if "fingerprint" in w else slower), count] for upper, count in w["hist"]]
            yield json.dumps(w)


def test_what_nobody_can_tell_is_said():
    text = "\n".join(apart())
    result = run("-", text=text)
    assert "told by shift" in result.stdout and "cannot tell: nothing explains it" in result.stdout, result.stdout
    (incident,) = json.loads(run("--json", "-", text=text).stdout)["incidents"]
    assert incident["causes"] == [] and incident["cannot_tell"] and incident["explained"] == 0
    assert incident["breakdown"]["outside_ms"] == pytest.approx(30, abs=1)


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


def with_keys(lines, value):
    """Each window with what is optional in it; a deploy stays as it is."""
    windows = [json.loads(line) for line in lines]
    return "\n".join(json.dumps(w if "deploy" in w else w | {key: value for key in OPTIONAL}) for w in windows)


def test_what_is_optional_may_be_absent_and_changes_nothing():
    absent = run("--json", "-", text="\n".join(story()))
    for value in (0, 7.5):  # the same in every window: nothing that could be told
        there = run("--json", "-", text=with_keys(story(), value))
        assert there.returncode == 0, there.stderr
        assert json.loads(there.stdout) == json.loads(absent.stdout)


@pytest.mark.parametrize("key", OPTIONAL)
def test_what_is_optional_and_bad_is_named(tmp_path, key):
    lines = story()[:10]
    lines[6] = json.dumps(json.loads(lines[6]) | {key: -1})
    file = tmp_path / "windows"
    file.write_text("\n".join(lines), encoding="utf-8")
    result = run(str(file))
    assert result.returncode == 1
    assert f'{file}:7: "{key}": wants a number between 0 and 1e15' in result.stderr
    lines[6] = json.dumps(json.loads(lines[6]) | {key: "much"})
    result = run("-", text="\n".join(lines))
    assert result.returncode == 1
    assert f'standard input:7: "{key}": wants a number' in result.stderr


def grown():
    """Sixteen days (two weekends are known), of hours but for the last; then a call returns five times as many rows."""
    for minute in range(0, 16 * 1440 + 60):
        t, per_min = MONDAY + 60 * minute, 100
        if minute < 15 * 1440 and minute % 60 != 0:
            continue
        length = 60 if minute >= 15 * 1440 else 3600
        n = per_min * length // 60
        rows = 100 if minute >= 16 * 1440 else 20
        yield json.dumps({"t": t, "len": length, "route": "GET /a", "calls": n, "bytes": 900 * n,
                          "hist": [[12000, n]]})
        yield json.dumps({"t": t, "len": length, "route": "GET /a", "fingerprint": "f1", "calls": n, "requests": n,
                          "rows": rows * n, "hist": [[4000, n]]})


def test_more_rows_are_an_incident_with_the_traffic_beside_it():
    text = "\n".join(grown())
    result = run("-", text=text)
    assert "told by rows" in result.stdout and "unbounded-result" in result.stdout, result.stdout
    assert "100 rows a call, was 20" in result.stdout
    assert "100 calls/min, 100 is usual at this time; 100 % of all requests, was 100 %" in result.stdout
    (incident,) = json.loads(run("--json", "-", text=text).stdout)["incidents"]
    assert incident["lane"] == "rows" and round(incident["before"]) == 20
    assert round(incident["traffic"]["calls_per_min"]) == 100 and round(incident["traffic"]["share"], 3) == 1


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


def export(daemon, length):
    result = subprocess.run([BINARY, "export", "windows", "--data", daemon.data, "--len", str(length)],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()], result.stdout


def test_a_burst_is_seen_second_by_second(postgres, tmp_path):
    """Windows of 1 s and of 10 s from the running daemon: the same calls, and the same as the store's in the end."""
    def of_mine(windows):
        return [w for w in windows if "- ?" in w.get("statement", "") and "route" not in w]

    def calls(length):
        return sum(w["calls"] for w in of_mine(export(daemon, length)[0]))

    with Slowburn(BINARY, str(tmp_path), postgres.port) as daemon:
        daemon.wait_until_watching()
        with psycopg.connect(postgres.dsn(port=daemon.port), autocommit=True) as connection:
            for pause in (0, 3):
                time.sleep(pause)
                for i in range(50):
                    connection.execute("select %s::int - 1", (i,))
            daemon.verb("deploy", "v7", "--affects", "GET /a")
        until(lambda: calls(1) == 100, "the burst is over", 30)
        ones, text = export(daemon, 1)
        seconds = sorted({w["t"] for w in of_mine(ones)})
        assert 2 <= len(seconds) <= 4 and seconds[-1] - seconds[0] >= 2, seconds
        assert {w["len"] for w in ones if "len" in w} == {1}
        assert all(sum(count for _, count in w["hist"]) == w["calls"] for w in of_mine(ones))
        assert [w["t"] for w in ones] == sorted(w["t"] for w in ones)
        until(lambda: calls(10) == 100, "ten seconds are over", 30)
        tens = of_mine(export(daemon, 10)[0])
        assert all(w["t"] % 10 == 0 and w["len"] == 10 for w in tens)
        for name in ("rows", "bytes"):
            assert sum(w[name] for w in tens) == sum(w[name] for w in of_mine(ones)), name
        assert [w["affects"] for w in export(daemon, 10)[0] if w.get("deploy") == "v7"] == [["GET /a"]]
        judged = run("-", text=text)
        assert judged.returncode == 0 and "0 incidents" in judged.stdout
    kept = of_mine(export(daemon, 60)[0])
    assert sum(w["calls"] for w in kept) == 100
    assert sum(w["bytes"] for w in kept) == sum(w["bytes"] for w in tens)
    assert histogram(kept) == histogram(tens) == histogram(of_mine(ones))
    gone = subprocess.run([BINARY, "export", "windows", "--data", daemon.data, "--len", "1"], capture_output=True,
                          text=True, timeout=60)
    assert gone.returncode == 3 and "no daemon answers" in gone.stderr


def histogram(windows):
    cells = collections.Counter()
    for window in windows:
        cells.update(dict(map(tuple, window["hist"])))
    return cells


def deploys_of(daemon):
    lines = [json.loads(line) for line in daemon.verb("export", "windows").splitlines()]
    return {line["deploy"]: line["affects"] for line in lines if "deploy" in line}


def test_what_a_deploy_affects_is_kept(postgres, tmp_path):
    with Slowburn(BINARY, str(tmp_path), postgres.port) as daemon:
        daemon.wait_until_watching()
        daemon.verb("deploy", "v1")
        daemon.verb("deploy", "v2", "--affects", "GET /a \u2192 b", "--affects", "00C0FFEE00C0FFEE")
        for bad, said in (("", "--affects wants a route or a fingerprint, 1 to 511 bytes of UTF-8, not ''"),
                          ("a\nb", "affects[1] must be a route or a fingerprint")):
            with pytest.raises(RuntimeError, match=re.escape(said)):
                daemon.verb("deploy", "v3", "--affects", "fine", "--affects", bad)
        with pytest.raises(RuntimeError, match="one --affects too many: GET /64"):
            daemon.verb("deploy", "v3", *(word for i in range(65) for word in ("--affects", f"GET /{i}")))
        daemon.verb("deploy", "v3", *(word for i in range(64) for word in ("--affects", f"GET /{i}")))
        wanted = {"v1": [], "v2": ["GET /a \u2192 b", "00c0ffee00c0ffee"],
                  "v3": [f"GET /{i}" for i in range(64)]}
        until(lambda: deploys_of(daemon) == wanted, "the deploys are stored")


def test_usage():
    for words in (["windows"], ["windows", "--data", "/x", "--len", "5"], ["queries", "--len", "1"]):
        assert subprocess.run([BINARY, "export", *words], timeout=60, capture_output=True).returncode == 2
    assert run().returncode == 2
    assert run("--utc-offset", "nine", "x").returncode == 2
    assert run("--bogus", "x").returncode == 2
    missing = run("/nonexistent/windows")
    assert missing.returncode == 1 and "No such file" in missing.stderr
