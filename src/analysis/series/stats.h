/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/stats.h - one route over one stretch of time: means that add up, and robust
 * figures for deciding.
 *
 * Made from recent.h's requests, which are also summed up in blocks, in the order of their time and
 * of about as many requests each: jackknife.h makes of these how sure a figure is. Plain data,
 * about 20 KB, no memory of its own; stats_copy copies what is used of it. Statements past
 * STATS_QUERIES_MAX are summed in other_ms. */
#ifndef ANALYSIS_SERIES_STATS_H
#define ANALYSIS_SERIES_STATS_H

#include "analysis/series/recent.h"

#define STATS_QUERIES_MAX 80u
#define STATS_BLOCKS_MAX  10u

/* Sums over the requests of one block. */
struct stats_query_block {
    float calls, cost_ms, gap_ms, extra_calls;
};

struct stats_block {
    float n, total_ms, app_ms, other_ms;
};

struct stats_query {
    uint64_t fingerprint;
    double calls;       /* mean per request */
    double cost_ms;     /* mean per request */
    double cost_se_ms;  /* its standard error */
    double per_call_ms; /* mean */
    double gap_ms;      /* mean of the client's time around a call */
    double extra_calls; /* mean of max(0, calls - 1) */
    double rows;        /* mean per call */
    double repeated;    /* share of requests with >= 5 calls of which >= 80 % differ */
    double distinct;    /* mean different values per request */
    double total_calls;
    struct stats_query_block block[STATS_BLOCKS_MAX];
};

struct stats {
    uint64_t from_ns, to_ns; /* start of the first and of the last request in it */
    double n;
    double per_min; /* requests, those among them that were not kept; 0: not known */
    double mean_ms, p50_ms, p95_ms;
    double sigma_ms;   /* interquartile range / 1.349 */
    double mean_se_ms; /* standard error of the mean, of values cut at the 95th percentile */
    double app_ms, query_ms, other_ms;
    double errors;
    double spread;        /* where it was learned, not made of requests: of its means, relative */
    unsigned block_count; /* as many as there are requests, at most; 0: it was learned */
    struct stats_block block[STATS_BLOCKS_MAX];
    unsigned query_count;
    struct stats_query q[STATS_QUERIES_MAX]; /* not set beyond query_count */
};

/* Requests that started in [from_ns, to_ns), the newest n_max of them (0: all). */
void stats_make(const struct recent *r, uint64_t from_ns, uint64_t to_ns, uint32_t n_max,
                struct stats *ret_stats);

void stats_copy(struct stats *ret_stats, const struct stats *from);

const struct stats_query *stats_find(const struct stats *s, uint64_t fingerprint);

/* Median of values, which it sorts. 0 for none. */
double stats_median(double *values, size_t n);

#endif
