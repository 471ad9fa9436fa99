# SPDX-License-Identifier: Apache-2.0
"""From a seed, a small application: a schema, its data, its routes, how it talks to the database,
and the faults that its second version brings. Plain data (a dict), so that the Python and the PHP
application can both be made from it."""
import random

PARENTS = ("invoice", "ticket", "article", "patient", "course", "vehicle", "parcel", "playlist",
           "project", "contract", "recipe", "shipment", "campaign", "survey", "album")
CHILDREN = ("line", "comment", "note", "visit", "lesson", "part", "scan", "track", "task",
            "clause", "step", "leg", "click", "answer", "photo")
OWNERS = ("account", "member", "tenant", "customer", "author", "clinic", "teacher", "driver")
LOOKUPS = ("setting", "option", "preference", "parameter", "flag", "config_entry")
FAULTS = ("missing-index", "repeated-query", "cacheable")
DRIVERS = ("psycopg2", "psycopg3", "pdo")

# How many statements of the second version's fault run in one request.
REPEATS = 16
LOOKUPS_PER_REQUEST = 12


def plural(word):
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def pick_names(rng):
    style = rng.choice(("plural", "singular", "prefixed", "CamelCase"))

    def table(word):
        if style == "plural":
            return plural(word)
        if style == "prefixed":
            return "app_" + word
        if style == "CamelCase":
            return "".join(part.capitalize() for part in word.split("_"))
        return word

    parent, child, owner, lookup = (rng.choice(words) for words in
                                    (PARENTS, CHILDREN, OWNERS, LOOKUPS))
    return {
        "parent": table(parent), "child": table(parent + "_" + child), "owner": table(owner),
        "lookup": table(lookup), "parent_ref": rng.choice((parent + "_id", parent + "_ref")),
        "owner_ref": owner + "_id", "lookup_key": rng.choice(("name", "code", "item")),
        "schema": rng.choice(("public", "public", "shop")),
    }


def pick_faults(rng):
    """None in about a quarter of the applications, else one to three."""
    count = rng.choice((0, 1, 1, 1, 2, 2, 2, 3))
    return sorted(rng.sample(FAULTS, count))


def application(seed):
    """One application, all of it decided by its seed."""
    rng = random.Random(seed)
    driver = rng.choice(DRIVERS)
    prepared = rng.choice({"psycopg2": ("no", "sql"), "psycopg3": ("no", "wire"),
                           "pdo": ("wire", "no")}[driver])
    app = {
        "seed": seed,
        "names": pick_names(rng),
        "key_type": rng.choice(("integer", "bigint", "uuid", "text")),
        "owners": rng.randrange(80, 160),
        "parents": rng.randrange(12000, 20000),
        "children_each": rng.randrange(5, 9),
        "join": rng.random() < 0.4,
        "driver": driver,
        "prepared": prepared,
        # PHP's own server ends the process's connections with each request.
        "connection": "request" if driver == "pdo" else rng.choice(("request", "pool")),
        "http_hop": rng.random() < 0.8,
        "deploy": rng.choice(("marked", "inferred")),
        "faults": pick_faults(rng),
        "harmless_query": rng.random() < 0.5,
        # How the children are asked for, beside their parent's key.
        "extra": rng.choice(("nothing", "filter", "order")),
        "parent_first": rng.random() < 0.5,
        "lookup_values": rng.choice((1, 1, 3)),
    }
    # Only a list can repeat a query for each of its rows.
    may_be_detail = "repeated-query" not in app["faults"]
    app["faulty_route"] = "detail" if may_be_detail and rng.random() < 0.4 else "list"
    return app


def applications(seed, count):
    rng = random.Random(seed)
    return [application(rng.randrange(1 << 40)) for _ in range(count)]


def quoted(app, role):
    n = app["names"]
    return f'"{n["schema"]}"."{n[role]}"'


def key_expression(app, number):
    """SQL for the key of row `number` in the application's key type."""
    if app["key_type"] == "uuid":
        return f"md5(({number})::text)::uuid"
    if app["key_type"] == "text":
        return f"'k' || ({number})::text"
    return f"({number})::{app['key_type']}"


