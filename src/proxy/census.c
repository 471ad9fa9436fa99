/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/census.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"

struct census {
    struct hash_key hash_key;
    pthread_mutex_t mutex; /* guards the map */
    struct map counts;     /* the count itself is the value, never NULL */
};

struct census *
census_new(uint32_t sessions_max, struct hash_key hash_key)
{
    struct census *c = check_alloc(1, sizeof(*c));
    c->hash_key = hash_key;
    map_init(&c->counts, (size_t)sessions_max * CENSUS_KEYS);
    pthread_mutex_init(&c->mutex, NULL);
    return c;
}

void
census_free(struct census **census)
{
    struct census *c = TAKE(*census);
    if (c != NULL) {
        pthread_mutex_destroy(&c->mutex);
        map_fini(&c->counts);
        free(c);
    }
}

uint64_t
census_key(const struct census *c, enum census_of of, uint16_t scope, struct slice name)
{
    uint8_t head[3] = {(uint8_t)of, (uint8_t)(scope >> 8), (uint8_t)scope};
    struct hash_stream h;
    hash_stream_init(&h, &c->hash_key);
    hash_stream_add(&h, slice_of(head, sizeof(head)));
    hash_stream_add(&h, name);
    uint64_t key = hash_stream_value(&h);
    return key == 0 ? 1 : key;
}

uint32_t
census_enter(struct census *c, uint64_t key)
{
    pthread_mutex_lock(&c->mutex);
    uintptr_t count = (uintptr_t)map_get(&c->counts, key) + 1;
    if (map_put(&c->counts, key, (void *)count) != 0) {
        count = 0;
    }
    pthread_mutex_unlock(&c->mutex);
    return (uint32_t)count;
}

void
census_leave(struct census *c, uint64_t key)
{
    pthread_mutex_lock(&c->mutex);
    uintptr_t count = (uintptr_t)map_get(&c->counts, key);
    assert(count > 0);
    if (count == 1) {
        map_remove(&c->counts, key);
    } else {
        /* Replacing needs no room. */
        int err = map_put(&c->counts, key, (void *)(count - 1));
        assert(err == 0);
    }
    pthread_mutex_unlock(&c->mutex);
}
