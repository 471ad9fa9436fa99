/* SPDX-License-Identifier: Apache-2.0
 *
 * What is normal for a route as the monitor knows it: by weeks, where its last minutes may have
 * been slow already. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"

#define HARDLY_EVER 0.05 /* calls a request */

/* As many calls as usual, at what they usually cost. False: it is new. */
static bool
cost_normally(const struct monitor *m, struct slice route, struct stats_query *q)
{
    struct monitor_normal normal;
    char print[20];
    snprintf(print, sizeof(print), "%016" PRIx64, q->fingerprint);
    if (!monitor_normal(m, route, slice_from_str(print), &normal)) {
        return true; /* it is not known to be */
    }
    if (normal.now_ms > 0 && !isnan(normal.calls_before)) {
        q->calls = normal.calls_before;
        q->per_call_ms *= normal.before_ms / normal.now_ms;
        q->cost_ms = q->calls * q->per_call_ms;
    }
    return isnan(normal.calls_before) || normal.calls_before > HARDLY_EVER;
}

/* The route as the monitor knows it: its requests of now, at what they normally cost. False: the
 * monitor knows too little. */
static bool
normal_of(const struct judge *j, const struct watch *w, const struct stats *now,
          struct stats *before)
{
    const struct monitor *m = j->long_term.monitor;
    struct slice route = slice_from_str(w->text);
    struct monitor_normal normal;
    if (now->n < WATCH_REQUESTS_MIN || !monitor_normal(m, route, SLICE_NONE, &normal) ||
        normal.calls < WATCH_REQUESTS_MIN) {
        return false;
    }
    stats_copy(before, now);
    before->from_ns = w->base.from_ns;
    before->to_ns = w->base.to_ns;
    before->n = normal.calls;
    before->mean_ms = normal.before_ms;
    before->p50_ms = normal.p50_ms;
    before->p95_ms = normal.p95_ms;
    before->sigma_ms = NAN;
    before->mean_se_ms = 0;
    before->block_count = 0;
    before->spread = normal.spread;
    before->errors = 0;
    before->query_ms = 0;
    before->query_count = 0;
    for (unsigned i = 0; i < now->query_count; i++) {
        struct stats_query q = now->q[i];
        if (cost_normally(m, route, &q)) {
            before->query_ms += q.cost_ms;
            before->q[before->query_count++] = q;
        }
    }
    before->app_ms = MAX(before->mean_ms - before->query_ms - before->other_ms, 0);
    return true;
}

void
judge_take_normal(struct judge *j, struct watch *w)
{
    struct stats *now = check_alloc(2, sizeof(*now)), *before = now + 1;
    stats_make(&w->recent, j->now_ns - MIN(j->now_ns, 60 * NS_PER_S), UINT64_MAX, 0, now);
    if (normal_of(j, w, now, before)) {
        stats_copy(&w->base, before);
        w->base_restored = false;
    }
    free(now);
}
