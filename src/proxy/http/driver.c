/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/driver.c - the HTTP/1.1 hop: the life of its sessions, and how long they may wait
 * (http_session.h). */
#include <stdlib.h>

#include "io/log.h"
#include "proxy/announce.h"
#include "proxy/http/http_session.h"
#include "proxy/listener.h"

static int
worker_new(const struct driver_env *env, void **ret_worker)
{
    struct http_worker *w = check_alloc(1, sizeof(*w));
    w->env = env;
    w->prng.state = env->seed;
    w->next_request = prng_next(&w->prng);
    *ret_worker = w;
    return 0;
}

static void
worker_free(void *worker)
{
    free(worker);
}

void
http_session_announce(struct http_worker *w, struct driver_session *s, uint64_t now_ns)
{
    struct http_session *h = s->state;
    uint32_t epoch = publisher_epoch(w->env->publisher);
    if (epoch == h->epoch) {
        return;
    }
    announce_session(w->env, s, PROTOCOL_HTTP, (struct announce_names){0}, h->requests > 0, now_ns);
    h->epoch = epoch;
}

static void
session_open(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    http_session_announce(worker, s, now_ns);
}

void
http_session_finish(struct http_session *h, uint64_t now_ns)
{
    if (h->exchange != NULL) {
        assert(h->done == NULL);
        h->done = TAKE(h->exchange);
        h->done->event.end_ns = now_ns;
    }
    h->in_response_body = false;
    held_reset(&h->response_head);
}

void
http_session_publish(struct driver_session *s)
{
    struct http_session *h = s->state;
    if (h->done != NULL) {
        exchange_publish(h->done, s);
        exchange_free(&h->done);
    }
}

static void
relayed(void *worker, struct driver_session *s)
{
    http_session_publish(s);
}

static void
connected(void *worker, struct driver_session *s, uint64_t now_ns)
{
    struct http_worker *w = worker;
    struct http_session *h = s->state;
    h->backend = s->backend_id;
    h->moved_ns = now_ns;
    announce_backend(w->env, s, 0, now_ns);
}

static void
request_is_late(struct http_worker *w, struct driver_session *s, struct driver_out *out)
{
    log_info("http", "client_timeout", "a client took too long over its request",
             LOG_U64("listener", s->listener), LOG_HEX("session", s->id));
    http_answer(w, s, 408, "slowburn: the request took too long to come\n", out);
}

static void
failed(void *worker, struct driver_session *s, enum driver_failure failure, uint64_t now_ns,
       struct driver_out *out)
{
    struct http_session *h = s->state;
    if (failure != DRIVER_FAILURE_LOGIN) {
        http_answer_failure(worker, s, failure, out);
    } else if (h->request_head.len > 0) {
        request_is_late(worker, s, out);
    }
    http_session_finish(h, now_ns);
    http_session_publish(s);
}

static void
client_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
           struct driver_out *out)
{
    struct http_session *h = s->state;
    if (h->tunnel && !broken) {
        return;
    }
    /* A client that has sent its whole request and shuts its side down may still be reading. */
    if (broken || h->exchange == NULL || h->in_request_body) {
        if (h->exchange != NULL) {
            h->exchange->event.flags |= REQUEST_CLIENT_ABORTED;
        }
        http_session_finish(h, now_ns);
        http_session_publish(s);
        out->close = true;
    }
}

/* The upstream went before its answer was complete. Where it had not begun on a connection that
 * was used before, the client gets what it would get without us, a connection that ends: it knows
 * that it may ask again. */
static void
response_is_cut(struct http_worker *w, struct driver_session *s, struct driver_out *out)
{
    struct http_session *h = s->state;
    bool has_begun = h->exchange->event.first_byte_ns != 0;
    if (has_begun || h->requests <= 1) {
        http_answer_broken(w, s, 502, "upstream_closed",
                           has_begun ? "it ended in the middle"
                                     : "the connection was closed without an answer",
                           out);
        return;
    }
    log_info("http", "upstream_reused", "the upstream closed just as a request came to it",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream));
    h->exchange->event.flags |= REQUEST_UPSTREAM_FAILED;
}

static void
upstream_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
             struct driver_out *out)
{
    struct http_session *h = s->state;
    if (h->tunnel && !broken) {
        return;
    }
    if (h->exchange != NULL) {
        bool whole = h->in_response_body && http_body_may_end_at_close(&h->response_body);
        if (!whole || broken) {
            response_is_cut(worker, s, out);
        }
        http_session_finish(h, now_ns);
        http_session_publish(s);
    }
    out->close = true;
}

static bool
drain(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    const struct http_session *h = s->state;
    return h->exchange == NULL && !h->in_request_body && !h->tunnel && h->request_head.len == 0;
}

