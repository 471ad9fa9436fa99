#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: pgbench select-only, direct, through PgBouncer and through slowburn, side by side.

Every figure of a table comes from one run of this program on one machine: for each mode and number
of clients the routes take turns, in another order each round, and the table prints medians over the
rounds. CPU is what the kernel has charged to the processes (schedstat), divided by the queries. A
slowburn run counts only if every query became an event and none was dropped.

Then the death of the analyzer and the advisor: pgbench at a fixed rate while they are killed, and
the same without; p99.9 over the seconds around the kills. No goal is asserted here: it prints.
"""
import argparse
import contextlib
import glob
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from examples.demo.processes import unprivileged_user  # noqa: E402
from test.harness import postgres, processes, slowburn  # noqa: E402
from test.peer import proxy_host  # noqa: E402

# What pgbench asks before it begins and does not report: the scale and the partitions.
PGBENCH_LOOKUPS = 2
HERE = os.path.dirname(os.path.abspath(__file__))


def children(pid):
    with contextlib.suppress(OSError), \
            open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        return [int(word) for word in text.read().split()]
    return []


def child_named(pid, name):
    """The pid of `slowburn child NAME` below pid, or None."""
    for child in children(pid):
        with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline", "rb") as text:
            words = text.read().split(b"\0")
            if name.encode() in words:
                return child
    return None


def cpu_ns(pid):
    """Processor time of all threads that still live."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as text:
            total += int(text.read().split()[0])
    return total


