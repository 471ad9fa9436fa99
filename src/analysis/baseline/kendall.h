/* SPDX-License-Identifier: Apache-2.0
 * analysis/baseline/kendall.h - do values rise or fall, by their order alone?
 *
 * Mann's test of Kendall's S ("Nonparametric tests against trend", Econometrica 13, 1945): how many
 * pairs rise less how many fall. Pure; compares n^2 / 2 pairs. */
#ifndef ANALYSIS_BASELINE_KENDALL_H
#define ANALYSIS_BASELINE_KENDALL_H

/* S over its standard deviation for values without a trend; ties count for nothing; 0 for fewer
 * than three. */
double kendall_z(const double *value, unsigned count);

#endif
