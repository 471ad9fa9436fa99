# SPDX-License-Identifier: Apache-2.0
"""pgbench select-only, simple and prepared, with few and many clients, every way in turn."""
from test.bench import pgbench
from test.bench.figures import Goal, percentile
from test.bench.report import Section, number
from test.bench.rounds import Rounds

MODES = ("simple", "prepared")
FIGURES = ("tps", "p50_us", "p99_us", "proxy_us", "analyzer_us")
# CPU a query of slowburn's proxy beside PgBouncer's, by event loop and number of clients.
CPU_GOALS = {("io_uring", 16): 0.9, ("io_uring", 64): 0.85, ("epoll", 16): 1.1, ("epoll", 64): 1.1}
RELAY_GOAL = 1.15
THROUGHPUT_GOAL = 0.95


def measure(way, mode, clients, seconds):
    before = way.cpu()
    done = pgbench.run(way.port, mode, clients, seconds)
    way.expect(done.queries)
    row = {"tps": done.tps, "p50_us": percentile(done.latencies_us, 0.5),
           "p99_us": percentile(done.latencies_us, 0.99)}
    row.update({f"{name}_us": (ns - before[name]) / 1e3 / done.queries
                for name, ns in way.cpu().items()})
    return row


class Cell(Rounds):
    """One mode and number of clients."""

    def __init__(self, ways, mode, clients, options):
        self.mode, self.clients = mode, clients
        super().__init__(ways, options.rounds,
                         lambda way: measure(way, mode, clients, options.seconds))

    def added_ratios(self, name, other):
        """What each adds to the median latency without it, one by the other."""
        return [(row[name]["p50_us"] - row["direct"]["p50_us"]) /
                max(row[other]["p50_us"] - row["direct"]["p50_us"], 0.1) for row in self.rows]

    def table_rows(self):
        for name in self.rows[0]:
            figures = [self.median(name, key) for key in FIGURES]
            digits = (0, 0, 0, 1, 1)
            yield [self.mode, self.clients, name, *map(number, figures, digits)]


def goals_of(cell, name, loop):
    def goal(what, values, **limit):
        return Goal(f"{what}, {cell.mode}, {cell.clients} clients, {loop}", values,
                    counts=cell.counts(name), **limit)

    if cell.clients == 1:
        yield goal("added median latency / PgBouncer's",
                   cell.added_ratios(name, "PgBouncer"), at_most=1.0)
        return
    if (loop, cell.clients) in CPU_GOALS:
        yield goal("CPU a query / PgBouncer's",
                   cell.ratios(name, "PgBouncer", "proxy_us"),
                   at_most=CPU_GOALS[loop, cell.clients])
    if loop == "io_uring":
        yield goal("CPU a query / bytes-only relay's",
                   cell.ratios(name, "relay", "proxy_us"), at_most=RELAY_GOAL)
    if cell.clients == 64:
        yield goal("throughput / PgBouncer's", cell.ratios(name, "PgBouncer", "tps"),
                   at_least=THROUGHPUT_GOAL)


def run(room, options):
    section = Section("Queries: pgbench select-only")
    ours = room.slowburn_loops()
    ways = [room.direct(), room.pgbouncer(), *ours.values(), room.relay()]
    rows = []
    for mode in options.modes or MODES:
        for clients in options.clients:
            cell = Cell(ways, mode, clients, options)
            rows += cell.table_rows()
            section.figures[f"{mode} {clients}"] = cell.document()
            for loop, way in ours.items():
                section.goals += goals_of(cell, way.name, loop)
            section.parts += cell.complaints(f"{mode}, {clients} clients")
    section.table(["", "clients", "way", "tps", "p50 µs", "p99 µs", "proxy CPU µs/query",
                   "analyzer CPU µs/query"], rows)
    return section
