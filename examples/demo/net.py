# SPDX-License-Identifier: Apache-2.0
"""Free ports on loopback, and waiting until something listens on one."""

import contextlib
import random
import socket
import threading
import time

from .processes import Failed

HOST = "127.0.0.1"


def _below_outgoing():
    """Ports that the kernel gives to no outgoing connection: one that is free stays so until it is
    listened on, unless another program wants just that one."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            lowest = int(file.read().split()[0])
    except OSError:
        lowest = 32768
    return range(min(10240, lowest // 2), lowest)


_given = set()  # in this process: nobody may listen there yet
_giving = threading.Lock()


def free_ports(count):
    """Ports that were free a moment ago, by chance, so that programs side by side choose others."""
    with _giving, contextlib.ExitStack() as held:
        ports = []
        for port in random.SystemRandom().sample(_below_outgoing(), 200 + 10 * count):
            if len(ports) == count:
                break
            sock = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                sock.bind((HOST, port))
                if port not in _given:
                    ports.append(port)
        if len(ports) < count:
            raise Failed("no free ports on loopback")
        _given.update(ports)
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
