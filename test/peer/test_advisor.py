# SPDX-License-Identifier: Apache-2.0
"""The advisor process against a real PostgreSQL: the test is its supervisor and asks."""
import json
import os
import socket
import struct
import subprocess
import time

import pytest

from test.harness.postgres import Postgres, reachable

HELLO, CONFIGURE, ASK, ANSWER, DRAIN, STATUS = 1, 2, 6, 7, 8, 9
SUPERVISOR, ANALYZER, ADVISOR = 1, 3, 4
HEAD = struct.Struct("=IHBBII")
MAGIC = 0x31686373

SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL,
                     created_at timestamp NOT NULL);
CREATE TABLE items (id int PRIMARY KEY, order_id int NOT NULL, "Qty" int NOT NULL, sku text);
CREATE TABLE settings (key text PRIMARY KEY, value text);
INSERT INTO orders SELECT i, i % 1000, CASE WHEN i % 50 = 0 THEN 'open' ELSE 'done' END,
                          timestamp '2024-01-01' + i * interval '1 minute'
  FROM generate_series(1, 30000) i;
INSERT INTO items SELECT i, i / 3, i % 7, 'sku' || i FROM generate_series(1, 90000) i;
INSERT INTO settings SELECT 'k' || i, 'v' FROM generate_series(1, 20) i;
CREATE INDEX orders_user_created ON orders (user_id, created_at);
ANALYZE;
"""


class Advisor:
    """with Advisor(dsns) as advisor: advisor.ask("explain", statement=...)"""

    def __init__(self, dsns, folder, **settings):
        self.settings = dict(settings, dsns=dsns)
        self.log = open(os.path.join(folder, "advisor.log"), "a+b")
        self.number = 0

    def __enter__(self):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(60)
        self.process = subprocess.Popen(
            [os.environ["SLOWBURN_BINARY"], "child", "advisor", "--channel-fd",
             str(theirs.fileno()), "--data", "/nonexistent", "--log-format", "json"],
            pass_fds=[theirs.fileno()], stderr=self.log)
        theirs.close()
        assert self.receive()[0] == HELLO
        self.send(CONFIGURE, self.settings)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.send(DRAIN, {})
        try:
            assert self.process.wait(60) == 0, self.lines()
        finally:
            self.process.kill()
            self.sock.close()
            self.log.close()

    def send(self, kind, payload, number=0):
        body = json.dumps(payload).encode()
        self.sock.send(HEAD.pack(MAGIC, kind, ANALYZER, ADVISOR, number, len(body)) + body)

    def receive(self):
        packet = self.sock.recv(1 << 18)
        assert packet, "the advisor has gone: " + self.lines()
        magic, kind, sender, _, number, _ = HEAD.unpack_from(packet)
        assert magic == MAGIC and sender == ADVISOR
        return kind, number, json.loads(packet[HEAD.size:])

    def ask(self, question, database="shop", **rest):
        """Again where the machine stood still for longer than the advisor gives the server."""
        for _ in range(3):
            answer = self.ask_once(question, database, **rest)
            if answer["ok"] or "timeout" not in answer.get("reason", ""):
                break
        return answer

    def ask_once(self, question, database, **rest):
        self.number += 1
        self.send(ASK, dict(rest, ask=question, database=database), self.number)
        kind = None
        while kind in (None, STATUS):  # it tells of itself now and then
            kind, number, answer = self.receive()
        assert kind == ANSWER and number == self.number and answer["ask"] == question
        return answer

    def explain(self, statement, *samples):
        return self.ask("explain", fingerprint="00000000000000aa", statement=statement,
                        samples=[{"text": text, "params": params} for text, params in samples])

    def lines(self):
        self.log.flush()
        with open(self.log.name, "rb") as log:
            return log.read().decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Postgres(reachable(tmp_path_factory.mktemp("advisor"))) as postgres:
        for database in ("shop", "plain"):
            postgres.sql(f"CREATE DATABASE {database}")
            postgres.sql(SCHEMA, database)
        postgres.sql("CREATE EXTENSION hypopg", "shop")
        yield postgres


@pytest.fixture
def advisor(server, tmp_path):
    dsns = [{"database": name, "dsn": server.dsn(name)} for name in ("shop", "plain")]
    with Advisor(dsns, str(tmp_path), per_minute=6000) as running:
        yield running


BY_ORDER = 'select * from "items" where "items"."order_id" = ?'
LARAVEL = 'select * from "items" where "items"."order_id" = $1'


def test_missing_index_is_proved_with_values_from_the_wire(advisor):
    answer = advisor.explain(BY_ORDER, (LARAVEL, ["17"]), (LARAVEL, ["18"]))
    assert answer["ok"] and answer["basis"] == "values", answer
    index = answer["index"]
    assert index["evidence"] == "proved"
    assert (index["schema"], index["table"], index["columns"]) == ("public", "items", ["order_id"])
    assert index["ddl"] == "CREATE INDEX CONCURRENTLY ON public.items (order_id)"
    assert index["cost_after"] * 10 <= index["cost_before"]
    assert index["size_bytes"] > 0 and index["build_ms"] > 0 and index["write_us"] > 0
    assert answer["scan"]["table"] == "items"
    assert 89000 <= answer["scan"]["rows_read"] <= 91000
    assert answer["scan"]["rows_returned"] <= 10
    assert answer["reads"] == ["public.items"] and answer["writes"] == []
    assert answer["fingerprint"] == "00000000000000aa"
    assert "17" not in json.dumps(answer["plan"]["nodes"])


def test_missing_index_is_proved_by_a_generic_plan(advisor):
    answer = advisor.explain(BY_ORDER)
    assert answer["basis"] == "generic"
    assert answer["index"]["evidence"] == "proved"
    assert answer["index"]["columns"] == ["order_id"]


def test_literals_as_they_came(advisor):
    answer = advisor.explain("select * from items where sku = ?",
                             ("select * from items where sku = 'canary-sku'", []))
    assert answer["basis"] == "values" and answer["index"]["columns"] == ["sku"]
    assert "canary" not in json.dumps(answer)


def test_without_hypopg_it_is_suspected(advisor):
    answer = advisor.ask("explain", database="plain", fingerprint="1", statement=BY_ORDER)
    assert answer["index"]["evidence"] == "suspected"
    assert answer["index"]["columns"] == ["order_id"]


def test_a_name_that_one_schema_alone_has_is_that_one(advisor, server):
    """Whatever search_path the session has, and the advisor's login has not."""
    server.sql("CREATE SCHEMA \"Tenant a\";"
               "CREATE TABLE \"Tenant a\".parts AS SELECT id, order_id FROM items;"
               "ANALYZE \"Tenant a\".parts", "shop")
    statement = "select * from parts where order_id = ?"
    try:
        answer = advisor.explain(statement, ("select * from parts where order_id = $1", ["17"]))
        assert answer["ok"] and answer["basis"] == "values", answer
        assert answer["index"]["evidence"] == "proved"
        assert (answer["index"]["schema"], answer["index"]["table"]) == ("Tenant a", "parts")
        assert "doubt" not in answer["index"]
        described = advisor.ask("describe", statements=[{"fingerprint": "1", "statement": statement}])
        assert described["statements"][0]["reads"] == ['"Tenant a".parts']
        # The path is the login's own again.
        assert advisor.explain(BY_ORDER)["index"]["schema"] == "public"
    finally:
        server.sql("DROP SCHEMA \"Tenant a\" CASCADE", "shop")


