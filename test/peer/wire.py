# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL client that sends exactly the bytes a test wants, and reads message by message."""
import contextlib
import socket
import struct


def message(kind, body=b""):
    return kind + struct.pack(">i", len(body) + 4) + body


def query(text):
    return message(b"Q", text.encode() + b"\0")


def parse(text, name=b""):
    return message(b"P", name + b"\0" + text.encode() + b"\0\0\0")


def bind(portal=b"", name=b""):
    return message(b"B", portal + b"\0" + name + b"\0" + bytes(6))


def execute(portal=b"", rows=0):
    return message(b"E", portal + b"\0" + struct.pack(">i", rows))


SYNC, FLUSH, COPY_DONE = message(b"S"), message(b"H"), message(b"c")


def run(text):
    """One statement of the extended protocol, without its Sync."""
    return parse(text) + bind() + execute()


class Wire:
    """with Wire(port) as w: w.send(query("select 1")); w.until(b"Z") -> [(b"T", body), ...]"""

    def __init__(self, port, host="127.0.0.1", login=True, seconds=60, **parameters):
        if isinstance(port, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(seconds)
            self.sock.connect(port)
        else:
            self.sock = socket.create_connection((host, port), seconds)
        self.data = b""
        self.pid, self.key = 0, b""
        self.parameters = {"user": "postgres", "database": "postgres", **parameters}
        if login:
            self.send(self.startup())
            self.greeting = self.until(b"Z", b"E")
            for kind, body in self.greeting:
                if kind == b"K":
                    self.pid, self.key = struct.unpack_from(">I", body)[0], body[4:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def startup(self):
        body = b"\0\3\0\0" + b"".join(f"{name}\0{value}\0".encode()
                                      for name, value in self.parameters.items()) + b"\0"
        return struct.pack(">i", len(body) + 4) + body

    def send(self, *parts):
        self.sock.sendall(b"".join(parts))

    def next(self):
        """(type, body), or None at the end."""
        while len(self.data) < 5 or len(self.data) < 1 + struct.unpack_from(">I", self.data, 1)[0]:
            try:
                piece = self.sock.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            self.data += piece
        end = 1 + struct.unpack_from(">I", self.data, 1)[0]
        found = self.data[:1], self.data[5:end]
        self.data = self.data[end:]
        return found

    def until(self, *kinds):
        """All messages up to the first of one of these kinds, or the end."""
        found = []
        while (got := self.next()) is not None:
            found.append(got)
            if got[0] in kinds:
                break
        return found

    def kinds(self, *until):
        return b"".join(kind for kind, _ in self.until(*(until or (b"Z",))))

    def ask(self, text):
        """The rows of a simple query, as lists of texts."""
        self.send(query(text))
        return rows(self.until(b"Z"))

    def reset(self):
        """Ends as a killed process with unread bytes does: with a reset."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def rows(messages):
    found = []
    for kind, body in messages:
        if kind != b"D":
            continue
        values, at = [], 2
        for _ in range(struct.unpack_from(">H", body)[0]):
            length = struct.unpack_from(">i", body, at)[0]
            at += 4
            values.append(None if length < 0 else body[at:at + length].decode())
            at += max(length, 0)
        found.append(values)
    return found


def sqlstate(messages):
    """Of the first error among them, or None."""
    for kind, body in messages:
        if kind == b"E":
            return next(part[1:].decode() for part in body.split(b"\0") if part[:1] == b"C")
    return None


def cancel(port, pid, key, host="127.0.0.1"):
    """Sends a cancel request and waits until the other side closes, as libpq does."""
    with socket.create_connection((host, port), 60) as sock:
        sock.sendall(struct.pack(">iiI", 12 + len(key), 80877102, pid) + key)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""
