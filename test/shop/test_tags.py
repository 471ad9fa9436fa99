# SPDX-License-Identifier: Apache-2.0
"""The shop with its queries tagged: every tie is certain."""

from examples.demo import waiting
from examples.demo.calibrate import PROBE_PAGE
from examples.demo.shop import V1

LOAD_S = 30.0


def test_tagged_queries_are_tied_by_their_comments(env, monkeypatch):
    monkeypatch.setenv("SHOP_TAG_QUERIES", "true")
    env.start_slowburn()
    env.start_shop(PROBE_PAGE, V1)
    load = env.start_load(rate_per_min=1000.0)
    waiting.for_seconds(env, LOAD_S)
    assert [r for r in load.results.refresh() if not r.ok] == []
    routes = {row["route"]: row for row in env.slowburn.json("requests") if row["method"]}
    assert {"GET /api/me", "GET /api/orders", "GET /api/orders/{id}"} <= set(routes)
    for row in routes.values():
        assert row["basis"]["traceparent"] >= 0.999, row
        assert row["route_basis"] == "application", row
