/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/exchange.h"

#include <stdlib.h>

#include "proto/http/http_path.h"
#include "proxy/server_timing.h"

static void
note_value(void *arg, struct slice value)
{
    struct exchange *x = arg;
    uint64_t hash = hash_keyed(&x->env->hash_key, value);
    for (uint16_t i = 0; i < x->event.value_count; i++) {
        if (x->value_hash[i] == hash) {
            return;
        }
    }
    if (x->event.value_count < EVENT_VALUES_MAX) {
        x->value_hash[x->event.value_count++] = hash;
    }
}

struct exchange *
exchange_new(const struct driver_env *env, const struct driver_session *s, uint64_t id,
             uint64_t start_ns, const struct http_head *head, struct slice bytes)
{
    struct exchange *x = malloc(sizeof(*x));
    if (x == NULL) {
        return NULL;
    }
    memset(x, 0, offsetof(struct exchange, value_hash));
    x->env = env;
    hash_stream_init(&x->body, &env->hash_key);
    x->inside_before_ns = s->inside_ns;
    x->is_head = head->method_id == METHOD_HEAD;
    x->event = (struct event_request){
        .head.type = EV_REQUEST,
        .request = id,
        .session = s->id,
        .start_ns = start_ns,
        .listener = s->listener,
        .upstream = s->upstream,
        .method = (uint8_t)head->method_id,
        .bytes_in = bytes.len,
    };
    x->event.path_len = (uint16_t)http_path_fold(http_span_of(bytes, head->target), x->path);
    http_values_init(&x->values, note_value, x);
    http_values_head(&x->values, head, bytes);
    return x;
}

void
exchange_free(struct exchange **x)
{
    if (*x != NULL) {
        server_timing_close((*x)->env->server_timing, (*x)->timing);
    }
    free(*x);
    *x = NULL;
}

void
exchange_set_trace(struct exchange *x, const struct trace_context *parent,
                   const struct trace_context *ours)
{
    memcpy(x->event.trace_id, ours->trace_id, sizeof(x->event.trace_id));
    memcpy(x->event.span_id, ours->span_id, sizeof(x->event.span_id));
    if (parent != NULL) {
        memcpy(x->event.parent_span, parent->span_id, sizeof(x->event.parent_span));
        x->event.flags |= REQUEST_TRACE_GIVEN;
    }
}

void
exchange_set_route(struct exchange *x, struct slice route)
{
    for (size_t i = 0; i < route.len; i++) {
        if (route.ptr[i] < 0x20 || route.ptr[i] >= 0x7f) {
            return;
        }
    }
    if (route.len > 0 && route.len <= sizeof(x->path)) {
        memcpy(x->path, route.ptr, route.len);
        x->event.path_len = (uint16_t)route.len;
        x->event.flags |= REQUEST_ROUTE_GIVEN;
    }
}

/* Errors look different, as a part of a body (206) does. */
void
exchange_response_head(struct exchange *x, const struct http_head *head, struct slice bytes)
{
    if (head->status / 100 == 2 && head->status != 206 && !x->is_head) {
        x->content = http_content_of(head, bytes);
        x->is_looked_at = !x->content.is_encoded;
        http_shape_begin(&x->shape, head->has_length ? head->content_length : UINT64_MAX,
                         x->env->hash_key.k0);
    }
}

void
exchange_response_body(struct exchange *x, struct slice payload)
{
    uint64_t room = EXCHANGE_BODY_HASHED_MAX - MIN(x->body_len, EXCHANGE_BODY_HASHED_MAX);
    hash_stream_add(&x->body, slice_sub(payload, 0, (size_t)MIN(room, (uint64_t)payload.len)));
    x->body_len += payload.len;
    if (x->is_looked_at) {
        http_shape_feed(&x->shape, payload);
    }
}

/* Nothing is said of the shape of what was cut off. */
static void
add_shape(struct exchange *x)
{
    const uint32_t cut = REQUEST_UPSTREAM_FAILED | REQUEST_CLIENT_ABORTED;
    x->event.flags |= x->shape.says_error ? REQUEST_ERROR_BODY : 0;
    if (x->is_looked_at && (x->event.flags & cut) == 0) {
        http_shape_end(&x->shape, &x->content);
        x->event.shape = x->shape.found;
    }
}

void
exchange_publish(struct exchange *x, const struct driver_session *s)
{
    union event ev = {0};
    if (x->body_len > 0) {
        x->event.body_hash = hash_combine(hash_stream_value(&x->body), x->body_len);
    }
    http_values_end(&x->values);
    add_shape(x);
    x->event.proxy_ns = s->inside_ns - x->inside_before_ns;
    ev.as_event_request = x->event;
    const struct slice tails[] = {
        slice_of(x->value_hash, x->event.value_count * sizeof(x->value_hash[0])),
        slice_of(x->path, x->event.path_len),
    };
    x->env->counters[COUNTER_requests]++;
    if (x->event.status >= 500 || (x->event.flags & REQUEST_UPSTREAM_FAILED) != 0) {
        x->env->counters[COUNTER_request_errors]++;
    }
    publisher_send(x->env->publisher, x->event.end_ns, &ev, tails, ARRAY_LEN(tails));
}