def pgbench(port, mode, clients, seconds, folder, *more):
    """(tps, latencies in us, [(end in s, latency in us)]) of one run."""
    prefix = os.path.join(folder, "log")
    for old in glob.glob(prefix + "*"):
        os.unlink(old)
    command = ["pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", str(min(clients, 2)),
               "-T", str(seconds), "-l", "--log-prefix", prefix, "-h", "127.0.0.1", "-p", str(port),
               "-U", "postgres", *more, "bench"]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, PGSSLMODE="disable", PGGSSENCMODE="disable"))
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode != 0 or (failed and failed.group(1) != "0"):
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    tps = float(re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE).group(1))
    points = []
    for path in glob.glob(prefix + "*"):
        with open(path, encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                points.append((int(words[4]) + int(words[5]) / 1e6, int(words[2])))
        os.unlink(path)
    return tps, points


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def find_numbers(document, key):
    """The sum of every number called `key`, at any depth; None when there is none."""
    found = []
    if isinstance(document, dict):
        for name, value in document.items():
            if name == key and isinstance(value, (int, float)):
                found.append(value)
            else:
                found.append(find_numbers(value, key))
    elif isinstance(document, list):
        found = [find_numbers(value, key) for value in document]
    found = [value for value in found if value is not None]
    return sum(found) if found else None


class Route:
    """A way to the database and the processes whose time is charged to it."""
    analyzer = None
    proxy = None

    def __init__(self, name, port):
        self.name, self.port = name, port

    def before(self):
        pass

    def verdict(self, queries):
        return ""


class SlowburnRoute(Route):
    def __init__(self, daemon):
        super().__init__("slowburn", daemon.port)
        self.daemon = daemon
        self.counted = None
        self.find()

    def find(self):
        self.proxy = child_named(self.daemon.process.pid, "proxy")
        self.analyzer = child_named(self.daemon.process.pid, "analyzer")

    def counters(self):
        with contextlib.suppress(Exception):
            status = self.daemon.document("status")["proxy"]
            return {key: find_numbers(status, key)
                    for key in ("queries", "events_dropped", "events_folded")}
        return None

    def before(self):
        time.sleep(2.5)  # counters come once a second
        self.counted = self.counters()

    def verdict(self, queries):
        time.sleep(2.5)
        after = self.counters()
        if not after or not self.counted or None in (after["queries"], self.counted["queries"]):
            return "not checked: status has no counters"
        seen = after["queries"] - self.counted["queries"]
        lost = sum((after[key] or 0) - (self.counted[key] or 0)
                   for key in ("events_dropped", "events_folded"))
        if seen == queries and lost == 0:
            return "events = queries, 0 dropped"
        return f"DOES NOT COUNT: {queries} queries, {seen:.0f} events, {lost:.0f} folded or dropped"


def measure(route, mode, clients, seconds, folder):
    route.before()
    ours = {"proxy": route.proxy, "analyzer": route.analyzer}
    start = {name: cpu_ns(pid) for name, pid in ours.items() if pid}
    tps, points = pgbench(route.port, mode, clients, seconds, folder)
    latencies = [latency for _, latency in points]
    row = {"route": route.name, "tps": tps, "queries": len(points),
           "p50_us": percentile(latencies, 0.5), "p99_us": percentile(latencies, 0.99)}
    for name, pid in ours.items():
        row[f"{name}_us"] = (cpu_ns(pid) - start[name]) / 1e3 / len(points) if pid else None
    row["verdict"] = route.verdict(len(points) + PGBENCH_LOOKUPS)
    return row


def median_row(rows):
    merged = dict(rows[0])
    for key in ("tps", "p50_us", "p99_us", "proxy_us", "analyzer_us"):
        values = [row[key] for row in rows if row[key] is not None]
        merged[key] = statistics.median(values) if values else None
    verdicts = {row["verdict"] for row in rows}
    merged["verdict"] = next((v for v in verdicts if "NOT" in v), min(verdicts))
    return merged


def table(routes, args, folder):
    results = []
    print(f"{'':10}{'clients':>8} {'route':10}{'tps':>9}{'p50 us':>9}{'p99 us':>9}"
          f"{'proxy us/q':>12}{'analyzer us/q':>15}", flush=True)
    for mode in args.modes.split(","):
        for clients in map(int, args.clients.split(",")):
            rows = {route.name: [] for route in routes}
            for number in range(args.rounds):
                for route in routes[number % len(routes):] + routes[:number % len(routes)]:
                    rows[route.name].append(measure(route, mode, clients, args.seconds, folder))
            for route in routes:
                row = median_row(rows[route.name])
                row.update(mode=mode, clients=clients)
                results.append(row)
                cells = [f"{row[key]:.1f}" if row[key] is not None else "-"
                         for key in ("proxy_us", "analyzer_us")]
                print(f"{mode:10}{clients:>8} {row['route']:10}{row['tps']:>9.0f}"
                      f"{row['p50_us']:>9.0f}{row['p99_us']:>9.0f}{cells[0]:>12}{cells[1]:>15}  "
                      f"{row['verdict']}", flush=True)
    return results


def kill_run(daemon, folder, names):
    """p99.9 in us over half a second either side of three moments; `names` are killed at them."""
    seconds, clients, rate = 10, 16, 1000
    moments = []
    command_folder = os.path.join(folder, "kill")
    os.makedirs(command_folder, exist_ok=True)
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(Exception):
            result = pgbench(daemon.port, "prepared", clients, seconds, command_folder, "-R",
                             str(rate))
            with open(os.path.join(folder, "kill.json"), "w", encoding="ascii") as out:
                json.dump(result[1], out)
            status = 0
        os._exit(status)
    time.sleep(2.5)
    for _ in range(3):
        moments.append(time.time())
        for name in names:
            victim = child_named(daemon.process.pid, name)
            if victim is not None:
                os.kill(victim, signal.SIGKILL)
        time.sleep(2)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError("queries failed while processes were killed")
    with open(os.path.join(folder, "kill.json"), encoding="ascii") as text:
        points = json.load(text)
    near = [latency for at, latency in points
            if any(abs(at - moment) < 0.5 for moment in moments)]
    return percentile(near, 0.999), len(near)


def kills(daemon, folder, rounds):
    figures = {"control": [], "analyzer killed": [], "analyzer and advisor killed": []}
    names = {"control": (), "analyzer killed": ("analyzer",),
             "analyzer and advisor killed": ("analyzer", "advisor")}
    for _ in range(rounds):
        for what in figures:
            figures[what].append(kill_run(daemon, folder, names[what])[0])
    print("\np99.9 around three kills, 16 clients at 1,000 queries/s, median of "
          f"{rounds} rounds:")
    for what, values in figures.items():
        print(f"  {what:30}{statistics.median(values) / 1000:8.2f} ms")
    return {what: statistics.median(values) for what, values in figures.items()}


@contextlib.contextmanager
def pgbouncer(folder, upstream):
    port = processes.free_port()
    user = unprivileged_user()
    with open(os.path.join(HERE, "pgbouncer.ini"), encoding="utf-8") as text:
        config = text.read().replace("{port}", str(port)).replace("{upstream}", str(upstream))
    path = os.path.join(folder, "pgbouncer.ini")
    with open(path, "w", encoding="utf-8") as out:
        out.write(config.replace("{folder}", folder))
    process = processes.start(["/usr/sbin/pgbouncer", path], path + ".out", user)
    try:
        processes.wait_for_port(port, process)
        route = Route("pgbouncer", port)
        route.proxy = process.pid
        yield route
    finally:
        processes.stop(process)


@contextlib.contextmanager
def raw_relay(binary, folder, upstream):
    """slowburn's relay without a driver: what copying the bytes alone costs."""
    os.environ["SLOWBURN_BINARY"] = binary
    with proxy_host.ProxyHost(folder, [f"127.0.0.1:{upstream}"], drain_ms=500) as proxy:
        route = Route("raw relay", proxy.ports[0])
        route.proxy = proxy.process.pid
        yield route


def versions(binary):
    cpu = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    bouncer = subprocess.run(["/usr/sbin/pgbouncer", "--version"], capture_output=True, text=True,
                             check=False).stdout.split("\n", 1)[0]
    bench = subprocess.run(["pgbench", "--version"], capture_output=True, text=True,
                           check=False).stdout.strip()
    print(f"{time.strftime('%Y-%m-%d')}  {len(os.sched_getaffinity(0))} cores of {cpu}")
    print(f"{bouncer}, {bench}, {os.path.basename(binary)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--binary", required=True, help="the slowburn to measure")
    parser.add_argument("--seconds", type=int, default=10, help="of each run (10)")
    parser.add_argument("--rounds", type=int, default=3, help="of each route (3)")
    parser.add_argument("--clients", default="1,16,64")
    parser.add_argument("--modes", default="simple,prepared")
    parser.add_argument("--scale", type=int, default=10, help="of pgbench's tables (10)")
    parser.add_argument("--raw", action="store_true",
                        help="also the relay without a driver (needs a build with tests)")
    parser.add_argument("--only-raw", action="store_true", help="no daemon, no kills")
    parser.add_argument("--no-kills", action="store_true")
    parser.add_argument("--json", help="write the figures to this file")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    versions(args.binary)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="slowburn-bench-"))
        os.chmod(folder, 0o777)
        server = stack.enter_context(postgres.Postgres(folder))
        server.sql("CREATE DATABASE bench")
        subprocess.run(["pgbench", "-i", "-q", "-s", str(args.scale), "-h", "127.0.0.1", "-p",
                        str(server.port), "-U", "postgres", "bench"], check=True,
                       capture_output=True)
        routes = [Route("direct", server.port),
                  stack.enter_context(pgbouncer(folder, server.port))]
        daemon = None
        if not args.only_raw:
            daemon = stack.enter_context(slowburn.Slowburn(args.binary, folder, server.port))
            routes.append(SlowburnRoute(daemon))
        if args.raw or args.only_raw:
            routes.append(stack.enter_context(raw_relay(
                args.binary, os.path.join(folder, "raw"), server.port)))
        figures = {"table": table(routes, args, folder)}
        if daemon is not None and not args.no_kills:
            figures["kills"] = kills(daemon, folder, args.rounds)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(figures, out, indent=1)
    return 1 if any("NOT" in row["verdict"] for row in figures["table"]) else 0


if __name__ == "__main__":
    sys.exit(main())
