/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_value.h - a value as canonical text, so that the same value hashes the same whether
 * it came as text, in binary, from a literal or from a URL.
 *
 * Text format: the bytes as they are. Binary: int2, int4, int8, oid as decimal; bool as "t" or
 * "f"; uuid in lower-case 8-4-4-4-12; float4 and float8 as the shortest decimal that reads back;
 * any other type (or one of another length than its type has) as the bytes that were sent.
 * Values come in pieces of any size; only the binary types above are put together (16 bytes).
 * Pure; about 90 bytes; no allocation. */
#ifndef PROTO_PG_PG_VALUE_H
#define PROTO_PG_PG_VALUE_H

#include "base/check.h"
#include "base/hash.h"
#include "base/slice.h"

#define PG_VALUE_TEXT_MAX 40

enum pg_type {
    PG_TYPE_BOOL = 16,
    PG_TYPE_INT8 = 20,
    PG_TYPE_INT2 = 21,
    PG_TYPE_INT4 = 23,
    PG_TYPE_OID = 26,
    PG_TYPE_FLOAT4 = 700,
    PG_TYPE_FLOAT8 = 701,
    PG_TYPE_UUID = 2950,
};

/* Canonical text of one whole binary value; `value` itself where there is none. */
struct slice pg_value_text(uint32_t type_oid, struct slice value, char dst[PG_VALUE_TEXT_MAX]);

/* Hash of one value that comes in pieces. */
struct pg_value {
    struct hash_stream hash;
    uint32_t type_oid; /* 0: take the bytes as they are */
    uint8_t fill;
    uint8_t bytes[16];
};

void pg_value_begin(struct pg_value *v, const struct hash_key *key, uint32_t type_oid, bool binary);
void pg_value_add(struct pg_value *v, struct slice piece);
uint64_t pg_value_end(struct pg_value *v);

/* What a NULL hashes to; no other value does. */
#define PG_VALUE_NULL 0ull

#endif
