/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_head.h - the head of an HTTP/1.1 message: start line and header fields.
 *
 * Strict, as RFC 9112 has it for whoever stands between two others: what two readers could
 * understand differently (repeated or odd Content-Length, Content-Length beside
 * Transfer-Encoding, folded lines, a blank before the colon, a bare CR or LF, a coding after
 * chunked; of a request also any coding but chunked, a Host that is none or not the target's, an
 * expectation other than 100-continue, a framing field named in Connection) is DEC_BAD, so that
 * no request can be smuggled past us. One empty line before a request line is skipped.
 *
 * The caller owns the bytes: it calls http_head_decode with everything it has since the message's
 * first byte, again with more after DEC_MORE; no byte is looked at twice. What is found is kept as
 * places in those bytes, so that the caller may move them. No allocation; one thread at a time.
 * Limits: the head's length (given, DEC_LIMIT), HTTP_FIELDS_MAX fields (DEC_LIMIT). */
#ifndef PROTO_HTTP_HTTP_HEAD_H
#define PROTO_HTTP_HTTP_HEAD_H

#include "base/check.h"
#include "base/decode.h"
#include "base/slice.h"
#include "model/event.h"

#define HTTP_HEAD_MAX   (30u * 1024)
#define HTTP_FIELDS_MAX 128

enum http_side {
    HTTP_REQUEST,
    HTTP_RESPONSE,
};

struct http_span {
    uint32_t at;
    uint32_t len;
};

struct http_field {
    struct http_span name;
    struct http_span value; /* without the blanks around it */
};

struct http_head {
    /* What was found. Valid after DEC_OK; `error` after DEC_BAD and DEC_LIMIT. */
    uint32_t start;             /* where the start line begins: after a skipped empty line */
    uint32_t fields_at;         /* just behind the start line */
    uint32_t len;               /* of the head, its empty line included */
    struct http_span method;    /* request */
    struct http_span target;    /* request */
    enum http_method method_id; /* request */
    uint16_t status;            /* response */
    uint8_t minor;              /* HTTP/1.minor: 0 or 1 */
    bool has_length;
    bool chunked;     /* the last transfer coding */
    bool coded;       /* a response with a Transfer-Encoding that does not end in chunked */
    bool wants_close; /* Connection: close */
    bool wants_keep;  /* Connection: keep-alive */
    bool upgrade;     /* Connection: upgrade and an Upgrade field */
    bool expects_100; /* Expect: 100-continue */
    uint64_t content_length;
    uint16_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct dec_error error;
    uint16_t refusal; /* with `error`, of a request: the status that says so */

    /* Private. */
    enum http_side side;
    uint32_t len_max;
    uint32_t scanned;
    uint32_t line_at;
    bool has_start;
    bool connection_upgrade;
    bool has_upgrade;
    bool has_coding;
    bool has_host;
    bool has_expect;
    struct http_span host;
};

/* len_max <= HTTP_HEAD_MAX. */
void http_head_init(struct http_head *h, enum http_side side, uint32_t len_max);

/* DEC_OK: the head is bytes[0 .. h->len). DEC_MORE: call again with these bytes and more. */
MUST_CHECK enum dec http_head_decode(struct http_head *h, struct slice bytes);

static inline struct slice
http_span_of(struct slice bytes, struct http_span span)
{
    return slice_sub(bytes, span.at, span.len);
}

/* The value of the first field of that name (ASCII case folded), or SLICE_NONE: ptr is NULL. */
struct slice http_head_value(const struct http_head *h, struct slice bytes, struct slice name);

/* How many fields have that name. */
unsigned http_head_count(const struct http_head *h, struct slice bytes, struct slice name);

/* Does the sender of this head want to use the connection again after this message? For a response
 * the framing matters too: see http_body.h. */
bool http_head_keeps_alive(const struct http_head *h);

/* "GET", or "OTHER". Static. */
const char *http_method_name(enum http_method method);

/* May c stand in a token (RFC 9110: names of fields, methods)? */
bool http_is_token_char(uint8_t c);

/* Would an application take one for the other? CGI's variables, and what is modelled on them, know
 * neither case nor a difference of `_` and `-`. wanted: in lower case, with `-`. */
bool http_name_eq_loosely(struct slice name, struct slice wanted);

#endif
