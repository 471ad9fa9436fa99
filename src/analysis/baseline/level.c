/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/level.h"

#include <math.h>
#include <string.h>

#include "analysis/baseline/median.h"
#include "base/check.h"

#define KEPT_MIN   6u
#define PEAK_DECAY 0.99948f /* an hour: half in eight weeks */
#define WEIGHT_MIN (1.0f / 120)
#define MAD        1.4826f

static float
spread_of(const float *value, unsigned n, float middle)
{
    float off[LEVEL_VALUES];
    for (unsigned i = 0; i < n; i++) {
        off[i] = fabsf(value[i] - middle);
    }
    return MAD * median_of(off, n);
}

/* Over about a week; all that there is, until then. */
static void
average(float *mean, uint16_t *count, float value)
{
    *mean += MAX(WEIGHT_MIN, 1.0f / (float)(*count + 1)) * (value - *mean);
    *count = (uint16_t)MIN(*count + 1, 60000);
}

static void
end_slot(struct level *l, struct level_past *past, bool may_learn)
{
    unsigned slot = l->slot_n % LEVEL_SLOTS;
    if ((past->is_pending & 1u << slot) != 0 && may_learn) {
        average(&l->kept, &l->kept_slots, past->pending[slot]);
        if (!isnan(past->pending_spread[slot])) {
            average(&l->spread, &l->spread_slots, past->pending_spread[slot]);
        }
        l->peak = MAX(PEAK_DECAY * l->peak, past->pending[slot]);
    }
    past->pending[slot] = median_of(past->value, l->value_count);
    past->pending_spread[slot] =
        l->value_count > 1 ? spread_of(past->value, l->value_count, past->pending[slot]) : NAN;
    past->is_pending |= 1u << slot;
    l->value_count = 0;
    l->skip = 0;
}

/* Until there is a day's distance: the hours that are over, or the first values. */
static void
make_early(struct level *l, const struct level_past *past)
{
    float hour[LEVEL_SLOTS], spread[LEVEL_SLOTS], copy[LEVEL_VALUES];
    unsigned n = 0, spreads = 0;
    for (unsigned i = 0; i < LEVEL_SLOTS; i++) {
        if ((past->is_pending & 1u << i) != 0) {
            hour[n++] = past->pending[i];
            spread[spreads] = past->pending_spread[i];
            spreads += isnan(past->pending_spread[i]) ? 0 : 1;
        }
    }
    if (n > 0) {
        l->early = median_of(hour, n);
        l->early_spread = spreads > 0 ? median_of(spread, spreads) : l->early_spread;
        l->early_known = true;
    } else if (!l->early_known && l->value_count == LEVEL_FIRST) {
        memcpy(copy, past->value, sizeof(copy));
        l->early = median_of(copy, LEVEL_FIRST);
        l->early_spread = spread_of(past->value, LEVEL_FIRST, l->early);
        l->early_known = true;
    }
}

void
level_add(struct level *l, struct level_past *past, int64_t t, float value, bool may_learn)
{
    uint32_t n = (uint32_t)(t / LEVEL_SLOT_S);
    if (n != l->slot_n) {
        if (l->value_count > 0) {
            end_slot(l, past, may_learn);
            if ((level_is_learning(l) || l->spread_slots == 0) && may_learn) {
                make_early(l, past);
            }
        }
        l->slot_n = n;
    }
    bool full = l->value_count == LEVEL_VALUES;
    l->skip = full ? (uint8_t)((l->skip + 1) % LEVEL_VALUES) : 0;
    if (full) { /* the newest replace the oldest in turn */
        past->value[l->skip] = value;
    } else {
        past->value[l->value_count++] = value;
    }
    if (!l->early_known) {
        make_early(l, past);
    }
}

void
level_forget(struct level *l, struct level_past *past, int64_t since_s)
{
    int64_t oldest = (int64_t)l->slot_n - LEVEL_SLOTS; /* as the slot underway has it still */
    for (int64_t n = MAX(since_s / LEVEL_SLOT_S, oldest); n < l->slot_n; n++) {
        past->is_pending &= ~(1u << n % LEVEL_SLOTS);
    }
    l->value_count = 0;
    l->skip = 0;
}

float
level_expect(const struct level *l)
{
    return !level_is_learning(l) ? l->kept : l->early_known ? l->early : NAN;
}

float
level_spread(const struct level *l)
{
    return level_is_learning(l) || l->spread_slots == 0 ? l->early_spread : l->spread;
}

bool
level_is_learning(const struct level *l)
{
    return l->kept_slots < KEPT_MIN;
}
