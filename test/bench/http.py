# SPDX-License-Identifier: Apache-2.0
"""The HTTP hop beside nginx and HAProxy as reverse proxies: wrk asks the same nginx through each.

nginx proxies with kept connections and writes its access log, which is the least that tells what
went by; slowburn adds a traceparent and records each request with its hashes. HAProxy logs nothing
and is there for orientation. All have as many workers as there are processors."""
import functools
import os
import re
import socket
import subprocess
import time

from test.bench import idle
from test.bench.figures import Goal
from test.bench.report import Section, number
from test.bench.rounds import Rounds
from test.bench.way import Way, child_named, cpu_ns, wait_for_child
from test.harness import processes
from test.harness.slowburn import Slowburn

GOAL_CPU = 0.95
GOAL_KIB = 4.0
SMALL, LARGE = 1024, 10 << 20
# path: (clients, how many times the seconds of a run)
WORK = {"/1k": (16, 1), "/10m": (4, 1)}
NAMES = {"/1k": "1 KB", "/10m": "10 MB"}
NGINX = "/usr/sbin/nginx"
HAPROXY = "/usr/sbin/haproxy"
NGINX_MAIN = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes {workers};
worker_rlimit_nofile {descriptors}; user {user};
events {{ worker_connections {descriptors}; }}
http {{
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    keepalive_requests 1000000000; keepalive_timeout 3600s; sendfile on; tcp_nopush on;
    {http}
}}
"""
ORIGIN = """
access_log off;
server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/www; default_type text/plain; }}
"""
PROXY = """
access_log {folder}/access.log;
upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000000; }}
server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://origin; proxy_http_version 1.1;
                 proxy_set_header Connection ""; proxy_set_header Host $host; }}
}}
"""
HAPROXY_CONF = """
global
    nbthread {workers}
    maxconn 4000
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    http-reuse always
listen hop
    bind 127.0.0.1:{port}
    server origin 127.0.0.1:{origin}
