/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/held.h - the head of a message that may come in pieces.
 *
 * A head that is whole in one chunk, which is nearly every head, is decoded where it lies and costs
 * no memory. Of one that comes in pieces a copy grows here, up to HTTP_HEAD_MAX, and is given back
 * with the next held_reset. The session's thread only. */
#ifndef PROXY_HTTP_HELD_H
#define PROXY_HTTP_HELD_H

#include "proto/http/http_head.h"

struct held {
    struct http_head *head; /* NULL while nothing is held */
    uint8_t *bytes;
    uint32_t len;
    uint32_t cap;
};

void held_reset(struct held *h);

/* Looks at the next chunk. scratch: a decoder that is free during the call.
 * DEC_OK: the head is complete; *ret_used bytes of the chunk belong to it, *ret_head describes it
 * and *ret_bytes is all of it; all valid until the next call for this or another session.
 * DEC_MORE: the whole chunk was taken. Else as http_head_decode; *ret_head has the error. */
MUST_CHECK enum dec held_feed(struct held *h, struct http_head *scratch, enum http_side side,
                              struct slice chunk, size_t *ret_used,
                              const struct http_head **ret_head, struct slice *ret_bytes);

#endif
