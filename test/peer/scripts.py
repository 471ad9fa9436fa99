# SPDX-License-Identifier: Apache-2.0
"""What clients say, and how drivers and poolers got into trouble with it: every message type and
every known trap of the protocol, as scripts of the oracle (oracle.py)."""
import struct

from test.peer import messages as wire
from test.peer.oracle import Script, Stage, gone, silent
from test.peer.messages import (COPY_DONE, FLUSH, SYNC, TERMINATE, bind, close, copy_data, copy_fail,
                            describe, execute, function_call, parse, query)

TABLE = query("create temp table t (id int primary key, v text);"
              "insert into t select g, 'v' || g from generate_series(1, 9) g")
COPIED = query("create temp table c (id int, v text)")
INT4PL, INT4DIV = 177, 154


def run(sql, *values, name="", portal="", rows=0):
    """Parse, Bind, Execute; without a Sync."""
    return parse(sql, name) + bind(name, portal, values) + execute(portal, rows)


SIMPLE = [
    Script("simple queries",
           Stage(query("select 1")), Stage(query("select id, v from t where id < 4")),
           Stage(query("update t set v = v where id = 2")), setup=TABLE),
    Script("several statements in one query",
           Stage(query("select 1; select id from t where id < 3 ; update t set v = v")),
           Stage(query("begin; select 2; commit")), setup=TABLE),
    Script("empty queries",
           Stage(query("")), Stage(query(";")), Stage(query(" ; ; ")), Stage(query("-- nothing")),
           Stage(query("select 1;;") + query("") + query("select 2"), count=3)),
    Script("an error among several statements",
           Stage(query("select 1; select 1 / 0; select 3")), Stage(query("nonsense")),
           Stage(query("select 'unended")), Stage(query("select 4"))),
    Script("queries without waiting",
           Stage(b"".join(query(f"select {i} as a{i}") for i in range(12)), count=12)),
    Script("states of a transaction",
           Stage(query("begin")), Stage(query("select 1 / 0")), Stage(query("select 2")),
           Stage(query("rollback")),
           Stage(query("begin; savepoint a; select 1; rollback to a; release a; commit"))),
    Script("prepared in SQL",
           Stage(query("prepare p (int) as select v from t where id = $1")),
           Stage(query("execute p (3)")), Stage(query("execute p (4); execute p (99)")),
           Stage(query("deallocate p")), setup=TABLE),
    Script("a PREPARE that fails and the EXECUTE behind it",
           Stage(query("prepare q as select nope from t") + query("execute q") +
                 query("select v from t where id = 1"), count=3),
           Stage(query("prepare q as select v from t; execute q; select 1 / 0; deallocate q")),
           Stage(query("select 7") + query("deallocate all"), count=2), setup=TABLE),
    Script("cursors",
           Stage(query("begin; declare k cursor for select id from t order by id")),
           Stage(query("fetch 2 from k")), Stage(query("fetch 3 from k; close k")),
           Stage(query("commit")), setup=TABLE),
    Script("wide rows, nulls, and no columns",
           Stage(query("select null, '', repeat('x', 300), null::int, 1.5::float8")),
           Stage(query("select from generate_series(1, 3)")),
           Stage(query("select array_agg(g) from generate_series(1, 50) g"))),
]

