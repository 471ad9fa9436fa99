/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_lexer.h"

enum byte_class {
    SPACE,
    WORD, /* starts a word */
    DIGIT,
    QUOTE,
    DOUBLE_QUOTE,
    DOLLAR,
    DOT,
    COLON,
    OPERATOR,
    PUNCT,
};

/* Bits beside the class. */
#define CLASS(b)     (classes[b] & 0x0f)
#define WORD_PART    0x10 /* may stand inside a word or a number */
#define PREFIX       0x20 /* E'', B'', X'', N'', U&'' */
#define TAG_PART     0x40 /* may stand inside $tag$ */
#define LETTER_FLAGS (WORD | WORD_PART | TAG_PART)

static const uint8_t classes[256] = {
    [0 ... ' '] = SPACE,
    [0x7f] = SPACE,
    ['a'] = LETTER_FLAGS,
    ['b'] = LETTER_FLAGS | PREFIX,
    ['c' ... 'd'] = LETTER_FLAGS,
    ['e'] = LETTER_FLAGS | PREFIX,
    ['f' ... 'm'] = LETTER_FLAGS,
    ['n'] = LETTER_FLAGS | PREFIX,
    ['o' ... 't'] = LETTER_FLAGS,
    ['u'] = LETTER_FLAGS | PREFIX,
    ['v' ... 'w'] = LETTER_FLAGS,
    ['x'] = LETTER_FLAGS | PREFIX,
    ['y' ... 'z'] = LETTER_FLAGS,
    ['A'] = LETTER_FLAGS,
    ['B'] = LETTER_FLAGS | PREFIX,
    ['C' ... 'D'] = LETTER_FLAGS,
    ['E'] = LETTER_FLAGS | PREFIX,
    ['F' ... 'M'] = LETTER_FLAGS,
    ['N'] = LETTER_FLAGS | PREFIX,
    ['O' ... 'T'] = LETTER_FLAGS,
    ['U'] = LETTER_FLAGS | PREFIX,
    ['V' ... 'W'] = LETTER_FLAGS,
    ['X'] = LETTER_FLAGS | PREFIX,
    ['Y' ... 'Z'] = LETTER_FLAGS,
    ['_'] = LETTER_FLAGS,
    [0x80 ... 0xff] = LETTER_FLAGS,
    ['0' ... '9'] = DIGIT | WORD_PART | TAG_PART,
    ['\''] = QUOTE,
    ['"'] = DOUBLE_QUOTE,
    ['$'] = DOLLAR | WORD_PART,
    ['.'] = DOT,
    [':'] = COLON,
    ['+'] = OPERATOR,
    ['-'] = OPERATOR,
    ['*'] = OPERATOR,
    ['/'] = OPERATOR,
    ['<' ... '@'] = OPERATOR, /* < = > ? @ */
    ['~'] = OPERATOR,
    ['!'] = OPERATOR,
    ['#'] = OPERATOR,
    ['%'] = OPERATOR,
    ['^'] = OPERATOR,
    ['&'] = OPERATOR,
    ['|'] = OPERATOR,
    ['`'] = OPERATOR,
    ['('] = PUNCT,
    [')'] = PUNCT,
    ['['] = PUNCT,
    [']'] = PUNCT,
    [','] = PUNCT,
    [';'] = PUNCT,
    ['{'] = PUNCT,
    ['}'] = PUNCT,
    ['\\'] = PUNCT,
};

enum state {
    GROUND,
    IN_TOKEN,      /* a word, its first piece handed out */
    IN_PREFIX,     /* one letter in hold that may open a string */
    IN_PREFIX_AMP, /* U& in hold */
    IN_QUOTED,
    AFTER_QUOTED, /* a `"` that may be the first of two */
    IN_STRING,
    AFTER_STRING,
    IN_ESTRING,
    AFTER_ESTRING,
    IN_ESCAPE,
    AFTER_DOLLAR,
    IN_PARAM,
    IN_DOLLAR_STRING,
    IN_DOLLAR_END, /* hold_len bytes of the closing tag have matched */
    IN_NUMBER,
    AFTER_DOT,
    IN_OPERATOR,   /* the run is in hold */
    OPERATORS_OUT, /* handing the run out */
    TAG_OUT,       /* a `$` that opened nothing: it, then the word behind it */
    AFTER_COLON,
    IN_MARKER,
    LINE_COMMENT,
    BLOCK_COMMENT,
};

