/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/ring_layout.h"
#include "model/event.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define CURSOR_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define DATA_SEALS   (CURSOR_SEALS | F_SEAL_FUTURE_WRITE)

struct ring_producer {
    struct ring_header *header;
    const struct ring_cursor *cursor;
    uint8_t *data;
    uint64_t capacity;
    uint64_t tail;      /* as published */
    uint64_t head_seen; /* the last head that passed the checks */
    uint64_t at;        /* where the current reservation begins; a filler lies before it */
    uint32_t reserved;  /* its length; 0: none */
    int data_fd;
    int cursor_fd;
};

struct ring_consumer {
    const struct ring_header *header;
    struct ring_cursor *cursor;
    const uint8_t *data;
    uint64_t capacity;
    uint64_t at;        /* of the next record */
    uint64_t released;  /* what our cursor says; read back, it might be somebody else's word */
    uint64_t tail_seen; /* the last tail that passed the checks */
    uint64_t inode;     /* of the shared memory; no two rings have the same */
    bool borrowed;      /* the mappings are the producer's */
};

static void *
map_shared(int fd, size_t len, int prot)
{
    void *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int
memfd_of(const char *name, size_t len)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, (off_t)len) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static size_t
capacity_for(size_t wanted)
{
    size_t capacity = RING_CAPACITY_MIN;
    while (capacity < wanted && capacity < RING_CAPACITY_MAX) {
        capacity *= 2;
    }
    return capacity;
}

/* Everything that can fail; the caller frees what is half done. */
static int
producer_open(struct ring_producer *p)
{
    p->data_fd = memfd_of("slowburn-ring", RING_PAGE + p->capacity);
    if (p->data_fd < 0) {
        return p->data_fd;
    }
    p->cursor_fd = memfd_of("slowburn-cursor", RING_PAGE);
    if (p->cursor_fd < 0) {
        return p->cursor_fd;
    }
    /* Mapped before the seal: it stops later writers only. */
    p->header = map_shared(p->data_fd, RING_PAGE + p->capacity, PROT_READ | PROT_WRITE);
    p->cursor = map_shared(p->cursor_fd, RING_PAGE, PROT_READ);
    if (p->header == NULL || p->cursor == NULL) {
        return -ENOMEM;
    }
    p->data = (uint8_t *)p->header + RING_PAGE;
    if (fcntl(p->data_fd, F_ADD_SEALS, DATA_SEALS) < 0 ||
        fcntl(p->cursor_fd, F_ADD_SEALS, CURSOR_SEALS) < 0) {
        return -errno;
    }
    return 0;
}

int
ring_producer_new(size_t capacity, uint32_t generation, struct ring_producer **ret_producer)
{
    struct ring_producer *p = check_alloc(1, sizeof(*p));
    p->capacity = capacity_for(capacity);
    p->data_fd = -1;
    p->cursor_fd = -1;
    int r = producer_open(p);
    if (r < 0) {
        ring_producer_free(&p);
        return r;
    }
    p->header->version = RING_VERSION;
    p->header->generation = generation;
    p->header->capacity = p->capacity;
    p->header->magic = RING_MAGIC;
    *ret_producer = p;
    return 0;
}

void
ring_producer_free(struct ring_producer **producer)
{
    struct ring_producer *p = TAKE(*producer);
    if (p == NULL) {
        return;
    }
    if (p->header != NULL) {
        munmap(p->header, RING_PAGE + p->capacity);
    }
    if (p->cursor != NULL) {
        munmap((void *)(uintptr_t)p->cursor, RING_PAGE);
    }
    if (p->data_fd >= 0) {
        close(p->data_fd);
    }
    if (p->cursor_fd >= 0) {
        close(p->cursor_fd);
    }
    free(p);
}

int
ring_producer_data_fd(const struct ring_producer *producer)
{
    return producer->data_fd;
}

int
ring_producer_cursor_fd(const struct ring_producer *producer)
{
    return producer->cursor_fd;
}

uint32_t
ring_producer_generation(const struct ring_producer *producer)
{
    return producer->header->generation;
}

size_t
ring_producer_capacity(const struct ring_producer *producer)
{
    return producer->capacity;
}

struct ring_header *
ring_producer_header(struct ring_producer *producer)
{
    return producer->header;
}

uint8_t *
ring_producer_data(struct ring_producer *producer)
{
    return producer->data;
}

/* Takes over the consumer's cursor if it can be right: it neither goes back nor passes us, and
 * stays on a record's boundary. A wrong one leaves the ring as full as it was. */
static void
look_at_head(struct ring_producer *p)
{
    uint64_t head = atomic_load_explicit(&p->cursor->head, memory_order_acquire);
    if (head >= p->head_seen && head <= p->tail && head % 8 == 0) {
        p->head_seen = head;
    }
}

