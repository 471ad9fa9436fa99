/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#include "base/prng.h"

void
map_init(struct map *m, size_t count_max)
{
    size_t slots = 8;
    while (slots < count_max + count_max / 2) {
        slots *= 2;
    }
    *m = (struct map){
        .slots = check_alloc(slots, sizeof(struct map_slot)),
        .mask = slots - 1,
        .count_max = count_max,
    };
}

void
map_fini(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}

static size_t
home_of(const struct map *m, uint64_t key)
{
    return (size_t)prng_mix(key) & m->mask;
}

static struct map_slot *
find(const struct map *m, uint64_t key)
{
    if (m->slots == NULL) {
        return NULL;
    }
    size_t at = home_of(m, key);
    while (m->slots[at].value != NULL && m->slots[at].key != key) {
        at = (at + 1) & m->mask;
    }
    return &m->slots[at];
}

void *
map_get(const struct map *m, uint64_t key)
{
    struct map_slot *slot = find(m, key);
    return slot == NULL ? NULL : slot->value;
}

int
map_put(struct map *m, uint64_t key, void *value)
{
    assert(value != NULL && m->slots != NULL);
    struct map_slot *slot = find(m, key);
    if (slot->value == NULL) {
        if (m->count >= m->count_max) {
            return -ENOSPC;
        }
        m->count++;
        slot->key = key;
    }
    slot->value = value;
    return 0;
}

void *
map_remove(struct map *m, uint64_t key)
{
    struct map_slot *slot = find(m, key);
    if (slot == NULL || slot->value == NULL) {
        return NULL;
    }
    void *value = slot->value;
    size_t hole = (size_t)(slot - m->slots);
    size_t at = hole;
    /* Shift back every later entry of the run whose home does not lie behind the hole. */
    for (;;) {
        at = (at + 1) & m->mask;
        if (m->slots[at].value == NULL) {
            break;
        }
        size_t home = home_of(m, m->slots[at].key);
        if (((at - home) & m->mask) >= ((at - hole) & m->mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){0};
    m->count--;
    return value;
}

struct map_slot *
map_next(const struct map *m, size_t *at)
{
    while (m->slots != NULL && *at <= m->mask) {
        struct map_slot *slot = &m->slots[(*at)++];
        if (slot->value != NULL) {
            return slot;
        }
    }
    return NULL;
}
