/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/rise.h - how much higher a series has been lately than in the hours before, in
 * units of what that difference is by itself.
 *
 *   F = mean of the last A windows - share x mean of the last B      B > A, share < 1
 *
 * where both means are exponentially weighted (Roberts, "Control chart tests based on geometric
 * moving averages", Technometrics 1, 1959). What is over within minutes is little in either, what
 * has been there for a day is mostly taken off again, and what rises over an hour or several is
 * left: for a ramp in noise of which a part lasts for minutes, one for hours and one for days, F
 * has 98 % of the signal to noise that the best weights have.
 *
 * F is standardised by its own root mean square on days that are over, so noise is measured as it
 * is summed up here, however long it lasts: cusum.h's charts are given what noise.h knows of sums
 * of other lengths. Few days say little, so they are drawn, by a third at least, towards what is
 * usual of a series whose shorter sums, of which a day has many, stray as much. A steady series is
 * not taken to be steadier than most: what disturbs it is as large as elsewhere. Learned a day
 * late, and not while something is suspected.
 *
 * A residual is cut about the mean of the last hour, where that is above normal, and not about
 * normal: what has been rising for an hour does not saturate. So F is linear but for a cut that
 * follows it, which makes what is far up less rare than its root mean square says.
 *
 * Plain data, zeroed is empty: 40 bytes that every minute touches, 24 that a day does. Pure. */
#ifndef ANALYSIS_BASELINE_RISE_H
#define ANALYSIS_BASELINE_RISE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/baseline/noise.h"

#define RISES 2u /* over an hour or two, and over several */

/* What a minute needs. */
struct rise {
    float lately[RISES], before[RISES]; /* the means */
    float unit[RISES];                  /* 1 / root mean square of F; 0: it was never added to */
    float today[RISES];                 /* squares of F */
    uint32_t day;
    uint16_t today_count;
    uint8_t windows; /* since one was counted */
};

/* What a day does. */
struct rise_past {
    float kept[RISES], yesterday[RISES]; /* squares of F; kept is decayed */
    float kept_count;
    uint16_t yesterday_count;
};

/* noise: the series', which is only read. t: seconds since 1970. z: its standardised residual, not
 * NAN, which counts with that weight (week_weight). */
void rise_add(struct rise *r, struct rise_past *past, const struct noise *noise, int64_t t, float z,
              float weight, bool may_learn);

/* F in its unit: how many standard deviations. */
float rise_of(const struct rise *r, unsigned which);

/* What is there now is nothing that has risen. What F is by itself is kept. */
void rise_reset(struct rise *r);

/* What was measured since then and not learned yet is forgotten: it was not normal. */
void rise_forget(struct rise *r, struct rise_past *past, int64_t since);

#endif
