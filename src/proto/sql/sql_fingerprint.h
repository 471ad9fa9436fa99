/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_fingerprint.h - the shape of a statement, read as its bytes stream by.
 *
 *   SELECT * FROM "orders" WHERE id IN (7, 8) AND note = 'x' LIMIT 20 -- hi
 *   select * from "orders" where id in (?) and note = ? limit ?
 *
 * The rules. Literals and bind markers ($1, ?, :name) become ?. So do NULL, TRUE and FALSE, because
 * a driver that binds sends them as values and one that does not writes them out; after IS, NOT and
 * SET they are grammar and stay. A sign in front of a number belongs to the number where nothing
 * else can be meant. In IN lists and ARRAY[] neighbours of equal shape fold into one; of the rows
 * of VALUES the first stays. Comments go. White space is made uniform; words are lower-cased
 * (ASCII); quoted identifiers stay as they are, so "orders" and orders differ. The names in
 * PREPARE, EXECUTE, DEALLOCATE, SAVEPOINT, RELEASE, ROLLBACK TO, DECLARE, FETCH, MOVE, CLOSE and
 * CURRENT OF become ?. Normalizing a normalized text gives the same text and fingerprint.
 *
 * Statements are split at `;`, except inside parentheses and BEGIN ATOMIC bodies. Empty ones are
 * none. standard_conforming_strings is taken to be on unless the owner knows better.
 *
 * One struct per text that is being read; the caller owns it, may lend it from a pool, and reuses
 * it by another init. No allocation, no globals, any thread, input in any cuts. At most
 * SQL_TEXT_MAX bytes of the input are looked at; what comes after is skipped and the statement is
 * flagged truncated (its last list element or row, when cut in half, does not count). The
 * fingerprint depends on neither the size of the text buffer nor the cuts; it is stable across
 * machines and versions, because it is stored. Bytes are taken as they come: the text is as valid
 * UTF-8 as the input, and free of control characters. */
#ifndef PROTO_SQL_SQL_FINGERPRINT_H
#define PROTO_SQL_SQL_FINGERPRINT_H

#include "model/event.h"
#include "proto/sql/sql_lexer.h"
#include "proto/sql/sql_shape.h"

#define SQL_TEXT_MAX    (64u * 1024)
#define SQL_NAME_MAX    63 /* longer names are cut, as the server does */
#define SQL_WORD_MAX    256
#define SQL_COMMENT_MAX EVENT_TAGS_MAX
#define SQL_HELD_MAX    48 /* of the last token, when it may go on in what is fed next */

/* Commands about named things; `name` is theirs. */
enum sql_command {
    SQL_COMMAND_NONE,
    SQL_COMMAND_PREPARE, /* inner_* is the prepared statement */
    SQL_COMMAND_EXECUTE, /* the arguments are the values */
    SQL_COMMAND_DEALLOCATE,
    SQL_COMMAND_DEALLOCATE_ALL,
    SQL_COMMAND_DISCARD_ALL,
    SQL_COMMAND_DECLARE,
    SQL_COMMAND_FETCH,
    SQL_COMMAND_MOVE,
    SQL_COMMAND_CLOSE,
    SQL_COMMAND_CLOSE_ALL,
    SQL_COMMAND_SAVEPOINT,
    SQL_COMMAND_RELEASE,
    SQL_COMMAND_ROLLBACK_TO,
};

/* Valid during on_statement only. */
struct sql_statement {
    uint64_t fingerprint; /* never 0 */
    struct slice text;    /* normalized, in the caller's buffer; empty without one */
    enum statement_kind kind;
    enum sql_command command;
    struct slice name;    /* lower-cased unless quoted, "" undoubled; empty: `?`, or none */
    struct slice comment; /* inside of the last block comment, at most SQL_COMMENT_MAX bytes */
    bool truncated;       /* longer than SQL_TEXT_MAX; there may have been more statements */
    bool text_cut;        /* the text did not fit its buffer */
    bool comment_cut;
    /* PREPARE ... AS statement: that statement, as if it stood alone. */
    uint64_t inner_fingerprint; /* 0: none */
    struct slice inner_text;
    enum statement_kind inner_kind;
};

