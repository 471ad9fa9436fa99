/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sketch.h"

#include <errno.h>
#include <stdlib.h>

#define SKETCH_VERSION 1
#define CELLS          (SKETCH_PAGES * SKETCH_STEPS)

void
sketch_fini(struct sketch *s)
{
    for (unsigned i = 0; i < SKETCH_PAGES; i++) {
        free(s->page[i]);
    }
    memset(s, 0, sizeof(*s));
}

void
sketch_reset(struct sketch *s)
{
    for (unsigned i = 0; i < SKETCH_PAGES; i++) {
        if (s->page[i] != NULL) {
            memset(s->page[i], 0, SKETCH_STEPS * sizeof(uint32_t));
        }
    }
    s->count = 0;
}

/* Which step a duration falls into, and back: the middle of the step. */
static unsigned
cell_of(uint64_t ns)
{
    /* In 1/64 us, so that the lowest page, [1, 2) us, has its 64 steps as well. */
    uint64_t t = ns > (UINT64_MAX >> 7) ? UINT64_MAX >> 1 : ns * 64 / 1000;
    if (t < SKETCH_STEPS) {
        return 0;
    }
    unsigned page = 63 - (unsigned)__builtin_clzll(t) - 6;
    if (page >= SKETCH_PAGES) {
        return CELLS - 1;
    }
    return page * SKETCH_STEPS + (unsigned)((t >> page) & (SKETCH_STEPS - 1));
}

static uint64_t
cell_middle_ns(unsigned cell)
{
    unsigned page = cell / SKETCH_STEPS;
    double step = (double)(1ull << page) / SKETCH_STEPS; /* us */
    double low = (double)(1ull << page) + step * (cell % SKETCH_STEPS);
    return (uint64_t)((low + step / 2) * 1000);
}

static void
cell_add(struct sketch *s, unsigned cell, uint64_t n)
{
    uint32_t **page = &s->page[cell / SKETCH_STEPS];
    if (*page == NULL) {
        *page = check_alloc(SKETCH_STEPS, sizeof(uint32_t));
    }
    uint32_t *count = &(*page)[cell % SKETCH_STEPS];
    *count = n > UINT32_MAX - *count ? UINT32_MAX : *count + (uint32_t)n;
    s->count += n;
}

void
sketch_add(struct sketch *s, uint64_t ns)
{
    cell_add(s, cell_of(ns), 1);
}

void
sketch_add_to_both(struct sketch *a, struct sketch *b, uint64_t ns)
{
    unsigned cell = cell_of(ns);
    cell_add(a, cell, 1);
    cell_add(b, cell, 1);
}

void
sketch_merge(struct sketch *into, const struct sketch *from)
{
    for (unsigned i = 0; i < CELLS; i++) {
        if (from->page[i / SKETCH_STEPS] == NULL) {
            i += SKETCH_STEPS - 1;
            continue;
        }
        uint32_t n = from->page[i / SKETCH_STEPS][i % SKETCH_STEPS];
        if (n > 0) {
            cell_add(into, i, n);
        }
    }
}

uint64_t
sketch_quantile(const struct sketch *s, double q)
{
    if (s->count == 0) {
        return 0;
    }
    double want = q * (double)s->count;
    double seen = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        if (s->page[i / SKETCH_STEPS] == NULL) {
            i += SKETCH_STEPS - 1;
            continue;
        }
        uint32_t n = s->page[i / SKETCH_STEPS][i % SKETCH_STEPS];
        if (n > 0) {
            seen += n;
            last = i;
            if (seen >= want) {
                break;
            }
        }
    }
    return cell_middle_ns(last);
}

bool
sketch_next(const struct sketch *s, unsigned *at, uint64_t *ret_ns, uint32_t *ret_count)
{
    for (unsigned i = *at; i < CELLS; i++) {
        if (s->page[i / SKETCH_STEPS] == NULL) {
            i += SKETCH_STEPS - 1 - i % SKETCH_STEPS;
            continue;
        }
        uint32_t n = s->page[i / SKETCH_STEPS][i % SKETCH_STEPS];
        if (n > 0) {
            *ret_ns = cell_middle_ns(i);
            *ret_count = n;
            *at = i + 1;
            return true;
        }
    }
    *at = CELLS;
    return false;
}

static size_t
put_varint(uint8_t *dst, size_t cap, size_t at, uint64_t v)
{
    do {
        if (at >= cap) {
            return SIZE_MAX;
        }
        dst[at++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v > 0);
    return at;
}

uint64_t
sketch_count_below(const struct sketch *s, uint64_t ns)
{
    unsigned last = cell_of(ns);
    uint64_t below = 0;
    for (unsigned i = 0; i <= last; i++) {
        const uint32_t *page = s->page[i / SKETCH_STEPS];
        if (page == NULL) {
            i += SKETCH_STEPS - 1;
            continue;
        }
        below += page[i % SKETCH_STEPS];
    }
    return below;
}

size_t
sketch_save(const struct sketch *s, uint8_t *dst, size_t cap)
{
    if (s->count == 0 || cap < 1) {
        return 0;
    }
    dst[0] = SKETCH_VERSION;
    size_t at = 1;
    unsigned next = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        const uint32_t *page = s->page[i / SKETCH_STEPS];
        if (page == NULL) {
            i += SKETCH_STEPS - 1;
            continue;
        }
        if (page[i % SKETCH_STEPS] == 0) {
            continue;
        }
        at = put_varint(dst, cap, at, i - next);
        if (at != SIZE_MAX) {
            at = put_varint(dst, cap, at, page[i % SKETCH_STEPS]);
        }
        if (at == SIZE_MAX) {
            return 0;
        }
        next = i + 1;
    }
    return at;
}

static bool
take_varint(struct slice *rest, uint64_t *ret_v)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (rest->len == 0) {
            return false;
        }
        uint8_t b = rest->ptr[0];
        *rest = slice_sub(*rest, 1, rest->len - 1);
        v |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0) {
            *ret_v = v;
            return true;
        }
    }
    return false;
}

int
sketch_load(struct slice saved, struct sketch *s)
{
    struct {
        uint32_t cell, n;
    } pairs[CELLS];
    unsigned count = 0;
    uint64_t next = 0;
    if (saved.len < 1 || saved.ptr[0] != SKETCH_VERSION) {
        return -EBADMSG;
    }
    struct slice rest = slice_sub(saved, 1, saved.len - 1);
    while (rest.len > 0) { /* cells only grow, so that there are at most CELLS */
        uint64_t gap = 0, n = 0;
        if (!take_varint(&rest, &gap) || !take_varint(&rest, &n)) {
            return -EBADMSG;
        }
        if (gap >= CELLS || next + gap >= CELLS || n == 0 || n > UINT32_MAX) {
            return -EBADMSG;
        }
        pairs[count].cell = (uint32_t)(next + gap);
        pairs[count++].n = (uint32_t)n;
        next += gap + 1;
    }
    for (unsigned i = 0; i < count; i++) {
        cell_add(s, pairs[i].cell, pairs[i].n);
    }
    return 0;
}
