/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/causes.h - the causes of an episode, in words: whose demand grew, ranked by
 * milliseconds a second, and what fails.
 *
 * At most EPISODE_CAUSES_MAX. Sets those of the episode alone. One thread. */
#ifndef ANALYSIS_MONITOR_CAUSES_H
#define ANALYSIS_MONITOR_CAUSES_H

#include "analysis/monitor/monitor.h"

/* Why it is, afresh. */
void causes_find(struct monitor *m, struct episode *e);

#endif
