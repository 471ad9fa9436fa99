/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/weigh.h"
#include "base/clock.h"

#define OPEN_MAX_NS    (30 * NS_PER_S) /* a transaction that long is decided as it is */
#define YOUNG_WAIT_NS  (60 * NS_PER_S)
#define LOOK_NS        (50 * NS_PER_MS)
#define HTTP_GONE_NS   (60 * NS_PER_S)
#define NAMED_WAIT_NS  (5 * NS_PER_S) /* for the request whose trace a comment names */
#define CONTAINED_P    0.9
#define CONTAINED_SEEN 3 /* so that a first chance meeting does not count */
#define ANCHORS_NEEDED 50
#define NEIGHBOUR_P    0.97f
#define ALONE_P        0.9 /* the user said that there is one at a time */
#define ALONE_WAIT_NS  (30 * NS_PER_S)
#define TIME_P         0.9  /* of a transaction, or a session */
#define TIME_QUERY_P   0.95 /* of a single query, whose time says less */
#define TIME_UNKNOWN   0.1  /* requests that may still be reported */

static bool
decide_by_trace_id(struct linker *l, struct piece *p)
{
    struct held_request *r = p->has_trace_id ? held_find_trace(&l->held, p->trace_id) : NULL;
    if (r == NULL || r->is_out || p->start_ns < r->ev.start_ns ||
        p->start_ns > r->ev.end_ns + WEIGH_LATE_NS) {
        return false;
    }
    link_decide_request(l, p, r, LINK_TRACEPARENT, 1);
    return true;
}

