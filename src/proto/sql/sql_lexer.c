/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_lexer.h"

#include "proto/sql/sql_bytes.h"
#include "proto/sql/sql_quoting.h"

void
sql_lexer_init(struct sql_lexer *l)
{
    memset(l, 0, sizeof(*l));
}

/* --- Operators ------------------------------------------------------------------------------ */

static bool
is_special(uint8_t c)
{
    return strchr("~!@#%^&|`?", c) != NULL && c != 0;
}

/* How many bytes of a run of operator bytes are its first operator. */
static size_t
operator_len(const uint8_t *run, size_t len)
{
    if (run[0] == '?') {
        bool is_json =
            len > 1 && (run[1] == '|' || run[1] == '&' || run[1] == '-' || run[1] == '#');
        return is_json ? len : 1;
    }
    size_t n = 1;
    bool special = is_special(run[0]);
    while (n < len && (run[n] != '?' || run[n - 1] == '@')) {
        special = special || is_special(run[n]);
        n++;
    }
    /* The server's rule: a longer operator ends in + or - only if a special byte is in it. */
    while (n > 1 && !special && (run[n - 1] == '+' || run[n - 1] == '-')) {
        n--;
    }
    return n;
}

static bool
next_operator(struct sql_lexer *l, struct sql_token *t)
{
    if (l->hold_at == l->hold_len) {
        l->state = l->after;
        return false;
    }
    const uint8_t *run = l->hold + l->hold_at;
    size_t n = operator_len(run, l->hold_len - l->hold_at);
    l->hold_at = (uint16_t)(l->hold_at + n);
    bool is_marker = n == 1 && run[0] == '?';
    return whole(t, is_marker ? SQL_TOKEN_PARAM : SQL_TOKEN_OPERATOR, run, is_marker ? 0 : n);
}

static void
operators_out(struct sql_lexer *l, enum state after)
{
    l->state = OPERATORS_OUT;
    l->after = (uint8_t)after;
    l->hold_at = 0;
}

static void
read_operator(struct sql_lexer *l, struct slice *in)
{
    uint8_t c = in->ptr[0];
    uint8_t before = l->hold_len > 0 ? l->hold[l->hold_len - 1] : 0;
    if (sql_byte_class(c) != SQL_BYTE_OPERATOR || l->hold_len == SQL_OPERATOR_MAX) {
        operators_out(l, GROUND);
        return;
    }
    take(in, 1);
    if (before == '-' && c == '-') {
        l->hold_len--;
        operators_out(l, LINE_COMMENT);
    } else if (before == '/' && c == '*') {
        l->hold_len--;
        l->comment_depth = 1;
        l->last = 0;
        operators_out(l, BLOCK_COMMENT);
    } else {
        hold(l, c);
    }
}

/* --- Dollars -------------------------------------------------------------------------------- */

static bool
next_of_tag(struct sql_lexer *l, struct sql_token *t)
{
    if (l->hold_at == 0) {
        l->hold_at = 1;
        return whole(t, SQL_TOKEN_PUNCT, l->hold, 1);
    }
    if (l->hold_len == 1) {
        l->state = GROUND;
        return false;
    }
    start(l, IN_TOKEN, SQL_TOKEN_WORD);
    return piece(l, t, l->hold + 1, l->hold_len - 1u, false);
}

static void
tag_out(struct sql_lexer *l)
{
    l->state = TAG_OUT;
    l->hold_at = 0;
}

static void
read_after_dollar(struct sql_lexer *l, struct slice *in)
{
    uint8_t c = in->ptr[0];
    if (sql_byte_class(c) == SQL_BYTE_DIGIT && l->hold_len == 1) {
        start(l, IN_PARAM, SQL_TOKEN_PARAM);
    } else if (c == '$') {
        take(in, 1);
        memcpy(l->tag, l->hold + 1, l->hold_len - 1u);
        l->tag_len = l->hold_len;
        l->tag[l->tag_len - 1] = '$';
        start(l, IN_DOLLAR_STRING, SQL_TOKEN_STRING);
    } else if ((sql_bytes_classes[c] & SQL_BYTE_TAG) != 0 && l->hold_len <= SQL_TAG_MAX) {
        take(in, 1);
        hold(l, c);
    } else {
        tag_out(l);
    }
}

