/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/week.h - what is normal for one series at this time of the week.
 *
 * Half-hours of a weekday, of a Saturday and of a Sunday: 144 levels. A level follows the medians
 * of its half-hours with a weight of a fifth a day, each a day after it was measured: what may be
 * the beginning of a burn is dropped before it is learned, if by then something is suspected. A
 * level is read smoothed over its neighbours (triangle over 5 half-hours) and between their
 * middles.
 *
 * What week is it? Time comes in as seconds since 1970 with the caller's offset to local time in
 * it. Plain data, zeroed is empty: 28 bytes that every value touches, and about 1.3 KB that most
 * only write to, kept apart. Adding is O(1) but once in a half-hour. Pure. */
#ifndef ANALYSIS_BASELINE_WEEK_H
#define ANALYSIS_BASELINE_WEEK_H

#include <stdbool.h>
#include <stdint.h>

#define WEEK_SLOT_S  1800
#define WEEK_SLOTS   48u /* of a day */
#define WEEK_KINDS   3u  /* weekday, Saturday, Sunday */
#define WEEK_VALUES  30u
#define WEEK_READY_S (7 * 86400)
#define WEEK_DAYS    7u

/* What a minute needs. */
struct week {
    uint32_t slot_n;  /* underway */
    uint32_t first_n; /* ever */
    /* Read now and again, so it is kept: at the middle of the half-hour and of the next one. */
    uint32_t read_n;
    float read_from, read_to, read_weight;
    uint8_t value_count;
};

/* What a half-hour does. */
struct week_past {
    float value[WEEK_VALUES];            /* of the half-hour underway */
    float level[WEEK_KINDS][WEEK_SLOTS]; /* valid where days > 0 */
    uint8_t days[WEEK_KINDS][WEEK_SLOTS];
    float pending[WEEK_SLOTS];      /* the last day's medians */
    uint32_t pending_n[WEEK_SLOTS]; /* the half-hour since 1970 that each is of; 0: none */
    /* By how much learning has moved the levels of weekdays, the mean of a day, of the last days.
     */
    float moved[WEEK_DAYS];
    uint32_t moved_day; /* since 1970, of the newest */
};

/* may_learn: nothing is suspected of the series. */
void week_add(struct week *w, struct week_past *past, int64_t t, float value, bool may_learn);

/* What was measured since then and not learned yet is forgotten: it was not normal. */
void week_forget(struct week *w, struct week_past *past, int64_t since);

/* NAN: not known. */
float week_expect(struct week *w, const struct week_past *past, int64_t t);

/* By how much `expect` lies above the mean of the week; 0: not known. */
float week_above_mean(const struct week_past *past, float expect);

/* What is known from few days is off by nearly as much as one day strays, for hours: a residual
 * from what was last read may be summed up with this weight, 1 where it rests on all days that it
 * can remember. */
static inline float
week_weight(const struct week *w)
{
    return w->read_weight;
}

/* By how much what is expected lies above what was expected a week ago: who looks for what becomes
 * slower over days compares with that. Levels of a weekend are that old anyway. */
float week_moved(const struct week *w, const struct week_past *past);

/* It has seen a week. */
static inline bool
week_is_seen(const struct week *w, int64_t t)
{
    return w->first_n != 0 && t - (int64_t)w->first_n * WEEK_SLOT_S >= WEEK_READY_S;
}

/* And knows this kind of day. */
bool week_is_ready(struct week *w, const struct week_past *past, int64_t t);

#endif
