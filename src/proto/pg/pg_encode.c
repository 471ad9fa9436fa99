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

static size_t
put_text(uint8_t *dst, size_t at, struct slice text)
{
    at = put(dst, at, text);
    dst[at] = 0;
    return at + 1;
}

static size_t
put_u16(uint8_t *dst, size_t at, uint16_t v)
{
    dst[at] = (uint8_t)(v >> 8);
    dst[at + 1] = (uint8_t)v;
    return at + 2;
}

size_t
pg_encode_startup(uint8_t *dst, struct slice user, struct slice database)
{
    size_t at = put_u32(dst, 4, 3 << 16);
    at = put_text(dst, put_text(dst, at, SLICE_LIT("user")), user);
    at = put_text(dst, put_text(dst, at, SLICE_LIT("database")), database);
    at = put_text(dst, put_text(dst, at, SLICE_LIT("application_name")), SLICE_LIT("slowburn"));
    dst[at++] = 0;
    put_u32(dst, 0, (uint32_t)at);
    return at;
}

size_t
pg_encode_statement(uint8_t *dst, struct slice sql, struct slice parameter)
{
    size_t parse = 0;
    size_t at = put_text(dst, put_text(dst, begin(dst, parse, 'P'), SLICE_NONE), sql);
    size_t bind = end(dst, parse, put_u16(dst, at, 0)); /* the server finds the type */
    at = put_text(dst, put_text(dst, begin(dst, bind, 'B'), SLICE_NONE), SLICE_NONE);
    at = put_u32(dst, put_u16(dst, put_u16(dst, at, 0), 1), (uint32_t)parameter.len);
    size_t execute = end(dst, bind, put_u16(dst, put(dst, at, parameter), 0));
    at = put_u32(dst, put_text(dst, begin(dst, execute, 'E'), SLICE_NONE), 0);
    size_t sync = end(dst, execute, at);
    return end(dst, sync, begin(dst, sync, 'S'));
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
