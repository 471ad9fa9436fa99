/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/evidence.h - how much the values in it speak for "this piece of work belongs to
 * that request", and what is learned on the way.
 *
 * Two sources, each a likelihood ratio against "it belongs to some other request":
 *  - a value bound in the piece that the request carries too: q / p. p is how common the value is
 *    of late, the larger of its shares among requests and among pieces: a value that turns up
 *    everywhere says nothing. q is how often the values of this slot (fingerprint, position) have
 *    turned up in the request that the piece did belong to;
 *  - a value of a slot whose values always come from the request, and the request does not have
 *    it: (1 - q) / (1 - p), the reason why decoys of small integers do not win.
 * Both for the values that the request carries, and for those that its other queries are known to
 * bind, each with its own p and q.
 * How many requests are not finished yet and may be the owner says evidence_in_flight(), from the
 * rate and the durations of late. The weight of each is 1, so a common value cannot win while
 * somebody else may still turn up with it.
 * Slots are learned from posteriors (weighted by them), rarity from what is seen.
 *
 * Limits: fixed tables, about 1.5 MB; slots beyond EVIDENCE_SLOTS replace older ones. Counts are
 * halved now and then, so old traffic fades. One thread. Pure. */
#ifndef ANALYSIS_LINK_EVIDENCE_H
#define ANALYSIS_LINK_EVIDENCE_H

#include "base/check.h"

#define EVIDENCE_SLOTS      8192u
#define EVIDENCE_CELLS      65536u
#define EVIDENCE_DURATIONS  512u
#define EVIDENCE_VALUES_MAX 48u

/* Where a value of the piece may be found again. */
enum evidence_source {
    EVIDENCE_REQUEST,  /* among the values that a request carries */
    EVIDENCE_SIBLINGS, /* among those that its other queries bind */
    EVIDENCE_SOURCES,
};

/* A value of the piece, and where it stood. */
struct evidence_value {
    uint64_t value;
    uint64_t slot; /* evidence_slot() */
};

struct evidence_rarity {
    uint16_t cell[2][EVIDENCE_CELLS];
    uint32_t total;
};

struct evidence_slot_stat {
    uint64_t slot;
    float hits;
    float misses;
};

struct evidence {
    struct evidence_rarity requests[EVIDENCE_SOURCES];
    struct evidence_rarity pieces;
    struct evidence_slot_stat slots[EVIDENCE_SLOTS];
    struct {
        uint64_t start_ns;
        uint64_t duration_ns;
    } recent[EVIDENCE_DURATIONS];
    uint32_t recent_at;
    uint32_t recent_count;
    uint64_t ordered[EVIDENCE_DURATIONS]; /* the same durations, shortest first */
    uint64_t oldest_ns;                   /* start of the one that began first */
    uint64_t horizon_ns;
    uint64_t mean_ns; /* of the durations */
};

/* What the values of one piece say of any candidate, by which of them it has. */
struct evidence_weights {
    double none;                      /* of a request that has none of them */
    double gain[EVIDENCE_VALUES_MAX]; /* times as much for one that has this one */
    bool speaks[EVIDENCE_VALUES_MAX]; /* to have it says something */
};

/* What one candidate has for it. */
struct evidence_match {
    double weight;
    uint32_t matches;
};

struct evidence *evidence_new(void);
void evidence_free(struct evidence **e);

uint64_t evidence_slot(uint64_t fingerprint, unsigned position);

/* Every request once, when it is known; every piece once, when it is whole. Values without
 * repeats. */
void evidence_saw_request(struct evidence *e, uint64_t start_ns, uint64_t end_ns,
                          const uint64_t *values, size_t count);
void evidence_saw_piece(struct evidence *e, const struct evidence_value *values, size_t count);
/* A value that queries of a request bind; is_first: of this request. */
void evidence_saw_sibling(struct evidence *e, uint64_t value, bool is_first);

/* Once for a piece, however many candidates it has. */
void evidence_weigh(const struct evidence *e, enum evidence_source source,
                    const struct evidence_value *values, size_t count,
                    struct evidence_weights *ret_weights);
/* sorted: the request's values in ascending order. O(count * log sorted_count). */
struct evidence_match evidence_of_request(const struct evidence_weights *weights,
                                          const struct evidence_value *values, size_t count,
                                          const uint64_t *sorted, size_t sorted_count);

/* Learns from a decision: weight is the posterior of that pair. */
void evidence_learn_values(struct evidence *e, enum evidence_source source,
                           const struct evidence_value *values, size_t count,
                           const uint64_t *sorted, size_t sorted_count, double weight);

/* How many requests that began before start_ns are expected to be running still at now_ns. */
double evidence_in_flight(const struct evidence *e, uint64_t start_ns, uint64_t now_ns);

/* How long after its start the owner of a piece has most probably been reported: twice the 99.5th
 * percentile of durations, between 1 and 30 s; 0 while no request was seen. */
uint64_t evidence_horizon_ns(const struct evidence *e);

/* The mean duration of late; 0 while no request was seen. */
uint64_t evidence_mean_ns(const struct evidence *e);

/* The slot's learned share, for status and tests. */
double evidence_slot_share(const struct evidence *e, uint64_t slot);

bool evidence_has(const uint64_t *sorted, size_t count, uint64_t value);

#endif
