/* SPDX-License-Identifier: Apache-2.0 */
#include "io/uring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"

#define URING_MAGIC  0x10004123u
#define SQ_ENTRIES   512u
#define CQ_ENTRIES   4096u
#define BUFFER_GROUP 0
#define NO_SLOT      UINT32_MAX
#define SLOTS_FIRST  64u
#define OPS_EACH     3u /* requests of one slot at a time */

enum op {
    OP_NONE = 0,
    OP_RECEIVE = 1u << 0,
    OP_SEND = 1u << 1,
    OP_CANCEL = 1u << 2,
    OP_POLL = 1u << 3,
};

struct slot {
    struct uring_port *port; /* NULL: closed */
    uint8_t *cell;
    uint32_t cell_len;
    int fd;
    uint8_t wanted;    /* bits of enum op, for the next wait; not 0: listed in `wishes` */
    uint8_t under_way; /* in the kernel */
    bool is_used;
    bool is_listed;
    uint32_t next_free;
};

struct uring {
    unsigned magic;
    struct io_uring ring;
    bool has_ring;
    bool is_enabled;
    bool is_registered; /* the ring's descriptor, with the thread */
    struct io_uring_buf_ring *buffers;
    uint8_t *memory; /* the buffers, then the cells */
    uint16_t buffers_tail;
    uint16_t cells_free[URING_CELLS];
    uint32_t cells_free_count;

    struct slot *slots;
    uint32_t slot_count;
    uint32_t slot_free; /* the first of a list */
    uint32_t *wishes;   /* slots with something wanted */
    uint32_t wish_count;
    uint32_t sending[SQ_ENTRIES]; /* slots whose send was submitted and not looked at */
    uint32_t sending_count;

    int poll_fd;
    bool is_polling;
    void (*on_readable)(void *ctx);
    void *ctx;
};

#define MEMORY_SIZE ((size_t)(URING_BUFFERS + URING_CELLS) * URING_CHUNK)
#define RING_SIZE   (URING_BUFFERS * sizeof(struct io_uring_buf))

/* Buffers go round in the order in which the kernel takes them. */
static void
give_buffer(struct uring *u, uint16_t id)
{
    struct io_uring_buf *b = &u->buffers->bufs[u->buffers_tail++ & (URING_BUFFERS - 1)];
    b->addr = (uint64_t)(uintptr_t)(u->memory + (size_t)id * URING_CHUNK);
    b->len = URING_CHUNK;
    b->bid = id;
}

static void
publish_buffers(struct uring *u)
{
    __atomic_store_n(&u->buffers->tail, u->buffers_tail, __ATOMIC_RELEASE);
}

/* liburing 2.3 registers a ring of buffers, but does not make one. */
static int
make_buffers(struct uring *u)
{
    void *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED) {
        return -errno;
    }
    u->buffers = ring;
    void *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    u->memory = memory;
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)ring,
        .ring_entries = URING_BUFFERS,
        .bgid = BUFFER_GROUP,
    };
    int err = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (err != 0) {
        return err;
    }
    for (uint16_t i = 0; i < URING_BUFFERS; i++) {
        give_buffer(u, i);
    }
    publish_buffers(u);
    for (uint16_t i = 0; i < URING_CELLS; i++) {
        u->cells_free[u->cells_free_count++] = (uint16_t)(URING_CELLS - 1 - i);
    }
    return 0;
}

int
uring_new(struct uring **ret_uring)
{
    struct uring *u = check_alloc(1, sizeof(*u));
    u->magic = URING_MAGIC;
    u->slot_free = NO_SLOT;
    u->poll_fd = -1;
    /* All completions are taken in by the waiting thread itself, so nothing interrupts it. The ring
     * belongs to the thread that enables it, which is not the one that makes it. */
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE,
        .cq_entries = CQ_ENTRIES,
    };
    const uint32_t needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    int err = io_uring_queue_init_params(SQ_ENTRIES, &u->ring, &params);
    u->has_ring = err == 0;
    if (err == 0 && (params.features & needed) != needed) {
        err = -ENOSYS;
    }
    err = err != 0 ? err : make_buffers(u);
    if (err != 0) {
        uring_free(&u);
        return err;
    }
    *ret_uring = u;
    return 0;
}

void
uring_free(struct uring **uring)
{
    struct uring *u = TAKE(*uring);
    if (u == NULL) {
        return;
    }
    OBJ_CHECK(u, URING_MAGIC);
    if (u->has_ring) {
        io_uring_queue_exit(&u->ring);
    }
    if (u->buffers != NULL) {
        munmap(u->buffers, RING_SIZE);
    }
    if (u->memory != NULL) {
        munmap(u->memory, MEMORY_SIZE);
    }
    free(u->slots);
    free(u->wishes);
    u->magic = 0;
    free(u);
}

