/* SPDX-License-Identifier: Apache-2.0
 * model/sketch.h - a mergeable histogram of durations.
 *
 * Log-linear: 64 equal steps to each power of two, so a quantile is at most 1.6 % off. From 1 us to
 * 137 s (2^27 us); outside it is counted at the border. Steps are taken in pages of 64, one for
 * each power of two that occurs: 256 bytes a page, 27 pages at most, and most series need four.
 * Counts stop at 2^32 - 1. The byte form is versioned and bounded by SKETCH_SAVED_MAX.
 * Owns its pages. One thread at a time. Zeroed memory is an empty sketch. */
#ifndef MODEL_SKETCH_H
#define MODEL_SKETCH_H

#include "base/check.h"
#include "base/slice.h"

#define SKETCH_PAGES     27
#define SKETCH_STEPS     64
#define SKETCH_SAVED_MAX 16384

struct sketch {
    uint32_t *page[SKETCH_PAGES];
    uint64_t count;
};

void sketch_fini(struct sketch *s);
void sketch_reset(struct sketch *s);
void sketch_add(struct sketch *s, uint64_t ns);
void sketch_add_to_both(struct sketch *a, struct sketch *b, uint64_t ns);
void sketch_merge(struct sketch *into, const struct sketch *from);

/* The duration below which the share q (0..1) lies; 0 when empty. */
uint64_t sketch_quantile(const struct sketch *s, double q);

/* Walk: unsigned at = 0; while (sketch_next(s, &at, &ns, &count)) ...  from short to long. */
bool sketch_next(const struct sketch *s, unsigned *at, uint64_t *ret_ns, uint32_t *ret_count);

/* How many are at most so long, as far as steps tell. Never falls as ns grows. */
uint64_t sketch_count_below(const struct sketch *s, uint64_t ns);

/* Bytes written; 0 when empty or cap is too small. Varints of (gap, count) pairs. */
size_t sketch_save(const struct sketch *s, uint8_t *dst, size_t cap);

/* Adds what was saved. 0 or -EBADMSG, and then *s is unchanged. */
MUST_CHECK int sketch_load(struct slice saved, struct sketch *s);

#endif
