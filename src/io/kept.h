/* SPDX-License-Identifier: Apache-2.0
 * io/kept.h - what a stream has received beyond its owner's pause, and the end behind it.
 *
 * Made when there is something to keep, of the size that it needs, at most KEPT_MAX; freed when it
 * is empty. Pauses that find something received already are rare: it is allocated from the heap.
 * One thread. */
#ifndef IO_KEPT_H
#define IO_KEPT_H

#include "base/check.h"
#include "base/slice.h"
#include "io/uring.h"

#define KEPT_MAX (URING_BUFFERS * URING_CHUNK)

struct kept;

/* Makes *kept when it is NULL. 0 or -ENOSPC. */
MUST_CHECK int kept_add(struct kept **kept, struct slice chunk);
void kept_free(struct kept **kept);

/* The next bytes, at most `max`; valid until the next kept_add. */
struct slice kept_next(struct kept *k, size_t max);

/* err: as stream_ops.eof. */
void kept_set_end(struct kept *k, int err);
bool kept_has_end(const struct kept *k);
int kept_take_end(struct kept *k);

/* Neither bytes nor an end. */
bool kept_is_empty(const struct kept *k);

#endif
