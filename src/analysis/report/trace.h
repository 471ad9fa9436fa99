/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/trace.h - kept traces as JSON (jansson), as the API, the store and the command
 * line read them. Times become wall clock here. Pure; the caller owns what it gets. */
#ifndef ANALYSIS_REPORT_TRACE_H
#define ANALYSIS_REPORT_TRACE_H

#include <jansson.h>

#include "analysis/series/statement.h"
#include "analysis/series/watch.h"
#include "base/wall_clock.h"

/* One of w's, with its statements. name_of: text of a database's id, or "". */
json_t *report_trace(const struct watch *w, const struct sample *sample, enum sampler_reason reason,
                     const struct statement_table *statements, const struct wall_clock *clock,
                     const char *(*name_of)(void *ctx, uint32_t id), void *ctx);

/* One line of the request log: what the request did, the statements that it repeated, the slowest
 * one; and all of them where that is wanted. is_partial: records of its time were lost. */
json_t *report_request(const struct watch *w, const struct sample *sample, bool is_partial,
                       bool with_statements, const struct statement_table *statements,
                       const struct wall_clock *clock);

/* All that are kept, newest first, without their statements. */
json_t *report_traces(struct watch *const *watches, unsigned watch_count,
                      const struct wall_clock *clock);

#endif