EXTENDED = [
    Script("one statement, all its messages",
           Stage(parse("select v from t where id = $1", types=[23]) + describe("S") +
                 bind(values=["3"]) + describe("P") + execute() + close("P") + close("S") + SYNC),
           setup=TABLE),
    Script("parsed and described in one round trip, executed in another",
           Stage(parse("select v from t where id = $1", "s") + describe("S", "s") + SYNC),
           Stage(bind("s", values=["5"]) + execute() + SYNC),
           Stage(bind("s", values=[None]) + execute() + SYNC),
           Stage(close("S", "s") + SYNC), setup=TABLE),
    Script("binary values and results",
           Stage(parse("select $1::int4, $2::int8, $3::bool, $4::uuid, $5::float8", types=[23, 20]) +
                 bind(values=[struct.pack(">i", -7), struct.pack(">q", 1 << 40), b"\1", bytes(16),
                              struct.pack(">d", 2.5)], formats=[1], result_formats=[1]) +
                 describe("P") + execute() + SYNC),
           Stage(parse("select $1, $2") + bind(values=["text", b"\0\1\2"], formats=[0, 0],
                                               result_formats=[0, 1]) + execute() + SYNC)),
    Script("a pipeline with an error in it",
           Stage(run("select 1 as a") + run("select 1 / $1::int", "0") + run("select 3 as c") +
                 SYNC + run("select 4 as d") + SYNC, count=2),
           Stage(run("select 5 as e") + SYNC)),
    Script("an error in each message",
           Stage(parse("select nope") + bind() + describe("P") + execute() + SYNC),
           Stage(parse("select $1::int") + bind(values=["x"]) + execute() + SYNC),
           Stage(bind("no such statement") + execute() + SYNC),
           Stage(describe("S", "none") + execute("none") + SYNC),
           Stage(describe("P", "none") + SYNC),
           Stage(execute("none") + execute("none") + SYNC + execute("none") + SYNC, count=2),
           Stage(close("S", "none") + close("P", "none") + SYNC)),
    Script("everything up to Sync is skipped, a query too",
           Stage(run("select 1 / 0") + query("select 'skipped'") + run("select 2") +
                 function_call(INT4PL, "1", "2") + close("S", "x") + FLUSH + SYNC +
                 query("select 'not skipped'"), count=2)),
    Script("many Syncs", Stage(SYNC * 5, count=5), Stage(SYNC + query("") + SYNC, count=3),
           Stage(run("select 1") + SYNC * 3 + run("select 2") + SYNC, count=4)),
    Script("Flush instead of Sync",
           Stage(parse("select id from t where id < 4") + describe("S") + FLUSH, b"T"),
           Stage(bind() + FLUSH, b"2"), Stage(execute(rows=2) + FLUSH, b"s"),
           Stage(execute() + FLUSH, b"C"), Stage(close("P") + close("S") + FLUSH, b"3", 2),
           Stage(run("select 1") + run("select 2") + FLUSH, b"C", 2), Stage(SYNC), setup=TABLE),
    Script("an error that only Flush asks for",
           Stage(run("select 1 / 0") + FLUSH, b"E"), silent(run("select 2") + FLUSH),
           Stage(SYNC), Stage(run("select 3") + SYNC)),
    Script("a query between the messages of the extended protocol",
           Stage(parse("select 1", "n") + query("select 2") + bind("n") + execute() + SYNC,
                 count=2),
           Stage(query("deallocate n") + run("select 3") + SYNC, count=2)),
    Script("described without rows",
           Stage(parse("update t set v = $1 where id = 3") + describe("S") + bind(values=["w"]) +
                 describe("P") + execute() + SYNC),
           Stage(parse("", "e") + describe("S", "e") + bind("e") + describe("P") + execute() +
                 close("S", "e") + SYNC), setup=TABLE),
    Script("several results from a rule of one Execute",
           Stage(run("update t set v = v where id < 5 returning id") + SYNC),
           Stage(run("") + run(";") + SYNC), setup=TABLE),
    Script("an error that only the commit at Sync brings",
           Stage(run("insert into d values (1)") + run("select 2 as b") + SYNC),
           Stage(run("select 3 as c") + SYNC),
           setup=query("create temp table r (id int primary key);"
                       "create temp table d (id int references r deferrable initially deferred)")),
]

