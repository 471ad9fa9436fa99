/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/lanes.h"

#include "analysis/lane/amounts.h"
#include "analysis/lane/bursts.h"
#include "analysis/lane/common.h"
#include "analysis/lane/creep.h"
#include "analysis/lane/failures.h"
#include "analysis/lane/latency.h"
#include "analysis/lane/structure.h"
#include "analysis/lane/succession.h"

void
lanes_read(struct panel *p, const struct reading *r)
{
    struct track *t = tracks_of(&p->tracks, r, p->step_s);
    if (t->kind == TRACK_CALL && t->parent == NULL) {
        t->parent = tracks_find(&p->tracks, r->route, SLICE_NONE);
    }
    t->used += t->used < UINT64_MAX / 2 ? (uint64_t)r->calls : 0;
    traffic_read(&p->traffic, t, r);
    track_gather(t, r);
    structure_judge(p, t, r);
    amounts_judge(p, t, r);
    failures_judge(p, t, r);
    if (t->due == 0 && track_is_whole(t)) {
        tracks_add_due(&p->tracks, t);
    }
    latency_prepare(p, t);
}

void
lanes_step(struct panel *p)
{
    traffic_step(&p->traffic, p->step_s, p->utc_offset_s);
    succession_step(p);
    common_step(p);
    for (unsigned i = 0; i < p->tracks.due_count; i++) {
        struct track *t = p->tracks.due[i].track;
        tracks_fetch_due(&p->tracks, i);
        latency_judge(p, &p->tracks.due[i]);
        t->due = 0;
        track_next(t);
    }
    p->tracks.due_count = 0;
    p->steps++;
}

bool
lanes_are_calm(const struct panel *p, struct track *t)
{
    return ((t->lanes & LATENCY_LANES) == 0 || latency_is_calm(t)) &&
           ((t->lanes & STRUCTURE_LANES) == 0 || structure_is_calm(t)) &&
           ((t->lanes & FAILURE_LANES) == 0 || failures_is_calm(t)) &&
           ((t->lanes & AMOUNT_LANES) == 0 || amounts_are_calm(t)) &&
           ((t->lanes & BURST_LANES) == 0 || bursts_are_calm(p, t)) &&
           ((t->lanes & (1u << LANE_PLAN)) == 0 ||
            t->now.cost_ms < 2 * level_expect(&t->cost_level));
}

void
lanes_forget(const struct panel *p, struct track *t, int64_t since_s)
{
    latency_forget(p, t, since_s);
    level_forget(&t->calls_level, &t->past->calls, since_s);
}

void
lanes_release(struct track *t)
{
    amounts_release(t);
    t->lanes = 0;
    t->shift_ln = 0;
    t->calm_s = 0;
    t->jumps = 0;
    bursts_forget(t);
    t->calls_chart = (struct exceed){0};
    latency_reset(t);
    failures_release(t);
}

void
lanes_refuse(struct track *t, enum lane lane)
{
    uint32_t told = t->lanes;
    latency_reset(t);
    t->lanes = 1u << lane;
    amounts_release(t);
    t->lanes = told; /* nothing of this has been told */
}

void
lanes_relearn(struct panel *p, struct track *t, bool with_bursts)
{
    t->week = (struct week){0};
    t->past->week = (struct week_past){0};
    t->calls_level = t->cost_level = (struct level){0};
    t->past->calls = t->past->cost = (struct level_past){0};
    amounts_relearn(t);
    if (with_bursts) {
        failures_relearn(t);
        t->past->blips = t->past->bursts = (struct recur){0};
        t->past->recur_min = (uint32_t)(p->step_s / 60);
        t->is_slow = false;
    }
    if (t->quantiles != NULL) {
        *t->quantiles = (struct track_quantiles){0};
    }
    t->creep = (struct creep){0};
    creep_remember(t, &(struct creep_past){0});
    t->before = t->now;
    t->expect = NAN;
    latency_reset(t);
    latency_prepare(p, t);
}
