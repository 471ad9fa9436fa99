# SPDX-License-Identifier: Apache-2.0
"""What each record says is about its own statement: random pipelines to a real server, with errors
of every kind, and the records beside what the client saw.

The n-th statement of a session names itself: in its column (or table), in each of its rows, and in
the SQLSTATE that it fails with. So a row or an error that is given to another statement betrays
itself, in the client's own reading of the replies as well as in the records.

SLOWBURN_SEED=n plays other sessions, SLOWBURN_PIPELINES=n more of them."""
import os
import random
import re
import select
import struct
import time

import pytest

from test.peer import messages as wire, oracle, records
from test.peer.proxy_host import ProxyHost

SESSIONS = int(os.environ.get("SLOWBURN_PIPELINES", "40"))
STATEMENTS = 60  # of one session
NOBODYS = b"NAS"
# Of a name that turned out to be none: the text that it stood for is not known.
NAMELESS = ("26000", "34000")

SETUP = """
create table sink (n int, g int);
do $$ begin for i in 0..59 loop
    execute format('create table sink%s (n int, g int)', i);
end loop; end $$;
create function fail_at(g int, here int, code text) returns int language plpgsql volatile as $$
begin
    if g = here then raise exception 'as asked' using errcode = code; end if;
    return g;
end $$;
"""


class Statement:
    """kind: rows, fails (when it runs, after some rows), wrong (when it is parsed), insert,
    copy_out, copy_in, or a word of a transaction."""

    def __init__(self, number, kind, rng):
        self.number = number
        self.kind = kind
        self.rows = rng.randrange(6)
        self.code = f"U{number:04}"
        g = f"generate_series(1, {self.rows}) g"
        n = number
        self.sql = {
            "rows": f"select {n} as s{n}, g from {g}",
            "fails": f"select {n} as s{n}, fail_at(g, {1 + rng.randrange(self.rows + 1)}, "
                     f"'{self.code}') from generate_series(1, {self.rows + 1}) g",
            "wrong": f"select {n} as s{n}, nope from sink",
            "insert": f"insert into sink{n} select {n}, g from {g}",
            "copy_out": f"copy (select {n} as s{n}, g from {g}) to stdout",
            "copy_in": f"copy sink{n} from stdin",
        }.get(kind, kind)

    def is_named_in(self, text):
        """In the normalized text of a record."""
        found = re.search(r"\bs(?:ink)?(\d+)\b", text)
        return int(found[1]) == self.number if found else text == self.kind


class Saw:
    """What the client saw of one execution."""

    def __init__(self, statement, batch):
        self.statement = statement
        self.batch = batch
        self.rows = 0        # of the command tag, or that came before it was suspended
        self.sqlstate = ""
        self.heard_ns = 0


class Batch:
    """What the client sends before it waits: bytes, and what is asked with them, in order.
    asked: [(message type, statements or statement)]."""

    def __init__(self):
        self.data = b""
        self.asked = []

    def add(self, data, about=None):
        self.data += data
        self.asked.append((data[:1], about))


