# SPDX-License-Identifier: Apache-2.0
"""Ten thousand sessions that have logged in, asked one thing, and are idle: memory of each."""
import os
import resource
import socket
import struct
import sys
import time

from test.bench.figures import Goal
from test.bench.report import Section, number
from test.bench.room import LOOPS
from test.bench.way import private_bytes, wait_for_child
from test.harness import processes
from test.peer import wire

SESSIONS = 10_000
GOAL_KIB = 4.0
SPARE = 1000  # descriptors for everything but sessions
SETTLE_S = 3
HERE = os.path.dirname(os.path.abspath(__file__))


def raise_descriptor_limit():
    """For us and all that we start. Returns how many sessions that allows: two each in the proxy."""
    wanted = 2 * SESSIONS + SPARE
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        wanted = hard
    return min(SESSIONS, (wanted - SPARE) // 2)


def kernel_bytes():
    """Of all sockets of this machine: their objects (slab) and what is queued in them."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        slab = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("SUnreclaim:"))
    with open("/proc/net/sockstat", encoding="ascii") as lines:
        pages = next(int(line.split()[-1]) for line in lines if line.startswith("TCP:"))
    return slab + pages * resource.getpagesize()


def open_session(port):
    body = b"\0\3\0\0user\0postgres\0database\0postgres\0application_name\0idle\0\0"
    sock = socket.create_connection(("127.0.0.1", port), 20)
    for words in (struct.pack(">i", len(body) + 4) + body,
                  wire.query("SELECT abalance FROM pgbench_accounts WHERE aid = 1")):
        sock.sendall(words)
        reply = b""
        while not reply.endswith(wire.message(b"Z", b"I")):
            piece = sock.recv(4096)
            if not piece:
                raise RuntimeError(f"a session was refused: {reply!r}")
            reply += piece
    return sock


def measure(port, pid, count, open_one=open_session):
    """(bytes of the proxy, bytes of the kernel for the two sockets in it) of one session."""
    warm = [open_one(port) for _ in range(16)]
    time.sleep(1)
    before, kernel_before = private_bytes(pid), kernel_bytes()
    sessions = [open_one(port) for _ in range(count)]
    time.sleep(SETTLE_S)
    each = (private_bytes(pid) - before) / count
    # Client and stub have as many sockets as the proxy.
    kernel_each = (kernel_bytes() - kernel_before) / count / 2
    for sock in (*sessions, *warm):
        sock.close()
    time.sleep(SETTLE_S)
    return each, kernel_each


def run(room, options):
    count = raise_descriptor_limit()
    section = Section(f"Idle: {count:,} sessions before a stub of PostgreSQL, one query each")
    port = processes.free_port()
    stub = processes.start([sys.executable, os.path.join(HERE, "stub.py"), str(port)],
                           os.path.join(room.folder, "stub.out"))
    room.stack.callback(processes.stop, stub)
    processes.wait_for_port(port, stub)
    rows = []

    def add(name, way_port, pid):
        each, kernel_each = measure(way_port, pid, count)
        section.figures[name] = {"bytes": each, "kernel_bytes": kernel_each}
        rows.append([name, number(each / 1024, 2), number(kernel_each / 1024, 1)])
        return each

    bouncer = room.pgbouncer_before("pgbouncer idle", port, SESSIONS + 100)
    add("PgBouncer", bouncer.port, bouncer.pids["proxy"])
    for loop in LOOPS:
        daemon = room.daemon_before(loop, port, ["--sessions-max", str(SESSIONS + 100)])
        each = add(f"slowburn, {loop}", daemon.port, wait_for_child(daemon.process.pid, "proxy"))
        section.goals.append(Goal(f"KiB a session, {loop}", [each / 1024], at_most=GOAL_KIB,
                                  unit="KiB"))
    section.table(["way", "KiB a session", "kernel, both its sockets, KiB"], rows)
    return section
