/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/weigh.h - the requests that a piece may belong to, and how much speaks for each.
 *
 * A candidate is a request that contains the piece (or ended shortly before it did: work after the
 * response). Its weight is a product of likelihood ratios against "it is some other request's":
 * values that it carries, or for a single query that its other queries bind (evidence.h), and where
 * these alone do not decide, how the piece lies in the request's time (timing.h; affinity.h for a
 * single query), how often its route does such work (affinity.h), and that a request rarely needs a
 * second connection. Requests that are not finished yet have the weight 1 each.
 *
 * Cost: requests that ended before the piece began, or began after it ended, are skipped by blocks;
 * each candidate costs a few look-ups. */
#ifndef ANALYSIS_LINK_WEIGH_H
#define ANALYSIS_LINK_WEIGH_H

#include "analysis/link/state.h"

#define WEIGH_CANDIDATES_MAX 1024u
#define WEIGH_LATE_NS        LINK_SETTLE_NS /* work after the response, PHP's terminate */
#define WEIGH_SURE           0.998          /* values that need nobody else's word */

struct candidate {
    struct held_request *request;
    double weight;
    double by_values; /* the part of it that values have */
    double siblings;  /* the part of that which those of its other queries have */
    uint32_t matches; /* values that it carries and that speak for it */
};

struct verdict {
    struct candidate all[WEIGH_CANDIDATES_MAX];
    size_t count;
    size_t best;
    double sum;     /* of all weights */
    double unknown; /* of these, of requests that have not been reported */
    double posterior;
    double by_values; /* the best one's, by values alone */
    uint64_t first;   /* fingerprint that the piece begins with; 0: nothing but set-up */
    uint64_t shape;   /* of its kind and its statements, each counted once */
    double mean;      /* of it in a request of any route (affinity.h); 0: not known, or not asked */
    bool overlaps;    /* some request ran at the same time */
};

bool weigh_contains(const struct held_request *r, const struct piece *p);

void weigh_piece(struct linker *l, const struct piece *p, uint64_t now_ns, struct verdict *ret_v);

/* From what was weighed, each candidate as much as it weighs. */
void weigh_learn(struct linker *l, const struct piece *p, const struct verdict *v);

#endif
