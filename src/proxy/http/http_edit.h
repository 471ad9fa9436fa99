/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/http_edit.h - a request's head with what slowburn adds to it.
 *
 * Fields that are to be replaced are taken out, ours come as the last ones; everything else stays
 * as it was, to the byte. Pure; no allocation. */
#ifndef PROXY_HTTP_HTTP_EDIT_H
#define PROXY_HTTP_HTTP_EDIT_H

#include "proto/http/http_head.h"

/* Bytes of all that is added. */
#define HTTP_ADDED_MAX 2048

/* What becomes of a head. */
struct http_edit {
    bool removed[HTTP_FIELDS_MAX]; /* fields of the head, by their place */
    bool removes;
    uint16_t added_len;
    uint8_t added[HTTP_ADDED_MAX]; /* whole lines */
};

/* Nothing. */
static inline void
http_edit_init(struct http_edit *e)
{
    memset(e, 0, offsetof(struct http_edit, added)); /* not the room for the lines */
}

static inline bool
http_edit_is_empty(const struct http_edit *e)
{
    return !e->removes && e->added_len == 0;
}

/* All fields go that an application could take for one of that name. Returns how many. */
unsigned http_edit_remove(struct http_edit *e, const struct http_head *head, struct slice bytes,
                          struct slice name);

/* One more field, of pieces. -ENOSPC: it does not fit, nothing was added. */
MUST_CHECK int http_edit_add(struct http_edit *e, const char *name, const struct slice *pieces,
                             unsigned count);

/* Writes the head to dst, of head->len + HTTP_ADDED_MAX bytes. */
struct slice http_edit_apply(const struct http_edit *e, const struct http_head *head,
                             struct slice bytes, uint8_t *dst);

#endif
