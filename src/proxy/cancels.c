/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/cancels.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/channel.h"

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

/* At the beginning of the memory. */
struct head {
    uint64_t magic;
    uint32_t slot_size;
    uint32_t count; /* a power of two */
    struct hash_key hash_key;
};

#define HEAD_MAGIC UINT64_C(0x31736c65636e6163) /* "cancels1" */
#define HEAD_SIZE  4096
#define COUNT_MAX  (1u << 20)
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)

struct table {
    struct hash_key hash_key;
    uint32_t mask;
    size_t size; /* of all; 0: there is none */
    struct slot *slots;
};

struct cancels {
    struct table own;
    int fd;
    pthread_mutex_t mutex; /* guards those below */
    struct table others[CHANNEL_PROXIES_MAX];
};

static void
unmap(struct table *t)
{
    if (t->size > 0) {
        munmap((uint8_t *)t->slots - HEAD_SIZE, t->size);
    }
    *t = (struct table){0};
}

static int
map(int fd, size_t size, int protection, struct table *ret_table, struct head **ret_head)
{
    uint8_t *memory = mmap(NULL, size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *ret_head = (struct head *)memory;
    *ret_table = (struct table){.size = size, .slots = (struct slot *)(memory + HEAD_SIZE)};
    return 0;
}

/* The seals stop later writers and resizers only. */
static int
make(struct cancels *c, uint32_t count, struct hash_key hash_key)
{
    struct head *head = NULL;
    size_t size = HEAD_SIZE + count * sizeof(struct slot);
    c->fd = memfd_create("slowburn-cancels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (c->fd < 0 || ftruncate(c->fd, (off_t)size) < 0) {
        return -errno;
    }
    int err = map(c->fd, size, PROT_READ | PROT_WRITE, &c->own, &head);
    if (err == 0 && fcntl(c->fd, F_ADD_SEALS, SEALS) < 0) {
        err = -errno;
    }
    if (err != 0) {
        return err;
    }
    c->own.mask = count - 1;
    c->own.hash_key = hash_key;
    *head = (struct head){HEAD_MAGIC, sizeof(struct slot), count, hash_key};
    return 0;
}

int
cancels_new(uint32_t keys_max, struct hash_key hash_key, struct cancels **ret_cancels)
{
    uint32_t count = CANCELS_PROBES;
    while (count < 2 * (uint64_t)keys_max && count < COUNT_MAX) {
        count *= 2;
    }
    struct cancels *c = check_alloc(1, sizeof(*c));
    pthread_mutex_init(&c->mutex, NULL);
    int err = make(c, count, hash_key);
    if (err != 0) {
        cancels_free(&c);
        return err;
    }
    *ret_cancels = c;
    return 0;
}

void
cancels_free(struct cancels **cancels)
{
    struct cancels *c = TAKE(*cancels);
    if (c == NULL) {
        return;
    }
    unmap(&c->own);
    for (size_t i = 0; i < ARRAY_LEN(c->others); i++) {
        unmap(&c->others[i]);
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

int
cancels_fd(const struct cancels *c)
{
    return c->fd;
}

int
cancels_share(struct cancels *c, unsigned place, int fd)
{
    struct table other;
    struct head *head = NULL;
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (place >= ARRAY_LEN(c->others) || seals < 0 || (seals & SEALS) != SEALS ||
        fstat(fd, &st) < 0 || st.st_size < HEAD_SIZE) {
        return -EBADMSG;
    }
    int err = map(fd, (size_t)st.st_size, PROT_READ, &other, &head);
    if (err != 0) {
        return err;
    }
    const struct head seen = *head; /* looked at once: its owner may write it */
    if (seen.magic != HEAD_MAGIC || seen.slot_size != sizeof(struct slot) || seen.count == 0 ||
        seen.count > COUNT_MAX || (seen.count & (seen.count - 1)) != 0 ||
        other.size != HEAD_SIZE + seen.count * sizeof(struct slot)) {
        unmap(&other);
        return -EBADMSG;
    }
    other.hash_key = seen.hash_key;
    other.mask = seen.count - 1;
    pthread_mutex_lock(&c->mutex);
    struct table before = c->others[place];
    c->others[place] = other;
    pthread_mutex_unlock(&c->mutex);
    unmap(&before);
    return 0;
}

static uint64_t
id_of(const struct table *t, struct slice key)
{
    uint64_t id = hash_keyed(&t->hash_key, key);
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
    uint64_t id = id_of(&c->own, key);
    for (uint32_t i = 0; i < CANCELS_PROBES; i++) {
        uint32_t at = (uint32_t)(id + i) & c->own.mask;
        struct slot *s = &c->own.slots[at];
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
        assert(slot <= c->own.mask);
        atomic_store_explicit(&c->own.slots[slot].id, ID_FREE, memory_order_release);
    }
}

/* Of another proxy's table nothing is certain: a slot that keeps changing is given up on. */
#define TRIES 64

static bool
find(const struct table *t, struct slice key, struct resolve_address *ret_address)
{
    uint64_t id = id_of(t, key);
    for (uint32_t i = 0; i < CANCELS_PROBES; i++) {
        struct slot *s = &t->slots[(uint32_t)(id + i) & t->mask];
        struct resolve_address found;
        for (unsigned tries = 0; tries < TRIES; tries++) {
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

bool
cancels_find(struct cancels *c, struct slice key, struct resolve_address *ret_address)
{
    if (find(&c->own, key, ret_address)) {
        return true;
    }
    bool found = false;
    pthread_mutex_lock(&c->mutex);
    for (size_t i = 0; i < ARRAY_LEN(c->others) && !found; i++) {
        found = c->others[i].size > 0 && find(&c->others[i], key, ret_address);
    }
    pthread_mutex_unlock(&c->mutex);
    return found;
}
