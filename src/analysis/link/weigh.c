/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/weigh.h"

#include "base/hash.h"
#include "base/prng.h"

#define LATE_SHARE_MAX   0.25
#define LATE_SHARE_MIN   0.01
#define DECIDED_MAX      1000
#define SECOND_RATIO     0.0625 /* of a request that has a connection already */
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

/* What its other queries' values say: as surely as these are its own. Where a request has one piece
 * as a rule, one that shares a value with it is another request's of the same user. */
static void
ask_siblings(const struct evidence_weights *weights, const struct piece *p, struct candidate *c)
{
    const struct held_request *r = c->request;
    if (r->sibling_count == 0 || kind_of(p) != TIMING_QUERY) {
        return;
    }
    struct evidence_match m =
        evidence_of_request(weights, p->evidence, p->evidence_count, r->siblings, r->sibling_count);
    double sure = (double)r->probability;
    c->siblings = sure * m.weight + (1 - sure);
    c->weight *= c->siblings;
}

/* Who is one, by their values alone. */
static void
gather(struct linker *l, const struct piece *p, struct verdict *v)
{
    struct evidence_weights weights, siblings;
    evidence_weigh(l->evidence, EVIDENCE_REQUEST, p->evidence, p->evidence_count, &weights);
    evidence_weigh(l->evidence, EVIDENCE_SIBLINGS, p->evidence, p->evidence_count, &siblings);
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
        struct candidate *c = &v->all[v->count++];
        *c = (struct candidate){
            .request = r, .weight = m.weight, .matches = m.matches, .siblings = 1};
        ask_siblings(&siblings, p, c);
        c->by_values = c->weight;
    }
}

/* What speaks for it by its other queries' values does so only if these are its own. */
static double
posterior_of(const struct candidate *c, double sum)
{
    double sure = c->siblings > 1 ? (double)c->request->probability : 1;
    double alone = c->weight / c->siblings;
    return sure * c->weight / sum + (1 - sure) * alone / (sum - c->weight + alone);
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
    v->posterior = v->count == 0 ? 0 : posterior_of(&v->all[v->best], v->sum);
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

static unsigned
place_of(const struct held_request *r, const struct piece *p)
{
    return kind_of(p) == TIMING_QUERY ? affinity_place(start_gap(r, p), -end_gap(r, p))
                                      : AFFINITY_NOWHERE;
}

/* What is known of how a piece lies in a request, but for what its route asks. */
static double
by_time(const struct linker *l, const struct held_request *r, const struct piece *p,
        const struct verdict *v)
{
    enum timing_kind kind = kind_of(p);
    if (kind == TIMING_QUERY) {
        return v->mean == 0 ? density(l, r, p) : 1;
    }
    double ratio = timing_ratio(&l->timing, kind, v->first, start_gap(r, p), end_gap(r, p));
    return ratio == 0 ? 1 : ratio;
}

static double
by_route(const struct linker *l, const struct held_request *r, const struct piece *p,
         const struct verdict *v)
{
    return affinity_ratio(&l->affinity, r->route, v->shape, place_of(r, p), v->mean);
}

/* What else is known of them. */
static void
refine(struct linker *l, const struct piece *p, struct verdict *v)
{
    v->mean = affinity_mean(&l->affinity, v->shape);
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        v->all[i].weight *=
            by_time(l, r, p, v) * by_route(l, r, p, v) * (is_served(l, r, p) ? SECOND_RATIO : 1);
    }
}

void
weigh_piece(struct linker *l, const struct piece *p, uint64_t now_ns, struct verdict *v)
{
    v->count = 0;
    v->overlaps = false;
    v->mean = 0;
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

/* So that it is shared out again when more is known. Weights may be huge: as parts of their sum. */
static void
keep_for_later(struct linker *l, const struct piece *p, const struct verdict *v)
{
    double rest = v->sum;
    for (size_t i = 0; i < v->count; i++) {
        rest -= v->all[i].weight;
    }
    struct reshare_piece *again =
        reshare_add(&l->reshare, &l->affinity, v->shape, MAX(rest, 0) / v->sum);
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        double share = v->all[i].weight / v->sum, but_route = share / by_route(l, r, p, v);
        if (!reshare_place(again, r->route, place_of(r, p), but_route, share)) {
            again->rest += share;
        }
    }
}

static void
learn_late(struct linker *l, enum timing_kind kind, bool is_late)
{
    l->late[kind].decided++;
    l->late[kind].late += is_late;
    if (l->late[kind].decided > DECIDED_MAX) {
        l->late[kind].decided /= 2;
        l->late[kind].late /= 2;
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
    bool is_sure = v->posterior >= LEARN_SURE;
    if (v->posterior >= 0.5) {
        evidence_learn_values(l->evidence, EVIDENCE_REQUEST, p->evidence, p->evidence_count,
                              best->values, best->value_count, v->posterior);
        if (best->sibling_count > 0 && kind == TIMING_QUERY) {
            evidence_learn_values(l->evidence, EVIDENCE_SIBLINGS, p->evidence, p->evidence_count,
                                  best->siblings, best->sibling_count, v->posterior);
        }
    }
    if (is_sure) {
        learn_late(l, kind, p->end_ns > best->ev.end_ns);
    } else if (v->mean > 0) {
        keep_for_later(l, p, v);
    }
    affinity_saw_piece(&l->affinity, v->shape);
    size_t step = is_sure ? v->count / LEARN_OTHERS + 1 : 1;
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        if (i == v->best || i % step == 0) {
            double share = v->all[i].weight / v->sum;
            if (kind != TIMING_QUERY) {
                timing_learn(&l->timing, kind, v->first, start_gap(r, p), end_gap(r, p), share);
            }
            affinity_learn(&l->affinity, r->route, v->shape, place_of(r, p), share);
        }
    }
    if (!is_sure) {
        reshare_some(&l->reshare, &l->affinity);
    }
}
