/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/sameness.h"

#include <stdlib.h>

#include "analysis/series/statement.h"
#include "base/hash.h"

void
sameness_init(struct sameness *s, size_t statements_max)
{
    memset(s, 0, sizeof(*s));
    map_init(&s->by_fingerprint, statements_max);
}

void
sameness_fini(struct sameness *s)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&s->by_fingerprint, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&s->by_fingerprint);
}

struct sameness_statement *
sameness_of(struct sameness *s, const struct trace_query *q)
{
    struct sameness_statement *st =
        q->kind == STATEMENT_SELECT ? map_get(&s->by_fingerprint, q->fingerprint) : NULL;
    if (st == NULL && q->kind == STATEMENT_SELECT) {
        st = check_alloc(1, sizeof(*st));
        st->half_ns = q->start_ns;
        if (map_put(&s->by_fingerprint, q->fingerprint, st) != 0) {
            free(st);
            return NULL;
        }
    }
    return st;
}

static void
turn_half(struct sameness_statement *st, uint64_t now_ns)
{
    if (now_ns < st->half_ns + SAMENESS_HALF_NS) {
        return;
    }
    bool long_ago = now_ns >= st->half_ns + 2 * SAMENESS_HALF_NS;
    st->half[1] = long_ago ? (struct sameness_half){0} : st->half[0];
    st->half[0] = (struct sameness_half){0};
    st->half_ns = now_ns;
    for (unsigned i = 0; i < SAMENESS_VALUES_MAX; i++) {
        st->value[i].calls /= 2;
    }
}

enum sameness_answer
sameness_add(struct sameness_statement *st, const struct trace_query *q)
{
    turn_half(st, q->start_ns);
    struct sameness_half *h = &st->half[0];
    h->calls++;
    bool hashed = (q->flags & QUERY_RESULT_HASHED) != 0 && (q->flags & QUERY_VALUES_HASHED) != 0 &&
                  (q->flags & QUERY_ERROR) == 0;
    if (!hashed) {
        h->unhashed++;
        return SAMENESS_UNKNOWN;
    }
    struct sameness_value *oldest = &st->value[0];
    for (unsigned i = 0; i < SAMENESS_VALUES_MAX; i++) {
        struct sameness_value *v = &st->value[i];
        if (v->calls > 0 && v->values == q->values_hash) {
            bool fresh = q->start_ns < v->last_ns + SAMENESS_TTL_NS;
            if (v->result != q->result_hash) {
                h->changed++;
            } else if (fresh) {
                h->hits++;
            }
            v->result = q->result_hash;
            v->last_ns = q->start_ns;
            v->calls++;
            return fresh ? SAMENESS_SEEN : SAMENESS_UNSEEN;
        }
        if (v->last_ns < oldest->last_ns) {
            oldest = v;
        }
    }
    *oldest = (struct sameness_value){
        .values = q->values_hash, .result = q->result_hash, .last_ns = q->start_ns, .calls = 1};
    return SAMENESS_UNSEEN;
}

static int
calls_descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x > y ? -1 : x < y;
}

bool
sameness_sum(const struct sameness *s, uint64_t fingerprint, struct sameness_sum *ret_sum)
{
    const struct sameness_statement *st = map_get(&s->by_fingerprint, fingerprint);
    if (st == NULL) {
        return false;
    }
    struct sameness_sum sum = {.since_ns = st->half_ns};
    for (unsigned i = 0; i < 2; i++) {
        sum.calls += st->half[i].calls;
        sum.hits += st->half[i].hits;
        sum.changed += st->half[i].changed;
    }
    if (st->half[1].calls > 0) {
        sum.since_ns -= MIN(sum.since_ns, SAMENESS_HALF_NS);
    }
    uint64_t calls[SAMENESS_VALUES_MAX], total = 0;
    for (unsigned i = 0; i < SAMENESS_VALUES_MAX; i++) {
        calls[i] = st->value[i].calls;
        total += calls[i];
    }
    qsort(calls, SAMENESS_VALUES_MAX, sizeof(calls[0]), calls_descending);
    uint64_t reached = 0;
    for (unsigned i = 0; i < SAMENESS_VALUES_MAX && reached * 10 < total * 9; i++) {
        reached += calls[i];
        sum.answers++;
    }
    sum.hit_rate = sum.calls == 0 ? 0 : (double)sum.hits / (double)sum.calls;
    *ret_sum = sum;
    return true;
}

static uint64_t
table_hash(const char *table)
{
    char plain[STATEMENT_NAME_LEN];
    statement_plain_name(table, plain);
    return hash_bytes(slice_from_str(plain));
}

void
sameness_wrote(struct sameness *s, const char *table, uint64_t at_ns)
{
    uint64_t hash = table_hash(table);
    struct sameness_write *oldest = &s->write[0];
    for (unsigned i = 0; i < SAMENESS_TABLES_MAX; i++) {
        struct sameness_write *w = &s->write[i];
        if (w->table == hash) {
            w->last_ns = MAX(w->last_ns, at_ns);
            return;
        }
        oldest = w->last_ns < oldest->last_ns ? w : oldest;
    }
    *oldest = (struct sameness_write){hash, at_ns};
}

uint64_t
sameness_written_ns(const struct sameness *s, const char *table)
{
    uint64_t hash = table_hash(table);
    for (unsigned i = 0; i < SAMENESS_TABLES_MAX; i++) {
        if (s->write[i].table == hash) {
            return s->write[i].last_ns;
        }
    }
    return 0;
}
