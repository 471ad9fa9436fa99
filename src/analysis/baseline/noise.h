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
 * of n windows: L = their variance / n (Carlstein, "The use of subseries values for estimating the
 * variance of a general statistic", Annals of Statistics 14, 1986). z / sqrt(L) may be summed up as
 * if windows were independent, over about as many windows as a block has: what strays for hours
 * counts little in an hour and much in a day, so L is known for blocks of 15, 60, 240 and 960, and
 * who sums up for long uses a long one. What is far above what is normal is a spike, which has its
 * own reasons: it counts as nothing. Few long blocks have been seen at first, so they are drawn
 * towards twice the L of the next shorter ones, and never fall below it. Made out of sample: the
 * baseline is older than a day.
 *
 * Both learn a day late, and not while something is suspected. Plain data, zeroed is empty:
 * about 100 bytes that every minute touches, and 450 kept apart. Pure. */
#ifndef ANALYSIS_BASELINE_NOISE_H
#define ANALYSIS_BASELINE_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#define NOISE_CELLS        28u
#define NOISE_CLIP         2.0f
#define NOISE_SPIKE        5.0f /* a window above says nothing of what lasts */
#define NOISE_BLOCK        60u
#define NOISE_QUARTERS     4u /* of a block: 15 windows */
#define NOISE_SCALES       4u /* quarters, blocks, and longer ones of 240 and 960 windows */
#define NOISE_SCALE_TIMES  4u
#define NOISE_SCALE_EARLY  0.5f /* before any block was seen */
#define NOISE_BLOCKS_KEPT  24u
#define NOISE_BLOCKS_READY 120u /* so many blocks before L stands on its own */
#define NOISE_BLOCKS_SURE  144u /* and so many before nothing is left of the doubt */

/* Blocks of one size, from 60 windows on. */
struct noise_blocks {
    float sums, squares, count; /* of those that were learned, decayed */
    float sum;                  /* of the one underway, of shorter ones */
    uint8_t parts;
};

struct noise_block {
    float sum;
    float squares; /* of the sums of its quarters */
};

/* What a minute needs. */
struct noise {
    float s;                  /* spread of what is older than a day; 0: not known */
    float v1, inverse_n;      /* means, slowly */
    struct noise_block block; /* underway */
    float quarters_sum;       /* of those that are over */
    float bias; /* mean of z: noise is skewed, and a baseline of medians does not see it */
    float scale[NOISE_SCALES]; /* 1 / sqrt(L); 0: not known */
    uint32_t blocks_seen;
    uint32_t day;
    uint16_t today[NOISE_CELLS]; /* of |residual| */
    uint8_t block_count;
};

/* What an hour or a day does. */
struct noise_past {
    float kept[NOISE_CELLS]; /* of |residual|, older than a day */
    uint16_t yesterday[NOISE_CELLS];
    uint8_t pending_at, pending_count;
    struct noise_block pending[NOISE_BLOCKS_KEPT];
    float quarters; /* squares of the shortest blocks' quarters, decayed as those are */
    struct noise_blocks blocks[NOISE_SCALES - 1];
};

/* By how much the residual of a window of n calls strays: what it is standardised by, z = residual
 * / spread. NAN while that is not known. */
float noise_spread(const struct noise *noise, float n);

/* t: as for week_add. z is clipped here, and NAN while the spread is not known. The window's n
 * calls had a variance of v1 among them. */
void noise_add(struct noise *noise, struct noise_past *past, int64_t t, float residual, float z,
               float n, float v1, bool may_learn);

/* What was measured since then and not learned yet is forgotten: it was not normal. now, since: as
 * for week_add; a window is a minute or more. */
void noise_forget(struct noise *noise, struct noise_past *past, int64_t now, int64_t since);

static inline float
noise_clip(float z, float more)
{
    float most = NOISE_CLIP + more;
    return z > most ? most : z < -NOISE_CLIP ? -NOISE_CLIP : z;
}

/* z, clipped, and by more above, as it may be summed up over about as many windows as a block of
 * that scale has. */
static inline float
noise_weigh(const struct noise *noise, float z, float more, unsigned scale)
{
    float known = noise->scale[scale];
    return (noise_clip(z, more) - noise->bias) * (known > 0 ? known : NOISE_SCALE_EARLY);
}

/* The standard deviation of a sum of that many z's is this times its root: sqrt(L). */
float noise_lasting(const struct noise *noise, unsigned scale);

/* Its L rests on days of its own. */
bool noise_is_ready(const struct noise *noise);
/* Of L: 1 until it is ready, and from there down to 0 within a day. */
float noise_doubt(const struct noise *noise);

#endif
