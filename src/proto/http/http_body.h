/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_body.h - where an HTTP/1.1 message ends, and which of its bytes are payload.
 *
 * Streaming: no byte is kept but a trailer's name. http_body_decode eats a part of what it is given
 * and points at the run of payload in it, which may be empty (chunk sizes, trailers). Strict about
 * chunk sizes, extensions and line ends, for the same reason as http_head.h; and a trailer must not
 * frame or route, because some readers merge trailers into the head. Pure; one thread at a time.
 * Limits: 16 digits a chunk size, HTTP_CHUNK_EXT_MAX bytes of extension a chunk,
 * HTTP_TRAILERS_MAX bytes of trailers (DEC_LIMIT). */
#ifndef PROTO_HTTP_HTTP_BODY_H
#define PROTO_HTTP_HTTP_BODY_H

#include "proto/http/http_head.h"

#define HTTP_CHUNK_EXT_MAX 4096
#define HTTP_TRAILERS_MAX  (16u * 1024)

enum http_framing {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE,
    HTTP_BODY_TUNNEL, /* no HTTP from here on, in both directions */
};

struct http_body {
    enum http_framing framing;
    struct dec_error error; /* offset: from the body's first byte */
    uint64_t offset;        /* bytes eaten */
    uint64_t left;          /* payload bytes left of the body or the chunk */
    uint32_t line_len;      /* of extension or trailers, for their limits */
    uint8_t digits;
    uint8_t state;
    uint8_t name_len; /* of a trailer; what is longer than `name` needs no look */
    uint8_t name[20];
};

/* A request's body ends by its own head. */
void http_body_init_request(struct http_body *b, const struct http_head *request);

/* A response's also depends on what was asked: HEAD has none. For an interim response (1xx but 101)
 * there is none, and another head follows. */
void http_body_init_response(struct http_body *b, const struct http_head *response,
                             bool asked_head);

/* Eats *ret_used bytes of `in`; *ret_data is the payload among them.
 * DEC_OK: the body ends there (at once, with 0 bytes, for HTTP_BODY_NONE). DEC_MORE: call again
 * with the rest, or with more when everything was eaten. */
MUST_CHECK enum dec http_body_decode(struct http_body *b, struct slice in, size_t *ret_used,
                                     struct slice *ret_data);

/* The sender closed: is that where the body may end? */
bool http_body_may_end_at_close(const struct http_body *b);

/* Interim: another head follows for the same request. */
static inline bool
http_status_is_interim(unsigned status)
{
    return status < 200 && status != 101;
}

#endif
