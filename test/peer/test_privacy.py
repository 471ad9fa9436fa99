# SPDX-License-Identifier: Apache-2.0
"""Canaries: words planted wherever a user's data travels must turn up nowhere that slowburn
writes or answers. Two daemons stand one behind the other and see all of it; one logs text, the
other JSON, both at level debug."""
import contextlib
import gzip
import json
import os
import re
import stat
import time
import urllib.request

import psycopg
import psycopg2
import pytest

from test.browser import filled
from test.harness import processes
from test.harness.collector import Collector
from test.harness.receiver import Receiver
from test.harness.slowburn import Slowburn
from test.peer import burn

NUMBER = 918273645546372819
DAY = "31/12/2931"  # no date at all for a session that reads month before day

# Each place has a word of its own, so that a leak names itself.
PLACES = ("row", "bound", "binary", "literal", "estring", "dollar", "comment", "commentkey",
          "application", "option", "unique", "check", "raised", "hint", "context", "badnumber",
          "badjson", "header", "query", "form", "json", "cookie", "bearer", "path", "percent",
          "replybody", "replyheader", "copyin", "copyout", "notice", "notify", "password",
          "dsnpassword", "prepare", "executed", "setlocal", "in", "values", "cut", "trace",
          "cursor", "savepoint", "cancelled", "referer", "agent")
WORD = {place: f"canary{place}zq" for place in PLACES}

PLANTS = f"""
CREATE TABLE secrets (token text UNIQUE, amount int CHECK (amount > 0), note text,
                      day date);
INSERT INTO secrets VALUES ('{WORD["row"]}', 1, '{WORD["row"]}', '2024-01-01');
INSERT INTO secrets SELECT 't' || i, i, '{WORD["row"]}', date '2024-01-01' + i
  FROM generate_series(1, 20000) i;
CREATE FUNCTION raises() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'no {WORD["raised"]}' USING HINT = '{WORD["hint"]}', DETAIL = '{WORD["context"]}';
END $$;
CREATE FUNCTION notices() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  RAISE NOTICE 'see {WORD["notice"]}';
END $$;
ANALYZE;
"""


def failing(cursor, statement, values=None):
    with contextlib.suppress(psycopg2.Error):
        cursor.execute(statement, values)
        raise AssertionError(f"this should fail: {statement}")


def plant_statements(cursor):
    """Text with literals of every kind, and errors that say values aloud."""
    cursor.execute(f"SELECT note FROM secrets WHERE token = '{WORD['literal']}'")
    cursor.execute(f"SELECT E'{WORD['estring']}\\n', $x${WORD['dollar']}$x$, {NUMBER}")
    cursor.execute(f"SELECT 1 /* {WORD['comment']} */ -- {WORD['cut']}\n")
    cursor.execute(f"SELECT 2 /*action='show',db_user='{WORD['commentkey']}'*/")
    cursor.execute(f"SELECT count(*) FROM secrets WHERE token IN ('a', '{WORD['in']}')")
    cursor.execute(f"SELECT * FROM (VALUES (1, '{WORD['values']}'), (2, 'b')) v")
    cursor.execute(f"PREPARE {WORD['prepare']} AS SELECT note FROM secrets WHERE token = $1")
    cursor.execute(f"EXECUTE {WORD['prepare']} ('{WORD['executed']}')")
    cursor.execute(f"DEALLOCATE {WORD['prepare']}")
    cursor.execute(f"SET app.tenant = '{WORD['setlocal']}'")
    cursor.execute("SELECT notices()")
    cursor.execute(f"NOTIFY things, '{WORD['notify']}'")
    cursor.execute(f"BEGIN; SAVEPOINT {WORD['savepoint']}; DECLARE {WORD['cursor']} CURSOR FOR "
                   f"SELECT note FROM secrets; FETCH 2 FROM {WORD['cursor']}; COMMIT")
    failing(cursor, "SELECT raises()")
    cursor.execute("INSERT INTO secrets VALUES (%s, 5) ON CONFLICT DO NOTHING", (WORD["unique"],))
    failing(cursor, "INSERT INTO secrets VALUES (%s, 5)", (WORD["unique"],))
    failing(cursor, "INSERT INTO secrets VALUES (%s, -5)", (WORD["check"],))
    failing(cursor, "SELECT %s::int", (WORD["badnumber"],))
    failing(cursor, "SELECT %s::jsonb", (WORD["badjson"],))
    # Dates as this session reads them: whoever plans it in another session gets an error that
    # repeats the literal.
    cursor.execute("SET DateStyle = 'ISO, DMY'")
    cursor.execute(f"SELECT count(*) FROM secrets WHERE day = '{DAY}'::date")


