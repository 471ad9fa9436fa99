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
 * it. Plain data, zeroed is empty; about 1.2 KB. Adding is O(1) but once in a half-hour. Pure. */
#ifndef ANALYSIS_BASELINE_WEEK_H
#define ANALYSIS_BASELINE_WEEK_H

#include <stdbool.h>
#include <stdint.h>

#define WEEK_SLOT_S  1800
#define WEEK_SLOTS   48u /* of a day */
#define WEEK_KINDS   3u  /* weekday, Saturday, Sunday */
#define WEEK_VALUES  30u
#define WEEK_READY_S (7 * 86400)

struct week {
    float level[WEEK_KINDS][WEEK_SLOTS]; /* valid where days > 0 */
    uint8_t days[WEEK_KINDS][WEEK_SLOTS];
    float pending[WEEK_SLOTS];      /* the last day's medians */
    uint32_t pending_n[WEEK_SLOTS]; /* the half-hour since 1970 that each is of; 0: none */
    float value[WEEK_VALUES];       /* of the half-hour underway */
    uint8_t value_count;
    uint32_t slot_n;  /* underway */
    uint32_t first_n; /* ever */
    /* Read now and again, so it is kept: at the middle of the half-hour and of the next one. */
    uint32_t read_n;
    float read_from, read_to;
};

/* may_learn: nothing is suspected of the series. */
void week_add(struct week *w, int64_t t, float value, bool may_learn);

/* NAN: not known. */
float week_expect(struct week *w, int64_t t);

/* It has seen a week, and knows this kind of day. */
bool week_is_ready(struct week *w, int64_t t);

#endif
