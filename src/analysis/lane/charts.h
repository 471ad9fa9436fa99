/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/charts.h - what the charts of latency say: they are fed with the standardised
 * residual of a window, and what one says is told when it is still there and worth telling.
 * limits.h has their limits. Their state is the series'. One thread. */
#ifndef ANALYSIS_LANE_CHARTS_H
#define ANALYSIS_LANE_CHARTS_H

#include "analysis/track/panel.h"

/* The residual of the window that is closed in this step goes into them; then what they say is
 * told. */
void charts_add(struct panel *p, const struct due *d, bool has_other_shape, bool may_learn);
void charts_look(struct panel *p, struct track *t);
void charts_reset(struct track *t);
/* It takes enough of all time. */
bool charts_matter(const struct panel *p, const struct track *t);
/* What one has seen is still there, by at least half of it, and worth telling. */
bool charts_confirm(const struct panel *p, const struct track *t, float estimate, float effect);
/* zero: the step before which it began; shift: in standardised units of a step. */
void charts_tell(struct panel *p, struct track *t, enum lane lane, uint32_t zero, float shift,
                 float effect);
/* One is so near to its limit that nothing is learned, and what it has seen is there. */
bool charts_suspect(const struct panel *p, const struct track *t);
/* One that is at its limit would be told, not passed over. */
bool charts_would_tell_drift(const struct panel *p, const struct track *t, unsigned which);
bool charts_would_tell_rise(const struct panel *p, const struct track *t, unsigned which);
bool charts_would_tell_shift(const struct panel *p, const struct track *t);
/* How near the drift chart is to its limit, which is 1, or what has risen; where the chart of
 * shifts has its own. */
float charts_drift_level(const struct track *t, unsigned which);
float charts_rise_level(const struct panel *p, const struct track *t, unsigned which);
float charts_shift_limit(const struct panel *p, const struct track *t);

#endif
