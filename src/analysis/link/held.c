/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"

#define BLOCK 32u

void
held_init(struct held *h, size_t count_max)
{
    size_t slots = BLOCK;
    while (slots < count_max) {
        slots *= 2;
    }
    *h = (struct held){.ring = check_alloc(slots, sizeof(struct held_request *)),
                       .begins = check_alloc(slots / BLOCK, sizeof(uint64_t)),
                       .mask = slots - 1,
                       .count_max = count_max};
    map_init(&h->by_id, count_max);
    map_init(&h->by_trace, count_max);
}

void
held_fini(struct held *h)
{
    while (h->count > 0) {
        held_drop_oldest(h);
    }
    free(h->ring);
    free(h->begins);
    map_fini(&h->by_id);
    map_fini(&h->by_trace);
}

static uint64_t
trace_key(const uint8_t trace_id[16])
{
    uint64_t key;
    memcpy(&key, trace_id, sizeof(key));
    return key;
}

static void
place(struct held *h, size_t at, struct held_request *r)
{
    size_t slot = (h->first + at) & h->mask;
    h->ring[slot] = r;
    h->begins[slot / BLOCK] = MIN(h->begins[slot / BLOCK], r->ev.start_ns);
}

struct held_request *
held_add(struct held *h, const struct event_request *ev, const uint64_t *values)
{
    assert(!held_is_full(h));
    if (map_get(&h->by_id, ev->request) != NULL) {
        return NULL;
    }
    struct held_request *r = check_alloc(1, sizeof(*r));
    r->ev = *ev;
    r->probability = 1;
    list_init(&r->pieces);
    if (ev->value_count > 0) {
        r->values = check_alloc(ev->value_count, sizeof(uint64_t));
        memcpy(r->values, values, ev->value_count * sizeof(uint64_t));
        qsort(r->values, ev->value_count, sizeof(uint64_t), order_u64);
        for (uint32_t i = 0; i < ev->value_count; i++) {
            if (r->values[i] != 0 &&
                (r->value_count == 0 || r->values[i] != r->values[r->value_count - 1])) {
                r->values[r->value_count++] = r->values[i];
            }
        }
    }
    size_t at = h->count++;
    size_t slot = (h->first + at) & h->mask;
    if (slot % BLOCK == 0 && h->count + BLOCK <= h->mask + 1) { /* nobody is in that block */
        h->begins[slot / BLOCK] = UINT64_MAX;
    }
    while (at > 0 && held_at(h, at - 1)->ev.end_ns > ev->end_ns) {
        place(h, at, held_at(h, at - 1));
        at--;
    }
    place(h, at, r);
    int full = map_put(&h->by_id, ev->request, r);
    assert(full == 0);
    full = map_put(&h->by_trace, trace_key(ev->trace_id), r);
    assert(full == 0);
    return r;
}

bool
held_add_sibling(struct held_request *r, uint64_t value)
{
    uint32_t at = r->sibling_count;
    while (at > 0 && r->siblings[at - 1] > value) {
        at--;
    }
    if (r->sibling_count == HELD_SIBLINGS_MAX || (at > 0 && r->siblings[at - 1] == value)) {
        return false;
    }
    memmove(&r->siblings[at + 1], &r->siblings[at],
            (r->sibling_count - at) * sizeof(r->siblings[0]));
    r->siblings[at] = value;
    r->sibling_count++;
    return true;
}

struct held_request *
held_find(const struct held *h, uint64_t request)
{
    return map_get(&h->by_id, request);
}

struct held_request *
held_find_trace(const struct held *h, const uint8_t trace_id[16])
{
    struct held_request *r = map_get(&h->by_trace, trace_key(trace_id));
    return r != NULL && memcmp(r->ev.trace_id, trace_id, 16) == 0 ? r : NULL;
}

size_t
held_first_ending_after(const struct held *h, uint64_t t_ns)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (held_at(h, mid)->ev.end_ns < t_ns) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

size_t
held_next_begun(const struct held *h, size_t i, uint64_t t_ns)
{
    while (i < h->count) {
        size_t slot = (h->first + i) & h->mask;
        if (h->begins[slot / BLOCK] > t_ns) {
            i += BLOCK - slot % BLOCK;
        } else if (h->ring[slot]->ev.start_ns > t_ns) {
            i++;
        } else {
            return i;
        }
    }
    return h->count;
}

void
held_drop_oldest(struct held *h)
{
    assert(h->count > 0);
    struct held_request *r = held_at(h, 0);
    assert(list_is_empty(&r->pieces));
    h->first++;
    h->count--;
    map_remove(&h->by_id, r->ev.request);
    if (map_get(&h->by_trace, trace_key(r->ev.trace_id)) == r) {
        map_remove(&h->by_trace, trace_key(r->ev.trace_id));
    }
    free(r->values);
    free(r);
}
