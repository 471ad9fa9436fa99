# SPDX-License-Identifier: Apache-2.0
"""What is no incident: the demo's traffic without the fault, a harmless deploy, twice the load."""

from examples.demo.shop import V1B
from examples.load import traffic

BASELINE_S = 90.0
WATCH_S = 150.0


def assert_quiet(running):
    assert running.incidents() == []
    assert running.failed() == []


def test_the_demos_traffic_without_its_fault(running):
    shop = running()
    shop.wait(BASELINE_S)
    shop.load.change(shares=traffic.shares_with_list(18.0), over_s=60.0)
    shop.wait(WATCH_S)
    assert_quiet(shop)


def test_a_deploy_with_one_more_indexed_query(running):
    shop = running()
    shop.wait(BASELINE_S)
    shop.deploy("v1b", V1B)
    shop.wait(WATCH_S)
    assert_quiet(shop)


def test_twice_the_traffic(running):
    shop = running(rate_per_min=500.0)
    shop.wait(BASELINE_S)
    shop.load.change(rate_per_min=1000.0, over_s=5.0)
    shop.wait(WATCH_S)
    assert_quiet(shop)
