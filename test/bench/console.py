# SPDX-License-Identifier: Apache-2.0
"""The console on a large store: 30 days of 1,000 routes and 10,000 statements.

    python3 -m test.bench.console --binary build/src/slowburn

Fills the store (minutes), waits until its sums are made, then prints how long each answer takes (a
fresh one, not one that was kept) while an HTTP load goes through the daemon, what 100 open consoles
cost its analyzer, and whether those that do not read hurt anybody. Everything on loopback."""
import argparse
import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time
import urllib.parse

from test.browser.filled import daemon_on, fill_large
from test.harness import processes

CONSOLES = 100
REQUESTS_PER_MIN = 1000


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Load(threading.Thread):
    """REQUESTS_PER_MIN through the daemon until it is told to stop."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.latencies, self.failed, self.ends = port, [], 0, threading.Event()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        n = 0
        while not self.ends.wait(60 / REQUESTS_PER_MIN):
            began = time.perf_counter()
            try:
                connection.request("GET", f"/resource{n % 50}")
                connection.getresponse().read()
            except OSError:
                self.failed += 1
                connection.close()
            self.latencies.append(time.perf_counter() - began)
            n += 1


def get(port, path):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as c:
        began = time.perf_counter()
        c.request("GET", path)
        reply = c.getresponse()
        body = reply.read()
        return time.perf_counter() - began, reply.status, body


def wait_for_sums(port, now):
    """Until the whole range has figures."""
    while True:
        _, status, body = get(port, f"/api/v1/overview?from={now - 30 * 86400}&to={now}")
        if status == 200:
            requests = json.loads(body)["requests"]
            if sum(value is not None for value in requests) > 0.97 * len(requests):
                return
        time.sleep(1)


def quantiles(times):
    ordered = sorted(times)
    return statistics.median(ordered) * 1e3, ordered[min(len(ordered) - 1,
                                                         int(len(ordered) * 0.99))] * 1e3


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_answers(port, now, rounds):
    screens = {
        "overview, 1 h": ("overview?", 3600),
        "overview, 24 h": ("overview?", 86400),
        "overview, 30 d": ("overview?", 30 * 86400),
        "route, 24 h": ("route?name=" + urllib.parse.quote("GET /api/resource0/{id}/part0") + "&", 86400),
        "route, 30 d": ("route?name=" + urllib.parse.quote("GET /api/resource0/{id}/part0") + "&",
                        30 * 86400),
        "query, 30 d": ("query?fingerprint=0000000000000001&", 30 * 86400),
    }
    print(f"{'answer':18}{'median ms':>11}{'p99 ms':>9}{'KB':>7}")
    for name, (path, seconds) in screens.items():
        times, size = [], 0
        for i in range(rounds):
            to = now - 60 * i  # another question each time: none is answered from what was kept
            took, status, body = get(port, f"/api/v1/{path}from={to - seconds}&to={to}")
            assert status == 200, (name, status, body)
            times.append(took)
            size = len(body)
        median, p99 = quantiles(times)
        print(f"{name:18}{median:11.1f}{p99:9.1f}{size / 1000:7.0f}", flush=True)
    for name in ("incidents", "status"):
        median, p99 = quantiles([get(port, f"/api/v1/{name}")[0] for _ in range(rounds)])
        print(f"{name:18}{median:11.1f}{p99:9.1f}")


def subscribe(port, reads):
    s = socket.create_connection(("127.0.0.1", port))
    if not reads:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return s


def measure_consoles(running, analyzer, load, seconds):
    """100 consoles; ten of them never read. Each of the others asks as the console does."""
    def idle():
        before = cpu_seconds(analyzer)
        time.sleep(seconds)
        return (cpu_seconds(analyzer) - before) / seconds
    refused = []
    base = idle()
    alone = quantiles(load.latencies[-int(seconds * REQUESTS_PER_MIN / 60):])
    open_ones = [subscribe(running.admin, i >= 10) for i in range(CONSOLES)]
    ends = threading.Event()

    def console(s):
        s.settimeout(1)
        now = 0.0
        while not ends.is_set():
            with contextlib.suppress(OSError):
                s.recv(4096)
            try:
                get(running.admin, "/api/v1/incidents")
                if time.monotonic() - now > 10:
                    now = time.monotonic()
                    to = int(time.time()) // 10 * 10
                    get(running.admin, f"/api/v1/overview?from={to - 3600}&to={to}")
            except OSError:
                refused.append(1)
    threads = [threading.Thread(target=console, args=(s,), daemon=True) for s in open_ones[10:]]
    for thread in threads:
        thread.start()
    time.sleep(3)
    at = len(load.latencies)
    busy = idle()
    median, p99 = quantiles(load.latencies[at:])
    _, _, body = get(running.admin, "/api/v1/status")
    api = json.loads(body)["api"]
    ends.set()
    for thread in threads:
        thread.join(5)
    for s in open_ones:
        s.close()
    print(f"analyzer without a console {100 * base:.1f} % of a core, with {CONSOLES} of them "
          f"{100 * busy:.1f} %: {100 * (busy - base) / CONSOLES:.2f} % each")
    print(f"through the HTTP hop: median {alone[0]:.2f} ms, p99 {alone[1]:.2f} ms without them, "
          f"{median:.2f} and {p99:.2f} with them, {load.failed} failed; consoles {api['consoles']}, "
          f"dropped {api['consoles_dropped']}, refused {len(refused)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="slowburn-console-")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    now = int(time.time())
    try:
        hop = processes.free_port()
        with daemon_on(options.binary, folder, lambda path: fill_large(path, now),
                       ("--http", f"127.0.0.1:{hop}=127.0.0.1:{server.server_address[1]}")) as running:
            size = os.path.getsize(os.path.join(running.data, "store.db"))
            began = time.monotonic()
            wait_for_sums(running.admin, now)
            print(f"store {size / 1e6:.0f} MB; its sums were made in {time.monotonic() - began:.0f} s")
            load = Load(hop)
            load.start()
            time.sleep(2)
            measure_answers(running.admin, now, options.rounds)
            _, _, body = get(running.admin, "/api/v1/status")
            pid = json.loads(body)["supervisor"]["children"]["analyzer"]["pid"]
            measure_consoles(running, pid, load, seconds=15)
            load.ends.set()
    finally:
        server.shutdown()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
