/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/driver.c - the thin HTTP/1.1 hop.
 *
 *   client side:    HEAD ──head──> BODY ──its end──> HEAD        (held while a response is due)
 *   upstream side:  nothing due ──request──> HEAD ──> BODY ──its end──> nothing due
 *
 * One request at a time: what a pipelining client sends early waits in the session's input. Each
 * client has an upstream connection of its own, opened for its first request, and each side's end
 * is the other's, as it would be without us. A request's head is emitted once it is complete, with
 * a traceparent where it had no valid one; a head over HEAD_EMIT_MAX goes on as it comes and gets
 * the traceparent before its last line end. Everything else passes as it is; responses are shown to
 * us after they were sent on. A request that is no HTTP is refused; a response that is none makes
 * the session opaque. */
#include "base/prng.h"
#include "io/log.h"
#include "proto/http/http_body.h"
#include "proto/http/http_writer.h"
#include "proxy/announce.h"
#include "proxy/http/exchange.h"
#include "proxy/http/held.h"

#include <stdio.h>
#include <stdlib.h>

#define TRACEPARENT_LINE_MAX 96
#define HEAD_EMIT_MAX        (DRIVER_INSERT_MAX - TRACEPARENT_LINE_MAX)
#define REQUEST_ID_MASK      0xffffffffffffull

struct http_worker {
    const struct driver_env *env;
    struct prng prng;
    uint64_t next_request;
    struct http_head scratch;
    uint8_t insert[DRIVER_INSERT_MAX];
};

struct http_session {
    struct exchange *exchange; /* the request whose response is due */
    struct held request_head;
    struct held response_head;
    struct http_body request_body;
    struct http_body response_body;
    uint64_t head_start_ns; /* first byte of the head that is being read; 0: none yet */
    uint64_t requests;
    uint64_t backend;                /* its id while it is open */
    uint32_t epoch;                  /* of the consumer that heard of the session */
    char tail[TRACEPARENT_LINE_MAX]; /* to be sent instead of the head's last two bytes */
    uint8_t tail_len;
    bool in_request_body;
    bool in_response_body;
    bool head_forwarded; /* the head being read goes on as it comes */
    bool tunnel;
    bool refused; /* our own error was sent; what else comes is thrown away */
};

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

static void
worker_tick(void *worker, uint64_t now_ns)
{
}

static void
announce(struct http_worker *w, struct driver_session *s, uint64_t now_ns)
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
    s->passive_upstream = true;
    announce(worker, s, now_ns);
}

static void
finish(struct driver_session *s, uint64_t now_ns)
{
    struct http_session *h = s->state;
    if (h->exchange != NULL) {
        exchange_publish(h->exchange, s, now_ns);
        exchange_free(&h->exchange);
    }
    h->in_response_body = false;
    held_reset(&h->response_head);
}

/* A short answer of our own, after which the session ends. */
static void
refuse(struct http_worker *w, struct driver_session *s, unsigned status, const char *text,
       struct driver_out *out)
{
    struct http_session *h = s->state;
    struct http_writer writer;
    http_writer_init(&writer, w->insert, sizeof(w->insert));
    http_writer_status(&writer, status);
    http_writer_field(&writer, "Content-Type", SLICE_LIT("text/plain; charset=utf-8"));
    http_writer_field(&writer, "Server", SLICE_LIT("slowburn"));
    http_writer_field(&writer, "Connection", SLICE_LIT("close"));
    if (h->exchange != NULL && h->exchange->is_head) {
        http_writer_length(&writer, strlen(text));
    } else {
        http_writer_body(&writer, slice_from_str(text));
    }
    out->to_client = http_writer_slice(&writer);
    out->close = true;
    h->refused = true;
}

