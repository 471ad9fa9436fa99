# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the servers of one test, and the shop under its usual traffic."""

import pytest

from examples.demo import waiting
from examples.demo.calibrate import PROBE_PAGE
from examples.demo.environment import Environment
from examples.demo.shop import V1
from examples.load import traffic

RATE = 1000.0
SHARE = 10.0


@pytest.fixture
def env():
    """A database with the shop's data; everything stops when the test ends."""
    with Environment(name="test") as environment:
        environment.start_database()
        yield environment


class Running:
    """The shop behind slowburn, with traffic."""

    def __init__(self, environment, patches, rate_per_min=RATE, share=SHARE):
        self.env = environment
        environment.start_slowburn()
        environment.start_shop(PROBE_PAGE, patches)
        self.load = environment.start_load(rate_per_min=rate_per_min,
                                           shares=traffic.shares_with_list(share))

    def wait(self, seconds):
        waiting.for_seconds(self.env, seconds)

    def incidents(self):
        return self.env.slowburn.incidents()

    def failed(self):
        return [r for r in self.load.results.refresh() if not r.ok]

    def deploy(self, name, patches):
        self.env.slowburn.deploy(name)
        self.env.shop.deploy(patches)


@pytest.fixture
def running(env):
    """Starts the shop: running(patches), by default v1 under the usual traffic."""
    return lambda patches=V1, **wanted: Running(env, patches, **wanted)
