/* SPDX-License-Identifier: Apache-2.0 */
#include "io/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
stream_pool_init(struct stream_pool *pool, uint32_t block_count)
{
    size_t size = (size_t)block_count * STREAM_QUEUE_MAX;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *pool = (struct stream_pool){
        .memory = memory,
        .memory_size = size,
        .read_buffer = check_alloc(1, STREAM_CHUNK_MAX),
        .free_blocks = check_alloc(block_count, sizeof(uint32_t)),
        .free_count = block_count,
        .block_count = block_count,
    };
    for (uint32_t i = 0; i < block_count; i++) {
        pool->free_blocks[i] = block_count - 1 - i;
    }
    return 0;
}

void
stream_pool_fini(struct stream_pool *pool)
{
    if (pool->memory != NULL) {
        munmap(pool->memory, pool->memory_size);
    }
    free(pool->read_buffer);
    free(pool->free_blocks);
    *pool = (struct stream_pool){0};
}

uint8_t *
stream_pool_take(struct stream_pool *pool)
{
    if (pool->free_count == 0) {
        return NULL;
    }
    uint32_t index = pool->free_blocks[--pool->free_count];
    pool->touched = MAX(pool->touched, pool->block_count - pool->free_count);
    return pool->memory + (size_t)index * STREAM_QUEUE_MAX;
}

/* Blocks that are kept warm when the pool falls idle after a burst. */
#define POOL_WARM_BLOCKS 64

void
stream_pool_give(struct stream_pool *pool, uint8_t *block)
{
    pool->free_blocks[pool->free_count++] =
        (uint32_t)((size_t)(block - pool->memory) / STREAM_QUEUE_MAX);
    if (pool->free_count == pool->block_count && pool->touched > POOL_WARM_BLOCKS) {
        madvise(pool->memory, pool->memory_size, MADV_DONTNEED);
        pool->touched = 0;
    }
}

static void
give_block(struct stream *s)
{
    if (s->block != NULL) {
        stream_pool_give(s->pool, s->block);
        s->block = NULL;
    }
    s->head = s->tail = 0;
}

static void
pump(struct stream *s)
{
    for (unsigned i = 0; i < STREAM_TURN_CHUNKS; i++) {
        if (!s->is_readable || s->is_paused || s->is_at_end || s->is_connecting) {
            return;
        }
        ssize_t n = recv(s->watch.fd, s->pool->read_buffer, STREAM_CHUNK_MAX, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            s->is_readable = errno == EINTR;
            continue;
        }
        if (n <= 0) {
            s->is_at_end = true;
            s->ops->eof(s, n == 0 ? 0 : -errno);
            return;
        }
        /* A short read has emptied the socket (epoll(7)), unless its end is behind it. */
        s->is_readable = n == (ssize_t)STREAM_CHUNK_MAX || s->has_hangup;
        s->ops->data(s, slice_of(s->pool->read_buffer, (size_t)n), loop_clock_ns(s->loop));
        if (!stream_is_open(s)) {
            return;
        }
    }
    loop_defer(s->loop, &s->again);
}

static void
pump_again(struct loop_task *task)
{
    struct stream *s = CONTAINER_OF(task, struct stream, again);
    if (stream_is_open(s)) {
        pump(s);
    }
}

static void
shut_if_wanted(struct stream *s)
{
    if (s->shut_wanted && !s->is_shut && !s->is_connecting && stream_queued(s) == 0) {
        s->is_shut = true;
        shutdown(s->watch.fd, SHUT_WR);
    }
}

static void
flush(struct stream *s)
{
    if (stream_queued(s) == 0) {
        return;
    }
    while (s->head < s->tail) {
        ssize_t n = send(s->watch.fd, s->block + s->head, s->tail - s->head, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n < 0) {
            int err = -errno;
            s->is_broken = true;
            give_block(s);
            s->ops->broken(s, err);
            return;
        }
        s->head += (uint32_t)n;
    }
    give_block(s);
    shut_if_wanted(s);
    s->ops->drained(s);
}

static void
finish_connect(struct stream *s, int err)
{
    s->is_connecting = false;
    loop_timer_cancel(s->loop, &s->deadline);
    s->ops->connected(s, err);
    if (stream_is_open(s) && err == 0) {
        shut_if_wanted(s);
        flush(s);
    }
}

static void
connect_is_late(struct timer *timer, uint64_t now_ns)
{
    struct stream *s = CONTAINER_OF(timer, struct stream, deadline);
    finish_connect(s, -ETIMEDOUT);
}

