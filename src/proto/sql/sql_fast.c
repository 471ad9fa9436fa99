/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_fast.h"

#include "proto/sql/sql_grammar.h"
#include "proto/sql/sql_names.h"
#include "proto/sql/sql_tokens.h"

#define INLINE __attribute__((always_inline)) static inline

/* The most that one token adds to the text, with what 16-byte stores write behind it. */
#define OUT_ROOM 48

/* What every token touches, out of the struct so that it lives in registers. `load` takes it from
 * there, `save` puts it back, around every call that works on the struct. */
struct fast {
    struct sql_fingerprint *f;
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *out;
    uint8_t *out_limit;
    uint8_t *text_limit;
    uint64_t hash;
    uint32_t depth;
    uint32_t list_depth; /* of the innermost list's inside */
    uint32_t row_depth;  /* of a row's inside */
    unsigned last_class;
    unsigned last_keyword;
    unsigned heeds;
    bool is_sink; /* the text goes nowhere */
    bool is_pending;
};

/* What folding a list changes. */
INLINE void
load_text(struct fast *x, uint8_t *sink)
{
    struct sql_shape *s = &x->f->shape;
    x->is_sink = s->text == NULL || s->text_cut || s->rows == SQL_ROWS_SUPPRESSED;
    x->out = x->is_sink ? sink : s->text + s->text_len;
    x->out_limit = x->is_sink ? sink : x->text_limit;
    x->hash = s->hash;
    x->last_class = s->last_class;
}

INLINE void
load(struct fast *x, uint8_t *sink)
{
    struct sql_fingerprint *f = x->f;
    struct sql_shape *s = &f->shape;
    bool suppressed = s->rows == SQL_ROWS_SUPPRESSED;
    load_text(x, sink);
    x->depth = s->depth;
    x->list_depth =
        s->list_count > 0 && !suppressed ? s->lists[s->list_count - 1].depth : UINT32_MAX;
    x->row_depth = s->rows == SQL_ROWS_FIRST || suppressed ? s->row_depth + 1 : UINT32_MAX;
    x->last_keyword = f->last_keyword;
    x->heeds = sql_grammar_heeds(f);
    x->is_pending = sql_tokens_pending(f);
}

INLINE void
save(struct fast *x)
{
    struct sql_shape *s = &x->f->shape;
    if (!x->is_sink) {
        s->text_len = (uint32_t)(x->out - s->text);
    }
    if (s->rows != SQL_ROWS_SUPPRESSED) {
        s->hash = x->hash;
    }
    s->depth = x->depth;
    s->last_class = (uint8_t)x->last_class;
    x->f->last_keyword = (uint8_t)x->last_keyword;
}

INLINE void
put_blank(struct fast *x, enum sql_class class)
{
    *x->out = ' ';
    x->out += sql_shape_blank(x->last_class, class);
}

INLINE void
put(struct fast *x, enum sql_class class, unsigned keyword, uint64_t hash)
{
    x->hash = sql_shape_mix(x->hash, hash);
    x->last_class = class;
    x->last_keyword = keyword;
}

INLINE void
put1(struct fast *x, enum sql_class class, uint8_t byte)
{
    put_blank(x, class);
    *x->out++ = byte;
    put(x, class, KEYWORD_NONE, sql_shape_hash1(class, byte));
    x->at++;
}

/* bytes: what a literal or marker of len bytes says. */
INLINE void
put_value(struct fast *x, enum sql_value_kind kind, unsigned param, const uint8_t *bytes,
          size_t len)
{
    put_blank(x, SQL_CLASS_VALUE);
    *x->out++ = '?';
    put(x, SQL_CLASS_VALUE, KEYWORD_NONE, sql_shape_hash1(SQL_CLASS_VALUE, '?'));
    sql_tokens_value_bytes(x->f, slice_of(bytes, len));
    sql_tokens_value_end(x->f, kind, param);
}

/* --- The kinds of token: false leaves it for the lexer -------------------------------------- */

INLINE bool
is_prefix(const uint8_t *at)
{
    return (sql_bytes_classes[at[0]] & SQL_BYTE_PREFIX) != 0 && (at[1] == '\'' || at[1] == '&');
}

INLINE bool
take_long_word(struct fast *x, sql_bytes16 first)
{
    sql_bytes16 second = sql_bytes_lower(sql_bytes_load(x->at + 16));
    unsigned len = sql_bytes_run(sql_bytes_bits(sql_bytes_in_word(second)));
    if (len == 16 || x->at + 16 + len >= x->end || (x->heeds & SQL_HEED_WORD) != 0) {
        return false;
    }
    put_blank(x, SQL_CLASS_WORD);
    sql_bytes_store(x->out, first);
    sql_bytes_store(x->out + 16, second);
    uint64_t hash = sql_shape_mix16(sql_shape_seed(SQL_CLASS_WORD), first);
    hash = len == 0 ? hash : sql_shape_mix16(hash, sql_bytes_first(second, len));
    x->out += 16 + len;
    x->at += 16 + len;
    put(x, SQL_CLASS_WORD, KEYWORD_NONE, hash);
    return true;
}

