/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/proof.h"

#include <stdlib.h>

#include "base/hash.h"

#define CALLS_MAX 512u

struct result {
    uint64_t session;
    uint32_t session_seq;
    uint32_t row_count, rows_total;
    uint16_t column_count;
    uint64_t fingerprint;
    struct event_lens_column *columns;
    uint64_t *hashes;
};

struct proof {
    struct proof_watch watch[PROOF_WATCHED_MAX];
    struct result result[PROOF_RESULTS_MAX];
    unsigned next;
};

struct proof *
proof_new(void)
{
    return check_alloc(1, sizeof(struct proof));
}

static void
result_drop(struct result *r)
{
    free(r->columns);
    free(r->hashes);
    memset(r, 0, sizeof(*r));
}

void
proof_free(struct proof **proof)
{
    if (*proof == NULL) {
        return;
    }
    for (unsigned i = 0; i < PROOF_RESULTS_MAX; i++) {
        result_drop(&(*proof)->result[i]);
    }
    free(*proof);
    *proof = NULL;
}

struct proof_watch *
proof_find(struct proof *p, uint64_t fingerprint)
{
    for (unsigned i = 0; i < PROOF_WATCHED_MAX; i++) {
        if (p->watch[i].fingerprint == fingerprint) {
            return &p->watch[i];
        }
    }
    return NULL;
}

struct proof_watch *
proof_watch(struct proof *p, uint64_t fingerprint)
{
    struct proof_watch *w = proof_find(p, fingerprint);
    if (w == NULL) {
        w = proof_find(p, 0);
        if (w != NULL) {
            w->fingerprint = fingerprint;
        }
    }
    return w;
}

void
proof_rows(struct proof *p, const struct intake_lens_rows *rows)
{
    const struct event_lens_rows *e = &rows->event;
    if (e->row_count < PROOF_DISTINCT_MIN || e->column_count == 0 ||
        e->row_count > EVENT_LENS_ROWS_MAX || e->column_count > EVENT_LENS_COLUMNS_MAX) {
        return;
    }
    struct result *r = &p->result[p->next];
    p->next = (p->next + 1) % PROOF_RESULTS_MAX;
    result_drop(r);
    r->session = e->session;
    r->session_seq = e->session_seq;
    r->row_count = e->row_count;
    r->rows_total = e->rows_total;
    r->column_count = e->column_count;
    r->fingerprint = e->fingerprint;
    size_t cells = (size_t)e->row_count * e->column_count;
    r->columns = check_alloc(e->column_count, sizeof(*r->columns));
    memcpy(r->columns, rows->columns, e->column_count * sizeof(*r->columns));
    r->hashes = check_alloc(cells, sizeof(*r->hashes));
    memcpy(r->hashes, rows->hashes, cells * sizeof(*r->hashes));
}

static bool
is_small_integer(struct slice text)
{
    uint64_t v;
    return slice_to_u64(text, &v) == 0 && v < 1000;
}

void
proof_values(struct proof *p, const struct intake_lens_values *values)
{
    struct proof_watch *w = proof_find(p, values->event.fingerprint);
    if (w == NULL || values->event.format_binary != 0) {
        return;
    }
    struct slice rest = values->params;
    bool any_big = false;
    for (unsigned i = 0; i < values->event.param_count && rest.len >= 4; i++) {
        int32_t len;
        memcpy(&len, rest.ptr, sizeof(len));
        rest = slice_sub(rest, 4, rest.len);
        if (len < 0) {
            continue;
        }
        struct slice text = slice_sub(rest, 0, (size_t)len);
        any_big = any_big || !is_small_integer(text);
        rest = slice_sub(rest, ((size_t)len + 3) & ~(size_t)3, rest.len);
    }
    if (values->event.param_count > 0) {
        w->values_seen++;
        w->values_small += any_big ? 0 : 1;
    }
}

static bool
seen_before(const uint64_t *list, size_t n, uint64_t v)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == v) {
            return true;
        }
    }
    return false;
}

/* values[0..n) against one column: every value in row order, from the first row to the last. NULLs
 * and values that came earlier in the column may be left out; to stop early may not, or counting
 * 1, 2, 3 would match any result that begins so. Returns how many different values matched; 0: no
 * match. */
static size_t
match_column(const struct result *r, unsigned column, const uint64_t *values, size_t n)
{
    uint64_t seen[EVENT_LENS_ROWS_MAX];
    size_t distinct = 0, at = 0;
    for (uint32_t row = 0; row < r->row_count; row++) {
        uint64_t cell = r->hashes[(size_t)row * r->column_count + column];
        bool repeats = seen_before(seen, distinct, cell);
        if (at < n && cell == values[at]) {
            at++;
        } else if (cell != 0 && !repeats) {
            return 0; /* a row was left out that is neither NULL nor known */
        }
        if (cell != 0 && !repeats) {
            seen[distinct++] = cell;
        }
    }
    if (at < n && r->rows_total <= r->row_count) {
        return 0; /* more calls than rows */
    }
    return distinct;
}

