/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_wire.h"

enum dec
pg_wire_fail(struct pg_wire *w, enum dec dec, const char *reason)
{
    w->error = (struct dec_error){reason, w->offset};
    return dec;
}

static struct slice
take(struct pg_wire *w, struct slice *in, size_t n)
{
    struct slice taken = slice_of(in->ptr, n);
    in->ptr += n;
    in->len -= n;
    w->offset += n;
    return taken;
}

static uint32_t
big_endian(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* The header, cut somewhere. */
static enum dec
head_in_pieces(struct pg_wire *w, struct slice *in)
{
    while (w->head_fill < 5) {
        if (in->len == 0) {
            return DEC_MORE;
        }
        uint8_t byte = *take(w, in, 1).ptr;
        if (w->head_fill == 0) {
            w->type = byte;
            w->len = 0;
        } else {
            w->len = w->len << 8 | byte;
        }
        w->head_fill++;
    }
    return DEC_OK;
}

enum dec
pg_wire_head(struct pg_wire *w, struct slice *in)
{
    if (w->head_fill == 0 && in->len >= 5) {
        const uint8_t *bytes = take(w, in, 5).ptr;
        w->type = bytes[0];
        w->len = big_endian(bytes + 1, 4);
        w->head_fill = 5;
    } else {
        DEC_TRY(head_in_pieces(w, in));
    }
    if (w->len < 4) {
        return pg_wire_fail(w, DEC_BAD, "a message's length is less than its own field");
    }
    if (w->len > PG_MESSAGE_MAX) {
        return pg_wire_fail(w, DEC_LIMIT, "a message is longer than the protocol allows");
    }
    w->left = w->len - 4;
    w->len++;
    w->step = 0;
    w->value_fill = 0;
    w->name_started = false;
    return DEC_OK;
}

enum dec
pg_wire_int(struct pg_wire *w, struct slice *in, unsigned size, uint32_t *ret_value)
{
    if (w->value_fill == 0) {
        if (w->left < size) {
            return pg_wire_fail(w, DEC_BAD, "a message ends in the middle of a number");
        }
        if (in->len >= size) {
            *ret_value = big_endian(take(w, in, size).ptr, size);
            w->left -= size;
            return DEC_OK;
        }
        w->value = 0;
    }
    while (w->value_fill < size) {
        if (in->len == 0) {
            return DEC_MORE;
        }
        w->value = w->value << 8 | *take(w, in, 1).ptr;
        w->left--;
        w->value_fill++;
    }
    w->value_fill = 0;
    *ret_value = (uint32_t)w->value;
    return DEC_OK;
}

enum dec
pg_wire_name(struct pg_wire *w, struct slice *in, struct slice *ret_name)
{
    if (w->left == 0) {
        return pg_wire_fail(w, DEC_BAD, "a message ends in the middle of a name");
    }
    size_t here = MIN(in->len, w->left);
    if (here == 0) {
        return DEC_MORE;
    }
    size_t end = slice_find(slice_of(in->ptr, here), 0);
    if (!w->name_started) {
        w->name_len = 0;
        if (end < here) {
            struct slice whole = take(w, in, end + 1);
            w->left -= (uint32_t)(end + 1);
            *ret_name = slice_sub(whole, 0, MIN(end, PG_NAME_MAX));
            return DEC_OK;
        }
        w->name_started = true;
    }
    size_t kept = MIN(end, (size_t)PG_NAME_MAX - w->name_len);
    memcpy(w->name + w->name_len, in->ptr, kept);
    w->name_len = (uint8_t)(w->name_len + kept);
    size_t used = end < here ? end + 1 : here;
    take(w, in, used);
    w->left -= (uint32_t)used;
    if (end == here) {
        return w->left == 0 ? pg_wire_fail(w, DEC_BAD, "a message ends in the middle of a name")
                            : DEC_MORE;
    }
    w->name_started = false;
    *ret_name = slice_of(w->name, w->name_len);
    return DEC_OK;
}

enum dec
pg_wire_piece(struct pg_wire *w, struct slice *in, uint32_t len_max, struct slice *ret_piece)
{
    if (w->left < len_max) {
        return pg_wire_fail(w, DEC_BAD, "a message ends in the middle of a value");
    }
    size_t n = MIN(in->len, len_max);
    if (n == 0) {
        return DEC_MORE;
    }
    *ret_piece = take(w, in, n);
    w->left -= (uint32_t)n;
    return DEC_OK;
}

enum dec
pg_wire_text(struct pg_wire *w, struct slice *in, struct slice *ret_piece, bool *ret_ended)
{
    if (w->left == 0) {
        return pg_wire_fail(w, DEC_BAD, "a message ends in the middle of its text");
    }
    size_t here = MIN(in->len, w->left);
    if (here == 0) {
        return DEC_MORE;
    }
    size_t end = slice_find(slice_of(in->ptr, here), 0);
    *ret_piece = slice_of(in->ptr, end);
    *ret_ended = end < here;
    size_t used = end < here ? end + 1 : here;
    take(w, in, used);
    w->left -= (uint32_t)used;
    return DEC_OK;
}

enum dec
pg_wire_skip(struct pg_wire *w, struct slice *in)
{
    size_t n = MIN(in->len, w->left);
    if (n > 0) {
        take(w, in, n);
        w->left -= (uint32_t)n;
    }
    return w->left == 0 ? DEC_OK : DEC_MORE;
}
