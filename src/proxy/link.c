/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/link.h"

#include <errno.h>
#include <string.h>

#include "proxy/worker.h"

/* What one chunk becomes on its way to the other side. Our own bytes are copied, because the
 * driver may reuse theirs at the next hook. */
struct gather {
    struct iovec iov[STREAM_IOV_MAX];
    int count;
    uint8_t own[2 * DRIVER_INSERT_MAX];
    size_t own_len;
};

static void
pause_side(struct session *s, enum side side)
{
    if (side == SIDE_CLIENT) {
        conn_pause(&s->client);
    } else if (s->backend != NULL) {
        conn_pause(&s->backend->conn);
    }
}

static void
resume_side(struct session *s, enum side side)
{
    if (s->held[side].tail > 0) {
        return;
    }
    if (side == SIDE_CLIENT) {
        conn_resume(&s->client);
    } else if (s->backend != NULL) {
        conn_resume(&s->backend->conn);
    }
}

/* An upstream that takes no more may still have an explanation to send: it is read on to its end,
 * and what the client goes on saying is dropped. */
static bool
upstream_is_deaf(struct session *s)
{
    if (s->upstream_ended) {
        session_end(s, CLOSE_UPSTREAM);
        return false;
    }
    if (!s->upstream_deaf && s->backend != NULL) {
        s->upstream_deaf = true;
        stream_expect_end(&s->backend->conn.stream);
        resume_side(s, SIDE_UPSTREAM);
    }
    return true;
}

/* False when the session has ended. */
static bool
write_to(struct session *s, enum side to, const struct iovec *iov, int count)
{
    int err;
    if (to == SIDE_CLIENT) {
        err = conn_write(&s->client, iov, count);
    } else if (s->upstream_deaf) {
        return true;
    } else {
        err = s->backend == NULL ? -ENOTCONN : backend_write(s->backend, iov, count);
    }
    if (err == 0) {
        return true;
    }
    if (err == -ENOSPC) {
        session_close(s, CLOSE_LIMIT);
    } else if (to == SIDE_CLIENT) {
        link_drop_held(s);
        session_side_ended(s, SIDE_CLIENT, err);
    } else if (s->backend != NULL) {
        return upstream_is_deaf(s);
    } else {
        session_close(s, CLOSE_ERROR);
    }
    return false;
}

bool
link_insert(struct session *s, enum side to, struct slice bytes)
{
    struct iovec iov = {(void *)bytes.ptr, bytes.len};
    return bytes.len == 0 || write_to(s, to, &iov, 1);
}

static bool
gather_flush(struct session *s, enum side to, struct gather *g)
{
    bool goes_on = g->count == 0 || write_to(s, to, g->iov, g->count);
    g->count = 0;
    g->own_len = 0;
    return goes_on;
}

static bool
gather_add(struct session *s, enum side to, struct gather *g, struct slice bytes, bool is_own)
{
    if (bytes.len == 0) {
        return true;
    }
    if (g->count == STREAM_IOV_MAX || (is_own && bytes.len > sizeof(g->own) - g->own_len)) {
        if (!gather_flush(s, to, g)) {
            return false;
        }
    }
    if (is_own && bytes.len > DRIVER_INSERT_MAX) {
        assert(bytes.len <= DRIVER_OWN_MAX);
        return gather_flush(s, to, g) && link_insert(s, to, bytes);
    }
    if (is_own) {
        memcpy(g->own + g->own_len, bytes.ptr, bytes.len);
        bytes.ptr = g->own + g->own_len;
        g->own_len += bytes.len;
    }
    struct iovec *last = g->count == 0 ? NULL : &g->iov[g->count - 1];
    if (last != NULL && (const uint8_t *)last->iov_base + last->iov_len == bytes.ptr) {
        last->iov_len += bytes.len;
    } else {
        g->iov[g->count++] = (struct iovec){(void *)bytes.ptr, bytes.len};
    }
    return true;
}

static size_t
show(struct session *s, enum side from, struct slice chunk, uint64_t at_ns, struct driver_out *out)
{
    const struct driver_ops *ops = s->listener->listener->ops;
    void *driver = s->listener->driver;
    return from == SIDE_CLIENT ? ops->client_bytes(driver, &s->ds, chunk, at_ns, out)
                               : ops->upstream_bytes(driver, &s->ds, chunk, at_ns, out);
}