NAMES = [
    Script("a statement's name, used again",
           Stage(parse("select 1 as one", "s") + SYNC),
           Stage(parse("select 2 as two", "s") + bind("s") + execute() + SYNC),
           Stage(bind("s") + execute() + close("S", "s") + parse("select 3 as three", "s") +
                 bind("s") + execute() + SYNC),
           Stage(close("S", "s") + close("S", "s") + SYNC)),
    Script("the unnamed statement, replaced in a pipeline",
           Stage(run("select 1 as a") + run("select 2 as b") + bind() + execute() +
                 parse("select nope") + run("select 3 as c") + SYNC),
           Stage(bind() + execute() + SYNC)),
    Script("DEALLOCATE in a pipeline",
           Stage(parse("select 1 as one", "s") + bind("s") + execute() + run("deallocate s") +
                 parse("select 2 as two", "s") + bind("s") + execute() + SYNC),
           Stage(query("deallocate s") + bind("s") + execute() + SYNC, count=2)),
    Script("DISCARD ALL and DEALLOCATE ALL before a Parse of the same name",
           Stage(parse("select 1 as one", "s") + SYNC + query("discard all") +
                 parse("select 2 as two", "s") + bind("s") + execute() + SYNC, count=3),
           Stage(run("deallocate all") + parse("select 3 as three", "s") + bind("s") + execute() +
                 SYNC),
           Stage(query("deallocate all"))),
    Script("portals by name",
           Stage(query("begin")),
           Stage(parse("select id from t order by id", "s") + bind("s", "a") + bind("s", "b") +
                 execute("a", 2) + execute("b", 1) + execute("a", 1) + execute("b") +
                 close("P", "a") + execute("a") + SYNC),
           Stage(query("rollback")),
           Stage(execute("b") + SYNC), Stage(close("S", "s") + SYNC), setup=TABLE),
    Script("portals with a row limit",
           Stage(parse("select id from t order by id") + bind() + describe("P") + execute(rows=4) +
                 execute(rows=4) + execute(rows=4) + execute(rows=4) + SYNC),
           Stage(run("select 1", rows=1) + SYNC), Stage(run("update t set v = v", rows=2) + SYNC),
           setup=TABLE),
    Script("cached plan must not change result type",
           Stage(parse("select * from w", "w") + bind("w") + execute() + SYNC),
           Stage(query("alter table w add column b int")),
           Stage(bind("w") + execute() + SYNC), Stage(query("alter table w drop column b")),
           Stage(close("S", "w") + SYNC), setup=query("create temp table w (a int)")),
    Script("the same text under another search_path",
           Stage(query("set search_path = pg_temp")), Stage(run("select v from t where id = 1") + SYNC),
           Stage(query("set search_path = information_schema, pg_catalog")),
           Stage(run("select v from t where id = 1") + SYNC),
           Stage(query("reset search_path")), setup=TABLE),
]

