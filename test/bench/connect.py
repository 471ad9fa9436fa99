# SPDX-License-Identifier: Apache-2.0
"""Connect, one query, close, as PHP does it: how many a second, every way in turn."""
from test.bench import pgbench
from test.bench.figures import Goal
from test.bench.report import Section, number
from test.bench.rounds import Rounds

CLIENTS = 8
GOAL = 0.95


def measure(way, seconds):
    before = way.cpu()
    done = pgbench.run(way.port, "simple", CLIENTS, seconds, ("--connect",))
    way.expect(done.queries)
    return {"tps": done.tps, **{f"{name}_us": (ns - before[name]) / 1e3 / done.transactions
                                for name, ns in way.cpu().items()}}


def run(room, options):
    section = Section(f"Connect, one query, close: pgbench --connect, {CLIENTS} clients")
    ours = room.slowburn_loops()
    ways = [room.direct(), room.pgbouncer(), *ours.values(), room.relay()]
    rounds = Rounds(ways, options.rounds, lambda way: measure(way, options.seconds))
    section.figures = rounds.document()
    section.parts += rounds.complaints("connections")
    section.table(["way", "a second", "proxy CPU µs/connection", "analyzer CPU µs/connection"],
                  [[way.name, number(rounds.median(way.name, "tps")),
                    number(rounds.median(way.name, "proxy_us"), 1),
                    number(rounds.median(way.name, "analyzer_us"), 1)] for way in ways])
    section.say("Behind each client the server's side is closed too, by PgBouncer as well (server_lifetime = "
                "0): PostgreSQL makes a new process for every connection, whatever the way.")
    for loop, way in ours.items():
        section.goals.append(Goal(f"connections a second / direct, {loop}",
                                  rounds.ratios(way.name, "direct", "tps"), at_least=GOAL,
                                  counts=rounds.counts(way.name)))
    return section