/* The pieces just before this one that only set the connection up. */
static void
take_setup_before(struct linker *l, struct piece *p, struct held_request *r, enum link_basis basis,
                  float probability)
{
    struct piece_session *s = p->session;
    while (p->in_session.prev != &s->pieces) {
        struct piece *before = LIST_ENTRY(p->in_session.prev, struct piece, in_session);
        if (!before->is_setup || !weigh_contains(r, before) ||
            p->start_ns > before->end_ns + burst_gaps_limit_ns(&link_upstream_of(l, s)->gaps)) {
            return;
        }
        link_decide_request(l, before, r, basis, probability);
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

/* Connections are handed out for whole requests, as far as has been seen. */
static bool
keeps_connections(const struct upstream *u)
{
    return u->returns <= 2 + 0.02 * u->anchors;
}

static bool
decide_by_neighbour(struct linker *l, struct piece *p, const struct verdict *v)
{
    struct piece_session *s = p->session;
    const struct upstream *u = link_upstream_of(l, s);
    if (p->neighbour == 0 || v->count == 0 || !keeps_connections(u) || speaks_for_itself(l, p)) {
        return false;
    }
    struct held_request *r = held_find(&l->held, p->neighbour);
    if (r == NULL || r->is_out || !weigh_contains(r, p) || is_too_late(l, p, r)) {
        return false;
    }
    if (p->end_ns > r->ev.end_ns && v->unknown >= TIME_UNKNOWN) {
        return false; /* whose connection it is by now may not have been reported */
    }
    double mine = 0, most = 0;
    bool is_close = p->start_ns <= p->neighbour_end_ns + burst_gaps_limit_ns(&u->gaps);
    for (size_t i = 0; i < v->count; i++) {
        const struct candidate *c = &v->all[i];
        bool is_hungry = c->request->piece_count == 0 && !is_close;
        if (c->request != r && (c->matches > 0 || is_hungry)) {
            return false;
        }
        double carried = c->by_values / c->siblings;
        most = MAX(most, carried);
        mine = c->request == r ? carried : mine;
    }
    if (mine < most / 2) {
        return false;
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

/* By route, as far as it is likely. */
static void
share_out(const struct verdict *v, struct trace_shares *shares)
{
    for (size_t i = 0; i < v->count; i++) {
        uint32_t route = v->all[i].request->route;
        float share = (float)(v->all[i].weight / v->sum);
        unsigned at = 0;
        while (at < shares->count && shares->of[at].route != route) {
            at++;
        }
        if (at < shares->count) {
            shares->of[at].share += share;
        } else if (at < TRACE_SHARES_MAX) {
            shares->of[shares->count++] = (struct trace_share){route, share};
        }
    }
}

static void
give_up(struct linker *l, struct piece *p, const struct verdict *v)
{
    if (p->is_joined && v->count == 0 && v->overlaps) {
        link_torn_apart(link_upstream_of(l, p->session), 1);
    }
    bool outside = !v->overlaps || outside_share(&l->outside, v->first) > 0.5;
    outside_learn(&l->outside, v->first, !v->overlaps);
    if (outside) {
        link_decide_own_work(l, p);
        return;
    }
    weigh_learn(l, p, v);
    for (size_t i = 0; i < v->count; i++) {
        v->all[i].request->unlinked++;
    }
    struct trace_shares shares = {0};
    share_out(v, &shares);
    link_decide_unlinked(l, p, &shares);
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
    double posterior = one->weight / v->sum;
    weigh_learn(l, p, v);
    outside_learn(&l->outside, v->first, false);
    link_decide_request(l, p, one->request, LINK_CONTAINED, (float)MAX(posterior, ALONE_P));
    return true;
}

/* Why the best candidate may be taken for the owner; LINK_NONE: it may not, yet. */
static enum link_basis
basis_of(struct linker *l, const struct piece *p, const struct verdict *v, bool final)
{
    const struct candidate *best = &v->all[v->best];
    if (v->count == 0 || best->request->is_out) {
        return LINK_NONE;
    }
    if (best->matches > 0 && v->posterior >= WEIGH_SURE) {
        return LINK_VALUES;
    }
    if (best->matches == 0 && v->count == 1 && v->by_values >= CONTAINED_P &&
        outside_times_seen(&l->outside, v->first) >= CONTAINED_SEEN &&
        !is_too_late(l, p, best->request)) {
        return LINK_CONTAINED;
    }
    /* A single query waits for what its neighbours may yet say; where they are a request's own, and
     * do not, it is one of the odd ones. */
    const struct upstream *u = link_upstream_of(l, p->session);
    bool is_query = !p->is_session && p->query_count == 1;
    bool is_time = !is_query || u->anchors < ANCHORS_NEEDED || !keeps_connections(u);
    is_time = is_time && (final || v->unknown < TIME_UNKNOWN);
    bool by_time = !l->alone && is_time && v->posterior >= (is_query ? TIME_QUERY_P : TIME_P);
    return by_time ? LINK_AFFINITY : LINK_NONE;
}

/* `final`: no more waiting. */
void
link_decide(struct linker *l, struct piece *p, uint64_t now_ns, bool final)
{
    struct verdict v;
    if (decide_by_trace_id(l, p)) {
        return;
    }
    if (p->has_trace_id && !final && !l->alone) { /* it has said whose it is */
        p->look_ns = now_ns + LOOK_NS;
        return;
    }
    weigh_piece(l, p, now_ns, &v);
    enum link_basis basis = basis_of(l, p, &v, final);
    if (basis != LINK_NONE) {
        struct held_request *r = v.all[v.best].request;
        weigh_learn(l, p, &v);
        outside_learn(&l->outside, v.first, false);
        link_upstream_of(l, p->session)->whole += p->is_joined;
        if (!p->is_session) {
            look_again(p->session, now_ns);
        }
        take_setup_before(l, p, r, basis, (float)v.posterior);
        link_decide_request(l, p, r, basis, (float)v.posterior);
        return;
    }
    if (decide_alone(l, p, &v) || (!p->is_session && decide_by_neighbour(l, p, &v))) {
        return;
    }
    if (final) {
        give_up(l, p, &v);
        return;
    }
    const struct candidate *best = v.count == 0 ? NULL : &v.all[v.best];
    link_set_hope(l, p, best == NULL || best->request->is_out ? 0 : best->request->ev.request);
    /* Less often as it gets older, and before a request that ends now would have gone out. */
    uint64_t age_ns = now_ns - MIN(p->end_ns, now_ns);
    p->look_ns = now_ns + MIN(MAX(age_ns / 2, LOOK_NS), LINK_SETTLE_NS / 2);
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
    const struct upstream *u = link_upstream_of(l, s);
    if (!s->is_fresh || s->is_long || link_is_torn_kind(u) || s->end_ns != 0 || s->start_ns == 0) {
        return false;
    }
    uint64_t limit = is_young_kind(u) ? YOUNG_WAIT_NS : NS_PER_S;
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
