/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/tables.h - all statements, and all routes, with the sums of their series, as JSON
 * (jansson): the API's queries and requests. Pure; the caller owns what it gets. Costs a row for
 * each series: up to SERIES_MAX of them. */
#ifndef ANALYSIS_REPORT_TABLES_H
#define ANALYSIS_REPORT_TABLES_H

#include <jansson.h>

#include "analysis/series/series.h"
#include "analysis/series/statement.h"
#include "analysis/series/watch.h"

/* name_of: text of a database's id, or "". */
json_t *report_queries(const struct series_table *series, const struct statement_table *statements,
                       const char *(*name_of)(void *ctx, uint32_t id), void *ctx);
/* watches: of the routes, for what is known of them besides their sums. */
json_t *report_requests(const struct series_table *series, const struct statement_table *statements,
                        struct watch *const *watches, unsigned watch_count);

#endif
