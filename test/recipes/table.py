# SPDX-License-Identifier: Apache-2.0
"""The recipes. The shop that they are planted in is its fixed v2: a list that reads the items of a
page in one query, by an index, and keeps its settings in a cache."""
from examples.demo.shop import CACHED, EAGER, INDEX_NAME, INDEX_SQL
from examples.load import traffic
from test.recipes.beside import Job, Knocks
from test.recipes.recipe import Cause, Recipe
from test.recipes.world import CARRIER_S

HARMLESS = "v1b"
SLOW_CARRIER_S = 0.15
NOTICES = 300
WRONG = "the password before the last"


def harmless_deploy(world):
    world.code(add=(HARMLESS,))


def harmless_index(world):
    world.sql("CREATE INDEX CONCURRENTLY ON products (name)")


def give_notices(per_user):
    return lambda world: world.bulk(
        "INSERT INTO notices (user_id, text, created_at) SELECT u, 'Sale, day ' || n, now()"
        f" FROM generate_series(1, {traffic.USERS}) u, generate_series(1, {per_user}) n;"
        " ANALYZE notices")


def make_notices(world):
    world.sql_file("inbox.sql")
    give_notices(3)(world)


def believe(distinct):
    """What the planner believes of how many orders the items belong to; 0: what it sees."""
    return lambda world: world.sql(
        f"ALTER TABLE items ALTER order_id SET (n_distinct = {distinct}); ANALYZE items")


def job(name, statements, pause_s):
    return lambda world: world.start(name, Job(lambda: world.connect(), statements, pause_s))


def stop(name):
    return lambda world: world.stop(name)


def knock(password):
    return lambda world: world.start(
        "knocks", Knocks(lambda: world.connect(password=password), per_second=4))


def carrier_takes(seconds):
    return lambda world: setattr(world.carrier, "delay_s", seconds)


def allow_payments(condition):
    return lambda world: world.sql(
        f"ALTER TABLE payments ADD CONSTRAINT small CHECK ({condition}) NOT VALID")


def allow_all_payments(world):
    world.sql("ALTER TABLE payments DROP CONSTRAINT small")


RECIPES = (
    Recipe("missing-index", "the index of a foreign key is dropped",
           plant=lambda world: world.sql(f"DROP INDEX {INDEX_NAME}"),
           control=harmless_index,
           remove=lambda world: world.sql_file(INDEX_SQL),
           causes=(Cause("missing-index", "items"),), subjects=(traffic.LIST,),
           not_with=("plan-flip",)),
    Recipe("repeated-query", "the list forgets to load the items of a page at once",
           plant=lambda world: world.code(remove=(EAGER,)),
           control=harmless_deploy,
           remove=lambda world: world.code(add=(EAGER,)),
           causes=(Cause("repeated-query", "items"),), subjects=(traffic.LIST,),
           # It is ten milliseconds among requests that stray by as much: many have to tell.
           plants_by_deploy=True, shares={traffic.LIST: 30.0}, not_with=("plan-flip",)),
    Recipe("lost-cache", "settings are read from the database again",
           plant=lambda world: world.code(remove=(CACHED,)),
           control=harmless_deploy,
           remove=lambda world: world.code(add=(CACHED,)),
           causes=(Cause("cacheable", "settings"),), subjects=(traffic.LIST,),
           plants_by_deploy=True, saved='"settings"',
           # An order's page reads a setting, too, which would be counted for the list.
           shares={traffic.DETAIL: 0.0}),
    Recipe("lock-holder", "a job computes for long while it holds rows of users",
           plant=job("locks", ("SELECT id FROM users FOR NO KEY UPDATE", "SELECT pg_sleep(0.6)"),
                     0.2),
           control=job("reads", ("SELECT id FROM users", "SELECT pg_sleep(0.6)"), 0.2),
           remove=stop("locks"),
           causes=(Cause("lock-wait", "users"),), subjects=(traffic.LOGIN,)),
    Recipe("idle-in-transaction", "a job locks payments, then waits for something else",
           plant=job("waits", ("LOCK TABLE payments IN EXCLUSIVE MODE",
                               "SELECT count(*) FROM payments WHERE amount_cents > 1000000", 0.7),
                     0.2),
           control=job("counts", ("SELECT count(*) FROM payments WHERE amount_cents > 1000000",
                                  0.7), 0.2),
           remove=stop("waits"),
           causes=(Cause("lock-wait"), Cause("idle-in-transaction", "payments")),
           subjects=(traffic.PAY,), shares={traffic.PAY: 25.0}),
    Recipe("unbounded-result", "a campaign gives every customer hundreds of notices",
           plant=give_notices(NOTICES),
           control=give_notices(2),
           remove=lambda world: world.code(add=("fix-inbox-limit",)),
           causes=(Cause("unbounded-result", "notices"),), subjects=(traffic.PROFILE,),
           base=("inbox",), prepare=make_notices, limit_s=150.0),
    Recipe("plan-flip", "statistics that are wrong make a query read its table in full",
           plant=believe(3), control=believe(0), remove=believe(0),
           causes=(Cause("plan-change", "items"),), subjects=(traffic.LIST,), limit_s=150.0),
    Recipe("connection-churn", "a deploy loses the lasting connections to the database",
           plant=lambda world: world.code(remove=("persistent-connections",)),
           control=harmless_deploy,
           remove=lambda world: world.code(add=("persistent-connections",)),
           causes=(Cause("connection-churn"),), plants_by_deploy=True,
           base=("persistent-connections",), limit_s=150.0),
    Recipe("slow-upstream", "the carrier, whom an order's page asks, takes longer to answer",
           plant=carrier_takes(SLOW_CARRIER_S),
           control=carrier_takes(1.5 * CARRIER_S),
           remove=carrier_takes(CARRIER_S),
           subjects=(traffic.DETAIL,), base=("tracking",),
           shares={traffic.DETAIL: traffic.SHARES[traffic.DETAIL]}, limit_s=300.0, saved=None),
    Recipe("stampede", "a cache that is dear to fill lasts for ten seconds only",
           plant=lambda world: world.code(add=("popular-fresh",)),
           control=lambda world: world.code(add=("popular-rare",)),
           remove=lambda world: world.code(add=("fix-popular-renew",)),
           causes=(Cause("stampede", "items"),), subjects=(traffic.POPULAR,),
           plants_by_deploy=True, base=("popular",), shares={traffic.POPULAR: 60.0},
           # No two crowds are alike: only many of them tell what one costs.
           saved='"items" as "one"', stretches=12),
    Recipe("login-failures", "a job goes on with a password that was changed",
           plant=knock(WRONG), control=knock(None), remove=stop("knocks"),
           causes=(Cause("errors", detail="login"),), limit_s=420.0, saved=None),
    Recipe("failing-payments", "a constraint by hand refuses what customers pay",
           plant=allow_payments("amount_cents < 100"),
           control=allow_payments("amount_cents >= 0"),
           remove=allow_all_payments,
           causes=(Cause("errors", "payments"),), subjects=(traffic.PAY,),
           shares={traffic.PAY: 20.0}, limit_s=150.0, saved=None),
)
BY_NAME = {recipe.name: recipe for recipe in RECIPES}
