/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/affinity.h"

#include "base/hash.h"

#define PROBES          4u
#define ANY_ROUTE       UINT32_MAX
#define REQUESTS_NEEDED 50.0
#define PIECES_NEEDED   20.0
#define PRIOR           2.0 /* requests that are as any */
#define RATIO_MAX       64.0

static uint64_t
key_of(uint32_t route, uint64_t shape)
{
    return hash_combine(shape, (uint64_t)route + 1) | 1;
}

static double
count_of(const struct affinity *a, uint32_t route, uint64_t shape)
{
    uint64_t key = key_of(route, shape);
    for (uint64_t i = 0; i < PROBES; i++) {
        const struct affinity_cell *c = &a->cells[((key >> 1) + i) % AFFINITY_CELLS];
        if (c->key == key) {
            return (double)c->count;
        }
    }
    return 0;
}

static void
add(struct affinity *a, uint32_t route, uint64_t shape, double share)
{
    uint64_t key = key_of(route, shape);
    struct affinity_cell *least = &a->cells[(key >> 1) % AFFINITY_CELLS];
    for (uint64_t i = 0; i < PROBES; i++) {
        struct affinity_cell *c = &a->cells[((key >> 1) + i) % AFFINITY_CELLS];
        if (c->key == key) {
            c->count += (float)share;
            return;
        }
        least = c->count < least->count ? c : least;
    }
    *least = (struct affinity_cell){key, (float)share};
}

void
affinity_saw_request(struct affinity *a, uint32_t route)
{
    add(a, route, 0, 1);
    a->requests++;
    if (a->requests < AFFINITY_HALVE_AT) {
        return;
    }
    a->requests /= 2;
    for (size_t i = 0; i < AFFINITY_CELLS; i++) {
        a->cells[i].count /= 2;
    }
}

void
affinity_saw_piece(struct affinity *a, uint64_t shape)
{
    add(a, ANY_ROUTE, shape, 1);
}

void
affinity_learn(struct affinity *a, uint32_t route, uint64_t shape, double share)
{
    if (share > 0.001) {
        add(a, route, shape, share);
    }
}

double
affinity_mean(const struct affinity *a, uint64_t shape)
{
    double pieces = count_of(a, ANY_ROUTE, shape);
    return a->requests < REQUESTS_NEEDED || pieces < PIECES_NEEDED ? 0 : pieces / a->requests;
}

double
affinity_ratio(const struct affinity *a, uint32_t route, uint64_t shape, double mean)
{
    if (mean == 0) {
        return 1;
    }
    double each = (count_of(a, route, shape) + PRIOR * mean) / (count_of(a, route, 0) + PRIOR);
    return MAX(MIN(each / mean, RATIO_MAX), 1 / RATIO_MAX);
}