def plant_protocol(dsn):
    """Bound values, in text and in binary; COPY; what a login carries."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                cursor.execute("SELECT note, %s::text FROM secrets WHERE token = %b",
                               (WORD["bound"], WORD["binary"]))
                cursor.execute("SELECT %s::bigint", (NUMBER,))
        with connection.cursor() as cursor:
            with cursor.copy("COPY secrets (token, amount) FROM STDIN") as copy:
                copy.write_row((WORD["copyin"] + os.urandom(4).hex(), 3))
            with cursor.copy(f"COPY (SELECT '{WORD['copyout']}') TO STDOUT") as copy:
                assert WORD["copyout"].encode() in b"".join(copy)


def extra(handler, cursor):
    """With each request of the second version: statements worth explaining."""
    assert WORD["bearer"] in handler.headers["Authorization"]
    if handler.path.startswith("/api/orders") and handler.server.version() == 2:
        cursor.execute("SET DateStyle = 'ISO, DMY'")
        cursor.execute(f"SELECT note FROM secrets WHERE day = '{DAY}'::date AND note = "
                       f"'{WORD['literal']}'")
        cursor.execute(f"SELECT token FROM secrets WHERE note = '{WORD['row']}' "
                       f"AND amount = 77 /* {WORD['comment']} */")


def prepare(number, path):
    """A request with a canary in all of its parts."""
    if number % 5 == 0:
        # Names that come once: letters only, so that nothing but their variety tells. The first
        # few at one place are shown by design, and are none of ours.
        once = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        path = (f"/api/people/{'anna bert carl dora emil fritz gerd hans'.split()[number // 5 - 1]}"
                if number <= 40 else f"/api/people/{WORD['path']}{once}")
    elif number % 7 == 0:
        path = f"/api/files/{WORD['percent']}%2e{number}"
    headers = {"Authorization": f"Bearer 7|{WORD['bearer']}", "Cookie": f"sid={WORD['cookie']}",
               "X-Thing": WORD["header"], "Referer": f"http://x/{WORD['referer']}",
               "User-Agent": WORD["agent"],
               "tracestate": f"a={WORD['trace']}"}
    if number % 2 == 0:
        headers["Content-Type"] = "application/json"
        body = json.dumps({"secret": WORD["json"], "number": NUMBER})
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = f"secret={WORD['form']}&number={NUMBER}"
    return "POST", f"{path}?q={WORD['query']}&n={NUMBER}", body, headers


def told(folder, stack):
    """A receiver of each kind of webhook, a collector, and the configuration that names them."""
    path = os.path.join(folder, "slowburn.conf")
    key = os.path.join(folder, "key")
    receivers = {}
    with open(key, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write("a-key-of-the-receivers\n")
    with open(path, "w", encoding="ascii") as file:
        for kind in ("generic", "alertmanager", "slack", "pagerduty"):
            receivers[kind] = stack.enter_context(Receiver(body=b'{"ok": true, "ts": "1.1"}'))
            file.write(f"[webhook {kind}]\nkind = {kind}\nurl = {receivers[kind].url}/\n"
                       f"secret_file = {key}\n{'channel = C1' if kind == 'slack' else ''}\n")
        receivers["otlp"] = stack.enter_context(Collector(body=b""))
        file.write(f"[slowburn]\notlp = {receivers['otlp'].url}\notlp_metrics_s = 5\n")
    return receivers, path


@pytest.fixture(scope="module")
def burnt(postgres, tmp_path_factory):
    """Both daemons after the burn and everything that was planted, with the incident's number."""
    postgres.sql("CREATE DATABASE private")
    postgres.sql(burn.SCHEMA + PLANTS, "private")
    postgres.sql(f"CREATE ROLE other LOGIN PASSWORD '{WORD['password']}'")
    advisors = ("--advisor", postgres.dsn("private") + f" password={WORD['dsnpassword']}",
                "--advisor", f"host=127.0.0.1 port=1 dbname=private password={WORD['dsnpassword']}",
                "--advisor", postgres.dsn("nosuch") + f" password={WORD['dsnpassword']}")
    places = {name: str(tmp_path_factory.mktemp(name)) for name in ("text", "json")}
    debug = ("--log-level", "debug", *advisors)
    daemons = []
    with contextlib.ExitStack() as stack:
        inner = stack.enter_context(Slowburn(
            os.environ["SLOWBURN_BINARY"], places["text"], postgres.port, more=debug))
        dsn = postgres.dsn("private", port=processes.free_port())

        def connect():
            return psycopg2.connect(dsn, application_name=WORD["application"],
                                    options=f"-c app.option={WORD['option']}")
        application = stack.enter_context(burn.Application(connect, extra, WORD["replybody"]))
        application.server.version = lambda: application.version
        receivers, path = told(places["json"], stack)
        hop = Slowburn(os.environ["SLOWBURN_BINARY"], places["json"], inner.port,
                       http_port=application.port, more=(
                           "-c", path,
                           "--log-format", "json", "--request-log",
                           os.path.join(places["json"], "requests.jsonl"),
                           "--request-log-statements", "1", *debug))
        dsn = postgres.dsn("private", port=hop.port)
        daemons = [inner, stack.enter_context(hop)]
        hop.receivers = receivers
        plant_protocol(dsn)
        with contextlib.closing(connect()) as connection:
            connection.autocommit = True
            for _ in range(3):
                plant_statements(connection.cursor())
        with burn.Visitors(hop.http, prepare=prepare) as visitors:
            incidents = burn.burn(application, [hop])
        assert visitors.failures == [] and application.failures == []
        yield daemons, incidents[0]


