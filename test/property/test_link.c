/* SPDX-License-Identifier: Apache-2.0
 * Requests and queries of simulated applications, whose truth is known, through the linker: how
 * many queries were tied to a request, how many of these to the right one. The truth travels in
 * values_hash, which the linker does not look at. */
#include "analysis/link/link.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/prng.h"
#include "unit/unit.h"

#define EVENTS_MAX  400000u
#define WORKERS_MAX 64u
#define ROUTES      4u

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

struct step {
    uint64_t at_ns;
    uint64_t order;
    union event ev;
    uint64_t values[8];
};

struct sim {
    const struct world *w;
    struct prng prng;
    struct step *steps;
    size_t count;
    uint64_t free_at[WORKERS_MAX];
    uint64_t session_of[WORKERS_MAX];
    uint32_t seq_of[WORKERS_MAX];
    uint64_t next_session;
    /* what came out */
    uint64_t linked, right, unlinked, own, own_mixed, traces, requests, queries;
    /* by route: what there was, and what came out as its own or its share */
    uint64_t by[LINK_BASIS_COUNT][2]; /* linked, wrong and right */
    double asked[ROUTES], told[ROUTES];
};

static double
uniform(struct sim *s)
{
    return ((double)prng_below(&s->prng, 1u << 30) + 0.5) / (double)(1u << 30);
}

static uint64_t
exponential(struct sim *s, double mean_ns)
{
    return (uint64_t)(-log(uniform(s)) * mean_ns) + 1;
}

static uint64_t
hash_of(const char *what, uint64_t n)
{
    return hash_combine(hash_bytes(slice_from_str(what)), n);
}

static struct step *
add(struct sim *s, uint64_t at_ns, unsigned type)
{
    assert(s->count < EVENTS_MAX);
    struct step *step = &s->steps[s->count];
    *step = (struct step){.at_ns = at_ns, .order = s->count};
    step->ev.head.type = (uint16_t)type;
    step->ev.head.time_ns = at_ns;
    s->count++;
    return step;
}

static void
open_session(struct sim *s, unsigned worker, uint64_t at_ns)
{
    s->session_of[worker] = ++s->next_session;
    s->seq_of[worker] = 0;
    struct event_session_open *ev = &add(s, at_ns, EV_SESSION_OPEN)->ev.as_event_session_open;
    ev->session = s->session_of[worker];
    ev->start_ns = at_ns;
    ev->protocol = PROTOCOL_POSTGRES;
}

static void
close_session(struct sim *s, unsigned worker, uint64_t at_ns)
{
    struct event_session_close *ev = &add(s, at_ns, EV_SESSION_CLOSE)->ev.as_event_session_close;
    ev->session = s->session_of[worker];
    ev->end_ns = at_ns;
    ev->queries = s->seq_of[worker];
}

/* Returns its end. */
static uint64_t
query(struct sim *s, unsigned worker, uint64_t start_ns, uint64_t request, uint64_t fingerprint,
      unsigned kind, char tx, uint64_t v0, uint64_t v1)
{
    uint64_t end = start_ns + 50000 + exponential(s, s->w->mean_ms * 1e6);
    struct step *step = add(s, end, EV_QUERY);
    struct event_query *ev = &step->ev.as_event_query;
    ev->session = s->session_of[worker];
    ev->session_seq = s->seq_of[worker]++;
    ev->fingerprint = fingerprint;
    ev->values_hash = request;
    ev->start_ns = start_ns;
    ev->end_ns = end;
    ev->tx_state = (uint8_t)tx;
    ev->kind = (uint8_t)kind;
    ev->value_count = (uint16_t)((v0 != 0) + (v1 != 0));
    step->values[0] = v0;
    step->values[1] = v1;
    s->queries++;
    return end;
}

static unsigned
take_worker(struct sim *s, uint64_t at_ns)
{
    unsigned best = 0;
    for (unsigned i = 1; i < s->w->workers; i++) {
        best = s->free_at[i] < s->free_at[best] ? i : best;
    }
    /* Any free one, as pools do. */
    for (unsigned tries = 0; tries < 4; tries++) {
        unsigned any = (unsigned)prng_below(&s->prng, s->w->workers);
        if (s->free_at[any] <= at_ns) {
            return any;
        }
    }
    return best;
}

