/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_tokens.h - what each token of the lexer does to a statement.
 *
 * Every token can come this way, in any pieces; sql_fast.c takes the plain ones first, through the
 * same functions. Private to this folder. */
#ifndef PROTO_SQL_SQL_TOKENS_H
#define PROTO_SQL_SQL_TOKENS_H

#include "proto/sql/sql_keyword.h"

/* Any piece of any token. */
void sql_tokens_take(struct sql_fingerprint *f, const struct sql_token *t);

/* Before any token that is not a comment: what waited for it ends. byte: `(` or `,`, which rows may
 * wait for. */
void sql_tokens_begin(struct sql_fingerprint *f, uint8_t byte);
/* Whether something waits for the next token. */
static inline bool
sql_tokens_pending(const struct sql_fingerprint *f)
{
    return f->string_open || f->sign != 0 || f->ended || f->shape.rows >= SQL_ROWS_BEHIND;
}

/* A word that is in f->word, lower case, zeros behind it up to a multiple of 16. */
void sql_tokens_word(struct sql_fingerprint *f, enum sql_keyword keyword);
/* `(`, `)`, `[`, `]`, `,`, `;` and the rest. */
void sql_tokens_punct(struct sql_fingerprint *f, uint8_t byte);

/* Values in what comes before AS in PREPARE are not told. */
static inline bool
sql_tokens_tells_values(const struct sql_fingerprint *f)
{
    return f->command != SQL_COMMAND_PREPARE || f->has_inner;
}

static inline void
sql_tokens_value_bytes(struct sql_fingerprint *f, struct slice bytes)
{
    if (f->handler.on_value_bytes != NULL && bytes.len > 0 && sql_tokens_tells_values(f)) {
        f->handler.on_value_bytes(f->handler.ctx, bytes);
    }
}

static inline void
sql_tokens_value_end(struct sql_fingerprint *f, enum sql_value_kind kind, unsigned param)
{
    if (f->handler.on_value_end != NULL && sql_tokens_tells_values(f)) {
        f->handler.on_value_end(f->handler.ctx, kind, param);
    }
}

#endif
