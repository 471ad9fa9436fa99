/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/weigh.h"

#include "base/hash.h"
#include "base/prng.h"

#define LATE_SHARE_MAX   0.25
#define LATE_SHARE_MIN   0.01
#define DECIDED_MAX      1000
#define SECOND_RATIO     0.0625 /* of a request that has a connection already */
#define TOLD_P           0.9
#define DENSITY_MAX      64.0
#define BACKGROUND       0.02
#define OUTSIDE_WEIGHT   20
#define LEARN_SURE       0.99
#define SHAPE_STATEMENTS 32u
#define LEARN_OTHERS     8u /* so many of the others, where one is sure */

static uint64_t
first_statement(const struct piece *p)
{
    for (uint32_t i = 0; i < p->query_count; i++) {
        uint8_t kind = p->queries[i].q.kind;
        if (kind != STATEMENT_SESSION && kind != STATEMENT_TRANSACTION) {
            return p->queries[i].q.fingerprint;
        }
    }
    return 0;
}

static enum timing_kind
kind_of(const struct piece *p)
{
    if (p->is_session) {
        return TIMING_SESSION;
    }
    return p->query_count > 1 ? TIMING_TRANSACTION : TIMING_QUERY;
}

/* Pieces that ask the same statements have the same, however often and in which order. */
static uint64_t
shape_of(const struct piece *p)
{
    uint64_t seen[SHAPE_STATEMENTS];
    uint64_t shape = 0;
    unsigned count = 0;
    for (uint32_t i = 0; i < p->query_count && count < SHAPE_STATEMENTS; i++) {
        const struct trace_query *q = &p->queries[i].q;
        bool is_known = q->kind == STATEMENT_SESSION || q->kind == STATEMENT_TRANSACTION;
        for (unsigned k = 0; k < count && !is_known; k++) {
            is_known = seen[k] == q->fingerprint;
        }
        if (!is_known) {
            seen[count++] = q->fingerprint;
            shape ^= prng_mix(q->fingerprint);
        }
    }
    return hash_combine(shape, kind_of(p));
}

bool
weigh_contains(const struct held_request *r, const struct piece *p)
{
    return r->ev.start_ns <= p->start_ns && p->end_ns <= r->ev.end_ns + WEIGH_LATE_NS &&
           p->start_ns <= r->ev.end_ns + WEIGH_LATE_NS / 10;
}

static int64_t
start_gap(const struct held_request *r, const struct piece *p)
{
    return (int64_t)(p->start_ns - r->ev.start_ns);
}

static int64_t
end_gap(const struct held_request *r, const struct piece *p)
{
    uint64_t end_ns = p->is_session ? p->session->end_ns : p->end_ns;
    return (int64_t)(end_ns - r->ev.end_ns);
}

/* How much of what was decided ran on after the response. */
static double
late_share(const struct linker *l, enum timing_kind kind)
{
    double share = (l->late[kind].late + 1) / (l->late[kind].decided + 4);
    return MAX(MIN(share, LATE_SHARE_MAX), LATE_SHARE_MIN);
}

/* Who is one, by their values alone. */
static void
gather(struct linker *l, const struct piece *p, struct verdict *v)
{
    struct evidence_weights weights;
    evidence_weigh(l->evidence, p->evidence, p->evidence_count, &weights);
    double late = late_share(l, kind_of(p));
    uint64_t from = p->start_ns > WEIGH_LATE_NS / 10 ? p->start_ns - WEIGH_LATE_NS / 10 : 0;
    size_t i = held_first_ending_after(&l->held, from);
    for (i = held_next_begun(&l->held, i, p->end_ns); i < l->held.count;
         i = held_next_begun(&l->held, i + 1, p->end_ns)) {
        struct held_request *r = held_at(&l->held, i);
        v->overlaps = v->overlaps || r->ev.end_ns >= p->start_ns;
        if (!weigh_contains(r, p) || v->count == WEIGH_CANDIDATES_MAX) {
            continue;
        }
        struct evidence_match m = evidence_of_request(&weights, p->evidence, p->evidence_count,
                                                      r->values, r->value_count);
        if (p->end_ns > r->ev.end_ns) {
            m.weight *= late;
        }
        v->all[v->count++] = (struct candidate){r, m.weight, m.weight, m.matches};
    }
}

