/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/stats.h"

#include <math.h>
#include <stdlib.h>

static int
double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double
stats_median(double *values, size_t n)
{
    if (n == 0) {
        return 0;
    }
    qsort(values, n, sizeof(*values), double_compare);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

const struct stats_query *
stats_find(const struct stats *s, uint64_t fingerprint)
{
    for (unsigned i = 0; i < s->query_count; i++) {
        if (s->q[i].fingerprint == fingerprint) {
            return &s->q[i];
        }
    }
    return NULL;
}

static struct stats_query *
find_or_add(struct stats *s, uint64_t fingerprint, unsigned hint)
{
    if (hint < s->query_count && s->q[hint].fingerprint == fingerprint) {
        return &s->q[hint];
    }
    struct stats_query *q = (struct stats_query *)stats_find(s, fingerprint);
    if (q == NULL && s->query_count < STATS_QUERIES_MAX) {
        q = &s->q[s->query_count++];
        *q = (struct stats_query){.fingerprint = fingerprint};
    }
    return q;
}

void
stats_copy(struct stats *to, const struct stats *from)
{
    memcpy(to, from, offsetof(struct stats, q));
    memcpy(to->q, from->q, from->query_count * sizeof(from->q[0]));
}

static void
add_to_block(struct stats_query_block *b, const struct recent_query *from)
{
    b->calls += (float)from->calls;
    b->cost_ms += from->cost_ms;
    b->gap_ms += from->gap_ms;
    b->extra_calls += from->calls > 0 ? (float)(from->calls - 1) : 0;
}

static void
add_request(struct stats *s, const struct recent_request *req, unsigned block)
{
    struct stats_block *b = &s->block[block];
    b->n++;
    b->total_ms += req->total_ms;
    b->app_ms += req->app_ms;
    b->other_ms += req->other_ms;
    s->app_ms += req->app_ms;
    s->query_ms += req->query_ms;
    s->other_ms += req->other_ms;
    s->errors += req->error ? 1 : 0;
    for (unsigned i = 0; i < req->query_count; i++) {
        const struct recent_query *from = &req->q[i];
        struct stats_query *q = find_or_add(s, from->fingerprint, i);
        if (q == NULL) {
            s->other_ms += from->cost_ms;
            b->other_ms += from->cost_ms;
            continue;
        }
        add_to_block(&q->block[block], from);
        q->calls += from->calls;
        q->cost_ms += from->cost_ms;
        q->cost_se_ms += from->cost_ms * from->cost_ms; /* until divide() */
        q->gap_ms += from->gap_ms;
        q->rows += from->rows;
        q->distinct += from->distinct;
        q->extra_calls += from->calls > 0 ? from->calls - 1 : 0;
        q->repeated +=
            from->calls >= RECENT_REPEATS_MIN && from->distinct * 5 >= from->calls * 4 ? 1 : 0;
    }
}

static void
divide(struct stats *s, double n)
{
    s->app_ms /= n;
    s->query_ms /= n;
    s->other_ms /= n;
    for (unsigned i = 0; i < s->query_count; i++) {
        struct stats_query *q = &s->q[i];
        double calls = q->calls > 0 ? q->calls : 1;
        q->total_calls = q->calls;
        q->per_call_ms = q->cost_ms / calls;
        q->gap_ms /= calls;
        q->rows /= calls;
        q->calls /= n;
        q->cost_ms /= n;
        q->cost_se_ms = sqrt(MAX(q->cost_se_ms / n - q->cost_ms * q->cost_ms, 0) / n);
        q->extra_calls /= n;
        q->repeated /= n;
        q->distinct /= n;
    }
}

/* Those that started in [from_ns, to_ns), newest first. */
static size_t
collect(const struct recent *r, uint64_t from_ns, uint64_t to_ns, uint32_t n_max,
        const struct recent_request **list)
{
    size_t n = 0;
    for (uint32_t k = r->count; k-- > 0 && (n_max == 0 || n < n_max);) {
        const struct recent_request *req = recent_at(r, k);
        if (req->start_ns >= from_ns && req->start_ns < to_ns) {
            list[n++] = req;
        }
    }
    return n;
}

/* Of the totals, which it sorts. */
static void
distribution(struct stats *s, double *total, size_t n)
{
    double cut_sum = 0, cut_squares = 0;
    s->p50_ms = stats_median(total, n); /* sorts */
    s->p95_ms = total[MIN(n - 1, (size_t)(0.95 * s->n))];
    s->sigma_ms = (total[MIN(n - 1, n * 3 / 4)] - total[n / 4]) / 1.349;
    for (size_t i = 0; i < n; i++) {
        double v = MIN(total[i], s->p95_ms);
        cut_sum += v;
        cut_squares += v * v;
    }
    double var = cut_squares / s->n - (cut_sum / s->n) * (cut_sum / s->n);
    s->mean_se_ms = sqrt(MAX(var, 0) / s->n);
}

void
stats_make(const struct recent *r, uint64_t from_ns, uint64_t to_ns, uint32_t n_max,
           struct stats *s)
{
    memset(s, 0, offsetof(struct stats, q));
    const struct recent_request **list = check_alloc(r->count + 1, sizeof(*list));
    double *total = check_alloc(r->count + 1, sizeof(*total));
    size_t n = collect(r, from_ns, to_ns, n_max, list);
    double sum = 0;
    s->block_count = (unsigned)MIN(n, STATS_BLOCKS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct recent_request *req = list[i];
        s->to_ns = MAX(s->to_ns, req->start_ns);
        s->from_ns = s->from_ns == 0 ? req->start_ns : MIN(s->from_ns, req->start_ns);
        total[i] = req->total_ms;
        sum += req->total_ms;
        add_request(s, req, (unsigned)(i * s->block_count / n));
    }
    s->n = (double)n;
    if (s->to_ns > s->from_ns) {
        s->per_min = s->n * recent_weight(r) * 6e10 / (double)(s->to_ns - s->from_ns);
    }
    if (n > 0) {
        divide(s, s->n);
        s->mean_ms = sum / s->n;
        distribution(s, total, n);
    }
    free(total);
    free(list);
}