static void
refuse_head(struct http_worker *w, struct driver_session *s, enum dec answer, const char *reason,
            struct driver_out *out)
{
    char text[160];
    unsigned status = answer == DEC_LIMIT ? 431 : 400;
    snprintf(text, sizeof(text), "slowburn: this request was not passed on: %s\n", reason);
    log_info("http", "request_refused", "a request was refused: it is not valid HTTP/1.1",
             LOG_U64("listener", s->listener), LOG_U64("status", status),
             LOG_STR("reason", reason));
    refuse(w, s, status, text, out);
    out->drop = true;
}

/* The request's trace: the client's when it has one valid traceparent, else a new one. Returns
 * true when one is to be added. */
static bool
set_trace(struct http_worker *w, struct exchange *x, const struct http_head *head,
          struct slice bytes, char line[TRACEPARENT_LINE_MAX])
{
    struct trace_context context;
    unsigned given = 0;
    bool valid = false;
    for (size_t i = 0; i < head->field_count; i++) {
        if (slice_eq_ci(http_span_of(bytes, head->fields[i].name), SLICE_LIT("traceparent"))) {
            struct slice value = http_span_of(bytes, head->fields[i].value);
            valid = ++given == 1 && trace_context_parse(value, &context) == 0;
        }
    }
    if (valid) {
        exchange_set_trace(x, &context, &context);
        return false;
    }
    uint64_t random[3] = {prng_next(&w->prng) | 1, prng_next(&w->prng), prng_next(&w->prng) | 1};
    char text[TRACE_CONTEXT_LEN + 1];
    memcpy(context.trace_id, random, sizeof(context.trace_id));
    memcpy(context.span_id, &random[2], sizeof(context.span_id));
    context.flags = 1;
    exchange_set_trace(x, NULL, &context);
    snprintf(line, TRACEPARENT_LINE_MAX, "traceparent: %s\r\n",
             trace_context_format(&context, text));
    return true;
}

/* The head without the traceparents that are not valid, then ours. */
static struct slice
build_head(struct http_worker *w, const struct http_head *head, struct slice bytes,
           const char *line)
{
    size_t len = 0;
    size_t at = 0;
    size_t end = head->len - 2;
    for (size_t i = 0; i <= head->field_count; i++) {
        bool last = i == head->field_count;
        size_t field_at = last ? end : head->fields[i].name.at;
        if (!last &&
            !slice_eq_ci(http_span_of(bytes, head->fields[i].name), SLICE_LIT("traceparent"))) {
            continue;
        }
        memcpy(w->insert + len, bytes.ptr + at, field_at - at);
        len += field_at - at;
        at = i + 1 < head->field_count ? head->fields[i + 1].name.at : end;
    }
    memcpy(w->insert + len, line, strlen(line));
    len += strlen(line);
    memcpy(w->insert + len, "\r\n", 2);
    return slice_of(w->insert, len + 2);
}

/* Our header, in the place of the head's last two bytes. */
static size_t
emit_tail(struct http_session *h, struct driver_out *out)
{
    out->drop = true;
    out->to_upstream = slice_of(h->tail, h->tail_len);
    h->tail_len = 0;
    return 2;
}

/* The head is complete and its exchange begun: what of it goes on, and how. Returns how much of the
 * chunk is done with; head_used bytes of it belong to the head. */
static size_t
emit_head(struct http_worker *w, struct http_session *h, const struct http_head *head,
          struct slice bytes, size_t head_used, struct driver_out *out)
{
    char line[TRACEPARENT_LINE_MAX];
    bool insert = set_trace(w, h->exchange, head, bytes, line);
    if (!h->head_forwarded && head->len <= HEAD_EMIT_MAX) {
        out->drop = true;
        if (insert) {
            out->to_upstream = build_head(w, head, bytes, line);
        } else {
            memcpy(w->insert, bytes.ptr, bytes.len);
            out->to_upstream = slice_of(w->insert, bytes.len);
        }
        return head_used;
    }
    if (!insert || head_used < 2) {
        /* Its line end has gone already, in the chunk before: then without a traceparent. */
        if (insert) {
            memset(h->exchange->event.trace_id, 0, sizeof(h->exchange->event.trace_id));
            memset(h->exchange->event.span_id, 0, sizeof(h->exchange->event.span_id));
        }
        return head_used;
    }
    h->tail_len = (uint8_t)snprintf(h->tail, sizeof(h->tail), "%s\r\n", line);
    return head_used == 2 ? emit_tail(h, out) : head_used - 2;
}

