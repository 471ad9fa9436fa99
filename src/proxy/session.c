/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/session.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "proxy/aside.h"
#include "proxy/census.h"
#include "proxy/link.h"
#include "proxy/listener.h"
#include "proxy/security.h"
#include "proxy/worker.h"

#define SESSION_MAGIC  0x5e5510e1u
#define HALF_CLOSED_NS (60 * NS_PER_S)
#define LINGER_NS      (1 * NS_PER_S)
/* For the rest of the queue, when the client reads it slowly. */
#define FLUSH_NS (10 * NS_PER_S)

static const struct driver_ops *
ops_of(const struct session *s)
{
    return s->listener->listener->ops;
}

static uint64_t
now_of(const struct session *s)
{
    return loop_now_ns(s->worker->loop);
}

static void
set_timer(struct session *s, enum session_timer what, uint64_t after_ns)
{
    s->timer_is = (uint8_t)what;
    loop_timer_set(s->worker->loop, &s->timer, now_of(s) + after_ns);
}

static struct session *
session_of(struct stream *client)
{
    struct session *s = CONTAINER_OF(client, struct session, client.stream);
    OBJ_CHECK(s, SESSION_MAGIC);
    return s;
}

static struct session *
owner_of(const struct backend *b)
{
    struct session *s = b->owner;
    OBJ_CHECK(s, SESSION_MAGIC);
    return s;
}

/* The client's side of the streams' callbacks. */

static void
client_data(struct stream *client, struct slice chunk, uint64_t at_ns)
{
    link_relay(session_of(client), SIDE_CLIENT, chunk, at_ns);
}

static void
client_eof(struct stream *client, int err)
{
    link_ended(session_of(client), SIDE_CLIENT, err);
}

static void
client_drained(struct stream *client)
{
    link_drained(session_of(client), SIDE_CLIENT);
}

static void
client_broken(struct stream *client, int err)
{
    session_side_ended(session_of(client), SIDE_CLIENT, err);
}

static const struct stream_ops client_ops = {client_data, client_eof, client_drained, NULL,
                                             client_broken};

/* No upstream for this session: the protocol's own error, then the end. */
static void
fail(struct session *s, enum driver_failure failure)
{
    static const enum close_reason reasons[] = {
        [DRIVER_FAILURE_REFUSED] = CLOSE_UPSTREAM_FAILED,
        [DRIVER_FAILURE_TIMEOUT] = CLOSE_UPSTREAM_FAILED,
        [DRIVER_FAILURE_RESOLVE] = CLOSE_UPSTREAM_FAILED,
        [DRIVER_FAILURE_TLS] = CLOSE_UPSTREAM_FAILED,
        [DRIVER_FAILURE_LIMIT] = CLOSE_LIMIT,
        [DRIVER_FAILURE_DRAINING] = CLOSE_DRAIN,
        [DRIVER_FAILURE_LISTENER] = CLOSE_LIMIT,
        [DRIVER_FAILURE_ADDRESS] = CLOSE_LIMIT,
        [DRIVER_FAILURE_LOGIN] = CLOSE_LIMIT,
    };
    struct driver_out out = {0};
    s->worker->counters[failure == DRIVER_FAILURE_LOGIN ? COUNTER_sessions_timed_out
                                                        : COUNTER_sessions_refused]++;
    ops_of(s)->failed(s->listener->driver, &s->ds, failure, now_of(s), &out);
    if (link_insert(s, SIDE_CLIENT, out.to_client)) {
        session_end(s, reasons[failure]);
    }
}

static void
unlink_backend(struct session *s)
{
    backend_close(&s->backend);
    s->ds.backend_id = 0;
    s->ds.upstream_tls = NULL;
    s->ds.upstream_is_open = false;
    s->ds.address = NULL;
    s->upstream_ended = false;
    s->upstream_deaf = false;
    if (s->held[SIDE_UPSTREAM].block != NULL) {
        stream_pool_give(&s->worker->streams, s->held[SIDE_UPSTREAM].block);
        s->held[SIDE_UPSTREAM].block = NULL;
        s->held[SIDE_UPSTREAM].tail = 0;
    }
    s->held[SIDE_UPSTREAM].end = 1;
}