COPY = [
    Script("COPY from the client",
           Stage(query("copy c from stdin"), b"G"),
           Stage(copy_data(b"1\ta\n2\tb\n") + copy_data(b"3\t") + copy_data(b"c\n") + COPY_DONE),
           Stage(query("copy c from stdin") + copy_data(b"1\ta\n") + COPY_DONE),
           Stage(query("select count(*) from c; truncate c")), setup=COPIED),
    Script("COPY without data",
           Stage(query("copy c from stdin"), b"G"), Stage(COPY_DONE),
           Stage(query("copy c from stdin") + COPY_DONE + query("select 1"), count=2),
           Stage(query("copy c to stdout")),
           Stage(run("copy c from stdin") + COPY_DONE + SYNC), setup=COPIED),
    Script("CopyFail",
           Stage(query("copy c from stdin"), b"G"),
           Stage(copy_data(b"1\ta\n") + copy_fail("no more")),
           Stage(query("copy c from stdin") + copy_fail("none at all") + query("select 1"), count=2),
           Stage(run("copy c from stdin") + copy_fail("extended") + SYNC + run("select 2") + SYNC,
                 count=2), setup=COPIED),
    Script("an error in the middle of COPY",
           Stage(query("copy c from stdin") + copy_data(b"x\ta\n" * 3) + copy_data(b"4\tb\n") +
                 COPY_DONE),
           Stage(query("select 1")),
           Stage(query("copy c from stdin"), b"G"),
           Stage(copy_data(b"x\ta\n") + COPY_DONE + query("select 2"), count=2), setup=COPIED),
    Script("an error in the middle of COPY in the extended protocol",
           Stage(run("copy c from stdin") + copy_data(b"x\ta\n" * 3) + copy_data(b"4\tb\n") +
                 COPY_DONE + SYNC),
           Stage(run("select 1") + SYNC), setup=COPIED),
    Script("COPY from the client in the extended protocol",
           Stage(run("copy c from stdin") + FLUSH, b"G"),
           Stage(copy_data(b"1\ta\n") + COPY_DONE + SYNC),
           Stage(run("copy c from stdin") + copy_data(b"1\ta\n2\tb\n") + COPY_DONE +
                 run("select count(*) from c") + SYNC),
           Stage(query("truncate c")), setup=COPIED),
    Script("Sync and Flush inside COPY",
           Stage(run("copy c from stdin") + SYNC, b"G"),
           Stage(copy_data(b"1\ta\n") + FLUSH + copy_data(b"2\tb\n") + COPY_DONE + SYNC),
           Stage(run("copy c from stdin") + SYNC + copy_data(b"1\ta\n") + COPY_DONE + SYNC),
           Stage(run("copy c from stdin") + FLUSH, b"G"),
           Stage(copy_data(b"1\ta\n") + SYNC + copy_data(b"2\tb\n") + SYNC + COPY_DONE + SYNC),
           Stage(query("truncate c")), setup=COPIED),
    Script("an error of COPY with Sync among its data",
           Stage(run("copy c from stdin") + SYNC + copy_data(b"x\ta\n") + SYNC + COPY_DONE + SYNC,
                 count=2),
           Stage(query("select 'in place'")), setup=COPIED, lost=True),
    Script("COPY to the client",
           Stage(query("copy (select * from t order by id) to stdout")),
           Stage(run("copy t to stdout") + run("select 1") + SYNC),
           Stage(query("copy t to stdout; copy (select 1 / (id - 1) from t) to stdout")),
           Stage(query("copy (select id, 1 / (5 - id) from t order by id) to stdout")), setup=TABLE),
    Script("COPY both ways in one query",
           Stage(query("copy c from stdin; copy c from stdin; copy c to stdout; truncate c") +
                 copy_data(b"1\ta\n") + COPY_DONE + copy_data(b"2\tb\n") + COPY_DONE), setup=COPIED),
    Script("COPY messages where there is no COPY",
           Stage(copy_data(b"1\n") + COPY_DONE + copy_fail("x") + query("select 1")),
           Stage(run("select 2") + COPY_DONE + SYNC)),
    Script("another message inside COPY",
           Stage(query("copy c from stdin"), b"G"),
           gone(copy_data(b"1\ta\n") + query("select 1") + TERMINATE), setup=COPIED, lost=True),
]

ASIDE = [
    Script("parameters that change",
           Stage(query("set application_name = 'other'; set datestyle = 'German, DMY'")),
           Stage(run("set client_encoding = 'LATIN1'") + run("select 'x'") + SYNC),
           Stage(query("begin; set local timezone = 'Asia/Tokyo'; rollback")),
           Stage(query("reset all"))),
    Script("notices",
           Stage(query("do $$ begin raise notice 'a'; raise warning 'b'; end $$")),
           Stage(run("do $$ begin raise notice 'c'; end $$") + run("select 1") + SYNC),
           Stage(query("create temp table if not exists t (id int)")), setup=TABLE),
    Script("notifications to oneself",
           Stage(query("listen peers")), Stage(query("notify peers, 'one'")),
           Stage(run("select pg_notify('peers', 'two')") + run("select 1") + SYNC),
           Stage(query("begin; notify peers, 'three'; select 2; commit; unlisten *"))),
    Script("function calls",
           Stage(function_call(INT4PL, "40", "2")), Stage(function_call(INT4DIV, "1", "0")),
           Stage(function_call(INT4PL, "1", None) + query("select 1"), count=2),
           Stage(function_call(4294967295)), Stage(query("select 2"))),
]

