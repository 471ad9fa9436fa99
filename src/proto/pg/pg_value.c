/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_value.h"

#include <stdio.h>
#include <stdlib.h>

/* Bytes of the types that have a canonical text; 0 for all others. */
static unsigned
size_of(uint32_t type_oid)
{
    switch (type_oid) {
    case PG_TYPE_BOOL:
        return 1;
    case PG_TYPE_INT2:
        return 2;
    case PG_TYPE_INT4:
    case PG_TYPE_OID:
    case PG_TYPE_FLOAT4:
        return 4;
    case PG_TYPE_INT8:
    case PG_TYPE_FLOAT8:
        return 8;
    case PG_TYPE_UUID:
        return 16;
    default:
        return 0;
    }
}

static uint64_t
big_endian(struct slice s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        v = v << 8 | s.ptr[i];
    }
    return v;
}

static int
print_uuid(struct slice value, char dst[PG_VALUE_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    int at = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            dst[at++] = '-';
        }
        dst[at++] = digits[value.ptr[i] >> 4];
        dst[at++] = digits[value.ptr[i] & 15];
    }
    return at;
}

static int
print_float(struct slice value, bool is_double, char dst[PG_VALUE_TEXT_MAX])
{
    uint64_t bits = big_endian(value);
    uint32_t low = (uint32_t)bits;
    double d;
    float f;
    memcpy(&d, &bits, sizeof(d));
    memcpy(&f, &low, sizeof(f));
    int n = 0;
    for (int digits = is_double ? 15 : 6; digits <= (is_double ? 17 : 9); digits++) {
        n = snprintf(dst, PG_VALUE_TEXT_MAX, "%.*g", digits, is_double ? d : (double)f);
        if (is_double ? strtod(dst, NULL) == d : strtof(dst, NULL) == f) {
            break;
        }
    }
    return n;
}

struct slice
pg_value_text(uint32_t type_oid, struct slice value, char dst[PG_VALUE_TEXT_MAX])
{
    int n;
    if (value.len == 0 || value.len != size_of(type_oid)) {
        return value;
    }
    uint64_t bits = big_endian(value);
    switch (type_oid) {
    case PG_TYPE_BOOL:
        return bits != 0 ? SLICE_LIT("t") : SLICE_LIT("f");
    case PG_TYPE_INT2:
        n = snprintf(dst, PG_VALUE_TEXT_MAX, "%d", (int)(int16_t)bits);
        break;
    case PG_TYPE_INT4:
        n = snprintf(dst, PG_VALUE_TEXT_MAX, "%d", (int)(int32_t)bits);
        break;
    case PG_TYPE_OID:
        n = snprintf(dst, PG_VALUE_TEXT_MAX, "%u", (unsigned)bits);
        break;
    case PG_TYPE_INT8:
        n = snprintf(dst, PG_VALUE_TEXT_MAX, "%lld", (long long)bits);
        break;
    case PG_TYPE_UUID:
        n = print_uuid(value, dst);
        break;
    default:
        n = print_float(value, type_oid == PG_TYPE_FLOAT8, dst);
        break;
    }
    return slice_of(dst, (size_t)n);
}

void
pg_value_begin(struct pg_value *v, const struct hash_key *key, uint32_t type_oid, bool binary)
{
    hash_stream_init(&v->hash, key);
    v->type_oid = binary && size_of(type_oid) > 0 ? type_oid : 0;
    v->fill = 0;
}

void
pg_value_add(struct pg_value *v, struct slice piece)
{
    if (v->type_oid != 0) {
        if (piece.len <= sizeof(v->bytes) - v->fill) {
            if (piece.len > 0) {
                memcpy(v->bytes + v->fill, piece.ptr, piece.len);
            }
            v->fill = (uint8_t)(v->fill + piece.len);
            return;
        }
        /* Longer than its type can be: the bytes as they are. */
        hash_stream_add(&v->hash, slice_of(v->bytes, v->fill));
        v->type_oid = 0;
    }
    hash_stream_add(&v->hash, piece);
}

uint64_t
pg_value_end(struct pg_value *v)
{
    if (v->type_oid != 0) {
        char text[PG_VALUE_TEXT_MAX];
        hash_stream_add(&v->hash, pg_value_text(v->type_oid, slice_of(v->bytes, v->fill), text));
    }
    uint64_t hash = hash_stream_value(&v->hash);
    return hash == PG_VALUE_NULL ? 1 : hash;
}