/* The upstream's side. */

static void
backend_connected(struct backend *b, int err)
{
    struct session *s = owner_of(b);
    if (err != 0) {
        s->worker->counters[COUNTER_upstream_failed]++;
        log_warn("proxy", "upstream_failed", "cannot connect to the upstream",
                 LOG_STR("upstream", b->listener->upstream), LOG_ERRNO(err));
        unlink_backend(s);
        fail(s, err == -ETIMEDOUT ? DRIVER_FAILURE_TIMEOUT
                : err == -ENXIO   ? DRIVER_FAILURE_RESOLVE
                : err == -EPROTO  ? DRIVER_FAILURE_TLS
                                  : DRIVER_FAILURE_REFUSED);
        return;
    }
    s->ds.backend_id = b->id;
    s->ds.connect_ns = loop_clock_ns(s->worker->loop) - b->start_ns;
    s->ds.upstream_is_open = true;
    s->ds.address = &b->address;
    s->ds.upstream_tls = conn_tls_of(&b->conn);
    if (ops_of(s)->connected != NULL) {
        ops_of(s)->connected(s->listener->driver, &s->ds, now_of(s));
    }
    if (s->client_ended) {
        conn_shut(&b->conn);
    }
    link_drained(s, SIDE_UPSTREAM);
}

static void
backend_data(struct backend *b, struct slice chunk, uint64_t at_ns)
{
    link_relay(owner_of(b), SIDE_UPSTREAM, chunk, at_ns);
}

static void
backend_eof(struct backend *b, int err)
{
    link_ended(owner_of(b), SIDE_UPSTREAM, err);
}

static void
backend_drained(struct backend *b)
{
    link_drained(owner_of(b), SIDE_UPSTREAM);
}

static const struct backend_ops backend_ops = {backend_connected, backend_data, backend_eof,
                                               backend_drained};

void
session_link(struct session *s, const struct resolve_address *address)
{
    if (s->backend != NULL || s->is_ending || s->is_closed) {
        return;
    }
    if (address == NULL && (s->is_refused || s->worker->is_draining)) {
        fail(s, s->is_refused ? (enum driver_failure)s->refusal : DRIVER_FAILURE_DRAINING);
        return;
    }
    if (s->timer_is == TIMER_LOGIN && !ops_of(s)->logs_in) {
        loop_timer_cancel(s->worker->loop, &s->timer);
    }
    s->worker->counters[COUNTER_cancels] += address != NULL;
    /* What a cancel belongs to may have TLS: it is tried wherever it may be. */
    s->backend = backend_open(s->worker, s->listener->listener, address, &backend_ops, s,
                              s->ds.client_asked_tls || address != NULL);
    if (s->backend == NULL) {
        fail(s, DRIVER_FAILURE_LIMIT);
    }
}

static void
client_secured(struct stream *client, int err, const char *reason)
{
    struct session *s = session_of(client);
    struct tls *tls = conn_tls_of(&s->client);
    if (err == 0 && s->is_direct_tls && ops_of(s)->needs_alpn && !tls_has_alpn(tls)) {
        err = -EPROTO;
        reason = "TLS without asking, and without naming the protocol (ALPN)";
    }
    if (err == 0) {
        s->worker->counters[COUNTER_tls_clients]++;
        s->ds.client_tls = tls;
        return;
    }
    s->worker->counters[COUNTER_tls_failed]++;
    log_info("proxy", "tls_failed", "a client's TLS handshake failed",
             LOG_STR("listener", s->listener->listener->name), LOG_STR("reason", reason),
             LOG_HEX("session", s->ds.id));
    session_close(s, CLOSE_ERROR);
}

void
session_start_tls(struct session *s, struct slice early)
{
    struct tls_context *context = security_client_context(s->ds.security);
    s->is_direct_tls = early.len > 0;
    int err =
        context == NULL ? -EINVAL : conn_start_tls(&s->client, context, client_secured, early);
    tls_context_free(&context);
    if (err != 0) {
        session_close(s, CLOSE_ERROR);
    }
}

