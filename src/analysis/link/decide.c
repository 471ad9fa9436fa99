/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "analysis/link/state.h"
#include "base/clock.h"

#define CANDIDATES_MAX 256u
#define LATE_NS        LINK_SETTLE_NS /* work after the response, PHP's terminate */
#define LATE_BITS      (-2.0)
#define OPEN_MAX_NS    (30 * NS_PER_S) /* a transaction that long is decided as it is */
#define YOUNG_WAIT_NS  (60 * NS_PER_S)
#define LOOK_NS        (50 * NS_PER_MS)
#define HTTP_GONE_NS   (60 * NS_PER_S)
#define NAMED_WAIT_NS  (5 * NS_PER_S) /* for the request whose trace a comment names */
#define VALUES_P       0.998
#define CONTAINED_P    0.9
#define CONTAINED_SEEN 3 /* so that a first chance meeting does not count */
#define NEIGHBOUR_P    0.97f
#define ALONE_P        0.9 /* the user said that there is one at a time */
#define ALONE_WAIT_NS  (30 * NS_PER_S)
#define BACKGROUND     0.02

struct candidate {
    struct held_request *request;
    double bits;
    uint32_t matches;
};

struct verdict {
    struct candidate all[CANDIDATES_MAX];
    size_t count;
    size_t best;
    double posterior;
    bool overlaps; /* some request ran at the same time */
};

static const struct piece_query *
first_real_query(const struct piece *p)
{
    for (uint32_t i = 0; i < p->query_count; i++) {
        uint8_t kind = p->queries[i].q.kind;
        if (kind != STATEMENT_SESSION && kind != STATEMENT_TRANSACTION) {
            return &p->queries[i];
        }
    }
    return NULL;
}

static double
outside_share(const struct linker *l, const struct piece *p)
{
    const struct piece_query *q = first_real_query(p);
    if (q == NULL) {
        return 0;
    }
    const struct outside *o = &l->outside[q->q.fingerprint % LINK_OUTSIDE_CELLS];
    return o->fingerprint == q->q.fingerprint ? o->outside / (o->seen + 1) : 0;
}

/* How often its kind of work was seen before. */
static double
times_seen(const struct linker *l, const struct piece *p)
{
    const struct piece_query *q = first_real_query(p);
    if (q == NULL) {
        return 0;
    }
    const struct outside *o = &l->outside[q->q.fingerprint % LINK_OUTSIDE_CELLS];
    return o->fingerprint == q->q.fingerprint ? o->seen : 0;
}

static void
outside_learn(struct linker *l, const struct piece *p, bool was_outside)
{
    const struct piece_query *q = first_real_query(p);
    if (q == NULL) {
        return;
    }
    struct outside *o = &l->outside[q->q.fingerprint % LINK_OUTSIDE_CELLS];
    if (o->fingerprint != q->q.fingerprint) {
        *o = (struct outside){.fingerprint = q->q.fingerprint};
    }
    o->seen++;
    o->outside += was_outside;
    if (o->seen > 1000) {
        o->seen /= 2;
        o->outside /= 2;
    }
}

static bool
contains(const struct held_request *r, const struct piece *p)
{
    return r->ev.start_ns <= p->start_ns && p->end_ns <= r->ev.end_ns + LATE_NS &&
           p->start_ns <= r->ev.end_ns + LATE_NS / 10;
}

static int64_t
start_gap(const struct held_request *r, const struct piece *p)
{
    return (int64_t)(p->start_ns - r->ev.start_ns);
}

static int64_t
end_gap(const struct held_request *r, const struct piece *p)
{
    return (int64_t)(p->session->end_ns - r->ev.end_ns);
}

static void
weigh(struct linker *l, const struct piece *p, uint64_t now_ns, struct verdict *v)
{
    v->count = v->best = 0;
    v->overlaps = false;
    uint64_t from = p->start_ns > LATE_NS ? p->start_ns - LATE_NS : 0;
    double sum = evidence_in_flight(l->evidence, p->start_ns, now_ns) + BACKGROUND;
    for (size_t i = held_first_ending_after(&l->held, from); i < l->held.count; i++) {
        struct held_request *r = held_at(&l->held, i);
        if (r->ev.start_ns > p->end_ns) {
            continue;
        }
        v->overlaps = v->overlaps || r->ev.end_ns >= p->start_ns;
        if (!contains(r, p) || v->count == CANDIDATES_MAX) {
            continue;
        }
        struct evidence_bits b = evidence_of_values(l->evidence, p->evidence, p->evidence_count,
                                                    r->values, r->value_count);
        double bits = b.bits + (p->end_ns > r->ev.end_ns ? LATE_BITS : 0);
        if (p->is_session) {
            bits += evidence_of_times(l->evidence, start_gap(r, p), end_gap(r, p));
        }
        v->all[v->count] = (struct candidate){r, bits, b.matches};
        sum += exp2(bits);
        if (bits > v->all[v->best].bits) {
            v->best = v->count;
        }
        v->count++;
    }
    if (v->count > 0 && v->all[v->best].matches == 0) {
        sum += 20 * outside_share(l, p);
    }
    v->posterior = v->count == 0 ? 0 : exp2(v->all[v->best].bits) / sum;
}

