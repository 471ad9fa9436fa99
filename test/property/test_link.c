/* SPDX-License-Identifier: Apache-2.0
 * Requests and queries of simulated applications, whose truth is known, through the linker: how
 * many queries were tied to a request, how many of these to the right one. The truth travels in
 * values_hash, which the linker does not look at. */
#include "property/link_sim.h"

#include "base/clock.h"
#include "base/hash.h"
#include "unit/unit.h"

#define ROUTES 4u

enum style {
    STYLE_PHP,        /* a process a worker, a connection a request */
    STYLE_POOL_TX,    /* a connection and a transaction a request */
    STYLE_POOL_AUTO,  /* a connection a request, no transaction */
    STYLE_POOL_QUERY, /* any free connection for each query */
};

struct world {
    const char *name;
    enum style style;
    unsigned workers;
    unsigned users;
    double per_s;
    double mean_ms; /* one query */
    unsigned requests;
    bool http;
    bool cron;  /* a queue worker beside it */
    bool blind; /* requests and queries have no value in common */
    double linked_min;
    double right_min; /* of the linked */
    double off_max;   /* queries of a route, with the shares of what abstained */
};

static uint64_t
hash_of(const char *what, uint64_t n)
{
    return hash_combine(hash_bytes(slice_from_str(what)), n);
}

static unsigned
take_worker(const struct world *w, struct sim *s, uint64_t at_ns)
{
    unsigned best = 0;
    for (unsigned i = 1; i < w->workers; i++) {
        best = s->free_at[i] < s->free_at[best] ? i : best;
    }
    /* Any free one, as pools do. */
    for (unsigned tries = 0; tries < 4; tries++) {
        unsigned any = (unsigned)prng_below(&s->prng, w->workers);
        if (s->free_at[any] <= at_ns) {
            return any;
        }
    }
    return best;
}

/* The n-th query of a request of this route, on worker `at` (or any, per query). */
static uint64_t
next_query(const struct world *w, struct sim *s, unsigned *worker, uint64_t t, uint64_t request,
           unsigned n, unsigned total, uint64_t fingerprint, uint64_t v0, uint64_t v1)
{
    t += 30000 + sim_exponential(s, 400e3);
    if (w->style == STYLE_POOL_QUERY) {
        *worker = take_worker(w, s, t);
        t = MAX(t, s->free_at[*worker]);
    }
    char tx = w->style == STYLE_POOL_TX && n + 1 < total ? 'T' : 'I';
    t = sim_query(s, *worker, t, request, fingerprint, STATEMENT_SELECT, tx, v0, v1);
    if (w->style == STYLE_POOL_QUERY) {
        s->free_at[*worker] = t;
    }
    return t;
}

static void
play_request(const struct world *w, struct sim *s, uint64_t request, uint64_t arrives_ns)
{
    unsigned worker = take_worker(w, s, arrives_ns);
    uint64_t t = arrives_ns;
    if (w->style != STYLE_POOL_QUERY) {
        t = MAX(t, s->free_at[worker]);
    }
    t += 300000 + sim_exponential(s, 2e6); /* the framework boots */
    if (w->style == STYLE_PHP) {
        sim_open_session(s, worker, t);
        t = sim_query(s, worker, t + 500000, request, 1, STATEMENT_SESSION, 'I', 0, 0);
    } else if (w->style == STYLE_POOL_TX) {
        t = sim_query(s, worker, t, request, 2, STATEMENT_TRANSACTION, 'T', 0, 0);
    }
    uint64_t user = prng_below(&s->prng, w->users);
    uint64_t token = hash_of("token", user);
    unsigned route = (unsigned)prng_below(&s->prng, ROUTES);
    uint64_t queries_before = s->queries - (w->style == STYLE_PHP || w->style == STYLE_POOL_TX);
    uint64_t item = prng_below(&s->prng, 300) + 1; /* small integers, shared by everything */
    unsigned repeats = route == 0 ? 20 : route == 1 ? 2 : 1;
    unsigned total = repeats + 2;
    t = next_query(w, s, &worker, t, request, 0, total, 10, token, hash_of("int", 1));
    t = next_query(w, s, &worker, t, request, 1, total, 11, hash_of("int", user + 1), 0);
    for (unsigned i = 0; i < repeats; i++) {
        uint64_t value = route == 3 ? item : prng_below(&s->prng, 300) + 1;
        t = next_query(w, s, &worker, t, request, 2 + i, total, 20 + route, hash_of("int", value),
                       hash_of("int", 10));
    }
    uint64_t end = t + sim_exponential(s, 1e6);
    s->asked[route] += (double)(s->queries - queries_before);
    if (w->style == STYLE_PHP) {
        sim_close_session(s, worker, end + 20000 + sim_exponential(s, 200e3));
        s->free_at[worker] = end + 1000000;
    } else if (w->style != STYLE_POOL_QUERY) {
        s->free_at[worker] = t;
    }
    if (!w->http) {
        return;
    }
    struct event_request *ev = sim_request(s, request, route, arrives_ns, end);
    if (w->blind) {
        return;
    }
    uint64_t *values = s->steps[s->count - 1].values;
    values[ev->value_count++] = token;
    values[ev->value_count++] = hash_of("int", route == 3 ? item : 1 + request % 5);
    values[ev->value_count++] = hash_of("text", route);
}

