/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/lanes.h - the detectors of one series, all of them: readings in, alarms out.
 *
 *   latency.c    what is expected of a window, and what it strays by
 *   charts.c     what the control charts say of that
 *   common.c     what all series have in common
 *   creep.c      latency, over days
 *   structure.c  calls per request, new statements, plans
 *   amounts.c    rows and bytes per call
 *   failures.c   errors and stalls
 *   bursts.c     what goes away, and comes back and back
 *   succession.c what goes on under another name
 *
 * What they know lies in the series (track.h); what they go by, and whom they tell, is the panel's.
 * Whoever is told may have the series join an episode (track.h's episode and lanes) before the call
 * returns. A reading costs about 90 ns, a window at the step's end 20. One thread. */
#ifndef ANALYSIS_LANE_LANES_H
#define ANALYSIS_LANE_LANES_H

#include "analysis/track/panel.h"

/* In the order of their time, within the step underway. */
void lanes_read(struct panel *p, const struct reading *r);
/* The step is over. */
void lanes_step(struct panel *p);

/* What the series was told for, by its lanes, is back to what is normal; but for objectives. */
bool lanes_are_calm(const struct panel *p, struct track *t);
/* It is told no more: what its lanes have brought is forgotten. */
void lanes_release(struct track *t);
/* What was measured since then was not normal, and is not learned. */
void lanes_forget(const struct panel *p, struct track *t, int64_t since_s);
/* One of its alarms cannot be told: what brought that one begins anew. */
void lanes_refuse(struct track *t, enum lane lane);
/* As it is now is where what is normal begins; with_bursts: of what fails, and of what comes back,
 * too. */
void lanes_relearn(struct panel *p, struct track *t, bool with_bursts);

#endif
