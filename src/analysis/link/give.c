/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "analysis/link/state.h"
#include "base/clock.h"
#include "base/hash.h"

#define BURST_QUERIES_MAX (TRACE_QUERIES_MAX / 2)
#define TAG_P             0.99f
#define BURST_MAX_NS      (5 * NS_PER_S) /* and no longer, though it does not pause */

struct upstream *
link_upstream_of(struct linker *l, const struct piece_session *s)
{
    return &l->upstreams[s->upstream % LINK_UPSTREAMS];
}

/* No one request had a whole session, or so many: those of this upstream are not taken for one
 * piece of work. */
void
link_torn_apart(struct upstream *u, unsigned sessions)
{
    u->torn += sessions;
    if (u->torn > 200) {
        u->torn /= 2;
        u->whole /= 2;
    }
}

bool
link_is_torn_kind(const struct upstream *u)
{
    return u->torn > 2 && u->torn > u->whole / 4;
}

void
link_release_piece(struct linker *l, struct piece **piece)
{
    if (*piece != NULL) {
        l->totals.bytes_now -= piece_bytes(*piece);
        piece_free(&l->pieces, piece);
    }
}

void
link_release_pieces(struct linker *l, struct list *pieces)
{
    LIST_FOREACH (it, pieces) {
        struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        link_release_piece(l, &p);
    }
}

void
link_release_session(struct linker *l, struct piece_session *s)
{
    map_remove(&l->sessions, s->id);
    list_remove(&s->bursting);
    free(s);
}

/* Its connection's close counts, too: it comes after the response. */
static bool
overlaps_gap(const struct linker *l, const struct trace *t)
{
    for (unsigned i = 0; i < MIN(l->gap_count, LINK_GAPS_MAX); i++) {
        const struct gap *g = &l->gaps[i];
        if (t->start_ns <= g->to_ns && t->end_ns + LINK_SETTLE_NS >= g->from_ns) {
            return true;
        }
    }
    return false;
}

static void
hand_out(struct linker *l, struct trace *t)
{
    t->is_partial = overlaps_gap(l, t);
    l->totals.partial += t->is_partial;
    l->totals.queries_out += t->query_count + t->queries_folded;
    l->out.trace(l->out.ctx, &t);
}

/* Work of its own, or (shares) unlinked: a trace without a request. */
static void
emit_work(struct linker *l, const struct piece_session *s, struct piece **piece,
          const struct trace_shares *shares)
{
    struct piece *p = *piece;
    bool unlinked = shares != NULL;
    struct list one;
    list_init(&one);
    list_append(&one, &p->in_order);
    struct trace *t = piece_list_trace(&one);
    t->listener = s->listener;
    t->upstream = s->upstream;
    t->basis = !unlinked && p->is_session ? LINK_CONNECTION : LINK_NONE;
    t->probability = unlinked ? 0 : 1;
    if (unlinked) {
        t->shares = *shares;
    }
    if (p->has_trace_id) {
        memcpy(t->trace_id, p->trace_id, sizeof(t->trace_id));
    }
    t->route = unlinked ? TRACE_ROUTE_UNLINKED
                        : l->out.route_of_work(l->out.ctx, t, slice_from_str(p->tag));
    link_release_piece(l, piece);
    hand_out(l, t);
}

void
link_flush_burst(struct linker *l, struct piece_session *s)
{
    if (s->burst != NULL) {
        emit_work(l, s, &s->burst, NULL);
    }
    list_remove(&s->bursting);
    if (s->end_ns != 0 && list_is_empty(&s->pieces)) {
        link_release_session(l, s);
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
        link_flush_burst(l, s);
    }
}

/* A connection that never rests (a batch, a benchmark) is told of as it goes. */
static bool
burst_is_endless(const struct piece_session *s, const struct piece *next)
{
    return s->burst_queries + next->query_count > BURST_QUERIES_MAX ||
           next->end_ns > s->burst->start_ns + BURST_MAX_NS;
}

