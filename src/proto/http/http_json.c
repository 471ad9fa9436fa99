/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_json.h"

enum json_state {
    JSON_BETWEEN,
    JSON_STRING,
    JSON_ESCAPE,  /* after a backslash */
    JSON_UNICODE, /* in the four digits of \u */
    JSON_HELD,    /* behind a string: a name or a value? */
    JSON_WORD,    /* number, true, false, null */
    JSON_LOST,
};

void
http_json_init(struct http_json *j, void (*each)(void *arg, struct slice value), void *arg)
{
    memset(j, 0, offsetof(struct http_json, text)); /* text has its length */
    j->each = each;
    j->arg = arg;
}

static void
begin(struct http_json *j, enum json_state state)
{
    j->state = (uint8_t)state;
    j->len = 0;
    j->high = 0;
    j->too_long = false;
}

static void
put(struct http_json *j, uint8_t c)
{
    if (j->len == HTTP_VALUE_MAX) {
        j->too_long = true;
    } else {
        j->text[j->len++] = c;
    }
}

static void
put_utf8(struct http_json *j, uint32_t c)
{
    if (c < 0x80) {
        put(j, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        put(j, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            put(j, (uint8_t)(0xe0 | c >> 12));
        } else {
            put(j, (uint8_t)(0xf0 | c >> 18));
            put(j, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        put(j, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    put(j, (uint8_t)(0x80 | (c & 0x3f)));
}

static void
emit(struct http_json *j)
{
    if (j->too_long) {
        j->skipped++;
    } else {
        j->each(j->arg, slice_of(j->text, j->len));
    }
}

static void
end_word(struct http_json *j)
{
    if (!slice_eq(slice_of(j->text, j->len), SLICE_LIT("null"))) {
        emit(j);
    }
    begin(j, JSON_BETWEEN);
}

static bool
is_word_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
           c == 'E';
}

static void
between(struct http_json *j, uint8_t c)
{
    if (c == '"') {
        begin(j, JSON_STRING);
    } else if (is_word_char(c)) {
        begin(j, JSON_WORD);
        put(j, c);
    } else {
        j->state = JSON_BETWEEN;
    }
}

static void
escape(struct http_json *j, uint8_t c)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *hit = c == 0 ? NULL : strchr(from, c);
    if (c == 'u') {
        j->state = JSON_UNICODE;
        j->digits = 0;
        j->code = 0;
    } else if (hit != NULL) {
        put(j, (uint8_t)to[hit - from]);
        j->state = JSON_STRING;
    } else {
        j->state = JSON_LOST;
    }
}

static void
unicode(struct http_json *j, uint8_t c)
{
    unsigned l = c | 0x20u;
    if ((c < '0' || c > '9') && (l < 'a' || l > 'f')) {
        j->state = JSON_LOST;
        return;
    }
    j->code = j->code << 4 | (c <= '9' ? l - '0' : l - 'a' + 10);
    if (++j->digits < 4) {
        return;
    }
    j->state = JSON_STRING;
    if (j->code >= 0xd800 && j->code < 0xdc00) {
        j->high = j->code;
        return;
    }
    if (j->code >= 0xdc00 && j->code < 0xe000) {
        j->code = j->high == 0 ? 0xfffd : 0x10000 + ((j->high - 0xd800) << 10) + (j->code - 0xdc00);
    }
    j->high = 0;
    put_utf8(j, j->code);
}

static void
byte(struct http_json *j, uint8_t c)
{
    switch ((enum json_state)j->state) {
    case JSON_BETWEEN:
        between(j, c);
        break;
    case JSON_STRING:
        if (c == '"') {
            j->state = JSON_HELD;
        } else if (c == '\\') {
            j->state = JSON_ESCAPE;
        } else {
            put(j, c);
        }
        break;
    case JSON_ESCAPE:
        escape(j, c);
        break;
    case JSON_UNICODE:
        unicode(j, c);
        break;
    case JSON_HELD:
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            break;
        }
        if (c != ':') {
            emit(j);
        }
        between(j, c);
        break;
    case JSON_WORD:
        if (is_word_char(c)) {
            put(j, c);
        } else {
            end_word(j);
            between(j, c);
        }
        break;
    case JSON_LOST:
        break;
    }
}

void
http_json_feed(struct http_json *j, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && j->state != JSON_LOST; i++) {
        byte(j, bytes.ptr[i]);
    }
}

void
http_json_end(struct http_json *j)
{
    if (j->state == JSON_WORD) {
        end_word(j);
    } else if (j->state == JSON_HELD) {
        emit(j);
    }
    j->state = JSON_LOST;
}
