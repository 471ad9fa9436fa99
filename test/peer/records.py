# SPDX-License-Identifier: Apache-2.0
"""What the proxy says about the traffic: its event rings, read by the test as their subscriber."""
import mmap
import os
import re
import struct
import time
from collections import namedtuple

from test.peer import proxy_host

PAGE = 4096
HEAD = struct.Struct("=4H2I2Q")
SESSION_OPEN, SESSION_CLOSE, STATEMENT, QUERY, COUNTERS = 2, 3, 6, 7, 14
EXECUTE, PREPARE, CLOSE = 0, 1, 2
PREPARED, EXTENDED, PIPELINED, ERROR, RESULT_HASHED, UNFINISHED, MULTI = 1, 2, 4, 32, 64, 256, 512
QUERY_BODY = struct.Struct("=13Q16s8s4I2H5sBBBHH")
COUNTER_TABLE = os.path.join(os.path.dirname(__file__), "../../src/model/counter.tbl")
STATEMENT_BODY = struct.Struct("=QIIBB")

Query = namedtuple("Query", "session backend fingerprint values_hash result_hash start_ns "
                   "first_row_ns end_ns prepare_ns proxy_ns rows bytes_in bytes_out trace_id "
                   "parent_span session_seq database user flags listener upstream sqlstate "
                   "tx_state kind role value_count tags_len values tags")


class Records:
    """Attach before the traffic; the rings are big enough never to be emptied."""

    def __init__(self, proxy):
        kind, _, _, fds = proxy.channel.ask(proxy_host.ATTACH, {})
        assert kind == proxy_host.RINGS
        self.maps = [mmap.mmap(fd, os.fstat(fd).st_size, prot=mmap.PROT_READ)
                     for fd in fds[0::2]]
        for fd in fds:
            os.close(fd)

    def __iter__(self):
        for ring in self.maps:
            tail = struct.unpack_from("=Q", ring, 64)[0]
            at = 0
            while at < tail:
                head = HEAD.unpack_from(ring, PAGE + at)
                yield head[0], ring[PAGE + at:PAGE + at + head[4]], head[2]
                at += head[4]

    def of(self, kind):
        return [(data, body) for found, data, body in self if found == kind]

    def queries(self):
        found = []
        for data, body in self.of(QUERY):
            fields = QUERY_BODY.unpack_from(data, HEAD.size)
            count, tags = fields[-2:]
            values = struct.unpack_from(f"={count}Q", data, body)
            found.append(Query(*fields, values, data[body + 8 * count:body + 8 * count + tags]))
        # A session's id begins with its worker's number: by when they began they are in the order
        # in which the test has opened them.
        began = {}
        for query in found:
            began[query.session] = min(query.start_ns, began.get(query.session, query.start_ns))
        return sorted(found, key=lambda q: (began[q.session], q.session, q.session_seq))

    def counter(self, name):
        """The sum over the workers, as of their last word."""
        with open(COUNTER_TABLE, encoding="utf-8") as table:
            at = re.findall(r"^COUNTER\((\w+)", table.read(), re.MULTILINE).index(name)
        latest = {}
        for data, body in self.of(COUNTERS):
            latest[HEAD.unpack_from(data)[1]] = struct.unpack_from("=Q", data, body + 8 * at)[0]
        return sum(latest.values())

    def texts(self):
        found = {}
        for data, body in self.of(STATEMENT):
            fields = STATEMENT_BODY.unpack_from(data, HEAD.size)
            found[fields[0]] = data[body:body + fields[2]].decode()
        return found

    def seen(self, count=1, text="", flag=0, seconds=60.0):
        """[(text, query), ...] once at least `count` contain `text` and have the flag."""
        deadline = time.monotonic() + seconds
        while True:
            texts = self.texts()
            found = [(texts.get(q.fingerprint, "?"), q) for q in self.queries()
                     if text in texts.get(q.fingerprint, "?") and q.flags & flag == flag]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)
