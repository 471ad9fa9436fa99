/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/jackknife.h"

#include <math.h>

#define Z_95 1.959964

static void
query_without(struct stats_query *q, const struct stats_query_block *b, double n, double left)
{
    double calls = MAX(q->calls * n - b->calls, 0);
    double cost = MAX(q->cost_ms * n - b->cost_ms, 0);
    double gap = MAX(q->gap_ms * q->calls * n - b->gap_ms, 0);
    q->total_calls = calls;
    q->per_call_ms = calls > 0.5 ? cost / calls : q->per_call_ms;
    q->gap_ms = calls > 0.5 ? gap / calls : q->gap_ms;
    q->extra_calls = MAX(q->extra_calls * n - b->extra_calls, 0) / left;
    q->calls = calls / left;
    q->cost_ms = cost / left;
}

void
jackknife_without(const struct stats *s, unsigned block, struct stats *ret)
{
    const struct stats_block *b = &s->block[block];
    double left = s->n - b->n;
    stats_copy(ret, s);
    if (left < 1) {
        return;
    }
    ret->n = left;
    ret->mean_ms = (s->mean_ms * s->n - b->total_ms) / left;
    ret->app_ms = (s->app_ms * s->n - b->app_ms) / left;
    ret->other_ms = (s->other_ms * s->n - b->other_ms) / left;
    for (unsigned i = 0; i < ret->query_count; i++) {
        query_without(&ret->q[i], &s->q[i].block[block], s->n, left);
    }
}

struct jackknife
jackknife_of(const double *without, unsigned blocks)
{
    struct jackknife j = {.variance = NAN, .blocks = blocks};
    double sum = 0, squares = 0;
    if (blocks < JACKKNIFE_BLOCKS_MIN) {
        return j;
    }
    for (unsigned i = 0; i < blocks; i++) {
        sum += without[i];
    }
    for (unsigned i = 0; i < blocks; i++) {
        double d = without[i] - sum / blocks;
        squares += d * d;
    }
    j.variance = squares * (blocks - 1) / blocks;
    return j;
}

/* The 97.5th percentile of Student's t (Abramowitz and Stegun 26.7.5): within 0.01 from 4 degrees
 * of freedom on. */
static double
student(double freedom)
{
    const double z = Z_95, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    double v = freedom;
    return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

double
jackknife_error(struct jackknife a, struct jackknife b)
{
    double variance = a.variance + b.variance;
    double by_a = a.blocks > 1 ? a.variance * a.variance / (a.blocks - 1) : 0;
    double by_b = b.blocks > 1 ? b.variance * b.variance / (b.blocks - 1) : 0;
    if (!(variance > 0)) {
        return variance; /* 0, or not known */
    }
    double t = by_a + by_b > 0 ? student(variance * variance / (by_a + by_b)) : Z_95;
    return t * sqrt(variance);
}