def setup_sql(app):
    """The whole schema with its data. The child's reference has an index unless its lack is the
    planted fault."""
    n, key = app["names"], app["key_type"]
    parent, child = quoted(app, "parent"), quoted(app, "child")
    owner, lookup = quoted(app, "owner"), quoted(app, "lookup")
    total = app["parents"] * app["children_each"]
    owner_of = key_expression(app, f"g % {app['owners']} + 1")
    parent_of = key_expression(app, f"(g * 7919) % {app['parents']} + 1")
    statements = [
        f'CREATE SCHEMA IF NOT EXISTS "{n["schema"]}"',
        f"CREATE TABLE {owner} (id {key} PRIMARY KEY, token text UNIQUE, label text)",
        f"INSERT INTO {owner} SELECT {key_expression(app, 'g')}, 'token-' || md5(g::text), "
        f"'owner ' || g FROM generate_series(1, {app['owners']}) g",
        f'CREATE TABLE {parent} (id {key} PRIMARY KEY, "{n["owner_ref"]}" {key} NOT NULL, '
        "title text, amount numeric(10,2), created_at timestamptz)",
        f"INSERT INTO {parent} SELECT {key_expression(app, 'g')}, "
        f"{owner_of}, 'title ' || g, (g % 9973) / 7.0, "
        f"timestamptz '2026-01-01' + g * interval '1 minute' "
        f"FROM generate_series(1, {app['parents']}) g",
        f'CREATE INDEX ON {parent} ("{n["owner_ref"]}")',
        f'CREATE TABLE {child} (id bigint PRIMARY KEY, "{n["parent_ref"]}" {key} NOT NULL, '
        "body text, quantity integer)",
        f"INSERT INTO {child} SELECT g, "
        f"{parent_of}, "
        f"'body of ' || g || repeat('.', 40), g % 11 FROM generate_series(1, {total}) g",
        f'CREATE TABLE {lookup} (id integer PRIMARY KEY, "{n["lookup_key"]}" text UNIQUE, '
        "value text)",
        f"INSERT INTO {lookup} SELECT g, 'entry-' || g, 'value ' || g "
        "FROM generate_series(1, 50) g",
    ]
    if "missing-index" not in app["faults"]:
        statements.append(f'CREATE INDEX ON {child} ("{n["parent_ref"]}")')
    return ";\n".join(statements) + ";\nANALYZE;\n"


def expected_causes(app):
    """The planted truth: pairs of kind and table, as causes name them."""
    n = app["names"]
    tables = {"missing-index": n["child"], "repeated-query": n["child"], "cacheable": n["lookup"]}
    return {(fault, tables[fault]) for fault in app["faults"]}


def queries(app):
    """The statements of both versions, with %s for values, by what they are for."""
    n = app["names"]
    parent, child = quoted(app, "parent"), quoted(app, "child")
    owner, lookup = quoted(app, "owner"), quoted(app, "lookup")
    extra = {"nothing": "", "filter": " AND c.quantity >= 0", "order": " ORDER BY c.id LIMIT 40"}
    tables = f"{child} c"
    if app["join"]:
        on = f'ON p.id = c."{n["parent_ref"]}"'
        tables = (f"{parent} p JOIN {child} c {on}" if app["parent_first"]
                  else f"{child} c JOIN {parent} p {on}")
    columns = "c.id, c.body, c.quantity, p.title" if app["join"] else "c.*"
    children = (f'SELECT {columns} FROM {tables} WHERE c."{n["parent_ref"]}" = %s'
                + extra[app["extra"]])
    return {
        "authenticate": f"SELECT id, label FROM {owner} WHERE token = %s",
        "list": f'SELECT id, title, amount FROM {parent} WHERE "{n["owner_ref"]}" = %s '
                f"ORDER BY created_at DESC LIMIT {REPEATS}",
        "detail": f"SELECT * FROM {parent} WHERE id = %s",
        "rename": f"UPDATE {parent} SET title = %s WHERE id = %s",
        "children": children,
        "lookup": f'SELECT value FROM {lookup} WHERE "{n["lookup_key"]}" = %s',
        "harmless": f"SELECT count(*) FROM {owner} WHERE id = %s",
    }


def second_version(app):
    """What one route does more in version 2, as steps for the application to run."""
    faults, lookups = app["faults"], app["lookup_values"]
    steps = []
    if "repeated-query" in faults:
        steps.append({"query": "children", "values": "each-listed"})
    elif "missing-index" in faults:
        steps.append({"query": "children", "values": "first-listed"})
    if "cacheable" in faults:
        steps += [{"query": "lookup", "values": "constant", "constant": f"entry-{7 + i}",
                   "times": LOOKUPS_PER_REQUEST // lookups} for i in range(lookups)]
    if app["harmless_query"] or not faults:
        steps.append({"query": "harmless", "values": "owner"})
    return steps
