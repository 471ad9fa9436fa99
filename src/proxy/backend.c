/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/backend.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "io/log.h"
#include "proxy/listener.h"
#include "proxy/security.h"
#include "proxy/worker.h"

#define BACKEND_MAGIC 0xbac4e4d0u
#define RETRY_NS      (20 * NS_PER_MS)
#define DOUBTFUL_NS   (10 * NS_PER_S)

static void try_next(struct backend *b);

static struct backend *
backend_of(struct stream *s)
{
    struct backend *b = CONTAINER_OF(s, struct backend, conn.stream);
    OBJ_CHECK(b, BACKEND_MAGIC);
    return b;
}

/* When connecting to that place of the upstream's addresses last failed. */
static uint64_t *
failed_ns_of(struct backend *b, unsigned place)
{
    return &b->worker->listeners[b->listener->index].failed_ns[place];
}

/* Others are tried before it for a while; said once in that while. */
static void
address_failed(struct backend *b, int err)
{
    uint64_t now_ns = loop_now_ns(b->worker->loop);
    uint64_t *failed_ns = failed_ns_of(b, b->address_at);
    if (b->is_pinned) {
        return;
    }
    if (*failed_ns == 0 || now_ns >= *failed_ns + DOUBTFUL_NS) {
        char address[RESOLVE_HOST_MAX];
        log_info("proxy", "address_failed", "an address of the upstream takes no connection",
                 LOG_STR("upstream", b->listener->upstream),
                 LOG_STR("address", resolve_format(&b->address, address, sizeof(address))),
                 LOG_ERRNO(err));
    }
    *failed_ns = now_ns;
}

/* This attempt is over; on to the next address, once the stream's own work is done. */
static void
attempt_failed(struct backend *b, int err)
{
    address_failed(b, err);
    conn_close(&b->conn);
    b->is_asking = false;
    b->last_err = err;
    loop_timer_set(b->worker->loop, &b->retry, loop_now_ns(b->worker->loop));
}

static void
stands(struct backend *b)
{
    loop_timer_cancel(b->worker->loop, &b->retry);
    b->is_connected = true;
    if (!b->is_pinned) {
        *failed_ns_of(b, b->address_at) = 0;
    }
    struct iovec iov = {b->pending, b->pending_len};
    /* A failure shows as the end of the stream, too. */
    if (b->pending_len > 0 && conn_write(&b->conn, &iov, 1) != 0) {
        stream_expect_end(&b->conn.stream);
    }
    if (b->pending != NULL) {
        stream_pool_give(&b->worker->streams, b->pending);
        b->pending = NULL;
        b->pending_len = 0;
    }
    b->ops->connected(b, 0);
}

/* No TLS with this address: without it, where that will do. */
static void
tls_failed(struct backend *b, const char *reason)
{
    b->worker->counters[COUNTER_tls_failed]++;
    log_warn("proxy", "upstream_tls_failed", "no TLS with the upstream",
             LOG_STR("upstream", b->listener->upstream), LOG_STR("reason", reason));
    if (b->tls_wanted == BACKEND_TLS_PREFERRED) {
        b->is_plain_next = true;
    }
    attempt_failed(b, -EPROTO);
}

static void
on_secured(struct stream *s, int err, const char *reason)
{
    struct backend *b = backend_of(s);
    if (err != 0) {
        tls_failed(b, reason);
        return;
    }
    b->worker->counters[COUNTER_tls_upstreams]++;
    stands(b);
}

static void
start_tls(struct backend *b)
{
    struct tls_context *context = security_server_context(b->listener->security);
    int err = context == NULL ? -EINVAL : conn_start_tls(&b->conn, context, on_secured, SLICE_NONE);
    tls_context_free(&context);
    if (err != 0) {
        tls_failed(b, log_strerror(err));
    }
}

static void
on_connected(struct stream *s, int err)
{
    struct backend *b = backend_of(s);
    const struct driver_ops *driver = b->listener->ops;
    bool is_plain =
        b->is_plain_next || b->address.sa.ss_family == AF_UNIX || b->tls_wanted == BACKEND_TLS_NONE;
    b->is_plain_next = false;
    if (err != 0) {
        attempt_failed(b, err);
        return;
    }
    if (is_plain) {
        stands(b);
        return;
    }
    loop_timer_set(b->worker->loop, &b->retry, b->deadline_ns);
    if (driver->tls_at_once) {
        start_tls(b);
        return;
    }
    struct iovec iov = {(void *)driver->tls_request.ptr, driver->tls_request.len};
    b->is_asking = true;
    if (conn_write(&b->conn, &iov, 1) != 0) {
        attempt_failed(b, -EPROTO);
    }
}

