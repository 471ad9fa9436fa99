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

/* How much a line of the request log says beyond what stands out. */
enum report_detail {
    REPORT_OUTSTANDING, /* the statements that it repeated, the slowest one */
    REPORT_STATEMENTS,  /* all of them */
    REPORT_EXECUTIONS,  /* and each execution, with how it was tied to the request */
};

/* One line of the request log: what the request did. sample is made of t. */
json_t *report_request(const struct watch *w, const struct sample *sample, const struct trace *t,
                       enum report_detail detail, const struct statement_table *statements,
                       const struct wall_clock *clock);

/* All that are kept, newest first, without their statements. */
json_t *report_traces(struct watch *const *watches, unsigned watch_count,
                      const struct wall_clock *clock);

#endif