/* A word that does more than stand there. */
INLINE bool
take_heeded(struct fast *x, sql_bytes16 word, unsigned len, enum sql_keyword keyword, uint8_t *sink)
{
    save(x);
    sql_bytes_store(x->f->word, word);
    x->f->word_len = (uint16_t)len;
    x->at += len;
    sql_tokens_word(x->f, keyword);
    load(x, sink);
    return x->f->name_state == NAME_NONE && !x->f->stops;
}

INLINE bool
take_word(struct fast *x, uint8_t *sink)
{
    sql_bytes16 v = sql_bytes_lower(sql_bytes_load(x->at));
    unsigned len = sql_bytes_run(sql_bytes_bits(sql_bytes_in_word(v)));
    if (len == 16) {
        return take_long_word(x, v);
    }
    if (x->at + len >= x->end || (len == 1 && is_prefix(x->at))) {
        return false;
    }
    sql_bytes16 word = sql_bytes_first(v, len);
    enum sql_keyword keyword = sql_keyword_find(word);
    if ((sql_keyword_table[keyword].heed & x->heeds) != 0) {
        return take_heeded(x, word, len, keyword, sink);
    }
    enum sql_class class = keyword == KEYWORD_NONE ? SQL_CLASS_WORD : SQL_CLASS_KEYWORD;
    put_blank(x, class);
    sql_bytes_store(x->out, v);
    x->out += len;
    x->at += len;
    put(x, class, keyword, sql_shape_mix16(sql_shape_seed(SQL_CLASS_WORD), word));
    return true;
}

/* A dot behind a name, mostly. */
INLINE void
take_dot(struct fast *x)
{
    if (x->at[0] == '.' && sql_byte_class(x->at[1]) != SQL_BYTE_DIGIT && x->at + 1 < x->end) {
        *x->out++ = '.';
        put(x, SQL_CLASS_DOT, KEYWORD_NONE, sql_shape_hash1(SQL_CLASS_DOT, '.'));
        x->at++;
    }
}

INLINE bool
take_quoted(struct fast *x)
{
    sql_bytes16 first = sql_bytes_load(x->at);
    unsigned quotes = sql_bytes_bits((sql_bytes16)(first == '"')) & ~1u;
    sql_bytes16 second = {0};
    unsigned len;
    uint64_t hash;
    if ((x->heeds & SQL_HEED_WORD) != 0) {
        return false;
    }
    if (quotes != 0) {
        len = (unsigned)__builtin_ctz(quotes) + 1;
        first = sql_bytes_first(first, len);
        hash = sql_shape_mix16(sql_shape_seed(SQL_CLASS_QUOTED), first);
    } else {
        second = sql_bytes_load(x->at + 16);
        quotes = sql_bytes_bits((sql_bytes16)(second == '"'));
        if (quotes == 0) {
            return false;
        }
        len = (unsigned)__builtin_ctz(quotes) + 1;
        second = sql_bytes_first(second, len);
        hash = sql_shape_mix16(sql_shape_mix16(sql_shape_seed(SQL_CLASS_QUOTED), first), second);
        len += 16;
    }
    /* Zeros behind the end are no bytes of the token. */
    unsigned controls =
        sql_bytes_bits(sql_bytes_control(first)) | sql_bytes_bits(sql_bytes_control(second)) << 16;
    controls &= (unsigned)((1ull << len) - 1);
    if (x->at + len >= x->end || x->at[len] == '"' || controls != 0) {
        return false;
    }
    put_blank(x, SQL_CLASS_QUOTED);
    sql_bytes_store(x->out, first);
    sql_bytes_store(x->out + 16, second);
    x->out += len;
    x->at += len;
    put(x, SQL_CLASS_QUOTED, KEYWORD_NONE, hash);
    take_dot(x);
    return true;
}

INLINE bool
take_number(struct fast *x)
{
    const uint8_t *at = x->at;
    unsigned len = sql_bytes_run(sql_bytes_bits((sql_bytes16)((sql_bytes_load(at) - '0') <= 9)));
    if (len < 16 && at[len] == '.') {
        sql_bytes16 behind = sql_bytes_load(at + len + 1);
        len += 1 + sql_bytes_run(sql_bytes_bits((sql_bytes16)((behind - '0') <= 9)));
    }
    if (len >= 16 || at + len >= x->end || at[len] == '.' ||
        (sql_bytes_classes[at[len]] & SQL_BYTE_PART) != 0) {
        return false;
    }
    x->at += len;
    put_value(x, SQL_VALUE_NUMBER, 0, at, len);
    return true;
}

