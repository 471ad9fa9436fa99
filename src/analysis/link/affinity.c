/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/affinity.h"

#include "base/clock.h"
#include "base/hash.h"

#define PROBES          4u
#define ANY_ROUTE       UINT32_MAX
#define REQUESTS_NEEDED 50.0
#define PIECES_NEEDED   20.0
#define PRIOR           2.0 /* requests that are as any */
#define RATIO_MAX       64.0
#define FIRST_US        64u /* the first octave ends there */
#define PLACE_RATIO_MAX 4096.0
#define PLACE_PRIOR     0.1 /* pieces, that are as anywhere in it */

static uint64_t
key_of(uint32_t route, uint64_t shape)
{
    return hash_combine(shape, (uint64_t)route + 1) | 1;
}

static const struct affinity_cell *
find(const struct affinity *a, uint32_t route, uint64_t shape)
{
    uint64_t key = key_of(route, shape);
    for (uint64_t i = 0; i < PROBES; i++) {
        uint64_t at = ((key >> 1) + i) % AFFINITY_CELLS;
        if (a->keys[at] == key) {
            return &a->cells[at];
        }
    }
    return NULL;
}

static struct affinity_cell *
find_or_make(struct affinity *a, uint32_t route, uint64_t shape)
{
    uint64_t key = key_of(route, shape);
    uint64_t least = (key >> 1) % AFFINITY_CELLS;
    for (uint64_t i = 0; i < PROBES; i++) {
        uint64_t at = ((key >> 1) + i) % AFFINITY_CELLS;
        if (a->keys[at] == key) {
            return &a->cells[at];
        }
        least = a->cells[at].count < a->cells[least].count ? at : least;
    }
    a->keys[least] = key;
    a->cells[least] = (struct affinity_cell){0};
    return &a->cells[least];
}

static double
count_of(const struct affinity *a, uint32_t route, uint64_t shape)
{
    const struct affinity_cell *c = find(a, route, shape);
    return c == NULL ? 0 : (double)c->count;
}

unsigned
affinity_place(int64_t start_gap_ns, int64_t end_gap_ns)
{
    int64_t gap_ns = MIN(start_gap_ns, end_gap_ns);
    if (gap_ns < 0) {
        return AFFINITY_NOWHERE;
    }
    uint64_t units = (uint64_t)gap_ns / (FIRST_US * NS_PER_US);
    unsigned octave = units == 0 ? 0 : 64u - (unsigned)__builtin_clzll(units);
    octave = MIN(octave, AFFINITY_OCTAVES - 1);
    return start_gap_ns <= end_gap_ns ? octave : AFFINITY_OCTAVES + octave;
}

static void
add_seconds(struct affinity_cell *c, uint64_t took_ns)
{
    double half_s = (double)took_ns / 2 / NS_PER_S, low = 0, high = FIRST_US / 1e6;
    for (unsigned i = 0; i < AFFINITY_OCTAVES && low < half_s; i++) {
        double there = (i + 1 == AFFINITY_OCTAVES ? half_s : MIN(high, half_s)) - low;
        c->at[i] += (float)there;
        c->at[AFFINITY_OCTAVES + i] += (float)there;
        c->inside += (float)(2 * there);
        low = high;
        high *= 2;
    }
}

static void
halve(struct affinity *a)
{
    a->requests /= 2;
    a->seconds /= 2;
    a->halvings++;
    for (size_t i = 0; i < AFFINITY_CELLS; i++) {
        struct affinity_cell *c = &a->cells[i];
        c->count /= 2;
        c->inside /= 2;
        for (unsigned k = 0; k < AFFINITY_PLACES; k++) {
            c->at[k] /= 2;
        }
    }
}

void
affinity_saw_request(struct affinity *a, uint32_t route, uint64_t took_ns)
{
    struct affinity_cell *c = find_or_make(a, route, 0);
    c->count++;
    add_seconds(c, took_ns);
    a->requests++;
    a->seconds += (double)took_ns / NS_PER_S;
    if (a->requests >= AFFINITY_HALVE_AT) {
        halve(a);
    }
}

void
affinity_saw_piece(struct affinity *a, uint64_t shape)
{
    find_or_make(a, ANY_ROUTE, shape)->count++;
}

void
affinity_learn(struct affinity *a, uint32_t route, uint64_t shape, unsigned place, double share)
{
    if (share <= 0.001 && share >= -0.001) {
        return;
    }
    struct affinity_cell *c = find_or_make(a, route, shape);
    c->count = MAX(c->count + (float)share, 0.0f);
    if (place < AFFINITY_PLACES) {
        c->inside = MAX(c->inside + (float)share, 0.0f);
        c->at[place] = MAX(c->at[place] + (float)share, 0.0f);
    }
}

double
affinity_mean(const struct affinity *a, uint64_t shape)
{
    double pieces = count_of(a, ANY_ROUTE, shape);
    return a->requests < REQUESTS_NEEDED || pieces < PIECES_NEEDED ? 0 : pieces / a->requests;
}

double
affinity_ratio(const struct affinity *a, uint32_t route, uint64_t shape, unsigned place,
               double mean)
{
    if (mean == 0) {
        return 1;
    }
    const struct affinity_cell *own = find(a, route, shape), *all = find(a, route, 0);
    double pieces = own == NULL ? 0 : (double)own->count;
    double requests = all == NULL ? 0 : (double)all->count;
    double each = (pieces + PRIOR * mean) / (requests + PRIOR);
    if (place >= AFFINITY_PLACES) {
        return MAX(MIN(each / mean, RATIO_MAX), 1 / RATIO_MAX);
    }
    double there = own == NULL ? 0 : (double)own->at[place];
    double seconds = all == NULL ? 0 : (double)all->at[place];
    double took = all == NULL ? 0 : (double)all->inside;
    double of_any = mean * a->requests / MAX(a->seconds, 1e-6); /* pieces a second */
    double prior = took > 0 ? each * requests / took : of_any;
    double intensity = (there + PLACE_PRIOR) / (seconds + PLACE_PRIOR / prior);
    return MAX(MIN(intensity / of_any, PLACE_RATIO_MAX), 1 / PLACE_RATIO_MAX);
}
