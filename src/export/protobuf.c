/* SPDX-License-Identifier: Apache-2.0 */
#include "export/protobuf.h"

#include <string.h>

#define LENGTH_BYTES 4u

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static void
put_varint(struct buf *b, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        (void)buf_append_byte(b, (uint8_t)(value | 0x80));
    }
    (void)buf_append_byte(b, (uint8_t)value);
}

static void
put_tag(struct buf *b, unsigned field, enum wire wire)
{
    put_varint(b, (uint64_t)field << 3 | wire);
}

void
protobuf_varint(struct buf *b, unsigned field, uint64_t value)
{
    put_tag(b, field, WIRE_VARINT);
    put_varint(b, value);
}

/* Little-endian. */
void
protobuf_packed_fixed64(struct buf *b, uint64_t value)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
    (void)buf_append(b, slice_of(bytes, sizeof(bytes)));
}

void
protobuf_packed_double(struct buf *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    protobuf_packed_fixed64(b, bits);
}

void
protobuf_fixed64(struct buf *b, unsigned field, uint64_t value)
{
    put_tag(b, field, WIRE_FIXED64);
    protobuf_packed_fixed64(b, value);
}

void
protobuf_double(struct buf *b, unsigned field, double value)
{
    put_tag(b, field, WIRE_FIXED64);
    protobuf_packed_double(b, value);
}

void
protobuf_bytes(struct buf *b, unsigned field, struct slice value)
{
    put_tag(b, field, WIRE_BYTES);
    put_varint(b, value.len);
    (void)buf_append(b, value);
}

void
protobuf_string(struct buf *b, unsigned field, const char *value)
{
    protobuf_bytes(b, field, slice_from_str(value));
}

size_t
protobuf_open(struct buf *b, unsigned field)
{
    static const uint8_t room[LENGTH_BYTES];
    put_tag(b, field, WIRE_BYTES);
    (void)buf_append(b, slice_of(room, sizeof(room)));
    return b->len;
}

void
protobuf_close(struct buf *b, size_t at)
{
    if (buf_overflowed(b)) {
        return;
    }
    size_t len = b->len - at;
    assert(len <= PROTOBUF_MESSAGE_MAX);
    for (unsigned i = 0; i < LENGTH_BYTES; i++) {
        uint8_t more = i + 1 < LENGTH_BYTES ? 0x80 : 0;
        b->data[at - LENGTH_BYTES + i] = (uint8_t)((len >> (7 * i)) & 0x7f) | more;
    }
}

static bool
take_varint(struct slice *s, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < s->len; i++) {
        value |= (uint64_t)(s->ptr[i] & 0x7f) << (7 * i);
        if ((s->ptr[i] & 0x80) == 0) {
            *s = slice_sub(*s, i + 1, s->len);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool
protobuf_find(struct slice s, unsigned field, uint64_t *ret_value, struct slice *ret_bytes)
{
    uint64_t tag, value = 0;
    while (s.len > 0 && take_varint(&s, &tag)) {
        unsigned wire = tag & 7;
        uint64_t len = wire == WIRE_FIXED64 ? 8 : wire == WIRE_FIXED32 ? 4 : 0;
        bool known = wire == WIRE_VARINT  ? take_varint(&s, &value)
                     : wire == WIRE_BYTES ? take_varint(&s, &len)
                                          : len > 0;
        if (!known || len > s.len) {
            return false;
        }
        if (tag >> 3 == field && (wire == WIRE_VARINT || wire == WIRE_BYTES)) {
            *ret_value = value;
            *ret_bytes = slice_sub(s, 0, len);
            return true;
        }
        s = slice_sub(s, len, s.len);
    }
    return false;
}