static void
learn(struct linker *l, const struct piece *p, const struct verdict *v)
{
    const struct held_request *best = v->all[v->best].request;
    if (v->count == 0 || v->posterior < 0.5) {
        return;
    }
    evidence_learn_values(l->evidence, p->evidence, p->evidence_count, best->values,
                          best->value_count, v->posterior);
    if (!p->is_session) {
        return;
    }
    double rest = exp2(v->all[v->best].bits) / v->posterior;
    for (size_t i = 0; i < v->count; i++) {
        const struct held_request *r = v->all[i].request;
        evidence_learn_times(l->evidence, start_gap(r, p), end_gap(r, p),
                             exp2(v->all[i].bits) / rest);
    }
}

static bool
decide_by_trace_id(struct linker *l, struct piece *p)
{
    struct held_request *r = p->has_trace_id ? held_find_trace(&l->held, p->trace_id) : NULL;
    if (r == NULL || r->is_out || p->start_ns < r->ev.start_ns ||
        p->start_ns > r->ev.end_ns + LATE_NS) {
        return false;
    }
    link_decide_request(l, p, r, LINK_TRACEPARENT, 1);
    return true;
}

/* The pieces just before this one that only set the connection up. */
static void
take_setup_before(struct linker *l, struct piece *p, struct held_request *r, float probability)
{
    struct piece_session *s = p->session;
    while (p->in_session.prev != &s->pieces) {
        struct piece *before = LIST_ENTRY(p->in_session.prev, struct piece, in_session);
        if (!before->is_setup || !contains(r, before) ||
            p->start_ns > before->end_ns + burst_gaps_limit_ns(&link_upstream_of(l, s)->gaps)) {
            return;
        }
        link_decide_request(l, before, r, r->basis == LINK_NONE ? LINK_VALUES : r->basis,
                            probability);
    }
}

/* It holds a value that as a rule comes from the request: it speaks for itself. */
static bool
speaks_for_itself(const struct linker *l, const struct piece *p)
{
    for (uint32_t i = 0; i < p->evidence_count; i++) {
        if (evidence_slot_share(l->evidence, p->evidence[i].slot) > 0.5) {
            return true;
        }
    }
    return false;
}

/* With one request at a time, what runs behind a response is more likely the next one's, which is
 * known when it ends. */
static bool
is_too_late(const struct linker *l, const struct piece *p, const struct held_request *r)
{
    return l->alone && p->end_ns > r->ev.end_ns;
}

static bool
decide_by_neighbour(struct linker *l, struct piece *p, const struct verdict *v)
{
    struct piece_session *s = p->session;
    const struct upstream *u = link_upstream_of(l, s);
    if (p->neighbour == 0 || v->count == 0 || u->returns > 2 + 0.02 * u->anchors ||
        speaks_for_itself(l, p)) {
        return false;
    }
    struct held_request *r = held_find(&l->held, p->neighbour);
    if (r == NULL || r->is_out || !contains(r, p) || is_too_late(l, p, r)) {
        return false;
    }
    bool is_close = p->start_ns <= p->neighbour_end_ns + burst_gaps_limit_ns(&u->gaps);
    for (size_t i = 0; i < v->count; i++) {
        const struct candidate *c = &v->all[i];
        bool is_hungry = c->request->piece_count == 0 && !is_close;
        if (c->request != r && (c->matches > 0 || is_hungry)) {
            return false;
        }
        if (c->request == r && c->bits < v->all[v->best].bits - 1) {
            return false;
        }
    }
    link_decide_request(l, p, r, r->basis, r->probability * NEIGHBOUR_P);
    return true;
}

/* What follows on the same connection may be decided now that its neighbour is. */
static void
look_again(struct piece_session *s, uint64_t now_ns)
{
    LIST_FOREACH (it, &s->pieces) {
        LIST_ENTRY(it, struct piece, in_session)->look_ns = now_ns;
    }
}

void
link_set_hope(struct linker *l, struct piece *p, uint64_t request)
{
    if (p->hope == request) {
        return;
    }
    struct held_request *old = p->hope == 0 ? NULL : held_find(&l->held, p->hope);
    if (old != NULL) {
        old->hopes--;
    }
    struct held_request *r = request == 0 ? NULL : held_find(&l->held, request);
    p->hope = r == NULL ? 0 : request;
    if (r != NULL) {
        r->hopes++;
    }
}

