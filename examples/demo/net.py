# SPDX-License-Identifier: Apache-2.0
"""Free ports on loopback, and waiting until something listens on one."""

import contextlib
import socket
import time

from .processes import Failed

HOST = "127.0.0.1"


def free_ports(count):
    """Ports that were free a moment ago; all are held while choosing, so that none comes twice."""
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(count):
            sock = held.enter_context(socket.socket())
            sock.bind((HOST, 0))
            ports.append(sock.getsockname()[1])
        return ports


def listens(port):
    try:
        socket.create_connection((HOST, port), 1.0).close()
    except OSError:
        return False
    return True


def wait_for_port(port, process, limit_s=20.0):
    end = time.monotonic() + limit_s
    while True:
        process.check()
        if listens(port):
            return
        if time.monotonic() > end:
            raise Failed(f"{process.name} does not listen on port {port} after {limit_s:.0f} s;"
                         f" see {process.log}")
        time.sleep(0.05)
