# SPDX-License-Identifier: Apache-2.0
"""A daemon on a store that was filled for it: the reference incident, or a large installation.

    python3 -m test.browser.filled --binary build/src/slowburn [--large]

prints the console's address and runs until it is interrupted."""
import argparse
import datetime
import json
import math
import os
import random
import re
import shutil
import sqlite3
import tempfile
import time

from test.harness import processes
from test.harness.slowburn import Slowburn

HERE = os.path.dirname(os.path.abspath(__file__))
INCIDENT = os.path.join(HERE, "..", "unit", "cli", "incident.json")
CELLS = 27 * 64
PUT_WINDOW = ("INSERT OR REPLACE INTO windows(length, start, series, calls, errors, rows, time_ns,"
              " max_ns, sketch) VALUES(?,?,?,?,?,?,?,?,?)")


def varint(n):
    out = bytearray()
    while True:
        out.append((n & 0x7F) | (0x80 if n > 0x7F else 0))
        n >>= 7
        if n == 0:
            return bytes(out)


def cell_of(ns):
    """Where src/model/sketch.c counts this duration."""
    t = int(ns) * 64 // 1000
    if t < 64:
        return 0
    page = t.bit_length() - 7
    return min(page * 64 + ((t >> page) & 63), CELLS - 1)


def sketch(durations_ns):
    """A saved sketch of these durations, as src/model/sketch.c writes it."""
    counts = {}
    for ns in durations_ns:
        cell = cell_of(ns)
        counts[cell] = counts.get(cell, 0) + 1
    out, after = bytearray(b"\x01"), 0
    for cell in sorted(counts):
        out += varint(cell - after) + varint(counts[cell])
        after = cell + 1
    return bytes(out) if counts else b""


def signed(fingerprint):
    return fingerprint - (1 << 64) if fingerprint >= 1 << 63 else fingerprint


class Filler:
    """Writes what the store would have: series get their numbers as they are named."""

    def __init__(self, path, seed):
        self.db = sqlite3.connect(path)
        self.random = random.Random(seed)
        self.series = {}
        self.rows = []

    def statement(self, fingerprint, text, first_s):
        self.db.execute("INSERT OR REPLACE INTO fingerprints(instance, fingerprint, database, kind, text, first_seen,"
                        " last_seen) VALUES(1, ?1, 'shop', 1, ?2, ?3, ?3)",
                        (signed(fingerprint), text, int(first_s * 1e9)))

    def route(self, text, first_s, basis="path"):
        self.db.execute("INSERT OR REPLACE INTO routes(instance, text, basis, first_seen) VALUES(1, ?, ?, ?)",
                        (text, basis, int(first_s * 1e9)))

    def series_id(self, route, fingerprint):
        key = (route, fingerprint)
        if key not in self.series:
            self.series[key] = len(self.series) + 1
            self.db.execute("INSERT INTO series VALUES(?, 1, 0, ?, ?, ?, unixepoch())",
                            (self.series[key], "" if route and not fingerprint else "shop", route,
                             signed(fingerprint)))
        return self.series[key]

    def window(self, length, start, route, fingerprint, calls, mean_ms, rows=0, errors=0,
               saved=b""):
        time_ns = int(calls * mean_ms * 1e6)
        self.rows.append((length, int(start), self.series_id(route, fingerprint), calls, errors,
                          rows, time_ns, int(mean_ms * 3e6), saved))
        if len(self.rows) > 50_000:
            self.flush()

    def windows(self, length, start, rows):
        """Those of one start, of series that have their numbers: (series, calls, mean, rows, sketch)."""
        self.db.executemany(PUT_WINDOW, (
            (length, start, series, calls, 0, n, int(calls * mean * 1e6), int(mean * 3e6), saved)
            for series, calls, mean, n, saved in rows))
        self.db.commit()

    def flush(self):
        self.db.executemany(PUT_WINDOW, self.rows)
        self.rows.clear()
        self.db.commit()

    def durations(self, mean_ms, count, sigma=0.45):
        """Log-normal around the mean, as latencies are."""
        mu = math.log(mean_ms) - sigma * sigma / 2
        return [self.random.lognormvariate(mu, sigma) * 1e6 for _ in range(count)]

    def deploy(self, name, at, basis="marked"):
        self.db.execute("INSERT INTO deploys(instance, name, at, basis) VALUES(1, ?, ?, ?)",
                        (name, int(at * 1e9), basis))

    def incident(self, document):
        def nanoseconds(text):
            if text is None:
                return 0
            moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            return int(moment.timestamp() * 1e9)
        self.db.execute("INSERT INTO incidents VALUES(1, ?, ?, ?, ?, ?, ?, x'')",
                        (document["id"], document["state"], nanoseconds(document["opened_at"]),
                         nanoseconds(document["updated_at"]), nanoseconds(document["closed_at"]),
                         json.dumps(document)))

    def expected(self, now):
        """What is in the windows is normal to who learns from them at the start: an incident that
        was filled in has no private state that an episode could join."""
        marks = [{"t": int(now), "subject": subject} for subject in
                 ("", *(f"{fingerprint:016x}" for fingerprint in STATEMENTS), *(r[0] for r in ROUTES))]
        self.db.execute("INSERT OR REPLACE INTO detector_state VALUES(1, 'monitor:expected', ?)",
                        (json.dumps(marks).encode(),))

    def plan(self, fingerprint, shape, first_s, last_s, document):
        self.db.execute("INSERT INTO plans VALUES(1, ?, 'shop', ?, ?, ?, ?)",
                        (signed(fingerprint), shape, int(first_s * 1e9), int(last_s * 1e9),
                         json.dumps(document)))

    def close(self):
        self.flush()
        self.db.close()


TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[\d:.]+)Z"')


def moved(document, seconds):
    """The same incident, `seconds` later."""
    def later(match):
        moment = datetime.datetime.fromisoformat(match.group(1) + "+00:00")
        moment += datetime.timedelta(seconds=seconds)
        return json.dumps(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    return json.loads(TIME.sub(later, json.dumps(document)))


#         route, requests a minute, mean ms, [(fingerprint, calls a request, ms a call, rows)]
ITEMS, SETTINGS, ORDERS, ME, STOCK, LOGIN, INSERT, PAY, ORDER = 0xAA, 0xBB, *range(0x101, 0x108)
STATEMENTS = {
    ITEMS: 'select * from "items" where "items"."order_id" = ?',
    SETTINGS: 'select * from "settings" where "key" = ? limit ?',
    ORDERS: 'select * from "orders" where "user_id" = ? order by "id" desc limit ?',
    ME: 'select * from "users" where "id" = ? limit ?',
    STOCK: 'select "products"."id", sum("stock"."count") as "left" from "products" inner join '
           '"stock" on "stock"."product_id" = "products"."id" where "products"."category" = ? '
           'group by "products"."id" order by "left" limit ?',
    LOGIN: 'select * from "users" where "email" = ? limit ?',
    INSERT: 'insert into "orders" ("user_id", "total") values (?, ?) returning "id"',
    PAY: 'update "orders" set "paid_at" = ? where "id" = ?',
    ORDER: 'select * from "orders" where "orders"."id" = ? limit ?',
}
ROUTES = [
    ("GET /api/orders", 170, 21.3, [(ME, 1, 0.4, 1), (ORDERS, 1, 2.4, 20), (SETTINGS, 1, 0.3, 1)]),
    ("GET /api/me", 420, 9, [(ME, 1, 0.4, 1)]),
    ("GET /api/products", 210, 31, [(STOCK, 1, 14.0, 30), (SETTINGS, 1, 0.3, 1)]),
    ("GET /api/orders/{id}", 120, 14, [(ORDER, 1, 0.5, 1), (ITEMS, 1, 1.8, 3)]),
    ("POST /api/login", 40, 62, [(LOGIN, 1, 0.9, 1)]),
    ("POST /api/orders", 30, 28, [(INSERT, 1, 3.1, 1), (ME, 1, 0.4, 1)]),
    ("POST /api/orders/{id}/pay", 22, 44, [(PAY, 1, 2.2, 1)]),
]


def node(depth, name, table=None, index=None, *, cost, own, rows, conditions=()):
    return {"depth": depth, "node": name, "table": table, "index": index, "cost": cost,
            "own_cost": own, "rows": rows, "conditions": list(conditions)}


ITEMS_SCAN = node(0, "Seq Scan", "public.items", cost=5659.0, own=5659.0, rows=3,
                  conditions=["Filter: (items.order_id = ?)"])
BY_CATEGORY = "Index Cond: (products.category = ?)"
PLANS = {
    ITEMS: [{
        "basis": "values", "cost": 5659.0, "table": "items", "rows_read": 300000,
        "rows_returned": 3, "nodes": [ITEMS_SCAN], "index_reason": None,
        "indexes": [{"table": "public.items", "name": "items_pkey", "columns": ["id"],
                     "unique": True, "partial": False}],
        "index": {"evidence": "proved", "schema": "public", "table": "items",
                  "columns": ["order_id"],
                  "ddl": "CREATE INDEX CONCURRENTLY ON public.items (order_id)",
                  "cost_before": 5659.0, "cost_after": 8.5, "build_ms": 1900,
                  "size_bytes": 7_340_032, "write_us": 10,
                  "nodes": [node(0, "Index Scan", "public.items", "<12345>btree_items_order_id",
                                 cost=8.5, own=8.5, rows=3,
                                 conditions=["Index Cond: (items.order_id = ?)"])]}}],
    STOCK: [{
        "basis": "values", "cost": 812.4, "table": "stock", "rows_read": 24000,
        "rows_returned": 30, "index": None,
        "index_reason": "no candidate lowers the planned cost enough",
        "indexes": [{"table": "public.products", "name": "products_category",
                     "columns": ["category"], "unique": False, "partial": False},
                    {"table": "public.stock", "name": "stock_product_id", "columns": ["product_id"],
                     "unique": False, "partial": False}],
        "nodes": [
            node(0, "Limit", cost=812.4, own=0.1, rows=30),
            node(1, "Sort", cost=812.3, own=6.1, rows=310, conditions=["Sort Key: (sum(stock.count))"]),
            node(2, "Aggregate", cost=806.2, own=12.4, rows=310),
            node(3, "Hash Join", cost=793.8, own=91.0, rows=2480,
                 conditions=["Hash Cond: (stock.product_id = products.id)"]),
            node(4, "Seq Scan", "public.stock", cost=640.0, own=640.0, rows=24000),
            node(4, "Hash", cost=62.8, own=3.1, rows=310),
            node(5, "Index Scan", "public.products", "products_category", cost=59.7, own=59.7,
                 rows=310, conditions=[BY_CATEGORY])]}, {
        "basis": "values", "cost": 241.7, "table": "stock", "rows_read": 60, "rows_returned": 30,
        "index": None, "index_reason": "no candidate lowers the planned cost enough",
        "indexes": [],
        "nodes": [
            node(0, "Limit", cost=241.7, own=0.1, rows=30),
            node(1, "Nested Loop", cost=241.6, own=2.0, rows=310),
            node(2, "Index Scan", "public.products", "products_category", cost=59.7, own=59.7,
                 rows=31, conditions=[BY_CATEGORY]),
            node(2, "Index Scan", "public.stock", "stock_product_id", cost=5.8, own=179.9, rows=10,
                 conditions=["Index Cond: (stock.product_id = products.id)"])]}],
}


def minute_of_shop(filler, start, is_burning):
    """One minute of the shop, before the deploy or after it."""
    calls = {fingerprint: [0, 0.0, 0] for fingerprint in STATEMENTS}
    daily = 1 + 0.35 * math.sin(start / 86_400 * 2 * math.pi)
    for route, rate, mean, queries in ROUTES:
        n = max(1, round(rate * daily * filler.random.uniform(0.9, 1.1)))
        burns = is_burning and route == "GET /api/orders"
        extra = [(ITEMS, 20, 16.9, 3)] if burns else []
        slow = 1.0 if not is_burning else 1.6
        total = mean * filler.random.uniform(0.95, 1.08) + (344 if burns else 8 * (slow - 1))
        failed = 1 if filler.random.random() < 0.02 else 0
        filler.window(60, start, route, 0, n, total, errors=failed,
                      saved=sketch(filler.durations(total, n, 0.04 if burns else 0.45)))
        for fingerprint, times, ms, rows in queries + extra:
            took = ms if burns and times > 1 else ms * slow
            if burns and fingerprint == SETTINGS:
                times = 4
            filler.window(60, start, route, fingerprint, n * times, took, rows=n * times * rows)
            sums = calls[fingerprint]
            sums[0] += n * times
            sums[1] += n * times * took
            sums[2] += n * times * rows
    for fingerprint, (count, total, rows) in calls.items():
        if count > 0:
            filler.window(60, start, "", fingerprint, count, total / count, rows=rows,
                          saved=sketch(filler.durations(total / count, min(count, 300))))


def fill_shop(path, now, hours=24):
    """The reference incident: minutes of a quiet shop, a deploy, and what came of it."""
    filler = Filler(path, seed=1)
    with open(INCIDENT, encoding="utf-8") as file:
        document = json.load(file)
    onset = datetime.datetime.fromisoformat(document["onset_at"].replace("Z", "+00:00"))
    document = moved(document, round(now - 200 - onset.timestamp()))
    document["database_load"].update(before=0.1, now=1.1)  # as of the minutes beside it
    start = int(now) // 60 * 60 - hours * 3600
    for fingerprint, text in STATEMENTS.items():
        filler.statement(fingerprint, text, start)
    for route, *_ in ROUTES:
        filler.route(route, start)
    burn = now - 200
    for at in range(start, int(now) // 60 * 60, 60):
        minute_of_shop(filler, at, at >= burn - 60)
    filler.deploy("v1", now - 7 * 3600)
    filler.deploy("v2", burn - 8)
    filler.incident(document)
    filler.expected(now)
    for fingerprint, plans in PLANS.items():
        for age, plan in enumerate(plans):  # what was chosen last comes first
            filler.plan(fingerprint, 7 - age, start, now - 150 - 7 * 3600 * age, plan)
    filler.close()


VARIANTS = 8  # of an hour, and of a minute, one after the other


def large_rows(filler, names, statements, busy):
    """The windows of one hour, without their start, in the order of their key: a tenth of the
    statements all the time, the rest at times."""
    pool = [[sketch(filler.durations(mean, n)) for _ in range(VARIANTS)]
            for mean, n in ((4, 40), (15, 40), (60, 40), (240, 20))]
    for variant in range(VARIANTS):
        rows = [(filler.series_id(name, 0), busy[i], 20 + i % 50, 0, pool[i % 4][variant])
                for i, name in enumerate(names)]
        for i in range(1, statements + 1):
            if i > statements // 10 and filler.random.random() > 0.3:
                continue
            n, mean = busy[i - 1], 0.5 + i % 13
            rows.append((filler.series_id("", i), n, mean, n, pool[i % 2][(variant + i) % VARIANTS]))
            rows.append((filler.series_id(names[i % len(names)], i), n, mean, n, b""))
        yield sorted(rows)


def a_minute_of(filler, hour):
    """What of an hour happens within one minute of it: what comes 60 times an hour or more, and of
    the rest by chance."""
    return [(series, max(1, calls // 60), mean, rows // 60, saved)
            for series, calls, mean, rows, saved in hour
            if filler.random.random() < calls / 60]


def fill_large(path, now, routes=1000, statements=10_000, days=30, minutes=47 * 60):
    """A large installation at 1,000 requests a minute: hours for all of the time, minutes for the
    last two days."""
    filler = Filler(path, seed=2)
    last = int(now) // 3600 * 3600
    first = last - days * 86_400
    names = [f"GET /api/resource{i}/{{id}}/part{i % 7}" for i in range(routes)]
    for name in names:
        filler.route(name, first)
        filler.series_id(name, 0)
    for i in range(1, statements + 1):
        filler.statement(i, f'select "a", "b", "c{i}" from "table{i % 400}" where "key{i % 30}" = ?'
                            f' and "owner" = ? order by "at{i % 11}" desc limit ?', first)
        filler.series_id("", i)
        filler.series_id(names[i % routes], i)
    busy = [max(1, round(60_000 / (i + 1) ** 0.9 / 8)) for i in range(statements)]
    hours = list(large_rows(filler, names, statements, busy))
    minute = [a_minute_of(filler, hour) for hour in hours]
    for start in range(first, last, 3600):
        filler.windows(3600, start, hours[start // 3600 % VARIANTS])
    for start in range(int(now) // 60 * 60 - minutes * 60, int(now) // 60 * 60, 60):
        filler.windows(60, start, minute[start // 60 % VARIANTS])
    for i in range(0, statements, 100):
        filler.plan(i + 1, 7, first, now, PLANS[STOCK][0])
    filler.db.execute("UPDATE meta SET value = ? WHERE key = 'rolled_until'", (last,))
    filler.close()


def daemon_on(binary, folder, fill, more=()):
    """A daemon whose store was made by a daemon, then filled."""
    upstream = processes.free_port()
    with Slowburn(binary, folder, upstream) as first:
        first.wait_until_watching()
    fill(os.path.join(folder, "slowburn", "store.db"))
    return Slowburn(binary, folder, upstream, more=more)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--large", action="store_true",
                        help="30 days of 1,000 routes and 10,000 statements")
    options = parser.parse_args()
    fill = fill_large if options.large else fill_shop
    folder = tempfile.mkdtemp(prefix="slowburn-console-")
    try:
        with daemon_on(options.binary, folder, lambda path: fill(path, time.time())) as running:
            print(f"http://127.0.0.1:{running.admin}/", folder, flush=True)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
