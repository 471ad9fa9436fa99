/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/prng.h"

#define RARITY_HALVE_AT 8192u
#define RARITY_FLOOR    64.0
#define SLOT_PRIOR      0.2f
#define SLOT_COUNT_MAX  400.0f
#define MISS_MIN        (1.0 / 256)

struct evidence *
evidence_new(void)
{
    return check_alloc(1, sizeof(struct evidence));
}

void
evidence_free(struct evidence **e)
{
    free(*e);
    *e = NULL;
}

uint64_t
evidence_slot(uint64_t fingerprint, unsigned position)
{
    uint64_t slot = hash_combine(fingerprint, position + 1);
    return slot == 0 ? 1 : slot;
}

bool
evidence_has(const uint64_t *sorted, size_t count, uint64_t value)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sorted[mid] == value) {
            return true;
        }
        if (sorted[mid] < value) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return false;
}

/* Count-min of two rows with conservative update: a value's count is never too low. */
static void
rarity_add(struct evidence_rarity *r, uint64_t value)
{
    uint64_t h = prng_mix(value);
    uint16_t *a = &r->cell[0][h % EVIDENCE_CELLS];
    uint16_t *b = &r->cell[1][(h >> 32) % EVIDENCE_CELLS];
    uint16_t low = MIN(*a, *b);
    if (low < UINT16_MAX) {
        *a = MAX(*a, (uint16_t)(low + 1));
        *b = MAX(*b, (uint16_t)(low + 1));
    }
}

static void
rarity_turn(struct evidence_rarity *r)
{
    if (++r->total < RARITY_HALVE_AT) {
        return;
    }
    for (size_t i = 0; i < EVIDENCE_CELLS; i++) {
        r->cell[0][i] /= 2;
        r->cell[1][i] /= 2;
    }
    r->total /= 2;
}

static double
rarity_share(const struct evidence_rarity *r, uint64_t value)
{
    uint64_t h = prng_mix(value);
    double n = MIN(r->cell[0][h % EVIDENCE_CELLS], r->cell[1][(h >> 32) % EVIDENCE_CELLS]);
    double share = (n + 0.5) / (MAX((double)r->total, RARITY_FLOOR) + 1);
    return MIN(share, 0.99);
}

/* Twice the 99.5th percentile of the recent durations, and their mean. */
static void
refresh_durations(struct evidence *e)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < e->recent_count; i++) {
        sum += MIN(e->ordered[i], 3600 * NS_PER_S);
    }
    e->mean_ns = sum / e->recent_count;
    uint64_t high = e->ordered[(e->recent_count * 199 / 200) - (e->recent_count >= 200)];
    e->horizon_ns = MIN(MAX(2 * high, NS_PER_S), 30 * NS_PER_S);
}

/* The first in order that is longer. */
static uint32_t
first_longer(const struct evidence *e, uint32_t count, uint64_t duration_ns)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (e->ordered[mid] <= duration_ns) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* In the place of the oldest one, once there are enough. */
static void
keep_duration(struct evidence *e, uint64_t start_ns, uint64_t duration_ns)
{
    uint32_t count = e->recent_count;
    uint64_t gone_ns = UINT64_MAX;
    if (count == EVIDENCE_DURATIONS) {
        uint32_t at = first_longer(e, count, e->recent[e->recent_at].duration_ns) - 1;
        gone_ns = e->recent[e->recent_at].start_ns;
        count--;
        memmove(&e->ordered[at], &e->ordered[at + 1], (count - at) * sizeof(e->ordered[0]));
    }
    uint32_t at = first_longer(e, count, duration_ns);
    memmove(&e->ordered[at + 1], &e->ordered[at], (count - at) * sizeof(e->ordered[0]));
    e->ordered[at] = duration_ns;
    e->recent[e->recent_at].start_ns = start_ns;
    e->recent[e->recent_at].duration_ns = duration_ns;
    e->recent_at = (e->recent_at + 1) % EVIDENCE_DURATIONS;
    e->recent_count = count + 1;
    e->oldest_ns = e->recent_count == 1 ? start_ns : MIN(e->oldest_ns, start_ns);
    if (gone_ns <= e->oldest_ns) {
        e->oldest_ns = UINT64_MAX;
        for (uint32_t i = 0; i < e->recent_count; i++) {
            e->oldest_ns = MIN(e->oldest_ns, e->recent[i].start_ns);
        }
    }
}

