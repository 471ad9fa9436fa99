/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/held.h"

#include <stdlib.h>

#define HELD_CAP_MIN 1024

void
held_reset(struct held *h)
{
    free(h->head);
    free(h->bytes);
    *h = (struct held){0};
}

static bool
keep(struct held *h, struct slice more)
{
    uint32_t need = h->len + (uint32_t)more.len;
    if (need > h->cap) {
        uint32_t cap = MAX(h->cap, (uint32_t)HELD_CAP_MIN);
        while (cap < need) {
            cap *= 2;
        }
        uint8_t *bytes = malloc(cap);
        if (bytes == NULL) {
            return false;
        }
        if (h->len > 0) {
            memcpy(bytes, h->bytes, h->len);
        }
        free(h->bytes);
        h->bytes = bytes;
        h->cap = cap;
    }
    memcpy(h->bytes + h->len, more.ptr, more.len);
    h->len = need;
    return true;
}

static enum dec
no_memory(struct http_head *head, const struct http_head **ret_head)
{
    head->error.reason = "no memory for a head";
    head->refusal = 503;
    *ret_head = head;
    return DEC_LIMIT;
}

enum dec
held_feed(struct held *h, struct http_head *scratch, enum http_side side, struct slice chunk,
          size_t *ret_used, const struct http_head **ret_head, struct slice *ret_bytes)
{
    uint32_t before = h->len;
    struct slice bytes = chunk;
    struct http_head *head = scratch;
    if (before > 0) {
        head = h->head;
        if (!keep(h, slice_sub(chunk, 0, HTTP_HEAD_MAX - before))) {
            return no_memory(head, ret_head);
        }
        bytes = slice_of(h->bytes, h->len);
    } else {
        http_head_init(scratch, side, HTTP_HEAD_MAX);
    }
    enum dec answer = http_head_decode(head, bytes);
    if (answer == DEC_MORE && before == 0) {
        h->head = malloc(sizeof(*h->head));
        if (h->head == NULL || !keep(h, chunk)) {
            return no_memory(scratch, ret_head);
        }
        *h->head = *scratch;
        head = h->head;
    }
    *ret_head = head;
    *ret_used = answer == DEC_OK ? head->len - before : chunk.len;
    *ret_bytes = slice_sub(bytes, 0, answer == DEC_OK ? head->len : bytes.len);
    return answer;
}