/* The n-th query of a request of this route, on worker `at` (or any, per query). */
static uint64_t
next_query(struct sim *s, unsigned *worker, uint64_t t, uint64_t request, unsigned n,
           unsigned total, uint64_t fingerprint, uint64_t v0, uint64_t v1)
{
    t += 30000 + exponential(s, 400e3);
    if (s->w->style == STYLE_POOL_QUERY) {
        *worker = take_worker(s, t);
        t = MAX(t, s->free_at[*worker]);
    }
    char tx = s->w->style == STYLE_POOL_TX && n + 1 < total ? 'T' : 'I';
    t = query(s, *worker, t, request, fingerprint, STATEMENT_SELECT, tx, v0, v1);
    if (s->w->style == STYLE_POOL_QUERY) {
        s->free_at[*worker] = t;
    }
    return t;
}

static void
play_request(struct sim *s, uint64_t request, uint64_t arrives_ns)
{
    const struct world *w = s->w;
    unsigned worker = take_worker(s, arrives_ns);
    uint64_t t = arrives_ns;
    if (w->style != STYLE_POOL_QUERY) {
        t = MAX(t, s->free_at[worker]);
    }
    t += 300000 + exponential(s, 2e6); /* the framework boots */
    if (w->style == STYLE_PHP) {
        open_session(s, worker, t);
        t = query(s, worker, t + 500000, request, 1, STATEMENT_SESSION, 'I', 0, 0);
    } else if (w->style == STYLE_POOL_TX) {
        t = query(s, worker, t, request, 2, STATEMENT_TRANSACTION, 'T', 0, 0);
    }
    uint64_t user = prng_below(&s->prng, w->users);
    uint64_t token = hash_of("token", user);
    unsigned route = (unsigned)prng_below(&s->prng, ROUTES);
    uint64_t queries_before = s->queries - (w->style == STYLE_PHP || w->style == STYLE_POOL_TX);
    uint64_t item = prng_below(&s->prng, 300) + 1; /* small integers, shared by everything */
    unsigned repeats = route == 0 ? 20 : route == 1 ? 2 : 1;
    unsigned total = repeats + 2;
    t = next_query(s, &worker, t, request, 0, total, 10, token, hash_of("int", 1));
    t = next_query(s, &worker, t, request, 1, total, 11, hash_of("int", user + 1), 0);
    for (unsigned i = 0; i < repeats; i++) {
        uint64_t value = route == 3 ? item : prng_below(&s->prng, 300) + 1;
        t = next_query(s, &worker, t, request, 2 + i, total, 20 + route, hash_of("int", value),
                       hash_of("int", 10));
    }
    uint64_t end = t + exponential(s, 1e6);
    s->asked[route] += (double)(s->queries - queries_before);
    if (w->style == STYLE_PHP) {
        close_session(s, worker, end + 20000 + exponential(s, 200e3));
        s->free_at[worker] = end + 1000000;
    } else if (w->style != STYLE_POOL_QUERY) {
        s->free_at[worker] = t;
    }
    if (!w->http) {
        return;
    }
    struct step *step = add(s, end, EV_REQUEST);
    struct event_request *ev = &step->ev.as_event_request;
    ev->request = request;
    ev->start_ns = arrives_ns;
    ev->end_ns = end;
    ev->status = 200;
    ev->method = METHOD_GET;
    ev->listener = (uint16_t)route;
    if (w->blind) {
        return;
    }
    step->values[ev->value_count++] = token;
    step->values[ev->value_count++] = hash_of("int", route == 3 ? item : 1 + request % 5);
    step->values[ev->value_count++] = hash_of("text", route);
}

/* A long-lived session that polls, in no request ever. */
static void
play_cron(struct sim *s, uint64_t until_ns)
{
    unsigned worker = WORKERS_MAX - 1;
    open_session(s, worker, 1);
    for (uint64_t t = 5 * NS_PER_MS; t < until_ns; t += 200 * NS_PER_MS) {
        t = query(s, worker, t, 0, 99, STATEMENT_SELECT, 'I',
                  hash_of("int", prng_below(&s->prng, 300) + 1), 0);
    }
}

