/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/metrics.h - the judge's figures for exporters, as JSON (jansson): histograms of
 * requests by route and of statements by summary, with OpenTelemetry's buckets.
 *
 * At most METRICS_ROUTES_MAX routes and METRICS_SUMMARIES_MAX summaries, those with the most time;
 * the rest is one row named "other". A summary is what a statement does and to which table
 * ("SELECT orders"), never its text. Pure; the caller owns what it gets. */
#ifndef ANALYSIS_REPORT_METRICS_H
#define ANALYSIS_REPORT_METRICS_H

#include <jansson.h>

#include "analysis/series/series.h"
#include "analysis/series/statement.h"
#include "analysis/series/watch.h"

#define METRICS_ROUTES_MAX    100u
#define METRICS_SUMMARIES_MAX 100u

/* {requests: [{route, route_basis, method, count, failed, sum_s, buckets: [cumulative counts]}],
 *  operations: [{summary, namespace, count, failed, sum_s, buckets}]} */
json_t *report_metrics(const struct series_table *series, const struct statement_table *statements,
                       struct watch *const *watches, unsigned watch_count,
                       const char *(*name_of)(void *ctx, uint32_t id), void *ctx);

/* Upper bounds of the buckets, in seconds, as OpenTelemetry's conventions have them. */
extern const double metrics_request_bounds[14];
extern const double metrics_operation_bounds[9];

#endif
