# SPDX-License-Identifier: Apache-2.0
"""What the shop's requests cost this machine's database, and the page size that follows.

The incident has to burn slowly: the faulty list must load the database clearly, yet leave it room
until the second act. How much a page costs depends on the machine, so it is measured first.
"""

import asyncio
import os
import random
import time
from typing import NamedTuple

from ..load import http1, traffic

from . import net
from .shop import V1, V2

PROBE_PAGE = 20
# Five repeats make a repeated query; a list of fewer than eight orders would be no list.
PAGE_MIN, PAGE_MAX = 8, 40


class Cost(NamedTuple):
    """CPU milliseconds of the database for one request."""
    list_v1_ms: float
    list_v2_ms: float
    others_ms: float

    def share(self, page_size, rate_per_min, list_share):
        """The database's share of all cores at this rate; a v2 page costs by its orders."""
        page_ms = self.list_v1_ms + (self.list_v2_ms - self.list_v1_ms) * page_size / PROBE_PAGE
        part = list_share / 100.0
        mean_ms = page_ms * part + self.others_ms * (1.0 - part)
        return rate_per_min / 60.0 * mean_ms / 1e3 / os.cpu_count()

    def page_size_for(self, target, rate_per_min, list_share):
        """The longest page that keeps the database within `target` of all cores."""
        fitting = [size for size in range(PAGE_MIN, PAGE_MAX + 1)
                   if self.share(size, rate_per_min, list_share) <= target]
        return min(max(fitting, default=PAGE_MIN), PROBE_PAGE)


def busy_elsewhere(seconds=1.0):
    """The share of all cores (0 to 1) in use just now; before anything starts, that is by others."""
    def read():
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]

    (all_before, idle_before), _ = read(), time.sleep(seconds)
    all_after, idle_after = read()
    return 1.0 - (idle_after - idle_before) / max(all_after - all_before, 1)


def measure(env):
    """Needs the database; starts and stops a shop of its own beside slowburn, not behind it."""
    env.start_shop(PROBE_PAGE)
    try:
        others = [r for r in traffic.SHARES if r != traffic.LIST]
        others_ms = _cpu_ms(env, [r for r in others for _ in range(10)])
        list_v1_ms = _cpu_ms(env, [traffic.LIST] * 30)
        env.shop.deploy(V2)
        list_v2_ms = _cpu_ms(env, [traffic.LIST] * 15)
        env.shop.deploy(V1)
    finally:
        env.shop.stop()
    return Cost(list_v1_ms, list_v2_ms, others_ms)


def _cpu_ms(env, routes):
    rng = random.Random(7)

    def send(route):
        reply = asyncio.run(http1.exchange(net.HOST, env.http_port, traffic.make(route, rng)))
        if reply.status != 200:
            raise RuntimeError(f"{route} answered {reply.status}: {reply.body[:200]!r}")

    for route in sorted(set(routes)):
        send(route)
    before = env.postgres.cpu_s()
    for route in routes:
        send(route)
    # A backend's time is its parent's to count once it has ended.
    time.sleep(0.2)
    return (env.postgres.cpu_s() - before) * 1e3 / len(routes)
