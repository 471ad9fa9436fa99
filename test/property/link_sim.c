/* SPDX-License-Identifier: Apache-2.0 */
#include "property/link_sim.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "unit/unit.h"

#define STATED 0.8f

struct sim *
sim_new(uint64_t seed, double mean_ms, unsigned routes)
{
    struct sim *s = check_alloc(1, sizeof(*s));
    s->prng.state = seed;
    s->mean_ms = mean_ms;
    s->routes = routes;
    s->steps = check_alloc(SIM_EVENTS_MAX, sizeof(*s->steps));
    return s;
}

void
sim_free(struct sim **sim)
{
    free((*sim)->steps);
    free(*sim);
    *sim = NULL;
}

double
sim_uniform(struct sim *s)
{
    return ((double)prng_below(&s->prng, 1u << 30) + 0.5) / (double)(1u << 30);
}

uint64_t
sim_exponential(struct sim *s, double mean_ns)
{
    return (uint64_t)(-log(sim_uniform(s)) * mean_ns) + 1;
}

struct sim_step *
sim_add(struct sim *s, uint64_t at_ns, unsigned type)
{
    assert(s->count < SIM_EVENTS_MAX);
    struct sim_step *step = &s->steps[s->count];
    *step = (struct sim_step){.at_ns = at_ns, .order = s->count};
    step->ev.head.type = (uint16_t)type;
    step->ev.head.time_ns = at_ns;
    s->count++;
    return step;
}

void
sim_open_session(struct sim *s, unsigned worker, uint64_t at_ns)
{
    s->session_of[worker] = ++s->next_session;
    s->seq_of[worker] = 0;
    struct event_session_open *ev = &sim_add(s, at_ns, EV_SESSION_OPEN)->ev.as_event_session_open;
    ev->session = s->session_of[worker];
    ev->start_ns = at_ns;
    ev->protocol = PROTOCOL_POSTGRES;
}

void
sim_close_session(struct sim *s, unsigned worker, uint64_t at_ns)
{
    struct event_session_close *ev =
        &sim_add(s, at_ns, EV_SESSION_CLOSE)->ev.as_event_session_close;
    ev->session = s->session_of[worker];
    ev->end_ns = at_ns;
    ev->queries = s->seq_of[worker];
}

uint64_t
sim_query(struct sim *s, unsigned worker, uint64_t start_ns, uint64_t request, uint64_t fingerprint,
          unsigned kind, char tx, uint64_t v0, uint64_t v1)
{
    uint64_t end = start_ns + 50000 + sim_exponential(s, s->mean_ms * 1e6);
    struct sim_step *step = sim_add(s, end, EV_QUERY);
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

struct event_request *
sim_request(struct sim *s, uint64_t request, unsigned route, uint64_t start_ns, uint64_t end_ns)
{
    struct event_request *ev = &sim_add(s, end_ns, EV_REQUEST)->ev.as_event_request;
    ev->request = request;
    ev->start_ns = start_ns;
    ev->end_ns = end_ns;
    ev->status = 200;
    ev->method = METHOD_GET;
    ev->listener = (uint16_t)route;
    return ev;
}

static int
compare_steps(const void *a, const void *b)
{
    const struct sim_step *x = a, *y = b;
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
    return SIM_ROUTES_MAX;
}

static void
count_for_routes(struct sim *s, const struct trace *t)
{
    if (t->start_ns < s->counted_from_ns) {
        return;
    }
    for (uint32_t i = 0; i < t->shares.count; i++) {
        s->told[t->shares.of[i].route] += (double)t->shares.of[i].share * t->query_count;
    }
    if (t->request != 0) {
        s->told[t->route] += t->query_count;
    }
}

static void
take_trace(void *ctx, struct trace **trace)
{
    struct sim *s = ctx;
    struct trace *t = *trace;
    s->traces++;
    s->requests += t->request != 0;
    count_for_routes(s, t);
    uint64_t before = 0;
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        assert_true(q->start_ns >= before);
        before = q->start_ns;
        if (t->request != 0) {
            bool right = q->values_hash == t->request;
            s->linked++;
            s->right += right;
            s->by[q->basis][right]++;
            s->stated += q->probability >= STATED;
            s->stated_right += q->probability >= STATED && right;
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
feed(struct linker *l, const struct sim_step *step)
{
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
        linker_request(l, step->at_ns, &step->ev.as_event_request, step->values, SLICE_LIT("/x"));
    }
}

struct link_totals
sim_run(struct sim *s)
{
    qsort(s->steps, s->count, sizeof(*s->steps), compare_steps);
    struct link_out out = {s, route_of_request, route_of_tag, route_of_work, take_trace};
    struct linker *l = linker_new(&out);
    uint64_t next_tick = 0;
    for (size_t i = 0; i < s->count; i++) {
        while (next_tick <= s->steps[i].at_ns) {
            linker_tick(l, next_tick);
            next_tick += 20 * NS_PER_MS;
        }
        feed(l, &s->steps[i]);
    }
    for (int i = 0; i < 4000; i++, next_tick += 20 * NS_PER_MS) {
        linker_tick(l, next_tick);
    }
    struct link_totals totals = linker_totals(l);
    linker_free(&l);
    return totals;
}

double
sim_furthest_off(const struct sim *s)
{
    double off = 0;
    for (unsigned r = 0; r < s->routes; r++) {
        off = fmax(off, fabs(s->told[r] / s->asked[r] - 1));
    }
    return off;
}