/* A head that is too long to be emitted at once: what was kept of it goes first, with one byte of
 * the chunk; the rest follows as it comes. */
static size_t
begin_forwarding(struct http_worker *w, struct http_session *h, uint32_t held_before,
                 size_t chunk_len, struct driver_out *out)
{
    h->head_forwarded = true;
    out->connect = true;
    if (held_before == 0) {
        return chunk_len;
    }
    held_cut(&h->request_head, HTTP_REQUEST, held_before + 1);
    memcpy(w->insert, h->request_head.bytes, held_before + 1);
    out->drop = true;
    out->to_upstream = slice_of(w->insert, held_before + 1);
    return 1;
}

static size_t
request_begun(struct http_worker *w, struct driver_session *s, const struct http_head *head,
              struct slice bytes, size_t head_used, struct driver_out *out)
{
    struct http_session *h = s->state;
    uint64_t id = (uint64_t)w->env->worker << 48 | (w->next_request++ & REQUEST_ID_MASK);
    h->exchange = exchange_new(w->env, s, id, h->head_start_ns, head, bytes);
    if (h->exchange == NULL) {
        refuse(w, s, 503, "slowburn: no memory for this request\n", out);
        out->drop = true;
        return head_used;
    }
    size_t used = emit_head(w, h, head, bytes, head_used, out);
    h->requests++;
    http_body_init_request(&h->request_body, head);
    h->in_request_body = h->request_body.framing != HTTP_BODY_NONE;
    h->head_forwarded = false;
    h->head_start_ns = 0;
    held_reset(&h->request_head);
    out->connect = true;
    return used;
}

static size_t
request_head_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk,
                   uint64_t now_ns, struct driver_out *out)
{
    struct http_session *h = s->state;
    const struct http_head *head;
    struct slice bytes;
    size_t used;
    uint32_t before = h->request_head.len;
    if (before == 0) {
        h->head_start_ns = now_ns;
        announce(w, s, now_ns);
    }
    enum dec answer =
        held_feed(&h->request_head, &w->scratch, HTTP_REQUEST, chunk, &used, &head, &bytes);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        refuse_head(w, s, answer, head->error.reason, out);
        return chunk.len;
    }
    if (answer == DEC_MORE) {
        if (!h->head_forwarded && bytes.len > HEAD_EMIT_MAX) {
            return begin_forwarding(w, h, before, chunk.len, out);
        }
        out->drop = !h->head_forwarded;
        return chunk.len;
    }
    if (!h->head_forwarded && head->len > HEAD_EMIT_MAX) {
        if (before > 0) {
            return begin_forwarding(w, h, before, chunk.len, out);
        }
        h->head_forwarded = true;
    }
    return request_begun(w, s, head, bytes, used, out);
}

static size_t
request_body_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk,
                   struct driver_out *out)
{
    struct http_session *h = s->state;
    struct slice payload;
    size_t used;
    enum dec answer = http_body_decode(&h->request_body, chunk, &used, &payload);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        /* Its head is with the upstream already; all that can be done is to let it go no further.
         */
        refuse_head(w, s, answer, h->request_body.error.reason, out);
        return chunk.len;
    }
    if (h->exchange != NULL) {
        http_values_body(&h->exchange->values, payload);
        h->exchange->event.bytes_in += used;
    }
    h->in_request_body = answer == DEC_MORE;
    return used;
}

