/* SPDX-License-Identifier: Apache-2.0
 * analysis/objective/objective.h - one promise ("99.9 % of the requests do not fail, over 30
 * days"), its budget of bad requests, and how fast that is spent.
 *
 * The burn rate is the share of bad requests over the share that is allowed: at 1 the budget lasts
 * exactly as long as the promise. An alarm needs a long window, so that little things do not count,
 * and a short one, so that it ends when they do:
 *
 *      rate    long    short     of a budget of 30 days, spent by then
 *      14.4    1 h     5 min     2 %
 *      6       6 h     30 min    5 %
 *      1       3 d     6 h       10 %
 *
 * (Google's SRE workbook, chapter 5.) At least OBJECTIVE_BAD_MIN bad requests in the long window.
 *
 * Minutes of six hours and ten minutes each of 30 days: 56 KB. Zeroed memory with `allowed` and
 * `days` set is a new one. Times are minutes since 1970; a window is the minutes up to and with one
 * of them. Pure; one thread. */
#ifndef ANALYSIS_OBJECTIVE_OBJECTIVE_H
#define ANALYSIS_OBJECTIVE_OBJECTIVE_H

#include "base/check.h"

#define OBJECTIVE_BAD_MIN     10u
#define OBJECTIVE_MINUTES     361u
#define OBJECTIVE_BUCKETS     4321u
#define OBJECTIVE_BUCKET_MIN  10u
#define OBJECTIVE_RULES_COUNT 3u

struct objective_slot {
    uint32_t number; /* of its minute, or of its ten minutes */
    uint32_t total, bad;
};

struct objective {
    double allowed; /* share of bad requests */
    unsigned days;
    struct objective_slot minute[OBJECTIVE_MINUTES];
    struct objective_slot bucket[OBJECTIVE_BUCKETS];
};

struct objective_rule {
    double rate;
    uint32_t long_min, short_min;
    const char *text; /* "1 h and 5 min" */
};

/* The fastest first. */
extern const struct objective_rule objective_rules[OBJECTIVE_RULES_COUNT];

/* The requests of so many minutes, the first of which this is, spread evenly. */
void objective_add(struct objective *o, uint32_t minute, uint32_t minutes, uint64_t total,
                   uint64_t bad);

/* 0 where there were no requests. */
double objective_burn(const struct objective *o, uint32_t minute, uint32_t minutes);

/* The rule that holds, the fastest; OBJECTIVE_RULES_COUNT: none. */
unsigned objective_alarm(const struct objective *o, uint32_t minute);

/* The minute in which what makes this rule hold most likely began: before it the bad requests were
 * fewer than the rule's rate, since then more (Page's CUSUM, looked at from its end). */
uint32_t objective_onset(const struct objective *o, uint32_t minute, unsigned rule);

/* What is left of the budget, as a share; below 0: overdrawn. 1 where there were no requests. */
double objective_budget(const struct objective *o, uint32_t minute);

#endif
