/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/creep.h - latency that becomes worse over days.
 *
 * What is normal follows it, a fifth a day, so the minutes' charts see a part of it only: hours are
 * compared with what was normal a week ago. By how much a whole day strays from that by itself,
 * week to week, is learned from the series' own days, at first from how long its noise lasts; hours
 * are standardised so that a day's sum counts for what a day can say. Its state is the series'; an
 * addition a window. One thread. */
#ifndef ANALYSIS_LANE_CREEP_H
#define ANALYSIS_LANE_CREEP_H

#include "analysis/track/panel.h"

/* With every window that is closed. */
void creep_judge(struct panel *p, struct track *t);
bool creep_would_tell(const struct panel *p, const struct track *t, unsigned which);
/* Whole days since then, and today, are not learned: they were not normal. */
void creep_forget(struct track *t, int64_t since_s);
/* As it was before a restart; empty: from how skewed noise is now. */
void creep_remember(struct track *t, const struct creep_past *past);

#endif
