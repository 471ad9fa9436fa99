/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/reshare.h - recent pieces that several requests contained, shared out anew as more
 * is known of what the routes ask.
 *
 * What affinity.h has learned of a piece depends on what was known when it was decided. Each new
 * one has RESHARE_EACH older ones looked at again, in turn, and affinity corrected by the
 * difference (incremental expectation maximization: Neal and Hinton, "A view of the EM algorithm
 * that justifies incremental, sparse, and other variants", 1998). So shares arrive where they
 * belong after thousands of requests, not after a hundred thousand. What was handed out stays as it
 * was.
 *
 * Limits: RESHARE_PIECES pieces, 1.1 MB; the oldest gives way and its shares stay. Of a piece
 * RESHARE_PLACES pairs of route and place; what is beyond stays as it was learned. One thread.
 * Pure. */
#ifndef ANALYSIS_LINK_RESHARE_H
#define ANALYSIS_LINK_RESHARE_H

#include "analysis/link/affinity.h"

#define RESHARE_PIECES 4096u
#define RESHARE_PLACES 16u
#define RESHARE_EACH   4u

struct reshare_piece {
    uint64_t shape;
    double rest;       /* of all its weight, what is not below */
    uint32_t halvings; /* of affinity, when its shares were learned */
    uint32_t count;
    struct reshare_place {
        uint32_t route;
        uint32_t place;
        float base; /* the part of that weight, but for affinity */
        float share;
    } of[RESHARE_PLACES];
};

struct reshare {
    struct reshare_piece pieces[RESHARE_PIECES];
    uint32_t count, next, looked_at;
};

/* A new one, to be filled by reshare_place(); rest: the part of all
 * weight that no candidate has. */
struct reshare_piece *reshare_add(struct reshare *r, const struct affinity *a, uint64_t shape,
                                  double rest);

/* A candidate: its part of the weight, but for affinity, and the share that was learned. False: no
 * room. */
bool reshare_place(struct reshare_piece *p, uint32_t route, unsigned place, double weight,
                   double share);

/* Looks at some again. */
void reshare_some(struct reshare *r, struct affinity *a);

#endif
