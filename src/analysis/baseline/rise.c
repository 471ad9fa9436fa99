/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/rise.h"

#include <math.h>

#include "base/check.h"

#define DAY_S      86400
#define DAY_DECAY  0.9f
#define EVERY      15u    /* windows: those next to one another say the same */
#define RISEN_MAX  2.0f   /* the cut is about no more than this */
#define USUAL_KEPT 500.0f /* counted, about five days: what is usual weighs as much, for good */

/* In windows; and, in the noise of simulated worlds, what F's square usually is where shorter sums
 * have a long-run variance of L, times L^power, and the least that it is taken to be. */
static const struct {
    float lately, before, share, times, power, least;
} rises[RISES] = {{60, 80, 0.9f, 0.00043f, 1.53f, 0.0017f},
                  {160, 400, 0.7f, 0.00113f, 1.4f, 0.0084f}};

static void
make_units(struct rise *r, const struct rise_past *past, const struct noise *noise)
{
    for (unsigned i = 0; i < RISES; i++) {
        float root = noise_lasting(noise, i); /* of L, of sums over 15 and 60 windows */
        float usual = rises[i].times * powf(root * root, rises[i].power);
        float square = (past->kept[i] + USUAL_KEPT * usual) / (past->kept_count + USUAL_KEPT);
        r->unit[i] = 1 / sqrtf(MAX(square, rises[i].least));
    }
}

static void
new_day(struct rise *r, struct rise_past *past, const struct noise *noise, uint32_t day,
        bool may_learn)
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
    make_units(r, past, noise);
}

static float
difference(const struct rise *r, unsigned which)
{
    return r->lately[which] - rises[which].share * r->before[which];
}

static float
within(float x, float least, float most)
{
    return MAX(MIN(x, most), least);
}

void
rise_add(struct rise *r, struct rise_past *past, const struct noise *noise, int64_t t, float z,
         float weight, bool may_learn)
{
    uint32_t day = (uint32_t)(t / DAY_S);
    if (day != r->day) {
        new_day(r, past, noise, day, may_learn);
    }
    float risen = within(r->lately[0], 0, RISEN_MAX * weight), cut = NOISE_CLIP * weight;
    float x = within((z - noise->bias) * weight, risen - cut, risen + cut);
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
rise_reset(struct rise *r)
{
    for (unsigned i = 0; i < RISES; i++) {
        r->lately[i] = r->before[i] = 0;
    }
}

void
rise_forget(struct rise *r, struct rise_past *past, int64_t since)
{
    bool with_yesterday = since / DAY_S < r->day;
    for (unsigned i = 0; i < RISES; i++) {
        r->today[i] = 0;
        past->yesterday[i] = with_yesterday ? 0 : past->yesterday[i];
    }
    r->today_count = 0;
    past->yesterday_count = with_yesterday ? 0 : past->yesterday_count;
}
