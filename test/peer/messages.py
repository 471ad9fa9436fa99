# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's protocol 3 by hand: messages of a client, frames of a server, a SCRAM client."""
import base64
import hashlib
import hmac
import struct

SSL_REQUEST = struct.pack(">2i", 8, 80877103)
GSSENC_REQUEST = struct.pack(">2i", 8, 80877104)


def message(kind, body=b""):
    return kind + struct.pack(">i", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


def startup(user="postgres", database="postgres", minor=0, **more):
    body = struct.pack(">2h", 3, minor)
    for name, value in {"user": user, "database": database, **more}.items():
        body += text(name) + text(value)
    return struct.pack(">i", len(body) + 5) + body + b"\0"


def cancel(pid, key):
    return struct.pack(">3i", 12 + len(key), 80877102, pid) + key


def query(sql):
    return message(b"Q", text(sql))


def parse(sql, name="", types=()):
    return message(b"P", text(name) + text(sql) + struct.pack(f">h{len(types)}I", len(types),
                                                              *types))


def bind(name="", portal="", values=(), formats=(), result_formats=()):
    body = text(portal) + text(name) + struct.pack(f">h{len(formats)}h", len(formats), *formats)
    body += struct.pack(">h", len(values))
    for value in values:
        if value is None:
            body += struct.pack(">i", -1)
        else:
            value = value.encode() if isinstance(value, str) else value
            body += struct.pack(">i", len(value)) + value
    body += struct.pack(f">h{len(result_formats)}h", len(result_formats), *result_formats)
    return message(b"B", body)


def describe(kind, name=""):
    return message(b"D", kind.encode() + text(name))


def close(kind, name=""):
    return message(b"C", kind.encode() + text(name))


def execute(portal="", rows=0):
    return message(b"E", text(portal) + struct.pack(">i", rows))


def function_call(oid, *values):
    """Arguments and result as text."""
    body = struct.pack(">I2h", oid, 0, len(values))
    for value in values:
        body += struct.pack(">i", -1) if value is None else (
            struct.pack(">i", len(value)) + value.encode())
    return message(b"F", body + struct.pack(">h", 0))


def copy_data(data):
    return message(b"d", data)


def copy_fail(reason):
    return message(b"f", text(reason))


SYNC = message(b"S")
FLUSH = message(b"H")
COPY_DONE = message(b"c")
TERMINATE = message(b"X")


def ready(state=b"I"):
    return message(b"Z", state)


def error(sqlstate="XX000", severity="ERROR"):
    return message(b"E", b"S" + text(severity) + b"V" + text(severity) + b"C" + text(sqlstate) +
                   b"M" + text("no") + b"\0")


def notice():
    return message(b"N", b"S" + text("NOTICE") + b"V" + text("NOTICE") + b"C" + text("00000") +
                   b"M" + text("hear") + b"\0")


def notification(pid=4711):
    return message(b"A", struct.pack(">i", pid) + text("channel") + text("payload"))


def parameter(name="application_name", value="x"):
    return message(b"S", text(name) + text(value))


def complete(tag):
    return message(b"C", text(tag))


def row(*values):
    body = struct.pack(">h", len(values))
    for value in values:
        body += struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
    return message(b"D", body)


def columns(*names, type_oid=25):
    body = struct.pack(">h", len(names))
    for name in names:
        body += text(name) + struct.pack(">IhIhih", 0, 0, type_oid, -1, -1, 0)
    return message(b"T", body)


def key_data(pid=4711, key=b"key!"):
    return message(b"K", struct.pack(">i", pid) + key)


AUTH_OK = message(b"R", struct.pack(">i", 0))


def frames(data):
    """[(type, body), ...] of whole frames, and what is left."""
    found = []
    while len(data) >= 5:
        end = 1 + struct.unpack_from(">i", data, 1)[0]
        if end < 5 or len(data) < end:
            break
        found.append((data[:1], data[5:end]))
        data = data[end:]
    return found, data


def fields(body):
    """The fields of an ErrorResponse or NoticeResponse."""
    return {piece[:1].decode(): piece[1:].decode() for piece in body.split(b"\0") if piece}


def command_rows(body):
    """The rows that a command tag tells: its last word, when that is a number."""
    last = body[:-1].split(b" ")[-1]
    return int(last) if last.isdigit() else 0


class Scram:
    """A client's side of SCRAM-SHA-256, without channel binding."""

    def __init__(self, password, nonce="a client's own nonce"):
        self.password = password
        self.bare = f"n=,r={base64.b64encode(nonce.encode()).decode()}"

    def first(self):
        data = ("n,," + self.bare).encode()
        return message(b"p", text("SCRAM-SHA-256") + struct.pack(">i", len(data)) + data)

    def final(self, challenge):
        server = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                     base64.b64decode(server["s"]), int(server["i"]))
        bare = f"c=biws,r={server['r']}"
        signed = ",".join((self.bare, challenge.decode(), bare)).encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature))
        return message(b"p", f"{bare},p={base64.b64encode(proof).decode()}".encode())


def md5_password(user, password, salt):
    inner = hashlib.md5((password + user).encode()).hexdigest()
    return message(b"p", text("md5" + hashlib.md5(inner.encode() + salt).hexdigest()))
