/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/link.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/link/state.h"
#include "base/clock.h"

#define LINK_MAGIC    0x4c494e4bu
#define YOUNG_NS      (10 * NS_PER_S) /* a session that lived for one piece of work */
#define TORN_ENOUGH   8
#define FIRST_LOOK_NS (25 * NS_PER_MS) /* a request ends after its queries */
/* Sessions whose close is missing. */
#define SWEEP_EVERY_NS (5 * NS_PER_S)
#define SWEEP_REST_NS  (600 * NS_PER_S)
#define SWEEP_BATCH    1024u

struct linker *
linker_new(const struct link_out *out)
{
    struct linker *l = check_alloc(1, sizeof(*l));
    l->magic = LINK_MAGIC;
    l->out = *out;
    map_init(&l->sessions, LINK_SESSIONS_MAX);
    held_init(&l->held, LINK_REQUESTS_MAX);
    l->evidence = evidence_new();
    piece_pool_init(&l->pieces);
    list_init(&l->pending);
    list_init(&l->bursting);
    for (unsigned i = 0; i < LINK_UPSTREAMS; i++) {
        burst_gaps_init(&l->upstreams[i].gaps);
    }
    return l;
}

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
    list_init(&s->bursting);
    return s;
}

void
linker_session_open(struct linker *l, const struct event_session_open *ev)
{
    OBJ_CHECK(l, LINK_MAGIC);
    if (ev->protocol == PROTOCOL_POSTGRES) {
        session_get(l, ev->session, ev->reannounced ? 0 : ev->start_ns, ev->listener, ev->upstream);
    } else if (ev->protocol == PROTOCOL_HTTP) {
        /* Its first request is known when it ends; until then its queries wait for it. */
        l->http_seen_ns = MAX(l->http_seen_ns, ev->head.time_ns);
    }
}

void
linker_backend_open(struct linker *l, const struct event_backend_open *ev)
{
    OBJ_CHECK(l, LINK_MAGIC);
    struct piece_session *s = map_get(&l->sessions, ev->session);
    if (s != NULL) {
        s->server_pid = ev->server_pid;
    }
}

/* Comments that name two requests on one session: it is one that a pool will let go again. */
static bool
names_two(const struct piece_session *s, const struct piece *p)
{
    LIST_FOREACH (it, &s->pieces) {
        const struct piece *q = LIST_ENTRY(it, struct piece, in_session);
        if (q->has_trace_id && p->has_trace_id && memcmp(q->trace_id, p->trace_id, 16) != 0) {
            return true;
        }
    }
    return false;
}