void
uring_poll(struct uring *u, int fd, void (*on_readable)(void *ctx), void *ctx)
{
    u->poll_fd = fd;
    u->on_readable = on_readable;
    u->ctx = ctx;
}

/* Slots. */

static int
add_slots(struct uring *u)
{
    uint32_t count = u->slot_count == 0 ? SLOTS_FIRST : 2 * u->slot_count;
    if (count > URING_PORTS_MAX) {
        return -ENOSPC;
    }
    struct slot *slots = realloc(u->slots, count * sizeof(*slots));
    u->slots = slots == NULL ? u->slots : slots;
    uint32_t *wishes = realloc(u->wishes, count * sizeof(*wishes));
    u->wishes = wishes == NULL ? u->wishes : wishes;
    if (slots == NULL || wishes == NULL) {
        return -ENOSPC;
    }
    for (uint32_t i = count; i-- > u->slot_count;) {
        u->slots[i] = (struct slot){.next_free = u->slot_free};
        u->slot_free = i;
    }
    u->slot_count = count;
    return 0;
}

static struct slot *
slot_of(struct uring *u, const struct uring_port *port)
{
    assert(port->slot < u->slot_count && u->slots[port->slot].port == port);
    return &u->slots[port->slot];
}

static void
want(struct uring *u, uint32_t index, enum op op)
{
    struct slot *s = &u->slots[index];
    s->wanted |= (uint8_t)op;
    if (!s->is_listed) {
        s->is_listed = true;
        u->wishes[u->wish_count++] = index;
    }
}

static void
give_cell(struct uring *u, struct slot *s)
{
    if (s->cell != NULL) {
        size_t at = (size_t)(s->cell - u->memory) / URING_CHUNK - URING_BUFFERS;
        u->cells_free[u->cells_free_count++] = (uint16_t)at;
        s->cell = NULL;
        s->cell_len = 0;
    }
}

static void
free_when_done(struct uring *u, uint32_t index)
{
    struct slot *s = &u->slots[index];
    if (s->is_used && s->port == NULL && s->under_way == 0 && !s->is_listed) {
        s->is_used = false;
        s->next_free = u->slot_free;
        u->slot_free = index;
    }
}

int
uring_open(struct uring *u, struct uring_port *port, int fd)
{
    if (u->slot_free == NO_SLOT) {
        int err = add_slots(u);
        if (err != 0) {
            return err;
        }
    }
    port->slot = u->slot_free;
    struct slot *s = &u->slots[port->slot];
    u->slot_free = s->next_free;
    *s = (struct slot){.port = port, .fd = fd, .is_used = true};
    return 0;
}

void
uring_close(struct uring *u, struct uring_port *port)
{
    struct slot *s = slot_of(u, port);
    give_cell(u, s);
    s->port = NULL;
    s->wanted = 0;
    if ((s->under_way & OP_RECEIVE) != 0) {
        want(u, port->slot, OP_CANCEL);
    }
    free_when_done(u, port->slot);
    port->slot = NO_SLOT;
}

void
uring_receive(struct uring *u, struct uring_port *port)
{
    want(u, port->slot, OP_RECEIVE);
}

bool
uring_stop(struct uring *u, struct uring_port *port)
{
    struct slot *s = slot_of(u, port);
    s->wanted &= (uint8_t)~OP_RECEIVE;
    if ((s->under_way & OP_RECEIVE) == 0) {
        return false;
    }
    want(u, port->slot, OP_CANCEL);
    return true;
}

bool
uring_batch(struct uring *u, struct uring_port *port, const struct iovec *iov, int count,
            size_t total)
{
    struct slot *s = slot_of(u, port);
    if (total > URING_CHUNK - s->cell_len || (s->cell == NULL && u->cells_free_count == 0)) {
        return false;
    }
    if (s->cell == NULL) {
        size_t at = u->cells_free[--u->cells_free_count];
        s->cell = u->memory + (URING_BUFFERS + at) * URING_CHUNK;
        want(u, port->slot, OP_SEND);
    }
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > 0) {
            memcpy(s->cell + s->cell_len, iov[i].iov_base, iov[i].iov_len);
            s->cell_len += (uint32_t)iov[i].iov_len;
        }
    }
    return true;
}

struct slice
uring_take_batch(struct uring *u, struct uring_port *port)
{
    struct slot *s = slot_of(u, port);
    struct slice batch = slice_of(s->cell, s->cell_len);
    s->wanted &= (uint8_t)~OP_SEND;
    give_cell(u, s);
    return batch;
}

/* Handing over. */

static uint64_t
tag(uint32_t slot, enum op op)
{
    return (uint64_t)slot << 8 | op;
}

