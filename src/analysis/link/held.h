/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/held.h - requests that have ended and wait for their queries, in order of their
 * end.
 *
 * A request stays for a while after it was handed out: it still competes for pieces, so that they
 * are not given to somebody else. At most so many; the caller makes room first (held_oldest). Owns
 * its requests. One thread. */
#ifndef ANALYSIS_LINK_HELD_H
#define ANALYSIS_LINK_HELD_H

#include "base/list.h"
#include "base/map.h"
#include "model/event.h"

#define HELD_SIBLINGS_MAX 16u

struct held_request {
    struct event_request ev;
    uint64_t *values; /* ascending, without repeats */
    uint32_t value_count;
    uint32_t route;
    struct list pieces;                   /* struct piece by in_order: its own */
    uint64_t siblings[HELD_SIBLINGS_MAX]; /* values that these bind, ascending; the first ones */
    uint32_t sibling_count;
    uint32_t piece_count;
    uint32_t hopes;    /* undecided pieces whose best candidate it is */
    uint32_t unlinked; /* pieces that it contained and that abstained */
    float probability;
    uint8_t basis;
    bool is_out;
};

struct held {
    struct held_request **ring; /* by end_ns */
    uint64_t *begins;           /* of each block of the ring: nobody in it began earlier */
    size_t mask;
    size_t first;
    size_t count;
    size_t count_max;
    struct map by_id;
    struct map by_trace; /* first 8 bytes of the trace id */
};

void held_init(struct held *h, size_t count_max);
void held_fini(struct held *h);

static inline bool
held_is_full(const struct held *h)
{
    return h->count == h->count_max;
}

/* Copies the record; NULL when the id is known already. There must be room. */
struct held_request *held_add(struct held *h, const struct event_request *ev,
                              const uint64_t *values);
struct held_request *held_find(const struct held *h, uint64_t request);
struct held_request *held_find_trace(const struct held *h, const uint8_t trace_id[16]);

/* One of its queries binds that; false: it was known, or there is no room. */
bool held_add_sibling(struct held_request *r, uint64_t value);

/* 0 .. count - 1, by end. */
static inline struct held_request *
held_at(const struct held *h, size_t i)
{
    return h->ring[(h->first + i) & h->mask];
}

/* Index of the first that ends at or after t. */
size_t held_first_ending_after(const struct held *h, uint64_t t_ns);

/* The first from i on that began at t or before; count: there is none. */
size_t held_next_begun(const struct held *h, size_t i, uint64_t t_ns);

/* Forgets the one with the earliest end; it must own no pieces any more. */
void held_drop_oldest(struct held *h);

#endif