/* A session that lived for one piece of work becomes one piece. */
static void
join_session(struct linker *l, struct piece_session *s)
{
    if (!s->is_fresh || list_is_empty(&s->pieces) || link_is_torn_kind(link_upstream_of(l, s))) {
        return;
    }
    struct piece *whole = LIST_ENTRY(s->pieces.next, struct piece, in_session);
    link_set_hope(l, whole, 0);
    LIST_FOREACH (it, &s->pieces) {
        struct piece *p = LIST_ENTRY(it, struct piece, in_session);
        if (p != whole) {
            link_set_hope(l, p, 0);
            l->totals.bytes_now -= piece_bytes(p) + piece_bytes(whole);
            whole->is_joined = whole->is_joined || (!whole->is_setup && !p->is_setup);
            piece_merge(whole, p);
            l->totals.bytes_now += piece_bytes(whole);
            piece_free(&l->pieces, &p);
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
    struct upstream *u = link_upstream_of(l, s);
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
        link_flush_burst(l, s);
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
    if (s->burst == NULL || !piece_add_side(s->burst, ev)) {
        l->totals.side_lost++;
    }
}

static void
shed_pieces(struct linker *l, uint64_t now_ns)
{
    while (l->totals.bytes_now > LINK_BYTES_MAX && !list_is_empty(&l->pending)) {
        l->totals.pieces_shed++;
        link_decide(l, LIST_ENTRY(l->pending.next, struct piece, in_order), now_ns, true);
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
    struct upstream *u = link_upstream_of(l, s);
    if (p == NULL) {
        p = piece_new(&l->pieces, s, s->id, s->upstream);
        p->server_pid = s->server_pid;
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
    if (p->has_trace_id && s->is_fresh && names_two(s, p)) {
        link_torn_apart(u, TORN_ENOUGH);
    }
    if (p->tag[0] == '\0' && tag.len > 0) {
        slice_to_str(tag, p->tag, sizeof(p->tag));
    }
    s->last_end_ns = ev->end_ns;
    p->is_open = ev->tx_state != 'I' && s->end_ns == 0;
    if (!p->is_open) {
        s->open = NULL;
        p->look_ns = now_ns + (l->http_seen_ns == 0 ? 0 : FIRST_LOOK_NS);
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
        link_emit_request(l, r);
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
    r->route = l->out.route_of_request(l->out.ctx, ev, path);
    l->http_seen_ns = MAX(l->http_seen_ns, now_ns);
    affinity_saw_request(&l->affinity, r->route, ev->end_ns - ev->start_ns);
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
            link_look_at(l, p, now_ns);
        }
        it = next;
    }
}

static void
tick_bursts(struct linker *l, uint64_t now_ns)
{
    LIST_FOREACH (it, &l->bursting) {
        struct piece_session *s = LIST_ENTRY(it, struct piece_session, bursting);
        uint64_t limit = burst_gaps_limit_ns(&link_upstream_of(l, s)->gaps);
        if (list_is_empty(&s->pieces) && now_ns > s->burst_end_ns + limit + LINK_SETTLE_NS) {
            link_flush_burst(l, s);
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
            link_emit_request(l, r);
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
linker_gap(struct linker *l, uint64_t from_ns, uint64_t to_ns)
{
    OBJ_CHECK(l, LINK_MAGIC);
    struct gap *last = &l->gaps[(l->gap_count + LINK_GAPS_MAX - 1) % LINK_GAPS_MAX];
    if (l->gap_count > 0 && from_ns <= last->to_ns && to_ns >= last->from_ns) {
        last->from_ns = MIN(last->from_ns, from_ns);
        last->to_ns = MAX(last->to_ns, to_ns);
        return;
    }
    l->gaps[l->gap_count++ % LINK_GAPS_MAX] = (struct gap){from_ns, to_ns};
}

/* A session whose close was lost would stay for ever. At rest it holds nothing that its next query
 * would not bring back. */
static void
sweep_sessions(struct linker *l, uint64_t now_ns)
{
    struct piece_session *batch[SWEEP_BATCH];
    unsigned n = 0;
    if (l->gap_count == 0 || now_ns < l->swept_ns + SWEEP_EVERY_NS) {
        return;
    }
    l->swept_ns = now_ns;
    size_t at = 0;
    for (struct map_slot *slot = map_next(&l->sessions, &at); slot != NULL && n < SWEEP_BATCH;
         slot = map_next(&l->sessions, &at)) {
        struct piece_session *s = slot->value;
        bool rests = s->end_ns == 0 && list_is_empty(&s->pieces) && s->burst == NULL;
        if (rests && now_ns > MAX(s->last_end_ns, s->start_ns) + SWEEP_REST_NS) {
            batch[n++] = s;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        link_release_session(l, batch[i]);
        l->totals.sessions_swept++;
    }
}

void
linker_tick(struct linker *l, uint64_t now_ns)
{
    OBJ_CHECK(l, LINK_MAGIC);
    sweep_sessions(l, now_ns);
    tick_pieces(l, now_ns);
    tick_bursts(l, now_ns);
    tick_requests(l, now_ns);
}

void
linker_flush(struct linker *l, uint64_t now_ns)
{
    OBJ_CHECK(l, LINK_MAGIC);
    while (!list_is_empty(&l->pending)) {
        link_decide(l, LIST_ENTRY(l->pending.next, struct piece, in_order), now_ns, true);
    }
    LIST_FOREACH (it, &l->bursting) {
        link_flush_burst(l, LIST_ENTRY(it, struct piece_session, bursting));
    }
    for (size_t i = 0; i < l->held.count; i++) {
        struct held_request *r = held_at(&l->held, i);
        if (!r->is_out) {
            link_emit_request(l, r);
        }
    }
}

void
linker_set_alone(struct linker *l, bool alone)
{
    OBJ_CHECK(l, LINK_MAGIC);
    l->alone = alone;
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
        link_release_pieces(l, &held_at(&l->held, i)->pieces);
    }
    link_release_pieces(l, &l->pending);
    size_t at = 0;
    for (struct map_slot *slot = map_next(&l->sessions, &at); slot != NULL;
         slot = map_next(&l->sessions, &at)) {
        struct piece_session *s = slot->value;
        link_release_piece(l, &s->burst);
        free(s);
    }
    piece_pool_fini(&l->pieces);
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
