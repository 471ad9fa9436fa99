/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/burst.h"
#include "analysis/evidence.h"
#include "analysis/held.h"
#include "analysis/piece.h"
#include "base/clock.h"

#define LINK_MAGIC     0x4c494e4bu
#define UPSTREAMS      64u
#define OUTSIDE_CELLS  4096u
#define CANDIDATES_MAX 256u

#define LATE_NS        LINK_SETTLE_NS /* work after the response, PHP's terminate */
#define LATE_BITS      (-2.0)
#define OPEN_MAX_NS    (30 * NS_PER_S) /* a transaction that long is decided as it is */
#define YOUNG_NS       (10 * NS_PER_S) /* a session that lived for one piece of work */
#define YOUNG_WAIT_NS  (60 * NS_PER_S)
#define LOOK_NS        (50 * NS_PER_MS)
#define HTTP_GONE_NS   (60 * NS_PER_S)
#define VALUES_P       0.998
#define CONTAINED_P    0.9
#define CONTAINED_SEEN 3 /* so that a first chance meeting does not count */
#define NEIGHBOUR_P    0.97f
#define BACKGROUND     0.02

/* The client's side, for as long as it or its pieces live. */
struct piece_session {
    uint64_t id;
    uint64_t start_ns; /* 0: began before we saw it */
    uint64_t end_ns;   /* 0: open */
    uint16_t listener;
    uint16_t upstream;
    bool is_fresh; /* none of its pieces was decided yet */
    bool is_long;  /* was counted as long-lived */
    struct piece *open;
    uint64_t last_end_ns;
    struct list pieces; /* undecided, by in_session */
    struct list burst;  /* decided as work of its own, by in_order */
    uint64_t burst_end_ns;
    bool burst_is_transaction; /* its last piece */
    struct list bursting;      /* on the linker's list while burst is not empty */
    uint64_t anchor; /* the request that the newest piece was linked to; 0: none, or undecided */
    uint64_t anchor_end_ns;
    uint64_t owner; /* of the piece decided last, and of the one before that had another */
    uint64_t owner_before;
};

struct upstream {
    struct burst_gaps gaps;
    double young;
    double old;
    double anchors;
    double returns; /* signs that connections are handed out per query: an owner came back after
                     * another, or has pieces on two of them */
};

/* How often a statement began a piece, and how often that piece was in no request. */
struct outside {
    uint64_t fingerprint;
    float seen;
    float outside;
};

struct linker {
    unsigned magic;
    struct link_out out;
    struct map sessions;
    struct held held;
    struct evidence *evidence;
    struct list pending;  /* undecided pieces in order of their begin, by in_order */
    struct list bursting; /* sessions with a burst */
    struct upstream upstreams[UPSTREAMS];
    struct outside outside[OUTSIDE_CELLS];
    uint64_t last_request_ns; /* 0: never */
    struct link_totals totals;
};

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

struct linker *
linker_new(const struct link_out *out)
{
    struct linker *l = check_alloc(1, sizeof(*l));
    l->magic = LINK_MAGIC;
    l->out = *out;
    map_init(&l->sessions, LINK_SESSIONS_MAX);
    held_init(&l->held, LINK_REQUESTS_MAX);
    l->evidence = evidence_new();
    list_init(&l->pending);
    list_init(&l->bursting);
    for (unsigned i = 0; i < UPSTREAMS; i++) {
        burst_gaps_init(&l->upstreams[i].gaps);
    }
    return l;
}

static struct upstream *
upstream_of(struct linker *l, const struct piece_session *s)
{
    return &l->upstreams[s->upstream % UPSTREAMS];
}

static void
release_piece(struct linker *l, struct piece *p)
{
    l->totals.bytes_now -= piece_bytes(p);
    piece_free(&p);
}

static void
release_pieces(struct linker *l, struct list *pieces)
{
    LIST_FOREACH (it, pieces) {
        release_piece(l, LIST_ENTRY(it, struct piece, in_order));
    }
}

static void
release_session(struct linker *l, struct piece_session *s)
{
    map_remove(&l->sessions, s->id);
    list_remove(&s->bursting);
    free(s);
}

static void
hand_out(struct linker *l, struct trace *t)
{
    l->totals.queries_out += t->query_count + t->queries_folded;
    l->out.trace(l->out.ctx, &t);
}