void
sql_lexer_init(struct sql_lexer *l)
{
    memset(l, 0, sizeof(*l));
}

static bool
whole(struct sql_token *t, enum sql_token_kind kind, const uint8_t *ptr, size_t len)
{
    *t = (struct sql_token){kind, true, true, slice_of(ptr, len)};
    return true;
}

/* A piece of the token that l->kind is about; the last one leads back to the ground. */
static bool
piece(struct sql_lexer *l, struct sql_token *t, const uint8_t *ptr, size_t len, bool ends)
{
    *t = (struct sql_token){l->kind, !l->begun, ends, slice_of(ptr, len)};
    l->begun = !ends;
    if (ends) {
        l->state = GROUND;
    }
    return true;
}

static void
start(struct sql_lexer *l, enum state state, enum sql_token_kind kind)
{
    l->state = (uint8_t)state;
    l->kind = (uint8_t)kind;
    l->begun = false;
}

static void
take(struct slice *in, size_t n)
{
    in->ptr += n;
    in->len -= n;
}

static void
hold(struct sql_lexer *l, uint8_t byte)
{
    l->hold[l->hold_len++] = byte;
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
    if (CLASS(c) != OPERATOR || l->hold_len == SQL_OPERATOR_MAX) {
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
    if (CLASS(c) == DIGIT && l->hold_len == 1) {
        start(l, IN_PARAM, SQL_TOKEN_PARAM);
    } else if (c == '$') {
        take(in, 1);
        memcpy(l->tag, l->hold + 1, l->hold_len - 1u);
        l->tag_len = l->hold_len;
        l->tag[l->tag_len - 1] = '$';
        start(l, IN_DOLLAR_STRING, SQL_TOKEN_STRING);
    } else if ((classes[c] & TAG_PART) != 0 && l->hold_len <= SQL_TAG_MAX) {
        take(in, 1);
        hold(l, c);
    } else {
        tag_out(l);
    }
}

static bool
read_dollar_string(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    const uint8_t *dollar = memchr(from, '$', in->len);
    size_t n = dollar == NULL ? in->len : (size_t)(dollar - from);
    take(in, n);
    if (dollar != NULL) {
        take(in, 1);
        l->state = IN_DOLLAR_END;
        l->hold_len = 0;
    }
    return n > 0 && piece(l, t, from, n, false);
}

static bool
read_dollar_end(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    if (in->ptr[0] == l->tag[l->hold_len]) {
        l->hold_len++;
        take(in, 1);
        return l->hold_len == l->tag_len && piece(l, t, in->ptr, 0, true);
    }
    /* It was text: the `$` and what had matched. A `$` here may begin the real end. */
    l->hold[0] = '$';
    memcpy(l->hold + 1, l->tag, l->hold_len);
    l->state = IN_DOLLAR_STRING;
    return piece(l, t, l->hold, l->hold_len + 1u, false);
}

/* --- Strings -------------------------------------------------------------------------------- */

static bool
read_until_quote(struct sql_lexer *l, struct slice *in, struct sql_token *t, uint8_t quote,
                 enum state after)
{
    const uint8_t *from = in->ptr;
    /* Right after a doubled quote the second of the two is text. */
    size_t skip = l->last == quote ? 1 : 0;
    l->last = 0;
    const uint8_t *end = memchr(from + skip, quote, in->len - skip);
    size_t n = end == NULL ? in->len : (size_t)(end - from);
    take(in, n);
    if (end != NULL) {
        take(in, 1);
        l->state = (uint8_t)after;
    }
    return n > 0 && piece(l, t, from, n, false);
}

/* One quote was read: a second one makes it text. */
static bool
read_after_quote(struct sql_lexer *l, struct slice *in, struct sql_token *t, uint8_t quote,
                 enum state inside)
{
    if (in->ptr[0] != quote) {
        return piece(l, t, in->ptr, 0, true);
    }
    l->last = quote;
    l->state = (uint8_t)inside;
    if (quote == '"') { /* stays doubled: hand out the first here, the second comes with the rest */
        l->hold[0] = quote;
        return piece(l, t, l->hold, 1, false);
    }
    return false;
}

static bool
read_estring(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = l->last == '\'' ? 1 : 0;
    l->last = 0;
    while (n < in->len && from[n] != '\'' && from[n] != '\\') {
        n++;
    }
    take(in, n);
    if (in->len > 0) {
        l->state = in->ptr[0] == '\'' ? AFTER_ESTRING : IN_ESCAPE;
        l->escape_digits = 0;
        l->escape_value = '\\';
        take(in, 1);
    }
    return n > 0 && piece(l, t, from, n, false);
}

static size_t
put_utf8(uint8_t *dst, uint32_t c)
{
    if (c < 0x80) {
        dst[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        dst[0] = (uint8_t)(0xc0 | c >> 6);
        dst[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        dst[0] = (uint8_t)(0xe0 | c >> 12);
        dst[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        dst[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    dst[0] = (uint8_t)(0xf0 | (c >> 18 & 7));
    dst[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    dst[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    dst[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* The escape is read: hands out what it stands for. */
static bool
escape_out(struct sql_lexer *l, struct sql_token *t)
{
    l->state = IN_ESTRING;
    uint32_t c = l->escape_value;
    bool is_unicode = l->last == 'u';
    l->last = 0;
    if (!is_unicode) {
        l->hold[0] = (uint8_t)c;
        return piece(l, t, l->hold, 1, false);
    }
    if (c >= 0xd800 && c < 0xdc00) {
        l->high_surrogate = (uint16_t)c;
        return false;
    }
    if (c >= 0xdc00 && c < 0xe000 && l->high_surrogate != 0) {
        c = 0x10000 + ((l->high_surrogate & 0x3ffu) << 10) + (c & 0x3ff);
    }
    l->high_surrogate = 0;
    return piece(l, t, l->hold, put_utf8(l->hold, c), false);
}

/* The byte behind the backslash. True: the escape goes on with digits. */
static bool
escape_begins(struct sql_lexer *l, uint8_t c)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    const char *at = c == 0 ? NULL : strchr(from, c);
    l->escape_value = at != NULL ? (uint8_t)to[at - from] : c;
    l->escape_left = 0;
    l->last = c == 'U' ? 'u' : c;
    if (c >= '0' && c <= '7') {
        l->escape_value = (uint32_t)(c - '0');
        l->escape_left = 2;
        l->last = 'o';
    } else if (c == 'x' || c == 'u' || c == 'U') {
        l->escape_value = 0;
        l->escape_left = c == 'x' ? 2 : c == 'u' ? 4 : 8;
    } else {
        l->last = 0;
    }
    return l->escape_left > 0;
}

static bool
read_escape(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    if (l->escape_digits == 0) {
        l->escape_digits = 1;
        take(in, 1);
        return !escape_begins(l, c) && escape_out(l, t);
    }
    int digit = slice_hex_digit(c);
    bool fits = digit >= 0 && (l->last != 'o' || digit < 8);
    if (!fits) {
        return escape_out(l, t);
    }
    take(in, 1);
    l->escape_value = l->escape_value * (l->last == 'o' ? 8 : 16) + (uint32_t)digit;
    return --l->escape_left == 0 && escape_out(l, t);
}

/* --- Words, numbers, comments --------------------------------------------------------------- */

static size_t
word_len(struct slice in)
{
    size_t n = 0;
    while (n < in.len && (classes[in.ptr[n]] & WORD_PART) != 0) {
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
        if ((classes[c] & WORD_PART) == 0 && c != '.' && !is_exponent_sign) {
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

static bool
read_block_comment(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    const uint8_t *from = in->ptr;
    size_t n = 0;
    while (n < in->len && l->comment_depth > 0) {
        uint8_t c = from[n++];
        if (l->last == '*' && c == '/') {
            l->comment_depth--;
            c = 0;
        } else if (l->last == '/' && c == '*') {
            l->comment_depth++;
            c = 0;
        }
        l->last = c;
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
        start(l, letter == 'e' ? IN_ESTRING : IN_STRING, SQL_TOKEN_STRING);
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
    if (CLASS(c) == WORD) {
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
    while (n < in->len && CLASS(from[n]) == DIGIT) {
        n++;
    }
    take(in, n);
    return (n > 0 || in->len > 0) && piece(l, t, from, n, in->len > 0);
}

static bool
read_ground_word(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    size_t n = word_len(*in);
    if (n == 1 && (classes[in->ptr[0]] & PREFIX) != 0) {
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
read_whole(struct slice *in, struct sql_token *t)
{
    uint8_t c = in->ptr[0];
    const uint8_t *end;
    size_t n;
    switch ((enum byte_class)CLASS(c)) {
    case OPERATOR:
        if (CLASS(in->ptr[1]) == OPERATOR) {
            return false;
        }
        take(in, 1);
        return whole(t, c == '?' ? SQL_TOKEN_PARAM : SQL_TOKEN_OPERATOR, in->ptr - 1,
                     c == '?' ? 0 : 1);
    case DOT:
        if (CLASS(in->ptr[1]) == DIGIT) {
            return false;
        }
        take(in, 1);
        return whole(t, SQL_TOKEN_PUNCT, in->ptr - 1, 1);
    case QUOTE:
    case DOUBLE_QUOTE:
        end = memchr(in->ptr + 1, c, in->len - 1);
        n = end == NULL ? in->len : (size_t)(end - in->ptr) + 1;
        if (n >= in->len || in->ptr[n] == c) {
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
    while (blanks < in->len && CLASS(in->ptr[blanks]) == SPACE) {
        blanks++;
    }
    take(in, blanks);
    if (in->len == 0) {
        return false;
    }
    if (in->len > 1 && read_whole(in, t)) {
        return true;
    }
    uint8_t c = in->ptr[0];
    switch ((enum byte_class)CLASS(c)) {
    case SPACE:
        return false;
    case WORD:
        return read_ground_word(l, in, t);
    case DIGIT:
        start_number(l);
        return read_number(l, in, t);
    case PUNCT:
        take(in, 1);
        return whole(t, SQL_TOKEN_PUNCT, in->ptr - 1, 1);
    case OPERATOR:
        l->state = IN_OPERATOR;
        l->hold_len = 0;
        return false;
    case QUOTE:
        start(l, IN_STRING, SQL_TOKEN_STRING);
        break;
    case DOUBLE_QUOTE:
        start(l, IN_QUOTED, SQL_TOKEN_QUOTED);
        break;
    case DOLLAR:
        l->state = AFTER_DOLLAR;
        l->hold[0] = '$';
        l->hold_len = 1;
        break;
    case DOT:
        l->state = AFTER_DOT;
        break;
    case COLON:
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
    if (CLASS(in->ptr[0]) != DIGIT) {
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
    case IN_QUOTED:
        return read_until_quote(l, in, t, '"', AFTER_QUOTED);
    case AFTER_QUOTED:
        return read_after_quote(l, in, t, '"', IN_QUOTED);
    case IN_STRING:
        return read_until_quote(l, in, t, '\'', AFTER_STRING);
    case AFTER_STRING:
        return read_after_quote(l, in, t, '\'', IN_STRING);
    case IN_ESTRING:
        return read_estring(l, in, t);
    case AFTER_ESTRING:
        return read_after_quote(l, in, t, '\'', IN_ESTRING);
    case IN_ESCAPE:
        return read_escape(l, in, t);
    case AFTER_DOLLAR:
        read_after_dollar(l, in);
        return false;
    case IN_PARAM:
        return read_param(l, in, t);
    case IN_DOLLAR_STRING:
        return read_dollar_string(l, in, t);
    case IN_DOLLAR_END:
        return read_dollar_end(l, in, t);
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
    }
    return false;
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
    switch ((enum state)l->state) {
    case IN_QUOTED:
    case IN_STRING:
    case IN_ESTRING:
    case IN_DOLLAR_STRING:
    case BLOCK_COMMENT:
        l->kind = l->state == BLOCK_COMMENT ? SQL_TOKEN_COMMENT : l->kind;
        return piece(l, ret_token, l->hold, 0, true);
    case IN_ESCAPE:
        return escape_out(l, ret_token) || sql_lexer_end(l, ret_token);
    default:
        break;
    }
    struct slice blank = SLICE_LIT(" ");
    return sql_lexer_next(l, &blank, ret_token);
}
