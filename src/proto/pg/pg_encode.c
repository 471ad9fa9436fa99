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

static size_t
put(uint8_t *dst, size_t at, struct slice bytes)
{
    if (bytes.len > 0) {
        memcpy(dst + at, bytes.ptr, bytes.len);
    }
    return at + bytes.len;
}

static size_t
begin(uint8_t *dst, size_t at, char type)
{
    dst[at] = (uint8_t)type;
    return at + 5;
}

/* Of the message that begins at `start`: its length is known now. */
static size_t
end(uint8_t *dst, size_t start, size_t at)
{
    put_u32(dst, start + 1, (uint32_t)(at - start - 1));
    return at;
}

size_t
pg_encode_authentication(uint8_t *dst, size_t at, uint32_t code, struct slice data)
{
    return end(dst, at, put(dst, put_u32(dst, begin(dst, at, 'R'), code), data));
}

size_t
pg_encode_answer(uint8_t *dst, size_t at, struct slice data)
{
    return end(dst, at, put(dst, begin(dst, at, 'p'), data));
}

size_t
pg_encode_sasl_choice(uint8_t *dst, size_t at, struct slice mechanism, struct slice data)
{
    size_t to = put(dst, begin(dst, at, 'p'), mechanism);
    dst[to++] = 0;
    return end(dst, at, put(dst, put_u32(dst, to, (uint32_t)data.len), data));
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