/* True when a completion may be missing from the queue because it was full. */
static bool
has_overflow(struct uring *u)
{
    return (__atomic_load_n(u->ring.sq.kflags, __ATOMIC_ACQUIRE) & IORING_SQ_CQ_OVERFLOW) != 0;
}

/* Makes what was prepared visible to the kernel. */
static unsigned
publish_requests(struct io_uring_sq *sq)
{
    unsigned tail = *sq->ktail;
    while (sq->sqe_head != sq->sqe_tail) {
        sq->array[tail++ & *sq->kring_mask] = sq->sqe_head++ & *sq->kring_mask;
    }
    __atomic_store_n(sq->ktail, tail, __ATOMIC_RELEASE);
    return tail - __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE);
}

/* Returns when the kernel has taken every request, so that no memory or descriptor number that one
 * of them names is touched later; what it names may change hands from then on. */
static void
enter_with(struct uring *u, unsigned wanted, unsigned flags, struct io_uring_getevents_arg *arg)
{
    flags |= u->is_registered ? IORING_ENTER_REGISTERED_RING : 0;
    for (;;) {
        unsigned count = publish_requests(&u->ring.sq);
        int n = io_uring_enter2((unsigned)u->ring.enter_ring_fd, count, wanted, flags,
                                (sigset_t *)arg, arg == NULL ? 0 : sizeof(*arg));
        if (n == (int)count || (count == 0 && (n == -ETIME || n == -EINTR))) {
            return;
        }
        if (n < 0 && n != -EINTR) {
            /* It is out of memory, or has more to tell than there is room for. */
            assert(n == -EAGAIN || n == -EBUSY || n == -ENOMEM);
            nanosleep(&(struct timespec){.tv_nsec = (long)NS_PER_MS}, NULL);
        }
    }
}

/* Completions are always asked for: without that the kernel would not take in what has arrived. */
static void
enter(struct uring *u, unsigned wanted, struct __kernel_timespec *timeout)
{
    struct io_uring_getevents_arg arg = {.ts = (uint64_t)(uintptr_t)timeout};
    enter_with(u, wanted, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg);
}

static void
prepare_poll(struct uring *u, struct io_uring_sqe *sqe)
{
    io_uring_prep_poll_add(sqe, u->poll_fd, POLLIN);
    sqe->user_data = tag(0, OP_POLL);
    u->is_polling = true;
}

/* A send that succeeds as a whole says nothing: only what is short or failed completes. */
static void
prepare_send(struct uring *u, uint32_t index, struct io_uring_sqe *sqe)
{
    struct slot *s = &u->slots[index];
    io_uring_prep_send(sqe, s->fd, s->cell, s->cell_len, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = tag(index, OP_SEND);
    u->sending[u->sending_count++] = index;
}

static void
prepare_receive(struct uring *u, uint32_t index, struct io_uring_sqe *sqe)
{
    struct slot *s = &u->slots[index];
    io_uring_prep_recv_multishot(sqe, s->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    sqe->user_data = tag(index, OP_RECEIVE);
    s->under_way |= OP_RECEIVE;
}

static void
prepare_cancel(struct uring *u, uint32_t index, struct io_uring_sqe *sqe)
{
    io_uring_prep_cancel64(sqe, tag(index, OP_RECEIVE), 0);
    sqe->user_data = tag(index, OP_CANCEL);
    u->slots[index].under_way |= OP_CANCEL;
}

/* Looks only at sends, and at each once; everything else is left for uring_dispatch. */
static void
finish_sends(struct uring *u)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        struct slot *s = &u->slots[cqe->user_data >> 8];
        if ((cqe->user_data & 0xff) == OP_SEND && s->cell != NULL) {
            size_t done = cqe->res > 0 ? (size_t)cqe->res : 0;
            struct slice rest = slice_of(s->cell + done, s->cell_len - done);
            s->port->ops->sent(s->port, rest, cqe->res < 0 ? cqe->res : 0);
            give_cell(u, s);
            cqe->user_data = tag(0, OP_NONE);
        }
    }
    while (u->sending_count > 0) {
        struct slot *s = &u->slots[u->sending[--u->sending_count]];
        if (s->cell != NULL) {
            give_cell(u, s);
            s->port->ops->sent(s->port, SLICE_NONE, 0);
        }
    }
}

static void
submit_wish(struct uring *u, uint32_t index)
{
    static const struct {
        enum op op;
        void (*prepare)(struct uring *u, uint32_t index, struct io_uring_sqe *sqe);
    } ops[] = {{OP_CANCEL, prepare_cancel}, {OP_RECEIVE, prepare_receive}, {OP_SEND, prepare_send}};
    struct slot *s = &u->slots[index];
    for (unsigned i = 0; i < ARRAY_LEN(ops); i++) {
        if ((s->wanted & ops[i].op) != 0) {
            ops[i].prepare(u, index, io_uring_get_sqe(&u->ring));
        }
    }
    s->wanted = 0;
    s->is_listed = false;
    free_when_done(u, index);
}

