/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/noise.h - how much one series strays from its baseline by itself: the spread of
 * its residuals, and how long a stray lasts.
 *
 * Spread: 1.4826 times the median absolute residual, from a histogram of |residual| that is decayed
 * by a fifth a day. Each residual has its own share of chance in it, v1 / n for n calls with a
 * variance of v1 within the window; what is left is the series' own, v0, so that quiet hours and
 * busy ones are measured alike (a random effects model).
 *
 * Lasting: the long-run variance L of the standardised, clipped residuals z, from sums over blocks
 * of 60: L = their variance / 60 (Carlstein, "The use of subseries values for estimating the
 * variance of a general statistic", Annals of Statistics 14, 1986). z / sqrt(L) may be summed up as
 * if windows were independent. Made out of sample: the baseline is older than a day.
 *
 * Both learn a day late, and not while something is suspected. Plain data, zeroed is empty; about
 * 500 bytes. Pure. */
#ifndef ANALYSIS_BASELINE_NOISE_H
#define ANALYSIS_BASELINE_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#define NOISE_CELLS        28u
#define NOISE_CLIP         2.0f
#define NOISE_BLOCK        60u
#define NOISE_BLOCKS_KEPT  24u
#define NOISE_BLOCKS_READY 120u /* so many blocks before L stands on its own */

struct noise {
    float kept[NOISE_CELLS]; /* of |residual|, older than a day */
    uint16_t yesterday[NOISE_CELLS], today[NOISE_CELLS];
    uint32_t day;
    float s;             /* of kept; 0: not known */
    float v1, inverse_n; /* means, slowly */
    float block_sum;
    uint8_t block_count;
    uint8_t pending_at, pending_count;
    float pending[NOISE_BLOCKS_KEPT];
    float sums, squares, blocks; /* of block sums, decayed */
    uint32_t blocks_seen;
    float bias;  /* mean of z: noise is skewed, and a baseline of medians does not see it */
    float scale; /* 1 / sqrt(L) */
};

/* Standardised: residual of a window of n calls that had a variance of v1 among them. Not clipped.
 * NAN while the spread is not known. */
float noise_z(const struct noise *noise, float residual, float n);

/* t: as for week_add. z is clipped here. */
void noise_add(struct noise *noise, int64_t t, float residual, float n, float v1, bool may_learn);

/* z, clipped, as it may be summed up. */
float noise_weigh(const struct noise *noise, float z);

/* Its L rests on days of its own. */
bool noise_is_ready(const struct noise *noise);

#endif
