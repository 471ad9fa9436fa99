# SPDX-License-Identifier: Apache-2.0
"""Which event loop the workers have, and what a client notices of it: nothing."""
import contextlib
import os
import socket
import struct
import sys
import threading

import pytest

from test.peer.proxy_host import ProxyHost

REFUSED = [sys.executable, os.path.join(os.path.dirname(__file__), "without_io_uring.py")]


class Upstream:
    """Accepts; `peers` are the server's ends, in order."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.settimeout(60)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        return self

    def accept(self):
        peer, _ = self.listener.accept()
        peer.settimeout(60)
        return peer

    def __exit__(self, *_):
        self.listener.close()


@pytest.fixture
def upstream():
    with Upstream() as running:
        yield running


def has_io_uring(tmp_path, upstream):
    with contextlib.suppress(AssertionError), \
            ProxyHost(str(tmp_path / "probe"), [upstream.address], event_loop="io_uring"):
        return True
    return False


@pytest.fixture(params=["epoll", "io_uring"])
def proxy(tmp_path, upstream, request):
    if request.param == "io_uring" and not has_io_uring(tmp_path, upstream):
        pytest.skip("the kernel allows no io_uring")
    with ProxyHost(str(tmp_path), [upstream.address], event_loop=request.param, workers=2) as run:
        yield run


def link(proxy, upstream):
    client = socket.create_connection(("127.0.0.1", proxy.ports[0]), timeout=60)
    return client, upstream.accept()


def read_exactly(sock, size):
    got = b""
    while len(got) < size:
        chunk = sock.recv(size - len(got))
        assert chunk, f"the end after {len(got)} of {size} bytes"
        got += chunk
    return got


def test_without_io_uring_epoll_takes_its_place_and_says_so(tmp_path, upstream):
    with ProxyHost(str(tmp_path), [upstream.address], within=REFUSED, event_loop="auto") as proxy:
        client, server = link(proxy, upstream)
        with client, server:
            client.sendall(b"hello")
            assert read_exactly(server, 5) == b"hello"
        assert '"event":"no_io_uring"' in proxy.read_log().replace('": "', '":"')


def test_io_uring_that_is_asked_for_and_refused_is_an_error(tmp_path, upstream):
    proxy = ProxyHost(str(tmp_path), [upstream.address], within=REFUSED, event_loop="io_uring")
    with pytest.raises(AssertionError, match="event_loop = io_uring"):
        proxy.__enter__()
    proxy.channel.close()
    proxy.process.terminate()
    proxy.process.wait(60)


def test_sizes_from_a_byte_to_a_megabyte_arrive_both_ways(proxy, upstream):
    client, server = link(proxy, upstream)
    with client, server:
        for size in (1, 2, 100, 4095, 4096, 4097, 8192, 32768, 65537, 1 << 20, 3, 300):
            for sender, receiver in ((client, server), (server, client)):
                data = os.urandom(size)
                thread = threading.Thread(target=sender.sendall, args=(data,))
                thread.start()
                assert read_exactly(receiver, size) == data
                thread.join()


def test_many_sessions_take_turns(proxy, upstream):
    """More than there are buffers; all at once, again and again."""
    pairs = [link(proxy, upstream) for _ in range(300)]
    by_name = {}
    for client, _ in pairs:
        client.sendall(struct.pack("=I", client.fileno()))
    for _, server in pairs:
        by_name[struct.unpack("=I", read_exactly(server, 4))[0]] = server
    for number in range(20):
        for client, _ in pairs:
            client.sendall(struct.pack("=II", client.fileno(), number))
        for client, _ in pairs:
            server = by_name[client.fileno()]
            data = read_exactly(server, 8)
            assert struct.unpack("=II", data) == (client.fileno(), number)
            server.sendall(data)
        for client, _ in pairs:
            assert struct.unpack("=II", read_exactly(client, 8)) == (client.fileno(), number)
    for client, server in pairs:
        client.close()
        assert server.recv(1) == b""
        server.close()


def test_last_words_before_a_close_arrive(proxy, upstream):
    for _ in range(50):
        client, server = link(proxy, upstream)
        with server:
            client.sendall(b"bye")
            client.close()
            assert read_exactly(server, 3) == b"bye"
            assert server.recv(1) == b""


def test_half_close_and_reset_reach_the_other_side(proxy, upstream):
    client, server = link(proxy, upstream)
    with client, server:
        client.sendall(b"request")
        client.shutdown(socket.SHUT_WR)
        assert read_exactly(server, 7) == b"request"
        assert server.recv(1) == b""
        server.sendall(b"reply" * 10000)
        assert read_exactly(client, 50000) == b"reply" * 10000
    client, server = link(proxy, upstream)
    client.sendall(b"x")
    assert read_exactly(server, 1) == b"x"
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    with server, contextlib.suppress(ConnectionResetError):
        assert server.recv(1) == b""
