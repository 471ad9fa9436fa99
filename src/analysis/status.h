/* SPDX-License-Identifier: Apache-2.0
 * analysis/status.h - the analyzer's own part of the status document: what slowburn adds to
 * traffic, what the workers count, what was dropped or folded, how queries were linked.
 *
 * Counters are kept per worker (at most STATUS_WORKERS_MAX) and summed. One thread. Zeroed memory
 * is a fresh one. */
#ifndef ANALYSIS_STATUS_H
#define ANALYSIS_STATUS_H

#include "analysis/ingest.h"
#include "base/buf.h"
#include "bus/subscribe.h"

#define STATUS_WORKERS_MAX SUBSCRIBER_WORKERS_MAX

struct status {
    uint64_t counters[STATUS_WORKERS_MAX][COUNTER_COUNT];
    bool has_worker[STATUS_WORKERS_MAX];
    uint64_t in_flight[STATUS_WORKERS_MAX];
    uint64_t in_transaction[STATUS_WORKERS_MAX];
};

void status_fini(struct status *s);
void status_saw(struct status *s, const struct intake_item *item);

/* The members, without braces. */
void status_write(const struct status *s, const struct ingest_totals *ingest,
                  const struct subscriber_totals *rings, size_t waiting, struct buf *b);

#endif
