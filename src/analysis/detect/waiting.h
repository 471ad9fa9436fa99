/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/waiting.h - what the database's sessions wait for, as the advisor's samples have
 * it: sums, who waits for whom at the end of a queue of locks, and who stands between the two.
 *
 * Plain data of at most WAITING_BLOCKS_MAX pairs; when full, the one that was not seen for longest
 * gives way. A pair that was not seen for WAITING_FORGET_NS is gone. Pure; belongs to the judge. */
#ifndef ANALYSIS_DETECT_WAITING_H
#define ANALYSIS_DETECT_WAITING_H

#include <jansson.h>

#include "base/check.h"

#define WAITING_BLOCKS_MAX    16u
#define WAITING_CHAIN_MAX     8u
#define WAITING_DATABASES_MAX 8u
#define WAITING_FORGET_NS     (60 * 1000000000ull)

/* One session of a queue. */
struct waiting_session {
    uint64_t statement; /* fingerprint that it runs, or ran last; 0: not known */
    char state[24];     /* "waiting", or the holder's */
    char lock[20];      /* that it waits for; "": it waits for none */
    double waited_ms, idle_ms, transaction_ms;
};

struct waiting_block {
    uint64_t waiting, holder; /* fingerprints; 0: not known */
    char state[24];           /* of the holder, as model/question.h has it */
    char lock[20];
    double samples, of; /* seen in so many of so many samples */
    double waiters, depth;
    double lock_ms;                            /* that was waited and not taken yet, all together */
    double waited_ms, idle_ms, transaction_ms; /* the longest; of the holder the latter two */
    /* The deepest queue that was seen, from who waits to the holder. Those before the holder may
     * have been left out: depth is of all. */
    struct waiting_session chain[WAITING_CHAIN_MAX];
    unsigned chain_count;
    uint64_t seen_ns;
};

/* Since they were last begun anew. */
struct waiting_sums {
    double samples, active, lock_waits, io_waits;
    double server_cpu; /* < 0: not known */
};

/* A database that was sampled, by the hash of its name. */
struct waiting_sampled {
    uint64_t database;
    double samples; /* not taken yet */
};

struct waiting {
    struct waiting_block block[WAITING_BLOCKS_MAX];
    unsigned count;
    struct waiting_sums sums;
    struct waiting_sampled sampled[WAITING_DATABASES_MAX];
    unsigned sampled_count;
};

/* An answer to QUESTION_WAITS about that database; one that is no answer is nothing. */
void waiting_answer(struct waiting *w, uint64_t database, const json_t *answer, uint64_t now_ns);

/* Begins the sums anew. */
void waiting_restart(struct waiting *w);

/* True where that database was sampled since this was last asked. */
bool waiting_take_sampled(struct waiting *w, uint64_t database);
/* How long this statement has waited for locks since then, by the samples; ms. */
double waiting_take_lock_ms(struct waiting *w, uint64_t fingerprint);

/* What this statement waits for most often. NULL: for nothing that is known. */
const struct waiting_block *waiting_of(const struct waiting *w, uint64_t fingerprint);

/* How many stand between who waits and the holder: victims, too. */
unsigned waiting_between(const struct waiting_block *block);

/* Who holds the lock was not seen: so many wait that they were not followed to the last one. */
bool waiting_is_cut(const struct waiting_block *block);
/* The holder is in no query. */
bool waiting_is_idle(const struct waiting_block *block);

#endif
