# SPDX-License-Identifier: Apache-2.0
"""The differential oracle: what a client hears through slowburn is what the server itself says.

A script is played straight to a server first, which records its replies. Then it is played through
slowburn, with a relay of the test's own between slowburn and the server, so that every byte of both
directions is in the test's hands: a piece is sent only when the one before has come out at the
other end, so a cut is a cut, without waiting for a clock. The server may also be the recording
itself (play.server = None), changed in ways that no real server can be brought to.
"""
import collections
import contextlib
import os
import random
import re
import select
import socket
import struct
import time

from test.peer import messages as wire, records

HEAD_LEN = 8  # of a startup packet: slowburn holds it until it knows what it is
SECONDS = 60
CLOCK_READ_NS = 5 * 10**9  # a proxy that does not run meanwhile gives a session the time from before

OPEN_BODY = struct.Struct("=2Q3I2H16sH")
CLOSE_BODY = struct.Struct("=6QHB")

Seen = collections.namedtuple("Seen", "text role kind rows sqlstate values_hash result_hash "
                              "bytes_in bytes_out")


class Stage:
    """What a client sends at once (bytes, or a function of the reply before), and what it waits
    for: the count-th frame of a kind, or the end of the session."""

    def __init__(self, client, kind=b"Z", count=1, dies=False):
        self.client = client
        self.kind = kind
        self.count = count
        self.dies = dies

    def bytes_after(self, heard):
        return self.client(heard) if callable(self.client) else self.client

    def is_over(self, frames, eof):
        return eof if self.dies else sum(k == self.kind for k, _ in frames) >= self.count


def gone(client):
    """The server ends the session."""
    return Stage(client, dies=True)


def silent(client):
    """Nothing is answered."""
    return Stage(client, count=0)


class Script:
    """What a client sends, stage by stage; it waits for the reply before the next stage.

    setup: bytes sent once, uncut, before the first; repeats: the session may play the stages again
    and again, because they leave nothing behind; lost: slowburn may lose its place in it.
    """

    def __init__(self, name, *stages, setup=(), login=None, lost=False):
        self.name = name
        self.stages = stages
        self.setup = [Stage(setup)] if setup else []
        self.login = login or [Stage(wire.startup())]
        self.repeats = bool(stages) and not any(s.dies for s in stages)
        self.lost = lost


def masked(data):
    """The frames of a reply, without what differs from session to session: process ids, keys,
    salts, and the numbers of temporary tables and schemas."""
    found, rest = wire.frames(data)
    answer = []
    for kind, body in found:
        if kind == b"K":
            body = b""
        elif kind == b"A":
            body = body[4:]
        elif kind == b"R":
            body = body[:4]
        elif kind == b"T":
            body = without_tables(body)
        elif kind == b"E":
            body = re.sub(rb"\0spg_temp_\d+\0", b"\0spg_temp\0", body)
        answer.append((kind, body))
    return answer, rest


def without_tables(body):
    """A RowDescription with zero for each table."""
    at = 2
    for _ in range(struct.unpack_from(">h", body)[0]):
        at = body.index(b"\0", at) + 1
        body = body[:at] + bytes(4) + body[at + 4:]
        at += 18
    return body


def receive(sock, size):
    """Exactly so many bytes, or fewer when the other side ends."""
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def receive_reply(sock, stage):
    data = b""
    found, rest = [], b""
    eof = False
    while not stage.is_over(found, eof):
        piece = sock.recv(1 << 16)
        eof = not piece
        data += piece
        more, rest = wire.frames(rest + piece)
        found += more
        if eof and not stage.is_over(found, eof):
            raise AssertionError(f"the server ended the session after {data!r}")
    return data


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def accept(relay):
    """The next session of slowburn's; not the cancel of a client that died before."""
    relay.settimeout(SECONDS)
    while True:
        up, _ = relay.accept()
        up.settimeout(SECONDS)
        up.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = b""
        while len(head) < HEAD_LEN:
            head = up.recv(HEAD_LEN, socket.MSG_PEEK)
        if head[4:] != wire.cancel(0, b"")[4:8]:
            return up
        up.close()


