/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/status.h - the analyzer's own part of the status document: what slowburn adds to
 * traffic, what the workers count, what was dropped or folded, how queries were linked.
 *
 * Counters are kept per worker (at most STATUS_WORKERS_MAX) and summed. A worker's number may be
 * taken by a worker of another proxy: what the former one counted stays in the sums, so that they
 * never go backwards. One that is silent for STATUS_SILENT_NS counts as gone. One thread. Zeroed
 * memory is a fresh one. */
#ifndef ANALYSIS_INGEST_STATUS_H
#define ANALYSIS_INGEST_STATUS_H

#include "analysis/ingest/ingest.h"
#include "base/buf.h"
#include "base/clock.h"
#include "bus/subscribe.h"

#define STATUS_WORKERS_MAX 64u
#define STATUS_SILENT_NS   (5 * NS_PER_S)

struct status {
    uint64_t counters[STATUS_WORKERS_MAX][COUNTER_COUNT];
    uint64_t past[COUNTER_COUNT];             /* of workers whose number another has now */
    uint64_t heard_at_ns[STATUS_WORKERS_MAX]; /* 0: never */
    uint64_t now_ns;                          /* of the newest that any worker said */
    uint64_t in_flight[STATUS_WORKERS_MAX];
    uint64_t in_transaction[STATUS_WORKERS_MAX];
};

void status_fini(struct status *s);
void status_saw(struct status *s, const struct intake_item *item);

/* The members, without braces. */
void status_write(const struct status *s, const struct ingest_totals *ingest,
                  const struct subscriber_totals *rings, size_t waiting, struct buf *b);

#endif
