/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/burst.h"

#include <math.h>

#include "base/check.h"
#include "base/clock.h"

#define GAPS_NEEDED       200u
#define GAPS_HALVE_AT     20000u
#define SEPARATION_NEEDED 0.7
#define APART_NEEDED      4.0 /* buckets: the hills' centres differ by a factor of four */

void
burst_gaps_init(struct burst_gaps *g)
{
    *g = (struct burst_gaps){.limit_ns = BURST_GAP_DEFAULT_NS};
}

/* Half octaves from 1 us on: whole ones of the square. */
static unsigned
bucket_of(uint64_t gap_ns)
{
    double us = (double)gap_ns / 1e3;
    int octaves;
    if (us < 1) {
        return 0;
    }
    frexp(us * us, &octaves); /* which lies from 2^(octaves - 1) up to 2^octaves */
    return MIN((unsigned)(octaves - 1), BURST_GAP_BUCKETS - 1);
}

/* The split with the largest variance between the two classes; how much of all variance that is. */
static double
best_split(const struct burst_gaps *g, unsigned *ret_bucket)
{
    double sum = 0, squares = 0, n = g->total;
    for (unsigned i = 0; i < BURST_GAP_BUCKETS; i++) {
        sum += (double)g->count[i] * i;
        squares += (double)g->count[i] * i * i;
    }
    double variance = squares / n - (sum / n) * (sum / n);
    double below = 0, below_sum = 0, best = 0;
    unsigned first = 0, last = 0;
    for (unsigned i = 0; i + 1 < BURST_GAP_BUCKETS; i++) {
        below += g->count[i];
        below_sum += (double)g->count[i] * i;
        if (below < 1 || below >= n) {
            continue;
        }
        double apart = below_sum / below - (sum - below_sum) / (n - below);
        if (fabs(apart) < APART_NEEDED) {
            continue;
        }
        double between = below / n * (1 - below / n) * apart * apart;
        if (between > best * 1.000001) {
            best = between;
            first = i;
        }
        if (between >= best * 0.999999) {
            last = i; /* a flat valley: its middle */
        }
    }
    *ret_bucket = (first + last) / 2 + 1;
    return variance > 0 ? best / variance : 0;
}

static void
refresh(struct burst_gaps *g)
{
    unsigned bucket = 0;
    g->since = 0;
    g->limit_ns = BURST_GAP_DEFAULT_NS;
    if (g->total >= GAPS_NEEDED && best_split(g, &bucket) >= SEPARATION_NEEDED) {
        uint64_t limit = (uint64_t)(exp2(bucket / 2.0) * 1e3);
        g->limit_ns = MIN(MAX(limit, 2 * NS_PER_MS), 500 * NS_PER_MS);
    }
}

void
burst_gaps_saw(struct burst_gaps *g, uint64_t gap_ns)
{
    g->count[bucket_of(gap_ns)]++;
    g->total++;
    if (g->total >= GAPS_HALVE_AT) {
        g->total = 0;
        for (unsigned i = 0; i < BURST_GAP_BUCKETS; i++) {
            g->count[i] /= 2;
            g->total += g->count[i];
        }
    }
    if (++g->since >= 50) {
        refresh(g);
    }
}
