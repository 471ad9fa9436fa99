/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/timing.h"

#include "base/clock.h"
#include "base/hash.h"

#define RATIO_MAX     64.0
#define COUNT_MAX     4000.0f
#define COUNT_NEEDED  30.0f
#define STRANGERS_MAX 200u

/* 0..31 before, 32..63 after, by doubling microseconds. */
static unsigned
bucket_of(int64_t gap_ns)
{
    uint64_t us = (uint64_t)(gap_ns < 0 ? -gap_ns : gap_ns) / NS_PER_US;
    unsigned log = us == 0 ? 0 : 64u - (unsigned)__builtin_clzll(us);
    log = MIN(log, TIMING_BUCKETS / 2 - 1);
    return gap_ns < 0 ? TIMING_BUCKETS / 2 - 1 - log : TIMING_BUCKETS / 2 + log;
}

static bool
is_known(const struct timing_gaps *g)
{
    return g->own_total >= COUNT_NEEDED && g->other_total >= COUNT_NEEDED;
}

static double
gap_ratio(const struct timing_gaps *g, int64_t gap_ns)
{
    unsigned b = bucket_of(gap_ns);
    double own = (g->own[b] + 0.25) / (g->own_total + 0.25 * TIMING_BUCKETS);
    double other = (g->other[b] + 0.25) / (g->other_total + 0.25 * TIMING_BUCKETS);
    return MAX(MIN(own / other, RATIO_MAX), 1 / RATIO_MAX);
}

static uint64_t
key_of(enum timing_kind kind, uint64_t first)
{
    return hash_combine(first, (uint64_t)kind + 1) | 1;
}

double
timing_ratio(const struct timing *t, enum timing_kind kind, uint64_t first, int64_t start_gap_ns,
             int64_t end_gap_ns)
{
    uint64_t key = key_of(kind, first);
    const struct timing_pair *p = &t->of_statement[(key >> 1) % TIMING_STATEMENTS];
    if (p->key != key || !is_known(&p->starts)) {
        p = &t->of_kind[kind];
    }
    if (!is_known(&p->starts)) {
        return 0;
    }
    return gap_ratio(&p->starts, start_gap_ns) * gap_ratio(&p->ends, end_gap_ns);
}

static void
gap_learn(struct timing_gaps *g, int64_t gap_ns, double weight)
{
    unsigned b = bucket_of(gap_ns);
    g->own[b] += (float)weight;
    g->own_total += (float)weight;
    g->other[b] += (float)(1 - weight);
    g->other_total += (float)(1 - weight);
    if (g->own_total > COUNT_MAX || g->other_total > 8 * COUNT_MAX) {
        for (size_t i = 0; i < TIMING_BUCKETS; i++) {
            g->own[i] /= 2;
            g->other[i] /= 2;
        }
        g->own_total /= 2;
        g->other_total /= 2;
    }
}

static void
pair_learn(struct timing_pair *p, int64_t start_gap_ns, int64_t end_gap_ns, double weight)
{
    gap_learn(&p->starts, start_gap_ns, weight);
    gap_learn(&p->ends, end_gap_ns, weight);
}

void
timing_learn(struct timing *t, enum timing_kind kind, uint64_t first, int64_t start_gap_ns,
             int64_t end_gap_ns, double weight)
{
    pair_learn(&t->of_kind[kind], start_gap_ns, end_gap_ns, weight);
    uint64_t key = key_of(kind, first);
    struct timing_pair *p = &t->of_statement[(key >> 1) % TIMING_STATEMENTS];
    if (p->key != key && (p->key == 0 || ++p->strangers > STRANGERS_MAX)) {
        *p = (struct timing_pair){.key = key};
    }
    if (p->key == key) {
        p->strangers = 0;
        pair_learn(p, start_gap_ns, end_gap_ns, weight);
    }
}
