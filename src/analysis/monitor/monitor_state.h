/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/monitor_state.h - what a monitor is made of. For monitor/ and its tests alone.
 */
#ifndef ANALYSIS_MONITOR_MONITOR_STATE_H
#define ANALYSIS_MONITOR_MONITOR_STATE_H

#include <string.h>

#include "analysis/monitor/monitor.h"
#include "analysis/track/panel.h"

#define MONITOR_MAGIC 0x6d6f6e69u

/* Names of series: both are there, and alike. */
static inline bool
monitor_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* One indicator of one objective. */
struct promise {
    unsigned setting; /* index */
    enum indicator indicator;
    unsigned rule; /* that holds */
    bool is_told;  /* since it began to hold */
    struct objective spent;
};

struct monitor {
    unsigned magic;
    struct monitor_out out;
    struct panel panel; /* the series, and what is known of each */
    struct episode *episode[MONITOR_EPISODES_MAX];
    unsigned episode_count;
    uint32_t next_id;
    struct monitor_totals totals; /* its own: the panel has the others */
    struct objectives objectives;
    struct promise *promise;
    unsigned promise_count;
};

#endif
