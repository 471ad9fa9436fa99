/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/report.h - the judge's documents as JSON (jansson), as the API, the store, the
 * command line and the postmortem read them. Times become wall clock here. Pure; the caller owns
 * what it gets. */
#ifndef ANALYSIS_REPORT_REPORT_H
#define ANALYSIS_REPORT_REPORT_H

#include <jansson.h>

#include "analysis/incident/incident.h"
#include "analysis/series/series.h"
#include "analysis/series/watch.h"
#include "base/wall_clock.h"

json_t *report_incident(const struct incident *inc, const struct statement_table *statements,
                        const struct wall_clock *clock, unsigned cores);

/* name_of: text of a database's id, or "". */
json_t *report_queries(const struct series_table *series, const struct statement_table *statements,
                       const char *(*name_of)(void *ctx, uint32_t id), void *ctx);
/* watches: of the routes, for what is known of them besides their sums. */
json_t *report_requests(const struct series_table *series, const struct statement_table *statements,
                        struct watch *const *watches, unsigned watch_count);

/* "2026-11-23T14:02:11.000Z", and back; 0: it is none. */
void report_time(uint64_t wall_ns, char dst[32]);
uint64_t report_time_back(const char *text);

#endif
