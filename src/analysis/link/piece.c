/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/piece.h"

#include <stdlib.h>
#include <string.h>

/* Room of a new piece, and of those in the pool. */
#define ROOM_QUERIES 8u
#define ROOM_VALUES  32u

void
piece_pool_init(struct piece_pool *pool)
{
    list_init(&pool->free);
    pool->count = 0;
}

static void
let_go(struct piece *p)
{
    list_remove(&p->in_order);
    free(p->queries);
    free(p->values);
    free(p);
}

void
piece_pool_fini(struct piece_pool *pool)
{
    LIST_FOREACH (it, &pool->free) {
        let_go(LIST_ENTRY(it, struct piece, in_order));
    }
    pool->count = 0;
}

static struct piece *
from_pool(struct piece_pool *pool)
{
    if (pool->count == 0) {
        struct piece *made = check_alloc(1, sizeof(*made));
        made->queries = check_alloc(ROOM_QUERIES, sizeof(made->queries[0]));
        made->values = check_alloc(ROOM_VALUES, sizeof(made->values[0]));
        return made;
    }
    struct piece *p = LIST_ENTRY(pool->free.prev, struct piece, in_order); /* still in cache */
    list_remove(&p->in_order);
    pool->count--;
    struct piece_query *queries = p->queries;
    uint64_t *values = p->values;
    memset(p, 0, offsetof(struct piece, tag)); /* of the evidence evidence_count is the length */
    p->tag[0] = '\0';
    p->queries = queries;
    p->values = values;
    return p;
}

struct piece *
piece_new(struct piece_pool *pool, struct piece_session *session, uint64_t session_id,
          uint16_t upstream)
{
    struct piece *p = from_pool(pool);
    list_init(&p->in_session);
    list_init(&p->in_order);
    p->query_cap = ROOM_QUERIES;
    p->value_cap = ROOM_VALUES;
    p->session = session;
    p->session_id = session_id;
    p->upstream = upstream;
    p->is_setup = true;
    return p;
}

void
piece_free(struct piece_pool *pool, struct piece **piece)
{
    struct piece *p = TAKE(*piece);
    if (p == NULL) {
        return;
    }
    list_remove(&p->in_session);
    list_remove(&p->in_order);
    if (pool->count == PIECE_POOL_MAX || p->query_cap > ROOM_QUERIES ||
        p->value_cap > ROOM_VALUES) {
        let_go(p);
        return;
    }
    list_append(&pool->free, &p->in_order);
    pool->count++;
}

/* Widens an array so that it holds `need` elements; those behind the used ones are not zeroed. */
static void *
grown(void *old, uint32_t need, uint32_t *cap, size_t size)
{
    if (need <= *cap) {
        return old;
    }
    *cap = MAX(*cap * 2, need);
    return check_realloc(old, *cap, size);
}

static void
add_evidence(struct piece *p, uint64_t fingerprint, const uint64_t *values, unsigned count)
{
    for (unsigned i = 0; i < count && p->evidence_count < EVIDENCE_VALUES_MAX; i++) {
        bool known = values[i] == 0;
        for (uint32_t k = 0; k < p->evidence_count && !known; k++) {
            known = p->evidence[k].value == values[i];
        }
        if (!known) {
            p->evidence[p->evidence_count++] =
                (struct evidence_value){.value = values[i], .slot = evidence_slot(fingerprint, i)};
        }
    }
}

static void
stretch(struct piece *p, uint64_t start_ns, uint64_t end_ns)
{
    if (p->start_ns == 0 || start_ns < p->start_ns) {
        p->start_ns = start_ns;
    }
    p->end_ns = MAX(p->end_ns, end_ns);
}

static bool
has_id(const uint8_t id[16])
{
    for (int i = 0; i < 16; i++) {
        if (id[i] != 0) {
            return true;
        }
    }
    return false;
}

void
piece_add(struct piece *p, const struct event_query *ev, const uint64_t *values)
{
    stretch(p, ev->start_ns - MIN(ev->prepare_ns, ev->start_ns), ev->end_ns);
    if (!p->has_trace_id && has_id(ev->trace_id)) {
        memcpy(p->trace_id, ev->trace_id, sizeof(p->trace_id));
        p->has_trace_id = true;
    }
    if (ev->kind != STATEMENT_SESSION && ev->kind != STATEMENT_TRANSACTION) {
        p->is_setup = false;
    }
    add_evidence(p, ev->fingerprint, values, ev->value_count);
    if (p->query_count == TRACE_QUERIES_MAX) {
        p->queries_folded++;
        p->folded_ns += ev->end_ns - ev->start_ns + ev->prepare_ns;
        p->folded_rows += ev->rows;
        p->folded_errors += (ev->flags & QUERY_ERROR) != 0;
        return;
    }
    uint16_t kept = MIN(ev->value_count, TRACE_VALUES_PER_QUERY_MAX);
    p->queries = grown(p->queries, p->query_count + 1, &p->query_cap, sizeof(p->queries[0]));
    p->values = grown(p->values, p->value_count + kept, &p->value_cap, sizeof(p->values[0]));
    struct piece_query *pq = &p->queries[p->query_count++];
    *pq = (struct piece_query){
        .q = {.fingerprint = ev->fingerprint,
              .values_hash = ev->values_hash,
              .result_hash = ev->result_hash,
              .start_ns = ev->start_ns,
              .end_ns = ev->end_ns,
              .prepare_ns = ev->prepare_ns,
              .rows = ev->rows,
              .bytes_out = ev->bytes_out,
              .session = ev->session,
              .session_seq = ev->session_seq,
              .database = ev->database,
              .user = ev->user,
              .flags = ev->flags,
              .upstream = ev->upstream,
              .value_count = kept,
              .kind = ev->kind},
        .value_at = p->value_count,
    };
    memcpy(pq->q.sqlstate, ev->sqlstate, sizeof(pq->q.sqlstate));
    if (kept > 0) {
        memcpy(p->values + p->value_count, values, kept * sizeof(uint64_t));
    }
    p->value_count += kept;
}

