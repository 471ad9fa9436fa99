/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "io/stream.h"

int
stream_pool_init(struct stream_pool *pool, uint32_t block_count)
{
    size_t size = (size_t)block_count * STREAM_QUEUE_MAX;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *pool = (struct stream_pool){
        .memory = memory,
        .memory_size = size,
        .read_buffer = check_alloc(1, STREAM_CHUNK_MAX),
        .free_blocks = check_alloc(block_count, sizeof(uint32_t)),
        .free_count = block_count,
        .block_count = block_count,
    };
    for (uint32_t i = 0; i < block_count; i++) {
        pool->free_blocks[i] = block_count - 1 - i;
    }
    return 0;
}

void
stream_pool_fini(struct stream_pool *pool)
{
    if (pool->memory != NULL) {
        munmap(pool->memory, pool->memory_size);
    }
    free(pool->read_buffer);
    free(pool->free_blocks);
    *pool = (struct stream_pool){0};
}

uint8_t *
stream_pool_take(struct stream_pool *pool)
{
    if (pool->free_count == 0) {
        return NULL;
    }
    uint32_t index = pool->free_blocks[--pool->free_count];
    pool->touched = MAX(pool->touched, pool->block_count - pool->free_count);
    return pool->memory + (size_t)index * STREAM_QUEUE_MAX;
}

/* Blocks that are kept warm when the pool falls idle after a burst. */
#define POOL_WARM_BLOCKS 64

void
stream_pool_give(struct stream_pool *pool, uint8_t *block)
{
    pool->free_blocks[pool->free_count++] =
        (uint32_t)((size_t)(block - pool->memory) / STREAM_QUEUE_MAX);
    if (pool->free_count == pool->block_count && pool->touched > POOL_WARM_BLOCKS) {
        madvise(pool->memory, pool->memory_size, MADV_DONTNEED);
        pool->touched = 0;
    }
}
