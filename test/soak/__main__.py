# SPDX-License-Identifier: Apache-2.0
"""Hundreds of sessions of several drivers through slowburn, for minutes, on a bad network, with
clients killed at random and the server restarted: no hang, no leak, no wrong answer.

Every answer is known to its client beforehand and carries a mark of its question, so that another
one's is noticed. A connection may end only when the server has been restarted."""
import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time

from test.harness import node, processes
from test.harness.postgres import Postgres
from test.harness.slowburn import Slowburn
from test.soak import network, tun
from test.soak.crowd import Crowd
from test.soak.vitals import Vitals

KILL_EVERY_S = 1.5
RESTART_EVERY_S = 60.0
WEATHER_EVERY_S = 20.0
READ_EVERY_S = 5.0
SILENT_S = 120.0  # a session that says nothing for so long hangs
AFTERMATH_S = 20.0  # of a restart: until everybody has noticed
END_S = 90.0


class Every:
    """due() once in so many seconds."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.next = time.monotonic() + seconds

    def due(self):
        if time.monotonic() < self.next:
            return False
        self.next = time.monotonic() + self.seconds
        return True


class Soak:
    def __init__(self, server, slowburn, crowd, set_weather):
        self.server = server
        self.slowburn = slowburn
        self.crowd = crowd
        self.set_weather = set_weather
        self.seconds = 0.0
        self.restarts = []  # (from, to)
        self.failures = []

    def run(self, seconds, vitals):
        began = time.monotonic()
        end = began + seconds
        kill, restart, change, read = map(Every, (KILL_EVERY_S, RESTART_EVERY_S, WEATHER_EVERY_S,
                                                  READ_EVERY_S))
        changes = 0
        while time.monotonic() < end and not self.failures:
            time.sleep(0.1)
            if kill.due():
                self.crowd.kill_one()
            if change.due():
                changes += 1
                self.set_weather(*network.WEATHER[changes % len(network.WEATHER)])
            if read.due():
                vitals.read()
                self.look()
            if restart.due() and time.monotonic() + AFTERMATH_S < end:
                self.restart_server()
        self.seconds = time.monotonic() - began  # fewer when something was wrong
        self.set_weather(*network.WEATHER[0])

    def look(self):
        self.failures += self.crowd.silent(SILENT_S) + self.crowd.wrong
        self.failures += [f"{c.driver} {c.process.pid} has ended by itself"
                          for c in self.crowd.ended()]

    def restart_server(self):
        """Politely and not, by turns."""
        begin = time.monotonic()
        self.server.restart(signal.SIGQUIT if len(self.restarts) % 2 else signal.SIGINT)
        self.restarts.append((begin, time.monotonic() + AFTERMATH_S))

    def end(self, vitals):
        """When everybody has gone, nothing is left of them."""
        self.failures += self.crowd.stop(END_S)
        for reader in self.crowd.readers:
            reader.join(END_S)
        self.failures += self.crowd.wrong
        self.failures += [f"a connection ended without a restart: {driver}: {reason}"
                          for at, driver, reason in self.crowd.lost if not self.is_excused(at)]
        deadline = time.monotonic() + END_S
        while (left := self.left(vitals)) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.failures += left

    def is_excused(self, at):
        return any(begin <= at <= end for begin, end in self.restarts)

    def left(self, vitals):
        counted = self.slowburn.document("status")["proxy"]
        found = [f"{counted[name]} {name}" for name in ("sessions_now", "queries_in_flight",
                                                        "sessions_opaque") if counted[name]]
        backends = self.server.sql("select count(*) from pg_stat_activity where "
                                   "backend_type = 'client backend' and pid <> pg_backend_pid()")
        if int(backends) != 0:
            found.append(f"{int(backends)} connections at the server")
        now = vitals.descriptors()
        return found + [f"{name} has {now[name]} descriptors, {was} before"
                        for name, was in vitals.idle.items() if now[name] > was]


def report(soak, vitals):
    crowd = soak.crowd
    counted = soak.slowburn.document("status")["proxy"]
    print(f"{soak.seconds:.0f} s: {sum(crowd.answers.values())} answers ("
          + ", ".join(f"{n} {driver}" for driver, n in sorted(crowd.answers.items()))
          + f"), {crowd.kills} clients killed, {len(soak.restarts)} restarts of the server, "
          f"{len(crowd.lost)} connections lost to them")
    print(f"slowburn: {counted['sessions_opened']} sessions, {counted['queries']} queries, "
          f"{counted['cancels']} cancels, {counted['events_folded']} events folded, "
          f"{counted['events_dropped']} dropped")
    grown, table = vitals.grown()
    print(f"resident, MB  first    then     now     descriptors idle {vitals.idle}, "
          f"now {vitals.descriptors()}")
    print("\n".join(table))
    soak.failures += [f"{name} has grown from {then / 1e6:.1f} MB to {now / 1e6:.1f} MB"
                      for name, (then, now) in grown.items()]
    soak.failures += [f"{driver} had no answers" for driver in {c.driver for c in crowd.clients}
                      if not crowd.answers[driver]]


def start(arguments, folder, kind, stack):
    """(the bad network before and behind slowburn, server, slowburn, port)."""
    bad = None
    if kind != "relays":
        bad = stack.enter_context(tun.Network() if kind == "tun" else network.Netem())
    addresses = {network.LOOPBACK, bad.near if bad else network.LOOPBACK}
    settings = (f"max_connections = {2 * arguments.sessions + 50}\n"
                f"listen_addresses = '{','.join(addresses)}'\n")
    server = stack.enter_context(Postgres(folder, settings, hba="host all all all trust\n"))
    if bad is None:
        behind = stack.enter_context(network.Relay(server.port))
        slowburn = stack.enter_context(Slowburn(arguments.binary, folder, behind.port))
        before = stack.enter_context(network.Relay(slowburn.port))
        return network.Relays(behind, before), server, slowburn, before.port
    port = processes.free_port()
    # TCP asks again after 1, 3, 7 and 15 s: a loss or two must not end a connection.
    more = ["--postgres", f"{bad.near}:{port}={bad.far}:{server.port}", "--connect-timeout-ms",
            "30000"]
    slowburn = stack.enter_context(Slowburn(arguments.binary, folder, server.port, more=more))
    return bad, server, slowburn, port


def play(arguments, folder, modules, kind):
    with contextlib.ExitStack() as stack:
        bad, server, slowburn, port = start(arguments, folder, kind, stack)
        server.sql("create table kept (mark text, n int); create index on kept (mark)")
        slowburn.wait_until_watching()
        vitals = Vitals(slowburn.process.pid)
        log = stack.enter_context(open(os.path.join(folder, "clients.log"), "ab"))
        crowd = Crowd(arguments.sessions, bad.far, port, arguments.seed, modules, log)
        stack.callback(crowd.kill_all)
        soak = Soak(server, slowburn, crowd, bad.weather)
        soak.run(arguments.seconds, vitals)
        soak.end(vitals)
        report(soak, vitals)
        print(f"network: {kind}, {bad.words()}")
        if kind != "relays" and bad.lost() == 0:
            soak.failures.append("the network has lost nothing")
        return soak.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--modules", required=True, help="the folder for node-postgres")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    modules = node.modules(arguments.modules)
    kind = network.enter_namespace("test.soak")
    with tempfile.TemporaryDirectory(prefix="slowburn-soak-") as folder:
        os.chmod(folder, 0o755)  # for the server's user
        failures = play(arguments, folder, modules, kind)
    for failure in failures[:20]:
        print(f"  {failure}")
    print(f"soak: {f'FAILED, {len(failures)} times' if failures else 'passed'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