INLINE bool
take_param(struct fast *x)
{
    const uint8_t *at = x->at + 1;
    unsigned param = 0;
    while (at < x->at + 6 && sql_byte_class(*at) == SQL_BYTE_DIGIT) {
        param = param * 10 + (*at++ - (unsigned)'0');
    }
    if (at == x->at + 1 || at == x->at + 6 || at >= x->end) {
        return false;
    }
    x->at = at;
    put_value(x, SQL_VALUE_PARAM, param, NULL, 0);
    return true;
}

/* Whether another string may follow and go on with the one that ended before `at`. */
INLINE bool
may_go_on(const uint8_t *at)
{
    at += *at == ' ' ? 1 : 0;
    uint8_t bits = sql_bytes_classes[*at];
    return (bits & SQL_BYTE_JOINS) != 0 &&
           ((bits & SQL_BYTE_PREFIX) == 0 || (sql_bytes_classes[at[1]] & SQL_BYTE_TAG) == 0);
}

INLINE bool
take_string(struct fast *x)
{
    const uint8_t *from = x->at + 1;
    unsigned quotes = sql_bytes_bits((sql_bytes16)(sql_bytes_load(from) == '\''));
    const uint8_t *to = quotes != 0          ? from + __builtin_ctz(quotes)
                        : from + 16 < x->end ? memchr(from + 16, '\'', (size_t)(x->end - from - 16))
                                             : NULL;
    if (to == NULL || x->end - to < 4 || to[1] == '\'' || x->f->lexer.backslashes) {
        return false;
    }
    x->at = to + 1;
    put_blank(x, SQL_CLASS_VALUE);
    *x->out++ = '?';
    put(x, SQL_CLASS_VALUE, KEYWORD_NONE, sql_shape_hash1(SQL_CLASS_VALUE, '?'));
    sql_tokens_value_bytes(x->f, slice_of(from, (size_t)(to - from)));
    if (may_go_on(to + 1)) {
        x->f->string_open = true;
        x->is_pending = true;
    } else {
        sql_tokens_value_end(x->f, SQL_VALUE_STRING, 0);
    }
    return true;
}

INLINE bool
is_operator(uint8_t byte)
{
    return sql_byte_class(byte) == SQL_BYTE_OPERATOR;
}

