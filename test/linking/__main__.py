# SPDX-License-Identifier: Apache-2.0
"""make linking: many requests at a time to real applications whose truth is known; how many of their
queries slowburn ties to the right request, how sure it says to be, what it shows for each route.

Prints a card, writes it as JSON; exit 0 when the goals hold."""
import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from test.harness import node, processes
from test.harness.postgres import Postgres
from test.harness.slowburn import Slowburn
from test.linking import card
from test.linking.apps import HERE, Application
from test.linking.load import Load
from test.linking.score import Truth, lines, score

THINK_MS = 40
LEARNING_SHARE = 0.25  # of the time: what is asked then is learned from, and not counted
SETTLE_S = 90.0  # until the last requests have their queries: mostly a few seconds
ABSTAIN_S = {"time": 4.0}  # what is in no request by then has abstained
SIDE_BY_SIDE_AT = 5  # up to so many requests at a time the applications run side by side


def play(kind, mode, concurrency, arguments, server, folder, modules):
    """One cell of the card."""
    os.makedirs(folder)
    database = f"{kind}_{mode}_{concurrency}"
    server.sql(f"CREATE DATABASE {database}")
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as file:
        server.sql(file.read(), database)
    log = os.path.join(folder, "requests.jsonl")
    port = processes.free_port()
    with Slowburn(arguments.binary, folder, server.port, http_port=port,
                  more=("--request-log", log, "--request-log-statements", "2")) as daemon:
        daemon.wait_until_watching()
        with Application(kind, mode, folder, port, database, daemon.port, THINK_MS,
                         modules) as application:
            load = Load(daemon.http, mode, concurrency, 0.2, arguments.seed)
            load.run(arguments.seconds * LEARNING_SHARE)
            before = settled(daemon, log, load)
            since_us, took_before = time.monotonic_ns() // 1000, len(load.took)
            counted_s = arguments.seconds * (1 - LEARNING_SHARE)
            load.run(counted_s)
            after = settled(daemon, log, load)
            wall_us = (time.time_ns() - time.monotonic_ns()) // 1000
            truth = Truth(application.truth, since_us, wall_us)
    result = score(truth, [line for line in lines(log) if line["method"]], before, after)
    result.update(app=kind, mode=mode, at=concurrency, failed=load.failed, errors=load.errors,
                  in_progress=sum(load.took[took_before:]) / counted_s,
                  late=sum(late > 0.05 for late in load.late) / max(1, len(load.late)))
    return result


def settled(daemon, log, load):
    """The document "requests" once every request is in it and the rest was decided."""
    deadline = time.monotonic() + SETTLE_S
    wanted = load.sent - load.failed
    while time.monotonic() < deadline:
        shown = [row for row in daemon.document("requests") if row["method"]]
        logged = sum(1 for line in lines(log) if line["method"])
        if logged >= wanted and sum(row["requests"] for row in shown) >= wanted:
            break
        time.sleep(0.5)
    time.sleep(ABSTAIN_S.get(load.mode, 1.0))
    return [row for row in daemon.document("requests") if row["method"]]


def cells(arguments, modules):
    for at in arguments.at:
        for mode in arguments.modes:
            kinds = [kind for kind in arguments.apps if kind != "node" or modules is not None]
            yield [(kind, mode, at) for kind in kinds]


def main():
    parser = argparse.ArgumentParser(prog="make linking")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--modules", required=True, help="the folder for node-postgres")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--apps", nargs="+", default=["php", "python", "node"])
    parser.add_argument("--modes", nargs="+", default=["tags", "values", "time"])
    parser.add_argument("--at", nargs="+", type=int, default=[1, 5, 20])
    parser.add_argument("--keep", help="a new folder for the logs, kept")
    arguments = parser.parse_args()
    modules = node.modules(arguments.modules) if "node" in arguments.apps else None
    results = []
    with tempfile.TemporaryDirectory(prefix="slowburn-linking-") as temporary:
        os.chmod(temporary, 0o755)
        with Postgres(temporary) as server:
            for group in cells(arguments, modules):
                side_by_side = len(group) if group[0][2] <= SIDE_BY_SIDE_AT else 1
                with ThreadPoolExecutor(side_by_side) as pool:
                    for result in pool.map(
                            lambda cell: play(*cell, arguments, server, os.path.join(
                                arguments.keep or temporary, "_".join(map(str, cell))), modules),
                            group):
                        results.append(result)
                        print(card.line(result), flush=True)
    missed = card.judge(results)
    print("\n" + card.markdown(results, missed))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"cells": results, "missed": missed}, file, indent=1)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
