/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/chart/recur.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

#define DAY_DECAY   0.8f
#define TOP_DECAY   0.95f
#define DAY_MIN     1440.0f
#define G_MAX       (4 * RECUR_LIMIT)
#define TOP_MAX     (2 * RECUR_LIMIT) /* the limit is below G_MAX */
#define OVER_TIMES  2
#define OVER_MIN    30u
#define LONGEST_MIN 120u /* between two that belong together */

float
recur_usual(const struct recur *r)
{
    return r->days > 0 ? (r->kept + 2 * sqrtf(r->kept) + 1) / r->days : NAN;
}

void
recur_begin(struct recur *r)
{
    r->g = 0;
    r->count = 0;
    r->since = r->last = 0;
}

/* The clock has been set back; some minutes are a reading that comes late. */
static bool
is_before(const struct recur *r, uint32_t at)
{
    return at < r->last && r->last - at >= RECUR_APART_MIN;
}

bool
recur_add(struct recur *r, uint32_t at)
{
    if (is_before(r, at)) {
        recur_begin(r);
    }
    uint32_t dt = r->last != 0 && at > r->last ? at - r->last : 0;
    bool is_same = r->last != 0 && dt < RECUR_APART_MIN;
    float usual = r->days > 0 ? recur_usual(r) : 1;
    float rate = MAX(RECUR_PER_DAY, RECUR_TIMES * usual);
    r->g = MAX(r->g - (rate - usual) * (float)dt / DAY_MIN, 0);
    r->last = MAX(r->last, at);
    if (is_same) {
        return false;
    }
    if (r->g <= 0) {
        r->count = 0;
        r->since = at;
    }
    r->g = MIN(r->g + logf(rate / usual), G_MAX);
    r->top[0] = MAX(r->top[0], r->g);
    r->count = (uint16_t)MIN(r->count + 1, UINT16_MAX);
    r->today = (uint16_t)MIN(r->today + 1, UINT16_MAX);
    return true;
}

void
recur_day(struct recur *r, bool is_whole, bool may_learn)
{
    if (may_learn && r->is_whole[1]) {
        r->kept = DAY_DECAY * r->kept + r->yesterday;
        r->days = DAY_DECAY * r->days + 1;
        r->top[2] = MAX(TOP_DECAY * r->top[2], MIN(r->top[1], TOP_MAX));
    }
    r->yesterday = r->today;
    r->top[1] = r->top[0];
    r->is_whole[1] = r->is_whole[0];
    r->today = 0;
    r->top[0] = 0;
    r->is_whole[0] = is_whole;
}

void
recur_forget(struct recur *r)
{
    recur_begin(r);
    r->top[0] = r->top[1] = 0;
    r->today = r->yesterday = 0;
    memset(r->is_whole, 0, sizeof(r->is_whole));
}

float
recur_level(const struct recur *r)
{
    bool is_enough = r->days >= RECUR_DAYS_MIN && r->count >= RECUR_COUNT_MIN &&
                     r->last - r->since >= RECUR_SPAN_MIN - RECUR_APART_MIN;
    return is_enough ? r->g / MAX(RECUR_LIMIT, RECUR_TOP_TIMES * r->top[2]) : 0;
}

bool
recur_is_over(const struct recur *r, uint32_t at)
{
    uint32_t apart = r->count > 1 ? (r->last - r->since) / (r->count - 1u) : LONGEST_MIN;
    uint32_t quiet = MAX(OVER_TIMES * MIN(apart, LONGEST_MIN), OVER_MIN);
    return r->last == 0 || is_before(r, at) || (at > r->last && at - r->last >= quiet);
}
