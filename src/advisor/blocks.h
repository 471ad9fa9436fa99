/* SPDX-License-Identifier: Apache-2.0
 * advisor/blocks.h - who waits for a lock, and who holds it at the end of the queue.
 *
 *   waiting --> waiting --> ... --> holder        (pg_blocking_pids, followed to its end)
 *
 * Looked up only while somebody waits: BLOCKS_WAITERS_MAX waiters at most, in one statement. What
 * was seen is summed up for each pair of shapes until it is taken. Statements become fingerprints
 * here; their text, which has literals, goes no further. Holders are only looked at: nothing is
 * ended. */
#ifndef ADVISOR_BLOCKS_H
#define ADVISOR_BLOCKS_H

#include <jansson.h>

#include "base/check.h"

#define BLOCKS_MAX         16u /* pairs; more are counted */
#define BLOCKS_WAITERS_MAX 32u

enum block_state { BLOCK_ACTIVE, BLOCK_IDLE, BLOCK_PREPARED };

struct block {
    uint64_t waiting, holder; /* fingerprints; 0: too long to be told from its beginning */
    enum block_state state;   /* of the holder */
    char lock[20];            /* pg_stat_activity.wait_event: transactionid, tuple, relation, ... */
    unsigned samples;         /* in which it was seen */
    unsigned waiters;         /* at a time, at most */
    unsigned depth;           /* so many wait one behind the other, at most */
    double waited_ms, idle_ms, transaction_ms; /* the longest; of the holder the latter two */
    double lock_ms;     /* that all of them waited: each stands for the time between two samples */
    unsigned in_sample; /* waiters of the sample that is being taken */
};

struct blocks {
    struct block block[BLOCKS_MAX];
    unsigned count;
    unsigned refused;
};

/* One waiter with one of those that it waits for. */
struct block_row {
    int waiter, blocker; /* pids; 0: a prepared transaction */
    uint64_t waiting, holder;
    bool is_idle;
    char lock[20];
    double waited_ms, idle_ms, transaction_ms;
};

/* One sample, which stands for so long: follows each waiter to the end of its queue. Pure. */
void blocks_fold(struct blocks *b, const struct block_row *rows, unsigned count, double ms);

struct login;

/* Asks the database; quietly nothing when it does not answer. */
void blocks_sample(struct login *s, struct blocks *b, double ms);

/* The answer's members, and starts over. */
void blocks_take(struct blocks *b, json_t *answer);

#endif
