/* SPDX-License-Identifier: Apache-2.0
 * analysis/change/trend.h - does one statement of a route become dearer steadily, call after call,
 * or did its price only jump about?
 *
 * The route's recent requests with the statement are cut, in order, into groups of equal size; each
 * gives the median cost of a call. Mann and Kendall's test says whether the groups rise, by their
 * order alone, over everything and again over the part since the rise began: a step, or a noisy
 * minute, passes the first and fails the second. Pure; sorts at most RECENT_REQUESTS_MAX numbers
 * and compares TREND_GROUPS_MAX^2 / 2 pairs. */
#ifndef ANALYSIS_CHANGE_TREND_H
#define ANALYSIS_CHANGE_TREND_H

#include "analysis/series/recent.h"

#define TREND_GROUPS_MAX 64u
#define TREND_GROUP_MIN  8u /* requests in one group */

struct trend {
    unsigned groups;         /* 0: too few requests to say anything */
    double z;                /* of Mann and Kendall's S, over all groups */
    double rise_z;           /* the same since the rise began */
    uint64_t rise_ns;        /* how long it has been rising */
    double first_ms, now_ms; /* median of the groups' first third, and of their last eighth */
};

/* Over the requests that began at from_ns or later. */
void trend_of(const struct recent *r, uint64_t fingerprint, uint64_t from_ns,
              struct trend *ret_trend);

/* It has been rising for minutes, and by a fifth or more. */
bool trend_is_steady(const struct trend *t);

#endif
