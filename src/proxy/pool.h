/* SPDX-License-Identifier: Apache-2.0
 * proxy/pool.h - a fixed number of objects of one size.
 *
 * The address space is reserved at init and touched when first used; what was freed last is used
 * first, so that a quiet proxy stays small. Owns the memory. Get and put are O(1). One thread. */
#ifndef PROXY_POOL_H
#define PROXY_POOL_H

#include "base/check.h"

struct pool {
    uint8_t *memory;
    size_t memory_size;
    size_t size; /* of one object, a multiple of 16 */
    uint32_t *free;
    uint32_t free_count;
    uint32_t count;
};

MUST_CHECK int pool_init(struct pool *pool, size_t size, uint32_t count);
void pool_fini(struct pool *pool);

/* Zeroed; NULL when all are in use. */
void *pool_get(struct pool *pool);
void pool_put(struct pool *pool, void *object);

static inline uint32_t
pool_used(const struct pool *pool)
{
    return pool->count - pool->free_count;
}

#endif