bool
session_apply(struct session *s, const struct driver_out *out)
{
    if (out->aside.len > 0) {
        aside_send(s->worker, s->listener->listener, out->address, out->aside);
    }
    if (out->connect) {
        session_link(s, out->address);
    }
    if (s->is_ending || s->is_closed || !link_insert(s, SIDE_CLIENT, out->to_client) ||
        (out->to_upstream.len > 0 && !link_insert(s, SIDE_UPSTREAM, out->to_upstream))) {
        return false;
    }
    if (out->unlink) {
        unlink_backend(s);
    }
    if (out->close) {
        session_end(s, s->upstream_ended ? CLOSE_UPSTREAM : CLOSE_CLIENT);
        return false;
    }
    return true;
}

/* The client has sent its last byte and did not say goodbye. The kernel of one that is gone resets
 * the connection at the first byte that it is sent; one that takes bytes lives. */
static void
doubt(struct session *s)
{
    s->doubt_bytes = s->ds.bytes_out;
    set_timer(s, TIMER_DOUBT, DRIVER_DOUBT_NS);
}

static void
client_is_dead(struct session *s)
{
    struct driver_out out = {0};
    if (!s->ds.opaque) {
        ops_of(s)->client_eof(s->listener->driver, &s->ds, true, now_of(s), &out);
    }
    aside_send(s->worker, s->listener->listener, out.address, out.aside);
    session_close(s, CLOSE_CLIENT);
}

static void
login_is_late(struct session *s)
{
    if (!ops_of(s)->logs_in) {
        s->worker->counters[COUNTER_sessions_timed_out]++;
        session_end(s, CLOSE_LIMIT);
    } else if (!s->ds.logged_in && !s->ds.opaque) {
        fail(s, DRIVER_FAILURE_LOGIN);
    }
}

static void
timer_fires(struct timer *timer, uint64_t now_ns)
{
    struct session *s = CONTAINER_OF(timer, struct session, timer);
    OBJ_CHECK(s, SESSION_MAGIC);
    switch ((enum session_timer)s->timer_is) {
    case TIMER_LOGIN:
        login_is_late(s);
        break;
    case TIMER_HALF_CLOSED:
        session_end(s, s->client_ended ? CLOSE_CLIENT : CLOSE_UPSTREAM);
        break;
    case TIMER_DOUBT:
        if (s->ds.bytes_out != s->doubt_bytes) {
            doubt(s);
        } else {
            client_is_dead(s);
        }
        break;
    case TIMER_LINGER:
        session_close(s, s->reason);
        break;
    }
}

static void
retire(struct loop_task *task)
{
    struct session *s = CONTAINER_OF(task, struct session, retire);
    s->magic = 0;
    pool_put(&s->worker->sessions, s);
}

/* Beside the limit there are a few slots for those that are only to be told of it. */
static struct session *
new_session(struct worker *w)
{
    uint32_t max = atomic_load_explicit(&w->limits->sessions_max, memory_order_relaxed);
    struct session *s = pool_get(&w->sessions);
    if (s == NULL) {
        return NULL;
    }
    s->magic = SESSION_MAGIC;
    s->is_refused = pool_used(&w->sessions) > max;
    s->worker = w;
    s->timer.fire = timer_fires;
    s->retire.run = retire;
    s->show.run = link_show;
    s->held[SIDE_CLIENT].end = 1;
    s->held[SIDE_UPSTREAM].end = 1;
    return s;
}

/* Counted among its kind, unless there are too many already. */
static void
count_in(struct session *s, enum census_of of, struct slice name, const _Atomic uint32_t *max,
         enum driver_failure failure)
{
    struct census *census = s->worker->env.census;
    uint16_t scope = of == CENSUS_LISTENER ? s->ds.listener : 0;
    uint64_t key = census_key(census, of, scope, name);
    uint32_t limit = atomic_load_explicit(max, memory_order_relaxed);
    uint32_t count = census_enter(census, key);
    if (count != 0 && (limit == 0 || count <= limit)) {
        s->census[of] = key;
        return;
    }
    if (count != 0) {
        census_leave(census, key);
    }
    s->is_refused = true;
    s->refusal = (uint8_t)failure;
}