/* Work of its own, or unlinked: a trace without a request. */
static void
emit_work(struct linker *l, const struct piece_session *s, struct list *pieces, bool unlinked)
{
    const struct piece *first = LIST_ENTRY(pieces->next, struct piece, in_order);
    const char *tag = "";
    bool whole = true;
    LIST_FOREACH (it, pieces) {
        const struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        tag = tag[0] == '\0' ? p->tag : tag;
        whole = whole && p->is_session;
    }
    struct trace *t = piece_list_trace(pieces);
    t->listener = s->listener;
    t->upstream = s->upstream;
    t->basis = !unlinked && whole ? LINK_CONNECTION : LINK_NONE;
    t->probability = unlinked ? 0 : 1;
    if (first->has_trace_id) {
        memcpy(t->trace_id, first->trace_id, sizeof(t->trace_id));
    }
    t->route =
        unlinked ? TRACE_ROUTE_UNLINKED : l->out.route_of_work(l->out.ctx, t, slice_from_str(tag));
    release_pieces(l, pieces);
    hand_out(l, t);
}

static void
flush_burst(struct linker *l, struct piece_session *s)
{
    if (!list_is_empty(&s->burst)) {
        emit_work(l, s, &s->burst, false);
    }
    list_remove(&s->bursting);
    if (s->end_ns != 0 && list_is_empty(&s->pieces)) {
        release_session(l, s);
    }
}

/* Takes the piece off the undecided and tells the next on its connection whose it was. */
static void
undecided_no_more(struct linker *l, struct piece *p, uint64_t owner)
{
    struct piece_session *s = p->session;
    if (p->in_session.next == &s->pieces) {
        s->anchor = owner;
        s->anchor_end_ns = p->end_ns;
    } else {
        struct piece *next = LIST_ENTRY(p->in_session.next, struct piece, in_session);
        next->neighbour = owner;
        next->neighbour_end_ns = p->end_ns;
    }
    struct held_request *hope = p->hope == 0 ? NULL : held_find(&l->held, p->hope);
    if (hope != NULL) {
        hope->hopes--;
    }
    p->hope = 0;
    if (s->open == p) {
        s->open = NULL;
    }
    s->is_fresh = false;
    list_remove(&p->in_session);
    list_remove(&p->in_order);
}

static void
session_may_end(struct linker *l, struct piece_session *s)
{
    if (s->end_ns != 0 && list_is_empty(&s->pieces)) {
        flush_burst(l, s);
    }
}

static void
decide_own_work(struct linker *l, struct piece *p)
{
    struct piece_session *s = p->session;
    undecided_no_more(l, p, 0);
    l->totals.pieces[p->is_session ? LINK_CONNECTION : LINK_NONE]++;
    uint64_t limit = burst_gaps_limit_ns(&upstream_of(l, s)->gaps);
    /* Two transactions side by side are two pieces of work: drivers that open one for each request
     * outnumber requests that commit twice. */
    bool both = s->burst_is_transaction && p->query_count > 1;
    if (!list_is_empty(&s->burst) && (both || p->start_ns > s->burst_end_ns + limit)) {
        emit_work(l, s, &s->burst, false);
    }
    if (list_is_empty(&s->bursting)) {
        list_append(&l->bursting, &s->bursting);
    }
    list_append(&s->burst, &p->in_order);
    s->burst_end_ns = p->end_ns;
    s->burst_is_transaction = p->query_count > 1;
    session_may_end(l, s);
}

static void
decide_unlinked(struct linker *l, struct piece *p)
{
    struct piece_session *s = p->session;
    undecided_no_more(l, p, 0);
    l->totals.pieces_unlinked++;
    struct list one;
    list_init(&one);
    list_append(&one, &p->in_order);
    emit_work(l, s, &one, true);
    session_may_end(l, s);
}

/* A request that already has a piece on another connection of this upstream. */
static bool
is_spread(const struct held_request *r, const struct piece_session *s)
{
    const struct piece *last = LIST_ENTRY(r->pieces.prev, struct piece, in_order);
    return !list_is_empty(&r->pieces) && last->session_id != s->id && last->upstream == s->upstream;
}

