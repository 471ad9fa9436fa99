/* SPDX-License-Identifier: Apache-2.0
 * export/protobuf.h - writes messages in Protocol Buffers' wire format: what OTLP needs of it.
 *
 *   size_t at = protobuf_open(b, 2);    message in field 2 { ... }
 *   protobuf_string(b, 1, "name");
 *   protobuf_close(b, at);
 *
 * A message's length is written in four bytes, zero-padded, so that nothing has to be moved: a
 * varint need not be the shortest. Zero and empty are written like everything else. Whether all had
 * room the buffer knows (buf_overflowed); with one that overflowed nothing is read. Pure. */
#ifndef EXPORT_PROTOBUF_H
#define EXPORT_PROTOBUF_H

#include "base/buf.h"

#define PROTOBUF_MESSAGE_MAX ((1u << 28) - 1)

void protobuf_varint(struct buf *b, unsigned field, uint64_t value);
void protobuf_fixed64(struct buf *b, unsigned field, uint64_t value);
void protobuf_double(struct buf *b, unsigned field, double value);
void protobuf_bytes(struct buf *b, unsigned field, struct slice value);
void protobuf_string(struct buf *b, unsigned field, const char *value);

/* Everything until protobuf_close is a message in this field; also packed repeated numbers. */
MUST_CHECK size_t protobuf_open(struct buf *b, unsigned field);
void protobuf_close(struct buf *b, size_t at);
/* Within a packed field. */
void protobuf_packed_fixed64(struct buf *b, uint64_t value);
void protobuf_packed_double(struct buf *b, double value);

/* The first of this field in a message: a varint's value, or the bytes of a message or string.
 * false: it is not there, or what stands before it cannot be read. */
MUST_CHECK bool protobuf_find(struct slice message, unsigned field, uint64_t *ret_value,
                              struct slice *ret_bytes);

#endif
