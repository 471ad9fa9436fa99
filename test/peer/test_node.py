# SPDX-License-Identifier: Apache-2.0
"""The HTTP hop between Node's own HTTP client and server: kept connections, streamed bodies,
100-continue, trailers, server-sent events, and WebSockets by the `ws` package."""
import json
import os
import shutil
import subprocess
import time

import pytest

from test.harness import npm, processes
from test.peer.proxy_host import ProxyHost

HERE = os.path.dirname(os.path.abspath(__file__))

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def client(port):
    done = subprocess.run(["node", os.path.join(HERE, "node_client.cjs"), str(port)], text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def without_marks(heard):
    """As it was heard, but for what slowburn adds to a request."""
    for reply in heard:
        if isinstance(reply, dict) and reply.get("text"):
            reply["text"] = reply["text"].replace('"traced":true', '"traced":false')
    return heard


def test_node_hears_the_same(tmp_path):
    with npm.packages():
        pass
    port = processes.free_port()
    log = str(tmp_path / "node.log")
    node = processes.start(["node", os.path.join(HERE, "node_app.cjs"), str(port)], log)
    try:
        processes.wait_for_port(port, node)
        direct = client(port)
        with ProxyHost(str(tmp_path), [f"127.0.0.1:{port}"], protocol="http") as proxy:
            through = client(proxy.ports[0])
        texts = [reply["text"] for reply in through[:15] if reply["text"]]
        assert all('"traced":true' in text for text in texts)
        # One connection for all of them, on both stretches, until Node ends it behind a HEAD.
        assert [json.loads(text)["nth"] for text in texts][:12] == [*range(1, 13)]
        assert through[11]["continued"] and through[14]["trailers"]
        assert through[-1]["code"] == 4001 and through[-1]["pongs"] == 1
        assert without_marks(through) == without_marks(direct)
        deadline = time.monotonic() + 60
        while True:  # the server's side heard each client's goodbye, with its reason
            with open(log, encoding="utf-8") as text:
                if text.read().count("closed 4001 that is all\n") == 2 * 22:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        processes.stop(node)


def test_node_on_a_unix_socket(tmp_path):
    with npm.packages():
        pass
    path = str(tmp_path / "node.sock")
    node = processes.start(["node", os.path.join(HERE, "node_app.cjs"), path],
                           str(tmp_path / "node.log"))
    try:
        deadline = time.monotonic() + 60
        while not os.path.exists(path):
            assert time.monotonic() < deadline and node.poll() is None
            time.sleep(0.1)
        with ProxyHost(str(tmp_path), [f"unix:{path}"], protocol="http") as proxy:
            assert client(proxy.ports[0])[-1]["code"] == 4001
    finally:
        processes.stop(node)
