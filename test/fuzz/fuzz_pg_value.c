/* SPDX-License-Identifier: Apache-2.0
 * One value: in pieces it hashes as its canonical text does whole. Type, then the bytes. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "proto/pg/pg_value.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t types[] = {
        0,           PG_TYPE_BOOL,   PG_TYPE_INT8,   PG_TYPE_INT2, PG_TYPE_INT4,
        PG_TYPE_OID, PG_TYPE_FLOAT4, PG_TYPE_FLOAT8, PG_TYPE_UUID};
    static const struct hash_key key = {1, 2};
    if (size < 2) {
        return 0;
    }
    uint32_t type = types[data[0] % ARRAY_LEN(types)];
    size_t step = (size_t)(data[1] >> 1) + 1;
    bool binary = (data[1] & 1) != 0;
    struct slice bytes = slice_of(data + 2, size - 2);
    char dst[PG_VALUE_TEXT_MAX];
    struct pg_value whole, pieces;
    pg_value_begin(&whole, &key, 0, false);
    pg_value_add(&whole, binary ? pg_value_text(type, bytes, dst) : bytes);
    pg_value_begin(&pieces, &key, type, binary);
    for (size_t at = 0; at < bytes.len; at += step) {
        pg_value_add(&pieces, slice_sub(bytes, at, step));
    }
    if (pg_value_end(&whole) != pg_value_end(&pieces)) {
        abort();
    }
    return 0;
}
