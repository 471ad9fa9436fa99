# SPDX-License-Identifier: Apache-2.0
"""Connect, one query, close, as PHP does it: how many a second, every way in turn."""
import statistics

from test.bench import pgbench
from test.bench.figures import Goal
from test.bench.report import Section, number

CLIENTS = 8
GOAL = 0.95


def measure(route, seconds):
    before = route.cpu()
    done = pgbench.run(route.port, "simple", CLIENTS, seconds, ("--connect",))
    route.expect(done.queries)
    return {"tps": done.tps, **{f"{name}_us": (ns - before[name]) / 1e3 / done.transactions
                                for name, ns in route.cpu().items()}}


def run(room, options):
    section = Section(f"Connect, one query, close: pgbench --connect, {CLIENTS} clients")
    ours = room.slowburn_loops()
    routes = [room.direct(), room.pgbouncer(), *ours.values(), room.relay()]
    rounds = []
    for turn in range(options.rounds):
        order = routes[turn % len(routes):] + routes[:turn % len(routes)]
        rounds.append({route.name: measure(route, options.seconds) for route in order})
    rows = []
    for route in routes:
        def median(key, name=route.name):
            return statistics.median(r[name][key] for r in rounds) if key in rounds[0][name] else None
        rows.append([route.name, number(median("tps")), number(median("proxy_us"), 1),
                     number(median("analyzer_us"), 1)])
    section.table(["way", "a second", "proxy CPU µs/connection", "analyzer CPU µs/connection"], rows)
    section.say("PgBouncer keeps the server's side open from one client to the next, which spares "
                "PostgreSQL a new process; slowburn never does, the session is the client's.")
    section.figures["rounds"] = rounds
    for loop, route in ours.items():
        lost = route.lost()
        if lost:
            section.say(f"**{route.name} does not count**: {lost}")
        section.goals.append(Goal(f"connections a second / direct, {loop}",
                                  [r[route.name]["tps"] / r["direct"]["tps"] for r in rounds],
                                  at_least=GOAL, counts=lost is None))
    return section