bool
piece_add_side(struct piece *p, const struct event_query *ev)
{
    for (uint32_t i = p->query_count; i > 0; i--) {
        struct trace_query *q = &p->queries[i - 1].q;
        if (q->fingerprint != ev->fingerprint) {
            continue;
        }
        uint64_t cost = ev->end_ns - ev->start_ns;
        if (ev->role == ROLE_CLOSE) {
            q->close_ns += cost;
        } else {
            q->prepare_ns += cost;
        }
        return true;
    }
    return false;
}

void
piece_append(struct piece *to, const struct piece *from)
{
    stretch(to, from->start_ns, from->end_ns);
    uint32_t take = MIN(from->query_count, TRACE_QUERIES_MAX - to->query_count);
    to->queries =
        grown(to->queries, to->query_count + take, &to->query_cap, sizeof(to->queries[0]));
    to->values = grown(to->values, to->value_count + from->value_count, &to->value_cap,
                       sizeof(to->values[0]));
    for (uint32_t i = 0; i < take; i++) {
        to->queries[to->query_count] = from->queries[i];
        to->queries[to->query_count++].value_at += to->value_count;
    }
    for (uint32_t i = take; i < from->query_count; i++) {
        const struct trace_query *q = &from->queries[i].q;
        to->queries_folded++;
        to->folded_ns += trace_query_cost_ns(q);
        to->folded_rows += q->rows;
        to->folded_errors += (q->flags & QUERY_ERROR) != 0;
    }
    if (from->value_count > 0) {
        memcpy(to->values + to->value_count, from->values, from->value_count * sizeof(uint64_t));
        to->value_count += from->value_count;
    }
    to->queries_folded += from->queries_folded;
    to->folded_ns += from->folded_ns;
    to->folded_rows += from->folded_rows;
    to->folded_errors += from->folded_errors;
    to->is_setup = to->is_setup && from->is_setup;
    to->is_session = to->is_session && from->is_session;
    if (to->tag[0] == '\0' && from->tag[0] != '\0') {
        memcpy(to->tag, from->tag, sizeof(to->tag));
    }
}

void
piece_merge(struct piece *to, struct piece *from)
{
    for (uint32_t i = 0; i < from->evidence_count && to->evidence_count < EVIDENCE_VALUES_MAX;
         i++) {
        bool known = false;
        for (uint32_t k = 0; k < to->evidence_count && !known; k++) {
            known = to->evidence[k].value == from->evidence[i].value;
        }
        if (!known) {
            to->evidence[to->evidence_count++] = from->evidence[i];
        }
    }
    if (!to->has_trace_id && from->has_trace_id) {
        memcpy(to->trace_id, from->trace_id, sizeof(to->trace_id));
        to->has_trace_id = true;
    }
    piece_append(to, from);
}

size_t
piece_bytes(const struct piece *p)
{
    return sizeof(*p) + p->query_cap * sizeof(p->queries[0]) + p->value_cap * sizeof(uint64_t);
}

static int
compare_start(const void *a, const void *b)
{
    const struct trace_query *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    return (x->session_seq > y->session_seq) - (x->session_seq < y->session_seq);
}

/* As those of one connection mostly are. */
static bool
in_order(const struct trace_query *queries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (compare_start(&queries[i - 1], &queries[i]) > 0) {
            return false;
        }
    }
    return true;
}

struct trace *
piece_list_trace(const struct list *pieces)
{
    uint64_t count = 0, value_count = 0;
    LIST_FOREACH (it, pieces) {
        const struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        count += p->query_count;
        value_count += p->value_count;
    }
    uint32_t kept = (uint32_t)MIN(count, TRACE_QUERIES_MAX);
    struct trace_query *queries = NULL;
    uint64_t *values = NULL;
    struct trace *t = trace_new(kept, MIN(value_count, (uint64_t)kept * TRACE_VALUES_PER_QUERY_MAX),
                                &queries, &values);
    uint32_t at = 0;
    LIST_FOREACH (it, pieces) {
        const struct piece *p = LIST_ENTRY(it, struct piece, in_order);
        if (t->start_ns == 0 || p->start_ns < t->start_ns) {
            t->start_ns = p->start_ns;
        }
        t->end_ns = MAX(t->end_ns, p->end_ns);
        t->queries_folded += p->queries_folded;
        t->folded_ns += p->folded_ns;
        for (uint32_t i = 0; i < p->query_count; i++) {
            const struct piece_query *pq = &p->queries[i];
            if (at == kept) {
                t->queries_folded++;
                t->folded_ns += trace_query_cost_ns(&pq->q);
                continue;
            }
            queries[at] = pq->q;
            queries[at].basis = p->basis;
            queries[at].probability = p->probability;
            queries[at].server_pid = p->server_pid;
            if (pq->q.value_count > 0) {
                memcpy(values, p->values + pq->value_at, pq->q.value_count * sizeof(uint64_t));
            }
            queries[at++].values = values;
            values += pq->q.value_count;
        }
    }
    if (!in_order(queries, kept)) {
        qsort(queries, kept, sizeof(queries[0]), compare_start);
    }
    return t;
}