def test_a_name_that_several_schemas_have_proves_nothing(advisor, server):
    server.sql("CREATE SCHEMA other; CREATE TABLE other.items (LIKE items)", "shop")
    try:
        answer = advisor.explain(BY_ORDER, (LARAVEL, ["17"]))
        assert answer["index"]["evidence"] == "suspected"
        assert answer["index"]["doubt"] == "items is in 2 schemas, planned as the login sees it"
        written = BY_ORDER.replace('"items" where', 'public."items" where')
        answer = advisor.explain(written, (LARAVEL.replace('from "items"', 'from public."items"'),
                                           ["17"]))
        assert answer["index"]["evidence"] == "proved" and "doubt" not in answer["index"]
    finally:
        server.sql("DROP SCHEMA other CASCADE", "shop")


def test_an_index_that_exists_is_never_proposed(advisor, server):
    answer = advisor.explain("select * from orders where user_id = ?")
    assert answer["index"] is None and answer["index_reason"]
    # planner told off the index: the scan is sequential, the index is still there
    server.sql("ALTER DATABASE shop SET enable_indexscan = off; "
               "ALTER DATABASE shop SET enable_bitmapscan = off", "shop")
    try:
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE application_name = 'slowburn-advisor'")
        deadline = time.monotonic() + 60
        while True:  # it logs in again after a while
            answer = advisor.explain("select * from orders where user_id = ?")
            if answer["ok"] or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        assert answer["ok"] and answer["index"] is None, answer
        assert "exists" in answer["index_reason"]
        assert answer["unused_index"] == "orders_user_created"
    finally:
        server.sql("ALTER DATABASE shop RESET ALL", "shop")