static void
take_census(struct session *s)
{
    static const uint8_t nowhere[sizeof(s->ds.client_ip)];
    const struct limits *limits = s->worker->limits;
    s->refusal = DRIVER_FAILURE_LIMIT;
    if (!s->is_refused) {
        count_in(s, CENSUS_LISTENER, SLICE_NONE, &limits->per_listener_max,
                 DRIVER_FAILURE_LISTENER);
    }
    /* Who comes by a unix socket has no address. */
    if (!s->is_refused && memcmp(s->ds.client_ip, nowhere, sizeof(nowhere)) != 0) {
        count_in(s, CENSUS_ADDRESS, slice_of(s->ds.client_ip, sizeof(s->ds.client_ip)),
                 &limits->per_address_max, DRIVER_FAILURE_ADDRESS);
    }
}

static void
leave_census(struct session *s)
{
    for (unsigned i = 0; i < ARRAY_LEN(s->census); i++) {
        if (s->census[i] != 0) {
            census_leave(s->worker->env.census, s->census[i]);
        }
    }
}

void
session_open(struct worker *worker, struct worker_listener *listener, int fd,
             const uint8_t client_ip[16], uint16_t client_port)
{
    struct session *s = new_session(worker);
    if (s == NULL) {
        worker->counters[COUNTER_sessions_refused]++;
        close(fd);
        return;
    }
    if (conn_open(&s->client, worker->loop, &worker->streams, &client_ops, fd) != 0) {
        worker->counters[COUNTER_sessions_refused]++;
        pool_put(&worker->sessions, s);
        return;
    }
    s->listener = listener;
    s->ds.id = worker_next_id(worker);
    s->ds.start_ns = loop_now_ns(worker->loop);
    s->ds.listener = listener->listener->index;
    s->ds.upstream = listener->listener->index;
    s->ds.client_port = client_port;
    memcpy(s->ds.client_ip, client_ip, sizeof(s->ds.client_ip));
    s->ds.state = s->state;
    s->ds.security = listener->listener->security;
    list_init(&s->node);
    list_append(&worker->sessions_open, &s->node);
    worker->counters[COUNTER_sessions_opened]++;
    worker->counters[COUNTER_sessions_now]++;
    take_census(s);
    if (s->is_refused) {
        log_warn("proxy", "sessions_full", "too many client connections, refusing",
                 LOG_STR("listener", listener->listener->name));
    }
    set_timer(s, TIMER_LOGIN,
              atomic_load_explicit(&worker->limits->login_timeout_ns, memory_order_relaxed));
    struct driver_out out = {0};
    listener->listener->ops->open(listener->driver, &s->ds, s->ds.start_ns, &out);
    session_apply(s, &out);
}

void
session_close(struct session *s, enum close_reason reason)
{
    link_catch_up(s);
    if (s->is_closed) {
        return;
    }
    s->is_closed = true;
    s->reason = s->is_ending ? s->reason : (uint8_t)reason;
    ops_of(s)->close(s->listener->driver, &s->ds, s->reason, now_of(s));
    conn_close(&s->client);
    backend_close(&s->backend);
    link_drop_held(s);
    leave_census(s);
    loop_timer_cancel(s->worker->loop, &s->timer);
    list_remove(&s->node);
    s->worker->counters[COUNTER_sessions_closed]++;
    s->worker->counters[COUNTER_sessions_now]--;
    worker_session_closed(s->worker);
    loop_defer(s->worker->loop, &s->retire);
}

void
session_end(struct session *s, enum close_reason reason)
{
    link_catch_up(s);
    if (s->is_closed) {
        return;
    }
    if (!s->is_ending) {
        s->is_ending = true;
        s->reason = (uint8_t)reason;
        link_drop_held(s);
    }
    if (s->backend != NULL && (backend_queued(s->backend) == 0 || s->upstream_ended ||
                               s->upstream_deaf || !s->backend->is_connected)) {
        backend_close(&s->backend);
    }
    bool is_flushed = conn_queued(&s->client) == 0;
    if (is_flushed && s->client_ended && s->backend == NULL) {
        session_close(s, s->reason);
        return;
    }
    /* Closing with unread bytes would reset the connection under the client's last reply. */
    conn_shut(&s->client);
    conn_resume(&s->client);
    set_timer(s, TIMER_LINGER, is_flushed && s->backend == NULL ? LINGER_NS : FLUSH_NS);
}

