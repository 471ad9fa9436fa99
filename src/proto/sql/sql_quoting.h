/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_quoting.h - the lexer's states, and those of them that are inside of quotes: what
 * the server's quoting rules say about '...', E'...', $tag$...$tag$ and "...".
 *
 * Each reader takes bytes off the input, of which there is at least one, and answers whether it
 * made a token. Private to the lexer. */
#ifndef PROTO_SQL_SQL_QUOTING_H
#define PROTO_SQL_SQL_QUOTING_H

#include "proto/sql/sql_lexer.h"

enum state {
    GROUND,
    IN_TOKEN,      /* a word, its first piece handed out */
    IN_PREFIX,     /* one letter in hold that may open a string */
    IN_PREFIX_AMP, /* U& in hold */
    AFTER_DOLLAR,
    IN_PARAM,
    IN_NUMBER,
    AFTER_DOT,
    IN_OPERATOR,   /* the run is in hold */
    OPERATORS_OUT, /* handing the run out */
    TAG_OUT,       /* a `$` that opened nothing: it, then the word behind it */
    AFTER_COLON,
    IN_MARKER,
    LINE_COMMENT,
    BLOCK_COMMENT,
    /* Inside of quotes, all that follow. */
    IN_QUOTED,
    AFTER_QUOTED, /* a `"` that may be the first of two */
    IN_STRING,
    AFTER_STRING,
    IN_ESTRING,
    AFTER_ESTRING,
    IN_ESCAPE,
    IN_DOLLAR_STRING,
    IN_DOLLAR_END, /* hold_len bytes of the closing tag have matched */
};

static inline bool
whole(struct sql_token *t, enum sql_token_kind kind, const uint8_t *ptr, size_t len)
{
    *t = (struct sql_token){kind, true, true, slice_of(ptr, len)};
    return true;
}

/* A piece of the token that l->kind is about; the last one leads back to the ground. */
static inline bool
piece(struct sql_lexer *l, struct sql_token *t, const uint8_t *ptr, size_t len, bool ends)
{
    *t = (struct sql_token){l->kind, !l->begun, ends, slice_of(ptr, len)};
    l->begun = !ends;
    if (ends) {
        l->state = GROUND;
    }
    return true;
}

static inline void
start(struct sql_lexer *l, enum state state, enum sql_token_kind kind)
{
    l->state = (uint8_t)state;
    l->kind = (uint8_t)kind;
    l->begun = false;
}

static inline void
take(struct slice *in, size_t n)
{
    in->ptr += n;
    in->len -= n;
}

static inline void
hold(struct sql_lexer *l, uint8_t byte)
{
    l->hold[l->hold_len++] = byte;
}

/* In one of the states inside of quotes. */
bool sql_quoting_read(struct sql_lexer *l, struct slice *in, struct sql_token *t);
/* There is no more input, in one of the same states: what is still to be handed out. */
bool sql_quoting_end(struct sql_lexer *l, struct sql_token *t);

#endif
