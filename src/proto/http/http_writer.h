/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_writer.h - writes small responses into the caller's memory.
 *
 *   struct http_writer w;
 *   http_writer_init(&w, memory, sizeof(memory));
 *   http_writer_status(&w, 404);
 *   http_writer_field(&w, "Content-Type", SLICE_LIT("application/json"));
 *   http_writer_body(&w, text);            or http_writer_length, and the body goes its own way
 *
 * What does not fit, and a name or value with a line end in it, sets `failed`; the text is then of
 * no use. Pure; no allocation; one thread at a time. */
#ifndef PROTO_HTTP_HTTP_WRITER_H
#define PROTO_HTTP_HTTP_WRITER_H

#include "base/check.h"
#include "base/slice.h"

struct http_writer {
    uint8_t *data;
    size_t cap;
    size_t len;
    bool failed;
};

void http_writer_init(struct http_writer *w, void *data, size_t cap);

/* "HTTP/1.1 404 Not Found" */
void http_writer_status(struct http_writer *w, unsigned status);
void http_writer_field(struct http_writer *w, const char *name, struct slice value);

/* Content-Length, the empty line, and for http_writer_body the body. */
void http_writer_length(struct http_writer *w, uint64_t body_len);
void http_writer_body(struct http_writer *w, struct slice body);

/* The empty line alone: the body ends with the connection. */
void http_writer_end(struct http_writer *w);

static inline struct slice
http_writer_slice(const struct http_writer *w)
{
    return slice_of(w->data, w->failed ? 0 : w->len);
}

/* "Not Found"; "Unknown" for what is not in its list. Static. */
const char *http_status_text(unsigned status);

#endif
