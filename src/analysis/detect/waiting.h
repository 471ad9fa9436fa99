/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/waiting.h - what the database's sessions wait for, as the advisor's samples have
 * it: sums, and who waits for whom at the end of a queue of locks.
 *
 * Plain data of at most WAITING_BLOCKS_MAX pairs; when full, the one that was not seen for longest
 * gives way. A pair that was not seen for WAITING_FORGET_NS is gone. Pure; belongs to the judge. */
#ifndef ANALYSIS_DETECT_WAITING_H
#define ANALYSIS_DETECT_WAITING_H

#include <jansson.h>

#include "base/check.h"

#define WAITING_BLOCKS_MAX 16u
#define WAITING_FORGET_NS  (60 * 1000000000ull)

struct waiting_block {
    uint64_t waiting, holder; /* fingerprints; 0: not known */
    char state[24];           /* of the holder, as model/question.h has it */
    char lock[20];
    double samples, of; /* seen in so many of so many samples */
    double waiters, depth;
    double waited_ms, idle_ms, transaction_ms; /* the longest; of the holder the latter two */
    uint64_t seen_ns;
};

struct waiting {
    struct waiting_block block[WAITING_BLOCKS_MAX];
    unsigned count;
};

/* An answer to QUESTION_WAITS. */
void waiting_answer(struct waiting *w, const json_t *answer, uint64_t now_ns);

/* What this statement waits for most often. NULL: for nothing that is known. */
const struct waiting_block *waiting_of(const struct waiting *w, uint64_t fingerprint);

/* The holder is in no query. */
bool waiting_is_idle(const struct waiting_block *block);

#endif