/* One byte is the answer, and anything behind it was not said inside TLS. */
static void
tls_answered(struct backend *b, struct slice chunk)
{
    const struct driver_ops *driver = b->listener->ops;
    b->is_asking = false;
    if (chunk.len == 1 && chunk.ptr[0] == driver->tls_yes) {
        start_tls(b);
    } else if (chunk.len == 1 && chunk.ptr[0] == driver->tls_no) {
        if (b->tls_wanted == BACKEND_TLS_PREFERRED) {
            stands(b);
        } else {
            tls_failed(b, "the server does not speak TLS");
        }
    } else if (chunk.len == 1) {
        tls_failed(b, "the server's answer to the request for TLS is none");
    } else {
        b->tls_wanted = BACKEND_TLS_REQUIRED; /* somebody meddles: not in the clear */
        tls_failed(b, "unencrypted bytes came behind the server's answer");
    }
}

static void
on_data(struct stream *s, struct slice chunk, uint64_t at_ns)
{
    struct backend *b = backend_of(s);
    if (b->is_asking) {
        tls_answered(b, chunk);
    } else {
        b->ops->data(b, chunk, at_ns);
    }
}

static void
on_eof(struct stream *s, int err)
{
    struct backend *b = backend_of(s);
    if (b->is_connected) {
        b->ops->eof(b, err);
    } else {
        tls_failed(b, "the server ended the connection");
    }
}

static void
on_drained(struct stream *s)
{
    struct backend *b = backend_of(s);
    if (b->is_connected) {
        b->ops->drained(b);
    }
}

static void
on_broken(struct stream *s, int err)
{
    /* What it still had to say may be readable; its end comes by on_eof. The owner's other side
     * must not wait for a queue that is gone. */
    struct backend *b = backend_of(s);
    if (b->is_connected) {
        b->ops->drained(b);
    }
}

static const struct stream_ops stream_ops = {on_data, on_eof, on_drained, on_connected, on_broken};

/* True: at least one look-up is under way. */
static bool
refresh(const struct listener *listener)
{
    bool any = false;
    for (unsigned i = 0; i < listener->target_count; i++) {
        any |= resolve_refresh(listener->targets[i]);
    }
    return any;
}

/* Changes whenever the answer for one of the names may have. */
static uint32_t
generation_of(const struct listener *listener)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < listener->target_count; i++) {
        sum += resolve_generation(listener->targets[i]);
    }
    return sum;
}

static void
give_up(struct backend *b)
{
    refresh(b->listener);
    b->ops->connected(b, b->last_err);
}

static void
try_soon(struct backend *b)
{
    loop_timer_set(b->worker->loop, &b->retry, loop_now_ns(b->worker->loop) + RETRY_NS);
}

/* Once for each connection: none of the name's addresses answers, or none is known. They may be
 * others by now. True: that is being looked up. */
static bool
look_up_again(struct backend *b)
{
    if (b->is_pinned || b->has_looked_up) {
        return false;
    }
    b->has_looked_up = true;
    b->generation = generation_of(b->listener);
    b->is_looking_up = refresh(b->listener);
    return b->is_looking_up;
}

/* All that are known, in the order of the configuration. */
static unsigned
known_addresses(const struct listener *listener,
                struct resolve_address addresses[RESOLVE_ADDRESSES_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < listener->target_count; i++) {
        struct resolve_address found[RESOLVE_ADDRESSES_MAX];
        bool pending;
        unsigned n = resolve_addresses(listener->targets[i], found, &pending);
        for (unsigned k = 0; k < n && count < RESOLVE_ADDRESSES_MAX; k++) {
            addresses[count++] = found[k];
        }
    }
    return count;
}

/* The next address that was not tried yet; those that failed a moment ago come last. False: there
 * is none. *ret_left: how many come after it. */
static bool
next_address(struct backend *b, uint64_t now_ns, unsigned *ret_left)
{
    struct resolve_address addresses[RESOLVE_ADDRESSES_MAX];
    int best = -1;
    unsigned left = 0;
    if (b->is_plain_next || b->is_pinned) {
        bool is_again = b->is_plain_next || b->tried == 0;
        b->tried |= 1u << b->address_at;
        *ret_left = 0;
        return is_again;
    }
    unsigned count = known_addresses(b->listener, addresses);
    bool best_doubtful = false;
    for (unsigned i = 0; i < count; i++) {
        uint64_t failed_ns = *failed_ns_of(b, i);
        bool is_doubtful = failed_ns != 0 && now_ns < failed_ns + DOUBTFUL_NS;
        if ((b->tried & 1u << i) != 0) {
            continue;
        }
        left++;
        if (best < 0 || (best_doubtful && !is_doubtful)) {
            best = (int)i;
            best_doubtful = is_doubtful;
        }
    }
    if (best < 0) {
        return false;
    }
    b->address_at = (uint8_t)best;
    b->address = addresses[best];
    b->tried |= 1u << best;
    *ret_left = left - 1;
    return true;
}

