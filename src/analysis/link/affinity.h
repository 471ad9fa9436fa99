/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/affinity.h - what kinds of work a request of each route does, how often, and when
 * in its time; learned also where no single query can be tied.
 *
 * A route's requests ask for each kind of work (a shape, weigh.h) with an intensity that depends on
 * where in the request one is: a Poisson process, whose intensity is constant within each of a few
 * places (affinity_place). Where several requests contain a piece, each of them gets the share of
 * it that is expected, by what is known so far. That is expectation maximization; the likelihood is
 * concave in the intensities, so that there is one end to arrive at: as different requests overlap
 * at different times, the shares move to where the pieces belong.
 *
 * Limits: AFFINITY_CELLS pairs of route and shape, 1.3 MB; the least seen gives way. All counts
 * are halved every AFFINITY_HALVE_AT requests. One thread. Pure. */
#ifndef ANALYSIS_LINK_AFFINITY_H
#define ANALYSIS_LINK_AFFINITY_H

#include "base/check.h"

#define AFFINITY_CELLS    8192u
#define AFFINITY_HALVE_AT 4096u
#define AFFINITY_OCTAVES  17u /* from a request's start, and as many from its end */
#define AFFINITY_PLACES   (2 * AFFINITY_OCTAVES)
#define AFFINITY_NOWHERE  AFFINITY_PLACES /* not inside, or it does not matter */

struct affinity_cell {
    float count;               /* of pieces; of a route itself: its requests, and seconds below */
    float inside;              /* in one of the places */
    float at[AFFINITY_PLACES]; /* in each of them */
};

struct affinity {
    uint64_t keys[AFFINITY_CELLS];
    struct affinity_cell cells[AFFINITY_CELLS];
    double requests; /* of all routes */
    double seconds;  /* that these took */
    uint32_t halvings;
};

/* Where in a request something lies that began start_gap after it and ended end_gap before it: by
 * the nearer of the two, on a logarithmic scale. */
unsigned affinity_place(int64_t start_gap_ns, int64_t end_gap_ns);

void affinity_saw_request(struct affinity *a, uint32_t route, uint64_t took_ns);

/* A piece of this shape (weigh.h) was in some request. */
void affinity_saw_piece(struct affinity *a, uint64_t shape);

/* It was one of that route, as far as share says. */
void affinity_learn(struct affinity *a, uint32_t route, uint64_t shape, unsigned place,
                    double share);

/* Such pieces in each request, of any route; 0: too little is known. */
double affinity_mean(const struct affinity *a, uint64_t shape);

/* How many times as many there are in each request of this route; with a place: in each second
 * there, against each second of any request. mean: affinity_mean(). */
double affinity_ratio(const struct affinity *a, uint32_t route, uint64_t shape, unsigned place,
                      double mean);

#endif
