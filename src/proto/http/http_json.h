/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_json.h - the scalars of a JSON text, as it streams by.
 *
 * Not a parser: it checks no grammar and keeps no stack, so nesting costs nothing. A string is held
 * back until the next byte that is not blank says whether it was a name (':') or a value. Values
 * go out unescaped, numbers as written, true and false as words; null does not. After an error in a
 * string the rest is not looked at. Bounded by HTTP_VALUE_MAX bytes; longer values are skipped.
 * Pure; one thread at a time. */
#ifndef PROTO_HTTP_HTTP_JSON_H
#define PROTO_HTTP_HTTP_JSON_H

#include "base/check.h"
#include "base/slice.h"

/* Bytes of one value. */
#define HTTP_VALUE_MAX 256

struct http_json {
    void (*each)(void *arg, struct slice value);
    void *arg;
    uint32_t skipped; /* values longer than HTTP_VALUE_MAX */
    uint32_t code;    /* \uXXXX so far */
    uint32_t high;    /* the first half of a surrogate pair, or 0 */
    uint16_t len;
    uint8_t state;
    uint8_t digits;
    bool too_long;
    uint8_t text[HTTP_VALUE_MAX];
};

/* each must not be NULL; it is called with a slice that is valid during the call. */
void http_json_init(struct http_json *j, void (*each)(void *arg, struct slice value), void *arg);
void http_json_feed(struct http_json *j, struct slice bytes);
void http_json_end(struct http_json *j);

#endif