/* Starts on the next address; when there is none left, or no time, tells the owner. */
static void
try_next(struct backend *b)
{
    uint64_t now_ns = loop_now_ns(b->worker->loop);
    unsigned left;
    if (b->is_looking_up) {
        if (generation_of(b->listener) == b->generation && now_ns < b->deadline_ns) {
            try_soon(b);
            return;
        }
        b->is_looking_up = false;
        b->tried = 0;
    }
    while (now_ns < b->deadline_ns && next_address(b, now_ns, &left)) {
        /* Leaves time for the addresses behind it. */
        uint64_t share_ns = (b->deadline_ns - now_ns) / (left + 1u);
        int err = conn_connect(&b->conn, b->worker->loop, &b->worker->streams, &stream_ops,
                               (const struct sockaddr *)&b->address.sa, b->address.len, share_ns);
        if (err == 0) {
            return;
        }
        b->last_err = err;
        if (err == -EAGAIN) {
            /* A unix socket whose queue is full at the moment. */
            b->tried &= ~(1u << b->address_at);
            try_soon(b);
            return;
        }
        address_failed(b, err);
    }
    if (now_ns < b->deadline_ns && look_up_again(b)) {
        try_soon(b);
    } else {
        give_up(b);
    }
}

static void
retry_fires(struct timer *timer, uint64_t now_ns)
{
    struct backend *b = CONTAINER_OF(timer, struct backend, retry);
    if (conn_is_open(&b->conn)) {
        attempt_failed(b, -ETIMEDOUT); /* connected, but not a word about TLS */
    } else {
        try_next(b);
    }
}

static void
retire(struct loop_task *task)
{
    struct backend *b = CONTAINER_OF(task, struct backend, retire);
    b->magic = 0;
    pool_put(&b->worker->backends, b);
}

static enum backend_tls
tls_of(const struct listener *listener, bool client_asked_tls)
{
    const struct driver_ops *ops = listener->ops;
    if (listener->security == NULL || (ops->tls_request.len == 0 && !ops->tls_at_once)) {
        return BACKEND_TLS_NONE;
    }
    switch (security_choice(listener->security)->server_tls) {
    case SERVER_TLS_DISABLE:
        return BACKEND_TLS_NONE;
    case SERVER_TLS_FOLLOW:
        return client_asked_tls ? BACKEND_TLS_PREFERRED : BACKEND_TLS_NONE;
    case SERVER_TLS_PREFER:
        return BACKEND_TLS_PREFERRED;
    default:
        return BACKEND_TLS_REQUIRED;
    }
}

struct backend *
backend_open(struct worker *worker, const struct listener *listener,
             const struct resolve_address *address, const struct backend_ops *ops, void *owner,
             bool client_asked_tls)
{
    struct backend *b = pool_get(&worker->backends);
    if (b == NULL) {
        return NULL;
    }
    uint64_t now_ns = loop_now_ns(worker->loop);
    b->magic = BACKEND_MAGIC;
    b->worker = worker;
    b->listener = listener;
    b->ops = ops;
    b->owner = owner;
    if (address != NULL) {
        b->is_pinned = true;
        b->address = *address;
    }
    b->id = worker_next_id(worker);
    b->start_ns = now_ns;
    b->deadline_ns =
        now_ns + atomic_load_explicit(&worker->limits->connect_timeout_ns, memory_order_relaxed);
    b->conn.stream.fd = -1;
    b->tls_wanted = tls_of(listener, client_asked_tls);
    b->retry.fire = retry_fires;
    b->retire.run = retire;
    b->last_err = -ENXIO;
    /* Its first attempt may fail at once, and the owner does not know the backend yet: the timer
     * is due in this same turn or the next. */
    loop_timer_set(worker->loop, &b->retry, now_ns);
    return b;
}

void
backend_close(struct backend **backend)
{
    struct backend *b = TAKE(*backend);
    if (b == NULL) {
        return;
    }
    OBJ_CHECK(b, BACKEND_MAGIC);
    loop_timer_cancel(b->worker->loop, &b->retry);
    conn_close(&b->conn);
    if (b->pending != NULL) {
        stream_pool_give(&b->worker->streams, b->pending);
        b->pending = NULL;
    }
    loop_defer(b->worker->loop, &b->retire);
}

int
backend_write(struct backend *b, const struct iovec *iov, int count)
{
    if (b->is_connected) {
        return conn_write(&b->conn, iov, count);
    }
    if (b->pending == NULL) {
        b->pending = stream_pool_take(&b->worker->streams);
        if (b->pending == NULL) {
            return -ENOSPC;
        }
    }
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > STREAM_QUEUE_MAX - b->pending_len) {
            return -ENOSPC;
        }
        memcpy(b->pending + b->pending_len, iov[i].iov_base, iov[i].iov_len);
        b->pending_len += (uint32_t)iov[i].iov_len;
    }
    return 0;
}

size_t
backend_queued(const struct backend *b)
{
    return b->is_connected ? conn_queued(&b->conn) : b->pending_len;
}
