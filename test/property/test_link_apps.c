/* SPDX-License-Identifier: Apache-2.0
 * The applications of test/linking, simulated, by time alone: seven routes with the statements and
 * think times that these have, 5 and 20 requests at a time. Queries per request of each route have
 * to be right also where no single query can be told; a quarter of the requests is learned from and
 * not counted. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "property/link_sim.h"
#include "unit/unit.h"

#define ROUTES      7u
#define STEPS_MAX   6u
#define ACTIVE_MAX  512u
#define THINK_NS    40e6
#define ITEMS       8u /* once for each of one to four orders */
#define BEGIN       30u
#define COMMIT      31u
#define MEAN_MS     64.0 /* of a request, mostly thinking */
#define CONNECTIONS 10u

enum style {
    STYLE_PHP,    /* a connection a request */
    STYLE_PYTHON, /* a transaction a request, on a pooled connection */
    STYLE_NODE,   /* any pooled connection for each query, but for transactions */
};

struct route {
    unsigned weight;
    bool transaction;
    unsigned steps[STEPS_MAX]; /* statements, 0: no more */
};

/* user 1, settings 2, orders 3, sum 4, note 5, touch 6, broken 7 */
static const struct route APP[ROUTES] = {
    {25, false, {1, 2}},       {20, false, {1, 3, ITEMS}}, {15, false, {2}},
    {15, false, {1, 3, 4, 2}}, {3, false, {1, 7}},         {12, true, {1, 5}},
    {10, true, {1, 2, 6, 5}},
};

struct world {
    const char *name;
    enum style style;
    double at_once;
    double busy_ms; /* what a request waits for the machine, before and after its queries */
    unsigned requests;
    double linked_min;
    double stated_min; /* right of those stated at 0.8 or more */
    double off_max;
};

/* A request under way: what it does next, and when. */
struct active {
    uint64_t id, start_ns, next_ns;
    unsigned route, step, repeat, worker;
    uint64_t user;
    bool has_worker, has_begun;
};

static bool
one_for_all(const struct world *w, const struct active *a)
{
    return w->style != STYLE_NODE || APP[a->route].transaction;
}

static unsigned
take_worker(const struct world *w, struct sim *s, uint64_t at_ns)
{
    unsigned count = w->style == STYLE_NODE ? CONNECTIONS : SIM_WORKERS_MAX, best = 0;
    for (unsigned i = 1; i < count; i++) {
        best = s->free_at[i] < s->free_at[best] ? i : best;
    }
    for (unsigned tries = 0; tries < 4; tries++) {
        unsigned any = (unsigned)prng_below(&s->prng, count);
        if (s->free_at[any] <= at_ns) {
            return any;
        }
    }
    return best;
}

/* One for the next query, or for all of them; false: all are held, it waits. */
static bool
connect(const struct world *w, struct sim *s, struct active *a)
{
    a->worker = take_worker(w, s, a->next_ns);
    if (s->free_at[a->worker] == UINT64_MAX) {
        a->next_ns += 100000;
        return false;
    }
    a->next_ns = MAX(a->next_ns, s->free_at[a->worker]);
    return true;
}

static void
begin(const struct world *w, struct sim *s, struct active *a)
{
    bool in_transaction = w->style == STYLE_PYTHON || APP[a->route].transaction;
    a->has_worker = true;
    if (w->style == STYLE_PHP) {
        sim_open_session(s, a->worker, a->next_ns);
        a->next_ns += 1500000 + sim_exponential(s, 500e3);
    }
    if (in_transaction) {
        a->next_ns =
            sim_query(s, a->worker, a->next_ns, a->id, BEGIN, STATEMENT_TRANSACTION, 'T', 0, 0) +
            100000;
    }
    s->free_at[a->worker] = one_for_all(w, a) ? UINT64_MAX : a->next_ns;
}

/* True when it has answered. */
static bool
advance(const struct world *w, struct sim *s, struct active *a)
{
    const struct route *route = &APP[a->route];
    bool in_transaction = w->style == STYLE_PYTHON || route->transaction;
    if (a->step == STEPS_MAX || route->steps[a->step] == 0) {
        if (in_transaction) {
            a->next_ns = sim_query(s, a->worker, a->next_ns, a->id, COMMIT, STATEMENT_TRANSACTION,
                                   'I', 0, 0);
        }
        uint64_t end = a->next_ns + 100000 + sim_exponential(s, 300e3 + w->busy_ms * 1e6);
        s->free_at[a->worker] = one_for_all(w, a) ? end : s->free_at[a->worker];
        if (w->style == STYLE_PHP) {
            sim_close_session(s, a->worker, end + 20000 + sim_exponential(s, 200e3));
            s->free_at[a->worker] = end + 2 * NS_PER_MS;
        }
        sim_request(s, a->id, a->route, a->start_ns, end);
        return true;
    }
    if ((!a->has_worker || !one_for_all(w, a)) && !connect(w, s, a)) {
        return false;
    }
    if (!a->has_worker) {
        begin(w, s, a);
    }
    unsigned statement = route->steps[a->step];
    a->next_ns = sim_query(s, a->worker, a->next_ns, a->id, 10 + statement, STATEMENT_SELECT,
                           in_transaction ? 'T' : 'I', hash_combine(7, a->user), 0);
    if (!one_for_all(w, a)) {
        s->free_at[a->worker] = a->next_ns;
    }
    a->next_ns += 100000 + sim_exponential(s, 200e3);
    if (statement == ITEMS && ++a->repeat <= a->user % 4) {
        return false;
    }
    a->step++;
    if (a->step < STEPS_MAX && route->steps[a->step] != 0) {
        a->next_ns += sim_exponential(s, THINK_NS);
    }
    return false;
}