void
evidence_saw_request(struct evidence *e, uint64_t start_ns, uint64_t end_ns, const uint64_t *values,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rarity_add(&e->requests[EVIDENCE_REQUEST], values[i]);
    }
    rarity_turn(&e->requests[EVIDENCE_REQUEST]);
    keep_duration(e, start_ns, end_ns - start_ns);
    if (e->recent_count < 16 || e->recent_at % 16 == 0) {
        refresh_durations(e);
    }
}

void
evidence_saw_piece(struct evidence *e, const struct evidence_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rarity_add(&e->pieces, values[i].value);
    }
    rarity_turn(&e->pieces);
}

void
evidence_saw_sibling(struct evidence *e, uint64_t value, bool is_first)
{
    struct evidence_rarity *r = &e->requests[EVIDENCE_SIBLINGS];
    rarity_add(r, value);
    if (is_first) {
        rarity_turn(r);
    }
}

static uint64_t
slot_for(enum evidence_source source, uint64_t slot)
{
    return source == EVIDENCE_REQUEST ? slot : hash_combine(slot, source);
}

static double
slot_share(const struct evidence_slot_stat *s, uint64_t slot)
{
    if (s->slot != slot) {
        return SLOT_PRIOR;
    }
    return (s->hits + SLOT_PRIOR) / (s->hits + s->misses + 1);
}

double
evidence_slot_share(const struct evidence *e, uint64_t slot)
{
    return slot_share(&e->slots[slot % EVIDENCE_SLOTS], slot);
}

void
evidence_weigh(const struct evidence *e, enum evidence_source source,
               const struct evidence_value *values, size_t count,
               struct evidence_weights *ret_weights)
{
    ret_weights->none = 1;
    for (size_t i = 0; i < count; i++) {
        double q = evidence_slot_share(e, slot_for(source, values[i].slot));
        double p = MAX(rarity_share(&e->requests[source], values[i].value),
                       rarity_share(&e->pieces, values[i].value));
        double hit = MAX(MAX(q, 0.001) / p, 1.0);
        double miss = MAX(MIN((1 - MIN(q, 0.999)) / (1 - p), 1.0), MISS_MIN);
        ret_weights->none *= miss;
        ret_weights->gain[i] = hit / miss;
        ret_weights->speaks[i] = hit > 1;
    }
}

struct evidence_match
evidence_of_request(const struct evidence_weights *weights, const struct evidence_value *values,
                    size_t count, const uint64_t *sorted, size_t sorted_count)
{
    struct evidence_match m = {.weight = weights->none};
    for (size_t i = 0; i < count && sorted_count > 0; i++) {
        if (evidence_has(sorted, sorted_count, values[i].value)) {
            m.weight *= weights->gain[i];
            m.matches += weights->speaks[i];
        }
    }
    return m;
}

void
evidence_learn_values(struct evidence *e, enum evidence_source source,
                      const struct evidence_value *values, size_t count, const uint64_t *sorted,
                      size_t sorted_count, double weight)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t slot = slot_for(source, values[i].slot);
        struct evidence_slot_stat *s = &e->slots[slot % EVIDENCE_SLOTS];
        if (s->slot != slot) {
            *s = (struct evidence_slot_stat){.slot = slot};
        }
        if (evidence_has(sorted, sorted_count, values[i].value)) {
            s->hits += (float)weight;
        } else {
            s->misses += (float)weight;
        }
        if (s->hits + s->misses > SLOT_COUNT_MAX) {
            s->hits /= 2;
            s->misses /= 2;
        }
    }
}

double
evidence_in_flight(const struct evidence *e, uint64_t start_ns, uint64_t now_ns)
{
    if (e->recent_count == 0 || now_ns <= start_ns) {
        return e->recent_count == 0 ? 0 : 1;
    }
    uint64_t age = now_ns - start_ns;
    double over = 0;
    for (uint32_t i = first_longer(e, e->recent_count, age); i < e->recent_count; i++) {
        over += (double)(e->ordered[i] - age);
    }
    double span = now_ns > e->oldest_ns ? (double)(now_ns - e->oldest_ns) : 1;
    return over / MAX(span, 1e9);
}

uint64_t
evidence_mean_ns(const struct evidence *e)
{
    return e->mean_ns;
}

uint64_t
evidence_horizon_ns(const struct evidence *e)
{
    return e->horizon_ns;
}
