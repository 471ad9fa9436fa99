/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/exchange.h - one request and its response, as it becomes a REQUEST record.
 *
 * Begun when the request's head is complete, fed with both bodies as they pass, published once.
 * Values and the response's body are only hashed, under the installation's key; no literal stays.
 * About 2 KiB, taken at the request and given back at its end. The worker's thread only. */
#ifndef PROXY_HTTP_EXCHANGE_H
#define PROXY_HTTP_EXCHANGE_H

#include "proto/http/http_shape.h"
#include "proto/http/http_values.h"
#include "proto/trace_context.h"
#include "proxy/driver.h"

/* Of a response's body, so much is hashed; then its length is. */
#define EXCHANGE_BODY_HASHED_MAX (64u * 1024)

struct exchange {
    const struct driver_env *env;
    struct event_request event;
    uint64_t inside_before_ns;
    uint64_t timing;   /* ticket, proxy/server_timing.h; 0: none */
    bool is_head;      /* HEAD was asked */
    bool asks_upgrade; /* to another protocol */
    uint64_t body_len;
    struct hash_stream body;
    struct http_content content; /* of the response, as its head says */
    bool is_looked_at;           /* its body, for its shape */
    struct http_shape shape;
    /* From here on nothing is cleared beforehand. */
    uint64_t value_hash[EVENT_VALUES_MAX];
    char path[EVENT_PATH_MAX];
    struct http_values values;
};

/* start_ns: the request's first byte. NULL: no memory; the session is then not observed. */
struct exchange *exchange_new(const struct driver_env *env, const struct driver_session *s,
                              uint64_t id, uint64_t start_ns, const struct http_head *head,
                              struct slice bytes);
void exchange_free(struct exchange **x);

/* parent: the client's trace; ours: what the upstream got as its parent. */
void exchange_set_trace(struct exchange *x, const struct trace_context *parent,
                        const struct trace_context *ours);

/* The route, as the application says it, in the place of the path. Printable text that fits, or
 * nothing happens. */
void exchange_set_route(struct exchange *x, struct slice route);

/* A body may follow, unless HEAD was asked. */
void exchange_response_head(struct exchange *x, const struct http_head *head, struct slice bytes);
void exchange_response_body(struct exchange *x, struct slice payload);

/* Sends the REQUEST record and counts; event.end_ns is set. */
void exchange_publish(struct exchange *x, const struct driver_session *s);

#endif
