/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/recent.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"

#define GROUPS (RECENT_QUERIES_MAX * 4)

void
recent_init(struct recent *r, struct recent_budget *budget)
{
    memset(r, 0, sizeof(*r));
    r->budget = budget;
    r->stride = 1;
}

static size_t
request_bytes(const struct recent_request *req)
{
    return sizeof(*req) + req->query_count * sizeof(req->q[0]);
}

static void
drop_oldest(struct recent *r)
{
    uint32_t at = (r->head + RECENT_REQUESTS_MAX - r->count) % RECENT_REQUESTS_MAX;
    r->budget->bytes -= request_bytes(r->ring[at]);
    free(r->ring[at]);
    r->ring[at] = NULL;
    r->count--;
}

void
recent_fini(struct recent *r)
{
    while (r->count > 0) {
        drop_oldest(r);
    }
}

const struct recent_query *
recent_find(const struct recent_request *req, uint64_t fingerprint)
{
    for (unsigned i = 0; i < req->query_count; i++) {
        if (req->q[i].fingerprint == fingerprint) {
            return &req->q[i];
        }
    }
    return NULL;
}

/* Keeps every second request, so that the ring reaches twice as far back. */
static void
halve(struct recent *r)
{
    struct recent_request *keep[RECENT_REQUESTS_MAX];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t at = (r->head + RECENT_REQUESTS_MAX - r->count + i) % RECENT_REQUESTS_MAX;
        if (i % 2 == 1) {
            keep[kept++] = r->ring[at];
        } else {
            r->budget->bytes -= request_bytes(r->ring[at]);
            free(r->ring[at]);
        }
    }
    memset(r->ring, 0, sizeof(r->ring));
    memcpy(r->ring, keep, kept * sizeof(keep[0]));
    r->count = kept;
    r->head = kept % RECENT_REQUESTS_MAX;
    r->stride *= 2;
}

struct groups {
    struct recent_query q[RECENT_QUERIES_MAX];
    unsigned count;
    int16_t slot[GROUPS]; /* index + 1; 0: free */
};

static struct recent_query *
group_of(struct groups *g, uint64_t fingerprint)
{
    size_t at = prng_mix(fingerprint) % GROUPS;
    while (g->slot[at] != 0) {
        if (g->q[g->slot[at] - 1].fingerprint == fingerprint) {
            return &g->q[g->slot[at] - 1];
        }
        at = (at + 1) % GROUPS;
    }
    if (g->count == RECENT_QUERIES_MAX) {
        return NULL;
    }
    g->slot[at] = (int16_t)++g->count;
    g->q[g->count - 1] = (struct recent_query){.fingerprint = fingerprint};
    return &g->q[g->count - 1];
}

#define PAIRS (2 * 2048)
_Static_assert(PAIRS >= 2 * TRACE_QUERIES_MAX, "at most half full");

/* Which statements with which values a trace has had: indices of its queries + 1. */
struct pairs {
    uint32_t mask; /* as much of it as the trace needs */
    uint16_t slot[PAIRS];
};

static void
pairs_init(struct pairs *p, uint32_t queries)
{
    uint32_t slots = 8;
    while (slots < 2 * queries) {
        slots *= 2;
    }
    p->mask = slots - 1;
    memset(p->slot, 0, slots * sizeof(p->slot[0]));
}

/* True for the first of its statement with its values. */
static bool
pairs_add(struct pairs *p, const struct trace *t, uint32_t index)
{
    const struct trace_query *q = &t->queries[index];
    uint32_t at = (uint32_t)prng_mix(q->fingerprint ^ q->values_hash) & p->mask;
    while (p->slot[at] != 0) {
        const struct trace_query *other = &t->queries[p->slot[at] - 1];
        if (other->fingerprint == q->fingerprint && other->values_hash == q->values_hash) {
            return false;
        }
        at = (at + 1) & p->mask;
    }
    p->slot[at] = (uint16_t)(index + 1);
    return true;
}

static void
charge_half(struct recent_query *q, uint64_t gap_ns)
{
    if (q != NULL) {
        q->gap_ms += (float)(clock_ns_to_ms(gap_ns) / 2);
    }
}

