# SPDX-License-Identifier: Apache-2.0
"""The shop with its customers, behind slowburn, and what a recipe may do to it."""
import contextlib
import os
import time

from examples.demo import waiting
from examples.demo.environment import Environment
from examples.demo.postgres import OWNER, SHOP, SUPERUSER
from examples.demo.shop import CACHED, EAGER, INDEX_SQL, V2
from examples.load import summary, traffic
from test.recipes.beside import Carrier
from test.schemas.machine import Probe

RATE = 1200.0
PAGE = 20
USUAL = (*V2, EAGER, CACHED)
# Patches in the order in which they apply.
PATCHES = (*USUAL, "v1b", "inbox", "fix-inbox-limit", "tracking", "popular", "popular-fresh",
           "popular-rare", "fix-popular-renew", "persistent-connections")
CARRIER_S = 0.003
# A cache that everybody fills at once needs some who can.
WORKERS = 12


class World:
    """with World(recipes, seed, folder) as world: the shop runs, and its customers have come."""

    def __init__(self, recipes, seed, folder):
        self._recipes, self._seed, self._folder = recipes, seed, folder
        self._patches = set(USUAL) | {patch for recipe in recipes for patch in recipe.base}
        self._released = set(self._patches)
        self._stack = self._beside_ends = contextlib.ExitStack()
        self._beside = {}
        self.env = self.load = self.probe = self.carrier = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.env = stack.enter_context(Environment(name="recipes", logs=self._folder))
            self._beside_ends = stack.enter_context(contextlib.ExitStack())
            self.carrier = stack.enter_context(Carrier(CARRIER_S))
            self.env.start_database()
            self.sql_file(INDEX_SQL)
            for recipe in self._recipes:
                recipe.prepare(self)
            self.probe = stack.enter_context(Probe(os.path.join(self._folder, "machine")))
            self.env.start_slowburn()
            self.env.start_shop(PAGE, self._in_order(),
                                settings={"SHOP_CARRIER_URL": self.carrier.url,
                                          "PHP_CLI_SERVER_WORKERS": str(WORKERS)})
            self.load = self.env.start_load(rate_per_min=RATE, shares=self._shares(),
                                            seed=self._seed)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _in_order(self):
        return tuple(patch for patch in PATCHES if patch in self._patches)

    def _shares(self):
        """The usual ones but for what recipes ask for; the largest, where both ask."""
        wanted = {}
        for recipe in self._recipes:
            for route, share in recipe.shares.items():
                wanted[route] = max(share, wanted.get(route, 0.0))
        return {**traffic.SHARES, **wanted}

    # -- what recipes do

    def code(self, add=(), remove=()):
        """Another release; it is deployed by release(), whatever recipes have changed about it."""
        self._patches = (self._patches | set(add)) - set(remove)

    def release(self, name):
        """Deploys what code() has made, with a mark. False: nothing was changed."""
        if self._patches == self._released:
            return False
        self._released = set(self._patches)
        self.env.slowburn.deploy(name)
        self.env.shop.deploy(self._in_order())
        return True

    def sql(self, statement, user=OWNER):
        """Beside slowburn, as a person at a terminal."""
        self.env.postgres.execute(statement, user=user)

    def bulk(self, statement):
        """Rows in great number, without a check of each reference."""
        self.sql("SET session_replication_role = replica; " + statement, SUPERUSER)

    def sql_file(self, path):
        with open(os.path.join(SHOP, "changes", path), encoding="utf-8") as file:
            self.sql(file.read())

    def connect(self, **wanted):
        """Through slowburn, as the shop's own user."""
        return self.env.postgres.connect(user=OWNER, port=self.env.slowburn.postgres_port, **wanted)

    def start(self, name, beside):
        """Something from beside.py, until stop(name) or the end."""
        stack = self._beside_ends.enter_context(contextlib.ExitStack())
        stack.enter_context(beside)
        self._beside[name] = stack

    def stop(self, name):
        self._beside.pop(name).close()

    # -- what trials ask

    def wait(self, seconds):
        waiting.for_seconds(self.env, seconds)

    def incidents(self):
        return self.env.slowburn.incidents()

    def route(self, name, begin, end):
        """Figures of one route's requests, and half of the 95 % interval around their mean."""
        found = [r for r in self.load.results.between(begin, end, name) if isinstance(r.status, int)]
        figures = summary.figures(found)
        spread = sum((r.ms - figures.mean_ms) ** 2 for r in found) / max(len(found) - 1, 1)
        return figures, 1.96 * (spread / max(len(found), 1)) ** 0.5

    def statements_ms(self, text):
        """Time so far of all statements that contain this text."""
        return sum(q["total_ms"] for q in self.env.slowburn.json("queries")
                   if text in q["statement"])

    def stretch(self, begin):
        """How many times longer than alone work took on this machine since `begin` (monotonic)."""
        return self.probe.stretch(begin, time.monotonic())