"""


def start_nginx(room, name, http, workers, **fields):
    folder = room.subfolder(name)
    os.makedirs(os.path.join(folder, "www"), exist_ok=True)
    port = processes.free_port()
    fields = {"folder": folder, "port": port, **fields}
    text = NGINX_MAIN.format(workers=workers, descriptors=2 * idle.SESSIONS + idle.SPARE,
                             user="root" if os.geteuid() == 0 else "nobody",
                             http=http.format(**fields), folder=folder)
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    process = processes.start([NGINX, "-c", path, "-e", os.path.join(folder, "error.log")],
                              os.path.join(folder, "out"))
    room.stack.callback(processes.stop, process)
    processes.wait_for_port(port, process)
    return port, process.pid, folder


def start_origin(room):
    port, _, folder = start_nginx(room, "http-origin", ORIGIN, 1)
    for name, size in (("1k", SMALL), ("10m", LARGE)):
        with open(os.path.join(folder, "www", name), "wb") as out:
            out.write(bytes(range(32, 96)) * (size // 64))
    return port


class ProxyWay(Way):
    """All processes below the pid that was started count."""

    def __init__(self, name, port, pid):
        super().__init__(name, port)
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
            self.all = [pid, *map(int, text.read().split())]

    def cpu(self):
        return {"proxy": sum(map(cpu_ns, self.all))}


class HopWay(Way):
    """Counts only when every request became an event, and none was dropped or folded."""

    def __init__(self, daemon):
        super().__init__("slowburn", daemon.http)
        self.daemon = daemon
        self.pids = {child: wait_for_child(daemon.process.pid, child)
                     for child in ("proxy", "analyzer")}
        daemon.wait_until_watching()
        time.sleep(1.5)
        self.expected = self._counters()["requests"]

    def _counters(self):
        return self.daemon.document("status")["proxy"]

    def expect(self, queries):
        self.expected += queries

    def lost(self):
        deadline = time.monotonic() + 5
        while (seen := self._counters())["requests"] < self.expected and \
                time.monotonic() < deadline:
            time.sleep(0.2)
        wrong = {key: seen[key] for key in ("events_dropped", "events_folded", "sessions_opaque")
                 if seen[key] != 0}
        if seen["requests"] < self.expected:
            wrong["requests missing"] = self.expected - seen["requests"]
        return ", ".join(f"{key} {value:,}" for key, value in wrong.items()) or None


def start_haproxy(room, origin, workers):
    folder = room.subfolder("haproxy")
    port = processes.free_port()
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w", encoding="utf-8") as out:
        out.write(HAPROXY_CONF.format(workers=workers, port=port, origin=origin))
    process = processes.start([HAPROXY, "-db", "-f", path], os.path.join(folder, "out"))
    room.stack.callback(processes.stop, process)
    processes.wait_for_port(port, process)
    return ProxyWay("HAProxy", port, process.pid)


MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def wrk(port, path, clients, seconds):
    done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency",
                           f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, check=True).stdout
    if "Socket errors" in done or "Non-2xx" in done:
        raise RuntimeError(done)
    count = int(re.search(r"(\d+) requests in", done).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    p50, p99 = (float(value) * MS[unit] for value, unit in
                (re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)", done).groups()
                 for share in (50, 99)))
    return count, {"rps": rate, "p50_ms": p50, "p99_ms": p99}


def measure(way, path, seconds):
    clients, times = WORK[path]
    before = way.cpu()
    count, found = wrk(way.port, path, clients, seconds * times)
    after = way.cpu()
    way.expect(count)
    return {**found, **{f"{name}_us": (after[name] - ns) / 1e3 / count
                        for name, ns in before.items()}}


def open_kept(port):
    sock = socket.create_connection(("127.0.0.1", port), 20)
    sock.sendall(b"GET /1k HTTP/1.1\r\nHost: bench\r\n\r\n")
    reply = b""
    while len(reply) < SMALL or len(reply) < reply.find(b"\r\n\r\n") + 4 + SMALL:
        piece = sock.recv(65536)
        if not piece:
            raise RuntimeError(f"a connection ended: {reply!r}")
        reply += piece
    return sock


def run(room, options):
    count = idle.raise_descriptor_limit()
    section = Section("HTTP: replies of 1 KB and of 10 MB, kept connections")
    origin = start_origin(room)
    workers = len(os.sched_getaffinity(0))
    port, pid, _ = start_nginx(room, "http-nginx", PROXY, workers, origin=origin)
    nginx = ProxyWay("nginx", port, pid)
    daemon = room.stack.enter_context(
        Slowburn(room.binary, room.subfolder("http"), processes.free_port(), http_port=origin,
                 more=["--sessions-max", str(count + 100), "--workers", str(workers)]))
    hop = HopWay(daemon)
    ways = [nginx, hop, start_haproxy(room, origin, workers)]
    rows = []
    for path, name in NAMES.items():
        rounds = Rounds(ways, options.rounds,
                        functools.partial(measure, path=path, seconds=options.seconds))
        section.figures[name] = rounds.document()
        section.parts += rounds.complaints(name)
        for way in ways:
            figures = [rounds.median(way.name, key)
                       for key in ("rps", "p50_ms", "p99_ms", "proxy_us", "analyzer_us")]
            rows.append([name, way.name, *map(number, figures, (0, 2, 2, 1, 1))])
        section.goals.append(Goal(f"CPU a request of {name} / nginx",
                                  rounds.ratios(hop.name, nginx.name, "proxy_us"),
                                  at_most=GOAL_CPU, counts=rounds.counts(hop.name)))
    section.table(["reply", "way", "requests/s", "p50 ms", "p99 ms", "proxy CPU µs/request",
                   "analyzer CPU µs/request"], rows)
    each, kernel_each = idle.measure(hop.port, child_named(daemon.process.pid, "proxy"), count,
                                     open_kept)
    section.figures["idle"] = {"bytes": each, "kernel_bytes": kernel_each}
    section.say(f"{count:,} idle kept connections: {each / 1024:.2f} KiB each, and "
                f"{kernel_each / 1024:.1f} KiB of the kernel for both their sockets.")
    section.goals.append(Goal("KiB an idle kept connection", [each / 1024], at_most=GOAL_KIB,
                              unit="KiB"))
    return section
