/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/pending.h - records that wait to be written, each with its texts behind it.
 *
 * In the order in which they came; a newer one with the same key replaces the older one, and goes
 * to the end. At most STORE_PENDING_MAX records and STORE_PENDING_BYTES; what is beyond is dropped
 * and counted, and an older one that it would have replaced stays. Owned by the store, under its
 * lock; no I/O. */
#ifndef STORE_SQLITE_PENDING_H
#define STORE_SQLITE_PENDING_H

#include "base/list.h"
#include "base/map.h"
#include "model/stored.h"

struct pending_record {
    struct list in_order;
    uint64_t key;
    size_t size;
    struct stored record;
};

struct pending {
    struct list in_order; /* of struct pending_record, the oldest first */
    struct map by_key;
    size_t bytes;
    uint64_t replaced; /* by a newer one with the same key */
    uint64_t dropped;
};

void pending_init(struct pending *p);
void pending_fini(struct pending *p);

/* Copies. */
void pending_put(struct pending *p, const struct stored *record);
/* Moves the oldest to the end of `batch`: at least one, if there is any, and no more than
 * bytes_max otherwise. Returns how many. */
size_t pending_take(struct pending *p, size_t bytes_max, struct list *batch);
/* What could not be written goes back to the front, unless a newer one has come meanwhile. */
void pending_give_back(struct pending *p, struct list *batch);
/* Empties the batch. */
void pending_free(struct list *batch);

#endif