def reset(sock):
    """Closes it as a process that dies with unread bytes does."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("2i", 1, 0))
    sock.close()


def hears_the_end(sock):
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(1 << 16):
            pass
    return True


def record(port, script, runs=1):
    """Straight to the server: [(bytes sent, bytes heard), ...] of the login, the setup and each run
    of the stages."""
    login, setup, stages = [], [], []
    with connect(port) as sock:
        heard = b""
        for part, into in [(script.login, login), (script.setup, setup)] + [
                (script.stages, stages)] * runs:
            for stage in part:
                data = stage.bytes_after(heard)
                sock.sendall(data)
                heard = receive_reply(sock, stage)
                into.append((data, heard))
    return login, setup, stages


def pieces_of(data, cuts):
    """The bytes between the cuts, none empty unless there are no bytes at all."""
    edges = [0, *sorted({c for c in cuts if 0 < c < len(data)}), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:])]


class Cuts:
    """Where to cut: positions(stage, length, direction) of each stage."""

    def __init__(self, client=None, server=None):
        """Positions counted over all stages, one in each direction."""
        self.at = {"client": client, "server": server}
        self.passed = {"client": 0, "server": 0}

    def positions(self, length, direction):
        at = self.at[direction]
        begin = self.passed[direction]
        self.passed[direction] += length
        return [] if at is None else [at - begin]


class RandomCuts:
    def __init__(self, rng, most=12):
        self.rng = rng
        self.most = most

    def positions(self, length, direction):
        if length < 2:
            return []
        return [self.rng.randrange(1, length) for _ in range(self.rng.randrange(self.most + 1))]


class Play:
    """One session through slowburn. relay: the listening socket that is slowburn's upstream;
    server: the port of a real one, or None: the recorded replies are what a server says."""

    def __init__(self, relay, proxy_port, server):
        self.relay = relay
        self.began_ns = time.monotonic_ns()
        self.client = connect(proxy_port)
        self.port = self.client.getsockname()[1]
        self.up = None
        self.server = None if server is None else connect(server)
        self.held = 0
        self.logs_in = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in (self.client, self.up, self.server):
            if sock is not None:
                sock.close()

    def deliver(self, pieces):
        """From the client to slowburn's other end, piece by piece."""
        whole = b""
        for piece in pieces:
            self.client.sendall(piece)
            self.held += len(piece)
            whole += piece
            if self.up is None:
                if self.held < HEAD_LEN:
                    time.sleep(0.001)
                    continue
                self.up = accept(self.relay)
            got = receive(self.up, self.held)
            assert got == whole[len(whole) - self.held:], "the server gets other bytes"
            self.held = 0
        return whole

    def answer(self, pieces):
        """From the server to the client, piece by piece. While the client logs in, a message is
        passed on once it is known what it is (it may have to be changed): there only the whole is
        compared."""
        whole = b"".join(pieces)
        for piece in pieces:
            self.up.sendall(piece)
            if self.logs_in:
                time.sleep(0.0005)
                continue
            got = receive(self.client, len(piece))
            assert got == piece, f"the client gets other bytes: {got!r} for {piece!r}"
        if self.logs_in:
            got = receive(self.client, len(whole))
            assert got == whole, f"the client gets other bytes: {got!r} for {whole!r}"
            self.logs_in = wire.AUTH_OK not in whole

    def stage(self, stage, expected, cuts, heard=b""):
        """Returns what the server said. expected: what it said to a direct client."""
        sent, reply = expected
        data = sent if self.server is None else stage.bytes_after(heard)
        data = self.deliver(pieces_of(data, cuts.positions(len(data), "client")))
        if self.server is not None:
            self.server.sendall(data)
            if stage.dies:
                reply = receive_reply(self.server, stage)
            else:
                reply = receive(self.server, len(reply))
            assert masked(reply) == masked(expected[1]), \
                f"the server answers {reply!r} instead of {expected[1]!r}"
        self.answer(pieces_of(reply, cuts.positions(len(reply), "server")))
        return reply

    def ends(self):
        """The server has ended the session: so has slowburn towards the client."""
        self.up.close()
        self.up = None
        assert self.client.recv(1) == b"", "the session goes on without its server"

    def stages(self, stages, recorded, cuts, heard=b""):
        for stage, expected in zip(stages, recorded):
            heard = self.stage(stage, expected, cuts, heard)
            if stage.dies:
                self.ends()
        return heard

    def interleaved(self, expected, rng):
        """Pieces of both directions as they come: replies begin before the client has ended."""
        data, reply = expected
        rest = pieces_of(data, RandomCuts(rng).positions(len(data), "client"))
        heard = pending = b""
        while rest or len(heard) < len(reply):
            if rest and (not pending or rng.random() < 0.5):
                self.server.sendall(self.deliver([rest.pop(0)]))
            elif pending:
                size = rng.randrange(1, len(pending) + 1)
                self.answer([pending[:size]])
                heard, pending = heard + pending[:size], pending[size:]
            missing = len(heard) + len(pending) < len(reply)
            patience = 0 if rest or pending or not missing else SECONDS
            if select.select([self.server], [], [], patience)[0]:
                piece = self.server.recv(1 << 16)
                assert piece, "the server ended the session"
                pending += piece
            else:
                assert patience == 0, "the server says less than it said directly"
        assert masked(heard) == masked(reply), "the server answers otherwise"