static void
give_up(struct linker *l, struct piece *p, const struct verdict *v)
{
    bool outside = !v->overlaps || outside_share(l, p) > 0.5;
    outside_learn(l, p, !v->overlaps);
    if (outside) {
        link_decide_own_work(l, p);
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        v->all[i].request->unlinked++;
    }
    link_decide_unlinked(l, p);
}

/* The only request that the whole piece ran in; NULL: there is none, or more than one. What ran
 * behind a response is not taken for it: the next request may have begun. */
static const struct candidate *
only_one(const struct verdict *v, const struct piece *p)
{
    const struct candidate *one = NULL;
    for (size_t i = 0; i < v->count; i++) {
        if (p->end_ns <= v->all[i].request->ev.end_ns) {
            if (one != NULL) {
                return NULL;
            }
            one = &v->all[i];
        }
    }
    return one != NULL && !one->request->is_out ? one : NULL;
}

static bool
decide_alone(struct linker *l, struct piece *p, const struct verdict *v)
{
    const struct candidate *one = l->alone ? only_one(v, p) : NULL;
    if (one == NULL) {
        return false;
    }
    double posterior = v->posterior * exp2(one->bits - v->all[v->best].bits);
    learn(l, p, v);
    outside_learn(l, p, false);
    link_decide_request(l, p, one->request, LINK_CONTAINED, (float)MAX(posterior, ALONE_P));
    return true;
}

/* `final`: no more waiting. */
void
link_decide(struct linker *l, struct piece *p, uint64_t now_ns, bool final)
{
    struct verdict v;
    if (decide_by_trace_id(l, p)) {
        return;
    }
    weigh(l, p, now_ns, &v);
    const struct candidate *best = v.count == 0 ? NULL : &v.all[v.best];
    if (best != NULL && !best->request->is_out) {
        bool by_values = best->matches > 0 && v.posterior >= VALUES_P;
        bool only = best->matches == 0 && v.count == 1 && v.posterior >= CONTAINED_P &&
                    times_seen(l, p) >= CONTAINED_SEEN && !is_too_late(l, p, best->request);
        if (by_values || only) {
            struct held_request *r = best->request;
            learn(l, p, &v);
            outside_learn(l, p, false);
            if (!p->is_session) {
                look_again(p->session, now_ns);
            }
            take_setup_before(l, p, r, (float)v.posterior);
            link_decide_request(l, p, r, by_values ? LINK_VALUES : LINK_CONTAINED,
                                (float)v.posterior);
            return;
        }
    }
    if (decide_alone(l, p, &v) || (!p->is_session && decide_by_neighbour(l, p, &v))) {
        return;
    }
    if (final) {
        learn(l, p, &v);
        give_up(l, p, &v);
        return;
    }
    link_set_hope(l, p, best == NULL || best->request->is_out ? 0 : best->request->ev.request);
    p->look_ns = now_ns + LOOK_NS;
}

static bool
is_young_kind(const struct upstream *u)
{
    return u->young >= 5 && u->young > 4 * u->old;
}

/* Whether its session may still grow by what belongs to the same work. */
static bool
waits_for_close(struct linker *l, const struct piece *p, uint64_t now_ns)
{
    const struct piece_session *s = p->session;
    if (!s->is_fresh || s->is_long || s->end_ns != 0 || s->start_ns == 0) {
        return false;
    }
    uint64_t limit = is_young_kind(link_upstream_of(l, s)) ? YOUNG_WAIT_NS : NS_PER_S;
    return now_ns < s->start_ns + limit;
}

void
link_look_at(struct linker *l, struct piece *p, uint64_t now_ns)
{
    if (p->is_open && now_ns < p->end_ns + OPEN_MAX_NS) {
        return;
    }
    if (!l->alone && waits_for_close(l, p, now_ns)) {
        /* Its request is not to go out without it. */
        const struct held_request *r =
            p->has_trace_id ? held_find_trace(&l->held, p->trace_id) : NULL;
        if (r != NULL && !r->is_out) {
            link_set_hope(l, p, r->ev.request);
        }
        p->look_ns = now_ns + LOOK_NS / 2;
        return;
    }
    bool http = l->http_seen_ns != 0 && now_ns < l->http_seen_ns + HTTP_GONE_NS;
    uint64_t horizon = LINK_SETTLE_NS + evidence_horizon_ns(l->evidence);
    if (!http) {
        horizon = l->http_seen_ns == 0 ? 0 : LINK_SETTLE_NS;
    }
    if (l->alone) { /* a request is known when it ends, and somebody may be debugging it */
        horizon = ALONE_WAIT_NS;
    }
    bool final = now_ns >= p->end_ns + horizon;
    if (final && http && p->has_trace_id && now_ns < p->end_ns + NAMED_WAIT_NS &&
        held_find_trace(&l->held, p->trace_id) == NULL) {
        p->look_ns = now_ns + LOOK_NS;
        return;
    }
    link_decide(l, p, now_ns, final);
}