static size_t
client_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
             struct driver_out *out)
{
    struct http_session *h = s->state;
    if (h->refused) {
        out->drop = true;
        return chunk.len;
    }
    if (h->tunnel) {
        return chunk.len;
    }
    if (h->tail_len > 0) {
        return emit_tail(h, out);
    }
    if (h->in_request_body) {
        return request_body_bytes(worker, s, chunk, out);
    }
    if (h->exchange != NULL) {
        return 0;
    }
    return request_head_bytes(worker, s, chunk, now_ns, out);
}

static void
lose(struct http_worker *w, struct driver_session *s, const char *reason, uint64_t now_ns)
{
    log_warn("http", "session_opaque", "a response is not valid HTTP/1.1; relaying on, unobserved",
             LOG_U64("listener", s->listener), LOG_STR("reason", reason));
    w->env->counters[COUNTER_sessions_opaque]++;
    finish(s, now_ns);
    s->opaque = true;
}

static size_t
response_head_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk,
                    uint64_t now_ns)
{
    struct http_session *h = s->state;
    const struct http_head *head;
    struct slice bytes;
    size_t used;
    struct exchange *x = h->exchange;
    if (x->event.first_byte_ns == 0) {
        x->event.first_byte_ns = now_ns;
    }
    enum dec answer =
        held_feed(&h->response_head, &w->scratch, HTTP_RESPONSE, chunk, &used, &head, &bytes);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        lose(w, s, head->error.reason, now_ns);
        return chunk.len;
    }
    x->event.bytes_out += used;
    if (answer == DEC_MORE) {
        return used;
    }
    if (http_status_is_interim(head->status)) {
        x->event.first_byte_ns = 0;
    } else {
        x->event.status = head->status;
        http_body_init_response(&h->response_body, head, x->is_head, x->is_connect);
        h->in_response_body = true;
    }
    held_reset(&h->response_head);
    return used;
}

static size_t
response_body_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk,
                    uint64_t now_ns)
{
    struct http_session *h = s->state;
    struct slice payload;
    size_t used;
    if (h->response_body.framing == HTTP_BODY_TUNNEL) {
        h->tunnel = true;
        s->passive_client = true;
        finish(s, now_ns);
        return chunk.len;
    }
    enum dec answer = http_body_decode(&h->response_body, chunk, &used, &payload);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        lose(w, s, h->response_body.error.reason, now_ns);
        return chunk.len;
    }
    h->exchange->event.bytes_out += used;
    exchange_response_body(h->exchange, payload);
    if (answer == DEC_OK) {
        finish(s, now_ns);
    }
    return used;
}

/* A response may end with its head, so the end is looked for also when no byte is left. */
static size_t
upstream_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
               struct driver_out *out)
{
    struct http_session *h = s->state;
    size_t at = 0;
    while (!s->opaque && !h->tunnel && (at < chunk.len || h->in_response_body)) {
        struct slice rest = slice_sub(chunk, at, chunk.len);
        if (h->exchange == NULL) {
            /* Nothing was asked: an upstream says why it hangs up. */
            lose(worker, s, "a response that nothing asked for", now_ns);
        } else if (!h->in_response_body) {
            at += response_head_bytes(worker, s, rest, now_ns);
        } else {
            at += response_body_bytes(worker, s, rest, now_ns);
            if (rest.len == 0) {
                break;
            }
        }
    }
    return chunk.len;
}

static void
backend_closed(struct http_worker *w, struct driver_session *s, enum close_reason reason,
               uint64_t now_ns)
{
    struct http_session *h = s->state;
    if (h->backend == 0) {
        return;
    }
    announce_backend_end(w->env, s, h->backend, reason, now_ns);
    h->backend = 0;
}

static void
connected(void *worker, struct driver_session *s, uint64_t now_ns)
{
    struct http_worker *w = worker;
    struct http_session *h = s->state;
    h->backend = s->backend_id;
    announce_backend(w->env, s, 0, now_ns);
}

