/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_held.h"

enum pg_held_step
pg_held_next(struct pg_held *h, char type, struct slice chunk, size_t *ret_used,
             struct slice *ret_piece)
{
    if (h->left > 0) {
        *ret_used = MIN(chunk.len, h->left);
        h->left -= (uint32_t)*ret_used;
        *ret_piece = slice_sub(chunk, 0, *ret_used);
        return PG_HELD_PASS;
    }
    size_t used = MIN(chunk.len, (size_t)PG_HEAD_LEN - MIN(h->fill, (uint32_t)PG_HEAD_LEN));
    memcpy(h->message + h->fill, chunk.ptr, used);
    h->fill += (uint32_t)used;
    *ret_used = used;
    if (h->fill < PG_HEAD_LEN) {
        return PG_HELD_MORE;
    }
    uint64_t len = 1 + (uint64_t)pg_held_u32(h->message + 1);
    bool is_held = type == PG_HELD_ALL || h->message[0] == (uint8_t)type;
    if (!is_held || len < PG_HEAD_LEN || len > sizeof(h->message)) {
        /* A length that cannot be is for whoever reads on to find. */
        h->left = len > PG_HEAD_LEN ? (uint32_t)(len - PG_HEAD_LEN) : 0;
        h->fill = 0;
        *ret_piece = slice_of(h->message, PG_HEAD_LEN);
        return PG_HELD_PASS;
    }
    size_t body = MIN(chunk.len - used, (size_t)len - h->fill);
    memcpy(h->message + h->fill, chunk.ptr + used, body);
    h->fill += (uint32_t)body;
    *ret_used += body;
    if (h->fill < len) {
        return PG_HELD_MORE;
    }
    h->fill = 0;
    *ret_piece = slice_of(h->message, (size_t)len);
    return PG_HELD_WHOLE;
}