void
link_decide_own_work(struct linker *l, struct piece *p)
{
    struct piece_session *s = p->session;
    undecided_no_more(l, p, 0);
    l->totals.pieces[p->is_session ? LINK_CONNECTION : LINK_NONE]++;
    uint64_t limit = burst_gaps_limit_ns(&link_upstream_of(l, s)->gaps);
    /* Two transactions side by side are two pieces of work: drivers that open one for each request
     * outnumber requests that commit twice. */
    bool both = s->burst_is_transaction && p->query_count > 1;
    if (s->burst != NULL &&
        (both || p->start_ns > s->burst_end_ns + limit || burst_is_endless(s, p))) {
        emit_work(l, s, &s->burst, NULL);
    }
    if (list_is_empty(&s->bursting)) {
        list_append(&l->bursting, &s->bursting);
    }
    s->burst_end_ns = p->end_ns;
    s->burst_is_transaction = p->query_count > 1;
    if (s->burst == NULL) {
        s->burst_queries = p->query_count;
        s->burst = p;
    } else {
        s->burst_queries += p->query_count;
        l->totals.bytes_now -= piece_bytes(s->burst);
        piece_append(s->burst, p);
        l->totals.bytes_now += piece_bytes(s->burst);
        link_release_piece(l, &p);
    }
    session_may_end(l, s);
}

void
link_decide_unlinked(struct linker *l, struct piece *p, const struct trace_shares *shares)
{
    struct piece_session *s = p->session;
    undecided_no_more(l, p, 0);
    l->totals.pieces_unlinked++;
    emit_work(l, s, &p, shares);
    session_may_end(l, s);
}

/* A request that already has a piece on another connection of this upstream. */
static bool
is_spread(const struct held_request *r, const struct piece_session *s)
{
    const struct piece *last = LIST_ENTRY(r->pieces.prev, struct piece, in_order);
    return !list_is_empty(&r->pieces) && last->session_id != s->id && last->upstream == s->upstream;
}

void
link_decide_request(struct linker *l, struct piece *p, struct held_request *r,
                    enum link_basis basis, float probability)
{
    struct piece_session *s = p->session;
    bool is_sure = basis != LINK_AFFINITY; /* enough to conclude something from it */
    undecided_no_more(l, p, is_sure ? r->ev.request : 0);
    l->totals.pieces[basis]++;
    struct upstream *u = link_upstream_of(l, s);
    if (is_sure) {
        u->anchors++;
        u->spread += is_spread(r, s);
        u->returns += !p->is_session && is_spread(r, s);
    }
    p->request = r->ev.request;
    p->basis = (uint8_t)basis;
    p->probability = probability;
    list_append(&r->pieces, &p->in_order);
    for (uint32_t i = 0; i < p->evidence_count; i++) {
        if (held_add_sibling(r, p->evidence[i].value)) {
            evidence_saw_sibling(l->evidence, p->evidence[i].value, r->sibling_count == 1);
        }
    }
    r->piece_count++;
    r->basis = MAX(r->basis, (uint8_t)basis);
    r->probability = MIN(r->probability, probability);
    if (is_sure && s->owner != r->ev.request) {
        u->returns += s->owner_before == r->ev.request;
        s->owner_before = s->owner;
        s->owner = r->ev.request;
    }
    session_may_end(l, s);
}

/* The route that its statements' comments name; one that may be another request's does not count.
 */
static struct slice
tag_of(const struct held_request *r)
{
    LIST_FOREACH (it, &r->pieces) {
        const struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        if (p->tag[0] != '\0' && p->probability >= TAG_P) {
            return slice_from_str(p->tag);
        }
    }
    return SLICE_NONE;
}

void
link_emit_request(struct linker *l, struct held_request *r)
{
    uint32_t route =
        l->out.route_of_tag(l->out.ctx, r->route, r->ev.listener, r->ev.method, tag_of(r));
    struct trace *t = piece_list_trace(&r->pieces);
    t->request = r->ev.request;
    t->route = route;
    t->listener = r->ev.listener;
    t->upstream = r->ev.upstream;
    t->start_ns = r->ev.start_ns;
    t->first_byte_ns = r->ev.first_byte_ns;
    t->end_ns = r->ev.end_ns;
    t->bytes_in = r->ev.bytes_in;
    t->bytes_out = r->ev.bytes_out;
    t->body_hash = r->ev.body_hash;
    for (uint32_t i = 0; i < r->value_count; i++) {
        t->values_hash = hash_combine(t->values_hash, r->values[i]);
    }
    memcpy(t->trace_id, r->ev.trace_id, sizeof(t->trace_id));
    memcpy(t->span_id, r->ev.span_id, sizeof(t->span_id));
    memcpy(t->parent_span, r->ev.parent_span, sizeof(t->parent_span));
    t->request_flags = r->ev.flags;
    t->shape = r->ev.shape;
    t->status = r->ev.status;
    t->method = r->ev.method;
    t->basis = r->basis;
    t->probability = r->probability;
    t->unlinked_sessions = r->unlinked;
    r->is_out = true;
    l->totals.requests++;
    link_release_pieces(l, &r->pieces);
    hand_out(l, t);
}