static const struct {
    uint16_t status;
    const char *event;
    const char *text;
} failures[] = {
    [DRIVER_FAILURE_REFUSED] = {502, "upstream_refused",
                                "slowburn: the application behind this address cannot be "
                                "reached: the connection was refused\n"},
    [DRIVER_FAILURE_TIMEOUT] = {504, "upstream_timeout",
                                "slowburn: the application behind this address cannot be "
                                "reached: connecting took too long\n"},
    [DRIVER_FAILURE_RESOLVE] = {502, "upstream_unknown",
                                "slowburn: the application behind this address cannot be "
                                "reached: its name has no address\n"},
    [DRIVER_FAILURE_TLS] = {502, "upstream_tls",
                            "slowburn: no TLS with the application behind this address\n"},
    [DRIVER_FAILURE_LIMIT] = {503, "session_limit", "slowburn: too many connections at once\n"},
    [DRIVER_FAILURE_LISTENER] = {503, "listener_limit",
                                 "slowburn: too many connections to this address at once\n"},
    [DRIVER_FAILURE_ADDRESS] = {503, "address_limit",
                                "slowburn: too many connections of one client at once\n"},
    [DRIVER_FAILURE_DRAINING] = {503, "draining", "slowburn: shutting down\n"},
};

static void
failed(void *worker, struct driver_session *s, enum driver_failure failure, uint64_t now_ns,
       struct driver_out *out)
{
    struct http_session *h = s->state;
    unsigned status = failures[failure].status;
    log_warn("http", failures[failure].event, "a request was answered by slowburn: no upstream",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream),
             LOG_U64("status", status));
    refuse(worker, s, status, failures[failure].text, out);
    if (h->exchange != NULL) {
        h->exchange->event.status = (uint16_t)status;
        h->exchange->event.flags |= REQUEST_UPSTREAM_FAILED;
        finish(s, now_ns);
    }
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
            finish(s, now_ns);
        }
        out->close = true;
    }
}

/* The upstream went before the first byte of its answer. On a connection that was used before, the
 * client gets what it would get without us, a connection that ends: it knows that it may ask again.
 * On a new one it gets a 502. */
static void
no_answer(struct http_worker *w, struct driver_session *s, struct driver_out *out)
{
    struct http_session *h = s->state;
    log_warn("http", "upstream_closed", "the upstream closed before it answered a request",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream));
    if (h->requests <= 1) {
        refuse(w, s, 502,
               "slowburn: the application behind this address closed the connection without an "
               "answer\n",
               out);
        h->exchange->event.status = 502;
    }
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
            h->exchange->event.flags |= REQUEST_UPSTREAM_FAILED;
        }
        if (h->exchange->event.first_byte_ns == 0) {
            no_answer(worker, s, out);
        }
        finish(s, now_ns);
    }
    out->close = true;
}

static bool
drain(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    const struct http_session *h = s->state;
    return h->exchange == NULL && !h->in_request_body && !h->tunnel && h->request_head.len == 0;
}

static void
session_close(void *worker, struct driver_session *s, enum close_reason reason, uint64_t now_ns)
{
    struct http_worker *w = worker;
    struct http_session *h = s->state;
    if (h->exchange != NULL) {
        bool by_client = reason == CLOSE_CLIENT || reason == CLOSE_ERROR;
        h->exchange->event.flags |= by_client ? REQUEST_CLIENT_ABORTED : REQUEST_UPSTREAM_FAILED;
        finish(s, now_ns);
    }
    backend_closed(w, s, reason, now_ns);
    announce_session_end(w->env, s, h->requests, reason, now_ns);
    held_reset(&h->request_head);
    held_reset(&h->response_head);
}

const struct driver_ops http_driver = {
    .name = "http",
    .protocol = PROTOCOL_HTTP,
    .session_size = sizeof(struct http_session),
    .worker_new = worker_new,
    .worker_free = worker_free,
    .worker_tick = worker_tick,
    .open = session_open,
    .client_bytes = client_bytes,
    .upstream_bytes = upstream_bytes,
    .connected = connected,
    .failed = failed,
    .client_eof = client_eof,
    .upstream_eof = upstream_eof,
    .drain = drain,
    .close = session_close,
};