enum sql_value_kind {
    SQL_VALUE_STRING, /* without quotes, escapes resolved; also B'' and X'', digits as written */
    SQL_VALUE_NUMBER, /* as written, with a leading - but no + */
    SQL_VALUE_BOOL,   /* "t" or "f" */
    SQL_VALUE_NULL,   /* no bytes */
    SQL_VALUE_PARAM,  /* no bytes: a bind marker, in the place of the bound value */
};

/* All hooks may be NULL. A value is any number of on_value_bytes, then one on_value_end, in the
 * order of the text, before their statement's on_statement. Where a truncated statement ends inside
 * a value, that value's end is not told. Values in what comes before AS in PREPARE are not told. */
struct sql_handler {
    void (*on_value_bytes)(void *ctx, struct slice bytes);
    /* param: n of $n; 0 otherwise. */
    void (*on_value_end)(void *ctx, enum sql_value_kind kind, unsigned param);
    void (*on_statement)(void *ctx, const struct sql_statement *statement);
    void *ctx;
};

/* Private; here so that it can live in the caller's memory. About 4 KiB, of which an init touches
 * 300 bytes. */
struct sql_fingerprint {
    struct sql_lexer lexer;
    struct sql_handler handler;
    uint32_t looked_at; /* bytes of input, up to SQL_TEXT_MAX */
    uint32_t begin_depth;
    uint32_t kind_depth; /* of the WITH whose main statement is awaited */
    uint32_t param;
    uint32_t inner_start; /* in the text */
    unsigned statements;
    uint64_t outer_hash; /* of `prepare ? as` */
    uint16_t word_len;
    uint16_t comment_len[2];
    bool comment_cut[2];
    bool comment_after; /* one came behind `;`, in the other of the two buffers */
    uint8_t comment_at; /* which of the two belongs to the statement being read */
    uint8_t held_len;
    uint8_t name_len;
    uint8_t last_keyword; /* the token before, when it was one */
    uint8_t first_keyword;
    uint8_t name_state;
    uint8_t kind;
    uint8_t outer_kind;
    uint8_t command;
    uint8_t sign; /* '+' or '-' that may belong to a number */
    bool word_cut;
    bool has_words;
    bool awaits_kind;
    bool cte_writes;
    bool in_routine;
    bool has_inner;
    bool string_open; /* its end is told when it is sure that no other string continues it */
    bool ended;       /* `;` was read; a comment may follow */
    bool truncated;
    bool stops;             /* nothing more is looked at */
    struct sql_shape shape; /* from here on nothing needs to be zero */
    uint8_t held[SQL_HELD_MAX];
    uint8_t name[SQL_NAME_MAX + 1];
    uint8_t word[SQL_WORD_MAX + 32];
    uint8_t comment[2][SQL_COMMENT_MAX];
};

/* text: where the normalized text goes, borrowed until finish; NULL and 0: not wanted. */
void sql_fingerprint_init(struct sql_fingerprint *f, const struct sql_handler *handler,
                          uint8_t *text, size_t text_size);
/* Behind init. escape: standard_conforming_strings is off, '...' reads as E'...' does. */
void sql_fingerprint_set_backslashes(struct sql_fingerprint *f, bool escape);
void sql_fingerprint_feed(struct sql_fingerprint *f, struct slice bytes);
/* Ends the last statement. Returns how many statements there were in all. */
unsigned sql_fingerprint_finish(struct sql_fingerprint *f);

/* One text in one go: the first statement of it; its slices live in f and text_buf. False: there
 * is none (blank, or only comments). */
bool sql_fingerprint_once(struct sql_fingerprint *f, struct slice text, uint8_t *text_buf,
                          size_t text_size, struct sql_statement *ret_statement);

#endif
