# SPDX-License-Identifier: Apache-2.0
"""What it costs that queries say which request they are of: select-only with a traceparent in a
comment behind each, beside the same without."""
import os
from collections import namedtuple

from test.bench import pgbench
from test.bench.figures import Goal
from test.bench.report import Section, number
from test.bench.rounds import Rounds

CLIENTS = 16
MODES = ("simple", "extended")
GOAL = 1.10
TAG = "/*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/"

Asked = namedtuple("Asked", "name way script lost")


def scripts(folder):
    for name, tag in (("plain", ""), ("tagged", " " + TAG)):
        path = os.path.join(folder, f"{name}.sql")
        with open(path, "w", encoding="ascii") as file:
            file.write("\\set aid random(1, 100000)\n"
                       f"SELECT abalance FROM pgbench_accounts WHERE aid = :aid{tag};\n")
        yield name, path


def measure(asked, mode, seconds):
    before = asked.way.cpu()
    done = pgbench.run(asked.way.port, mode, CLIENTS, seconds, script=("-f", asked.script))
    asked.way.expect(done.transactions)
    return {"tps": done.tps, **{f"{name}_us": (ns - before[name]) / 1e3 / done.transactions
                                for name, ns in asked.way.cpu().items()}}


def run(room, options):
    section = Section(f"Queries that carry a traceparent: pgbench, {CLIENTS} clients")
    rows = []
    for loop, way in room.slowburn_loops().items():
        folder = room.subfolder(f"tracing-{loop}")
        asked = [Asked(name, way, path, way.lost) for name, path in scripts(folder)]
        for mode in MODES:
            rounds = Rounds(asked, options.rounds,
                            lambda a, mode=mode: measure(a, mode, options.seconds))
            section.figures[f"{loop} {mode}"] = rounds.document()
            section.parts += rounds.complaints(f"{loop}, {mode}")
            rows += [[loop, mode, a.name, number(rounds.median(a.name, "tps")),
                      number(rounds.median(a.name, "proxy_us"), 1),
                      number(rounds.median(a.name, "analyzer_us"), 1)] for a in asked]
            section.goals.append(Goal(f"CPU a query with a traceparent / without, {mode}, {loop}",
                                      rounds.ratios("tagged", "plain", "proxy_us"), at_most=GOAL,
                                      counts=rounds.counts("tagged")))
    section.table(["", "", "queries", "a second", "proxy CPU µs/query", "analyzer CPU µs/query"], rows)
    return section
