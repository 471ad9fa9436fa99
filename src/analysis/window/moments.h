/* SPDX-License-Identifier: Apache-2.0
 * analysis/window/moments.h - what the monitor wants to know of a window's histogram, in one pass.
 *
 * A call is taken to lie at its cell's upper bound: with cells of a fixed relative width the
 * logarithm is off by a constant, which a comparison of the series with itself does not see. Four
 * cells at a time; 2 to 3 ns a cell. Pure. */
#ifndef ANALYSIS_WINDOW_MOMENTS_H
#define ANALYSIS_WINDOW_MOMENTS_H

#include "analysis/window/reading.h"

struct moments {
    float n;
    float sum_ln, sum_ln2; /* of ln microseconds */
    float sum_us;
    float above[2]; /* calls whose logarithm is above the two limits */
};

/* A limit that is NAN has nothing above it. */
void moments_of(const struct reading *r, float limit_a, float limit_b, struct moments *ret_moments);

/* ln(us) within 2e-5; us > 0. */
float moments_ln(uint32_t us);

#endif
