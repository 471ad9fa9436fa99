/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_shape.h - what a statement comes to: its hash and its normalized text.
 *
 * Takes tokens, in order, and folds lists and rows as they close. A list's elements are hashed on
 * their own: what stays of them joins the hash of what is around when the list ends, so an element
 * like the one before is dropped by forgetting it. Rows of VALUES behind the first put nothing.
 *
 * Part of struct sql_fingerprint, whose caller owns it. The inline parts are the path of nearly
 * every token; the rest is in sql_shape.c. Pure; private to this folder but for its size. */
#ifndef PROTO_SQL_SQL_SHAPE_H
#define PROTO_SQL_SQL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/sql/sql_bytes.h"

#define SQL_LISTS_MAX 12 /* IN lists and arrays inside one another; deeper ones stay unfolded */

/* What a token is to the one behind it. */
enum sql_class {
    SQL_CLASS_START,
    SQL_CLASS_WORD,
    SQL_CLASS_KEYWORD,
    SQL_CLASS_QUOTED,
    SQL_CLASS_VALUE,
    SQL_CLASS_OPERATOR,
    SQL_CLASS_STAR,
    SQL_CLASS_OPEN,    /* ( */
    SQL_CLASS_BRACKET, /* [ */
    SQL_CLASS_CLOSE,   /* ) ] */
    SQL_CLASS_COMMA,
    SQL_CLASS_DOT,
    SQL_CLASS_CAST,
    SQL_CLASS_COLON,
    SQL_CLASS_OTHER,
    SQL_CLASS_COUNT,
};

enum sql_rows {
    SQL_ROWS_NONE,
    SQL_ROWS_FIRST,      /* inside VALUES ( */
    SQL_ROWS_SUPPRESSED, /* inside a row that is folded away */
    SQL_ROWS_BEHIND,     /* right behind a row */
    SQL_ROWS_COMMA,      /* and a comma */
};

/* Where the text stands, to be returned to when what follows is folded away. */
struct sql_mark {
    uint64_t hash;
    uint32_t text_len;
    uint8_t last_class;
    bool text_cut;
};

struct sql_list {
    uint64_t outer_hash; /* of what is before it */
    uint64_t total_hash; /* over the elements that stay */
    uint64_t last_hash;  /* of the element before the one being read */
    struct sql_mark mark;
    uint32_t depth; /* of what is inside */
    bool is_array;
    bool has_last;
};

struct sql_shape {
    uint64_t hash; /* of the statement, or of the innermost list's element, so far */
    uint8_t *text; /* NULL: not wanted */
    uint32_t text_size;
    uint32_t text_len;
    uint32_t depth;     /* open parentheses and brackets */
    uint32_t row_depth; /* outside of the rows of VALUES */
    struct sql_mark row_mark;
    uint8_t last_class;
    uint8_t rows; /* enum sql_rows */
    uint8_t list_count;
    bool text_cut;
    struct sql_list lists[SQL_LISTS_MAX];
};

/* Stored fingerprints depend on these; never change them. */
#define SQL_HASH_SEED     0x736c6f776275726eu /* "slowburn" */
#define SQL_HASH_MULTIPLY 0x9e3779b97f4a7c15u

static inline uint64_t
sql_shape_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * SQL_HASH_MULTIPLY;
    return hash ^ (hash >> 32);
}

/* Where a token's hash begins: far from anything that bytes of text could be. */
static inline uint64_t sql_shape_seed(enum sql_class class)
{
    return (class + 1) * 0xd6e8feb86659fd93u;
}

/* A token's hash is its class, then its bytes, 16 at a time, zeros behind the last: no token holds
 * a zero itself. */
static inline uint64_t
sql_shape_mix16(uint64_t hash, sql_bytes16 bytes)
{
    return sql_shape_mix(sql_shape_mix(hash, sql_bytes_word(bytes, 0)), sql_bytes_word(bytes, 1));
}

/* A token of one byte. */
static inline uint64_t
sql_shape_hash1(enum sql_class class, uint8_t byte)
{
    return sql_shape_mix(sql_shape_mix(sql_shape_seed(class), byte), 0);
}

