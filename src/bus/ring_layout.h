/* SPDX-License-Identifier: Apache-2.0
 * bus/ring_layout.h - the bytes of a ring in shared memory; for ring.c and its tests only.
 *
 * Both structs are read by another process, perhaps of another version: only grow them at their
 * end, within their page. Each cursor has a cache line of its own. */
#ifndef BUS_RING_LAYOUT_H
#define BUS_RING_LAYOUT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "bus/ring.h"

#define RING_MAGIC     0x676e697277626c73u /* "slbwring" */
#define RING_VERSION   1u
#define RING_PAGE      4096u
#define RING_TYPE_FILL 0u /* a record type no event has: skip to the end of the data */

struct ring_header {
    uint64_t magic;
    uint32_t version;
    uint32_t generation;
    uint64_t capacity;
    _Atomic uint32_t ended;
    alignas(64) _Atomic uint64_t tail;
};

struct ring_cursor {
    alignas(64) _Atomic uint64_t head;
};

_Static_assert(sizeof(struct ring_header) <= RING_PAGE, "the header fits its page");
_Static_assert(sizeof(_Atomic uint64_t) == 8, "cursors are plain 8 bytes in shared memory");

/* The producer's own mapping. Tests play a broken producer through it. */
struct ring_header *ring_producer_header(struct ring_producer *producer);
uint8_t *ring_producer_data(struct ring_producer *producer);

/* A consumer over the producer's own mappings instead of new ones: ThreadSanitizer knows memory by
 * its address and would otherwise take the two ends for strangers. Free it before the producer. */
MUST_CHECK int ring_consumer_new_beside(struct ring_producer *producer,
                                        struct ring_consumer **ret_consumer);

#endif
