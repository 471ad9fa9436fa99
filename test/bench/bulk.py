# SPDX-License-Identifier: Apache-2.0
"""Much data in one query: one row of 64 MB, COPY out and in, in the clear and inside TLS.

The client is a bare socket that looks at nothing, so that it is not what is measured. COPY ... FROM
STDIN WHERE false has the server read and parse every row and keep none: no disk is measured, and
none fills up."""
import functools
import socket
import ssl
import struct
import time

from test.bench.figures import Goal
from test.bench.report import Section, number
from test.bench.rounds import Rounds
from test.peer import wire

GOAL = 1.0
ROW_BYTES = 64 << 20
LINE = b"x" * 1023 + b"\n"
MESSAGE = wire.message(b"d", LINE * 8)  # about as psql sends them
READY = wire.message(b"Z", b"I")
SSL_REQUEST = struct.pack(">ii", 8, 80877103)


class Client:
    """with Client(port, is_tls) as client: client.row(), client.copy_out(n), client.copy_in(n)

    Each returns how many bytes of messages went over the wire."""

    def __init__(self, port, is_tls):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_tls:
            self.sock.sendall(SSL_REQUEST)
            if self.sock.recv(1) != b"S":
                raise RuntimeError("no TLS")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)
        self.room = bytearray(1 << 18)
        body = b"\0\3\0\0user\0postgres\0database\0bench\0\0"
        self.sock.sendall(struct.pack(">i", len(body) + 4) + body)
        self._until(READY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.sendall(wire.message(b"X"))
        self.sock.close()

    def _until(self, end):
        """Reads up to bytes that nothing else in these replies ends with."""
        total, last = 0, b""
        while not last.endswith(end):
            count = self.sock.recv_into(self.room)
            if count == 0:
                raise RuntimeError("the connection ended in the middle of a reply")
            total += count
            last = (last + self.room[max(0, count - 64):count])[-64:]
        return total

    def _read(self, query, at_least):
        self.sock.sendall(wire.query(query))
        total = self._until(READY)
        if total < at_least:
            raise RuntimeError(f"only {total} bytes came as the answer to {query}")
        return total

    def row(self, _=None):
        return self._read(f"SELECT repeat('x', {ROW_BYTES})", ROW_BYTES)

    def copy_out(self, size):
        lines = size // len(LINE)
        return self._read(f"COPY (SELECT repeat('x', {len(LINE) - 1}) FROM generate_series(1, "
                          f"{lines})) TO STDOUT", size // len(LINE) * len(LINE))

    def copy_in(self, size):
        block = MESSAGE * 128
        self.sock.sendall(wire.query("COPY bulk FROM STDIN WHERE false"))
        self._until(wire.message(b"G", b"\0\0\1\0\0"))
        for _ in range(size // len(block)):
            self.sock.sendall(block)
        self.sock.sendall(wire.message(b"c"))
        self._until(READY)
        return size // len(block) * len(block)


WORK = {"one row of 64 MB": Client.row, "COPY out": Client.copy_out, "COPY in": Client.copy_in}


def measure(way, work, is_tls, size):
    with Client(way.secure_port if is_tls else way.port, is_tls) as client:
        before = way.cpu()
        start = time.perf_counter()
        total = work(client, size)
        took = time.perf_counter() - start
        after = way.cpu()
    way.expect(1)
    return {"mb_s": total / took / 1e6,
            **{f"{name}_ms_gb": (after[name] - ns) / 1e6 / (total / 1e9)
               for name, ns in before.items()}}


def run(room, options):
    section = Section(f"Bulk: one row of 64 MB, COPY of {options.bulk_bytes / 1e9:.1f} GB")
    room.postgres().sql("CREATE UNLOGGED TABLE bulk (line text)", "bench")
    ours = room.slowburn_loops()
    rows = []
    for is_tls in (False, True):
        bouncer = room.pgbouncer_tls() if is_tls else room.pgbouncer()
        ways = [room.direct(), bouncer, *ours.values()]
        for what, work in WORK.items():
            name = f"{what}, {'TLS' if is_tls else 'plain'}"
            rounds = Rounds(ways, options.rounds,
                            functools.partial(measure, work=work, is_tls=is_tls,
                                              size=options.bulk_bytes))
            section.figures[name] = rounds.document()
            section.parts += rounds.complaints(name)
            rows += [[name, way.name, number(rounds.median(way.name, "mb_s")),
                      number(rounds.median(way.name, "proxy_ms_gb")),
                      number(rounds.median(way.name, "analyzer_ms_gb"))] for way in ways]
            section.goals += [Goal(f"{name} / PgBouncer, {loop}",
                                   rounds.ratios(way.name, bouncer.name, "mb_s"), at_least=GOAL,
                                   counts=rounds.counts(way.name)) for loop, way in ours.items()]
    section.table(["", "way", "MB/s", "proxy CPU ms/GB", "analyzer CPU ms/GB"], rows)
    return section
