/* SPDX-License-Identifier: Apache-2.0
 * relay LISTEN_PORT UPSTREAM_PORT THREADS: copies bytes through io_uring and knows nothing.
 *
 * The yardstick of make bench: what a relay on this machine costs before it looks at a single byte.
 * As fast as we know how to make it with few lines: one ring a thread, multishot receive into
 * provided buffers, which go out again as they are; one system call a turn, for any number of
 * connections. It has no limits of time, no backpressure but that of its buffers, and ends when it
 * is killed: not for anything but a measurement on loopback.
 *
 *     recv (multishot) ──buffer──> queue of the other side ──send──> buffer goes back to the ring
 */
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

#define BUFFERS     1024u /* of one thread; a power of two */
#define BUFFER_SIZE 16384u
#define NONE        UINT16_MAX
#define THREADS_MAX 16

/* One direction's end: what is received here, and what waits to be sent here. */
struct side {
    struct side *other;
    struct pair *pair;
    int fd;
    bool is_receiving;
    bool is_sending;
    bool is_ended; /* nothing more will be received */
    uint16_t first, last;
};

struct pair {
    struct side sides[2];
};

struct buffer {
    uint32_t at, len;
    uint16_t next;
};

/* What comes through the pipe to a thread. */
struct handed {
    int fds[2];
};

struct thread {
    struct io_uring ring;
    struct io_uring_buf_ring *free;
    uint8_t *memory;
    struct buffer buffers[BUFFERS];
    struct {
        struct side *sides[BUFFERS];
        unsigned count;
    } starved; /* no buffer was left; received again as soon as one is */
    int pipe[2];
    struct handed handed;
};

/* In the two low bits of the user data. */
enum what { RECEIVED, SENT, HANDED, WHAT_MASK = 3 };

static void
die(const char *what, int err)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(err < 0 ? -err : err));
    exit(1);
}

static struct io_uring_sqe *
next_sqe(struct thread *t, void *owner, enum what what)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);
    if (sqe == NULL) {
        io_uring_submit(&t->ring);
        sqe = io_uring_get_sqe(&t->ring);
    }
    assert(sqe != NULL);
    sqe->user_data = (uintptr_t)owner | what;
    return sqe;
}

/* The prepare functions overwrite the user data. */
static void
set_owner(struct io_uring_sqe *sqe, void *owner, enum what what)
{
    io_uring_sqe_set_data64(sqe, (uintptr_t)owner | what);
}

static void
receive(struct thread *t, struct side *s)
{
    struct io_uring_sqe *sqe = next_sqe(t, s, RECEIVED);
    io_uring_prep_recv_multishot(sqe, s->fd, NULL, 0, 0);
    set_owner(sqe, s, RECEIVED);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    s->is_receiving = true;
}

static void
send_first(struct thread *t, struct side *s)
{
    struct buffer *b = &t->buffers[s->first];
    struct io_uring_sqe *sqe = next_sqe(t, s, SENT);
    io_uring_prep_send(sqe, s->fd, t->memory + (size_t)s->first * BUFFER_SIZE + b->at,
                       b->len - b->at, MSG_NOSIGNAL | MSG_WAITALL);
    set_owner(sqe, s, SENT);
    s->is_sending = true;
}

static void
give_back(struct thread *t, uint16_t id)
{
    io_uring_buf_ring_add(t->free, t->memory + (size_t)id * BUFFER_SIZE, BUFFER_SIZE, id,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(t->free, 1);
    if (t->starved.count > 0) {
        receive(t, t->starved.sides[--t->starved.count]);
    }
}

static void
pass_on_the_end(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side *s = &p->sides[i];
        if (s->other->is_ended && s->first == NONE && !s->is_sending) {
            shutdown(s->fd, SHUT_WR);
        }
    }
    struct side *a = &p->sides[0], *b = &p->sides[1];
    if (a->is_ended && b->is_ended && !a->is_receiving && !b->is_receiving && !a->is_sending &&
        !b->is_sending) {
        assert(a->first == NONE && b->first == NONE);
        close(a->fd);
        close(b->fd);
        free(p);
    }
}

/* A side that is broken takes the other one with it. */
static void
abandon(struct thread *t, struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side *s = &p->sides[i];
        uint16_t keep = s->is_sending ? s->first : NONE;
        for (uint16_t id = keep == NONE ? s->first : t->buffers[keep].next; id != NONE;) {
            uint16_t next = t->buffers[id].next;
            give_back(t, id);
            id = next;
        }
        s->first = s->last = keep;
        if (keep != NONE) {
            t->buffers[keep].next = NONE;
        }
        shutdown(s->fd, SHUT_RDWR);
    }
}

