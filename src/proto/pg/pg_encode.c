/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_encode.h"

static size_t
put_u32(uint8_t *dst, size_t at, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        dst[at + i] = (uint8_t)(v >> (24 - 8 * i));
    }
    return at + 4;
}

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
    put_u32(dst, 1, (uint32_t)(at - 1));
    return slice_of(dst, at);
}

struct slice
pg_encode_cancel(uint8_t dst[PG_CANCEL_LEN_MAX], uint32_t pid, struct slice key)
{
    size_t at = put_u32(dst, 0, (uint32_t)(12 + key.len));
    at = put_u32(dst, at, PG_STARTUP_CODE_CANCEL);
    at = put_u32(dst, at, pid);
    memcpy(dst + at, key.ptr, key.len);
    return slice_of(dst, at + key.len);
}
