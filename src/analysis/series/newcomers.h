/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/newcomers.h - who has no series of its own because there are as many as there may
 * be, and how much each of them is used.
 *
 * A fixed table of NEWCOMERS_MAX (about 40 KB) in buckets of four. Who finds its bucket full takes
 * from the least used in there what it brings itself, and its place once nothing is left: so what
 * is known of one is never more than there was, and one that is used more than those few that it
 * meets is known nearly whole, whatever crowd of others comes once each. Calls are halved in about
 * seven minutes, as a series' own are. O(1) for each call. Zeroed memory is an empty table. One
 * thread. */
#ifndef ANALYSIS_SERIES_NEWCOMERS_H
#define ANALYSIS_SERIES_NEWCOMERS_H

#include "analysis/series/series_id.h"

#define NEWCOMERS_BUCKETS 256u
#define NEWCOMERS_EACH    4u
#define NEWCOMERS_MAX     (NEWCOMERS_BUCKETS * NEWCOMERS_EACH)
#define NEWCOMERS_KEPT    0.9f /* of what was called, from minute to minute */

struct newcomer {
    struct series_id id;
    uint64_t key;
    float use; /* 0: the place is free */
};

struct newcomers {
    struct newcomer of[NEWCOMERS_BUCKETS][NEWCOMERS_EACH];
};

void newcomers_add(struct newcomers *n, const struct series_id *id, float calls);

/* A minute is over. */
void newcomers_age(struct newcomers *n);

/* Those that were called so often, routes and logins before all others, the most used first.
 * Returns how many. They stay where they are. */
unsigned newcomers_list(struct newcomers *n, float use_min,
                        struct newcomer *ret_list[NEWCOMERS_MAX]);

/* Those are few, and everything else is counted by them. */
static inline bool
newcomer_goes_first(const struct newcomer *n)
{
    return n->id.kind == SERIES_ROUTE || n->id.kind == SERIES_LOGINS;
}

#endif
