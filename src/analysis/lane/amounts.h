/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/amounts.h - what a call returns: rows, and bytes of a statement's result or of a
 * route's response.
 *
 * Ratios, so traffic does not matter, nor what everybody waits for: a result that nothing limits
 * any more is told before it has become slow. What they are like by night, and now and again for a
 * while, is known from the most of an hour and of a stretch in the last days. A stretch is 20
 * calls, or an hour. One in eight minutes is learned from, and the others are mostly passed over
 * with one comparison. Its state is the series'. One thread. */
#ifndef ANALYSIS_LANE_AMOUNTS_H
#define ANALYSIS_LANE_AMOUNTS_H

#include "analysis/track/panel.h"

/* With every reading. */
void amounts_judge(struct panel *p, struct track *t, const struct reading *r);
bool amounts_are_calm(struct track *t);
/* By so much that it explains what it costs, whether it was told or not. */
bool amounts_are_up(const struct track_amount *a, const struct track_amount_past *past,
                    float least);
/* It is told no more, of those that its lanes say: what was measured meanwhile was not normal. */
void amounts_release(struct track *t);
void amounts_relearn(struct track *t);
/* Its past has become another's. */
void amounts_take_over(struct track *t);

#endif
