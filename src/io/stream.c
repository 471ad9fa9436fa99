/* SPDX-License-Identifier: Apache-2.0 */
#include "io/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Chunks that fill a buffer of the ring, one after the other: from then on it is a bulk of data,
 * which larger reads carry better. */
#define FULL_CHUNKS_MAX 8
/* Small reads, one after the other, until it is none any more. */
#define QUIET_READS 16

static struct uring *
uring_of(const struct stream *s)
{
    return loop_uring(s->loop);
}

/* From here on epoll tells when there is something to read or room to write. */
static int
watch(struct stream *s)
{
    if (s->is_watched) {
        return 0;
    }
    int err = loop_watch_add(s->loop, &s->watch, s->fd, LOOP_READ | LOOP_WRITE | LOOP_EDGE);
    if (err != 0) {
        return err;
    }
    s->is_watched = true;
    s->loud_reads = s->is_connecting ? 0 : QUIET_READS;
    if (s->is_receiving) {
        s->is_receiving = uring_stop(uring_of(s), &s->port);
        s->is_readable = !s->is_receiving;
    }
    return 0;
}

static void
receive(struct stream *s)
{
    s->is_receiving = true;
    s->full_chunks = 0;
    uring_receive(uring_of(s), &s->port);
}

/* Back to the ring, when all is quiet: nothing waits to be read or written. */
static void
settle(struct stream *s)
{
    if (uring_of(s) != NULL && s->is_watched && !s->is_receiving && !s->is_connecting &&
        !s->is_readable && !s->has_hangup && !s->is_at_end && s->loud_reads == 0 &&
        s->kept == NULL && stream_queued(s) == 0) {
        loop_watch_remove(s->loop, &s->watch);
        s->is_watched = false;
        receive(s);
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

/* Appends what is behind the first `skip` bytes; epoll tells when they can go. */
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
    return watch(s);
}

/* What the kernel does not take is queued. */
static int
send_now(struct stream *s, const struct iovec *iov, int count, size_t total)
{
    size_t sent = 0;
    if (!s->is_connecting && stream_queued(s) == 0) {
        const struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
        ssize_t n;
        do {
            n = sendmsg(s->fd, &message, MSG_NOSIGNAL);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN) {
            s->is_broken = true;
            return -errno;
        }
        sent = n < 0 ? 0 : (size_t)n;
    }
    return sent == total ? 0 : enqueue(s, iov, count, sent);
}

static void
ended(struct stream *s, int err)
{
    s->is_at_end = true;
    s->ops->eof(s, err);
}

static void
pump(struct stream *s)
{
    for (unsigned i = 0; i < STREAM_TURN_CHUNKS; i++) {
        /* What is kept comes first; whoever resumed has deferred it. */
        if (!s->is_readable || s->is_paused || s->is_at_end || s->is_connecting ||
            s->is_receiving || s->kept != NULL) {
            return;
        }
        ssize_t n = recv(s->fd, s->pool->read_buffer, STREAM_CHUNK_MAX, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            s->is_readable = errno == EINTR;
            continue;
        }
        if (n <= 0) {
            ended(s, n == 0 ? 0 : -errno);
            return;
        }
        /* A short read has emptied the socket (epoll(7)), unless its end is behind it. */
        s->is_readable = n == (ssize_t)STREAM_CHUNK_MAX || s->has_hangup;
        if ((size_t)n > URING_CHUNK) {
            s->loud_reads = QUIET_READS;
        } else if (s->loud_reads > 0) {
            s->loud_reads--;
        }
        s->ops->data(s, slice_of(s->pool->read_buffer, (size_t)n), loop_clock_ns(s->loop));
        if (!stream_is_open(s)) {
            return;
        }
    }
    loop_defer(s->loop, &s->again);
}

/* False when the stream was closed, or more is kept than the owner wants. */
static bool
tell_kept(struct stream *s)
{
    while (s->kept != NULL && !s->is_paused) {
        /* It must outlive a close from inside the call. */
        struct kept *k = TAKE(s->kept);
        struct slice chunk = kept_next(k, STREAM_CHUNK_MAX);
        if (chunk.len > 0) {
            s->ops->data(s, chunk, loop_clock_ns(s->loop));
        } else if (kept_has_end(k)) {
            ended(s, kept_take_end(k));
        }
        if (stream_is_open(s) && !kept_is_empty(k)) {
            s->kept = TAKE(k);
        }
        kept_free(&k);
        if (!stream_is_open(s)) {
            return false;
        }
    }
    return s->kept == NULL;
}

static void
pump_again(struct loop_task *task)
{
    struct stream *s = CONTAINER_OF(task, struct stream, again);
    if (s->broken_err != 0) {
        int err = s->broken_err;
        s->broken_err = 0;
        s->ops->broken(s, err);
    }
    if (stream_is_open(s) && tell_kept(s)) {
        pump(s);
    }
    if (stream_is_open(s)) {
        settle(s);
    }
}

static void
shut_if_wanted(struct stream *s)
{
    if (s->shut_wanted && !s->is_shut && !s->is_connecting && stream_queued(s) == 0) {
        s->is_shut = true;
        shutdown(s->fd, SHUT_WR);
    }
}

static void
flush(struct stream *s)
{
    if (stream_queued(s) == 0) {
        return;
    }
    while (s->head < s->tail) {
        ssize_t n = send(s->fd, s->block + s->head, s->tail - s->head, MSG_NOSIGNAL);
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
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len);
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
    if (stream_is_open(s)) {
        settle(s);
    }
}

/* The ring's side. */

/* Notes what is told at the end of the turn. */
static void
break_later(struct stream *s, int err)
{
    s->is_broken = true;
    s->broken_err = err;
    give_block(s);
    loop_defer(s->loop, &s->again);
}

static void
batch_sent(struct uring_port *port, struct slice rest, int err)
{
    struct stream *s = CONTAINER_OF(port, struct stream, port);
    s->is_batched = false;
    if (err != 0 && err != -EAGAIN && err != -EINTR) {
        break_later(s, err);
        return;
    }
    if (rest.len > 0) {
        const struct iovec iov = {(void *)rest.ptr, rest.len};
        err = enqueue(s, &iov, 1, 0);
        if (err != 0) {
            break_later(s, err);
        }
    }
}

static void
tell_received(struct stream *s, int result, struct slice chunk)
{
    bool is_end = result == 0 || (result < 0 && result != -ECANCELED && result != -ENOBUFS &&
                                  result != -EINTR && result != -EAGAIN);
    if (s->is_at_end || (chunk.len == 0 && !is_end)) {
        return;
    }
    if (chunk.len == URING_CHUNK && s->full_chunks < FULL_CHUNKS_MAX) {
        s->full_chunks++;
    } else if (chunk.len < URING_CHUNK) {
        s->full_chunks = 0;
    }
    if (s->full_chunks == FULL_CHUNKS_MAX || s->is_paused) {
        int err = watch(s);
        if (err != 0) {
            ended(s, err);
            return;
        }
    }
    if (s->is_paused || s->kept != NULL) {
        int err = kept_add(&s->kept, chunk);
        if (err != 0) {
            ended(s, err);
        } else if (is_end) {
            kept_set_end(s->kept, result);
        }
    } else if (is_end) {
        ended(s, result);
    } else {
        s->chunk_lasts = true;
        s->ops->data(s, chunk, loop_now_ns(s->loop));
        s->chunk_lasts = false;
    }
}

static void
received(struct uring_port *port, int result, struct slice chunk, bool goes_on)
{
    struct stream *s = CONTAINER_OF(port, struct stream, port);
    s->is_receiving = goes_on;
    tell_received(s, result, chunk);
    if (!stream_is_open(s) || s->is_receiving || s->is_at_end) {
        return;
    }
    if (s->is_watched) {
        s->is_readable = true;
        loop_defer(s->loop, &s->again);
    } else {
        receive(s);
    }
}

static const struct uring_ops uring_ops = {received, batch_sent};

/* What waits for the end of the turn goes out now. 0 or -errno: broken. */
static int
send_batch(struct stream *s)
{
    if (!s->is_batched) {
        return 0;
    }
    struct slice batch = uring_take_batch(uring_of(s), &s->port);
    s->is_batched = false;
    const struct iovec iov = {(void *)batch.ptr, batch.len};
    return send_now(s, &iov, 1, batch.len);
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
      int fd, bool is_connecting)
{
    *s = (struct stream){
        .fd = fd,
        .watch = {.fd = -1, .ready = stream_ready},
        .again = {.run = pump_again},
        .deadline = {.fire = connect_is_late},
        .loop = loop,
        .pool = pool,
        .ops = ops,
        .port = {.ops = &uring_ops},
        .is_connecting = is_connecting,
    };
    struct uring *uring = loop_uring(loop);
    int err = uring == NULL ? 0 : uring_open(uring, &s->port, fd);
    if (err != 0) {
        close(fd);
        s->fd = -1;
        return err;
    }
    if (uring != NULL && !is_connecting) {
        receive(s);
        return 0;
    }
    err = watch(s);
    if (err != 0) {
        stream_close(s);
    }
    return err;
}

void
stream_prepare_listener(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        set_options(fd, address.ss_family);
    }
}

