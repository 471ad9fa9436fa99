/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/slope.h - by how much a series follows something that all have in common:
 * traffic beyond what is usual, or the common mode.
 *
 * Regression through the origin, decayed over about a week, drawn towards zero by a ridge so that
 * it says nothing before it has seen something. Plain data, zeroed is empty; 8 bytes. Pure. */
#ifndef ANALYSIS_BASELINE_SLOPE_H
#define ANALYSIS_BASELINE_SLOPE_H

struct slope {
    float xy, xx;
};

#define SLOPE_DECAY 0.9999f

static inline void
slope_add(struct slope *s, float x, float y)
{
    s->xy = SLOPE_DECAY * s->xy + x * y;
    s->xx = SLOPE_DECAY * s->xx + x * x;
}

static inline float
slope_of(const struct slope *s, float ridge, float min, float max)
{
    float b = s->xy / (s->xx + ridge);
    return b < min ? min : b > max ? max : b;
}

#endif
