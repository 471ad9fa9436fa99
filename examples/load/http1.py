# SPDX-License-Identifier: Apache-2.0
"""One HTTP/1.1 exchange on a connection of its own, as short code as the load needs.

It reads Content-Length, chunked and until-close bodies to their very end: the latency of a reply is
that of its last byte, and a truncated reply must count as a failure.
"""

import asyncio

# The shop's replies are a few KB; anything of this size is a mistake worth failing on.
BODY_MAX = 4 << 20
HOST = "shop.test"


class BadReply(Exception):
    """The reply is not whole, or not HTTP."""


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


def encode(request):
    """The request's bytes. The Host never varies: replies quote it in their links."""
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {HOST}",
             "Accept: application/json", "Connection: close"]
    if request.token:
        lines.append(f"Authorization: Bearer {request.token}")
    if request.body is not None:
        lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (request.body or b"")


async def exchange(host, port, request):
    """Sends `request`, answers the whole Reply. Raises OSError or BadReply; the caller times it out."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    try:
        writer.write(encode(request))
        return await _read_reply(reader)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise BadReply(str(error)) from error
    finally:
        writer.transport.abort()


async def _read_reply(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status = head[0].split(" ", 2)[:2]
    if not version.startswith("HTTP/1."):
        raise BadReply(f"not HTTP: {head[0]!r}")
    headers = [(name.lower(), value.strip()) for name, _, value in
               (line.partition(":") for line in head[1:] if line)]
    fields = dict(headers)
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    elif "content-length" in fields:
        length = int(fields["content-length"])
        if length > BODY_MAX:
            raise BadReply(f"a body of {length} bytes")
        body = await reader.readexactly(length)
    else:
        body = await reader.read(BODY_MAX)
        while not reader.at_eof():
            body += await reader.read(BODY_MAX)
            if len(body) > BODY_MAX:
                raise BadReply("an endless body")
    return Reply(int(status), headers, body)


async def _read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return body
        if len(body) + size > BODY_MAX:
            raise BadReply("an endless body")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
