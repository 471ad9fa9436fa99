/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/affinity.h - how often a request of each route does each kind of work, learned also
 * where no single query can be tied.
 *
 * Where several requests contain a piece, each of them gets the share of it that is expected, by
 * what is known so far (expectation maximization of a mixture of Poisson processes): as different
 * requests overlap at different times, the shares move to where the pieces belong.
 *
 * Limits: AFFINITY_CELLS pairs of route and shape, 128 KB; the least seen gives way. All counts
 * are halved every AFFINITY_HALVE_AT requests. One thread. Pure. */
#ifndef ANALYSIS_LINK_AFFINITY_H
#define ANALYSIS_LINK_AFFINITY_H

#include "base/check.h"

#define AFFINITY_CELLS    8192u
#define AFFINITY_HALVE_AT 2048u

struct affinity_cell {
    uint64_t key;
    float count;
};

struct affinity {
    struct affinity_cell cells[AFFINITY_CELLS];
    double requests; /* of all routes */
};

void affinity_saw_request(struct affinity *a, uint32_t route);

/* A piece of this shape (weigh.h) was in some request. */
void affinity_saw_piece(struct affinity *a, uint64_t shape);

/* It was one of that route, as far as share says. */
void affinity_learn(struct affinity *a, uint32_t route, uint64_t shape, double share);

/* Such pieces in each request, of any route; 0: too little is known. */
double affinity_mean(const struct affinity *a, uint64_t shape);

/* How many times as many there are in each request of this route. mean: affinity_mean(). */
double affinity_ratio(const struct affinity *a, uint32_t route, uint64_t shape, double mean);

#endif