def test_order_and_limit(advisor):
    answer = advisor.explain("select id from items where sku = ? order by id limit ?")
    assert answer["index"]["columns"][0] == "sku"
    answer = advisor.explain('select * from items order by "Qty", sku limit 5')
    assert answer["index"]["columns"] == ["Qty", "sku"]
    assert answer["index"]["ddl"].endswith('("Qty", sku)')


def test_joins(advisor):
    answer = advisor.explain("select i.id from orders o join items i on i.order_id = o.id "
                             "where o.user_id = ?")
    assert answer["index"]["table"] == "items" and answer["index"]["columns"] == ["order_id"]
    assert sorted(answer["reads"]) == ["public.items", "public.orders"]


def test_a_small_or_already_served_table_has_no_advice(advisor):
    for statement in ("select * from settings where value = ?", "select * from items where id = ?",
                      "select * from items", "select count(*) from orders"):
        answer = advisor.explain(statement)
        assert answer["ok"] and answer["index"] is None and answer["index_reason"], answer


def test_writes_are_planned_as_a_select(advisor, server):
    update = 'update items set sku = $1, "Qty" = $2 where order_id = $3 returning id'
    answer = advisor.explain('update items set sku = ?, "Qty" = ? where order_id = ? returning id',
                             (update, ["gone", "5", "17"]))
    assert answer["basis"] == "values" and answer["writes"] == ["public.items"]
    assert answer["index"]["columns"] == ["order_id"]
    answer = advisor.explain("delete from items where order_id = ?")
    assert answer["index"]["columns"] == ["order_id"]
    answer = advisor.explain("insert into items (id, order_id) values (?, ?)")
    assert answer["ok"] and answer["index"] is None and answer["plan"] is None
    assert server.sql("SELECT count(*) FROM items WHERE sku = 'gone'", "shop").strip() == "0"
    assert server.sql("SELECT count(*) FROM items", "shop").strip() == "90000"


HOSTILE = [
    "SELECT 1; DROP TABLE items",
    "(ANALYZE) DELETE FROM items",
    "ANALYZE DELETE FROM items",
    "DROP TABLE items",
    "WITH gone AS (DELETE FROM items RETURNING 1) SELECT * FROM gone",
    "SELECT * FROM items WHERE id = 1; --",
    "SELECT 1 /* ; */; DELETE FROM items",
    "COPY items FROM PROGRAM 'touch /tmp/x'",
    "SELECT * INTO stolen FROM items",
    "EXPLAIN ANALYZE DELETE FROM items",
    "PREPARE p AS DELETE FROM items",
    "SELECT " + "(" * 8000 + "1" + ")" * 8000,
    "SELECT " + "(" * 32768 + "1" + ")" * 32768,
    "SELECT " + "not " * 3900 + "true",
    "SELECT 1" + "+1" * 8000,
    "SELECT " + "a[" * 5000,
    "\x01\x02'\"$$",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:24] or "empty")
def test_hostile_statements_do_nothing(advisor, server, text):
    answers = [advisor.explain("select 1 from items where id = ?", (text, [])),
               advisor.explain(text)]
    if len(text) < 30000:  # both in one message would be longer than a message may be
        answers.append(advisor.explain(text, (text, [])))
    for answer in answers:
        assert isinstance(answer["ok"], bool)
        assert answer["ok"] or answer["reason"]
    assert advisor.ask("describe", statements=[{"fingerprint": "1", "statement": text}])["ok"]
    assert server.sql("SELECT count(*) FROM items", "shop").strip() == "90000"
    assert server.sql("SELECT to_regclass('stolen') IS NULL", "shop").strip() == "t"
    assert advisor.process.poll() is None


