/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/median.h - the median of a few floats, which it reorders. Pure. */
#ifndef ANALYSIS_BASELINE_MEDIAN_H
#define ANALYSIS_BASELINE_MEDIAN_H

/* 0 for none; none of them is NAN. O(n) on average. */
float median_of(float *value, unsigned count);

#endif
