/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/objectives.h - what the user promises of routes: which requests were bad, and
 * whether the budget of them is spent too fast.
 *
 * OBJECTIVES_MAX of them, each with its indicators; a reading of a route is counted in those that
 * are about it. Owned by the monitor. One thread. */
#ifndef ANALYSIS_MONITOR_OBJECTIVES_H
#define ANALYSIS_MONITOR_OBJECTIVES_H

#include "analysis/monitor/monitor.h"

/* Copied; NULL: none. */
void objectives_begin(struct monitor *m, const struct objectives *settings);
/* With every reading, and with every step. */
void objectives_read(struct monitor *m, const struct reading *r);
void objectives_judge(struct monitor *m);
/* None that is about it is broken too fast. */
bool objectives_are_calm(const struct monitor *m, const struct track *t);

#endif
