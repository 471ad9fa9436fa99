# SPDX-License-Identifier: Apache-2.0
"""The proxy process alone, with the test as its supervisor: the control protocol in Python."""
import array
import contextlib
import json
import os
import socket
import struct
import subprocess

HELLO, CONFIGURE, ATTACH, RINGS, LENS, DRAIN, STATUS, ADOPT = 1, 2, 3, 4, 5, 8, 9, 10
PARTY_SUPERVISOR, PARTY_PROXY, PARTY_ANALYZER = 1, 2, 3
HEAD = struct.Struct("=IHBBII")
MAGIC = 0x31686373


def loop():
    """The kind of event loop that the tests are to run on: $SLOWBURN_LOOP."""
    return os.environ.get("SLOWBURN_LOOP", "auto")


def binary():
    daemon = os.path.abspath(os.environ["SLOWBURN_BINARY"])
    return os.path.join(os.path.dirname(daemon), "..", "test", "peer", "proxy_host")


class Channel:
    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(60)

    def send(self, kind, payload, number=0, fds=()):
        body = json.dumps(payload).encode()
        head = HEAD.pack(MAGIC, kind, PARTY_SUPERVISOR, PARTY_PROXY, number, len(body))
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([head + body], ancillary)

    def receive(self):
        """(type, id, payload, fds)"""
        data, fds, _, _ = socket.recv_fds(self.sock, 1 << 18, 34)
        if not data:
            raise EOFError
        magic, kind, _, _, number, length = HEAD.unpack_from(data)
        assert magic == MAGIC and length == len(data) - HEAD.size
        return kind, number, json.loads(data[HEAD.size:]), list(fds)

    def ask(self, kind, payload, number=1, fds=()):
        self.send(kind, payload, number, fds)
        return self.receive()

    def close(self):
        self.sock.close()


class ProxyHost:
    """with ProxyHost(folder, [upstream_port, ...]) as proxy: proxy.ports[0]

    security: of every listener, as model/listener_setting.tbl names it.
    within: the front of a command line, a namespace of the test's own."""

    def __init__(self, folder, upstreams, protocol="raw", security=None, within=(), **settings):
        self.data = os.path.join(folder, "data")
        os.makedirs(self.data)
        self.log = os.path.join(folder, "proxy.log")
        self.upstreams = upstreams
        self.protocol = protocol
        self.security = security or {}
        self.within = within
        self.settings = {"event_loop": loop(), **settings}
        self.channel = self.process = None
        self.ports = []

    def __enter__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with open(self.log, "ab") as log, theirs:
            self.process = subprocess.Popen([*self.within, binary(), self.data, str(theirs.fileno())],
                                            pass_fds=[theirs.fileno()], stdout=log, stderr=log)
        self.channel = Channel(ours)
        kind, _, self.hello, _ = self.channel.receive()
        assert kind == HELLO
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
                       for _ in self.upstreams]
            self.ports = [s.getsockname()[1] for s in sockets]
            listeners = [{"protocol": self.protocol, "address": f"127.0.0.1:{port}",
                          "upstream": upstream, "security": self.security}
                         for port, upstream in zip(self.ports, self.upstreams)]
            answer = self.channel.ask(CONFIGURE, {"listeners": listeners, **self.settings},
                                      fds=[s.fileno() for s in sockets])
        assert answer[0] == STATUS and answer[2] == {"ok": True}, answer
        return self

    def __exit__(self, *_):
        if self.channel is not None:
            self.channel.close()
        self.process.terminate()
        try:
            assert self.process.wait(60) == 0, self.read_log()
        finally:
            self.process.kill()
            self.process.wait()

    def reload(self, **settings):
        """What SIGHUP comes to."""
        answer = self.channel.ask(CONFIGURE, settings)
        assert answer[0] == STATUS and answer[2] == {"ok": True}, answer

    def read_log(self):
        with open(self.log, encoding="utf-8") as lines:
            return lines.read()

    def memory(self):
        """Resident bytes of its own, without those of files: the program's pages are its own only as
        long as no other process runs the same program, and the event rings only as long as nobody
        reads them."""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="utf-8") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines
                        if line.startswith("Anonymous:"))
