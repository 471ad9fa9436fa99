# SPDX-License-Identifier: Apache-2.0
"""A bad network that disturbs nobody else, in a network namespace of the soak's own: netem on its
loopback, or, where the kernel has none, a TUN device (tun.py). Where neither is permitted, relays
that delay.

What a relay cannot do is lose a packet. To TCP that is a pause until it is sent again, and so a
relay pauses instead."""
import asyncio
import contextlib
import multiprocessing
import os
import random
import subprocess
import sys

from test.harness import processes

# (delay in ms, jitter in ms, loss in %): one after another.
WEATHER = [(0, 0, 0), (1, 1, 0.1), (5, 3, 1), (20, 10, 0.5), (0.2, 0.1, 0)]
SENT_AGAIN_S = 0.2
LOOPBACK = "127.0.0.1"


class Netem:
    """netem on the loopback of this namespace. with Netem() as n: n.weather(5, 3, 1)"""
    near = far = LOOPBACK

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.weather(0, 0, 0)

    def weather(self, delay, jitter, loss):
        subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", "netem", "delay",
                        f"{delay}ms", f"{jitter}ms", "loss", f"{loss}%"], check=True,
                       capture_output=True)

    def lost(self):
        shown = subprocess.run(["tc", "-s", "qdisc", "show", "dev", "lo"], text=True, check=True,
                               capture_output=True).stdout
        return int(shown.split("(dropped ")[1].split(",")[0])

    def words(self):
        return f"{self.lost()} packets lost, {sent_again()} segments sent again by TCP"


TRIALS = {
    "netem": ["sh", "-c", "ip link set lo up && tc qdisc add dev lo root netem delay 1ms"],
    "tun": [sys.executable, "-c", "from test.soak import tun; tun.open_device()"],
}


def enter_namespace(module):
    """Runs the module again in a network namespace of its own, if a bad network can be had there.
    Returns which this is: netem, tun, or relays in no namespace."""
    if (kind := os.environ.get("SLOWBURN_SOAK_NETWORK")) is not None:
        return kind
    for kind, trial in TRIALS.items():
        done = subprocess.run(["unshare", "-n", *trial], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            os.environ["SLOWBURN_SOAK_NETWORK"] = kind
            script = 'ip link set lo up && exec "$@"'
            os.execvp("unshare", ["unshare", "-n", "sh", "-c", script, "sh", sys.executable, "-m",
                                  module, *sys.argv[1:]])
        print(f"network: no {kind} here ({' '.join(done.stderr.split())[-200:]})", flush=True)
    return "relays"


def sent_again():
    """Segments that TCP has sent again in this namespace: what a loss is to it."""
    with open("/proc/net/snmp", encoding="ascii") as lines:
        names, values = (line.split() for line in lines if line.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])


async def pump(reader, writer, weather):
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            delay, jitter, loss = weather
            pause = max(0.0, delay + random.uniform(-jitter, jitter)) / 1000
            if random.random() * 100 < loss:
                pause += SENT_AGAIN_S
            if pause > 0:
                await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        return
    writer.transport.abort()


async def relay(listen, upstream, weather):
    serving = set()  # nobody else holds a task whose client has gone

    async def serve(reader, writer):
        task = asyncio.current_task()
        serving.add(task)
        task.add_done_callback(serving.discard)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(pump(reader, up_writer, weather), pump(up_reader, writer, weather))
        for each in (writer, up_writer):
            each.close()
    server = await asyncio.start_server(serve, "127.0.0.1", listen, backlog=1024)
    await server.serve_forever()


class Relays:
    """Several of those below as one network."""
    near = far = LOOPBACK

    def __init__(self, *relays):
        self.relays = relays

    def weather(self, *weather):
        for each in self.relays:
            each.weather(*weather)

    def words(self):
        return "nothing is lost"


class Relay:
    """A process with a relay to the port. with Relay(port) as r: r.port; r.weather(5, 3, 1)"""

    def __init__(self, upstream):
        self.upstream = upstream
        self.port = processes.free_port()
        self.shared = multiprocessing.Array("d", 3)
        self.process = multiprocessing.Process(target=self._run, daemon=True)

    def _run(self):
        asyncio.run(relay(self.port, self.upstream, self.shared))

    def __enter__(self):
        self.process.start()
        processes.wait_for_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    def weather(self, *weather):
        self.shared[:] = weather
