/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_lexer.h - PostgreSQL's SQL, cut into tokens as its bytes stream by.
 *
 * Resumable: the input may come in any cuts, so a token comes in pieces, the first with `begins`,
 * the last with `ends`; when it lies in one cut that is usually one piece. Pieces point into the
 * input or into the lexer and are valid until the next call. Quotes, escapes and comment marks are
 * taken away. Never fails: what the server would refuse comes out as some token.
 *
 * Where the wire and the drivers' notations meet: `?` is a bind marker unless it starts ?| ?& ?-
 * ?# or follows @; `:name` is one, `::` is a cast, `:=` an operator. U&'' and U&"" keep their
 * escapes. White space is every byte up to 0x20 and 0x7f.
 *
 * The caller owns the struct (about 200 bytes). No allocation, no globals; any thread. */
#ifndef PROTO_SQL_SQL_LEXER_H
#define PROTO_SQL_SQL_LEXER_H

#include "base/check.h"
#include "base/slice.h"

enum sql_token_kind {
    SQL_TOKEN_WORD,     /* identifier or keyword, as written */
    SQL_TOKEN_QUOTED,   /* inside of "..."; a doubled quote stays doubled */
    SQL_TOKEN_UQUOTED,  /* inside of U&"..." */
    SQL_TOKEN_STRING,   /* the value of '...', E'...', $$...$$, B'', X'', N'', U&'' */
    SQL_TOKEN_NUMBER,   /* as written */
    SQL_TOKEN_PARAM,    /* `?` or `:name`: empty; $12: 12 */
    SQL_TOKEN_OPERATOR, /* of + - * / < > = ~ ! @ # % ^ & | ` ?, and := */
    SQL_TOKEN_CAST,     /* :: */
    SQL_TOKEN_PUNCT,    /* one of ( ) [ ] , ; . : { } \ $ */
    SQL_TOKEN_COMMENT,  /* inside of a block comment, nested ones as they are */
};

struct sql_token {
    enum sql_token_kind kind;
    bool begins;
    bool ends;
    struct slice piece;
};

#define SQL_TAG_MAX      64 /* a longer $tag$ is none */
#define SQL_OPERATOR_MAX 32 /* a longer run is several */

struct sql_lexer {
    uint8_t state;
    uint8_t kind;  /* of the token being read */
    uint8_t after; /* state when the operators held in `hold` have been handed out */
    uint8_t last;  /* byte before, where the state needs it */
    uint8_t escape_digits;
    uint8_t escape_left;
    bool begun;
    bool number_is_hex;
    bool backslashes; /* set by the owner behind init: standard_conforming_strings is off */
    uint16_t hold_len;
    uint16_t hold_at;
    uint16_t tag_len;
    uint16_t high_surrogate;
    uint32_t escape_value;
    uint32_t comment_depth;
    uint8_t hold[SQL_TAG_MAX + 2];
    uint8_t tag[SQL_TAG_MAX + 2]; /* tag and the `$` behind it */
};

void sql_lexer_init(struct sql_lexer *l);

static inline bool
sql_lexer_between_tokens(const struct sql_lexer *l)
{
    return l->state == 0;
}

/* Takes bytes off *input. True: *ret_token is a piece; false: the input is used up. */
bool sql_lexer_next(struct sql_lexer *l, struct slice *input, struct sql_token *ret_token);

/* There is no more input: hands out what was held back; call until false. */
bool sql_lexer_end(struct sql_lexer *l, struct sql_token *ret_token);

#endif