static void
add_up(struct linker *l, struct verdict *v)
{
    v->sum = v->unknown + BACKGROUND;
    v->best = 0;
    for (size_t i = 0; i < v->count; i++) {
        v->sum += v->all[i].weight;
        v->best = v->all[i].weight > v->all[v->best].weight ? i : v->best;
    }
    if (v->count > 0 && v->all[v->best].matches == 0) {
        v->sum += OUTSIDE_WEIGHT * outside_share(&l->outside, v->first);
    }
    v->posterior = v->count == 0 ? 0 : v->all[v->best].weight / v->sum;
}

/* It has a connection of this kind already, and requests here rarely have two. */
static bool
is_served(struct linker *l, const struct held_request *r, const struct piece *p)
{
    const struct upstream *u = link_upstream_of(l, p->session);
    if (r->is_out || list_is_empty(&r->pieces) || kind_of(p) == TIMING_QUERY ||
        u->spread > 2 + 0.05 * u->anchors) {
        return false;
    }
    const struct piece *last = LIST_ENTRY(r->pieces.prev, struct piece, in_order);
    return last->session_id != p->session_id && last->upstream == p->upstream;
}

/* Where nothing is known of gaps: a long request contains a query by chance more often than a short
 * one, just as much as its own are less dense. */
static double
density(const struct linker *l, const struct held_request *r, const struct piece *p)
{
    if (p->end_ns > r->ev.end_ns) {
        return 1;
    }
    double took_ns = (double)MAX(r->ev.end_ns - r->ev.start_ns, 1u);
    double ratio = (double)evidence_mean_ns(l->evidence) / took_ns;
    return MAX(MIN(ratio, DENSITY_MAX), 1 / DENSITY_MAX);
}

/* What else is known of them. */
static void
refine(struct linker *l, const struct piece *p, struct verdict *v)
{
    enum timing_kind kind = kind_of(p);
    double mean = affinity_mean(&l->affinity, v->shape);
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        double ratio = timing_ratio(&l->timing, kind, v->first, start_gap(r, p), end_gap(r, p));
        if (ratio == 0) {
            ratio = kind == TIMING_QUERY ? density(l, r, p) : 1;
        }
        v->all[i].weight *= ratio * affinity_ratio(&l->affinity, r->route, v->shape, mean) *
                            (is_served(l, r, p) ? SECOND_RATIO : 1);
    }
}

void
weigh_piece(struct linker *l, const struct piece *p, uint64_t now_ns, struct verdict *v)
{
    v->count = 0;
    v->overlaps = false;
    v->first = first_statement(p);
    v->shape = shape_of(p);
    v->unknown = evidence_in_flight(l->evidence, p->start_ns, now_ns);
    gather(l, p, v);
    add_up(l, v);
    v->by_values = v->posterior;
    bool is_sure = v->count > 0 && v->all[v->best].matches > 0 && v->posterior >= WEIGH_SURE;
    if (v->count > 0 && (p->is_session || !is_sure)) {
        refine(l, p, v);
        add_up(l, v);
    }
}

void
weigh_learn(struct linker *l, const struct piece *p, const struct verdict *v)
{
    if (v->count == 0) {
        return;
    }
    const struct held_request *best = v->all[v->best].request;
    enum timing_kind kind = kind_of(p);
    if (v->posterior >= 0.5) {
        evidence_learn_values(l->evidence, p->evidence, p->evidence_count, best->values,
                              best->value_count, v->posterior);
    }
    if (v->posterior >= LEARN_SURE) {
        l->late[kind].decided++;
        l->late[kind].late += p->end_ns > best->ev.end_ns;
        if (l->late[kind].decided > DECIDED_MAX) {
            l->late[kind].decided /= 2;
            l->late[kind].late /= 2;
        }
    }
    affinity_saw_piece(&l->affinity, v->shape);
    /* A single query's gaps are too wide to be learned from what they themselves have suggested. */
    bool is_told = kind != TIMING_QUERY || v->by_values >= TOLD_P;
    size_t step = v->posterior >= LEARN_SURE ? v->count / LEARN_OTHERS + 1 : 1;
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        if (i == v->best || i % step == 0) {
            double share = v->all[i].weight / v->sum;
            timing_learn(&l->timing, kind, v->first, start_gap(r, p), end_gap(r, p),
                         is_told ? share : 0);
            affinity_learn(&l->affinity, r->route, v->shape, share);
        }
    }
}
