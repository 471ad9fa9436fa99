/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/cancels.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>

/* The longest address there is, in words. */
#define ADDRESS_WORDS ((sizeof(struct sockaddr_un) + 7) / 8)

enum {
    ID_FREE = 0,
    ID_CLAIMED = 1, /* being written */
    ID_FIRST = 2,
};

struct slot {
    _Atomic uint64_t id;
    _Atomic uint32_t generation; /* counts claims */
    _Atomic uint32_t len;
    _Atomic uint64_t address[ADDRESS_WORDS];
};

struct cancels {
    struct hash_key hash_key;
    uint32_t mask;
    size_t size;
    struct slot *slots;
};

int
cancels_new(uint32_t keys_max, struct hash_key hash_key, struct cancels **ret_cancels)
{
    uint32_t count = CANCELS_PROBES;
    while (count < 2 * (uint64_t)keys_max) {
        count *= 2;
    }
    size_t size = count * sizeof(struct slot);
    void *slots = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED) {
        return -errno;
    }
    struct cancels *c = check_alloc(1, sizeof(*c));
    *c = (struct cancels){.hash_key = hash_key, .mask = count - 1, .size = size, .slots = slots};
    *ret_cancels = c;
    return 0;
}

void
cancels_free(struct cancels **cancels)
{
    struct cancels *c = TAKE(*cancels);
    if (c != NULL) {
        munmap(c->slots, c->size);
        free(c);
    }
}

static uint64_t
id_of(const struct cancels *c, struct slice key)
{
    uint64_t id = hash_keyed(&c->hash_key, key);
    return id < ID_FIRST ? id + ID_FIRST : id;
}

/* The words are stored with release and loaded with acquire: whoever reads one of a later claim
 * sees that claim's generation, too; and whoever sees a claim's generation, sees the claim. */
static void
write_address(struct slot *s, const struct resolve_address *address)
{
    uint64_t words[ADDRESS_WORDS] = {0};
    uint32_t len = (uint32_t)MIN((size_t)address->len, sizeof(words));
    memcpy(words, &address->sa, len);
    for (size_t i = 0; i < ADDRESS_WORDS; i++) {
        atomic_store_explicit(&s->address[i], words[i], memory_order_release);
    }
    atomic_store_explicit(&s->len, len, memory_order_release);
}

static void
read_address(struct slot *s, struct resolve_address *ret_address)
{
    uint64_t words[ADDRESS_WORDS];
    for (size_t i = 0; i < ADDRESS_WORDS; i++) {
        words[i] = atomic_load_explicit(&s->address[i], memory_order_acquire);
    }
    *ret_address = (struct resolve_address){
        .len = MIN(atomic_load_explicit(&s->len, memory_order_acquire), (uint32_t)sizeof(words))};
    memcpy(&ret_address->sa, words, ret_address->len);
}

uint32_t
cancels_add(struct cancels *c, struct slice key, const struct resolve_address *address)
{
    uint64_t id = id_of(c, key);
    for (uint32_t i = 0; i < CANCELS_PROBES; i++) {
        uint32_t at = (uint32_t)(id + i) & c->mask;
        struct slot *s = &c->slots[at];
        uint64_t expected = ID_FREE;
        if (atomic_load_explicit(&s->id, memory_order_relaxed) == ID_FREE &&
            atomic_compare_exchange_strong_explicit(&s->id, &expected, ID_CLAIMED,
                                                    memory_order_acq_rel, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&s->generation, 1, memory_order_release);
            write_address(s, address);
            atomic_store_explicit(&s->id, id, memory_order_release);
            return at;
        }
    }
    return CANCELS_NONE;
}

void
cancels_remove(struct cancels *c, uint32_t slot)
{
    if (slot != CANCELS_NONE) {
        assert(slot <= c->mask);
        atomic_store_explicit(&c->slots[slot].id, ID_FREE, memory_order_release);
    }
}

bool
cancels_find(const struct cancels *c, struct slice key, struct resolve_address *ret_address)
{
    uint64_t id = id_of(c, key);
    for (uint32_t i = 0; i < CANCELS_PROBES; i++) {
        struct slot *s = &c->slots[(uint32_t)(id + i) & c->mask];
        struct resolve_address found;
        for (;;) {
            uint32_t generation = atomic_load_explicit(&s->generation, memory_order_acquire);
            if (atomic_load_explicit(&s->id, memory_order_acquire) != id) {
                break;
            }
            read_address(s, &found);
            if (atomic_load_explicit(&s->generation, memory_order_relaxed) == generation) {
                *ret_address = found;
                return true;
            }
        }
    }
    return false;
}
