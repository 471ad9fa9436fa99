# SPDX-License-Identifier: Apache-2.0
"""What clients feel of a death: an open-loop load while analyzer, advisor and supervisor are killed,
beside the same load when nobody is. No query may fail."""
import os
import signal
import statistics
import tempfile
import time

from test.bench import pgbench
from test.bench.figures import Goal, percentile
from test.bench.report import Section, number
from test.bench.room import LOOPS
from test.bench.way import wait_for_child
from test.harness import processes

CLIENTS, RATE = 16, 4000
VICTIMS = ("analyzer", "advisor", "supervisor")
FIRST_S, APART_S = 1.5, 2.0
WINDOW_S = (-0.25, 1.25)  # around a death
GOAL_MS = 1.0
KINDS = ("control", "killed")


class Household:
    """A daemon whose supervisor may be killed: the next one takes the running proxy over."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.former = []
        self.proxy = wait_for_child(daemon.process.pid, "proxy")

    def wait_until_whole(self):
        for name in ("analyzer", "advisor"):
            wait_for_child(self.daemon.process.pid, name)
        self.daemon.wait_until_watching()

    def kill(self, name):
        supervisor = self.daemon.process
        if name != "supervisor":
            os.kill(wait_for_child(supervisor.pid, name), signal.SIGKILL)
            return
        supervisor.kill()
        supervisor.wait()
        self.former.append(supervisor)
        self.daemon.process = processes.start(self.daemon.command, self.daemon.log)

    def end(self):
        """The supervisors that were killed have left the proxy in their process group."""
        processes.stop(self.daemon.process)
        for supervisor in self.former:
            processes.stop(supervisor)


def one_run(household, is_control):
    """{victim: p99.9 in ms around its moment}, p99.9 of all moments, and failures."""
    seconds = int(FIRST_S + APART_S * len(VICTIMS) + 0.5)
    moments = {}
    with tempfile.TemporaryDirectory(prefix="slowburn-pgbench-") as folder:
        start = time.time()
        load = pgbench.start(household.daemon.port, "prepared", CLIENTS, seconds, folder,
                             ("-R", str(RATE)))
        for number_of, victim in enumerate(VICTIMS):
            time.sleep(max(0.0, start + FIRST_S + APART_S * number_of - time.time()))
            moments[victim] = time.time()
            if not is_control:
                household.kill(victim)
        done = pgbench.finish(load, folder)
    near = {victim: [latency / 1000 for end, latency in done.ends
                     if WINDOW_S[0] <= end - moment <= WINDOW_S[1]]
            for victim, moment in moments.items()}
    near["any of them"] = [latency for latencies in near.values() for latency in latencies]
    return {"failed": done.failed,
            **{victim: percentile(latencies, 0.999) for victim, latencies in near.items()}}


def run(room, options):
    section = Section(f"Deaths: {RATE:,} queries a second, open loop, {CLIENTS} clients; p99.9 around"
                      " kill -9")
    server = room.postgres()
    household = Household(room.daemon_before(next(iter(LOOPS)), server.port,
                                             advisor=server.dsn("bench")))
    room.stack.callback(household.end)
    rounds = []
    for turn in range(options.rounds):
        pair = {}
        for kind in KINDS if turn % 2 == 0 else reversed(KINDS):
            household.wait_until_whole()
            time.sleep(0.5)
            pair[kind] = one_run(household, kind == "control")
        rounds.append(pair)
    section.figures["rounds"] = rounds
    moments = (*VICTIMS, "any of them")
    section.table(["median of p99.9, ms", *moments, "failed queries"],
                  [[kind, *(number(statistics.median(pair[kind][moment] for pair in rounds), 2)
                            for moment in moments),
                    sum(pair[kind]["failed"] for pair in rounds)] for kind in KINDS])
    for moment in moments:
        section.goals.append(Goal(f"p99.9 around the death of {moment} − control",
                                  [pair["killed"][moment] - pair["control"][moment]
                                   for pair in rounds], at_most=GOAL_MS, unit="ms"))
    section.goals.append(Goal("failed queries", [sum(pair["killed"]["failed"] for pair in rounds)],
                              at_most=0, unit=""))
    return section
