/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/sampler.h - which traces of one route are kept for people to look at: the
 * slowest, those that failed last, a random few of the rest, and those that an incident points to.
 *
 * Slowest and random are of the current SAMPLER_PERIOD_NS and of the one before it, so that
 * yesterday's worst does not hide today's. All samplers share one budget of bytes; over it the
 * former period goes first, then the new trace is not kept, and counted. Most traces cost two
 * comparisons and one random number. Owns its samples. One thread. */
#ifndef ANALYSIS_SERIES_SAMPLER_H
#define ANALYSIS_SERIES_SAMPLER_H

#include "analysis/series/sample.h"
#include "base/prng.h"

#define SAMPLER_PERIOD_NS (30 * 60 * 1000000000ull)
#define SAMPLER_SLOW      4u
#define SAMPLER_RANDOM    3u
#define SAMPLER_FAILED    4u
#define SAMPLER_PINNED    2u

struct sampler_budget {
    size_t bytes;
    size_t bytes_max;
    uint64_t refused;
};

/* Why it is kept. */
enum sampler_reason { SAMPLER_IS_SLOW, SAMPLER_IS_RANDOM, SAMPLER_HAS_FAILED, SAMPLER_IS_PINNED };

const char *sampler_reason_name(enum sampler_reason reason);

struct sampler_period {
    struct sample *slow[SAMPLER_SLOW]; /* slowest first */
    struct sample *random[SAMPLER_RANDOM];
    uint64_t start_ns; /* 0: not begun */
    uint64_t others;   /* traces that the random ones were drawn from */
};

struct sampler {
    struct sampler_budget *budget;
    struct sampler_period now, before;
    struct sample *failed[SAMPLER_FAILED]; /* a ring */
    struct sample *pinned[SAMPLER_PINNED]; /* a ring */
    uint32_t failed_next, pinned_next;
    struct prng prng;
};

void sampler_init(struct sampler *s, struct sampler_budget *budget, uint64_t seed);
void sampler_fini(struct sampler *s);

/* What is kept of it, and why; or NULL. A whole trace: one that misses records would show the
 * application waiting for nothing. */
const struct sample *sampler_add(struct sampler *s, const struct trace *t,
                                 enum sampler_reason *ret_reason);

/* All that is kept. */
typedef void sampler_cb(void *ctx, const struct sample *sample, enum sampler_reason reason);
void sampler_each(const struct sampler *s, sampler_cb *cb, void *ctx);

const struct sample *sampler_find(const struct sampler *s, const uint8_t trace_id[16],
                                  enum sampler_reason *ret_reason);

/* The one that began at from_ns or later and took about so long, or NULL. */
const struct sample *sampler_nearest(const struct sampler *s, uint64_t from_ns,
                                     uint64_t duration_ns);

/* One of those that are kept is about to be told. False: it was before. */
bool sampler_tell(struct sampler *s, const uint8_t trace_id[16]);

/* Keeps it beyond its period; the last SAMPLER_PINNED of a route stay. */
void sampler_pin(struct sampler *s, const struct sample *sample);

#endif
