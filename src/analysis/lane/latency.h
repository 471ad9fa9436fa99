/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/latency.h - latency: a window's mean logarithm less what is expected is
 * standardised, freed of what all have in common, fed to the charts, and learned from.
 *
 * Prepared with the reading, made standard when the step's load is known, judged when what all have
 * in common is. Its state is the series'. One thread. */
#ifndef ANALYSIS_LANE_LATENCY_H
#define ANALYSIS_LANE_LATENCY_H

#include "analysis/track/panel.h"

/* Its window, or what is normal for it, has become another; nothing where its window is not closed
 * in this step. */
void latency_prepare(const struct panel *p, struct track *t);
/* The same of one that is not on the list of those. */
void latency_make_due(const struct panel *p, struct track *t, struct due *ret_due);
void latency_standardise(const struct panel *p, struct due *d);
void latency_judge(struct panel *p, const struct due *d);

/* It is back. */
bool latency_is_calm(const struct track *t);
/* Whatever its charts have seen, creep included, is forgotten. */
void latency_reset(struct track *t);
/* What was measured since then is not learned: neither what is normal, nor how far it strays. */
void latency_forget(const struct panel *p, struct track *t, int64_t since_s);
/* Of the residuals of the last windows, in ln. */
float latency_median_of_last(const struct track *t);
float latency_least_of_last(const struct track *t);
/* What is told of it: by how much it is slower than it was, or was a week ago; in ln. */
float latency_effect(const struct track *t);
/* By how much it follows the common mode, in ln for one of its units. */
float latency_follows(const struct panel *p, const struct track *t);

#endif