enum waiting {
    WAITING_NOT,      /* or for what is bounded elsewhere */
    WAITING_REQUEST,  /* the next one, on a connection that is kept alive */
    WAITING_HEAD,     /* the rest of a request's head */
    WAITING_BODY,     /* more of a request's body */
    WAITING_RESPONSE, /* the upstream's word, or that it takes a body */
};

static enum waiting
waits_for(const struct driver_session *s)
{
    const struct http_session *h = s->state;
    if (h->tunnel || h->refused) {
        return WAITING_NOT;
    }
    if (h->exchange == NULL && !h->in_request_body) {
        return h->request_head.len > 0 ? WAITING_HEAD
               : h->requests > 0       ? WAITING_REQUEST
                                       : WAITING_NOT;
    }
    if (!s->upstream_is_open || s->client_queued > 0) {
        return WAITING_NOT;
    }
    return h->in_request_body && s->upstream_queued == 0 && !h->awaits_continue ? WAITING_BODY
                                                                                : WAITING_RESPONSE;
}

/* A client that takes nothing of what waits for it. */
static bool
is_stuck(struct driver_session *s, uint64_t now_ns, uint64_t limit_ns)
{
    struct http_session *h = s->state;
    uint64_t taken = s->bytes_out - MIN(s->bytes_out, (uint64_t)s->client_queued);
    if (s->client_queued == 0 || h->tunnel || taken != h->taken) {
        h->taken = taken;
        h->taken_ns = now_ns;
    }
    return limit_ns > 0 && now_ns > h->taken_ns + limit_ns;
}

static void
client_gave_up(struct driver_session *s, struct driver_out *out)
{
    struct http_session *h = s->state;
    log_info("http", "client_stuck", "a client took too long to read its response",
             LOG_U64("listener", s->listener), LOG_HEX("session", s->id));
    if (h->exchange != NULL) {
        h->exchange->event.flags |= REQUEST_CLIENT_ABORTED;
    }
    h->refused = true;
}

static bool
idle(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    struct http_worker *w = worker;
    struct http_session *h = s->state;
    const struct limits *limits = w->env->limits;
    uint64_t client_ns = atomic_load_explicit(&limits->client_ns, memory_order_relaxed);
    uint64_t response_ns = atomic_load_explicit(&limits->response_ns, memory_order_relaxed);
    uint64_t keep_alive_ns = atomic_load_explicit(&limits->keep_alive_ns, memory_order_relaxed);
    enum waiting waiting = waits_for(s);
    uint64_t limit_ns = waiting == WAITING_REQUEST    ? keep_alive_ns
                        : waiting == WAITING_RESPONSE ? response_ns
                                                      : client_ns;
    uint64_t since_ns = waiting == WAITING_HEAD ? h->head_start_ns : h->moved_ns;
    if (is_stuck(s, now_ns, client_ns)) {
        client_gave_up(s, out);
    } else if (waiting == WAITING_NOT || limit_ns == 0 || now_ns <= since_ns + limit_ns) {
        return false;
    } else if (waiting == WAITING_RESPONSE) {
        http_answer_broken(w, s, 504, "response_timeout", "it took too long", out);
    } else if (waiting != WAITING_REQUEST) {
        request_is_late(w, s, out);
    }
    http_session_finish(h, now_ns);
    http_session_publish(s);
    return true;
}

static void
session_close(void *worker, struct driver_session *s, enum close_reason reason, uint64_t now_ns)
{
    struct http_worker *w = worker;
    struct http_session *h = s->state;
    http_session_publish(s);
    if (h->exchange != NULL) {
        bool by_client = reason == CLOSE_CLIENT || reason == CLOSE_ERROR;
        h->exchange->event.flags |= by_client ? REQUEST_CLIENT_ABORTED : REQUEST_UPSTREAM_FAILED;
        http_session_finish(h, now_ns);
        http_session_publish(s);
    }
    if (h->backend != 0) {
        announce_backend_end(w->env, s, h->backend, reason, now_ns);
    }
    announce_session_end(w->env, s, h->requests, reason, now_ns);
    held_reset(&h->request_head);
    held_reset(&h->response_head);
}

const struct driver_ops http_driver = {
    .name = "http",
    .protocol = PROTOCOL_HTTP,
    .session_size = sizeof(struct http_session),
    .logs_in = true,
    .has_own_limits = true,
    .alpn = "http/1.1",
    .tls_at_once = true,
    .worker_new = worker_new,
    .worker_free = worker_free,
    .open = session_open,
    .client_bytes = http_client_bytes,
    .upstream_bytes = http_server_bytes,
    .relayed = relayed,
    .connected = connected,
    .failed = failed,
    .client_eof = client_eof,
    .upstream_eof = upstream_eof,
    .drain = drain,
    .idle = idle,
    .close = session_close,
};
