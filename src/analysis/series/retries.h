/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/retries.h - do a route's requests come again when they have failed?
 *
 * A request is known by the hash of all its values (path, query, body, cookies, token): the same
 * one within RETRIES_WITHIN_NS of its end is the same again. That happens to requests that did not
 * fail, too; how often is the control: only what failed ones do beyond it are retries. A request
 * without values cannot be told from others.
 *
 * Remembers RETRIES_SLOTS requests by their hash (one that falls on another's place takes it);
 * counts cover two to four minutes, the control's are halved at 10,000. About 6 KB. One thread. */
#ifndef ANALYSIS_SERIES_RETRIES_H
#define ANALYSIS_SERIES_RETRIES_H

#include <stdbool.h>
#include <stdint.h>

#define RETRIES_SLOTS     256u
#define RETRIES_WITHIN_NS (30 * 1000000000ull)
#define RETRIES_HALF_NS   (120 * 1000000000ull)

struct retries_slot {
    uint64_t hash, end_ns; /* end_ns 0: free */
    bool failed;
};

struct retries_half {
    uint64_t requests, failed, again; /* again: after one that failed */
};

struct retries {
    struct retries_slot slot[RETRIES_SLOTS];
    struct retries_half half[2];
    uint64_t half_ns;
    uint64_t fine, fine_again; /* did not fail; and came again */
};

struct retries_sum {
    uint64_t requests, failed, again;
    double share;   /* of those that failed, that came again */
    double control; /* the same of those that did not; < 0: not known */
};

/* hash 0: it cannot be told from others. In the order of their ends, about. */
void retries_add(struct retries *r, uint64_t hash, uint64_t start_ns, uint64_t end_ns, bool failed);
struct retries_sum retries_sum(const struct retries *r, uint64_t now_ns);

#endif