static bool
is_passive(const struct session *s, enum side from)
{
    return s->ds.opaque || (from == SIDE_CLIENT ? s->ds.passive_client : s->ds.passive_upstream);
}

/* Keeps what the driver does not want yet; that side is not read meanwhile. */
static bool
hold(struct session *s, enum side from, struct slice rest)
{
    if (s->held[from].block == NULL) {
        s->held[from].block = stream_pool_take(&s->worker->streams);
        if (s->held[from].block == NULL) {
            session_close(s, CLOSE_LIMIT);
            return false;
        }
    }
    memmove(s->held[from].block, rest.ptr, rest.len);
    s->held[from].head = 0;
    s->held[from].tail = (uint32_t)rest.len;
    pause_side(s, from);
    return true;
}

/* The driver may change this side: piece by piece. False when the session has ended. */
static bool
relay_edited(struct session *s, enum side from, struct slice chunk, uint64_t at_ns)
{
    enum side to = from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT;
    struct gather g = {.count = 0};
    while (chunk.len > 0) {
        struct driver_out out = {0};
        bool passive = is_passive(s, from);
        size_t used = passive ? chunk.len : show(s, from, chunk, at_ns, &out);
        if (passive && !s->ds.opaque) {
            show(s, from, chunk, at_ns, &out);
            out = (struct driver_out){.close = out.close};
        }
        assert(used <= chunk.len);
        if (out.connect) {
            session_link(s, out.address);
        }
        if (s->is_closed || s->is_ending) {
            return false;
        }
        struct slice own_on = from == SIDE_CLIENT ? out.to_upstream : out.to_client;
        struct slice own_back = from == SIDE_CLIENT ? out.to_client : out.to_upstream;
        if ((!out.drop && !gather_add(s, to, &g, slice_sub(chunk, 0, used), false)) ||
            !gather_add(s, to, &g, own_on, true) || !link_insert(s, from, own_back)) {
            return false;
        }
        if ((out.close || out.unlink || out.aside.len > 0) &&
            (!gather_flush(s, to, &g) ||
             !session_apply(s, &(struct driver_out){.close = out.close,
                                                    .unlink = out.unlink,
                                                    .aside = out.aside,
                                                    .address = out.address}))) {
            return false;
        }
        chunk = slice_sub(chunk, used, chunk.len);
        if (out.start_tls_client) {
            session_start_tls(s, chunk);
            return false; /* what there is to relay comes through TLS */
        }
        if (used == 0) {
            return gather_flush(s, to, &g) && hold(s, from, chunk);
        }
    }
    return gather_flush(s, to, &g);
}

/* What was written on by done_ns. False when the session has ended. */
static bool
show_passive(struct session *s, enum side from, struct slice chunk, uint64_t at_ns,
             uint64_t done_ns)
{
    s->ds.inside_ns += done_ns - at_ns;
    if (!s->ds.opaque) {
        struct driver_out out = {0};
        show(s, from, chunk, at_ns, &out);
        return !out.close || session_apply(s, &(struct driver_out){.close = true});
    }
    return true;
}

static void
tell_relayed(struct session *s)
{
    const struct driver_ops *ops = s->listener->listener->ops;
    if (ops->relayed != NULL && !s->is_closed && !s->ds.opaque) {
        ops->relayed(s->listener->driver, &s->ds);
    }
}

static void
show_unseen(struct session *s, uint64_t done_ns)
{
    struct slice chunk = s->unseen.chunk;
    s->unseen.chunk = SLICE_NONE;
    loop_defer_cancel(&s->show);
    show_passive(s, (enum side)s->unseen.from, chunk, s->unseen.at_ns, done_ns);
    tell_relayed(s);
}

void
link_show(struct loop_task *task)
{
    struct session *s = CONTAINER_OF(task, struct session, show);
    show_unseen(s, loop_now_ns(s->worker->loop));
}

void
link_catch_up(struct session *s)
{
    if (s->unseen.chunk.len > 0) {
        show_unseen(s, loop_clock_ns(s->worker->loop));
    }
}

/* It is written at the end of the turn, and nobody waits for what the driver makes of it. */
static bool
can_wait(const struct session *s, enum side from)
{
    enum side to = from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT;
    const struct conn *c = from == SIDE_CLIENT ? &s->client : &s->backend->conn;
    return conn_chunk_lasts(c) && s->held[to].tail == 0 && !s->worker->is_draining;
}

