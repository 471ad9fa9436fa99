/* SPDX-License-Identifier: Apache-2.0 */
#include "io/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    size_t head, tail;
    size_t size;
    bool has_end;
    int end;
    uint8_t bytes[];
};

int
kept_add(struct kept **kept, struct slice chunk)
{
    struct kept *k = *kept;
    size_t used = k == NULL ? 0 : k->tail;
    if (k == NULL || chunk.len > k->size - used) {
        size_t size = MIN(MAX(2 * (used + chunk.len), (size_t)2 * URING_CHUNK), (size_t)KEPT_MAX);
        k = chunk.len > size - used ? NULL : realloc(k, sizeof(*k) + size);
        if (k == NULL) {
            return -ENOSPC;
        }
        if (*kept == NULL) {
            *k = (struct kept){0};
        }
        k->size = size;
        *kept = k;
    }
    memcpy(k->bytes + k->tail, chunk.ptr, chunk.len);
    k->tail += chunk.len;
    return 0;
}

void
kept_free(struct kept **kept)
{
    free(TAKE(*kept));
}

struct slice
kept_next(struct kept *k, size_t max)
{
    struct slice chunk = slice_of(k->bytes + k->head, MIN(k->tail - k->head, max));
    k->head += chunk.len;
    return chunk;
}

void
kept_set_end(struct kept *k, int err)
{
    k->has_end = true;
    k->end = err;
}

bool
kept_has_end(const struct kept *k)
{
    return k->has_end;
}

int
kept_take_end(struct kept *k)
{
    k->has_end = false;
    return k->end;
}

bool
kept_is_empty(const struct kept *k)
{
    return k->head == k->tail && !k->has_end;
}
