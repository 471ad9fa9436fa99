/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/timing.h - how a piece of work lies in the time of a request, against how pieces
 * lie in requests that merely contain them.
 *
 * Two gaps: the piece's start less the request's, its end less the request's end. An application
 * opens its connection, or begins, a certain while after the request came, and answers a certain
 * while after the last query; by chance a request begins and ends at any time. Both are kept as
 * histograms on a signed logarithmic scale, for each kind of piece, and for each statement that
 * pieces of that kind begin with, once there are enough of it.
 *
 * Where a single query lies is learned by route, in affinity.h.
 *
 * Limits: TIMING_STATEMENTS of these, about 0.6 MB; others take the place of those that are not
 * seen any more. Counts are halved now and then. One thread. Pure. */
#ifndef ANALYSIS_LINK_TIMING_H
#define ANALYSIS_LINK_TIMING_H

#include "base/check.h"

#define TIMING_BUCKETS    64u
#define TIMING_STATEMENTS 512u

enum timing_kind {
    TIMING_SESSION,     /* a session that lived for one piece of work */
    TIMING_TRANSACTION, /* several queries */
    TIMING_QUERY,
    TIMING_KINDS,
};

struct timing_gaps {
    float own[TIMING_BUCKETS];
    float other[TIMING_BUCKETS];
    float own_total;
    float other_total;
};

struct timing_pair {
    uint64_t key;
    uint32_t strangers; /* others that wanted its place since it was last used */
    struct timing_gaps starts;
    struct timing_gaps ends;
};

struct timing {
    struct timing_pair of_kind[TIMING_KINDS];
    struct timing_pair of_statement[TIMING_STATEMENTS];
};

/* How many times likelier these gaps are where the piece belongs to the request; 0: too little is
 * known. first: fingerprint that the piece begins with. */
double timing_ratio(const struct timing *t, enum timing_kind kind, uint64_t first,
                    int64_t start_gap_ns, int64_t end_gap_ns);

/* weight: how surely it does belong there. */
void timing_learn(struct timing *t, enum timing_kind kind, uint64_t first, int64_t start_gap_ns,
                  int64_t end_gap_ns, double weight);

#endif
