# SPDX-License-Identifier: Apache-2.0
"""The shop answers the same with slowburn as without, and leaves the same rows behind.

One fixed list of requests, writes and mistakes included, is played twice on the same restored
database with a frozen clock and seeded references; replies are compared byte for byte.
"""

import asyncio
import random

import pytest

from examples.demo import net
from examples.demo.shop import CACHED, EAGER, V1, V2
from examples.load import http1, traffic

PAGE_SIZE = 10
REQUESTS = 150
TABLES = ("users", "products", "orders", "items", "payments", "settings")

# What may differ: the time at which the server answered.
IGNORED = {"date"}


def requests_of(seed):
    """Every route many times in a shuffled order, and each way to be refused."""
    rng = random.Random(seed)
    routes = [route for route in traffic.SHARES for _ in range(REQUESTS // len(traffic.SHARES))]
    rng.shuffle(routes)
    wanted = [traffic.make(route, rng) for route in routes]
    token = traffic.token_of(1)
    wanted += [
        traffic.Request("no token", "GET", "/api/me", None, None),
        traffic.Request("wrong token", "GET", "/api/me", "nobody", None),
        traffic.Request("no such route", "GET", "/api/nothing", token, None),
        traffic.Request("wrong method", "DELETE", "/api/orders", token, None),
        traffic.Request("somebody else's", "GET", "/api/orders/2", token, None),
        traffic.Request("out of range", "GET", "/api/orders/99999999999999999999", token, None),
        traffic.Request("not JSON", "POST", "/api/orders", token, b"{"),
        traffic.Request("invalid", "POST", "/api/orders", token, b'{"items": []}'),
        traffic.Request("no such product", "POST", "/api/orders", token,
                        b'{"items": [{"product_id": 123456, "quantity": 1}]}'),
        traffic.Request("wrong password", "POST", "/api/login", None,
                        b'{"email": "user1@shop.test", "password": "guess"}'),
        traffic.Request("page two", "GET", "/api/orders?page=2", token, None),
        traffic.Request("the database refuses", "GET", "/api/me?api_token=%FF", None, None),
    ]
    return wanted


def play(env, patches, requests):
    """The replies of all requests one after another, and what the database holds afterwards."""
    env.start_shop(PAGE_SIZE, patches, repeatable=True)
    try:
        replies = [asyncio.run(http1.exchange(net.HOST, env.http_port, r)) for r in requests]
    finally:
        env.shop.stop()
    rows = {table: env.postgres.execute(
        f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")[0]
        for table in TABLES}
    return replies, rows


def comparable(reply):
    headers = sorted((name, value) for name, value in reply.headers if name not in IGNORED)
    return reply.status, headers, reply.body


@pytest.mark.parametrize("patches", [V1, V2, (*V2, EAGER, CACHED)], ids=["v1", "v2", "v2-fixed"])
def test_replies_and_rows_are_the_same(env, patches):
    requests = requests_of(seed=20)
    direct, rows_direct = play(env, patches, requests)
    env.postgres.restore()
    env.start_slowburn()
    through, rows_through = play(env, patches, requests)

    assert {r.status for r in direct} >= {200, 401, 404, 405, 422, 500}
    for request, one, other in zip(requests, direct, through):
        assert comparable(one) == comparable(other), request
    assert rows_direct == rows_through
    # The comparison means something only if the requests did write.
    assert rows_direct["orders"][0] > 100000