static int
compare_steps(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static uint32_t
route_of_request(void *ctx, const struct event_request *ev, struct slice path)
{
    return ev->listener;
}

static uint32_t
route_of_tag(void *ctx, uint32_t route, uint16_t listener, uint8_t method, struct slice tag)
{
    return route;
}

static uint32_t
route_of_work(void *ctx, const struct trace *trace, struct slice tag)
{
    return ROUTES;
}

static void
take_trace(void *ctx, struct trace **trace)
{
    struct sim *s = ctx;
    struct trace *t = *trace;
    s->traces++;
    s->requests += t->request != 0;
    uint64_t before = 0;
    for (uint32_t i = 0; i < t->shares.count; i++) {
        s->told[t->shares.of[i].route] += (double)t->shares.of[i].share * t->query_count;
    }
    if (t->request != 0) {
        s->told[t->route] += t->query_count;
    }
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        assert_true(q->start_ns >= before);
        before = q->start_ns;
        if (t->request != 0) {
            s->linked++;
            s->right += q->values_hash == t->request;
            s->by[q->basis][q->values_hash == t->request]++;
        } else if (t->route == TRACE_ROUTE_UNLINKED) {
            s->unlinked++;
        } else {
            s->own++;
            s->own_mixed += q->values_hash != t->queries[0].values_hash;
        }
    }
    trace_free(trace);
}

static void
feed(struct sim *s, struct linker *l)
{
    uint64_t next_tick = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct step *step = &s->steps[i];
        while (next_tick <= step->at_ns) {
            linker_tick(l, next_tick);
            next_tick += 20 * NS_PER_MS;
        }
        switch (step->ev.head.type) {
        case EV_SESSION_OPEN:
            linker_session_open(l, &step->ev.as_event_session_open);
            break;
        case EV_SESSION_CLOSE:
            linker_session_close(l, step->at_ns, &step->ev.as_event_session_close);
            break;
        case EV_QUERY:
            linker_query(l, step->at_ns, &step->ev.as_event_query, step->values, SLICE_NONE);
            break;
        default:
            linker_request(l, step->at_ns, &step->ev.as_event_request, step->values,
                           SLICE_LIT("/x"));
        }
    }
    for (int i = 0; i < 4000; i++, next_tick += 20 * NS_PER_MS) {
        linker_tick(l, next_tick);
    }
}

/* Queries of the route that is the furthest off. */
static double
furthest_off(const struct sim *s)
{
    double off = 0;
    for (unsigned r = 0; r < ROUTES; r++) {
        off = fmax(off, fabs(s->told[r] / s->asked[r] - 1));
    }
    return off;
}

static void
play(const struct world *w, uint64_t seed)
{
    struct sim *s = calloc(1, sizeof(*s));
    s->w = w;
    s->prng.state = seed;
    s->steps = calloc(EVENTS_MAX, sizeof(*s->steps));
    if (w->style != STYLE_PHP) {
        for (unsigned i = 0; i < w->workers; i++) {
            open_session(s, i, 1);
        }
    }
    uint64_t t = NS_PER_S;
    for (unsigned i = 1; i <= w->requests; i++) {
        t += exponential(s, 1e9 / w->per_s);
        play_request(s, i, t);
    }
    uint64_t requests_queries = s->queries;
    if (w->cron) {
        play_cron(s, t);
    }
    qsort(s->steps, s->count, sizeof(*s->steps), compare_steps);
    struct link_out out = {s, route_of_request, route_of_tag, route_of_work, take_trace};
    struct linker *l = linker_new(&out);
    feed(s, l);
    struct link_totals totals = linker_totals(l);
    double linked = (double)s->linked / (double)requests_queries;
    double right = s->linked == 0 ? 1 : (double)s->right / (double)s->linked;
    double whole = s->own == 0 ? 1 : 1 - (double)s->own_mixed / (double)s->own;
    print_message("# %-28s %6.2f %% linked, %7.3f %% of them right; %llu unlinked, %llu own "
                  "(%.2f %% with their like); routes within %.1f %%\n",
                  w->name, 100 * linked, 100 * right, (unsigned long long)s->unlinked,
                  (unsigned long long)s->own, 100 * whole, w->http ? 100 * furthest_off(s) : 0);
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
    assert_true(!w->http || furthest_off(s) < w->off_max);
    linker_free(&l);
    free(s->steps);
    free(s);
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
