# SPDX-License-Identifier: Apache-2.0
"""pgbench select-only, simple and prepared, with few and many clients, every way in turn."""
import statistics

from test.bench import pgbench
from test.bench.figures import Goal, percentile
from test.bench.report import Section, number

MODES = ("simple", "prepared")
FIGURES = ("tps", "p50_us", "p99_us", "proxy_us", "analyzer_us")
# CPU a query of slowburn's proxy beside PgBouncer's, by event loop and number of clients.
CPU_GOALS = {("io_uring", 16): 0.9, ("io_uring", 64): 0.85, ("epoll", 16): 1.1, ("epoll", 64): 1.1}
RELAY_GOAL = 1.15
THROUGHPUT_GOAL = 0.95


def measure(route, mode, clients, seconds):
    before = route.cpu()
    done = pgbench.run(route.port, mode, clients, seconds)
    route.expect(done.queries)
    row = {"tps": done.tps, "p50_us": percentile(done.latencies_us, 0.5),
           "p99_us": percentile(done.latencies_us, 0.99)}
    row.update({f"{name}_us": (ns - before[name]) / 1e3 / done.queries
                for name, ns in route.cpu().items()})
    return row


class Cell:
    """One mode and number of clients: rounds in which every route has its turn, in another order
    each time."""

    def __init__(self, routes, mode, clients, options):
        self.mode, self.clients = mode, clients
        self.rounds = []
        for turn in range(options.rounds):
            order = routes[turn % len(routes):] + routes[:turn % len(routes)]
            rows = {route.name: measure(route, mode, clients, options.seconds) for route in order}
            self.rounds.append(rows)
        self.lost = {route.name: route.lost() for route in routes}

    def values(self, route, key):
        return [rows[route][key] for rows in self.rounds if key in rows[route]]

    def median(self, route, key):
        values = self.values(route, key)
        return statistics.median(values) if values else None

    def ratios(self, route, other, key):
        return [rows[route][key] / rows[other][key] for rows in self.rounds]

    def added_ratios(self, route, other):
        """What each adds to the median latency without it, one by the other."""
        return [(rows[route]["p50_us"] - rows["direct"]["p50_us"]) /
                max(rows[other]["p50_us"] - rows["direct"]["p50_us"], 0.1) for rows in self.rounds]

    def table_rows(self):
        for route in self.rounds[0]:
            figures = [self.median(route, key) for key in FIGURES]
            digits = (0, 0, 0, 1, 1)
            yield [self.mode, self.clients, route, *map(number, figures, digits)]


def goals_of(cell, route, loop):
    def goal(what, values, **limit):
        return Goal(f"{what}, {cell.mode}, {cell.clients} clients, {loop}", values,
                    counts=cell.lost[route.name] is None, **limit)

    if cell.clients == 1:
        yield goal("added median latency / PgBouncer's",
                   cell.added_ratios(route.name, "PgBouncer"), at_most=1.0)
        return
    if (loop, cell.clients) in CPU_GOALS:
        yield goal("CPU a query / PgBouncer's",
                   cell.ratios(route.name, "PgBouncer", "proxy_us"),
                   at_most=CPU_GOALS[loop, cell.clients])
    if loop == "io_uring":
        yield goal("CPU a query / bytes-only relay's",
                   cell.ratios(route.name, "relay", "proxy_us"), at_most=RELAY_GOAL)
    if cell.clients == 64:
        yield goal("throughput / PgBouncer's", cell.ratios(route.name, "PgBouncer", "tps"),
                   at_least=THROUGHPUT_GOAL)


def run(room, options):
    section = Section("Queries: pgbench select-only")
    ours = {route.name: (route, loop) for loop, route in room.slowburn_loops().items()}
    routes = [room.direct(), room.pgbouncer(), *(route for route, _ in ours.values()), room.relay()]
    rows = []
    for mode in options.modes or MODES:
        for clients in options.clients:
            cell = Cell(routes, mode, clients, options)
            rows += cell.table_rows()
            section.figures[f"{mode} {clients}"] = {"rounds": cell.rounds, "lost": cell.lost}
            for route, loop in ours.values():
                section.goals += goals_of(cell, route, loop)
                if cell.lost[route.name]:
                    section.say(f"**{route.name}, {mode}, {clients} clients does not count**: "
                                f"{cell.lost[route.name]}")
    section.table(["", "clients", "way", "tps", "p50 µs", "p99 µs", "proxy CPU µs/query",
                   "analyzer CPU µs/query"], rows)
    return section