/* --- Words, numbers, comments --------------------------------------------------------------- */

static size_t
word_len(struct slice in)
{
    size_t n = 0;
    while (n < in.len && (sql_bytes_classes[in.ptr[n]] & SQL_BYTE_PART) != 0) {
        n++;
    }
    return n;
}

/* At a word's first byte, or further inside of it. */
static bool
read_word(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = word_len(*in);
    take(in, n);
    return (n > 0 || in->len > 0) && piece(l, t, from, n, in->len > 0);
}

static bool
read_number(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = 0;
    for (; n < in->len; n++) {
        uint8_t c = from[n];
        bool is_exponent_sign =
            (c == '+' || c == '-') && (l->last | 0x20) == 'e' && !l->number_is_hex;
        if ((sql_bytes_classes[c] & SQL_BYTE_PART) == 0 && c != '.' && !is_exponent_sign) {
            break;
        }
        if (l->last == '0' && (c | 0x20) == 'x') {
            l->number_is_hex = true;
        }
        l->last = c;
    }
    take(in, n);
    return (n > 0 || in->len > 0) && piece(l, t, from, n, in->len > 0);
}

static void
start_number(struct sql_lexer *l)
{
    start(l, IN_NUMBER, SQL_TOKEN_NUMBER);
    l->last = 0;
    l->number_is_hex = false;
}

/* How many bytes there are before the next `*` or `/`. */
static size_t
plain_comment_len(struct slice in)
{
    size_t n = 0;
    for (; n + 16 <= in.len; n += 16) {
        sql_bytes16 v = sql_bytes_load(in.ptr + n);
        unsigned marks = sql_bytes_bits((sql_bytes16)(v == '*') | (sql_bytes16)(v == '/'));
        if (marks != 0) {
            return n + (unsigned)__builtin_ctz(marks);
        }
    }
    while (n < in.len && in.ptr[n] != '*' && in.ptr[n] != '/') {
        n++;
    }
    return n;
}

static bool
read_block_comment(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = 0;
    while (n < in->len && l->comment_depth > 0) {
        if (l->last == 0) { /* nothing that could be half a mark: on to the next that could */
            n += plain_comment_len(slice_sub(*in, n, in->len));
            if (n == in->len) {
                break;
            }
        }
        uint8_t c = from[n++];
        if (l->last == '*' && c == '/') {
            l->comment_depth--;
            c = 0;
        } else if (l->last == '/' && c == '*') {
            l->comment_depth++;
            c = 0;
        }
        l->last = c == '*' || c == '/' ? c : 0;
    }
    take(in, n);
    bool ends = l->comment_depth == 0;
    l->kind = SQL_TOKEN_COMMENT;
    return piece(l, t, from, n, ends);
}

static bool
read_line_comment(struct sql_lexer *l, struct slice *in)
{
    const uint8_t *end = memchr(in->ptr, '\n', in->len);
    const uint8_t *cr = memchr(in->ptr, '\r', end == NULL ? in->len : (size_t)(end - in->ptr));
    end = cr != NULL ? cr : end;
    take(in, end == NULL ? in->len : (size_t)(end - in->ptr));
    if (end != NULL) {
        l->state = GROUND;
    }
    return false;
}

/* One letter is in hold; the next byte says whether it opens a string. */
static bool
read_prefix(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    uint8_t letter = l->hold[0] | 0x20;
    if (c == '\'') {
        take(in, 1);
        l->high_surrogate = 0;
        l->last = 0;
        bool escapes = letter == 'e' || (letter == 'n' && l->backslashes);
        start(l, escapes ? IN_ESTRING : IN_STRING, SQL_TOKEN_STRING);
        /* u'' is none of the server's prefixes: a word, then a string */
        return letter == 'u' && whole(t, SQL_TOKEN_WORD, l->hold, 1);
    }
    if (c == '&' && letter == 'u') {
        take(in, 1);
        l->state = IN_PREFIX_AMP;
        return false;
    }
    start(l, IN_TOKEN, SQL_TOKEN_WORD);
    return piece(l, t, l->hold, 1, false);
}

