/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_quoting.h"

#include "proto/sql/sql_bytes.h"

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

/* The `$` and what had matched behind it; a `$` here may begin the real end. */
static void
dollar_was_text(struct sql_lexer *l)
{
    l->hold[0] = '$';
    memcpy(l->hold + 1, l->tag, l->hold_len);
    l->state = IN_DOLLAR_STRING;
}

static bool
read_dollar_end(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    if (in->ptr[0] == l->tag[l->hold_len]) {
        l->hold_len++;
        take(in, 1);
        return l->hold_len == l->tag_len && piece(l, t, in->ptr, 0, true);
    }
    dollar_was_text(l);
    return piece(l, t, l->hold, l->hold_len + 1u, false);
}

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

bool
sql_quoting_read(struct sql_lexer *l, struct slice *in, struct sql_token *t)
{
    switch ((enum state)l->state) {
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
    case IN_DOLLAR_STRING:
        return read_dollar_string(l, in, t);
    case IN_DOLLAR_END:
        return read_dollar_end(l, in, t);
    default:
        return false;
    }
}

bool
sql_quoting_end(struct sql_lexer *l, struct sql_token *t)
{
    if (l->state == IN_ESCAPE && escape_out(l, t)) {
        return true;
    }
    if (l->state == IN_DOLLAR_END) {
        dollar_was_text(l);
        return piece(l, t, l->hold, l->hold_len + 1u, false);
    }
    return piece(l, t, l->hold, 0, true);
}
