/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/replay.h - a monitor that has seen what the store keeps: after a restart it
 * knows again what is normal.
 *
 * FINGERPRINT, WINDOW and DEPLOY records go in as store_windows gives them; a monitor comes out
 * that has come as far as until_s. Minutes are there for two days, hours before that: time of week,
 * levels and errors are learned from both, how noisy minutes are from minutes only: memory.h.
 *
 * Bounded: REPLAY_BACK_S of history, REPLAY_WINDOWS_MAX windows (it then ends where it is), the
 * monitor's own memory, and REPLAY_STATEMENTS texts. A few us a window. One thread, which need not
 * be the one that takes the monitor. */
#ifndef ANALYSIS_MONITOR_REPLAY_H
#define ANALYSIS_MONITOR_REPLAY_H

#include <stdatomic.h>

#include "analysis/monitor/monitor.h"
#include "model/stored.h"

#define REPLAY_BACK_S      (28ll * 86400)
#define REPLAY_WINDOWS_MAX 40000000ull
#define REPLAY_STATEMENTS  65536u
#define REPLAY_MARKS_MAX   64u

/* From then on what was there was normal, somebody said: monitor_expect. */
struct replay_mark {
    int64_t at_s;
    char subject[256];
};

struct replay;

/* Marks in the order of their time; copied. */
struct replay *replay_new(int64_t until_s, const struct monitor_config *config,
                          const struct replay_mark *marks, unsigned mark_count);

/* False: no more is wanted. */
bool replay_record(void *replay, const struct stored *record);

/* Any thread: replay_record answers false from here on. */
void replay_cancel(struct replay *replay);

/* Frees the replay. NULL: it was cancelled. */
struct monitor *replay_end(struct replay **replay);

#endif
