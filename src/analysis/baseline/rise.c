/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/rise.h"

#include <math.h>

#define DAY_S      86400
#define DAY_DECAY  0.9f
#define EVERY      15u    /* windows: those next to one another say the same */
#define USUAL_KEPT 200.0f /* counted, about two days: what is usual weighs as much */

/* In windows; and what F's square usually is, in the noise of simulated worlds. */
static const struct {
    float lately, before, share, usual;
} rises[RISES] = {{60, 80, 0.9f, 0.0021f}, {160, 400, 0.7f, 0.0112f}};

static void
make_units(struct rise *r, const struct rise_past *past)
{
    for (unsigned i = 0; i < RISES; i++) {
        float squares = past->kept[i] + USUAL_KEPT * rises[i].usual;
        r->unit[i] = sqrtf((past->kept_count + USUAL_KEPT) / squares);
    }
}

static void
new_day(struct rise *r, struct rise_past *past, uint32_t day, bool may_learn)
{
    bool is_next = day == r->day + 1; /* else what lies before the gap is older than a day, too */
    for (unsigned i = 0; i < RISES && may_learn; i++) {
        past->kept[i] =
            DAY_DECAY * past->kept[i] + past->yesterday[i] + (is_next ? 0 : r->today[i]);
    }
    if (may_learn) {
        unsigned older = past->yesterday_count + (is_next ? 0u : r->today_count);
        past->kept_count = DAY_DECAY * past->kept_count + (float)older;
    }
    for (unsigned i = 0; i < RISES; i++) {
        past->yesterday[i] = is_next ? r->today[i] : 0;
        r->today[i] = 0;
    }
    past->yesterday_count = is_next ? r->today_count : 0;
    r->today_count = 0;
    r->day = day;
    make_units(r, past);
}

static float
difference(const struct rise *r, unsigned which)
{
    return r->lately[which] - rises[which].share * r->before[which];
}

void
rise_add(struct rise *r, struct rise_past *past, int64_t t, float x, bool may_learn)
{
    uint32_t day = (uint32_t)(t / DAY_S);
    if (day != r->day) {
        new_day(r, past, day, may_learn);
    }
    for (unsigned i = 0; i < RISES; i++) {
        r->lately[i] += (x - r->lately[i]) * (1 / rises[i].lately);
        r->before[i] += (x - r->before[i]) * (1 / rises[i].before);
    }
    if (++r->windows < EVERY) {
        return;
    }
    r->windows = 0;
    r->today_count++;
    for (unsigned i = 0; i < RISES; i++) {
        r->today[i] += difference(r, i) * difference(r, i);
    }
}

float
rise_of(const struct rise *r, unsigned which)
{
    return difference(r, which) * r->unit[which];
}

void
rise_forget(struct rise *r)
{
    for (unsigned i = 0; i < RISES; i++) {
        r->lately[i] = r->before[i] = 0;
    }
}