static void
decide_request(struct linker *l, struct piece *p, struct held_request *r, enum link_basis basis,
               float probability)
{
    struct piece_session *s = p->session;
    undecided_no_more(l, p, r->ev.request);
    l->totals.pieces[basis]++;
    struct upstream *u = upstream_of(l, s);
    u->anchors++;
    u->returns += !p->is_session && is_spread(r, s);
    p->request = r->ev.request;
    p->basis = (uint8_t)basis;
    p->probability = probability;
    list_append(&r->pieces, &p->in_order);
    r->piece_count++;
    r->basis = MAX(r->basis, (uint8_t)basis);
    r->probability = MIN(r->probability, probability);
    if (s->owner != r->ev.request) {
        u->returns += s->owner_before == r->ev.request;
        s->owner_before = s->owner;
        s->owner = r->ev.request;
    }
    session_may_end(l, s);
}

static void
emit_request(struct linker *l, struct held_request *r)
{
    struct trace *t = piece_list_trace(&r->pieces);
    t->request = r->ev.request;
    t->route = r->route;
    t->listener = r->ev.listener;
    t->upstream = r->ev.upstream;
    t->start_ns = r->ev.start_ns;
    t->first_byte_ns = r->ev.first_byte_ns;
    t->end_ns = r->ev.end_ns;
    t->bytes_in = r->ev.bytes_in;
    t->bytes_out = r->ev.bytes_out;
    t->body_hash = r->ev.body_hash;
    memcpy(t->trace_id, r->ev.trace_id, sizeof(t->trace_id));
    t->request_flags = r->ev.flags;
    t->status = r->ev.status;
    t->method = r->ev.method;
    t->basis = r->basis;
    t->probability = r->probability;
    t->unlinked_sessions = r->unlinked;
    r->is_out = true;
    l->totals.requests++;
    release_pieces(l, &r->pieces);
    hand_out(l, t);
}

/* ---- evidence ---- */

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
    const struct outside *o = &l->outside[q->q.fingerprint % OUTSIDE_CELLS];
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
    const struct outside *o = &l->outside[q->q.fingerprint % OUTSIDE_CELLS];
    return o->fingerprint == q->q.fingerprint ? o->seen : 0;
}