static bool
read_prefix_amp(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    l->last = 0;
    if (c == '\'' || c == '"') {
        take(in, 1);
        start(l, c == '"' ? IN_QUOTED : IN_STRING, c == '"' ? SQL_TOKEN_UQUOTED : SQL_TOKEN_STRING);
        return false;
    }
    whole(t, SQL_TOKEN_WORD, l->hold + 1, 1);
    l->hold[1] = l->hold[0];
    l->hold[0] = '&';
    l->hold_len = 1;
    l->state = IN_OPERATOR;
    return true;
}

static bool
read_after_colon(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    l->state = GROUND;
    if (c == ':' || c == '=') {
        take(in, 1);
        return whole(t, c == ':' ? SQL_TOKEN_CAST : SQL_TOKEN_OPERATOR,
                     (const uint8_t *)(c == ':' ? "::" : ":="), 2);
    }
    if (sql_byte_class(c) == SQL_BYTE_WORD) {
        l->state = IN_MARKER;
        return false;
    }
    return whole(t, SQL_TOKEN_PUNCT, (const uint8_t *)":", 1);
}

static bool
read_marker(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    take(in, word_len(*in));
    if (in->len == 0) {
        return false;
    }
    l->state = GROUND;
    return whole(t, SQL_TOKEN_PARAM, in->ptr, 0);
}

/* Digits behind a `$`. */
static bool
read_param(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = 0;
    while (n < in->len && sql_byte_class(from[n]) == SQL_BYTE_DIGIT) {
        n++;
    }
    take(in, n);
    return (n > 0 || in->len > 0) && piece(l, t, from, n, in->len > 0);
}

static bool
read_ground_word(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    size_t n = word_len(*in);
    if (n == 1 && (sql_bytes_classes[in->ptr[0]] & SQL_BYTE_PREFIX) != 0) {
        l->hold[0] = in->ptr[0];
        l->hold_len = 1;
        l->state = IN_PREFIX;
        take(in, 1);
        return false;
    }
    start(l, IN_TOKEN, SQL_TOKEN_WORD);
    const uint8_t *from = in->ptr;
    take(in, n);
    return piece(l, t, from, n, in->len > 0);
}

/* Most tokens lie in one cut, with the byte behind them in view: no state is needed then. */
static bool
read_whole(const struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    const uint8_t *end;
    size_t n;
    switch (sql_byte_class(c)) {
    case SQL_BYTE_OPERATOR:
        if (sql_byte_class(in->ptr[1]) == SQL_BYTE_OPERATOR) {
            return false;
        }
        take(in, 1);
        return whole(t, c == '?' ? SQL_TOKEN_PARAM : SQL_TOKEN_OPERATOR, in->ptr - 1,
                     c == '?' ? 0 : 1);
    case SQL_BYTE_DOT:
        if (sql_byte_class(in->ptr[1]) == SQL_BYTE_DIGIT) {
            return false;
        }
        take(in, 1);
        return whole(t, SQL_TOKEN_PUNCT, in->ptr - 1, 1);
    case SQL_BYTE_QUOTE:
    case SQL_BYTE_DOUBLE_QUOTE:
        end = memchr(in->ptr + 1, c, in->len - 1);
        n = end == NULL ? in->len : (size_t)(end - in->ptr) + 1;
        if (n >= in->len || in->ptr[n] == c || (c == '\'' && l->backslashes)) {
            return false;
        }
        take(in, n);
        return whole(t, c == '"' ? SQL_TOKEN_QUOTED : SQL_TOKEN_STRING, in->ptr - n + 1, n - 2);
    default:
        return false;
    }
}