static void
note_match(struct proof_watch *w, const struct result *r, unsigned column, unsigned value,
           uint64_t sequence)
{
    const struct event_lens_column *c = &r->columns[column];
    struct proof_key *k = NULL;
    for (unsigned i = 0; i < w->key_count && k == NULL; i++) {
        struct proof_key *x = &w->key[i];
        if (x->parent == r->fingerprint && x->column == column && x->value == value &&
            x->table_oid == c->table_oid && x->attnum == c->attnum) {
            k = x;
        }
    }
    if (k == NULL) {
        if (w->key_count == PROOF_KEYS_MAX) {
            return;
        }
        k = &w->key[w->key_count++];
        *k = (struct proof_key){.parent = r->fingerprint,
                                .table_oid = c->table_oid,
                                .attnum = c->attnum,
                                .column = (uint16_t)column,
                                .value = (uint16_t)value,
                                .sequence = sequence};
    }
    k->matches++;
    k->varies = k->varies || k->sequence != sequence;
}

struct calls {
    const struct trace_query *query[CALLS_MAX];
    size_t count;
};

static bool
compare_result(struct proof_watch *w, const struct calls *calls, const struct result *r)
{
    bool any = false;
    unsigned positions = calls->query[0]->value_count;
    for (unsigned v = 0; v < positions && v < 4; v++) {
        uint64_t values[CALLS_MAX];
        uint64_t sequence = 0;
        for (size_t i = 0; i < calls->count; i++) {
            values[i] = v < calls->query[i]->value_count ? calls->query[i]->values[v] : 0;
            sequence = hash_combine(sequence, values[i]);
        }
        for (unsigned c = 0; c < r->column_count; c++) {
            if (match_column(r, c, values, calls->count) >= PROOF_DISTINCT_MIN) {
                note_match(w, r, c, v, sequence);
                any = true;
            }
        }
    }
    return any;
}

static void
want_parent(struct proof_watch *w, uint64_t fingerprint)
{
    for (unsigned i = 0; i < w->parent_count; i++) {
        if (w->parents[i] == fingerprint) {
            return;
        }
    }
    if (w->parent_count == PROOF_PARENTS_MAX) { /* the latest results are the likeliest */
        memmove(&w->parents[0], &w->parents[1], (PROOF_PARENTS_MAX - 1) * sizeof(w->parents[0]));
        w->parent_count--;
    }
    w->parents[w->parent_count++] = fingerprint;
}

static const struct result *
find_result(const struct proof *p, const struct trace_query *q)
{
    for (unsigned i = 0; i < PROOF_RESULTS_MAX; i++) {
        const struct result *r = &p->result[i];
        if (r->hashes != NULL && r->session == q->session && r->session_seq == q->session_seq &&
            r->fingerprint == q->fingerprint) {
            return r;
        }
    }
    return NULL;
}

static void
look_at(struct proof *p, struct proof_watch *w, const struct trace *t)
{
    struct calls *calls = check_alloc(1, sizeof(*calls));
    uint64_t different[PROOF_DISTINCT_MIN];
    size_t distinct = 0;
    for (uint32_t i = 0; i < t->query_count && calls->count < CALLS_MAX; i++) {
        const struct trace_query *q = &t->queries[i];
        if (q->fingerprint != w->fingerprint) {
            continue;
        }
        calls->query[calls->count++] = q;
        if (distinct < PROOF_DISTINCT_MIN && !seen_before(different, distinct, q->values_hash)) {
            different[distinct++] = q->values_hash;
        }
    }
    bool had_rows = false, any = false;
    if (distinct >= PROOF_DISTINCT_MIN) {
        for (uint32_t i = 0; i < t->query_count; i++) {
            const struct trace_query *q = &t->queries[i];
            if (q->end_ns > calls->query[0]->start_ns || q->fingerprint == w->fingerprint) {
                continue;
            }
            const struct result *r = find_result(p, q);
            if (r != NULL) {
                had_rows = true;
                any = compare_result(w, calls, r) || any;
            } else if (q->rows >= PROOF_DISTINCT_MIN && q->kind == STATEMENT_SELECT) {
                want_parent(w, q->fingerprint);
            }
        }
        w->looked_at += had_rows ? 1 : 0;
        w->matched += any ? 1 : 0;
        w->misses += had_rows ? 0 : 1;
    }
    free(calls);
}

void
proof_trace(struct proof *p, const struct trace *t)
{
    for (unsigned i = 0; i < PROOF_WATCHED_MAX; i++) {
        if (p->watch[i].fingerprint != 0) {
            look_at(p, &p->watch[i], t);
        }
    }
}

const struct proof_key *
proof_result(const struct proof_watch *w)
{
    const struct proof_key *best = NULL;
    for (unsigned i = 0; i < w->key_count; i++) {
        const struct proof_key *k = &w->key[i];
        bool small = w->values_seen < PROOF_DISTINCT_MIN || w->values_small * 2 > w->values_seen;
        if (k->matches < PROOF_REQUESTS_MIN || k->matches * 5 < w->looked_at * 4 ||
            (!k->varies && small)) {
            continue;
        }
        if (best == NULL || k->matches > best->matches) {
            best = k;
        }
    }
    return best;
}
