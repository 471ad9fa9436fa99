/* SPDX-License-Identifier: Apache-2.0
 * bus/ring.h - one worker's records on their way to one subscriber, through shared memory.
 *
 * Single producer, single consumer, in two processes that do not trust each other's cursor.
 * A byte ring of fixed capacity (a power of two) in a sealed memfd; records are contiguous and
 * 8-byte aligned; what does not fit before the end is preceded by a filler that the consumer
 * skips.
 *
 *   data_fd:    [ header page: magic, version, generation, capacity, tail ][ data ... ]
 *   cursor_fd:  [ one page: head ]
 *
 *      head (consumer, release) v               v tail (producer, release)
 *      [ free               ... | ready ... ready | free ... ]
 *
 * The producer maps data_fd read-write and cursor_fd read-only; the consumer the other way round
 * (data_fd is sealed against future writers). head and tail only grow. Each side acquires the
 * other's cursor and range-checks it: a head beyond tail or more than capacity behind means a
 * broken consumer, and the ring then counts as full; a broken tail or record makes the consumer
 * detach with -EBADMSG.
 *
 * ring_reserve never blocks and makes no system call: full is NULL, and the publisher folds.
 * Costs: one release store a record; no allocation after init. Memory: capacity + 2 pages.
 * Handles are not shared between threads; each process has one end. */
#ifndef BUS_RING_H
#define BUS_RING_H

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"

#define RING_CAPACITY_MIN (64u * 1024)
#define RING_CAPACITY_MAX (256u * 1024 * 1024)

struct ring_producer;
struct ring_consumer;

/* Creates both memfds. capacity is rounded up to a power of two within the limits above.
 * generation: the attachment's epoch; the consumer reads it. 0 or -errno. */
MUST_CHECK int ring_producer_new(size_t capacity, uint32_t generation,
                                 struct ring_producer **ret_producer);
void ring_producer_free(struct ring_producer **producer);

/* The descriptors to hand to the consumer; they stay the producer's. */
int ring_producer_data_fd(const struct ring_producer *producer);
int ring_producer_cursor_fd(const struct ring_producer *producer);
uint32_t ring_producer_generation(const struct ring_producer *producer);
size_t ring_producer_capacity(const struct ring_producer *producer);

/* Room for one record of len bytes (a multiple of 8, <= EVENT_LEN_MAX), 8-byte aligned; NULL when
 * full. Only the last reservation is valid; without a commit it never happened. */
void *ring_reserve(struct ring_producer *producer, uint32_t len);
void ring_commit(struct ring_producer *producer, uint32_t len);

/* No more records will come; the consumer sees ring_is_ended once it has read them all. */
void ring_end(struct ring_producer *producer);

/* Bytes that are published and not yet consumed. */
size_t ring_used(const struct ring_producer *producer);

/* Records that are published and not yet consumed; walks them. */
uint64_t ring_unread(const struct ring_producer *producer);

/* Takes both descriptors, also on failure. A ring that another consumer has read before (one that
 * died, say) is read on where that one last released. Refuses what is not a ring of a version it
 * knows, or is not sealed, with a diag. 0 or -errno. */
MUST_CHECK int ring_consumer_new(int data_fd, int cursor_fd, struct diag *diag,
                                 struct ring_consumer **ret_consumer);
void ring_consumer_free(struct ring_consumer **consumer);
uint32_t ring_consumer_generation(const struct ring_consumer *consumer);

/* Both read the same ring: only one of them may. */
bool ring_consumer_is_same(const struct ring_consumer *a, const struct ring_consumer *b);

/* Nobody has read from it before. */
bool ring_consumer_is_first(const struct ring_consumer *consumer);

/* The next record, in place and valid until ring_release: 1; nothing there: 0; -EBADMSG: the
 * producer's side cannot be right, detach. Fillers are skipped. */
MUST_CHECK int ring_next(struct ring_consumer *consumer, struct slice *ret_record);

/* Gives back everything that ring_next handed out; call once per batch. */
void ring_release(struct ring_consumer *consumer);

bool ring_is_ended(const struct ring_consumer *consumer);

#endif
