/* SPDX-License-Identifier: Apache-2.0
 * analysis/change/onset.h - when a route became slower: between which two of its requests.
 *
 * Pure. */
#ifndef ANALYSIS_CHANGE_ONSET_H
#define ANALYSIS_CHANGE_ONSET_H

#include "analysis/change/shift.h"

/* from_ns <= at_ns <= to_ns. */
struct onset {
    uint64_t from_ns; /* start of the last request that was as before */
    uint64_t at_ns;   /* where it is said to begin */
    uint64_t to_ns;   /* start of the first one that was not */
};

/* The start of the last stretch in which groups of ten requests are all as bad as the newest, of
 * those that started no earlier than not_before_ns. Where their medians tell nothing, because few
 * requests are much slower or all of them stray by as much: within the minute until it was first
 * suspected. */
struct onset onset_find(const struct shift_route *route, uint64_t not_before_ns);

/* Known to be there from this request on. */
struct onset onset_at(const struct watch *watch, uint64_t at_ns);

#endif
