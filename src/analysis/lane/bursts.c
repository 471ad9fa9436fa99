/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/bursts.h"

#define MIN_S 60

void
bursts_day(struct track *t, const struct reading *r)
{
    /* Not of hours, as they are kept for weeks: a burst is not seen in one. */
    bool is_whole = t->day != 0 && r->length_s <= BLIPS_WINDOW_MAX;
    bool is_judged = t->noise.s > 0 && !isnan(t->expect);
    recur_day(&t->past->blips, is_whole && is_judged, t->episode == NULL);
    recur_day(&t->past->bursts, is_whole, t->episode == NULL);
}

static void
look(struct panel *p, struct track *t, const struct recur *r, enum lane lane)
{
    if (recur_level(r) < 1 || (t->lanes & 1u << lane) != 0) {
        return;
    }
    struct alarm a = {
        .lane = lane,
        .onset_s = (int64_t)r->since * MIN_S,
        .doubt_s = MIN_S,
        .before = recur_usual(r) * (float)(r->last - r->since) / 1440,
        .now = r->count,
        .shift_ln = 0.01f,
        .learning = lane == LANE_BLIPS ? !noise_is_ready(&t->noise) : r->days < BURSTS_DAYS_SURE,
    };
    panel_tell(p, t, &a);
}

void
bursts_of_latency(struct panel *p, struct track *t)
{
    if (recur_add(&t->past->blips, (uint32_t)(p->step_s / MIN_S))) {
        look(p, t, &t->past->blips, LANE_BLIPS);
    }
}

void
bursts_of_errors(struct panel *p, struct track *t, unsigned class, float errors, uint32_t at)
{
    struct recur *r = &t->past->bursts;
    bool is_new = recur_add(r, at);
    for (unsigned i = 0; is_new && r->count == 1 && i < ERROR_CLASS_COUNT; i++) {
        t->errors->of[i].in_bursts = 0;
    }
    t->errors->of[class].in_bursts += errors;
    if (is_new) {
        look(p, t, r, LANE_BURSTS);
    }
}

void
bursts_look_again(struct panel *p)
{
    uint32_t at = (uint32_t)(p->step_s / MIN_S);
    for (unsigned i = 0; i < p->tracks.count; i++) {
        struct track *t = &p->tracks.of[i];
        if (!recur_is_over(&t->past->blips, at)) {
            look(p, t, &t->past->blips, LANE_BLIPS);
        }
        if (!recur_is_over(&t->past->bursts, at)) {
            t->errors = t->errors != NULL ? t->errors : check_alloc(1, sizeof(*t->errors));
            look(p, t, &t->past->bursts, LANE_BURSTS);
        }
    }
}

bool
bursts_are_calm(const struct panel *p, const struct track *t)
{
    uint32_t at = (uint32_t)(p->step_s / MIN_S);
    return ((t->lanes & 1u << LANE_BLIPS) == 0 || recur_is_over(&t->past->blips, at)) &&
           ((t->lanes & 1u << LANE_BURSTS) == 0 || recur_is_over(&t->past->bursts, at));
}

void
bursts_forget(struct track *t)
{
    t->is_slow = false;
    recur_forget(&t->past->blips);
    recur_forget(&t->past->bursts);
}
