/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/structure.h - what a request does, not how long it takes: calls per request,
 * statements it did not make before, another plan.
 *
 * Ratios, so traffic does not matter, and caches that are cold after every deploy do not either:
 * the lane that may speak within a minute. Its state is the series'. One thread. */
#ifndef ANALYSIS_LANE_STRUCTURE_H
#define ANALYSIS_LANE_STRUCTURE_H

#include "analysis/track/panel.h"

/* With every reading. */
void structure_judge(struct panel *p, struct track *t, const struct reading *r);
bool structure_is_calm(const struct track *t);
/* So many calls a request at that price are a fair part of a request of its route. */
bool structure_costs_something(const struct track *t, float calls, float cost_ms);

#endif