static void
outside_learn(struct linker *l, const struct piece *p, bool was_outside)
{
    const struct piece_query *q = first_real_query(p);
    if (q == NULL) {
        return;
    }
    struct outside *o = &l->outside[q->q.fingerprint % OUTSIDE_CELLS];
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

/* ---- deciding ---- */

static bool
decide_by_trace_id(struct linker *l, struct piece *p)
{
    struct held_request *r = p->has_trace_id ? held_find_trace(&l->held, p->trace_id) : NULL;
    if (r == NULL || r->is_out || p->start_ns < r->ev.start_ns ||
        p->start_ns > r->ev.end_ns + LATE_NS) {
        return false;
    }
    decide_request(l, p, r, LINK_TRACEPARENT, 1);
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
            p->start_ns > before->end_ns + burst_gaps_limit_ns(&upstream_of(l, s)->gaps)) {
            return;
        }
        decide_request(l, before, r, r->basis == LINK_NONE ? LINK_VALUES : r->basis, probability);
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

static bool
decide_by_neighbour(struct linker *l, struct piece *p, const struct verdict *v)
{
    struct piece_session *s = p->session;
    const struct upstream *u = upstream_of(l, s);
    if (p->neighbour == 0 || v->count == 0 || u->returns > 2 + 0.02 * u->anchors ||
        speaks_for_itself(l, p)) {
        return false;
    }
    struct held_request *r = held_find(&l->held, p->neighbour);
    if (r == NULL || r->is_out || !contains(r, p)) {
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
    decide_request(l, p, r, r->basis, r->probability * NEIGHBOUR_P);
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

static void
set_hope(struct linker *l, struct piece *p, uint64_t request)
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
        decide_own_work(l, p);
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        v->all[i].request->unlinked++;
    }
    decide_unlinked(l, p);
}

/* `final`: no more waiting. */
static void
decide(struct linker *l, struct piece *p, uint64_t now_ns, bool final)
{
    struct verdict v;
    if (decide_by_trace_id(l, p)) {
        return;
    }
    weigh(l, p, now_ns, &v);
    const struct candidate *best = v.count == 0 ? NULL : &v.all[v.best];
    if (best != NULL && !best->request->is_out) {
        bool by_values = best->matches > 0 && v.posterior >= VALUES_P;
        bool alone = best->matches == 0 && v.count == 1 && v.posterior >= CONTAINED_P &&
                     times_seen(l, p) >= CONTAINED_SEEN;
        if (by_values || alone) {
            struct held_request *r = best->request;
            learn(l, p, &v);
            outside_learn(l, p, false);
            if (!p->is_session) {
                look_again(p->session, now_ns);
            }
            take_setup_before(l, p, r, (float)v.posterior);
            decide_request(l, p, r, by_values ? LINK_VALUES : LINK_CONTAINED, (float)v.posterior);
            return;
        }
    }
    if (!p->is_session && decide_by_neighbour(l, p, &v)) {
        return;
    }
    if (final) {
        learn(l, p, &v);
        give_up(l, p, &v);
        return;
    }
    set_hope(l, p, best == NULL || best->request->is_out ? 0 : best->request->ev.request);
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
    if (!s->is_fresh || s->end_ns != 0 || s->start_ns == 0) {
        return false;
    }
    uint64_t limit = is_young_kind(upstream_of(l, s)) ? YOUNG_WAIT_NS : NS_PER_S;
    return now_ns < s->start_ns + limit;
}

static void
look_at(struct linker *l, struct piece *p, uint64_t now_ns)
{
    if (p->is_open && now_ns < p->end_ns + OPEN_MAX_NS) {
        return;
    }
    if (waits_for_close(l, p, now_ns)) {
        p->look_ns = now_ns + LOOK_NS / 2;
        return;
    }
    bool http = l->last_request_ns != 0 && now_ns < l->last_request_ns + HTTP_GONE_NS;
    uint64_t horizon = LINK_SETTLE_NS + evidence_horizon_ns(l->evidence);
    if (!http) {
        horizon = l->last_request_ns == 0 ? 0 : LINK_SETTLE_NS;
    }
    decide(l, p, now_ns, now_ns >= p->end_ns + horizon);
}

/* ---- what comes in ---- */

static struct piece_session *
session_get(struct linker *l, uint64_t id, uint64_t start_ns, uint16_t listener, uint16_t upstream)
{
    struct piece_session *s = map_get(&l->sessions, id);
    if (s != NULL) {
        return s;
    }
    s = check_alloc(1, sizeof(*s));
    if (map_put(&l->sessions, id, s) != 0) {
        free(s);
        l->totals.sessions_refused++;
        return NULL;
    }
    s->id = id;
    s->start_ns = start_ns;
    s->listener = listener;
    s->upstream = upstream;
    s->is_fresh = start_ns != 0;
    list_init(&s->pieces);
    list_init(&s->burst);
    list_init(&s->bursting);
    return s;
}

void
linker_session_open(struct linker *l, const struct event_session_open *ev)
{
    OBJ_CHECK(l, LINK_MAGIC);
    if (ev->protocol == PROTOCOL_POSTGRES) {
        session_get(l, ev->session, ev->reannounced ? 0 : ev->start_ns, ev->listener, ev->upstream);
    }
}

/* A session that lived for one piece of work becomes one piece. */
static void
join_session(struct linker *l, struct piece_session *s)
{
    if (!s->is_fresh || list_is_empty(&s->pieces)) {
        return;
    }
    struct piece *whole = LIST_ENTRY(s->pieces.next, struct piece, in_session);
    set_hope(l, whole, 0);
    LIST_FOREACH (it, &s->pieces) {
        struct piece *p = LIST_ENTRY(it, struct piece, in_session);
        if (p != whole) {
            set_hope(l, p, 0);
            l->totals.bytes_now -= piece_bytes(p) + piece_bytes(whole);
            piece_merge(whole, p);
            l->totals.bytes_now += piece_bytes(whole);
            piece_free(&p);
        }
    }
    whole->is_session = true;
}

void
linker_session_close(struct linker *l, uint64_t now_ns, const struct event_session_close *ev)
{
    OBJ_CHECK(l, LINK_MAGIC);
    struct piece_session *s = map_get(&l->sessions, ev->session);
    if (s == NULL || s->end_ns != 0) {
        return;
    }
    s->end_ns = MAX(ev->end_ns, 1u);
    s->open = NULL;
    struct upstream *u = upstream_of(l, s);
    if (s->is_fresh && s->end_ns < s->start_ns + YOUNG_NS && ev->queries > 0) {
        u->young++;
        if (u->young > 200) {
            u->young /= 2;
            u->old /= 2;
        }
    }
    join_session(l, s);
    LIST_FOREACH (it, &s->pieces) {
        struct piece *p = LIST_ENTRY(it, struct piece, in_session);
        if (p->is_open) {
            p->is_open = false;
            evidence_saw_piece(l->evidence, p->evidence, p->evidence_count);
        }
        p->look_ns = now_ns;
    }
    if (list_is_empty(&s->pieces)) {
        flush_burst(l, s);
    }
}

/* A PREPARE or CLOSE record finds the query it is about in the newest pieces. */
static void
add_side(struct linker *l, struct piece_session *s, const struct event_query *ev)
{
    for (struct list *it = s->pieces.prev; it != &s->pieces; it = it->prev) {
        if (piece_add_side(LIST_ENTRY(it, struct piece, in_session), ev)) {
            return;
        }
    }
    for (struct list *it = s->burst.prev; it != &s->burst; it = it->prev) {
        if (piece_add_side(LIST_ENTRY(it, struct piece, in_order), ev)) {
            return;
        }
    }
    l->totals.side_lost++;
}

static void
shed_pieces(struct linker *l, uint64_t now_ns)
{
    while (l->totals.bytes_now > LINK_BYTES_MAX && !list_is_empty(&l->pending)) {
        l->totals.pieces_shed++;
        decide(l, LIST_ENTRY(l->pending.next, struct piece, in_order), now_ns, true);
    }
}

void
linker_query(struct linker *l, uint64_t now_ns, const struct event_query *ev,
             const uint64_t *values, struct slice tag)
{
    OBJ_CHECK(l, LINK_MAGIC);
    struct piece_session *s = session_get(l, ev->session, 0, ev->listener, ev->upstream);
    if (s == NULL) {
        return;
    }
    if (ev->role != ROLE_EXECUTE) {
        add_side(l, s, ev);
        return;
    }
    l->totals.queries++;
    struct piece *p = s->open;
    struct upstream *u = upstream_of(l, s);
    if (p == NULL) {
        p = piece_new(s, s->id, s->upstream);
        l->totals.bytes_now += piece_bytes(p);
        if (s->last_end_ns != 0 && ev->start_ns > s->last_end_ns) {
            burst_gaps_saw(&u->gaps, ev->start_ns - s->last_end_ns);
        }
        if (list_is_empty(&s->pieces)) {
            p->neighbour = s->anchor;
            p->neighbour_end_ns = s->anchor_end_ns;
        }
        list_append(&s->pieces, &p->in_session);
        list_append(&l->pending, &p->in_order);
        s->open = p;
    }
    if (!s->is_long && s->start_ns != 0 && ev->end_ns > s->start_ns + YOUNG_NS) {
        s->is_long = true;
        u->old++;
    }
    l->totals.bytes_now -= piece_bytes(p);
    piece_add(p, ev, values);
    l->totals.bytes_now += piece_bytes(p);
    if (p->tag[0] == '\0' && tag.len > 0) {
        slice_to_str(tag, p->tag, sizeof(p->tag));
    }
    s->last_end_ns = ev->end_ns;
    p->is_open = ev->tx_state != 'I' && s->end_ns == 0;
    if (!p->is_open) {
        s->open = NULL;
        p->look_ns = now_ns;
        evidence_saw_piece(l->evidence, p->evidence, p->evidence_count);
    }
    shed_pieces(l, now_ns);
}

static void
drop_oldest_request(struct linker *l)
{
    struct held_request *r = held_at(&l->held, 0);
    if (!r->is_out) {
        l->totals.requests_shed++;
        emit_request(l, r);
    }
    held_drop_oldest(&l->held);
}

void
linker_request(struct linker *l, uint64_t now_ns, const struct event_request *ev,
               const uint64_t *values, struct slice path)
{
    OBJ_CHECK(l, LINK_MAGIC);
    if (held_is_full(&l->held)) {
        drop_oldest_request(l);
    }
    struct held_request *r = held_add(&l->held, ev, values);
    if (r == NULL) {
        return;
    }
    r->route = l->out.route_of_request(l->out.ctx, ev->listener, ev->method, path);
    l->last_request_ns = now_ns;
    evidence_saw_request(l->evidence, ev->start_ns, ev->end_ns, r->values, r->value_count);
}

static void
tick_pieces(struct linker *l, uint64_t now_ns)
{
    /* Deciding one piece may take others with it (set-up before it), never the one after it in
     * this list: that began later. But it may free the next when both close a session: so restart
     * from what is still on the list. */
    struct list *it = l->pending.next;
    while (it != &l->pending) {
        struct list *next = it->next;
        struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        if (p->look_ns <= now_ns || p->is_open) {
            look_at(l, p, now_ns);
        }
        it = next;
    }
}

static void
tick_bursts(struct linker *l, uint64_t now_ns)
{
    LIST_FOREACH (it, &l->bursting) {
        struct piece_session *s = LIST_ENTRY(it, struct piece_session, bursting);
        uint64_t limit = burst_gaps_limit_ns(&upstream_of(l, s)->gaps);
        if (list_is_empty(&s->pieces) && now_ns > s->burst_end_ns + limit + LINK_SETTLE_NS) {
            flush_burst(l, s);
        }
    }
}

static void
tick_requests(struct linker *l, uint64_t now_ns)
{
    uint64_t horizon = evidence_horizon_ns(l->evidence);
    for (size_t i = 0; i < l->held.count; i++) {
        struct held_request *r = held_at(&l->held, i);
        if (now_ns < r->ev.end_ns + LINK_SETTLE_NS) {
            break;
        }
        if (!r->is_out &&
            (r->hopes == 0 || now_ns >= r->ev.end_ns + 2 * LINK_SETTLE_NS + horizon)) {
            emit_request(l, r);
        }
    }
    while (l->held.count > 0) {
        struct held_request *r = held_at(&l->held, 0);
        if (!r->is_out || now_ns < r->ev.end_ns + 2 * LINK_SETTLE_NS + 2 * horizon) {
            break;
        }
        held_drop_oldest(&l->held);
    }
}

void
linker_tick(struct linker *l, uint64_t now_ns)
{
    OBJ_CHECK(l, LINK_MAGIC);
    tick_pieces(l, now_ns);
    tick_bursts(l, now_ns);
    tick_requests(l, now_ns);
}

void
linker_flush(struct linker *l, uint64_t now_ns)
{
    OBJ_CHECK(l, LINK_MAGIC);
    while (!list_is_empty(&l->pending)) {
        decide(l, LIST_ENTRY(l->pending.next, struct piece, in_order), now_ns, true);
    }
    LIST_FOREACH (it, &l->bursting) {
        flush_burst(l, LIST_ENTRY(it, struct piece_session, bursting));
    }
    for (size_t i = 0; i < l->held.count; i++) {
        struct held_request *r = held_at(&l->held, i);
        if (!r->is_out) {
            emit_request(l, r);
        }
    }
}

void
linker_free(struct linker **linker)
{
    struct linker *l = *linker;
    if (l == NULL) {
        return;
    }
    OBJ_CHECK(l, LINK_MAGIC);
    for (size_t i = 0; i < l->held.count; i++) {
        release_pieces(l, &held_at(&l->held, i)->pieces);
    }
    release_pieces(l, &l->pending);
    size_t at = 0;
    for (struct map_slot *slot = map_next(&l->sessions, &at); slot != NULL;
         slot = map_next(&l->sessions, &at)) {
        struct piece_session *s = slot->value;
        release_pieces(l, &s->burst);
        free(s);
    }
    map_fini(&l->sessions);
    held_fini(&l->held);
    evidence_free(&l->evidence);
    l->magic = 0;
    free(l);
    *linker = NULL;
}

struct link_totals
linker_totals(const struct linker *l)
{
    struct link_totals t = l->totals;
    t.sessions_now = l->sessions.count;
    t.requests_now = l->held.count;
    return t;
}
