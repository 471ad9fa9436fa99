# SPDX-License-Identifier: Apache-2.0
"""What the shop's customers send: the routes, their usual shares, and one concrete request of each.

Every request takes another customer and other ids, so that real values flow from the request into
the queries behind it.
"""

import hashlib
import json
from typing import NamedTuple, Optional

USERS = 2000
ORDERS_PER_USER = 50
PRODUCTS = 500

LOGIN = "POST /api/login"
PROFILE = "GET /api/me"
LIST = "GET /api/orders"
DETAIL = "GET /api/orders/{id}"
CREATE = "POST /api/orders"
PAY = "POST /api/orders/{id}/pay"
# Only some releases of the shop have it, so that it has no usual share.
POPULAR = "GET /api/popular"

# Per cent of all requests. The list is the route that the deploy harms.
SHARES = {LIST: 10.0, PROFILE: 30.0, DETAIL: 30.0, LOGIN: 10.0, CREATE: 10.0, PAY: 10.0}

# How long a client waits, in seconds, counted from the intended start.
TIMEOUTS = {LOGIN: 2.0, PROFILE: 3.0, LIST: 15.0, DETAIL: 3.0, CREATE: 5.0, PAY: 2.0,
            POPULAR: 10.0}


class Request(NamedTuple):
    route: str
    method: str
    path: str
    token: Optional[str]
    body: Optional[bytes]


def token_of(user):
    return hashlib.md5(b"shop-user-%d" % user).hexdigest()


def shares_with_list(share):
    """The usual shares, but the order list at `share` per cent; the rest keeps its proportions."""
    rest = (100.0 - share) / (sum(SHARES.values()) - SHARES[LIST])
    return {name: share if name == LIST else value * rest for name, value in SHARES.items()}


def make(route, rng):
    """Draws one request of `route`: who sends it, and for what."""
    user = rng.randint(1, USERS)
    order = user + USERS * rng.randrange(ORDERS_PER_USER)
    token = token_of(user)
    if route == LOGIN:
        return _post(route, "/api/login", None,
                     {"email": f"user{user}@shop.test", "password": "secret"})
    if route == PROFILE:
        return Request(route, "GET", "/api/me", token, None)
    if route == LIST:
        return Request(route, "GET", "/api/orders", token, None)
    if route == DETAIL:
        return Request(route, "GET", f"/api/orders/{order}", token, None)
    if route == CREATE:
        products = rng.sample(range(1, PRODUCTS + 1), rng.randint(1, 5))
        items = [{"product_id": p, "quantity": rng.randint(1, 3)} for p in products]
        return _post(route, "/api/orders", token, {"items": items})
    if route == PAY:
        return _post(route, f"/api/orders/{order}/pay", token,
                     {"card": "tok_%016x" % rng.getrandbits(64)})
    if route == POPULAR:
        return Request(route, "GET", "/api/popular", None, None)
    raise ValueError(f"no such route: {route}")


def _post(route, path, token, body):
    return Request(route, "POST", path, token, json.dumps(body).encode())
