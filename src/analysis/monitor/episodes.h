/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/episodes.h - which alarms belong together.
 *
 * An alarm joins the episode that its series is in, one that is about its route or its statement,
 * or whatever is young; else it opens one, MONITOR_OPEN_MAX at a time, and what finds no place is
 * counted and forgotten. Owned by the monitor. One thread. */
#ifndef ANALYSIS_MONITOR_EPISODES_H
#define ANALYSIS_MONITOR_EPISODES_H

#include "analysis/monitor/monitor.h"

void episodes_tell(struct monitor *m, struct track *t, const struct alarm *a);
void episodes_step(struct monitor *m);
void episodes_leave(struct track *t); /* it goes away, or is of another one */
/* It shares a route or a statement with a member, or all are concerned. */
bool episodes_concerns(const struct episode *e, const struct track *t);
void episodes_end(struct monitor *m, struct episode *e, enum episode_state state);
unsigned episodes_open(const struct monitor *m, struct episode *ret_list[MONITOR_OPEN_MAX]);

#endif
