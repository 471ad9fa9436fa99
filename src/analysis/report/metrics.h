/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/metrics.h - the judge's figures for exporters, as JSON (jansson): histograms of
 * requests by route and of statements by summary, with OpenTelemetry's buckets.
 *
 * At most METRICS_ROUTES_MAX routes and METRICS_SUMMARIES_MAX summaries, those with the most time;
 * the rest is one row named "other". No counter ever falls, whoever comes and goes among the rows
 * (metrics_table.h) and among the series. A summary is what a statement does and to which table
 * ("SELECT orders"), never its text. The caller owns what it gets. */
#ifndef ANALYSIS_REPORT_METRICS_H
#define ANALYSIS_REPORT_METRICS_H

#include <jansson.h>

#include "analysis/report/metrics_table.h"
#include "analysis/series/series.h"
#include "analysis/series/statement.h"
#include "analysis/series/watch.h"

#define METRICS_ROUTES_MAX    100u
#define METRICS_SUMMARIES_MAX 100u

/* What was told so far. */
struct metrics {
    struct metrics_table requests, operations;
};

void metrics_init(struct metrics *m);
void metrics_fini(struct metrics *m);

/* What was counted since the last time is added to what it told then.
 * {requests: [{route, route_basis, method, count, failed, sum_s, buckets: [cumulative counts]}],
 *  operations: [{summary, namespace, count, failed, sum_s, buckets}]} */
json_t *report_metrics(struct metrics *m, struct series_table *series,
                       const struct statement_table *statements, struct watch *const *watches,
                       unsigned watch_count, const char *(*name_of)(void *ctx, uint32_t id),
                       void *ctx);

/* Upper bounds of the buckets, in seconds, as OpenTelemetry's conventions have them. */
extern const double metrics_request_bounds[14];
extern const double metrics_operation_bounds[9];

#endif
