/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_tokens.h"

#include "proto/sql/sql_grammar.h"
#include "proto/sql/sql_names.h"
#include "proto/sql/sql_statement.h"

static void
put_value(struct sql_fingerprint *f)
{
    sql_shape_value(&f->shape);
    f->last_keyword = KEYWORD_NONE;
}

static void
put1(struct sql_fingerprint *f, enum sql_class class, uint8_t byte)
{
    sql_shape_put1(&f->shape, class, byte);
    f->last_keyword = KEYWORD_NONE;
}

void
sql_tokens_begin(struct sql_fingerprint *f, uint8_t byte)
{
    if (f->string_open) {
        f->string_open = false;
        sql_tokens_value_end(f, SQL_VALUE_STRING, 0);
    }
    if (f->sign != 0) {
        uint8_t sign = f->sign;
        f->sign = 0;
        put1(f, SQL_CLASS_OPERATOR, sign);
    }
    if (f->ended) {
        sql_statement_end(f, false);
    }
    sql_shape_settle(&f->shape, byte);
}

/* --- Words ---------------------------------------------------------------------------------- */

static void
take_literal(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    put_value(f);
    if (keyword == KEYWORD_NULL) {
        sql_tokens_value_end(f, SQL_VALUE_NULL, 0);
        return;
    }
    sql_tokens_value_bytes(f, keyword == KEYWORD_TRUE ? SLICE_LIT("t") : SLICE_LIT("f"));
    sql_tokens_value_end(f, SQL_VALUE_BOOL, 0);
}

void
sql_tokens_word(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    if (f->name_state != NAME_NONE && sql_names_word(f, slice_of(f->word, f->word_len), keyword)) {
        return;
    }
    if (sql_grammar_is_literal(f, keyword)) {
        take_literal(f, keyword);
        return;
    }
    sql_grammar_word(f, keyword);
    sql_shape_put(&f->shape, keyword == KEYWORD_NONE ? SQL_CLASS_WORD : SQL_CLASS_KEYWORD, f->word,
                  f->word_len, sql_shape_hash(SQL_CLASS_WORD, f->word, f->word_len));
    f->last_keyword = (uint8_t)keyword;
    if (sql_grammar_is_inner(f)) {
        sql_grammar_begin_inner(f);
    }
}

static void
read_quoted(struct sql_fingerprint *f, size_t prefix_len)
{
    sql_tokens_begin(f, 0);
    if (f->word_cut) {
        size_t quotes = 0;
        f->word_len = (uint16_t)sql_names_whole_characters(f->word, f->word_len);
        while (f->word[f->word_len - 1 - quotes] == '"' && f->word_len - quotes > prefix_len) {
            quotes++;
        }
        f->word_len -= quotes % 2; /* a pair was cut */
    }
    if (sql_names_quoted(f, slice_of(f->word + prefix_len, f->word_len - prefix_len))) {
        return;
    }
    f->word[f->word_len++] = '"';
    memset(f->word + f->word_len, 0, 16);
    f->has_words = true;
    sql_shape_put(&f->shape, SQL_CLASS_QUOTED, f->word, f->word_len,
                  sql_shape_hash(SQL_CLASS_QUOTED, f->word, f->word_len));
    f->last_keyword = KEYWORD_NONE;
}

static void
gather(struct sql_fingerprint *f, struct slice piece, bool is_word)
{
    size_t room = SQL_WORD_MAX - f->word_len;
    if (piece.len > room) {
        piece.len = room;
        f->word_cut = true;
    }
    uint8_t *restrict to = f->word + f->word_len;
    for (size_t i = 0; i < piece.len; i++) {
        uint8_t c = piece.ptr[i];
        if (is_word) {
            c |= c >= 'A' && c <= 'Z' ? 0x20 : 0;
        } else if (c < ' ' || c == 0x7f) {
            c = ' ';
        }
        to[i] = c;
    }
    f->word_len = (uint16_t)(f->word_len + piece.len);
}

static void
on_word(struct sql_fingerprint *f, const struct sql_token *t)
{
    bool is_word = t->kind == SQL_TOKEN_WORD;
    size_t prefix_len = is_word ? 0 : t->kind == SQL_TOKEN_QUOTED ? 1 : 3;
    if (t->begins) {
        f->word_cut = false;
        f->word_len = (uint16_t)prefix_len;
        memcpy(f->word, t->kind == SQL_TOKEN_QUOTED ? "\"" : "u&\"", prefix_len);
    }
    gather(f, t->piece, is_word);
    if (t->ends && is_word) {
        f->word_len = (uint16_t)(f->word_cut ? sql_names_whole_characters(f->word, f->word_len)
                                             : f->word_len);
        memset(f->word + f->word_len, 0, 16);
        sql_tokens_begin(f, 0);
        sql_tokens_word(f, sql_keyword_find(sql_bytes_load(f->word)));
    } else if (t->ends) {
        read_quoted(f, prefix_len);
    }
}

/* --- Other tokens --------------------------------------------------------------------------- */

static void
on_string(struct sql_fingerprint *f, const struct sql_token *t)
{
    if (t->begins && !f->string_open) { /* else one that continues the one before */
        sql_tokens_begin(f, 0);
        f->name_state = f->name_state == NAME_NEXT ? NAME_NONE : f->name_state;
        put_value(f);
    }
    sql_tokens_value_bytes(f, t->piece);
    f->string_open = t->ends;
}