class Tap:
    """The proxy's records as they come; a session is told once it is closed, by the port its client
    had: a play that left one behind shifts nobody else's."""

    def __init__(self, proxy):
        self.records = records.Records(proxy)
        self.at = [0] * len(self.records.maps)
        self.texts = {}
        self.ports = {}
        self.running = collections.defaultdict(list)
        self.closed = {}

    def read(self):
        for i, ring in enumerate(self.records.maps):
            tail = struct.unpack_from("=Q", ring, 64)[0]
            while self.at[i] < tail:
                begin = records.PAGE + self.at[i]
                kind, _, body, _, length = records.HEAD.unpack_from(ring, begin)[:5]
                self.record(ring, kind, begin + records.HEAD.size, begin + body)
                self.at[i] += length

    def record(self, ring, kind, body, tail):
        if kind == records.STATEMENT:
            fields = records.STATEMENT_BODY.unpack_from(ring, body)
            self.texts[fields[0]] = ring[tail:tail + fields[2]].decode()
        elif kind == records.QUERY:
            fields = records.Query(*records.QUERY_BODY.unpack_from(ring, body), (), b"")
            self.running[fields.session].append(fields)
        elif kind == records.SESSION_OPEN:
            fields = OPEN_BODY.unpack_from(ring, body)
            self.ports[fields[0]] = fields[-1]
        elif kind == records.SESSION_CLOSE:
            session, start_ns, *_, opaque = CLOSE_BODY.unpack_from(ring, body)
            self.closed[self.ports.pop(session, None)] = (
                start_ns, bool(opaque), self.running.pop(session, []))

    def session(self, play):
        """(lost, [records]) of the session that was played."""
        deadline = time.monotonic() + SECONDS
        while True:
            self.read()
            start_ns, lost, queries = self.closed.get(play.port, (0, False, []))
            if start_ns + CLOCK_READ_NS >= play.began_ns:
                del self.closed[play.port]  # the port's next session has not closed yet
                return lost, queries
            assert time.monotonic() < deadline, "no record of a closed session"
            time.sleep(0.002)

    def seen(self, queries):
        """What does not depend on time."""
        return [Seen(self.texts.get(q.fingerprint, "?"), q.role, q.kind, q.rows, q.sqlstate,
                     q.values_hash, q.result_hash, q.bytes_in, q.bytes_out) for q in queries]


def tier_is_full():
    return os.environ.get("SLOWBURN_CUTS") == "all"


def positions(length, most):
    """Every position, or evenly spread ones where there are more than the tier has time for."""
    count = length if tier_is_full() else min(length, most)
    return sorted({1 + i * (length - 1) // max(1, count) for i in range(count)} - {length})


def seeded(name):
    return random.Random(f"{os.environ.get('SLOWBURN_SEED', '1')} {name}")
