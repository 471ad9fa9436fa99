/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/proof.h - are the values of a repeated query those of a column of an earlier
 * result?
 *
 * A statement on watch is compared, in each request that repeats it, with the rows of the results
 * before it in that request, as the lens hands them out (keyed hashes of canonical text, so values
 * compare by type and nobody sees them). One request is a *match* when, for one of the bound
 * values and one column of one earlier result, the repeated values are that column: in row order,
 * from the first row to the last, nothing else in between, at least 5 different ones. Rows without
 * a value (NULL) and values seen before in the column (an object that is already loaded) may be
 * left out.
 *
 * Proved: at least 3 requests match on the same column and none of the looked-at requests, or
 * fewer than a fifth, fail to. Where all matching requests had the very same values, small integers
 * such as 1, 2, 3, ... could agree by chance: then the values themselves, as the lens saw them,
 * must not all be small integers (proof_values). A column that merely contains the values, in part
 * or in another order, proves nothing.
 *
 * Bounded: PROOF_WATCHED_MAX statements, PROOF_RESULTS_MAX results waiting for their request. */
#ifndef ANALYSIS_DETECT_PROOF_H
#define ANALYSIS_DETECT_PROOF_H

#include "analysis/intake/intake.h"
#include "analysis/intake/trace.h"

#define PROOF_WATCHED_MAX  32u
#define PROOF_RESULTS_MAX  256u
#define PROOF_KEYS_MAX     8u
#define PROOF_PARENTS_MAX  4u
#define PROOF_DISTINCT_MIN 5u
#define PROOF_REQUESTS_MIN 3u

struct proof_key {
    uint64_t parent; /* fingerprint of the earlier result */
    uint32_t table_oid;
    int16_t attnum;
    uint16_t column; /* position in the result */
    uint16_t value;  /* position among the bound values */
    uint32_t matches;
    uint64_t sequence; /* of the first match */
    bool varies;       /* another match had other values */
};

struct proof_watch {
    uint64_t fingerprint; /* 0: free */
    uint32_t looked_at;   /* requests with rows to compare with */
    uint32_t matched;
    uint32_t values_seen; /* by the lens */
    uint32_t values_small;
    struct proof_key key[PROOF_KEYS_MAX];
    unsigned key_count;
    uint64_t parents[PROOF_PARENTS_MAX]; /* results before it whose rows are wanted */
    unsigned parent_count;
    unsigned misses; /* requests without any rows to compare with */
};

struct proof;

struct proof *proof_new(void);
void proof_free(struct proof **proof);

/* Starts, or finds, a watch. NULL when full. */
struct proof_watch *proof_watch(struct proof *proof, uint64_t fingerprint);
struct proof_watch *proof_find(struct proof *proof, uint64_t fingerprint);

/* Copies what it needs. */
void proof_rows(struct proof *proof, const struct intake_lens_rows *rows);
/* Whether a value that the lens saw is an integer below 1,000. */
void proof_values(struct proof *proof, const struct intake_lens_values *values);
void proof_trace(struct proof *proof, const struct trace *trace);

/* The column that is proved, or NULL. */
const struct proof_key *proof_result(const struct proof_watch *watch);

#endif
