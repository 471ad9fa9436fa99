# SPDX-License-Identifier: Apache-2.0
"""The same burn without slowburn: what the clients and the graphs would have shown.

Also the quickest way to see that shop, load and calibration work on a machine.
"""

import time

from ..load import summary, traffic

from . import calibrate, outcome, say, waiting
from .environment import Environment
from .postgres import CpuMeter
from .shop import V2
from .story import CPU_TARGET, RATE, RATE_MAX, SHARE_AFTER, SHARE_BEFORE, STEP, STEP_S, VICTIMS

PHASE_S = 30.0


def play(folder):
    results = outcome.Results(folder)
    with Environment(name="direct", logs=results.logs) as env:
        env.start_database()
        cost = calibrate.measure(env)
        page = cost.page_size_for(CPU_TARGET, RATE, SHARE_AFTER)
        say.step(f"{cost}: {page} orders a page")
        env.start_shop(page)
        load = env.start_load(rate_per_min=RATE, shares=traffic.shares_with_list(SHARE_BEFORE))
        cpu = CpuMeter(env.postgres)
        _phase(env, load, cpu, "v1")
        env.shop.deploy(V2)
        load.change(shares=traffic.shares_with_list(SHARE_AFTER), over_s=5.0)
        waiting.for_seconds(env, 5.0)
        _phase(env, load, cpu, "v2")
        _overload(env, load, cpu)
    return True


def _phase(env, load, cpu, name):
    begin = load.now()
    cpu.read()
    waiting.for_seconds(env, PHASE_S)
    share = cpu.read()
    say.block("\n".join([f"{name}: database CPU {share:.0%}"]
                        + summary.table(load.results.between(begin, load.now()))))


def _overload(env, load, cpu):
    begin, rate = load.now(), RATE
    cpu.read()
    while rate < RATE_MAX:
        rate = min(rate * STEP, RATE_MAX)
        load.change(rate_per_min=rate)
        end = time.monotonic() + STEP_S
        while time.monotonic() < end:
            waiting.for_seconds(env, 0.5)
            for result in load.results.between(begin, 1e9):
                if result.route in VICTIMS and not result.ok:
                    say.step(f"{result.route} fails ({result.status}) at {rate:.0f} requests a"
                             f" minute, database CPU {cpu.read():.0%}")
                    return
    say.step(f"nothing fails up to {rate:.0f} requests a minute")