def leaks(text):
    """What is planted and found: words, the number, the day; also as bytes of a number."""
    data = text if isinstance(text, bytes) else text.encode()
    found = {place for place, word in WORD.items() if re.search(word.encode(), data, re.I)}
    for name, needle in (("number", str(NUMBER).encode()), ("day", DAY.encode()),
                         ("number in memory", NUMBER.to_bytes(8, "little")),
                         ("number on the wire", NUMBER.to_bytes(8, "big"))):
        if needle in data:
            found.add(name)
    return found


def files_below(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def test_the_burn_was_found(burnt):
    """Without this nothing below means anything."""
    daemons, incident = burnt
    assert burn.kinds(incident) >= burn.CAUSES, incident
    for daemon in daemons:
        queries = daemon.document("queries")
        assert any("secrets" in query["statement"] and query["errors"] > 0 for query in queries)
        assert daemon.document("requests")
    routes = [row["route"] for row in daemons[1].document("requests")]
    assert any("/api/people/{x}" in route for route in routes), routes


def test_no_document_shows_a_value(burnt):
    for daemon in burnt[0]:
        numbers = [str(incident["id"]) for incident in daemon.document("incidents")]
        words = [("incidents",), ("incidents", "--json"), ("queries",), ("queries", "--json"),
                 ("requests",), ("requests", "--json"), ("status",), ("traces", "--limit", "999"),
                 ("traces", "--json")]
        ids = [trace["trace_id"] for trace in daemon.document("traces")]
        assert ids
        words += [("trace", ids[0]), *(("trace", id, "--json") for id in ids[:8])]
        for number in numbers:
            words += [("incidents", number), ("incidents", number, "--json"),
                      ("postmortem", number)]
        for verb in words:
            said = daemon.verb(*verb)
            assert leaks(said) == set(), (verb, said)
        for path in ("incidents", "queries", "requests", "status", "traces",
                     *(f"traces/{id}" for id in ids), *(f"incidents/{number}" for number in numbers)):
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{daemon.admin}/api/v1/{path}", timeout=60) as reply:
                assert leaks(reply.read()) == set(), path


def test_nothing_that_is_sent_out_holds_a_value(burnt):
    """Of the live incident, to each kind of receiver."""
    hop, incident = burnt[0][1], burnt[1]
    hop.verb("close", str(incident["id"]))
    collector = hop.receivers.pop("otlp")
    for kind, receiver in hop.receivers.items():
        received = receiver.wait_for(2)
        assert incident["subject"].encode() in received[-1].body, kind  # the first may have moved
        for r in received:
            assert leaks(r.body) == set() and leaks(json.dumps(r.headers)) == set(), kind
    deadline = time.monotonic() + 60
    while b"slowburn.incident.closed" not in [log["event_name"][0] for log in collector.logs()]:
        assert time.monotonic() < deadline, "no log record of the end after 60 s"
        time.sleep(0.5)
    assert len(collector.spans()) > 50 and collector.metrics()
    for r in collector.received:
        assert leaks(gzip.decompress(r.body)) == set(), r.path


def test_plans_are_kept_without_values(burnt):
    """The planner was given literals and bound values of these statements, and repeats them."""
    known = {name: keys(value) for name, value in filled.PLANS[filled.ITEMS][0].items()}
    deadline = time.monotonic() + 60
    with_index = conditions = ()
    while not with_index or not any("note" in each and "?" in each for each in conditions):
        seen = kept_plans(burnt[0], known)
        with_index = [plan for plan in seen.get("items", []) if plan["index"]]
        conditions = [condition for plan in seen.get("secrets", []) for node in plan["nodes"]
                      for condition in node["conditions"]]
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
    assert with_index[0]["index"]["columns"] == ["order_id"]
    assert keys(with_index[0]["index"]) >= known["index"]
    assert any("order_id" in (node["index"] or "") for node in with_index[0]["index"]["nodes"])
    assert not any("77" in condition for condition in conditions)


def kept_plans(daemons, known):
    """By table, as they are now; each is looked at for what it shows."""
    seen = {}
    for daemon in daemons:
        for query in daemon.document("queries"):
            with urllib.request.urlopen(f"http://127.0.0.1:{daemon.admin}/api/v1/plans?fingerprint="
                                        f"{query['fingerprint']}", timeout=60) as reply:
                body = reply.read()
            assert leaks(body) == set(), query["statement"]
            for plan in json.loads(body)["plans"]:
                assert known.keys() <= plan.keys(), plan
                assert all(keys(node) == known["nodes"] for node in plan["nodes"])
                seen.setdefault(plan["table"], []).append(plan)
    return seen


def keys(value):
    value = value[0] if isinstance(value, list) and value else value
    return value.keys() if isinstance(value, dict) else None


def test_nothing_on_disk_holds_a_value(burnt):
    """The data directory while it is in use, both logs, and all of it after the end."""
    daemons = burnt[0]
    for running in (True, False):
        for daemon in daemons:
            if not running:
                daemon.__exit__()
            seen = 0
            for path in files_below(os.path.dirname(daemon.data)):
                with open(path, "rb") as file:
                    assert leaks(file.read()) == set(), path
                seen += 1
            assert seen >= 3
    for daemon in daemons:  # what the store says at rest
        for words in (("incidents", "--json"), ("queries", "--json"), ("requests", "--json"),
                      ("traces", "--json")):
            assert leaks(daemon.verb(*words)) == set(), words


def test_what_is_on_disk_is_the_owners_alone(burnt):
    for daemon in burnt[0]:
        assert stat.S_IMODE(os.stat(daemon.data).st_mode) & 0o077 == 0
        for path in files_below(daemon.data):
            assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path
