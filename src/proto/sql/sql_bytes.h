/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_bytes.h - what each byte is to PostgreSQL's lexer, and runs of bytes, 16 at a time.
 *
 * The vectors are GCC's own, so the same code builds for every machine; only gathering the result
 * into bits has an instruction of its own on x86-64 (SSE2, which all of them have). Define
 * SQL_BYTES_PORTABLE to do without. Private to this folder. Pure. */
#ifndef PROTO_SQL_SQL_BYTES_H
#define PROTO_SQL_SQL_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SQL_BYTES_PORTABLE)
#include <emmintrin.h>
#endif

enum sql_byte_class {
    SQL_BYTE_SPACE,
    SQL_BYTE_WORD, /* starts a word */
    SQL_BYTE_DIGIT,
    SQL_BYTE_QUOTE,
    SQL_BYTE_DOUBLE_QUOTE,
    SQL_BYTE_DOLLAR,
    SQL_BYTE_DOT,
    SQL_BYTE_COLON,
    SQL_BYTE_OPERATOR,
    SQL_BYTE_PUNCT,
};

/* Bits beside the class. */
#define SQL_BYTE_CLASS  0x0f
#define SQL_BYTE_PART   0x10 /* may stand inside a word or a number */
#define SQL_BYTE_PREFIX 0x20 /* E'', B'', X'', N'', U&'' */
#define SQL_BYTE_TAG    0x40 /* may stand inside $tag$ */
#define SQL_BYTE_JOINS  0x80 /* behind a string: may lead to another that goes on with it */

extern const uint8_t sql_bytes_classes[256];

static inline enum sql_byte_class
sql_byte_class(uint8_t byte)
{
    return (enum sql_byte_class)(sql_bytes_classes[byte] & SQL_BYTE_CLASS);
}

typedef uint8_t sql_bytes16 __attribute__((vector_size(16)));
typedef uint64_t sql_bytes16_words __attribute__((vector_size(16)));

/* Reads 16 bytes. */
static inline sql_bytes16
sql_bytes_load(const uint8_t *from)
{
    sql_bytes16 v;
    memcpy(&v, from, sizeof(v));
    return v;
}

static inline void
sql_bytes_store(uint8_t *to, sql_bytes16 v)
{
    memcpy(to, &v, sizeof(v));
}

/* One bit for each byte of a comparison's result, the first byte's lowest. */
static inline unsigned
sql_bytes_bits(sql_bytes16 compared)
{
#if defined(__SSE2__) && !defined(SQL_BYTES_PORTABLE)
    return (unsigned)_mm_movemask_epi8((__m128i)compared);
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < 16; i++) {
        bits |= (compared[i] & 1u) << i;
    }
    return bits;
#endif
}

/* Half of it as a number, the same on every machine. */
static inline uint64_t
sql_bytes_word(sql_bytes16 v, unsigned half)
{
    return le64toh(((sql_bytes16_words)v)[half]);
}

/* How many bytes from the start are set in `bits`; 16 when all are. */
static inline unsigned
sql_bytes_run(unsigned bits)
{
    return (unsigned)__builtin_ctz(~bits);
}

static inline sql_bytes16
sql_bytes_lower(sql_bytes16 v)
{
    sql_bytes16 is_upper = (sql_bytes16)((v - 'A') <= 25);
    return v | (is_upper & 0x20);
}

/* v: lower case. */
static inline sql_bytes16
sql_bytes_in_word(sql_bytes16 v)
{
    return (sql_bytes16)((v - 'a') <= 25) | (sql_bytes16)((v - '0') <= 9) |
           (sql_bytes16)(v == '_') | (sql_bytes16)(v == '$') | (sql_bytes16)(v >= 0x80);
}

static inline sql_bytes16
sql_bytes_control(sql_bytes16 v)
{
    return (sql_bytes16)(v < ' ') | (sql_bytes16)(v == 0x7f);
}

/* The first len (0 to 16) bytes; 0 behind them. */
static inline sql_bytes16
sql_bytes_first(sql_bytes16 v, unsigned len)
{
    static const uint8_t window[32] = {[0 ... 15] = 0xff};
    return v & sql_bytes_load(window + 16 - len);
}

#endif
