/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/relearn.h - after a start, what is normal is learned again from what the store
 * keeps, on a thread of its own at a low priority, beside the traffic.
 *
 * A few seconds for hundreds of series; with as many as there can be three minutes
 * (monitor/replay.h has the limits). Belongs to the analyzer. */
#ifndef ANALYSIS_MONITOR_RELEARN_H
#define ANALYSIS_MONITOR_RELEARN_H

#include "analysis/monitor/replay.h"

/* Calls on_record for the records of monitor/replay.h from from_s on, until it answers false.
 * 0 or -errno. */
typedef int relearn_history(void *ctx, int64_t from_s,
                            bool (*on_record)(void *arg, const struct stored *record), void *arg);

struct relearn;

/* Takes the replay, and begins. 0 or -errno. */
MUST_CHECK int relearn_new(struct replay **replay, int64_t now_s, relearn_history *history,
                           void *ctx, struct relearn **ret_relearn);

/* What has come of it, once; NULL: nothing, or not yet. */
struct monitor *relearn_take(struct relearn *r);
/* Nothing will come any more but what can be taken; of none, too. */
bool relearn_is_over(const struct relearn *r);

/* Waits for it, but not for its end. */
void relearn_free(struct relearn **relearn);

#endif
