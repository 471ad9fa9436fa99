/* SPDX-License-Identifier: Apache-2.0
 * base/map.h - a bounded table from a 64-bit key to a pointer.
 *
 * Open addressing with linear probing and backward-shift deletion: no tombstones, so it never
 * slows down with age. The keys are hashed again, so any 64-bit id will do. The map owns its slots
 * and borrows the values. All memory is taken at the start. One thread at a time.
 * Full is a normal answer: map_put says -ENOSPC and the caller sheds or folds. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/check.h"

struct map_slot {
    uint64_t key;
    void *value; /* NULL: free */
};

struct map {
    struct map_slot *slots;
    size_t mask;
    size_t count;
    size_t count_max;
};

void map_init(struct map *m, size_t count_max);
void map_fini(struct map *m);

void *map_get(const struct map *m, uint64_t key);

/* Adds or replaces; value must not be NULL. 0 or -ENOSPC (count_max keys are in it). */
MUST_CHECK int map_put(struct map *m, uint64_t key, void *value);

/* Returns what was there, or NULL. */
void *map_remove(struct map *m, uint64_t key);

/* Walk:  size_t at = 0; struct map_slot *s; while ((s = map_next(&m, &at)) != NULL) ...
 * The map must not be changed meanwhile. */
struct map_slot *map_next(const struct map *m, size_t *at);

#endif