int
stream_open(struct stream *s, struct loop *loop, struct stream_pool *pool,
            const struct stream_ops *ops, int fd)
{
    return start(s, loop, pool, ops, fd, false);
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
    int err = start(s, loop, pool, ops, fd, true);
    if (err != 0) {
        return err;
    }
    loop_timer_set(loop, &s->deadline, loop_now_ns(loop) + timeout_ns);
    return 0;
}

void
stream_close(struct stream *s)
{
    if (!stream_is_open(s)) {
        return;
    }
    (void)send_batch(s);
    loop_timer_cancel(s->loop, &s->deadline);
    loop_defer_cancel(&s->again);
    /* Closing the only descriptor of a socket takes it out of the epoll set by itself, unless the
     * kernel still receives from it. */
    if (s->is_watched && s->is_receiving) {
        loop_watch_remove(s->loop, &s->watch);
    }
    s->watch.fd = -1;
    if (uring_of(s) != NULL) {
        uring_close(uring_of(s), &s->port);
    }
    close(s->fd);
    s->fd = -1;
    give_block(s);
    kept_free(&s->kept);
}

int
stream_write(struct stream *s, const struct iovec *iov, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += iov[i].iov_len;
    }
    if (total == 0) {
        return 0;
    }
    if (!stream_is_open(s) || s->is_broken || s->shut_wanted) {
        return -EPIPE;
    }
    if (uring_of(s) != NULL && !s->is_connecting && stream_queued(s) == 0) {
        if (total <= URING_CHUNK && uring_batch(uring_of(s), &s->port, iov, count, total)) {
            s->is_batched = true;
            return 0;
        }
        int err = send_batch(s);
        if (err != 0) {
            return err;
        }
    }
    return send_now(s, iov, count, total);
}

void
stream_expect_end(struct stream *s)
{
    if (s->is_watched) {
        s->has_hangup = true;
        s->is_readable = true;
        loop_defer(s->loop, &s->again);
    }
}

void
stream_shut(struct stream *s)
{
    if (stream_is_open(s)) {
        int err = send_batch(s);
        s->shut_wanted = true;
        if (err != 0) {
            break_later(s, err);
        }
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
        if (stream_is_open(s) && (s->is_readable || s->kept != NULL)) {
            loop_defer(s->loop, &s->again);
        }
    }
}
