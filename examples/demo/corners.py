# SPDX-License-Identifier: Apache-2.0
"""All eight combinations of the three fixes: what slowburn predicted against what was measured.

The predictions come from an incident, before anything is fixed. Then each combination runs several
times for a short while in a shuffled order, so that a slow minute of the machine harms all of them
alike. Times are the clients' own, except that the settings cache is judged by the query time that it
removes: what it saves in PHP besides is not slowburn's to predict.
"""

import itertools
import random
import time

from ..load import summary, traffic

from . import calibrate, outcome, say, waiting
from .checks import Checks, in_order, within
from .environment import Environment
from .postgres import OWNER, CpuMeter
from .shop import CACHED, EAGER, INDEX_NAME, INDEX_SQL, V2

# No order detail: it reads a setting too, which would be counted for the list.
SHARES = {traffic.LIST: 30.0, traffic.PROFILE: 40.0, traffic.LOGIN: 15.0, traffic.PAY: 15.0}
CPU_LIMIT, CPU_TARGET = 0.50, 0.30
RATE_MAX = 600.0
BASELINE_S, FAULT_S = 75.0, 75.0
ROUNDS, SETTLE_S, WINDOW_S = 4, 3.0, 12.0

INDEX, LOAD, CACHE = "create-index", "eager-load", "cache"
KINDS = (INDEX, LOAD, CACHE)
CURES = {"missing-index": INDEX, "repeated-query": LOAD, "cacheable": CACHE}


class Corner:
    """What was measured of one combination, summed over its rounds."""

    def __init__(self):
        self.requests = []
        self.settings_ms = 0.0
        self.cpu = []

    @property
    def mean_ms(self):
        return summary.figures(self.requests).mean_ms

    @property
    def settings_mean_ms(self):
        """Query time of the settings per request of the list."""
        return self.settings_ms / max(len(self.requests), 1)


