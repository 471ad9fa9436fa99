/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/bursts.h - what goes away by itself is not told, unless it comes back: minutes that
 * are far slower, or have far more errors, against how many of those there were in a day.
 *
 * recur.h counts them; nothing is touched but in such a minute. Its state is the series'. One
 * thread. */
#ifndef ANALYSIS_LANE_BURSTS_H
#define ANALYSIS_LANE_BURSTS_H

#include "analysis/track/panel.h"

/* A day has begun, with that reading. */
void bursts_day(struct track *t, const struct reading *r);
/* Far slower than expected in the second window in a row, or more. */
void bursts_of_latency(struct panel *p, struct track *t);
/* Far more errors than expected of that class. */
void bursts_of_errors(struct panel *p, struct track *t, unsigned class, float errors, uint32_t at);
/* What is underway is told now, of all series: not with the next time that it comes. */
void bursts_look_again(struct panel *p);
bool bursts_are_calm(const struct panel *p, const struct track *t);
void bursts_forget(struct track *t);

#endif