static bool
has_room(struct ring_producer *p, uint64_t len)
{
    if (p->capacity - (p->tail - p->head_seen) >= len) {
        return true;
    }
    look_at_head(p);
    return p->capacity - (p->tail - p->head_seen) >= len;
}

void *
ring_reserve(struct ring_producer *p, uint32_t len)
{
    assert(len >= sizeof(struct event_head) && len % 8 == 0 && len <= EVENT_LEN_MAX);
    uint64_t offset = p->tail & (p->capacity - 1);
    uint64_t to_end = p->capacity - offset;
    uint64_t fill = to_end < len ? to_end : 0;
    p->reserved = 0;
    if (!has_room(p, fill + len)) {
        return NULL;
    }
    if (fill > 0) {
        /* Eight bytes may be all there is: the type alone says it. */
        memset(p->data + offset, 0, 8);
    }
    p->at = p->tail + fill;
    p->reserved = len;
    return p->data + (p->at & (p->capacity - 1));
}

void
ring_commit(struct ring_producer *p, uint32_t len)
{
    assert(len > 0 && len == p->reserved);
    p->reserved = 0;
    p->tail = p->at + len;
    atomic_store_explicit(&p->header->tail, p->tail, memory_order_release);
}

void
ring_end(struct ring_producer *p)
{
    atomic_store_explicit(&p->header->ended, 1, memory_order_release);
}

size_t
ring_used(const struct ring_producer *p)
{
    uint64_t head = atomic_load_explicit(&p->cursor->head, memory_order_acquire);
    bool sane = head >= p->head_seen && head <= p->tail;
    return p->tail - (sane ? head : p->head_seen);
}

uint64_t
ring_unread(const struct ring_producer *p)
{
    uint64_t count = 0;
    for (uint64_t at = p->tail - ring_used(p); at < p->tail;) {
        uint64_t offset = at & (p->capacity - 1);
        struct event_head head = {0};
        memcpy(&head, p->data + offset, MIN(sizeof(head), p->capacity - offset));
        bool fill = head.type == RING_TYPE_FILL;
        if (!fill && head.len < sizeof(head)) {
            break; /* the cursor was put where no record begins */
        }
        count += !fill;
        at += fill ? p->capacity - offset : head.len;
    }
    return count;
}

/* True when the descriptor is a memfd of exactly len bytes (0: any length) that nobody can resize
 * and that carries these seals. */
static bool
is_sealed(int fd, int seals, uint64_t len, struct stat *ret_stat)
{
    int have = fcntl(fd, F_GET_SEALS);
    if (have < 0 || (have & seals) != seals || fstat(fd, ret_stat) < 0) {
        return false;
    }
    return len == 0 || (uint64_t)ret_stat->st_size == len;
}

static int
consumer_open(struct ring_consumer *c, int data_fd, int cursor_fd, struct diag *diag)
{
    struct stat data, cursor;
    if (!is_sealed(data_fd, DATA_SEALS, 0, &data) ||
        !is_sealed(cursor_fd, CURSOR_SEALS, RING_PAGE, &cursor)) {
        return diag_set(diag, -EBADMSG, "not a ring: the shared memory is not sealed");
    }
    uint64_t len = (uint64_t)data.st_size;
    c->inode = data.st_ino;
    uint64_t capacity = len - RING_PAGE;
    if (len < RING_PAGE + RING_CAPACITY_MIN || capacity > RING_CAPACITY_MAX ||
        (capacity & (capacity - 1)) != 0) {
        return diag_set(diag, -EBADMSG, "not a ring: it is %llu bytes long",
                        (unsigned long long)len);
    }
    c->capacity = capacity;
    c->header = map_shared(data_fd, RING_PAGE + capacity, PROT_READ);
    if (c->header == NULL) {
        return diag_set(diag, -ENOMEM, "a ring of %llu bytes cannot be mapped",
                        (unsigned long long)len);
    }
    c->cursor = map_shared(cursor_fd, RING_PAGE, PROT_READ | PROT_WRITE);
    if (c->cursor == NULL) {
        return diag_set(diag, -ENOMEM, "the cursor of a ring cannot be mapped");
    }
    if (c->header->magic != RING_MAGIC || c->header->capacity != capacity) {
        return diag_set(diag, -EBADMSG, "not a ring: its header is not one");
    }
    if (c->header->version != RING_VERSION) {
        return diag_set_hint(diag, -EPROTONOSUPPORT, "restart slowburn, so that both are of one",
                             "the proxy's ring is of version %u, this is version %u",
                             c->header->version, RING_VERSION);
    }
    return 0;
}

