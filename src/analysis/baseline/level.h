/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/level.h - what is normal for a figure that knows no time of day: calls per
 * request, milliseconds or rows a call.
 *
 * Hourly medians, and how far its values lie from them, averaged over about a week; an hour with
 * one value, as a summary has, tells nothing of the latter. Each hour is learned a day after it was
 * measured, and not while something is suspected. Before there is a day to learn from it compares
 * with what came before: the median of the hours that are over, or after a quarter of an hour the
 * values so far. level_is_learning() says so. An average knows nothing of a job that runs at night,
 * so the most of an hour is kept, too, decayed by half in eight weeks. Plain data, zeroed is empty:
 * 32 bytes that every value touches, and about 320 that most only write to, kept apart. O(1) but
 * once an hour. Pure. */
#ifndef ANALYSIS_BASELINE_LEVEL_H
#define ANALYSIS_BASELINE_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#define LEVEL_SLOT_S 3600
#define LEVEL_SLOTS  24u
#define LEVEL_VALUES 30u
#define LEVEL_FIRST  10u /* values before it says anything */

/* What a minute needs. */
struct level {
    float kept, spread;        /* where its slots > 0 */
    float early, early_spread; /* where they are not; 0 values: early_known is false */
    float peak;                /* the most of an hour that was learned, decayed */
    uint32_t slot_n;
    uint16_t kept_slots, spread_slots; /* hours that each was learned from */
    uint8_t value_count;
    uint8_t skip; /* values since one was taken, once there are many */
    bool early_known;
};

/* What an hour does. */
struct level_past {
    float value[LEVEL_VALUES];
    float pending[LEVEL_SLOTS], pending_spread[LEVEL_SLOTS]; /* the latter NAN: of one value */
    uint32_t is_pending;                                     /* bits of slots that hold an hour */
};

/* What was measured since then and not learned yet is forgotten: it was not normal. */
void level_forget(struct level *l, struct level_past *past, int64_t since_s);

/* That value ends an hour, which may be learned: before that nobody need know whether it may. */
static inline bool
level_ends_slot(const struct level *l, int64_t t)
{
    return (uint32_t)(t / LEVEL_SLOT_S) != l->slot_n;
}

void level_add(struct level *l, struct level_past *past, int64_t t, float value, bool may_learn);

/* NAN: not known yet. */
float level_expect(const struct level *l);
/* Median absolute deviation, as a standard deviation. 0: all are the same, or nothing tells it. */
float level_spread(const struct level *l);
bool level_is_learning(const struct level *l);

#endif
