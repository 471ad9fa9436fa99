/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_fingerprint.h"

#include "proto/sql/sql_fast.h"
#include "proto/sql/sql_statement.h"
#include "proto/sql/sql_tokens.h"

void
sql_fingerprint_init(struct sql_fingerprint *f, const struct sql_handler *handler, uint8_t *text,
                     size_t text_size)
{
    memset(f, 0, offsetof(struct sql_fingerprint, shape));
    f->handler = *handler;
    f->shape.text = text_size > 0 ? text : NULL;
    f->shape.text_size = (uint32_t)MIN(text_size, UINT32_MAX);
    sql_statement_begin(f);
}

void
sql_fingerprint_set_backslashes(struct sql_fingerprint *f, bool escape)
{
    f->lexer.backslashes = escape;
}

/* Token by token; what is plain may go the fast way once the lexer is between tokens again. */
static void
lex_one(struct sql_fingerprint *f, struct slice *bytes)
{
    struct sql_token t;
    if (sql_lexer_next(&f->lexer, bytes, &t)) {
        sql_tokens_take(f, &t);
    }
}

static void
lex_held(struct sql_fingerprint *f)
{
    struct slice held = slice_of(f->held, f->held_len);
    f->held_len = 0;
    while (held.len > 0 && !f->stops) {
        lex_one(f, &held);
    }
}

void
sql_fingerprint_feed(struct sql_fingerprint *f, struct slice bytes)
{
    size_t room = SQL_TEXT_MAX - f->looked_at;
    if (bytes.len > room) {
        bytes.len = room;
        f->truncated = true;
    }
    f->looked_at += (uint32_t)bytes.len;
    if (bytes.len > 0) {
        lex_held(f);
    }
    while (bytes.len > 0 && !f->stops) {
        if (sql_lexer_between_tokens(&f->lexer)) {
            if (bytes.len <= SQL_HELD_MAX) {
                /* Its last token may go on in what comes next. */
                memcpy(f->held, bytes.ptr, bytes.len);
                f->held_len = (uint8_t)bytes.len;
                return;
            }
            const uint8_t *end = bytes.ptr + bytes.len;
            const uint8_t *at = sql_fast_take(f, bytes.ptr, end - SQL_FAST_VIEW, end);
            bytes = slice_of(at, (size_t)(end - at));
            if (at >= end - SQL_FAST_VIEW || f->stops) {
                continue;
            }
        }
        lex_one(f, &bytes);
    }
}

/* What was held ends here: the blank behind it says so. */
static void
take_held(struct sql_fingerprint *f)
{
    uint8_t bytes[SQL_HELD_MAX + SQL_FAST_VIEW] = {0};
    const uint8_t *end = bytes + f->held_len;
    const uint8_t *at = bytes;
    memcpy(bytes, f->held, f->held_len);
    bytes[f->held_len] = ' ';
    f->held_len = 0;
    while (at < end && !f->stops) {
        if (sql_lexer_between_tokens(&f->lexer)) {
            at = sql_fast_take(f, at, end, end + 1);
        }
        if (at < end && !f->stops) {
            struct slice rest = slice_of(at, (size_t)(end - at));
            lex_one(f, &rest);
            at = rest.ptr;
        }
    }
}

unsigned
sql_fingerprint_finish(struct sql_fingerprint *f)
{
    struct sql_token t;
    if (f->truncated) {
        lex_held(f);
    } else {
        take_held(f);
    }
    while (!f->truncated && !f->stops && !sql_lexer_between_tokens(&f->lexer) &&
           sql_lexer_end(&f->lexer, &t)) {
        sql_tokens_take(f, &t);
    }
    if (f->stops) {
        return f->statements;
    }
    bool ended = f->ended;
    f->ended = false; /* the last one ends below, with a comment that may be behind it */
    sql_tokens_begin(f, '(');
    if (sql_statement_has_tokens(f) || (f->truncated && !ended)) {
        sql_statement_end(f, true);
    }
    return f->statements;
}

struct once {
    struct sql_fingerprint *f;
    struct sql_statement statement;
    bool seen;
};

static void
keep_first(void *ctx, const struct sql_statement *statement)
{
    struct once *o = ctx;
    if (!o->seen) {
        o->statement = *statement;
        o->seen = true;
        o->f->shape.text = NULL; /* the next statement must not write over it */
        o->f->stops = true;
    }
}

bool
sql_fingerprint_once(struct sql_fingerprint *f, struct slice text, uint8_t *text_buf,
                     size_t text_size, struct sql_statement *ret_statement)
{
    struct once o = {.f = f};
    struct sql_handler handler = {.on_statement = keep_first, .ctx = &o};
    sql_fingerprint_init(f, &handler, text_buf, text_size);
    sql_fingerprint_feed(f, text);
    sql_fingerprint_finish(f);
    if (o.seen) {
        *ret_statement = o.statement;
    }
    return o.seen;
}