static bool
read_ground(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    size_t blanks = 0;
    while (blanks < in->len && sql_byte_class(in->ptr[blanks]) == SQL_BYTE_SPACE) {
        blanks++;
    }
    take(in, blanks);
    if (in->len == 0) {
        return false;
    }
    if (in->len > 1 && read_whole(l, in, t)) {
        return true;
    }
    uint8_t c = in->ptr[0];
    switch (sql_byte_class(c)) {
    case SQL_BYTE_SPACE:
        return false;
    case SQL_BYTE_WORD:
        return read_ground_word(l, in, t);
    case SQL_BYTE_DIGIT:
        start_number(l);
        return read_number(l, in, t);
    case SQL_BYTE_PUNCT:
        take(in, 1);
        return whole(t, SQL_TOKEN_PUNCT, in->ptr - 1, 1);
    case SQL_BYTE_OPERATOR:
        l->state = IN_OPERATOR;
        l->hold_len = 0;
        return false;
    case SQL_BYTE_QUOTE:
        start(l, l->backslashes ? IN_ESTRING : IN_STRING, SQL_TOKEN_STRING);
        l->high_surrogate = 0;
        break;
    case SQL_BYTE_DOUBLE_QUOTE:
        start(l, IN_QUOTED, SQL_TOKEN_QUOTED);
        break;
    case SQL_BYTE_DOLLAR:
        l->state = AFTER_DOLLAR;
        l->hold[0] = '$';
        l->hold_len = 1;
        break;
    case SQL_BYTE_DOT:
        l->state = AFTER_DOT;
        break;
    case SQL_BYTE_COLON:
        l->state = AFTER_COLON;
        break;
    }
    l->last = 0;
    take(in, 1);
    return false;
}

static bool
read_after_dot(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    if (sql_byte_class(in->ptr[0]) != SQL_BYTE_DIGIT) {
        l->state = GROUND;
        return whole(t, SQL_TOKEN_PUNCT, (const uint8_t *)".", 1);
    }
    start_number(l);
    return piece(l, t, (const uint8_t *)".", 1, false);
}

static bool
read_state(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    switch ((enum state)l->state) {
    case GROUND:
        return read_ground(l, in, t);
    case IN_TOKEN:
        return read_word(l, in, t);
    case IN_PREFIX:
        return read_prefix(l, in, t);
    case IN_PREFIX_AMP:
        return read_prefix_amp(l, in, t);
    case AFTER_DOLLAR:
        read_after_dollar(l, in);
        return false;
    case IN_PARAM:
        return read_param(l, in, t);
    case IN_NUMBER:
        return read_number(l, in, t);
    case AFTER_DOT:
        return read_after_dot(l, in, t);
    case IN_OPERATOR:
        read_operator(l, in);
        return false;
    case OPERATORS_OUT:
        return next_operator(l, t);
    case TAG_OUT:
        return next_of_tag(l, t);
    case AFTER_COLON:
        return read_after_colon(l, in, t);
    case IN_MARKER:
        return read_marker(l, in, t);
    case LINE_COMMENT:
        return read_line_comment(l, in);
    case BLOCK_COMMENT:
        return read_block_comment(l, in, t);
    default:
        return sql_quoting_read(l, in, t);
    }
}

bool
sql_lexer_next(struct sql_lexer *l, struct slice *input, struct sql_token *ret_token)
{
    while (input->len > 0) {
        if (read_state(l, input, ret_token)) {
            return true;
        }
    }
    return false;
}

bool
sql_lexer_end(struct sql_lexer *l, struct sql_token *ret_token)
{
    /* A blank ends every token but those that only a mark of their own can end. */
    if (l->state == BLOCK_COMMENT) {
        l->kind = SQL_TOKEN_COMMENT;
        return piece(l, ret_token, l->hold, 0, true);
    }
    if (l->state >= IN_QUOTED) {
        return sql_quoting_end(l, ret_token);
    }
    struct slice blank = SLICE_LIT(" ");
    return sql_lexer_next(l, &blank, ret_token);
}
