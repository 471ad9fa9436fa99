/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/common.h"

#include "analysis/baseline/median.h"
#include "analysis/lane/latency.h"

#define BUSY_WEIGHT  0.02f
#define SPREAD_STEPS 60u

/* Database load, for telling what matters; routes are not time in the database. */
static void
follow_busy(struct panel *p, const float ms[TRACK_COMMON])
{
    float busy = ms[TRACK_STATEMENT] > 0 ? ms[TRACK_STATEMENT] : ms[TRACK_CALL];
    p->busy_ms += (p->busy_ms == 0 ? 1 : BUSY_WEIGHT) * (busy - p->busy_ms);
}

/* What a series strays by, typically, in ln: the unit of the common mode. Once an hour. */
static void
follow_spread(struct panel *p)
{
    unsigned n = 0;
    if (p->common.spread > 0 && p->steps % SPREAD_STEPS != 0) {
        return;
    }
    for (unsigned i = 0; i < p->tracks.count; i++) {
        if (p->tracks.of[i].noise.s > 0) {
            p->common.z[n++] = p->tracks.of[i].noise.s;
        }
    }
    p->common.spread = median_of(p->common.z, n);
}

/* The median of all that are ready, as a series of its own: a whole database that becomes slower
 * must not be taken for normal because all of its series do. */
static void
judge_common(struct panel *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->tracks.due_count; i++) {
        if (!isnan(p->tracks.due[i].z)) {
            p->common.z[n++] = p->tracks.due[i].z;
        }
    }
    p->common.now = 0;
    if (n < COMMON_MIN) {
        return;
    }
    p->common.now = median_of(p->common.z, n);
    p->common.lately += (p->common.now - p->common.lately) / COMMON_LATELY;
    struct track *c = p->tracks.common;
    c->n = (float)n;
    c->from_s = p->step_s - TRACK_STEP_S;
    c->to_s = c->last_s = p->step_s;
    c->sum_ln = p->common.now * (float)n;
    struct due d;
    latency_make_due(p, c, &d);
    latency_standardise(p, &d);
    latency_judge(p, &d);
    track_next(c);
}

void
common_step(struct panel *p)
{
    float ms[TRACK_COMMON] = {0};
    for (unsigned i = 0; i < p->tracks.due_count; i++) {
        struct due *d = &p->tracks.due[i];
        latency_standardise(p, d);
        ms[d->kind] += d->busy_ms;
    }
    follow_busy(p, ms);
    follow_spread(p);
    judge_common(p);
}