/* bytes: zero from len to the next multiple of 16. */
static inline uint64_t
sql_shape_hash(enum sql_class class, const uint8_t *bytes, size_t len)
{
    uint64_t hash = sql_shape_seed(class);
    for (size_t i = 0; i < len; i += 16) {
        hash = sql_shape_mix16(hash, sql_bytes_load(bytes + i));
    }
    return hash;
}

static inline bool
sql_shape_is_operand(unsigned class)
{
    return (1u << class & (1u << SQL_CLASS_WORD | 1u << SQL_CLASS_KEYWORD | 1u << SQL_CLASS_QUOTED |
                           1u << SQL_CLASS_VALUE | 1u << SQL_CLASS_CLOSE)) != 0;
}

/* Bit n: a blank stands between class n and the index. The text must read back as the same. */
extern const uint16_t sql_shape_blanks[SQL_CLASS_COUNT];

static inline unsigned
sql_shape_blank(unsigned last, enum sql_class class)
{
    return sql_shape_blanks[class] >> last & 1;
}

static inline void
sql_shape_put_text(struct sql_shape *s, enum sql_class class, const void *ptr, size_t len)
{
    size_t blank = sql_shape_blank(s->last_class, class);
    if (s->text_cut || len + blank > s->text_size - s->text_len) {
        s->text_cut = true;
        return;
    }
    s->text[s->text_len] = ' ';
    memcpy(s->text + s->text_len + blank, ptr, len);
    s->text_len += (uint32_t)(len + blank);
}

/* A token with its hash: sql_shape_hash of its class (CLASS_WORD for keywords) and bytes. */
static inline void
sql_shape_put(struct sql_shape *s, enum sql_class class, const void *ptr, size_t len, uint64_t hash)
{
    if (s->rows != SQL_ROWS_SUPPRESSED) {
        s->hash = sql_shape_mix(s->hash, hash);
        if (s->text != NULL) {
            sql_shape_put_text(s, class, ptr, len);
        }
    }
    s->last_class = (uint8_t) class;
}

static inline void
sql_shape_value(struct sql_shape *s)
{
    sql_shape_put(s, SQL_CLASS_VALUE, "?", 1, sql_shape_hash1(SQL_CLASS_VALUE, '?'));
}

static inline void
sql_shape_put1(struct sql_shape *s, enum sql_class class, uint8_t byte)
{
    sql_shape_put(s, class, &byte, 1, sql_shape_hash1(class, byte));
}

static inline struct sql_list *
sql_shape_list(struct sql_shape *s)
{
    return s->list_count == 0 ? NULL : &s->lists[s->list_count - 1];
}

/* Whether what comes next is inside of the innermost list and in nothing deeper. */
static inline bool
sql_shape_in_list(const struct sql_shape *s)
{
    return s->list_count > 0 && s->lists[s->list_count - 1].depth == s->depth;
}

/* Whether nothing was put since the start of the statement. */
static inline bool
sql_shape_is_blank(const struct sql_shape *s)
{
    return s->last_class == SQL_CLASS_START;
}

/* text and text_size stay. */
void sql_shape_begin(struct sql_shape *s);
/* Operators: at most 32 bytes. */
void sql_shape_operator(struct sql_shape *s, enum sql_class class, const uint8_t *ptr, size_t len);
/* What the opening parenthesis or bracket is behind. */
enum sql_opens {
    SQL_OPENS_PLAIN,
    SQL_OPENS_ROW,   /* ( behind VALUES */
    SQL_OPENS_LIST,  /* ( behind IN */
    SQL_OPENS_ARRAY, /* [ behind ARRAY */
};
void sql_shape_open(struct sql_shape *s, uint8_t byte, enum sql_opens behind);
void sql_shape_close(struct sql_shape *s, uint8_t byte);
void sql_shape_comma(struct sql_shape *s);
/* A query's first word comes: `IN (` was no list after all. */
void sql_shape_is_query(struct sql_shape *s);
/* What the next token begins with: rows end where it is not the one that they wait for. */
static inline void
sql_shape_settle(struct sql_shape *s, uint8_t byte)
{
    if ((s->rows == SQL_ROWS_BEHIND && byte != ',') || (s->rows == SQL_ROWS_COMMA && byte != '(')) {
        s->rows = SQL_ROWS_NONE;
    }
}
/* No more tokens. truncated: and the statement goes on. */
void sql_shape_end(struct sql_shape *s, bool truncated);

#endif