def test_describe_needs_no_login(advisor):
    statements = [
        {"fingerprint": "1", "statement": 'select * from "Odd" where a = ? and b in (?) limit ?'},
        {"fingerprint": "2", "statement": "with x as (select ?) insert into t select * from x, y"},
        {"fingerprint": "3", "statement": "update s.t set a = ? where now() - interval ? > c"},
        {"fingerprint": "4", "statement": "what is this"},
        {"fingerprint": "5", "statement": "select * from p join q as c on p.id = c.p_id join r "
                                          "on r.id = c.r_id where c.p_id = ? and p.x > ?"},
    ]
    answer = advisor.ask("describe", database="elsewhere", statements=statements)
    first, second, third, fourth, fifth = answer["statements"]
    assert first["reads"] == ['"Odd"'] and first["columns"] == ["a", "b"]
    assert second["reads"] == ["y"] and second["writes"] == ["t"]
    assert third["writes"] == ["s.t"] and third["columns"] == ["c"]
    assert fourth["reads"] == [] and fourth["writes"] == []
    # The table that is asked for comes first.
    assert fifth["reads"] == ["q", "p", "r"] and fifth["columns"] == ["p_id", "x"]
    answer = advisor.ask("describe", statements=[{"fingerprint": "5",
                                                  "statement": "select * from items"}])
    assert answer["statements"][0]["reads"] == ["public.items"]


def test_catalog_questions(advisor, server):
    answer = advisor.ask("tables", tables=["public.items", "settings", "none.such"])
    assert [t["name"] for t in answer["tables"]] == ["public.items", "settings"]
    assert answer["tables"][0]["rows"] == 90000 and answer["tables"][0]["bytes"] > 0
    answer = advisor.ask("indexes", schema="public", table="orders", columns=["user_id"])
    assert answer["covered"] and answer["index"] == "orders_user_created"
    answer = advisor.ask("indexes", schema="public", table="orders", columns=["created_at"])
    assert not answer["covered"] and answer["index"] is None
    oid = int(server.sql("SELECT 'items'::regclass::oid", "shop"))
    answer = advisor.ask("columns", columns=[{"table_oid": oid, "attnum": 2},
                                             {"table_oid": oid, "attnum": 99}])
    assert answer["columns"] == [{"schema": "public", "table": "items", "column": "order_id"}, None]


