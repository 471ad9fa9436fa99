#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stub.py PORT: logs everybody in as PostgreSQL does with `trust`, and answers each simple query
with one row. Ten thousand sessions of it are cheap, where as many of PostgreSQL are not."""
import asyncio
import itertools
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from test.peer.wire import message  # noqa: E402

PARAMETERS = {"server_version": "15.0", "server_encoding": "UTF8", "client_encoding": "UTF8",
              "application_name": "", "is_superuser": "on", "session_authorization": "postgres",
              "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "TimeZone": "Etc/UTC",
              "integer_datetimes": "on", "standard_conforming_strings": "on"}
GREETING = message(b"R", bytes(4)) + b"".join(
    message(b"S", f"{name}\0{value}\0".encode()) for name, value in PARAMETERS.items())
READY = message(b"Z", b"I")
COLUMN = struct.pack(">h", 1) + b"?column?\0" + struct.pack(">ihihih", 0, 0, 23, 4, -1, 0)
ANSWER = (message(b"T", COLUMN) + message(b"D", struct.pack(">hi", 1, 1) + b"1") +
          message(b"C", b"SELECT 1\0") + READY)
PIDS = itertools.count(1)


class Session(asyncio.Protocol):
    __slots__ = ("transport", "waiting", "is_started")

    def connection_made(self, transport):
        self.transport = transport
        self.waiting = b""
        self.is_started = False

    def data_received(self, data):
        self.waiting += data
        while self._take():
            pass

    def _take(self):
        head = 1 if self.is_started else 0
        if len(self.waiting) < head + 4:
            return False
        end = head + struct.unpack_from(">i", self.waiting, head)[0]
        if len(self.waiting) < end:
            return False
        kind, self.waiting = self.waiting[:head], self.waiting[end:]
        if not self.is_started:
            self.is_started = True
            key = message(b"K", struct.pack(">ii", next(PIDS), 4711))
            self.transport.write(GREETING + key + READY)
        elif kind == b"Q":
            self.transport.write(ANSWER)
        elif kind == b"X":
            self.transport.close()
        return True


async def main(port):
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port,
                                                            backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