static unsigned
any_route(struct sim *s)
{
    unsigned at = (unsigned)prng_below(&s->prng, 100), route = 0;
    while (at >= APP[route].weight) {
        at -= APP[route++].weight;
    }
    return route;
}

/* Queries in order of time, so that connections are free or not as they were. */
static void
play_requests(const struct world *w, struct sim *s)
{
    struct active active[ACTIVE_MAX];
    unsigned count = 0;
    uint64_t arrives = NS_PER_S;
    for (unsigned id = 1; id <= w->requests || count > 0;) {
        unsigned next = 0;
        for (unsigned i = 1; i < count; i++) {
            next = active[i].next_ns < active[next].next_ns ? i : next;
        }
        if (id <= w->requests && (count == 0 || arrives < active[next].next_ns)) {
            assert_true(count < ACTIVE_MAX);
            s->counted_from_ns = id == w->requests / 4 ? arrives : s->counted_from_ns;
            active[count++] = (struct active){.id = id++,
                                              .start_ns = arrives,
                                              .next_ns = arrives + 300000 +
                                                         sim_exponential(s, 4e5 + w->busy_ms * 1e6),
                                              .route = any_route(s),
                                              .user = prng_below(&s->prng, 5000)};
            arrives += sim_exponential(s, MEAN_MS * 1e6 / w->at_once);
            continue;
        }
        if (advance(w, s, &active[next])) {
            active[next] = active[--count];
        }
    }
}

static void
count_asked(const struct world *w, struct sim *s)
{
    unsigned *route_of = check_alloc(w->requests + 1, sizeof(*route_of));
    for (size_t i = 0; i < s->count; i++) {
        const union event *ev = &s->steps[i].ev;
        if (ev->head.type == EV_REQUEST && ev->as_event_request.start_ns >= s->counted_from_ns) {
            route_of[ev->as_event_request.request] = 1 + ev->as_event_request.listener;
        }
    }
    for (size_t i = 0; i < s->count; i++) {
        const union event *ev = &s->steps[i].ev;
        unsigned route = ev->head.type == EV_QUERY ? route_of[ev->as_event_query.values_hash] : 0;
        if (route > 0) {
            s->asked[route - 1]++;
        }
    }
    free(route_of);
}

static void
play(const struct world *w, uint64_t seed)
{
    struct sim *s = sim_new(seed, 0.4, ROUTES);
    for (unsigned i = 0; i < SIM_WORKERS_MAX && w->style != STYLE_PHP; i++) {
        sim_open_session(s, i, 1);
    }
    play_requests(w, s);
    count_asked(w, s);
    struct link_totals totals = sim_run(s);
    double linked = (double)s->linked / (double)s->queries;
    double stated = s->stated == 0 ? 1 : (double)s->stated_right / (double)s->stated;
    print_message("# %-24s %6.2f %% linked, %6.2f %% of those stated at 0.8 right; routes within "
                  "%4.1f %%:",
                  w->name, 100 * linked, 100 * stated, 100 * sim_furthest_off(s));
    for (unsigned r = 0; r < ROUTES; r++) {
        print_message(" %+.1f", 100 * (s->told[r] / s->asked[r] - 1));
    }
    print_message("\n");
    assert_int_equal(s->linked + s->unlinked + s->own, s->queries);
    assert_int_equal(totals.queries_out, s->queries);
    assert_int_equal(totals.requests, w->requests);
    assert_true(linked >= w->linked_min);
    assert_true(stated >= w->stated_min);
    assert_true(sim_furthest_off(s) < w->off_max);
    sim_free(&s);
}

static const struct world WORLDS[] = {
    {"PHP, 5 at a time", STYLE_PHP, 5, 0.5, 3000, 0.9, 0.98, 0.05},
    {"PHP, 20 at a time", STYLE_PHP, 20, 0.5, 8000, 0.9, 0.98, 0.05},
    {"PHP, 20, a busy machine", STYLE_PHP, 20, 10, 8000, 0.3, 0.95, 0.05},
    {"Python, 5 at a time", STYLE_PYTHON, 5, 0, 3000, 0.9, 0.98, 0.05},
    {"Python, 20 at a time", STYLE_PYTHON, 20, 0, 8000, 0.9, 0.98, 0.05},
    {"Node, 5 at a time", STYLE_NODE, 5, 0, 3000, 0.9, 0.98, 0.05},
    {"Node, 20 at a time", STYLE_NODE, 20, 0, 8000, 0.85, 0.98, 0.05},
    {"Node, 5, a busy machine", STYLE_NODE, 5, 5, 3000, 0.3, 0.95, 0.05},
    {"Node, 20, a busy machine", STYLE_NODE, 20, 2, 8000, 0.3, 0.95, 0.2},
};

static void
routes_have_their_queries(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(WORLDS); i++) {
        for (uint64_t seed = 1; seed <= 2; seed++) {
            play(&WORLDS[i], seed);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(routes_have_their_queries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