def test_waits_are_sampled(advisor, server):
    psql = subprocess.Popen(["/usr/lib/postgresql/15/bin/psql", "-X", "-q", server.dsn("shop"),
                             "-c", "SELECT pg_sleep(600)"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:  # each answer is about the time since the one before
            answer = advisor.ask("waits")
            assert answer["ok"], answer
            if answer["samples"] >= 1 and answer["active"] >= 1 and \
                    answer["server_cpu"] is not None:
                break
            assert time.monotonic() < deadline, answer
            time.sleep(1)
        assert 0 <= answer["server_cpu"] < 64
    finally:
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE query LIKE 'SELECT pg_sleep(600)%'")
        psql.wait()


def holding(server, statements):
    """A psql that has run these in a transaction, and does nothing."""
    psql = subprocess.Popen(["/usr/lib/postgresql/15/bin/psql", "-X", "-q", "-t", "-A",
                             server.dsn("shop")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    psql.stdin.write("BEGIN; " + statements + " SELECT 'holds';\nSELECT * FROM settings WHERE key"
                     " = 'k7';\n\\echo said\n")
    psql.stdin.flush()
    while psql.stdout.readline().strip() != "said":
        assert psql.poll() is None
    return psql


def waiting(server, count):
    deadline = time.monotonic() + 60
    while server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
                     "shop").strip() != str(count):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.1)


def test_who_blocks_whom(advisor, server):
    """The one at the end of the queue is in the way, not the one that stands in front."""
    waiters = []
    holder = holding(server, "UPDATE items SET sku = 'secret7f' WHERE id = 1;")
    try:
        for number, text in enumerate(("DELETE FROM items WHERE id = 1;",
                                       "UPDATE items SET order_id = 3 WHERE id = 1;")):
            waiters.append(subprocess.Popen(
                ["/usr/lib/postgresql/15/bin/psql", "-X", "-q", server.dsn("shop"), "-c",
                 "BEGIN", "-c", text, "-c", "ROLLBACK"], stdout=subprocess.DEVNULL))
            waiting(server, number + 1)
        advisor.ask("waits")
        deadline = time.monotonic() + 60
        blocks = []
        while len(blocks) < 2:
            assert time.monotonic() < deadline, blocks
            time.sleep(1.5)
            answer = advisor.ask("waits")
            blocks = answer["blocks"]
        assert answer["lock_waits"] >= 2 and answer["blocks_refused"] == 0
        assert {block["state"] for block in blocks} == {"idle in transaction"}
        assert len({block["holder"] for block in blocks}) == 1  # what it ran last: settings
        assert len({block["waiting"] for block in blocks}) == 2
        assert max(block["depth"] for block in blocks) == 2
        assert {block["lock"] for block in blocks} <= {"transactionid", "tuple"}
        assert all(block["idle_ms"] > 0 and block["waited_ms"] > 0 for block in blocks)
        assert "secret7f" not in json.dumps(answer)
    finally:
        holder.communicate("ROLLBACK;\n", timeout=60)
        for waiter in waiters:
            waiter.wait(60)
    advisor.ask("waits")  # what was seen until now
    assert advisor.ask("waits")["blocks"] == []


def told_in_time(advisor, is_told):
    """An answer about waits of which that is true; each is about the time since the one before."""
    deadline = time.monotonic() + 60
    while True:
        answer = advisor.ask("waits")
        assert answer["ok"], answer
        if is_told(answer):
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(1.2)


def test_the_chain_to_who_is_in_the_way(advisor, server):
    """One waits for one that waits for one that does nothing."""
    holder = holding(server, "UPDATE items SET sku = 'secret7f' WHERE id = 1;")
    between = holding(server, "UPDATE items SET sku = 'secret7f' WHERE id = 2;")
    try:
        between.stdin.write("UPDATE items SET order_id = 3 WHERE id = 1;\n")
        between.stdin.flush()
        waiting(server, 1)
        with subprocess.Popen(["/usr/lib/postgresql/15/bin/psql", "-X", "-q", server.dsn("shop"),
                               "-c", "BEGIN", "-c", "DELETE FROM items WHERE id = 2", "-c",
                               "ROLLBACK"], stdout=subprocess.DEVNULL):
            waiting(server, 2)
            advisor.ask("waits")
            answer = told_in_time(advisor, lambda a: len(a["blocks"]) == 2)
            by_depth = {block["depth"]: block for block in answer["blocks"]}
            assert set(by_depth) == {1, 2}, answer
            first, second, last = by_depth[2]["chain"]
            assert first["statement"] == by_depth[2]["waiting"]
            assert second["statement"] == by_depth[1]["waiting"] != first["statement"]
            assert last["statement"] == by_depth[2]["holder"] == by_depth[1]["holder"]
            assert [s["state"] for s in (first, second, last)] == \
                ["waiting", "waiting", "idle in transaction"]
            assert [s["lock"] for s in (first, second, last)] == \
                ["transactionid", "transactionid", ""]
            assert second["transaction_ms"] > second["waited_ms"] > first["waited_ms"] > 0
            assert last["transaction_ms"] >= last["idle_ms"] > 0
            assert by_depth[1]["chain"] == [dict(second, transaction_ms=0), last]
            assert "secret7f" not in json.dumps(answer)
            holder.communicate("ROLLBACK;\n", timeout=60)
            between.communicate("ROLLBACK;\n", timeout=60)
    finally:
        for psql in (holder, between):
            psql.kill()
            psql.wait()
    advisor.ask("waits")
    assert advisor.ask("waits")["blocks"] == []


def test_what_the_server_counts_of_a_database(advisor, server):
    before = advisor.ask("waits")["database"]
    server.sql("SET work_mem = '64kB'; SELECT count(*) FROM (SELECT i FROM generate_series(1, 200000)"
               " i ORDER BY -i) sorted", "shop")
    left = holding(server, "UPDATE items SET sku = 'x' WHERE id = 1;")
    right = holding(server, "UPDATE items SET sku = 'x' WHERE id = 2;")
    for psql, row in (left, 2), (right, 1):
        psql.stdin.write(f"UPDATE items SET sku = 'y' WHERE id = {row};\n")
        psql.stdin.flush()
    for psql in (left, right):  # the server ends one of them after a second
        psql.communicate("ROLLBACK;\n", timeout=60)
    after = told_in_time(advisor, lambda a: a["database"]["deadlocks"] > before["deadlocks"] and
                         a["database"]["temp_files"] > before["temp_files"])["database"]
    assert after["deadlocks"] == before["deadlocks"] + 1
    assert after["temp_bytes"] > before["temp_bytes"] + 1000000
    assert after["sessions"] >= before["sessions"] + 3
    assert after["reset"] == before["reset"]
    server.sql("SELECT pg_stat_reset()", "shop")
    assert told_in_time(advisor, lambda a: a["database"]["deadlocks"] == 0)["database"]["reset"] > \
        before["reset"]


def test_a_refused_login_is_one_line_and_a_clear_answer(server, tmp_path):
    dsns = [{"database": "shop", "dsn": server.dsn("shop", user="nobody_here")}]
    with Advisor(dsns, str(tmp_path)) as advisor:
        for _ in range(5):
            answer = advisor.explain(BY_ORDER)
            assert not answer["ok"] and "nobody_here" in answer["reason"]
        time.sleep(2.5)
        assert advisor.lines().count('"login_failed"') == 1
        assert not advisor.ask("explain", database="other")["ok"]


def test_a_role_without_rights_says_so(server, tmp_path):
    server.sql("CREATE ROLE bare LOGIN")
    dsns = [server.dsn("shop", user="bare")]
    with Advisor(dsns, str(tmp_path)) as advisor:
        answer = advisor.explain(BY_ORDER)
        assert not answer["ok"] and "permission denied for table items" in answer["reason"]
        assert advisor.ask("waits")["database"]["sessions"] > 0  # that everybody may know


@pytest.mark.parametrize("role", ["slowburn_advisor", "it's \"Odd\""])
def test_the_granted_role_can_do_all_and_write_nothing(server, tmp_path, role):
    script = subprocess.run([os.environ["SLOWBURN_BINARY"], "advisor-grants", role], check=True,
                            capture_output=True, text=True).stdout
    server.sql(script, "shop")
    server.sql(script, "shop")  # twice does no harm
    user = role.replace("'", "\\'")
    dsn = f"host=127.0.0.1 port={server.port} dbname=shop user='{user}'"
    with Advisor([dsn], str(tmp_path)) as advisor:
        answer = advisor.explain('update items set sku = ? where order_id = ?')
        assert answer["index"]["evidence"] == "proved", answer
        assert advisor.ask("waits")["ok"]
    done = subprocess.run(["/usr/lib/postgresql/15/bin/psql", "-X", "-q", dsn, "-c",
                           "SET default_transaction_read_only = off", "-c", "DELETE FROM items"],
                          capture_output=True, text=True, check=False)
    assert "permission denied" in done.stderr


def test_the_limit_of_statements_a_minute(server, tmp_path):
    with Advisor([server.dsn("shop")], str(tmp_path), per_minute=2) as advisor:
        answers = [advisor.explain("select * from items where id = ?") for _ in range(4)]
        assert answers[0]["ok"] and not answers[3]["ok"]
        assert "limit" in answers[3]["reason"]


def test_the_database_goes_and_comes_back(server, tmp_path):
    with Advisor([server.dsn("shop")], str(tmp_path)) as advisor:
        assert advisor.explain(BY_ORDER)["ok"]
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE application_name = 'slowburn-advisor'")
        deadline = time.monotonic() + 60
        while not advisor.explain(BY_ORDER)["ok"]:
            assert time.monotonic() < deadline
            time.sleep(0.3)