static void
start_at_head(struct ring_consumer *c)
{
    c->data = (const uint8_t *)c->header + RING_PAGE;
    c->at = atomic_load_explicit(&c->cursor->head, memory_order_relaxed);
    c->released = c->at;
    c->tail_seen = c->at;
}

int
ring_consumer_new(int data_fd, int cursor_fd, struct diag *diag,
                  struct ring_consumer **ret_consumer)
{
    struct ring_consumer *c = check_alloc(1, sizeof(*c));
    int r = consumer_open(c, data_fd, cursor_fd, diag);
    close(data_fd);
    close(cursor_fd);
    if (r < 0) {
        ring_consumer_free(&c);
        return r;
    }
    start_at_head(c);
    *ret_consumer = c;
    return 0;
}

int
ring_consumer_new_beside(struct ring_producer *producer, struct ring_consumer **ret_consumer)
{
    void *cursor = (void *)(uintptr_t)producer->cursor;
    if (mprotect(cursor, RING_PAGE, PROT_READ | PROT_WRITE) < 0) {
        return -errno;
    }
    struct ring_consumer *c = check_alloc(1, sizeof(*c));
    c->borrowed = true;
    c->capacity = producer->capacity;
    c->header = producer->header;
    c->cursor = cursor;
    start_at_head(c);
    *ret_consumer = c;
    return 0;
}

void
ring_consumer_free(struct ring_consumer **consumer)
{
    struct ring_consumer *c = TAKE(*consumer);
    if (c == NULL) {
        return;
    }
    if (c->header != NULL && !c->borrowed) {
        munmap((void *)(uintptr_t)c->header, RING_PAGE + c->capacity);
    }
    if (c->cursor != NULL && !c->borrowed) {
        munmap(c->cursor, RING_PAGE);
    }
    free(c);
}

uint32_t
ring_consumer_generation(const struct ring_consumer *c)
{
    return c->header->generation;
}

bool
ring_consumer_is_same(const struct ring_consumer *a, const struct ring_consumer *b)
{
    return a->inode == b->inode;
}

bool
ring_consumer_is_first(const struct ring_consumer *c)
{
    return c->released == 0;
}

static int
look_at_tail(struct ring_consumer *c)
{
    uint64_t tail = atomic_load_explicit(&c->header->tail, memory_order_acquire);
    if (tail < c->tail_seen || tail % 8 != 0 || c->at % 8 != 0 ||
        tail - c->released > c->capacity) {
        return -EBADMSG;
    }
    c->tail_seen = tail;
    return 0;
}

/* Length of the record at `offset`, of which `ready` bytes are published: 0 for a filler. */
static int
record_len(const struct ring_consumer *c, uint64_t offset, uint64_t ready, uint32_t *ret_len)
{
    struct event_head head = {0};
    memcpy(&head, c->data + offset, 8);
    if (head.type == RING_TYPE_FILL) {
        /* One at the very start could only lead around in a circle. */
        if (offset == 0 || c->capacity - offset > ready) {
            return -EBADMSG;
        }
        *ret_len = 0;
        return 0;
    }
    if (ready < sizeof(head) || c->capacity - offset < sizeof(head)) {
        return -EBADMSG;
    }
    memcpy(&head, c->data + offset, sizeof(head));
    if (head.len < sizeof(head) || head.len % 8 != 0 || head.len > EVENT_LEN_MAX ||
        head.len > ready || head.len > c->capacity - offset) {
        return -EBADMSG;
    }
    *ret_len = head.len;
    return 0;
}

int
ring_next(struct ring_consumer *c, struct slice *ret_record)
{
    for (int skipped = 0; skipped < 2; skipped++) {
        if (c->at == c->tail_seen) {
            int r = look_at_tail(c);
            if (r < 0) {
                return r;
            }
            if (c->at == c->tail_seen) {
                return 0;
            }
        }
        uint64_t offset = c->at & (c->capacity - 1);
        uint32_t len = 0;
        int r = record_len(c, offset, c->tail_seen - c->at, &len);
        if (r < 0) {
            return r;
        }
        if (len > 0) {
            *ret_record = slice_of(c->data + offset, len);
            c->at += len;
            return 1;
        }
        c->at += c->capacity - offset;
    }
    return -EBADMSG;
}

void
ring_release(struct ring_consumer *c)
{
    c->released = c->at;
    atomic_store_explicit(&c->cursor->head, c->at, memory_order_release);
}

bool
ring_is_ended(const struct ring_consumer *c)
{
    /* The end is stored after the last tail, so it is read before it. */
    bool ended = atomic_load_explicit(&c->header->ended, memory_order_acquire) != 0;
    return ended && atomic_load_explicit(&c->header->tail, memory_order_acquire) == c->at;
}
