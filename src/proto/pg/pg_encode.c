/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_encode.h"

static size_t
field(uint8_t *dst, size_t at, char code, struct slice text)
{
    dst[at++] = (uint8_t)code;
    memcpy(dst + at, text.ptr, text.len);
    at += text.len;
    dst[at++] = 0;
    return at;
}

struct slice
pg_encode_error(uint8_t dst[PG_ENCODE_ERROR_MAX], const char sqlstate[5], const char *message)
{
    enum { BESIDES_MESSAGE = 5 + 7 + 7 + 7 + 2 + 1 };
    size_t at = 5;
    at = field(dst, at, 'S', SLICE_LIT("FATAL"));
    at = field(dst, at, 'V', SLICE_LIT("FATAL"));
    at = field(dst, at, 'C', slice_of(sqlstate, 5));
    at = field(dst, at, 'M',
               slice_sub(slice_from_str(message), 0, PG_ENCODE_ERROR_MAX - BESIDES_MESSAGE));
    dst[at++] = 0;
    dst[0] = 'E';
    size_t len = at - 1;
    for (int i = 0; i < 4; i++) {
        dst[1 + i] = (uint8_t)(len >> (24 - 8 * i));
    }
    return slice_of(dst, at);
}