static void
client_side_ended(struct session *s, int err)
{
    if (s->client_ended && err == 0) {
        return;
    }
    s->client_ended = true;
    if (s->is_ending) {
        if (err != 0 || conn_queued(&s->client) == 0) {
            session_close(s, s->reason);
        }
        return;
    }
    if (err != 0) {
        client_is_dead(s);
        return;
    }
    struct driver_out out = {0};
    if (!s->ds.opaque) {
        ops_of(s)->client_eof(s->listener->driver, &s->ds, false, now_of(s), &out);
    }
    if (!session_apply(s, &out)) {
        return;
    }
    if (s->backend == NULL || s->upstream_ended) {
        session_end(s, CLOSE_CLIENT);
        return;
    }
    if (s->backend->is_connected) {
        conn_shut(&s->backend->conn);
    }
    if (out.doubtful) {
        doubt(s);
    } else {
        set_timer(s, TIMER_HALF_CLOSED, HALF_CLOSED_NS);
    }
}

static void
upstream_side_ended(struct session *s, int err)
{
    if (s->upstream_ended || s->backend == NULL) {
        return;
    }
    s->upstream_ended = true;
    if (s->is_ending) {
        session_end(s, s->reason);
        return;
    }
    struct driver_out out = {0};
    if (!s->ds.opaque) {
        ops_of(s)->upstream_eof(s->listener->driver, &s->ds, err != 0, now_of(s), &out);
    }
    s->ds.upstream_is_open = false;
    if (!session_apply(s, &out)) {
        return;
    }
    if (s->backend == NULL && s->client_ended) {
        session_end(s, CLOSE_CLIENT);
    } else if (s->backend == NULL) {
        conn_resume(&s->client);
        link_unhold(s, SIDE_CLIENT);
    } else if (s->client_ended || err != 0) {
        session_end(s, CLOSE_UPSTREAM);
    } else {
        conn_shut(&s->client);
        set_timer(s, TIMER_HALF_CLOSED, HALF_CLOSED_NS);
        link_unhold(s, SIDE_CLIENT);
    }
}

void
session_side_ended(struct session *s, enum side side, int err)
{
    link_catch_up(s);
    if (s->is_closed) {
        return;
    }
    if (side == SIDE_CLIENT) {
        client_side_ended(s, err);
    } else {
        upstream_side_ended(s, err);
    }
}

bool
session_drain(struct session *s)
{
    link_catch_up(s);
    if (s->is_ending || s->is_closed) {
        return true;
    }
    struct driver_out out = {0};
    if (s->ds.opaque || !ops_of(s)->drain(s->listener->driver, &s->ds, now_of(s), &out)) {
        return false;
    }
    if (link_insert(s, SIDE_CLIENT, out.to_client)) {
        session_end(s, CLOSE_DRAIN);
    }
    return true;
}

void
session_resume(struct driver_session *ds)
{
    struct session *s = CONTAINER_OF(ds, struct session, ds);
    OBJ_CHECK(s, SESSION_MAGIC);
    link_unhold(s, SIDE_UPSTREAM);
    link_unhold(s, SIDE_CLIENT);
}

void
session_check_idle(struct session *s)
{
    struct driver_out out = {0};
    if (s->is_ending || s->is_closed || s->ds.opaque || ops_of(s)->idle == NULL) {
        return;
    }
    s->ds.client_queued = (uint32_t)conn_queued(&s->client);
    s->ds.upstream_queued = s->backend == NULL ? 0 : (uint32_t)backend_queued(s->backend);
    if (!ops_of(s)->idle(s->listener->driver, &s->ds, now_of(s), &out)) {
        return;
    }
    s->worker->counters[COUNTER_sessions_timed_out]++;
    if (link_insert(s, SIDE_CLIENT, out.to_client)) {
        session_end(s, CLOSE_LIMIT);
    }
}
