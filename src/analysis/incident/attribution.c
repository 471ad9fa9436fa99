/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/attribution.h"

#include <stdlib.h>

/* A batched look-up of n keys costs a look-up and this share of one more for each key. */
#define BATCH_KEY_SHARE (1.0 / 40)

struct fixes {
    const struct finding *index, *eager, *cache, *other;
};

static struct fixes
fixes_of(const struct attribution_input *in, uint64_t fingerprint, uint32_t mask)
{
    struct fixes x = {0};
    for (unsigned i = 0; i < in->finding_count; i++) {
        const struct finding *f = &in->finding[i];
        if (f->fingerprint != fingerprint || (mask & (1u << i)) == 0) {
            continue;
        }
        switch (f->kind) {
        case FINDING_MISSING_INDEX:
            x.index = f;
            break;
        case FINDING_REPEATED_QUERY:
            x.eager = f;
            break;
        case FINDING_CACHEABLE:
            x.cache = f;
            break;
        default:
            x.other = f;
        }
    }
    return x;
}

/* What one statement costs its request once the fixes are in; gap: what else goes away. */
static double
cost_after_ms(const struct attribution_input *in, const struct stats_query *q,
              const struct fixes *x, double *ret_gap_ms)
{
    double call = q->per_call_ms;
    double calls = q->calls;
    double floor = MIN(in->floor_ms, call);
    if (x->index != NULL) {
        call = MAX(floor, call * x->index->cost_ratio);
    }
    if (x->eager != NULL) {
        double keys = q->extra_calls + 1;
        *ret_gap_ms = q->extra_calls * q->gap_ms;
        calls = q->calls - q->extra_calls;
        if (x->index != NULL) {
            call = MAX(call, floor * (1 + keys * BATCH_KEY_SHARE));
        }
    }
    double cost = calls * call;
    return x->cache != NULL ? cost * (1 - x->cache->hit_rate) : cost;
}

double
attribution_saving_ms(const struct attribution_input *in, uint32_t mask)
{
    double saved = 0, gaps = 0;
    for (unsigned i = 0; i < in->now->query_count; i++) {
        const struct stats_query *q = &in->now->q[i];
        struct fixes x = fixes_of(in, q->fingerprint, mask);
        double gap = 0;
        if (x.index != NULL || x.eager != NULL || x.cache != NULL) {
            saved += q->cost_ms - cost_after_ms(in, q, &x, &gap);
            gaps += gap;
        }
    }
    /* Waiting came with the load that was added, and goes with the part of it that is removed. */
    double load_removed = saved * in->requests_per_s / 1000;
    double share = in->load_growth > 0.02 ? load_removed / in->load_growth : 0;
    /* So do the application's gaps that stay: they are dearer by what all routes' time has become.
     */
    double dearer = MAX(in->calls_app_ms - gaps, 0) * (1 - 1 / MAX(in->app_ratio, 1));
    return saved + gaps + (MAX(in->waiting_ms, 0) + dearer) * MIN(share, 1);
}

double
attribution_query_saving_ms(const struct attribution_input *in, unsigned finding)
{
    const struct finding *f = &in->finding[finding];
    const struct stats_query *q = stats_find(in->now, f->fingerprint);
    if (q == NULL) {
        return 0;
    }
    struct fixes x = fixes_of(in, f->fingerprint, 1u << finding);
    double gap = 0;
    return q->cost_ms - cost_after_ms(in, q, &x, &gap);
}
