/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_content.h - what a message's head says of its body: Content-Type and
 * Content-Encoding. Pure; a look is one pass over the head's fields. */
#ifndef PROTO_HTTP_HTTP_CONTENT_H
#define PROTO_HTTP_HTTP_CONTENT_H

#include "proto/http/http_head.h"

struct http_content {
    enum response_type type;
    bool is_encoded; /* compressed: its bytes say nothing */
};

struct http_content http_content_of(const struct http_head *h, struct slice bytes);

/* The media type without its parameters: "application/json; charset=utf-8". */
struct slice http_content_media(struct slice type);
/* "application/json", "application/problem+json". */
bool http_content_is_json(struct slice media);

#endif
