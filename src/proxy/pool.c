/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int
pool_init(struct pool *pool, size_t size, uint32_t count)
{
    size = (size + 15) & ~(size_t)15;
    void *memory = mmap(NULL, size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *pool = (struct pool){
        .memory = memory,
        .memory_size = size * count,
        .size = size,
        .free = check_alloc(count, sizeof(uint32_t)),
        .free_count = count,
        .count = count,
    };
    for (uint32_t i = 0; i < count; i++) {
        pool->free[i] = count - 1 - i;
    }
    return 0;
}

void
pool_fini(struct pool *pool)
{
    if (pool->memory != NULL) {
        munmap(pool->memory, pool->memory_size);
    }
    free(pool->free);
    *pool = (struct pool){0};
}

void *
pool_get(struct pool *pool)
{
    if (pool->free_count == 0) {
        return NULL;
    }
    void *object = pool->memory + pool->free[--pool->free_count] * pool->size;
    memset(object, 0, pool->size);
    return object;
}

void
pool_put(struct pool *pool, void *object)
{
    size_t offset = (size_t)((uint8_t *)object - pool->memory);
    assert(offset % pool->size == 0 && offset < pool->memory_size);
    pool->free[pool->free_count++] = (uint32_t)(offset / pool->size);
}