/* A long-lived session that polls, in no request ever. */
static void
play_cron(struct sim *s, uint64_t until_ns)
{
    unsigned worker = SIM_WORKERS_MAX - 1;
    sim_open_session(s, worker, 1);
    for (uint64_t t = 5 * NS_PER_MS; t < until_ns; t += 200 * NS_PER_MS) {
        t = sim_query(s, worker, t, 0, 99, STATEMENT_SELECT, 'I',
                      hash_of("int", prng_below(&s->prng, 300) + 1), 0);
    }
}

static void
play(const struct world *w, uint64_t seed)
{
    struct sim *s = sim_new(seed, w->mean_ms, ROUTES);
    if (w->style != STYLE_PHP) {
        for (unsigned i = 0; i < w->workers; i++) {
            sim_open_session(s, i, 1);
        }
    }
    uint64_t t = NS_PER_S;
    for (unsigned i = 1; i <= w->requests; i++) {
        t += sim_exponential(s, 1e9 / w->per_s);
        play_request(w, s, i, t);
    }
    uint64_t requests_queries = s->queries;
    if (w->cron) {
        play_cron(s, t);
    }
    struct link_totals totals = sim_run(s);
    double linked = (double)s->linked / (double)requests_queries;
    double right = s->linked == 0 ? 1 : (double)s->right / (double)s->linked;
    double whole = s->own == 0 ? 1 : 1 - (double)s->own_mixed / (double)s->own;
    print_message("# %-28s %6.2f %% linked, %7.3f %% of them right; %llu unlinked, %llu own "
                  "(%.2f %% with their like); routes within %.1f %%\n",
                  w->name, 100 * linked, 100 * right, (unsigned long long)s->unlinked,
                  (unsigned long long)s->own, 100 * whole, w->http ? 100 * sim_furthest_off(s) : 0);
    uint64_t by_values = s->by[LINK_VALUES][0] + s->by[LINK_VALUES][1];
    assert_true((double)s->by[LINK_VALUES][0] <= 0.002 * (double)by_values);
    assert_int_equal(s->linked + s->unlinked + s->own, s->queries);
    assert_int_equal(totals.queries, s->queries);
    assert_int_equal(totals.queries_out, s->queries);
    assert_int_equal(totals.requests, w->http ? w->requests : 0);
    assert_int_equal(totals.bytes_now, 0);
    assert_true(linked >= w->linked_min);
    assert_true(right >= w->right_min);
    assert_true(w->http || whole >= 0.99);
    assert_true(!w->http || sim_furthest_off(s) < w->off_max);
    sim_free(&s);
}

static const struct world WORLDS[] = {
    {"php, 8 workers, 200 users", STYLE_PHP, 8, 200, 40, 1, 4000, true, false, false, 0.99, 1, 0.1},
    {"php, 24 workers, 200 users", STYLE_PHP, 24, 200, 300, 3, 4000, true, false, false, 0.99, 1,
     0.1},
    {"php, 8 workers, 20 users", STYLE_PHP, 8, 20, 60, 2, 4000, true, true, false, 0.97, 0.9995,
     0.1},
    {"php, queueing for a worker", STYLE_PHP, 8, 200, 200, 1.5, 4000, true, false, false, 0.97,
     0.9995, 0.1},
    {"pool, a transaction each", STYLE_POOL_TX, 16, 200, 100, 1, 4000, true, true, false, 0.97,
     0.9995, 0.1},
    {"pool, autocommit", STYLE_POOL_AUTO, 16, 200, 100, 1, 4000, true, false, false, 0.90, 0.995,
     0.1},
    {"pool, handed out per query", STYLE_POOL_QUERY, 16, 200, 60, 1, 4000, true, false, false, 0.6,
     0.99, 0.1},
    {"php, 5 at a time, by time", STYLE_PHP, 16, 200, 250, 2, 4000, true, false, true, 0.80, 0.97,
     0.1},
    {"pool, a transaction, by time", STYLE_POOL_TX, 16, 200, 250, 2, 4000, true, false, true, 0.5,
     0.96, 0.1},
    {"pool, per query, by time", STYLE_POOL_QUERY, 60, 200, 100, 2, 4000, true, false, true, 0.15,
     0.97, 0.15},
    {"no http, php", STYLE_PHP, 8, 200, 40, 1, 2000, false, false, false, 0, 1, 0.1},
    {"no http, pool, transactions", STYLE_POOL_TX, 16, 200, 40, 1, 2000, false, false, false, 0, 1,
     0.1},
};

static void
queries_find_their_requests(void **state)
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(queries_find_their_requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
