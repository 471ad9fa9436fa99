# SPDX-License-Identifier: Apache-2.0
"""A network that delays and loses packets where the kernel has no netem: a TUN device of the
namespace whose other end is this process.

Whoever connects to FAR is served by who listens on NEAR: a packet for FAR comes back with its two
addresses exchanged, which leaves every checksum as it was. On the way it is held back or dropped,
so what TCP does about that is the kernel's own."""
import errno
import fcntl
import heapq
import multiprocessing
import os
import random
import select
import struct
import subprocess
import time

from test.soak import network

DEVICE = "soak0"
NEAR, FAR = "192.0.2.1", "192.0.2.2"  # of the addresses for documentation

TUNSETIFF = 0x400454ca
IFF_TUN, IFF_NO_PI = 1, 0x1000
PACKETS_MAX = 10000  # held back; more are dropped
BATCH = 64


def open_device():
    """Makes it, and its addresses; raises OSError where that is not permitted."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
        for words in (["addr", "add", f"{NEAR}/24", "dev", DEVICE],
                      ["link", "set", DEVICE, "txqueuelen", "10000", "up"]):
            done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise OSError(errno.EPERM, f"ip {' '.join(words)}: {done.stderr.strip()}")
    except OSError:
        os.close(device)
        raise
    return device


def turned_round(packet):
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


class Network:
    """with Network() as n: n.weather(5, 3, 1); n.lost()"""
    near, far = NEAR, FAR

    def __init__(self):
        self.device = open_device()
        self.shared = multiprocessing.RawArray("d", 3)
        self.counts = multiprocessing.RawArray("Q", 2)  # carried, lost
        self.process = multiprocessing.Process(target=self._carry, daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()
        os.close(self.device)

    def weather(self, *weather):
        self.shared[:] = weather

    def lost(self):
        return self.counts[1]

    def words(self):
        carried, lost = self.counts
        return (f"{carried} packets carried, {lost} lost, {network.sent_again()} segments sent "
                "again by TCP")

    def _carry(self):
        held = []  # (when it is due, its number, the packet)
        while True:
            wait = max(0.0, held[0][0] - time.monotonic()) if held else None
            if select.select([self.device], [], [], wait)[0]:
                self._take(held)
            now = time.monotonic()
            while held and held[0][0] <= now:
                self._send(heapq.heappop(held)[2])

    def _take(self, held):
        delay, jitter, loss = self.shared
        for _ in range(BATCH):
            try:
                packet = os.read(self.device, 1 << 16)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4:
                continue  # IPv6 looks for its neighbours
            if random.random() * 100 < loss or len(held) == PACKETS_MAX:
                self.counts[1] += 1
            elif delay > 0:
                late_ms = max(0.0, delay + random.uniform(-jitter, jitter))
                heapq.heappush(held, (time.monotonic() + late_ms / 1000, self.counts[0], packet))
                self.counts[0] += 1
            else:
                self._send(packet)
                self.counts[0] += 1

    def _send(self, packet):
        try:
            os.write(self.device, turned_round(packet))
        except OSError:
            self.counts[1] += 1
