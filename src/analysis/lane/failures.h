/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/failures.h - errors by class, against the share of older than a day; and stalls,
 * which the latency of completed calls hides: by the age of the oldest call in flight.
 *
 * Classes that never had an error cost nothing. Its state is the series'. One thread. */
#ifndef ANALYSIS_LANE_FAILURES_H
#define ANALYSIS_LANE_FAILURES_H

#include "analysis/track/panel.h"

/* With every reading. */
void failures_judge(struct panel *p, struct track *t, const struct reading *r);
bool failures_is_calm(const struct track *t);
bool failures_would_tell(const struct panel *p, const struct track *t, unsigned class,
                         unsigned rate);
/* What was told is normal from here on: as many errors as since then, calls as old as that one. */
void failures_relearn(struct track *t);
/* It is told no more. */
void failures_release(struct track *t);

/* A class that hardly ever has an error has many, since from_s or later, has them still, and none
 * of the series has been told: the alarm that is, less than all series would have to be told by. */
bool failures_beside(const struct track *t, int64_t from_s, unsigned *ret_class,
                     struct alarm *ret_alarm);
/* Whoever was asked has taken it. */
void failures_note_told(struct track *t, unsigned class);

#endif