static void
on_number(struct sql_fingerprint *f, const struct sql_token *t)
{
    if (t->begins) {
        bool negative = f->sign == '-';
        f->sign = 0;
        sql_tokens_begin(f, 0);
        f->name_state = f->name_state == NAME_NEXT ? NAME_NONE : f->name_state;
        put_value(f);
        if (negative) {
            sql_tokens_value_bytes(f, SLICE_LIT("-"));
        }
    }
    sql_tokens_value_bytes(f, t->piece);
    if (t->ends) {
        sql_tokens_value_end(f, SQL_VALUE_NUMBER, 0);
    }
}

static void
on_param(struct sql_fingerprint *f, const struct sql_token *t)
{
    f->param = t->begins ? 0 : f->param;
    for (size_t i = 0; i < t->piece.len && f->param < 100000; i++) {
        f->param = f->param * 10 + (t->piece.ptr[i] - (uint32_t)'0');
    }
    if (!t->ends) {
        return;
    }
    sql_tokens_begin(f, 0);
    if (sql_names_quoted(f, SLICE_NONE)) {
        return;
    }
    put_value(f);
    sql_tokens_value_end(f, SQL_VALUE_PARAM, f->param);
}

static void
on_operator(struct sql_fingerprint *f, const struct sql_token *t)
{
    sql_tokens_begin(f, 0);
    bool is_sign = t->piece.len == 1 && (t->piece.ptr[0] == '-' || t->piece.ptr[0] == '+');
    bool no_operand_before =
        !sql_shape_is_operand(f->shape.last_class) ||
        (f->shape.last_class == SQL_CLASS_KEYWORD && sql_keyword_table[f->last_keyword].sign);
    if (is_sign && no_operand_before) {
        f->sign = t->piece.ptr[0];
        return;
    }
    bool is_star = t->piece.len == 1 && t->piece.ptr[0] == '*';
    sql_shape_operator(&f->shape, is_star ? SQL_CLASS_STAR : SQL_CLASS_OPERATOR, t->piece.ptr,
                       t->piece.len);
    f->last_keyword = KEYWORD_NONE;
}

static enum sql_opens
opens_what(const struct sql_fingerprint *f, uint8_t byte)
{
    switch ((enum sql_keyword)f->last_keyword) {
    case KEYWORD_VALUES:
        return byte == '(' ? SQL_OPENS_ROW : SQL_OPENS_PLAIN;
    case KEYWORD_IN:
        return byte == '(' ? SQL_OPENS_LIST : SQL_OPENS_PLAIN;
    case KEYWORD_ARRAY:
        return byte == '[' ? SQL_OPENS_ARRAY : SQL_OPENS_PLAIN;
    default:
        return SQL_OPENS_PLAIN;
    }
}

void
sql_tokens_punct(struct sql_fingerprint *f, uint8_t byte)
{
    if (byte == ';' && f->ended) {
        return;
    }
    sql_tokens_begin(f, byte);
    f->name_state = f->name_state == NAME_FETCH ? f->name_state : NAME_NONE;
    enum sql_opens behind = opens_what(f, byte);
    switch (byte) {
    case '(':
    case '[':
        sql_shape_open(&f->shape, byte, behind);
        break;
    case ')':
    case ']':
        sql_shape_close(&f->shape, byte);
        break;
    case ',':
        sql_shape_comma(&f->shape);
        break;
    case ';':
        if (f->shape.depth == 0 && f->begin_depth == 0) {
            f->ended = sql_statement_has_tokens(f);
            return;
        }
        sql_shape_put1(&f->shape, SQL_CLASS_OTHER, byte);
        break;
    case '.':
        sql_shape_put1(&f->shape, SQL_CLASS_DOT, byte);
        break;
    case ':':
        sql_shape_put1(&f->shape, SQL_CLASS_COLON, byte);
        break;
    default:
        sql_shape_put1(&f->shape, SQL_CLASS_OTHER, byte);
        break;
    }
    f->last_keyword = KEYWORD_NONE;
}

void
sql_tokens_take(struct sql_fingerprint *f, const struct sql_token *t)
{
    switch (t->kind) {
    case SQL_TOKEN_WORD:
    case SQL_TOKEN_QUOTED:
    case SQL_TOKEN_UQUOTED:
        on_word(f, t);
        break;
    case SQL_TOKEN_STRING:
        on_string(f, t);
        break;
    case SQL_TOKEN_NUMBER:
        on_number(f, t);
        break;
    case SQL_TOKEN_PARAM:
        on_param(f, t);
        break;
    case SQL_TOKEN_OPERATOR:
        on_operator(f, t);
        break;
    case SQL_TOKEN_CAST:
        sql_tokens_begin(f, 0);
        sql_shape_operator(&f->shape, SQL_CLASS_CAST, t->piece.ptr, t->piece.len);
        f->last_keyword = KEYWORD_NONE;
        break;
    case SQL_TOKEN_PUNCT:
        sql_tokens_punct(f, t->piece.ptr[0]);
        break;
    case SQL_TOKEN_COMMENT:
        sql_statement_comment(f, t);
        break;
    }
}
