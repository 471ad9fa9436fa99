/* SPDX-License-Identifier: Apache-2.0
 * advisor/blocks.h - who waits for a lock, for whom in turn, and who holds it at the end of the
 * queue.
 *
 *   waiting --> waiting --> ... --> holder        (pg_blocking_pids, followed to its end)
 *
 * Looked up only while somebody waits, in one statement: those BLOCKS_WAITERS_MAX that have waited
 * for longest, BLOCKS_BETWEEN_MAX that these wait for and that wait themselves, and of each
 * BLOCKS_EACH_MAX that are in its way. Where that ends at one that waits itself, and in a circle,
 * the holder is not known (BLOCK_CUT). pg_blocking_pids stops the lock manager for a moment, so
 * that there are no more calls of it than these: 12 ms a sample where 199 sessions wait, 1 ms where
 * five do.
 *
 * What was seen is summed up for each pair of shapes until it is taken; the deepest chain between
 * the two is kept. Statements become fingerprints here; their text, which has literals, goes no
 * further. Holders are only looked at: nothing is ended. */
#ifndef ADVISOR_BLOCKS_H
#define ADVISOR_BLOCKS_H

#include <jansson.h>

#include "base/check.h"

#define BLOCKS_MAX         16u /* pairs; more are counted */
#define BLOCKS_WAITERS_MAX 32u
#define BLOCKS_BETWEEN_MAX 8u
#define BLOCKS_EACH_MAX    4u
#define BLOCKS_CHAIN_MAX   8u /* sessions; of a longer one those before the last are left out */

enum block_state { BLOCK_ACTIVE, BLOCK_IDLE, BLOCK_PREPARED, BLOCK_WAITING, BLOCK_CUT };

/* One of those in a queue. */
struct block_session {
    uint64_t statement; /* fingerprint, or 0 */
    enum block_state state;
    char lock[20];         /* that it waits for; "": the last one */
    double waited_ms;      /* 0: the last one */
    double idle_ms;        /* of the last one */
    double transaction_ms; /* 0: the first one, which need hold nothing */
};

struct block {
    uint64_t waiting, holder; /* fingerprints; 0: too long to be told from its beginning, or cut */
    enum block_state state;   /* of the holder */
    char lock[20];            /* pg_stat_activity.wait_event: transactionid, tuple, relation, ... */
    unsigned samples;         /* in which it was seen */
    unsigned waiters;         /* at a time, at most */
    unsigned depth;           /* so many wait one behind the other, at most; cut: at least */
    double waited_ms, idle_ms, transaction_ms; /* the longest; of the holder the latter two */
    double lock_ms; /* that all of them waited: each stands for the time between samples */
    struct block_session chain[BLOCKS_CHAIN_MAX]; /* from who waits to the holder, the deepest */
    unsigned chain_count;
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
    char lock[20], blocker_lock[20]; /* that each waits for; the blocker: "": for none */
    double waited_ms, blocker_waited_ms;
    double idle_ms, transaction_ms; /* of the blocker */
    uint32_t hops;                  /* blocks_fold's own: so many wait from here to the end */
};

/* One sample, which stands for so long: follows each waiter to the end of its queue. Of several in
 * its way it follows the one that is nearest to its end, and idle. Pure. */
void blocks_fold(struct blocks *b, struct block_row *rows, unsigned count, double ms);

struct login;

/* Asks the database; quietly nothing when it does not answer. */
void blocks_sample(struct login *s, struct blocks *b, double ms);

/* The answer's members, and starts over. */
void blocks_take(struct blocks *b, json_t *answer);

#endif
