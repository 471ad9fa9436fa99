/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/intake/intake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define INTAKE_MAGIC 0x494e544bu
#define CACHE_LINE   64

struct intake {
    unsigned magic;
    size_t mask;
    size_t bytes_max;
    struct intake_item **slots;
    /* Written by the producer, read by both; release pairs with the consumer's acquire. */
    _Alignas(CACHE_LINE) _Atomic size_t put;
    /* Written by the consumer, read by both; release pairs with the producer's acquire. */
    _Alignas(CACHE_LINE) _Atomic size_t taken;
    /* Added to by the producer, taken from by the consumer; a limit, so relaxed will do. */
    _Alignas(CACHE_LINE) _Atomic size_t bytes;
};

struct intake_item *
intake_item_new(enum intake_kind kind, uint64_t time_ns, size_t tail_len, uint8_t **ret_tail)
{
    size_t head = (sizeof(struct intake_item) + 7) & ~(size_t)7;
    uint8_t *block = check_alloc(1, head + tail_len);
    struct intake_item *item = (struct intake_item *)(void *)block;
    item->kind = kind;
    item->time_ns = time_ns;
    item->size_bytes = (uint32_t)(head + tail_len);
    if (ret_tail != NULL) {
        *ret_tail = block + head;
    }
    return item;
}

struct intake_item *
intake_item_of_trace(struct trace **trace)
{
    struct intake_item *item = intake_item_new(INTAKE_TRACE, (*trace)->end_ns, 0, NULL);
    item->size_bytes += (*trace)->size_bytes;
    item->trace = TAKE(*trace);
    return item;
}

void
intake_item_free(struct intake_item **item)
{
    if (*item != NULL && (*item)->kind == INTAKE_TRACE) {
        trace_free(&(*item)->trace);
    }
    free(*item);
    *item = NULL;
}

int
intake_new(size_t count_max, size_t bytes_max, struct intake **ret_intake)
{
    if (count_max == 0 || count_max > SIZE_MAX / 4 || bytes_max == 0) {
        return -EINVAL;
    }
    size_t slots = 8;
    while (slots < count_max) {
        slots *= 2;
    }
    struct intake *in = aligned_alloc(CACHE_LINE, sizeof(*in));
    if (in == NULL) {
        return -ENOMEM;
    }
    memset(in, 0, sizeof(*in));
    in->magic = INTAKE_MAGIC;
    in->mask = slots - 1;
    in->bytes_max = bytes_max;
    in->slots = check_alloc(slots, sizeof(struct intake_item *));
    atomic_init(&in->put, 0);
    atomic_init(&in->taken, 0);
    atomic_init(&in->bytes, 0);
    *ret_intake = in;
    return 0;
}

void
intake_free(struct intake **intake)
{
    struct intake *in = *intake;
    if (in == NULL) {
        return;
    }
    OBJ_CHECK(in, INTAKE_MAGIC);
    for (struct intake_item *item = intake_take(in); item != NULL; item = intake_take(in)) {
        intake_item_free(&item);
    }
    in->magic = 0;
    free(in->slots);
    free(in);
    *intake = NULL;
}

/* What must come through even when everything else is shed. */
static bool
is_needed(enum intake_kind kind)
{
    return kind == INTAKE_STATEMENT || kind == INTAKE_ROUTE || kind == INTAKE_NAME ||
           kind == INTAKE_FOLDED || kind == INTAKE_FOLDED_ROUTE || kind == INTAKE_ATTACHED;
}

int
intake_put(struct intake *in, struct intake_item **item)
{
    OBJ_CHECK(in, INTAKE_MAGIC);
    size_t put = atomic_load_explicit(&in->put, memory_order_relaxed);
    size_t used = put - atomic_load_explicit(&in->taken, memory_order_acquire);
    size_t bytes = atomic_load_explicit(&in->bytes, memory_order_relaxed);
    size_t count_max = in->mask + 1;
    size_t bytes_max = in->bytes_max;
    if (!is_needed((*item)->kind)) {
        count_max -= count_max / 8;
        bytes_max -= bytes_max / 8;
    }
    if (used >= count_max || bytes + (*item)->size_bytes > bytes_max) {
        return -ENOSPC;
    }
    atomic_fetch_add_explicit(&in->bytes, (*item)->size_bytes, memory_order_relaxed);
    in->slots[put & in->mask] = TAKE(*item);
    atomic_store_explicit(&in->put, put + 1, memory_order_release);
    return 0;
}

struct intake_item *
intake_take(struct intake *in)
{
    OBJ_CHECK(in, INTAKE_MAGIC);
    size_t taken = atomic_load_explicit(&in->taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&in->put, memory_order_acquire)) {
        return NULL;
    }
    struct intake_item *item = TAKE(in->slots[taken & in->mask]);
    atomic_fetch_sub_explicit(&in->bytes, item->size_bytes, memory_order_relaxed);
    atomic_store_explicit(&in->taken, taken + 1, memory_order_release);
    return item;
}

size_t
intake_count(const struct intake *in)
{
    size_t taken = atomic_load_explicit(&in->taken, memory_order_acquire);
    return atomic_load_explicit(&in->put, memory_order_acquire) - taken;
}

size_t
intake_bytes(const struct intake *in)
{
    return atomic_load_explicit(&in->bytes, memory_order_relaxed);
}