/* Forwarded first, shown afterwards. False when the session has ended. */
static bool
relay_passive(struct session *s, enum side from, struct slice chunk, uint64_t at_ns, bool is_new)
{
    struct iovec iov = {(void *)chunk.ptr, chunk.len};
    if (!write_to(s, from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT, &iov, 1)) {
        return false;
    }
    if (is_new && can_wait(s, from)) {
        s->unseen.chunk = chunk;
        s->unseen.at_ns = at_ns;
        s->unseen.from = (uint8_t)from;
        loop_after_sends(s->worker->loop, &s->show);
        return true;
    }
    bool goes_on = show_passive(s, from, chunk, at_ns, loop_clock_ns(s->worker->loop));
    tell_relayed(s);
    return goes_on;
}

static bool
is_blocked(const struct session *s, enum side to)
{
    if (to == SIDE_CLIENT) {
        return conn_queued(&s->client) > 0;
    }
    return s->backend != NULL && (!s->backend->is_connected || backend_queued(s->backend) > 0);
}

/* is_new: not held before, so it may be what the other side's held bytes wait for. */
static void
relay_chunk(struct session *s, enum side from, struct slice chunk, uint64_t at_ns, bool is_new)
{
    enum side to = from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT;
    bool goes_on;
    if (is_passive(s, from)) {
        goes_on = relay_passive(s, from, chunk, at_ns, is_new);
    } else {
        goes_on = relay_edited(s, from, chunk, at_ns);
        s->ds.inside_ns += loop_clock_ns(s->worker->loop) - at_ns;
        tell_relayed(s);
    }
    if (!goes_on) {
        return;
    }
    if (is_blocked(s, to)) {
        pause_side(s, from);
    }
    if (is_new && s->held[to].tail > 0) {
        link_unhold(s, to);
    }
    if (s->worker->is_draining && !s->is_closed) {
        session_drain(s);
    }
}

void
link_relay(struct session *s, enum side from, struct slice chunk, uint64_t at_ns)
{
    link_catch_up(s);
    if (s->is_ending || s->is_closed) {
        return; /* nobody is left to hear it */
    }
    if (from == SIDE_CLIENT) {
        s->ds.bytes_in += chunk.len;
        s->worker->counters[COUNTER_bytes_to_upstream] += chunk.len;
    } else {
        s->ds.bytes_out += chunk.len;
        s->worker->counters[COUNTER_bytes_to_client] += chunk.len;
    }
    relay_chunk(s, from, chunk, at_ns, true);
}

void
link_unhold(struct session *s, enum side from)
{
    link_catch_up(s);
    uint32_t len = s->held[from].tail;
    if (len == 0 || s->is_ending || s->is_closed) {
        return;
    }
    s->held[from].tail = 0;
    relay_chunk(s, from, slice_of(s->held[from].block, len), loop_clock_ns(s->worker->loop), false);
    if (s->held[from].tail > 0 || s->is_closed) {
        return; /* held on, or freed with the session */
    }
    if (s->held[from].block != NULL) {
        stream_pool_give(&s->worker->streams, s->held[from].block);
        s->held[from].block = NULL;
    }
    if (!is_blocked(s, from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT)) {
        resume_side(s, from);
    }
    if (s->held[from].end <= 0 && !s->is_ending) {
        session_side_ended(s, from, s->held[from].end);
    }
}

void
link_drop_held(struct session *s)
{
    for (unsigned side = 0; side < ARRAY_LEN(s->held); side++) {
        s->held[side].tail = 0;
        if (s->held[side].block != NULL) {
            stream_pool_give(&s->worker->streams, s->held[side].block);
            s->held[side].block = NULL;
        }
    }
}

void
link_drained(struct session *s, enum side to)
{
    if (s->is_ending) {
        session_end(s, s->reason);
    } else if (!s->is_closed && !is_blocked(s, to)) {
        resume_side(s, to == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT);
    }
}

void
link_ended(struct session *s, enum side from, int err)
{
    link_catch_up(s);
    if (s->held[from].tail > 0 && err == 0) {
        s->held[from].end = 0;
        return;
    }
    session_side_ended(s, from, err);
}