/* As many as there is room for; the others' turn comes next. */
static void
submit_wishes(struct uring *u)
{
    uint32_t done = 0;
    if (!u->is_polling && u->poll_fd >= 0) {
        prepare_poll(u, io_uring_get_sqe(&u->ring));
    }
    while (done < u->wish_count && io_uring_sq_space_left(&u->ring) >= OPS_EACH) {
        submit_wish(u, u->wishes[done++]);
    }
    u->wish_count -= done;
    if (u->wish_count > 0) {
        memmove(u->wishes, u->wishes + done, u->wish_count * sizeof(*u->wishes));
    }
}

/* Of what is wanted the sends alone. */
static void
submit_sends(struct uring *u)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < u->wish_count; i++) {
        uint32_t index = u->wishes[i];
        struct slot *s = &u->slots[index];
        if ((s->wanted & OP_SEND) != 0 && io_uring_sq_space_left(&u->ring) > 0) {
            prepare_send(u, index, io_uring_get_sqe(&u->ring));
            s->wanted &= (uint8_t)~OP_SEND;
        }
        if (s->wanted == 0) {
            s->is_listed = false;
            free_when_done(u, index);
        } else {
            u->wishes[kept++] = index;
        }
    }
    u->wish_count = kept;
}

static void
enable(struct uring *u)
{
    /* liburing 2.3 declares io_uring_enable_rings and forgets to export it. */
    int err = io_uring_register((unsigned)u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    assert(err == 0);
    u->is_enabled = true;
    /* Spares the kernel the look-up of the descriptor; not having it harms nothing. */
    u->is_registered = io_uring_register_ring_fd(&u->ring) == 1;
}

void
uring_wait(struct uring *u, int timeout_ms)
{
    struct __kernel_timespec timeout = {.tv_sec = timeout_ms / 1000,
                                        .tv_nsec = timeout_ms % 1000 * (int64_t)NS_PER_MS};
    if (!u->is_enabled) {
        enable(u);
    }
    /* A send that says nothing was taken as a whole; so nothing is sent as long as the kernel may
     * have something to say for which the queue has no room. */
    bool is_behind = has_overflow(u);
    if (!is_behind) {
        submit_wishes(u);
    }
    bool waits = timeout_ms != 0 && !is_behind && u->wish_count == 0;
    enter(u, waits ? 1 : 0, waits && timeout_ms > 0 ? &timeout : NULL);
    finish_sends(u);
}

void
uring_send(struct uring *u)
{
    if (u->wish_count == 0 || has_overflow(u)) {
        return;
    }
    submit_sends(u);
    if (u->sending_count > 0) {
        enter_with(u, 0, 0, NULL);
        finish_sends(u);
    }
}

/* Telling. */

static void
receive_completed(struct uring *u, uint32_t index, int result, uint32_t flags)
{
    struct slot *s = &u->slots[index];
    bool goes_on = (flags & IORING_CQE_F_MORE) != 0;
    bool has_buffer = (flags & IORING_CQE_F_BUFFER) != 0;
    uint16_t id = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT);
    if (!goes_on) {
        s->under_way &= (uint8_t)~OP_RECEIVE;
    }
    if (s->port != NULL) {
        size_t len = has_buffer && result > 0 ? (size_t)result : 0;
        s->port->ops->received(s->port, result, slice_of(u->memory + (size_t)id * URING_CHUNK, len),
                               goes_on);
    }
    if (has_buffer) {
        give_buffer(u, id);
    }
}

static void
dispatch(struct uring *u, const struct io_uring_cqe *cqe)
{
    uint32_t index = (uint32_t)(cqe->user_data >> 8);
    switch (cqe->user_data & 0xff) {
    case OP_RECEIVE:
        receive_completed(u, index, cqe->res, cqe->flags);
        free_when_done(u, index);
        break;
    case OP_CANCEL:
        u->slots[index].under_way &= (uint8_t)~OP_CANCEL;
        /* Between two bursts it is not to be found: once more, until its last word has come. */
        if (cqe->res < 0 && (u->slots[index].under_way & OP_RECEIVE) != 0) {
            want(u, index, OP_CANCEL);
        }
        free_when_done(u, index);
        break;
    case OP_POLL:
        u->is_polling = false;
        u->on_readable(u->ctx);
        break;
    default:
        break;
    }
}

void
uring_dispatch(struct uring *u)
{
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        count++;
        dispatch(u, cqe);
    }
    io_uring_cq_advance(&u->ring, count);
}

void
uring_end_turn(struct uring *u)
{
    publish_buffers(u);
}