/* Two or three bytes, none of which begins a comment or is a marker. */
INLINE bool
take_long_operator(struct fast *x)
{
    const uint8_t *at = x->at;
    unsigned len = is_operator(at[2]) ? 3 : 2;
    uint8_t last = at[len - 1];
    bool has_marker = at[0] == '?' || at[1] == '?' || last == '?';
    bool has_comment = (at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*') ||
                       (at[1] == '/' && last == '*');
    if (is_operator(at[len]) || at + len >= x->end || has_marker || has_comment || last == '+' ||
        last == '-') {
        return false;
    }
    sql_bytes16 run = sql_bytes_first(sql_bytes_load(at), len);
    put_blank(x, SQL_CLASS_OPERATOR);
    sql_bytes_store(x->out, run);
    x->out += len;
    x->at += len;
    put(x, SQL_CLASS_OPERATOR, KEYWORD_NONE,
        sql_shape_mix16(sql_shape_seed(SQL_CLASS_OPERATOR), run));
    return true;
}

INLINE bool
take_operator(struct fast *x)
{
    uint8_t c = x->at[0];
    if (is_operator(x->at[1])) {
        return take_long_operator(x);
    }
    switch (c) {
    case '?':
        x->at++;
        put_value(x, SQL_VALUE_PARAM, 0, NULL, 0);
        return true;
    case '*':
        put1(x, SQL_CLASS_STAR, c);
        return true;
    case '+':
    case '-': /* it may belong to a number */
        if (!sql_shape_is_operand(x->last_class) ||
            (x->last_class == SQL_CLASS_KEYWORD && sql_keyword_table[x->last_keyword].sign)) {
            return false;
        }
        break;
    default:
        break;
    }
    put1(x, SQL_CLASS_OPERATOR, c);
    return true;
}

INLINE bool
take_cast(struct fast *x)
{
    static const uint8_t cast[16] = "::";
    if (x->at[1] != ':' || x->at + 2 >= x->end) {
        return false;
    }
    put_blank(x, SQL_CLASS_CAST);
    memcpy(x->out, cast, 2);
    x->out += 2;
    x->at += 2;
    put(x, SQL_CLASS_CAST, KEYWORD_NONE,
        sql_shape_mix16(sql_shape_seed(SQL_CLASS_CAST), sql_bytes_load(cast)));
    return true;
}

INLINE bool
take_punct(struct fast *x, uint8_t *sink)
{
    uint8_t c = x->at[0];
    if (c == ',' && x->depth != x->list_depth && !x->is_pending) {
        put1(x, SQL_CLASS_COMMA, c);
        return true;
    }
    if (c == ',' && !x->is_pending) {
        save(x);
        sql_shape_comma(&x->f->shape);
        load_text(x, sink);
        x->last_keyword = KEYWORD_NONE;
        x->at++;
        return true;
    }
    if (c == '(' && x->last_keyword != KEYWORD_IN && x->last_keyword != KEYWORD_VALUES &&
        !x->is_pending) {
        put1(x, SQL_CLASS_OPEN, c);
        x->depth++;
        return true;
    }
    if (c == ')' && x->depth != x->list_depth && x->depth != x->row_depth && x->depth > 0 &&
        !x->is_pending) {
        put1(x, SQL_CLASS_CLOSE, c);
        x->depth--;
        return true;
    }
    save(x);
    sql_tokens_punct(x->f, c);
    load(x, sink);
    x->at++;
    return x->f->name_state == NAME_NONE && !x->f->stops;
}

/* What waited for this token ends, where it is sure to be one. */
INLINE bool
end_pending(struct fast *x, enum sql_byte_class class, uint8_t *sink)
{
    if (class == SQL_BYTE_SPACE || class == SQL_BYTE_PUNCT) {
        return true;
    }
    if (class != SQL_BYTE_DOUBLE_QUOTE && (class != SQL_BYTE_WORD || is_prefix(x->at))) {
        return false;
    }
    save(x);
    sql_tokens_begin(x->f, 0);
    load(x, sink);
    return !x->f->stops;
}

INLINE bool
take_one(struct fast *x, enum sql_byte_class class, uint8_t *sink)
{
    switch (class) {
    case SQL_BYTE_SPACE:
        x->at += sql_bytes_run(sql_bytes_bits((sql_bytes16)(sql_bytes_load(x->at) <= ' ') |
                                              (sql_bytes16)(sql_bytes_load(x->at) == 0x7f)));
        return true;
    case SQL_BYTE_WORD:
        return take_word(x, sink);
    case SQL_BYTE_DOUBLE_QUOTE:
        return take_quoted(x);
    case SQL_BYTE_DIGIT:
        return take_number(x);
    case SQL_BYTE_DOLLAR:
        return take_param(x);
    case SQL_BYTE_QUOTE:
        return take_string(x);
    case SQL_BYTE_OPERATOR:
        return take_operator(x);
    case SQL_BYTE_DOT:
        if (sql_byte_class(x->at[1]) == SQL_BYTE_DIGIT) {
            return false;
        }
        put1(x, SQL_CLASS_DOT, '.');
        return true;
    case SQL_BYTE_COLON:
        return take_cast(x);
    case SQL_BYTE_PUNCT:
        return take_punct(x, sink);
    }
    return false;
}

const uint8_t *
sql_fast_take(struct sql_fingerprint *f, const uint8_t *from, const uint8_t *stop,
              const uint8_t *end)
{
    uint8_t sink[2 * OUT_ROOM];
    struct fast x = {.f = f, .at = from, .end = end};
    if (f->name_state != NAME_NONE || f->stops) {
        return from;
    }
    x.text_limit =
        f->shape.text_size < OUT_ROOM ? NULL : f->shape.text + f->shape.text_size - OUT_ROOM;
    load(&x, sink);
    while (x.at < stop) {
        enum sql_byte_class class = sql_byte_class(*x.at);
        if (x.out > x.out_limit) {
            if (!x.is_sink) {
                break;
            }
            x.out = sink;
        }
        if (x.is_pending) {
            if (!end_pending(&x, class, sink)) {
                break;
            }
            if (!x.is_pending) {
                continue; /* it may have filled the text */
            }
        }
        if (!take_one(&x, class, sink)) {
            break;
        }
        if (*x.at == ',' && x.depth != x.list_depth && !x.is_pending && x.at < stop &&
            x.last_class <= SQL_CLASS_VALUE && x.out <= x.out_limit) {
            *x.out++ = ',';
            put(&x, SQL_CLASS_COMMA, KEYWORD_NONE, sql_shape_hash1(SQL_CLASS_COMMA, ','));
            x.at++;
        }
        x.at += *x.at == ' ' ? 1 : 0;
    }
    save(&x);
    return x.at < end ? x.at : end;
}