ENDS = [
    Script("goodbye behind a query", gone(query("select 1") + TERMINATE)),
    Script("goodbye in the middle of a pipeline",
           gone(run("select 1") + parse("select 2", "s") + TERMINATE)),
    Script("goodbye behind an error in a pipeline",
           gone(run("select 1 / 0") + run("select 1") + TERMINATE)),
    Script("goodbye inside COPY",
           Stage(query("copy c from stdin"), b"G"), gone(copy_data(b"1\ta\n") + TERMINATE),
           setup=COPIED, lost=True),
    Script("a server that ends its own session",
           gone(query("select 1; select pg_terminate_backend(pg_backend_pid()); select 2"))),
    Script("a message of unknown type", gone(wire.message(b"?", b"x")), lost=True),
    Script("a message shorter than its contents",
           Stage(wire.message(b"B", b"\0\0\0\1") + SYNC), lost=True),
    Script("a message longer than the protocol allows",
           gone(b"Q\x7f\xff\xff\xff" + bytes(100)), lost=True),
]

LOGINS = [
    Script("a login", Stage(query("select 1"))),
    Script("a login with options",
           Stage(query("show work_mem; show datestyle; show application_name")),
           login=[Stage(wire.startup(options="-c work_mem=5MB --datestyle=German,\\ DMY",
                                     application_name="quote'd", client_encoding="LATIN1"))]),
    Script("protocol 3.2", Stage(query("select 1")), login=[Stage(wire.startup(minor=2))]),
    Script("unknown protocol options", Stage(query("select 1")),
           login=[Stage(wire.startup(**{"_pq_.greasy": "1", "_pq_.other": "x"}))]),
    Script("no such database", login=[gone(wire.startup(database="none"))]),
    Script("no such user", login=[gone(wire.startup(user="nobody at all"))]),
    Script("no such parameter", login=[gone(wire.startup(no_such_parameter="1"))]),
]


def _challenge(reply):
    return wire.frames(reply)[0][0][1][4:]


SECRETS = [
    Script("a password in clear", Stage(query("select current_user")),
           login=[Stage(wire.startup(user="clear_user"), b"R"),
                  Stage(wire.message(b"p", wire.text("secret")))]),
    Script("a password by md5", Stage(query("select current_user")),
           login=[Stage(wire.startup(user="md5_user"), b"R"),
                  Stage(lambda heard: wire.md5_password("md5_user", "secret",
                                                        _challenge(heard)))]),
    Script("a password by SCRAM", Stage(query("select current_user")),
           login=[Stage(wire.startup(user="scram_user"), b"R"),
                  Stage(wire.Scram("secret").first(), b"R"),
                  Stage(lambda heard: wire.Scram("secret").final(_challenge(heard)))]),
    Script("a wrong password by SCRAM",
           login=[Stage(wire.startup(user="scram_user"), b"R"),
                  Stage(wire.Scram("wrong").first(), b"R"),
                  gone(lambda heard: wire.Scram("wrong").final(_challenge(heard)))]),
    Script("a mechanism that is not offered",
           login=[Stage(wire.startup(user="scram_user"), b"R"),
                  gone(wire.message(b"p", wire.text("SCRAM-SHA-256-PLUS") +
                                    struct.pack(">i", 1) + b"p"))]),
]

LONG = [
    Script("a long statement, a long value, a long row",
           Stage(query("select '" + "x" * 90000 + "'")),
           Stage(run("select length($1)", "y" * 150000) + SYNC),
           Stage(run("select repeat('z', 200000)") + run("select $1::text", "w" * 5000) + SYNC)),
    Script("thousands of messages",
           Stage(b"".join(run("select $1::int", str(i)) for i in range(1000)) + SYNC),
           Stage(b"".join(query(f"select {i}") for i in range(300)), count=300)),
    Script("a statement with more literals than are kept",
           Stage(query("select " + ",".join(map(str, range(300))))),
           Stage(query(";".join(f"select {i}" for i in range(100))))),
]

SHORT = SIMPLE + EXTENDED + NAMES + COPY + ASIDE + ENDS + LOGINS