class Client:
    """Makes up what is sent, and reads the replies by the rules of the protocol's description."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.made = 0
        self.named = []  # (name, statement) that were parsed at some time

    def chance(self, n):
        return self.rng.randrange(n) == 0

    def statement(self, copies=True):
        kinds = ["rows"] * 6 + ["insert"] * 2 + ["fails"] * 2 + ["wrong"]
        kinds += ["copy_in", "copy_in", "copy_out"] * copies
        kinds += ["begin", "commit", "rollback"] * self.chance(2)
        self.made += 1
        return Statement(self.made - 1, self.rng.choice(kinds), self.rng)

    def copy_data(self, batch, statement, syncs):
        """Data and its end; sometimes data that is none, or an end that is a failure."""
        lines = self.rng.randrange(4)
        bad = self.rng.choice(["", "", "bad line", "failure"])
        statement.rows = lines
        for _ in range(lines):
            batch.add(wire.copy_data(f"{statement.number}\t1\n".encode()))
            if syncs and not bad and self.chance(3):
                batch.add(wire.SYNC)
        if bad == "bad line":
            batch.add(wire.copy_data(b"no number\t1\n"))
        batch.add(wire.copy_fail("as asked") if bad == "failure" else wire.COPY_DONE)

    def simple(self):
        batch = Batch()
        for _ in range(1 + self.rng.randrange(3)):
            whole = [self.statement() for _ in range(self.rng.randrange(5))]
            text = "; ".join(s.sql for s in whole) + self.rng.choice(["", ";", " ; ; "])
            batch.add(wire.query(text), whole)
            for statement in whole:
                if statement.kind == "copy_in":
                    self.copy_data(batch, statement, False)
        return batch

    def extended(self):
        batch = Batch()
        for _ in range(1 + self.rng.randrange(6)):
            self.execution(batch)
            if self.chance(4):
                batch.add(wire.FLUSH)
            if self.chance(4):
                batch.add(wire.SYNC)
            if self.chance(8):
                whole = [self.statement(False)]
                batch.add(wire.query(whole[0].sql), whole)
        batch.add(wire.SYNC)
        return batch

    def execution(self, batch):
        """A statement with all of its messages."""
        if self.named and self.chance(3):
            name, statement = self.rng.choice(self.named)
        else:
            statement = self.statement()
            name = ""
            if statement.kind != "copy_in" and self.chance(3):
                name = f"p{statement.number}"
                self.named.append((name, statement))
            batch.add(wire.parse(statement.sql, name), statement)
        if self.chance(3):
            batch.add(wire.describe("S", name), statement)
        portal = self.rng.choice(["", f"c{self.rng.randrange(1000)}"])
        batch.add(wire.bind(name, portal), statement)
        if self.chance(2):
            batch.add(wire.describe("P", portal), statement)
        limits = [self.rng.randrange(1, 4) for _ in range(self.rng.randrange(3))]
        for limit in (limits if statement.kind in ("rows", "fails") else []) + [0]:
            batch.add(wire.execute(portal, limit), statement)
        if statement.kind == "copy_in":
            self.copy_data(batch, statement, True)
        if portal and self.chance(2):
            batch.add(wire.close("P", portal), statement)


class Reading:
    """The replies to one batch. saw: what was executed, in order."""

    def __init__(self, session, batch, number):
        self.session = session
        self.number = number
        self.asked = list(batch.asked)
        self.saw = []

    def next(self):
        """The next frame that answers something."""
        while True:
            kind, body = self.session.frame()
            if kind not in NOBODYS:
                return kind, body

    def all(self):
        while self.asked:
            kind, about = self.asked.pop(0)
            if kind == b"Q":
                self.query(about)
            elif kind == b"S":
                assert self.next()[0] == b"Z"
            elif kind in b"PBDEC" and not self.extended(kind, about):
                self.skip()
        return self.saw

    def skip(self):
        """Nothing is answered up to the next Sync."""
        while self.asked[0][0] != b"S":
            self.asked.pop(0)

    def failed(self, saw, body):
        saw.sqlstate = wire.fields(body)["C"]
        if saw.sqlstate.startswith("U"):
            assert saw.sqlstate == saw.statement.code
        self.ended(saw)

    def ended(self, saw):
        saw.heard_ns = time.monotonic_ns()
        self.saw.append(saw)

    def query(self, statements):
        statements = list(statements)
        while (frame := self.next())[0] != b"Z":
            if frame[0] == b"I":
                assert not statements
                continue
            statement = statements.pop(0)
            if not self.run(statement, frame):
                assert self.next()[0] == b"Z"
                return
        assert not statements

    def extended(self, kind, statement):
        """False: it failed."""
        frame = self.next()
        if kind == b"E":
            return self.run(statement, frame)
        if frame[0] == b"E":
            saw = Saw(statement, self.number)
            if kind in b"PB":
                self.failed(saw, frame[1])
            return False
        if frame[0] == b"t":
            frame = self.next()
        assert frame[0] in {b"P": b"1", b"B": b"2", b"C": b"3", b"D": b"Tn"}[kind]
        return True

    def run(self, statement, frame):
        """A statement's own messages, from `frame` on. False: it failed."""
        saw = Saw(statement, self.number)
        rows = 0
        while True:
            kind, body = frame
            if kind == b"E":
                self.failed(saw, body)
                return False
            if kind == b"D":
                assert body[6:6 + struct.unpack_from(">i", body, 2)[0]].decode() == \
                    str(statement.number), "the client reads another statement's row"
                rows += 1
            elif kind == b"d":
                assert body.split(b"\t")[0].decode() == str(statement.number)
                rows += 1
            elif kind == b"G":
                self.pass_copy_data()
            elif kind in b"Cs":
                saw.rows = wire.command_rows(body) if kind == b"C" else rows
                assert rows in (0, saw.rows)
                self.ended(saw)
                return True
            else:
                assert kind in b"THc", kind
            frame = self.next()

    def pass_copy_data(self):
        """The server reads what was sent for this COPY, and takes no Sync in it for one."""
        while self.asked.pop(0)[0] not in (b"c", b"f"):
            pass


