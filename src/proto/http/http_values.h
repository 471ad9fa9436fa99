/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_values.h - the values of a request that may turn up among a query's bound values.
 *
 * From the path (each segment, percent-decoded; without its file extension too), the query string
 * and url-encoded forms (each value), JSON bodies (each scalar), cookies and the bearer token
 * (whole, and both sides of its first '|', as Laravel's tokens have it). Each goes to the callback
 * as the text that a database would hold: unescaped strings, numbers as written. Short and common
 * values are handed out too: whoever links weighs them. Compressed and multipart bodies are not
 * looked at.
 *
 * Streaming, any cut; nothing is kept but the value in hand. At most EVENT_VALUES_MAX values and
 * HTTP_VALUE_MAX bytes each; what is beyond is counted in `skipped`. Pure; one thread at a time. */
#ifndef PROTO_HTTP_HTTP_VALUES_H
#define PROTO_HTTP_HTTP_VALUES_H

#include "proto/http/http_head.h"
#include "proto/http/http_json.h"

enum http_body_kind {
    HTTP_VALUES_NONE,
    HTTP_VALUES_FORM,
    HTTP_VALUES_JSON,
};

struct http_values {
    void (*each)(void *arg, struct slice value);
    void *arg;
    uint32_t count;
    uint32_t skipped;
    enum http_body_kind body;
    bool in_value; /* form: behind the '=' */
    bool too_long;
    uint8_t escape[2]; /* form: what was seen of %XX */
    uint8_t escape_len;
    uint16_t len;
    uint8_t text[HTTP_VALUE_MAX];
    struct http_json json;
};

/* each gets a slice that is valid during the call. The struct must not be moved afterwards. */
void http_values_init(struct http_values *v, void (*each)(void *arg, struct slice value),
                      void *arg);

/* Everything that stands in the head; chooses how the body is read. */
void http_values_head(struct http_values *v, const struct http_head *h, struct slice bytes);

/* The body's payload as it comes, then its end. */
void http_values_body(struct http_values *v, struct slice payload);
void http_values_end(struct http_values *v);

#endif
