# SPDX-License-Identifier: Apache-2.0
"""The console on a large store: 30 days of 1,000 routes and 10,000 statements.

    python3 -m test.bench.console --binary build/src/slowburn

Fills the store, waits until its sums are made and its days are turned (minutes), then prints how long
each answer takes (a fresh one, not one that was kept) while an HTTP load goes through the daemon, what
100 open consoles cost its analyzer, and whether those of them that do not read, or have stopped in the
middle of a request, hurt anybody. Everything on loopback."""
import argparse
import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from test.browser.filled import daemon_on, fill_large
from test.harness import processes

CONSOLES = 100
STUCK = 30
REQUESTS_PER_MIN = 1000
GOAL_MS = 50


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


def wait_for_days(store, now):
    """Until all that is older than minutes stands by series, and the minutes of parts by the hour."""
    while True:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
            marks = dict(db.execute("SELECT key, value FROM meta WHERE key LIKE '%_until'"))
        if (marks["turned_until"] >= (now - 3 * 86400) // 86400 * 86400
                and marks["parts_until"] >= now // 3600 * 3600):
            return
        time.sleep(1)


def wait_for_normal(port):
    """Until what is normal was learned again: it takes the idle time of a core until then."""
    while not json.loads(get(port, "/api/v1/status")[2])["judge"]["monitor"]["relearned"]:
        time.sleep(1)


def quantiles(times):
    ordered = sorted(times)
    return statistics.median(ordered) * 1e3, ordered[min(len(ordered) - 1,
                                                         int(len(ordered) * 0.99))] * 1e3


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def screens():
    """What the screens ask: by which one of many, and until when."""
    def over(name, seconds, key):
        return lambda of, to: f"{name}?{key(of)}from={to - seconds}&to={to}"

    def route(of):
        return "name=" + urllib.parse.quote(f"GET /api/resource{of}/{{id}}/part{of % 7}") + "&"
    keys = {"overview": lambda of: "", "route": route, "query": lambda of: f"fingerprint={of:016x}&"}
    spans = {"1 h": 3600, "6 h": 6 * 3600, "24 h": 86400, "7 d": 7 * 86400, "30 d": 30 * 86400}
    for name, key in keys.items():
        for label, seconds in spans.items():
            yield f"{name}, {label}", over(name, seconds, key)
    yield "plans", lambda of, to: f"plans?fingerprint={of:016x}"
    yield "traces of a route", lambda of, to: f"traces?route=GET%20/resource{of}"
    yield "incidents", lambda of, to: "incidents"
    yield "status", lambda of, to: "status"


def measure_answers(port, now, rounds):
    """Each question another one: none is answered from what was kept. False: over the goal."""
    good = True
    print(f"{'answer':20}{'median ms':>11}{'p99 ms':>9}{'KB':>7}")
    for name, path in screens():
        times, size = [], 0
        for i in range(rounds):  # of the busy ones, as they are looked at
            took, status, body = get(port, "/api/v1/" + path(i % 40 + 1, now - i))
            assert status == 200, (name, status, body)
            times.append(took)
            size = max(size, len(body))
        median, p99 = quantiles(times)
        good = good and p99 <= GOAL_MS
        print(f"{name:20}{median:11.1f}{p99:9.1f}{size / 1000:7.0f}"
              f"{'' if p99 <= GOAL_MS else f'  over {GOAL_MS} ms'}", flush=True)
    return good


def measure_home(port, rounds):
    """In a browser, where there is one: make bench-console installs what this needs."""
    here = os.path.join(os.path.dirname(__file__), "..", "browser")
    print(flush=True)
    return subprocess.run(["node", "drawn.mjs", f"http://127.0.0.1:{port}", str(rounds)], cwd=here,
                          check=False).returncode == 0


ASK = "GET /api/v1/{} HTTP/1.1\r\nHost: localhost\r\n"


def open_console(port, request):
    """One that does not read as long as nobody else does it."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.connect(("127.0.0.1", port))
    s.sendall(request.encode())
    return s


def measure_consoles(running, analyzer, load, seconds):
    """100 consoles. Ten never read their events, ten never read a large answer, ten have stopped in
    the middle of a request; each of the others asks as the console does."""
    def idle():
        before = cpu_seconds(analyzer)
        time.sleep(seconds)
        return (cpu_seconds(analyzer) - before) / seconds
    refused = []
    base = idle()
    alone = quantiles(load.latencies[-int(seconds * REQUESTS_PER_MIN / 60):])
    events, large, half = (ASK.format(path) for path in ("events", "overview?from=1", "incidents"))
    large = large.replace("from=1", f"from={int(time.time()) - 86400}")
    stuck = [open_console(running.admin, text) for text in
             [events + "\r\n", (large + "\r\n") * 8, half] for _ in range(STUCK // 3)]
    reading = [open_console(running.admin, events + "\r\n") for _ in range(CONSOLES - len(stuck))]
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
    threads = [threading.Thread(target=console, args=(s,), daemon=True) for s in reading]
    for thread in threads:
        thread.start()
    time.sleep(3)
    at = len(load.latencies)
    busy = idle()
    median, p99 = quantiles(load.latencies[at:])
    _, _, body = get(running.admin, "/api/v1/status")
    status = json.loads(body)
    ends.set()
    for thread in threads:
        thread.join(5)
    for s in stuck + reading:
        s.close()
    each = (busy - base) / CONSOLES
    print(f"analyzer without a console {100 * base:.1f} % of a core, with {CONSOLES} of them "
          f"{100 * busy:.1f} %: {100 * each:.2f} % each")
    print(f"through the HTTP hop: median {alone[0]:.2f} ms, p99 {alone[1]:.2f} ms without them, "
          f"{median:.2f} and {p99:.2f} with them, {load.failed} failed; events dropped or folded "
          f"{status['proxy']['events_dropped'] + status['proxy']['events_folded']}; consoles "
          f"{status['api']['consoles']}, dropped {status['api']['consoles_dropped']}, refused "
          f"{len(refused)}")
    return each <= 0.01 and load.failed == 0 and not refused


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
                       ("--http", f"127.0.0.1:{hop}=127.0.0.1:{server.server_address[1]}",
                        "--store-max-bytes", str(4 << 30))) as running:
            store = os.path.join(running.data, "store.db")
            began = time.monotonic()
            wait_for_sums(running.admin, now)
            wait_for_days(store, now)
            print(f"store {os.path.getsize(store) / 1e6:.0f} MB; its sums were made and its days "
                  f"turned in {time.monotonic() - began:.0f} s")
            load = Load(hop)
            load.start()
            time.sleep(2)
            good = measure_answers(running.admin, now, options.rounds)
            good = measure_home(running.admin, 20) and good
            wait_for_normal(running.admin)
            print(f"what is normal was known again {time.monotonic() - began:.0f} s after the start; "
                  "until here it was learned beside the answers")
            _, _, body = get(running.admin, "/api/v1/status")
            pid = json.loads(body)["supervisor"]["children"]["analyzer"]["pid"]
            good = measure_consoles(running, pid, load, seconds=15) and good
            load.ends.set()
    finally:
        server.shutdown()
        shutil.rmtree(folder)
    print("all goals held" if good else "a goal was missed: see above")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
