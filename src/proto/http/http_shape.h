/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_shape.h - what a response's body looks like: what it is, and of a JSON object
 * which members it has (struct response_shape); and whether they say that something went wrong
 * (http_outcome.h).
 *
 *   { "data": [ { "id": 7, ... }, ... ], "meta": { ... } }
 *   root: data, meta            item: id, ... (the first of the first list of objects, or else the
 *                               first member that is an object)
 *
 * Of a root that is an array, its first element is what counts. Deeper objects have a type and no
 * members. A member that is null has its name and no type. Not a parser: grammar is checked only as
 * far as it takes not to lose one's place; what is lost says nothing more.
 *
 * Streaming, any cut, and the first HTTP_SHAPE_MAX bytes only, less where the root's end is known
 * to lie behind them; nothing is looked at behind it. Keeps a name that was cut, up to
 * HTTP_SHAPE_NAME bytes of it, and nothing else. About 60 instructions a member, two a byte of what
 * is skipped. Pure; one thread at a time. */
#ifndef PROTO_HTTP_HTTP_SHAPE_H
#define PROTO_HTTP_HTTP_SHAPE_H

#include "base/check.h"
#include "base/slice.h"
#include "model/event.h"
#include "proto/http/http_content.h"

#define HTTP_SHAPE_MAX      4096u
#define HTTP_SHAPE_MAX_LONG 1024u /* of a body that is known to be longer than that */
#define HTTP_SHAPE_NAME     64u

struct http_shape {
    struct response_shape found;
    bool says_error;
    /* Private. */
    uint8_t state;     /* enum shape_state; zero is the beginning */
    uint8_t outcome;   /* enum http_outcome of the member underway */
    uint8_t item_rank; /* enum item_rank */
    uint16_t seen;     /* bytes, or as good as seen */
    uint16_t depth;    /* of what is open and skipped */
    uint16_t word_len; /* beyond HTTP_SHAPE_NAME: so long, and cut */
    bool in_item;
    bool is_opened_by_bracket;
    bool is_escaped; /* the string's next byte */
    uint64_t secret;
    uint64_t name; /* hash, of the member underway */
    char word[HTTP_SHAPE_NAME];
};

/* Into zeroed memory. length: of the body; UINT64_MAX: not known. secret: the installation's,
 * without which nobody can try whether a name is among those that were seen. */
void http_shape_begin(struct http_shape *s, uint64_t length, uint64_t secret);
void http_shape_feed(struct http_shape *s, struct slice bytes);

/* The body has ended. content: as its head says; one that is encoded was not to be fed. */
void http_shape_end(struct http_shape *s, const struct http_content *content);

#endif