class Corners:
    def __init__(self, env, results):
        self.env = env
        self.results = results
        self.checks = Checks()
        self.load = None
        self.cpu = None

    def set_up(self):
        say.warn_if_busy(calibrate.busy_elsewhere())
        say.step("PostgreSQL, and calibrating")
        self.env.start_database()
        self.cpu = CpuMeter(self.env.postgres)
        cost = calibrate.measure(self.env)
        page = calibrate.PROBE_PAGE
        rate = min(RATE_MAX, CPU_TARGET / cost.share(page, 1.0, SHARES[traffic.LIST]))
        say.step(f"{rate:.0f} requests a minute keep the database at about {CPU_TARGET:.0%} of all"
                 " cores in the worst corner")
        self.env.start_slowburn()
        self.env.start_shop(page)
        self.load = self.env.start_load(rate_per_min=rate, shares=SHARES)

    def predict(self):
        """The incident of v2, as it stands before anything is fixed."""
        say.step(f"v1 for {BASELINE_S:.0f} s")
        waiting.for_seconds(self.env, BASELINE_S)
        say.step(f"v2, until its incident is complete and for {FAULT_S:.0f} s at least")
        begin = self.load.now()
        self.env.slowburn.deploy("v2")
        self.env.shop.deploy(V2)

        def complete():
            for incident in self.env.slowburn.incidents():
                if all(outcome.action(incident, kind) for kind in KINDS):
                    return incident
            return None

        waiting.until(self.env, "an incident with all three actions", complete, 240.0)
        waiting.for_seconds(self.env, begin + FAULT_S - self.load.now())
        incident = complete()
        self.results.json("incident.json", incident)
        say.block(self.env.slowburn.cli("incidents", str(incident["id"])))
        return incident

    def measure(self):
        """{combination: Corner}; a combination is a frozen set of KINDS."""
        corners = {frozenset(kinds): Corner() for size in range(len(KINDS) + 1)
                   for kinds in itertools.combinations(KINDS, size)}
        order = list(corners)
        rng = random.Random(11)
        for number in range(ROUNDS):
            rng.shuffle(order)
            for kinds in order:
                say.step(f"round {number + 1} of {ROUNDS}: {_name(kinds)}")
                self._apply(kinds)
                self._window(corners[kinds])
        return corners

    def _apply(self, kinds):
        if INDEX in kinds:
            if not self.env.postgres.execute(
                    f"SELECT 1 FROM pg_class WHERE relname = '{INDEX_NAME}'"):
                with open(INDEX_SQL, encoding="utf-8") as file:
                    self.env.postgres.execute(file.read(), user=OWNER)
        else:
            self.env.postgres.execute(f"DROP INDEX IF EXISTS {INDEX_NAME}", user=OWNER)
        self.env.shop.deploy(V2 + ((EAGER,) if LOAD in kinds else ())
                             + ((CACHED,) if CACHE in kinds else ()))

    def _window(self, corner):
        waiting.for_seconds(self.env, SETTLE_S)
        begin, settings = self.load.now(), self._settings_ms()
        self.cpu.read()
        waiting.for_seconds(self.env, WINDOW_S)
        corner.cpu.append(self.cpu.read())
        corner.settings_ms += self._settings_ms() - settings
        end = self.load.now()
        # The last requests of the window may still be under way.
        time.sleep(1.0)
        corner.requests += self.load.results.between(begin, end, traffic.LIST)

    def _settings_ms(self):
        return sum(q["total_ms"] for q in self.env.slowburn.json("queries")
                   if '"settings"' in q["statement"])

    def compare(self, incident, corners):
        """Prints the table; every saving that slowburn states must be near the measured one."""
        base = corners[frozenset()]
        rows, lines = [], [f"  {'fixes':44} {'mean ms':>8} {'predicted':>10} {'measured':>9}"]
        for kinds, corner in corners.items():
            if not kinds:
                lines.append(f"  {_name(kinds):44} {corner.mean_ms:8.1f}")
                continue
            predicted = outcome.together(
                incident, [outcome.action(incident, kind)["id"] for kind in kinds])
            measured = base.mean_ms - corner.mean_ms
            if kinds == {CACHE}:
                measured = base.settings_mean_ms - corner.settings_mean_ms
            stated = "–" if predicted is None else f"{predicted:.1f}"
            lines.append(f"  {_name(kinds):44} {corner.mean_ms:8.1f} {stated:>10} {measured:9.1f}")
            rows.append({"fixes": sorted(kinds), "mean_ms": corner.mean_ms,
                         "predicted_ms": predicted, "measured_ms": measured,
                         "requests": len(corner.requests)})
            if predicted is not None:
                self.checks.add(f"{_name(kinds)}: within 20 % or 3 ms",
                                within(predicted, measured), f"{predicted:.1f} | {measured:.1f} ms")
            elif len(kinds) in (1, len(KINDS)):
                self.checks.add(f"{_name(kinds)}: a saving is stated", False, "none")
        say.block("\n".join(lines))
        self.results.json("corners.json", rows)
        self._check_order(incident, rows)
        worst = max(max(corner.cpu) for corner in corners.values())
        self.checks.add(f"database CPU at most {CPU_LIMIT:.0%} in every window", worst <= CPU_LIMIT,
                        f"{worst:.0%}")

    def _check_order(self, incident, rows):
        alone = {row["fixes"][0]: row["measured_ms"] for row in rows if len(row["fixes"]) == 1}
        causes = sorted(incident["causes"], key=lambda c: c["rank"])
        savings = [alone[CURES[c["kind"]]] for c in causes if c["kind"] in CURES]
        self.checks.add("causes are in the order of measured saving", in_order(savings),
                        ", ".join(f"{s:.1f} ms" for s in savings))


def _name(kinds):
    return " + ".join(outcome.FIXES[kind] for kind in KINDS if kind in kinds) or "none"


def play(folder):
    results = outcome.Results(folder)
    with Environment(name="corners", logs=results.logs) as env:
        corners = Corners(env, results)
        try:
            corners.set_up()
            incident = corners.predict()
            corners.compare(incident, corners.measure())
        finally:
            results.json("checks.json", corners.checks.rows)
    corners.checks.print()
    return not corners.checks.failed()
