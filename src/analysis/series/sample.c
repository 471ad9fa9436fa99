/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/sample.h"

#include <stdlib.h>

#include "base/hash.h"

/* The values that one statement was run with; sorted, they say how often and how differently. */
struct call {
    uint64_t fingerprint;
    uint64_t values;
};

static int
compare_call(const void *a, const void *b)
{
    const struct call *x = a, *y = b;
    if (x->fingerprint != y->fingerprint) {
        return x->fingerprint < y->fingerprint ? -1 : 1;
    }
    return (x->values > y->values) - (x->values < y->values);
}

static struct call *
calls_of(const struct trace *t)
{
    struct call *calls = check_alloc(MAX(t->query_count, 1u), sizeof(*calls));
    for (uint32_t i = 0; i < t->query_count; i++) {
        calls[i] = (struct call){t->queries[i].fingerprint, t->queries[i].values_hash};
    }
    qsort(calls, t->query_count, sizeof(*calls), compare_call);
    return calls;
}

/* What was counted last: statements that are run often follow one another. */
struct count {
    uint64_t fingerprint;
    uint32_t calls; /* 0: nothing was */
    uint32_t distinct;
};

/* How often it was run, with how many different values. */
static struct count
count_calls(const struct call *calls, uint32_t count, uint64_t fingerprint)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calls[middle].fingerprint < fingerprint) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t n = 0, distinct = 0;
    for (uint32_t i = low; i < count && calls[i].fingerprint == fingerprint; i++, n++) {
        distinct += n == 0 || calls[i].values != calls[i - 1].values;
    }
    return (struct count){fingerprint, n, distinct};
}

static struct sample_row *
row_of(struct sample *s, const struct call *calls, struct count *last, const struct trace *t,
       const struct trace_query *q)
{
    if (last->calls == 0 || last->fingerprint != q->fingerprint) {
        *last = count_calls(calls, t->query_count, q->fingerprint);
    }
    uint32_t distinct = last->calls < SAMPLE_REPEATS ? 1 : last->distinct;
    if (last->calls >= SAMPLE_REPEATS) {
        for (uint32_t i = 0; i < s->row_count; i++) {
            if (s->row[i].fingerprint == q->fingerprint) {
                return &s->row[i];
            }
        }
    }
    if (s->row_count == SAMPLE_ROWS_MAX) {
        return NULL;
    }
    struct sample_row *row = &s->row[s->row_count++];
    *row = (struct sample_row){.fingerprint = q->fingerprint,
                               .distinct = distinct,
                               .probability = q->probability,
                               .basis = q->basis,
                               .upstream = q->upstream};
    return row;
}

static void
add_to_row(struct sample_row *row, const struct trace_query *q, uint64_t from_ns, uint64_t to_ns,
           uint64_t gap_ns)
{
    if (row->calls++ == 0) {
        row->start_ns = from_ns;
        row->app_before_ns = gap_ns;
    } else {
        row->app_between_ns += gap_ns;
    }
    row->end_ns = MAX(row->end_ns, to_ns);
    row->cost_ns += trace_query_cost_ns(q);
    row->rows += q->rows;
    row->basis = MAX(row->basis, q->basis);
    row->probability = MIN(row->probability, q->probability);
    if ((q->flags & QUERY_ERROR) != 0 && row->errors++ == 0) {
        slice_to_str(slice_of(q->sqlstate, sizeof(q->sqlstate)), row->sqlstate,
                     sizeof(row->sqlstate));
    }
}

static void
add_rows(struct sample *s, const struct trace *t)
{
    struct call *calls = calls_of(t);
    struct count last = {0};
    uint64_t covered_to = t->start_ns;
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        uint64_t from = MAX(q->start_ns - MIN(q->prepare_ns, q->start_ns), t->start_ns);
        uint64_t to = q->end_ns + q->close_ns;
        uint64_t gap_ns = from > covered_to ? from - covered_to : 0;
        struct sample_row *row = row_of(s, calls, &last, t, q);
        if (row != NULL) {
            add_to_row(row, q, from - t->start_ns, to - MIN(to, t->start_ns), gap_ns);
        } else {
            s->more_queries++;
            s->more_ns += trace_query_cost_ns(q);
        }
        s->app_ns += gap_ns;
        s->query_ns += trace_query_cost_ns(q);
        covered_to = MAX(covered_to, to);
    }
    free(calls);
    uint64_t after_ns = t->end_ns > covered_to ? t->end_ns - covered_to : 0;
    uint64_t folded_ns = MIN(t->folded_ns, after_ns); /* those came last, and left no times */
    s->app_after_ns = after_ns - folded_ns;
    s->app_ns += s->app_after_ns;
    s->query_ns += t->folded_ns;
    s->more_ns += t->folded_ns;
    s->more_queries += t->queries_folded;
}

static void
give_id(struct sample *s, const struct trace *t)
{
    static const uint8_t none[16];
    memcpy(s->trace_id, t->trace_id, sizeof(s->trace_id));
    if (memcmp(s->trace_id, none, sizeof(none)) == 0) {
        uint64_t half[2] = {hash_combine(t->start_ns, t->end_ns), 0};
        uint64_t session = t->query_count > 0 ? t->queries[0].session : 0;
        half[1] = hash_combine(half[0], hash_combine(session, t->route)) | 1;
        memcpy(s->trace_id, half, sizeof(half));
    }
    memcpy(s->span_id, t->span_id, sizeof(s->span_id));
    memcpy(s->parent_span, t->parent_span, sizeof(s->parent_span));
    if (memcmp(s->span_id, none, sizeof(s->span_id)) == 0) {
        uint64_t made = hash_bytes(slice_of(s->trace_id, sizeof(s->trace_id))) | 1;
        memcpy(s->span_id, &made, sizeof(made));
    }
}

struct sample *
sample_new(const struct trace *t)
{
    /* Made with room for all rows, kept with as much as they take. */
    size_t size_max = sizeof(struct sample) + SAMPLE_ROWS_MAX * sizeof(struct sample_row);
    struct sample *wide = check_alloc(1, size_max);
    wide->start_ns = t->start_ns;
    wide->end_ns = MAX(t->end_ns, t->start_ns);
    wide->queries = t->query_count + t->queries_folded;
    wide->unlinked_sessions = t->unlinked_sessions;
    wide->status = t->status;
    wide->method = t->method;
    wide->basis = t->basis;
    wide->probability = t->probability;
    wide->has_failed = trace_has_failed(t);
    give_id(wide, t);
    add_rows(wide, t);
    wide->size_bytes = (uint32_t)(sizeof(*wide) + wide->row_count * sizeof(wide->row[0]));
    struct sample *s = check_alloc(1, wide->size_bytes);
    memcpy(s, wide, wide->size_bytes);
    free(wide);
    return s;
}

void
sample_free(struct sample **sample)
{
    free(*sample);
    *sample = NULL;
}
