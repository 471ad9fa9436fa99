/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/repeating.h - which statements one request called again and again with different
 * values.
 *
 * At least REPEATING_CALLS_MIN calls and as many different values. Looks at
 * REPEATING_STATEMENTS_MAX statements of a request; session set-up and transactions are none. Pure;
 * a few nanoseconds a query, nothing for requests that are too short. */
#ifndef ANALYSIS_SERIES_REPEATING_H
#define ANALYSIS_SERIES_REPEATING_H

#include "analysis/intake/trace.h"

#define REPEATING_CALLS_MIN      5u
#define REPEATING_STATEMENTS_MAX 64u

/* One query of each of them, in no order; how many. */
unsigned repeating_of(const struct trace *t,
                      const struct trace_query *ret_query[REPEATING_STATEMENTS_MAX]);

#endif