static void
received(struct thread *t, struct side *s, const struct io_uring_cqe *cqe)
{
    s->is_receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
    if (cqe->res > 0) {
        uint16_t id = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        struct side *to = s->other;
        t->buffers[id] = (struct buffer){.len = (uint32_t)cqe->res, .next = NONE};
        if (to->first == NONE) {
            to->first = id;
        } else {
            t->buffers[to->last].next = id;
        }
        to->last = id;
        if (!to->is_sending) {
            send_first(t, to);
        }
    } else if (cqe->res == -ENOBUFS) {
        assert(t->starved.count < BUFFERS);
        t->starved.sides[t->starved.count++] = s;
        return;
    } else {
        s->is_ended = true;
        if (cqe->res < 0) {
            abandon(t, s->pair);
        }
    }
    if (!s->is_receiving && !s->is_ended) {
        receive(t, s);
    }
    if (s->is_ended) {
        pass_on_the_end(s->pair);
    }
}

static void
sent(struct thread *t, struct side *s, int res)
{
    uint16_t id = s->first;
    struct buffer *b = &t->buffers[id];
    s->is_sending = false;
    if (res > 0 && b->at + (uint32_t)res < b->len) {
        b->at += (uint32_t)res;
        send_first(t, s);
        return;
    }
    s->first = b->next;
    give_back(t, id);
    if (res <= 0) {
        abandon(t, s->pair);
    } else if (s->first != NONE) {
        send_first(t, s);
        return;
    }
    if (s->other->is_ended) {
        pass_on_the_end(s->pair);
    }
}

static void
wait_for_more(struct thread *t)
{
    struct io_uring_sqe *sqe = next_sqe(t, t, HANDED);
    io_uring_prep_read(sqe, t->pipe[0], &t->handed, sizeof(t->handed), 0);
    set_owner(sqe, t, HANDED);
}

static void
begin_pair(struct thread *t)
{
    struct pair *p = check_alloc(1, sizeof(*p));
    for (unsigned i = 0; i < 2; i++) {
        int on = 1;
        p->sides[i] = (struct side){.other = &p->sides[1 - i],
                                    .pair = p,
                                    .fd = t->handed.fds[i],
                                    .first = NONE,
                                    .last = NONE};
        setsockopt(t->handed.fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        receive(t, &p->sides[i]);
    }
    wait_for_more(t);
}

static void
set_up(struct thread *t)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = 8192};
    int err = io_uring_queue_init_params(2048, &t->ring, &params);
    if (err != 0) {
        die("io_uring_queue_init", err);
    }
    size_t size = BUFFERS * sizeof(struct io_uring_buf);
    void *memory = mmap(NULL, size + (size_t)BUFFERS * BUFFER_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        die("mmap", errno);
    }
    struct io_uring_buf_reg reg = {.ring_addr = (uintptr_t)memory, .ring_entries = BUFFERS};
    err = io_uring_register_buf_ring(&t->ring, &reg, 0);
    if (err != 0) {
        die("io_uring_register_buf_ring", err);
    }
    t->free = memory;
    t->memory = (uint8_t *)memory + size;
    io_uring_buf_ring_init(t->free);
    for (uint16_t i = 0; i < BUFFERS; i++) {
        give_back(t, i);
    }
}

static void
turn(struct thread *t)
{
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    int err = io_uring_submit_and_wait(&t->ring, 1);
    if (err < 0 && err != -EINTR) {
        die("io_uring_submit_and_wait", err);
    }
    io_uring_for_each_cqe(&t->ring, head, cqe)
    {
        void *owner = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)WHAT_MASK);
        count++;
        switch ((enum what)(cqe->user_data & WHAT_MASK)) {
        case RECEIVED:
            received(t, owner, cqe);
            break;
        case SENT:
            sent(t, owner, cqe->res);
            break;
        default:
            begin_pair(t);
            break;
        }
    }
    io_uring_cq_advance(&t->ring, count);
}

static void *
run(void *argument)
{
    struct thread *t = argument;
    set_up(t); /* here: a ring belongs to the thread that makes it */
    wait_for_more(t);
    while (true) {
        turn(t);
    }
    return NULL;
}

static struct sockaddr_in
loopback(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int
connect_upstream(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        die("connect", errno);
    }
    return fd;
}

int
main(int argc, char **argv)
{
    if (argc != 4 || atoi(argv[3]) < 1 || atoi(argv[3]) > THREADS_MAX) {
        fprintf(stderr, "usage: relay LISTEN_PORT UPSTREAM_PORT THREADS\n");
        return 2;
    }
    struct sockaddr_in here = loopback(argv[1]), upstream = loopback(argv[2]);
    unsigned count = (unsigned)atoi(argv[3]);
    struct thread *threads[THREADS_MAX];
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        threads[i] = check_alloc(1, sizeof(*threads[i]));
        if (pipe(threads[i]->pipe) != 0 || pthread_create(&thread, NULL, run, threads[i]) != 0) {
            die("thread", errno);
        }
    }
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(fd, 4096) != 0) {
        die("listen", errno);
    }
    for (unsigned i = 0;; i = (i + 1) % count) {
        struct handed handed = {{accept4(fd, NULL, NULL, SOCK_CLOEXEC), -1}};
        if (handed.fds[0] < 0) {
            continue;
        }
        handed.fds[1] = connect_upstream(&upstream);
        if (write(threads[i]->pipe[1], &handed, sizeof(handed)) != sizeof(handed)) {
            die("pipe", errno);
        }
    }
}