/* Each query with its round trips before and after takes an interval; what no interval covers is
 * the application's. Of the gap between two queries each is charged one half: to make use of the
 * one's rows and to put the other together both take the application's time, and in a loop over
 * several statements a gap after each one lies before the next. */
static void
fold_queries(const struct trace *t, struct groups *g, struct recent_request *sum)
{
    uint64_t covered_to = t->start_ns;
    uint64_t app_ns = 0;
    double query_ns = 0, other_ns = 0;
    struct recent_query *last = NULL;
    struct pairs pairs;
    pairs_init(&pairs, t->query_count);
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        uint64_t from = q->start_ns - MIN(q->prepare_ns, q->start_ns);
        uint64_t to = q->end_ns + q->close_ns;
        struct recent_query *into = group_of(g, q->fingerprint);
        if (from > covered_to) {
            app_ns += from - covered_to;
            if (i > 0) {
                charge_half(last, from - covered_to);
                charge_half(into, from - covered_to);
            }
        }
        uint64_t cost_ns = trace_query_cost_ns(q);
        query_ns += (double)cost_ns;
        if (into != NULL) {
            into->calls++;
            into->distinct += pairs_add(&pairs, t, i);
            into->young += q->session_seq < RECENT_YOUNG ? 1 : 0;
            into->rows += (uint32_t)MIN(q->rows, 1000000u);
            into->cost_ms += (float)clock_ns_to_ms(cost_ns);
        } else {
            other_ns += (double)cost_ns;
        }
        if (to >= covered_to) {
            covered_to = to;
            last = into;
        }
    }
    if (t->end_ns > covered_to) {
        app_ns += t->end_ns - covered_to;
    }
    uint64_t folded_ns = MIN(t->folded_ns, app_ns); /* those lay in what looked uncovered */
    sum->app_ms = (float)clock_ns_to_ms(app_ns - folded_ns);
    sum->query_ms = (float)((query_ns + (double)t->folded_ns) / 1e6);
    sum->other_ms = (float)((other_ns + (double)t->folded_ns) / 1e6);
}

/* Of about the last 64. */
#define MISSED_STEP (1.0 / 64)

void
recent_missed(struct recent *r, uint64_t requests)
{
    r->missed = 1 - (1 - r->missed) * pow(1 - MISSED_STEP, (double)MIN(requests, 1000u));
}

double
recent_weight(const struct recent *r)
{
    return r->stride / MAX(1 - r->missed, 0.1);
}

void
recent_add(struct recent *r, const struct trace *t)
{
    r->requests++;
    r->missed *= 1 - MISSED_STEP;
    r->last_ns = MAX(r->last_ns, t->start_ns);
    if (r->first_ns == 0) {
        r->first_ns = t->start_ns;
    }
    if (++r->skipped < r->stride) {
        return;
    }
    r->skipped = 0;
    struct groups g;
    g.count = 0;
    memset(g.slot, 0, sizeof(g.slot));
    struct recent_request sum = {
        .start_ns = t->start_ns,
        .end_ns = t->end_ns,
        .total_ms = (float)clock_ns_to_ms(t->end_ns - MIN(t->start_ns, t->end_ns)),
        .error = t->status >= 500,
    };
    memcpy(sum.trace_id, t->trace_id, sizeof(sum.trace_id));
    fold_queries(t, &g, &sum);
    sum.query_count = (uint8_t)g.count;
    struct recent_request *req = check_alloc(1, request_bytes(&sum));
    memcpy(req, &sum, sizeof(sum));
    memcpy(req->q, g.q, g.count * sizeof(g.q[0]));
    if (r->count == RECENT_REQUESTS_MAX) {
        if (t->end_ns - recent_at(r, 0)->start_ns < RECENT_SPAN_NS) {
            halve(r);
        } else {
            drop_oldest(r);
            if (r->stride > 1 && t->end_ns - recent_at(r, 0)->start_ns > 4 * RECENT_SPAN_NS) {
                r->stride /= 2;
            }
        }
    }
    while (r->budget->bytes + request_bytes(req) > r->budget->bytes_max && r->count > 64) {
        drop_oldest(r);
    }
    r->budget->bytes += request_bytes(req);
    r->ring[r->head] = req;
    r->head = (r->head + 1) % RECENT_REQUESTS_MAX;
    r->count++;
}
