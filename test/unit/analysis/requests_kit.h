/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/requests_kit.h - requests made by hand, for the judge's parts. */
#ifndef UNIT_ANALYSIS_REQUESTS_KIT_H
#define UNIT_ANALYSIS_REQUESTS_KIT_H

#include "analysis/intake/intake.h"
#include "analysis/series/watch.h"
#include "base/clock.h"
#include "unit/unit.h"

struct kit_query {
    uint64_t fingerprint;
    uint64_t values;
    double at_ms; /* since the request's start */
    double ms;
    double prepare_ms; /* before at_ms */
    unsigned rows;     /* 0: 1 */
    bool opens;        /* it is the first of its session */
};

/* GET path, as it is announced. */
static inline struct intake_item
kit_route(uint32_t index, const char *path)
{
    struct intake_item item = {.kind = INTAKE_ROUTE};
    item.route.index = index;
    item.route.method = METHOD_GET;
    item.route.text = slice_from_str(path);
    return item;
}

static inline uint64_t
kit_ns(double ms)
{
    return (uint64_t)(ms * 1e6);
}

static inline struct trace *
kit_trace(uint64_t start_ns, double total_ms, const struct kit_query *queries, unsigned count)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(count, 0, &q, &values);
    t->request = 1;
    t->start_ns = start_ns;
    t->end_ns = start_ns + kit_ns(total_ms);
    t->status = 200;
    t->probability = 1;
    for (unsigned i = 0; i < count; i++) {
        q[i] = (struct trace_query){.fingerprint = queries[i].fingerprint,
                                    .values_hash = queries[i].values,
                                    .start_ns = start_ns + kit_ns(queries[i].at_ms),
                                    .prepare_ns = kit_ns(queries[i].prepare_ms),
                                    .rows = MAX(queries[i].rows, 1),
                                    .session_seq = queries[i].opens ? 0 : RECENT_YOUNG,
                                    .kind = STATEMENT_SELECT};
        q[i].end_ns = q[i].start_ns + kit_ns(queries[i].ms);
    }
    return t;
}

static inline void
kit_request(struct watch *w, uint64_t start_ns, double total_ms, const struct kit_query *queries,
            unsigned count)
{
    struct trace *t = kit_trace(start_ns, total_ms, queries, count);
    watch_trace(w, t);
    trace_free(&t);
}

/* So many calls of one statement in a row, each with a value of its own, then a rest of
 * app_ms without a query. The first call begins at once. */
static inline void
kit_calls(struct watch *w, uint64_t start_ns, uint64_t fingerprint, unsigned calls, double ms,
          double app_ms)
{
    struct kit_query q[64];
    assert_true(calls <= ARRAY_LEN(q));
    for (unsigned i = 0; i < calls; i++) {
        q[i] =
            (struct kit_query){.fingerprint = fingerprint, .values = i, .at_ms = i * ms, .ms = ms};
    }
    kit_request(w, start_ns, calls * ms + app_ms, q, calls);
}

static inline void
kit_near(double value, double wanted)
{
    if (!(value > wanted - 1e-3 && value < wanted + 1e-3)) {
        fail_msg("%f, wanted %f", value, wanted);
    }
}

#endif