static void
stream_ready(struct loop_watch *watch, unsigned events)
{
    struct stream *s = CONTAINER_OF(watch, struct stream, watch);
    if (s->is_connecting) {
        int err = 0;
        socklen_t len = sizeof(err);
        if ((events & (LOOP_WRITE | LOOP_ERROR | LOOP_HANGUP)) == 0) {
            return;
        }
        getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        finish_connect(s, -err);
        if (err != 0) {
            return; /* by now it may be another connection */
        }
    } else if ((events & (LOOP_WRITE | LOOP_ERROR)) != 0) {
        flush(s);
    }
    if (!stream_is_open(s)) {
        return;
    }
    if ((events & (LOOP_HANGUP | LOOP_ERROR)) != 0) {
        s->has_hangup = true;
        s->is_readable = true;
    }
    if ((events & LOOP_READ) != 0) {
        s->is_readable = true;
    }
    pump(s);
}

/* Small messages go out at once, and a peer that has vanished is noticed within two minutes. */
static void
set_options(int fd, int family)
{
    if (family == AF_INET || family == AF_INET6) {
        int on = 1, idle_s = 60, interval_s = 20, count = 3;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    }
}

static int
start(struct stream *s, struct loop *loop, struct stream_pool *pool, const struct stream_ops *ops,
      int fd)
{
    *s = (struct stream){
        .watch = {.fd = -1, .ready = stream_ready},
        .again = {.run = pump_again},
        .deadline = {.fire = connect_is_late},
        .loop = loop,
        .pool = pool,
        .ops = ops,
    };
    int err = loop_watch_add(loop, &s->watch, fd, LOOP_READ | LOOP_WRITE | LOOP_EDGE);
    if (err != 0) {
        close(fd);
    }
    return err;
}

int
stream_open(struct stream *s, struct loop *loop, struct stream_pool *pool,
            const struct stream_ops *ops, int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        set_options(fd, address.ss_family);
    }
    return start(s, loop, pool, ops, fd);
}

int
stream_connect(struct stream *s, struct loop *loop, struct stream_pool *pool,
               const struct stream_ops *ops, const struct sockaddr *address, socklen_t address_len,
               uint64_t timeout_ns)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    set_options(fd, address->sa_family);
    if (connect(fd, address, address_len) != 0 && errno != EINPROGRESS) {
        int err = -errno;
        close(fd);
        return err;
    }
    /* Also a connect that is done already is told by its first event. */
    int err = start(s, loop, pool, ops, fd);
    if (err != 0) {
        return err;
    }
    s->is_connecting = true;
    loop_timer_set(loop, &s->deadline, loop_now_ns(loop) + timeout_ns);
    return 0;
}

void
stream_close(struct stream *s)
{
    if (!stream_is_open(s)) {
        return;
    }
    int fd = s->watch.fd;
    loop_timer_cancel(s->loop, &s->deadline);
    loop_defer_cancel(&s->again);
    /* Closing the only descriptor of a socket takes it out of the epoll set by itself. */
    s->watch.fd = -1;
    close(fd);
    give_block(s);
}

/* Appends what is behind the first `skip` bytes. */
static int
enqueue(struct stream *s, const struct iovec *iov, int count, size_t skip)
{
    if (s->block == NULL) {
        s->block = stream_pool_take(s->pool);
        if (s->block == NULL) {
            return -ENOSPC;
        }
    }
    for (int i = 0; i < count; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        size_t len = iov[i].iov_len - skip;
        if (len > STREAM_QUEUE_MAX - s->tail && s->head > 0) {
            memmove(s->block, s->block + s->head, s->tail - s->head);
            s->tail -= s->head;
            s->head = 0;
        }
        if (len > STREAM_QUEUE_MAX - s->tail) {
            return -ENOSPC;
        }
        memcpy(s->block + s->tail, (const uint8_t *)iov[i].iov_base + skip, len);
        s->tail += (uint32_t)len;
        skip = 0;
    }
    return 0;
}

int
stream_write(struct stream *s, const struct iovec *iov, int count)
{
    size_t total = 0, sent = 0;
    for (int i = 0; i < count; i++) {
        total += iov[i].iov_len;
    }
    if (total == 0) {
        return 0;
    }
    if (!stream_is_open(s) || s->is_broken || s->shut_wanted) {
        return -EPIPE;
    }
    if (!s->is_connecting && stream_queued(s) == 0) {
        const struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
        ssize_t n;
        do {
            n = sendmsg(s->watch.fd, &message, MSG_NOSIGNAL);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN) {
            s->is_broken = true;
            return -errno;
        }
        sent = n < 0 ? 0 : (size_t)n;
    }
    return sent == total ? 0 : enqueue(s, iov, count, sent);
}

void
stream_shut(struct stream *s)
{
    if (stream_is_open(s)) {
        s->shut_wanted = true;
        shut_if_wanted(s);
    }
}

void
stream_pause(struct stream *s)
{
    s->is_paused = true;
}

void
stream_resume(struct stream *s)
{
    if (s->is_paused) {
        s->is_paused = false;
        if (stream_is_open(s) && s->is_readable) {
            loop_defer(s->loop, &s->again);
        }
    }
}
