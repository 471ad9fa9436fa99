/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/newcomers.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/prng.h"

#define FORGOTTEN 0.1f /* calls; that few are none */

void
newcomers_add(struct newcomers *n, const struct series_id *id, float calls)
{
    uint64_t key = series_id_key(id);
    struct newcomer *bucket = n->of[prng_mix(key) % NEWCOMERS_BUCKETS], *least = bucket;
    for (unsigned i = 0; i < NEWCOMERS_EACH; i++) {
        if (bucket[i].use > 0 && bucket[i].key == key) {
            bucket[i].use += calls;
            return;
        }
        least = bucket[i].use < least->use ? &bucket[i] : least;
    }
    if (least->use >= calls) {
        least->use -= calls;
    } else {
        *least = (struct newcomer){*id, key, calls - least->use};
    }
}

void
newcomers_age(struct newcomers *n)
{
    for (unsigned i = 0; i < NEWCOMERS_MAX; i++) {
        struct newcomer *x = &n->of[i / NEWCOMERS_EACH][i % NEWCOMERS_EACH];
        x->use *= NEWCOMERS_KEPT;
        x->use = x->use < FORGOTTEN ? 0 : x->use;
    }
}

static int
by_use(const void *a, const void *b)
{
    const struct newcomer *x = *(struct newcomer *const *)a, *y = *(struct newcomer *const *)b;
    int first = newcomer_goes_first(y) - newcomer_goes_first(x);
    return first != 0 ? first : (x->use < y->use) - (x->use > y->use);
}

unsigned
newcomers_list(struct newcomers *n, float use_min, struct newcomer *list[NEWCOMERS_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < NEWCOMERS_MAX; i++) {
        struct newcomer *x = &n->of[i / NEWCOMERS_EACH][i % NEWCOMERS_EACH];
        if (x->use > 0 && (x->use >= use_min || newcomer_goes_first(x))) {
            list[count++] = x;
        }
    }
    qsort(list, count, sizeof(struct newcomer *), by_use);
    return count;
}