class Session:
    """A connection whose sending is cut at random, and whose replies are read meanwhile."""

    def __init__(self, port, rng):
        self.began_ns = time.monotonic_ns()
        self.sock = oracle.connect(port)
        self.rng = rng
        self.rest = b""
        self.frames = []
        self.port = self.sock.getsockname()[1]
        self.sock.sendall(wire.startup(database="attribution"))
        while self.frame()[0] != b"Z":
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        positions = oracle.RandomCuts(self.rng).positions(len(data), "client")
        for piece in oracle.pieces_of(data, positions):
            self.sock.sendall(piece)
            if self.rng.randrange(3) == 0 and select.select([self.sock], [], [], 0)[0]:
                self.receive()

    def receive(self):
        piece = self.sock.recv(1 << 16)
        assert piece, "the session has ended"
        found, self.rest = wire.frames(self.rest + piece)
        self.frames += found

    def frame(self):
        while not self.frames:
            self.receive()
        return self.frames.pop(0)


@pytest.fixture(scope="module")
def server(postgres):
    postgres.sql("create database attribution")
    postgres.sql(SETUP, "attribution")
    return postgres.port


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    with ProxyHost(str(tmp_path_factory.mktemp("attribution")), [f"127.0.0.1:{server}"], "postgres",
                   drain_ms=500, workers=1, ring_bytes=256 << 20) as running:
        running.tap = oracle.Tap(running)
        yield running


def check(saw, record, text):
    """What the record says is what the client saw."""
    what = f"{saw.statement.sql!r}: {record}"
    assert saw.statement.is_named_in(text), f"{what}: said of {text!r}"
    assert record.sqlstate.rstrip(b"\0").decode() == saw.sqlstate, what
    assert bool(record.flags & records.ERROR) == bool(saw.sqlstate), what
    assert record.rows == saw.rows, what
    assert record.start_ns <= (record.first_row_ns or record.end_ns) <= record.end_ns, what
    assert record.end_ns <= saw.heard_ns, what


@pytest.mark.parametrize("seed", range(int(os.environ.get("SLOWBURN_SEED", "1")),
                                       int(os.environ.get("SLOWBURN_SEED", "1")) + SESSIONS))
def test_each_record_is_about_its_own_statement(proxy, seed):
    client = Client(seed)
    saw = []
    with Session(proxy.ports[0], client.rng) as session:
        number = 0
        while client.made < STATEMENTS - 20:
            batch = client.simple() if client.chance(2) else client.extended()
            session.send(batch.data)
            saw += Reading(session, batch, number).all()
            number += 1
    lost, queries = proxy.tap.session(session)
    assert not lost
    said = [q for q in queries if q.role == records.EXECUTE
            and q.sqlstate.decode() not in NAMELESS]
    saw = [s for s in saw if s.sqlstate not in NAMELESS]
    for mine, record in zip(saw, said):
        check(mine, record, proxy.tap.texts[record.fingerprint])
    assert len(saw) == len(said)
    ends = [record.end_ns for record in said]
    assert ends == sorted(ends)
    for (before, first), (after, second) in zip(zip(saw, said), zip(saw[1:], said[1:])):
        assert before.batch == after.batch or first.end_ns <= second.start_ns
