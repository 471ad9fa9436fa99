/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/succession.h - a route or a statement that goes on under another name: what was
 * normal for the old one is normal for the new one.
 *
 * Only where that is evident: the new one came when the old one fell silent, with as much traffic,
 * and reads much the same; a route makes the statements that the old one made, a statement runs in
 * the same routes, as often in a request; and there is no other of which all of this is true, for
 * either of them. The old one keeps what it knows: it may come back.
 *
 * Nothing is read where no series is new; else at most 16 new ones a step are compared with all.
 * One thread. */
#ifndef ANALYSIS_LANE_SUCCESSION_H
#define ANALYSIS_LANE_SUCCESSION_H

#include "analysis/track/panel.h"

/* With every step, before its windows are judged. */
void succession_step(struct panel *p);
/* A statement that is new in its route, and costs no more, may be one of the route's that reads
 * otherwise now. */
bool succession_may_be(const struct panel *p, const struct track *call, float calls, float cost_ms);

#endif
