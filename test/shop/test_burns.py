# SPDX-License-Identifier: Apache-2.0
"""Burns without a deploy: nothing in the application changes, no statement is new.

Both run the shop's fixed v2, whose list reads the items of a page in one query. Each must open one
incident that names no deploy.
"""

import threading
import time

import pytest

from examples.demo import waiting
from examples.demo.postgres import OWNER
from examples.demo.shop import CACHED, EAGER, INDEX_NAME, INDEX_SQL, V2
from examples.load import traffic

FIXED = (*V2, EAGER, CACHED)
BASELINE_S = 120.0
ITEMS = 300000
GROWTH_PER_MIN = 0.05


def assert_one_incident_without_deploy(incidents):
    assert len(incidents) == 1
    assert incidents[0]["deploy"] is None
    assert any("items" in change["what"] for change in incidents[0]["changes"])


class Growth:
    """Adds rows to items by the second, beside slowburn: an import that nobody thinks about."""

    def __init__(self, postgres):
        self._connection = postgres.connect()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.rows = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join()
        self._connection.close()

    def _run(self):
        batch = int(ITEMS * GROWTH_PER_MIN / 60.0)
        with self._connection.cursor() as cursor:
            while not self._stopping.wait(1.0):
                cursor.execute("INSERT INTO items (order_id, product_id, quantity, price_cents)"
                               " SELECT 1 + n %% 100, 1 + n %% 500, 1, 100"
                               " FROM generate_series(1, %s) n", (batch,))
                self.rows += batch


@pytest.mark.parametrize("limit_s", [15 * 60.0])
def test_a_table_grows_and_a_query_slows_by_5_percent_a_minute(env, running, limit_s):
    shop = running(FIXED)
    shop.load.change(shares=traffic.shares_with_list(25.0))
    shop.wait(BASELINE_S)
    assert shop.incidents() == []
    with Growth(env.postgres) as growth:
        began = time.monotonic()
        waiting.until(env, "the incident", shop.incidents, limit_s, every_s=5.0)
        shop.wait(30.0)
        minutes = (time.monotonic() - began) / 60.0
    assert growth.rows >= 0.8 * minutes * GROWTH_PER_MIN * ITEMS
    assert_one_incident_without_deploy(shop.incidents())


def test_an_index_is_dropped(env, running):
    with open(INDEX_SQL, encoding="utf-8") as file:
        env.postgres.execute(file.read(), user=OWNER)
    shop = running(FIXED)
    shop.wait(BASELINE_S)
    assert shop.incidents() == []
    env.postgres.execute(f"DROP INDEX {INDEX_NAME}", user=OWNER)
    waiting.until(env, "the incident", shop.incidents, 240.0)
    shop.wait(30.0)
    incidents = shop.incidents()
    assert_one_incident_without_deploy(incidents)
    assert any(cause["kind"] == "missing-index" and cause["columns"] == ["order_id"]
               for cause in incidents[0]["causes"])
