/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/week.h"

#include <math.h>

#include "analysis/baseline/median.h"
#include "base/check.h"

#define LEARN_WEIGHT 0.2f
#define DAYS_MEMORY  9.0f /* so many days' mean strays as what follows with that weight */
#define SMOOTH_HALF  2
#define SMOOTH_MIN   3 /* of 9: so much of the triangle must be known */

static uint32_t
slot_of(int64_t t)
{
    return t < 0 ? 0 : (uint32_t)(t / WEEK_SLOT_S);
}

/* 1970 began on a Thursday. */
static unsigned
kind_of(uint32_t n)
{
    unsigned day = (n / WEEK_SLOTS + 4) % 7;
    return day == 6 ? 1 : day == 0 ? 2 : 0;
}

/* The newest day's, after the days that have gone by are empty. */
static float *
moved_today(const struct week *w, struct week_past *past)
{
    uint32_t day = w->slot_n / WEEK_SLOTS;
    unsigned gone = day > past->moved_day ? MIN(day - past->moved_day, WEEK_DAYS) : 0;
    for (unsigned i = 0; i < gone; i++) {
        past->moved[(day - i) % WEEK_DAYS] = 0;
    }
    past->moved_day = MAX(day, past->moved_day);
    return &past->moved[past->moved_day % WEEK_DAYS];
}

static void
learn(const struct week *w, struct week_past *past, uint32_t n, float value)
{
    unsigned kind = kind_of(n), slot = n % WEEK_SLOTS;
    uint8_t *days = &past->days[kind][slot];
    float *level = &past->level[kind][slot];
    float weight = MAX(LEARN_WEIGHT, 1.0f / (float)(*days + 1));
    float by = *days == 0 ? 0 : weight * (value - *level);
    *level = *days == 0 ? value : *level + by;
    *moved_today(w, past) += kind == 0 ? by / WEEK_SLOTS : 0;
    *days = (uint8_t)MIN(*days + 1, 250);
}

static void
end_slot(struct week *w, struct week_past *past, bool may_learn)
{
    unsigned slot = w->slot_n % WEEK_SLOTS;
    if (past->pending_n[slot] != 0 && may_learn) {
        learn(w, past, past->pending_n[slot], past->pending[slot]);
    }
    past->pending[slot] = median_of(past->value, w->value_count);
    past->pending_n[slot] = w->slot_n;
    w->value_count = 0;
}

void
week_add(struct week *w, struct week_past *past, int64_t t, float value, bool may_learn)
{
    uint32_t n = slot_of(t);
    if (n != w->slot_n) {
        if (w->value_count > 0) {
            end_slot(w, past, may_learn);
        }
        w->slot_n = n;
        w->first_n = w->first_n == 0 ? n : w->first_n;
    }
    if (w->value_count < WEEK_VALUES) {
        past->value[w->value_count++] = value;
    }
}

void
week_forget(struct week *w, struct week_past *past, int64_t since)
{
    for (unsigned i = 0; i < WEEK_SLOTS; i++) {
        past->pending_n[i] = past->pending_n[i] >= slot_of(since) ? 0 : past->pending_n[i];
    }
    w->value_count = 0;
}

/* The triangle around one half-hour of a kind of day; NAN where too little is known. */
static float
smooth(const struct week_past *past, unsigned kind, unsigned slot)
{
    float sum = 0, weight = 0;
    for (int i = -SMOOTH_HALF; i <= SMOOTH_HALF; i++) {
        unsigned at = (slot + WEEK_SLOTS + (unsigned)i) % WEEK_SLOTS;
        float share = (float)(SMOOTH_HALF + 1 - (i < 0 ? -i : i));
        if (past->days[kind][at] > 0) {
            sum += share * past->level[kind][at];
            weight += share;
        }
    }
    return weight < SMOOTH_MIN ? NAN : sum / weight;
}

float
week_above_mean(const struct week_past *past, float expect)
{
    static const float of_kind[WEEK_KINDS] = {5, 1, 1};
    float sum = 0, weight = 0;
    for (unsigned kind = 0; kind < WEEK_KINDS; kind++) {
        for (unsigned slot = 0; slot < WEEK_SLOTS; slot++) {
            float share = past->days[kind][slot] > 0 ? of_kind[kind] : 0;
            sum += share * past->level[kind][slot];
            weight += share;
        }
    }
    return weight > 0 && !isnan(expect) ? expect - sum / weight : 0;
}

static float
weight_at(const struct week_past *past, uint32_t n)
{
    float days = MAX((float)past->days[kind_of(n)][n % WEEK_SLOTS], 1);
    return sqrtf((1 + 1 / DAYS_MEMORY) / (1 + 1 / MIN(days, DAYS_MEMORY)));
}

static float
level_at(const struct week_past *past, uint32_t n)
{
    return smooth(past, kind_of(n), n % WEEK_SLOTS);
}

float
week_expect(struct week *w, const struct week_past *past, int64_t t)
{
    /* Between two middles: the half-hour before this one's middle counts as the one before. */
    uint32_t n = slot_of(t - WEEK_SLOT_S / 2);
    if (n != w->read_n) {
        w->read_n = n;
        w->read_from = level_at(past, n);
        w->read_to = level_at(past, n + 1);
        w->read_to = isnan(w->read_to) ? w->read_from : w->read_to;
        w->read_from = isnan(w->read_from) ? w->read_to : w->read_from;
        w->read_weight = weight_at(past, n);
    }
    float share = (float)((t - WEEK_SLOT_S / 2) % WEEK_SLOT_S) / WEEK_SLOT_S;
    return w->read_from + share * (w->read_to - w->read_from);
}

float
week_moved(const struct week *w, const struct week_past *past)
{
    uint32_t n = w->slot_n;
    float sum = 0;
    for (unsigned i = 0; i < WEEK_DAYS && kind_of(n) == 0; i++) {
        uint32_t day = past->moved_day - i;
        sum += n / WEEK_SLOTS - day < WEEK_DAYS ? past->moved[day % WEEK_DAYS] : 0;
    }
    return sum;
}

bool
week_is_ready(struct week *w, const struct week_past *past, int64_t t)
{
    return week_is_seen(w, t) && !isnan(week_expect(w, past, t));
}
