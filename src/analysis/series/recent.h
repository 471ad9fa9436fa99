/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/recent.h - the recent requests of one route, each with what its statements cost,
 * so that before and after around any moment are exact means and medians of real requests.
 *
 * A ring of RECENT_REQUESTS_MAX requests. When it would cover less than RECENT_SPAN_NS it keeps
 * every second, fourth, ... request instead (unbiased: by count, not by cost), so a busy route
 * remembers as far back as a quiet one. All rings share one budget of bytes; over it, a ring gives
 * up its own oldest. Owns its requests. One thread. */
#ifndef ANALYSIS_SERIES_RECENT_H
#define ANALYSIS_SERIES_RECENT_H

#include "analysis/intake/trace.h"

#define RECENT_REQUESTS_MAX 2048u
#define RECENT_QUERIES_MAX  64u /* different statements in one request; the rest is other_ms */
#define RECENT_SPAN_NS      (20 * 60 * 1000000000ull)
/* So many statements of a session are dearer: its backend has not seen their tables yet. */
#define RECENT_YOUNG       8u
#define RECENT_REPEATS_MIN 5u /* calls of one statement in one request that make it repeated */

struct recent_query {
    uint64_t fingerprint;
    uint32_t calls;
    uint32_t distinct; /* different values among them */
    uint32_t rows;
    uint32_t young; /* calls that were among the first of their session: RECENT_YOUNG */
    float cost_ms;
    float gap_ms; /* the client's own time around its calls: half of the gap on either side */
};

struct recent_request {
    uint64_t start_ns;
    uint64_t end_ns;
    float total_ms;
    float app_ms;   /* no query in progress */
    float query_ms; /* sum of all costs */
    float other_ms; /* of which: not in q */
    bool error;
    uint8_t query_count;
    uint8_t trace_id[16];
    struct recent_query q[];
};

struct recent_budget {
    size_t bytes;
    size_t bytes_max;
};

struct recent {
    struct recent_budget *budget;
    struct recent_request *ring[RECENT_REQUESTS_MAX];
    uint32_t head; /* next to write */
    uint32_t count;
    uint32_t stride; /* one of so many is kept */
    uint32_t skipped;
    double missed;     /* share of the last requests that could not be kept */
    uint64_t requests; /* ever */
    uint64_t first_ns; /* start of the first request ever */
    uint64_t last_ns;
};

void recent_init(struct recent *r, struct recent_budget *budget);
void recent_fini(struct recent *r);
void recent_add(struct recent *r, const struct trace *t);
/* So many more requests there were, of which too little is known to keep them. */
void recent_missed(struct recent *r, uint64_t requests);
/* One that is kept stands for so many, of late. */
double recent_weight(const struct recent *r);

/* i = 0: the oldest. */
static inline const struct recent_request *
recent_at(const struct recent *r, uint32_t i)
{
    return r->ring[(r->head + RECENT_REQUESTS_MAX - r->count + i) % RECENT_REQUESTS_MAX];
}

const struct recent_query *recent_find(const struct recent_request *req, uint64_t fingerprint);

#endif
