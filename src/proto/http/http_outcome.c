/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_outcome.h"

enum outcome_state {
    OUTCOME_BEGIN,
    OUTCOME_MEMBER, /* at the top, before a name */
    OUTCOME_NAME,
    OUTCOME_NAME_ESCAPE,
    OUTCOME_COLON,
    OUTCOME_VALUE,  /* its first byte */
    OUTCOME_STRING, /* at the top */
    OUTCOME_STRING_ESCAPE,
    OUTCOME_BARE,   /* number or word, at the top */
    OUTCOME_INSIDE, /* of an array or object that is a value */
    OUTCOME_INSIDE_STRING,
    OUTCOME_INSIDE_ESCAPE,
    OUTCOME_AFTER, /* a value */
    OUTCOME_OVER,
};

enum outcome_name { NAME_OTHER, NAME_ERROR, NAME_SUCCESS, NAME_STATUS };

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_word(const struct http_outcome *o, const char *word)
{
    size_t n = strlen(word);
    return o->len == n && memcmp(o->word, word, n) == 0;
}

static void
put(struct http_outcome *o, uint8_t c)
{
    if (o->len < HTTP_OUTCOME_WORD) {
        o->word[o->len] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    o->len = (uint8_t)(o->len + (o->len <= HTTP_OUTCOME_WORD));
}

static enum outcome_name
name_of(const struct http_outcome *o)
{
    if (is_word(o, "error") || is_word(o, "errors") || is_word(o, "exception")) {
        return NAME_ERROR;
    }
    if (is_word(o, "success") || is_word(o, "ok")) {
        return NAME_SUCCESS;
    }
    return is_word(o, "status") || is_word(o, "result") ? NAME_STATUS : NAME_OTHER;
}

static void
string_ended(struct http_outcome *o)
{
    bool failed =
        is_word(o, "error") || is_word(o, "fail") || is_word(o, "failed") || is_word(o, "failure");
    o->says_error |= (o->name == NAME_ERROR && o->len > 0) || (o->name == NAME_STATUS && failed);
    o->state = OUTCOME_AFTER;
}

static void
bare_ended(struct http_outcome *o)
{
    bool is_nothing = is_word(o, "null") || is_word(o, "false") || is_word(o, "0");
    o->says_error |=
        (o->name == NAME_ERROR && !is_nothing) || (o->name == NAME_SUCCESS && is_word(o, "false"));
}

static void
value_begins(struct http_outcome *o, uint8_t c)
{
    o->len = 0;
    if (c == '"') {
        o->state = OUTCOME_STRING;
    } else if (c == '{' || c == '[') {
        o->depth++;
        o->state = OUTCOME_INSIDE;
    } else {
        put(o, c);
        o->state = OUTCOME_BARE;
    }
}

static void
inside(struct http_outcome *o, uint8_t c)
{
    if (c == '}' || c == ']') {
        o->state = --o->depth == 1 ? OUTCOME_AFTER : OUTCOME_INSIDE;
        return;
    }
    if (!is_blank(c)) {
        o->says_error |= o->name == NAME_ERROR;
    }
    if (c == '"') {
        o->state = OUTCOME_INSIDE_STRING;
    } else if (c == '{' || c == '[') {
        o->state = o->depth == UINT8_MAX ? OUTCOME_OVER : OUTCOME_INSIDE;
        o->depth = (uint8_t)(o->depth + (o->depth < UINT8_MAX));
    }
}

static void
after(struct http_outcome *o, uint8_t c)
{
    o->name = NAME_OTHER;
    o->state = c == ',' ? OUTCOME_MEMBER : is_blank(c) ? OUTCOME_AFTER : OUTCOME_OVER;
}

static void
byte(struct http_outcome *o, uint8_t c)
{
    switch ((enum outcome_state)o->state) {
    case OUTCOME_BEGIN:
        o->depth = 1;
        o->state = c == '{' ? OUTCOME_MEMBER : is_blank(c) ? OUTCOME_BEGIN : OUTCOME_OVER;
        break;
    case OUTCOME_MEMBER:
        o->len = 0;
        o->state = c == '"' ? OUTCOME_NAME : is_blank(c) ? OUTCOME_MEMBER : OUTCOME_OVER;
        break;
    case OUTCOME_NAME:
        if (c == '"') {
            o->name = (uint8_t)name_of(o);
            o->state = OUTCOME_COLON;
        } else {
            put(o, c);
            o->state = c == '\\' ? OUTCOME_NAME_ESCAPE : OUTCOME_NAME;
        }
        break;
    case OUTCOME_NAME_ESCAPE:
        o->state = OUTCOME_NAME;
        break;
    case OUTCOME_COLON:
        o->state = c == ':' ? OUTCOME_VALUE : is_blank(c) ? OUTCOME_COLON : OUTCOME_OVER;
        break;
    case OUTCOME_VALUE:
        if (!is_blank(c)) {
            value_begins(o, c);
        }
        break;
    case OUTCOME_STRING:
        if (c == '"') {
            string_ended(o);
        } else {
            put(o, c);
            o->state = c == '\\' ? OUTCOME_STRING_ESCAPE : OUTCOME_STRING;
        }
        break;
    case OUTCOME_STRING_ESCAPE:
        o->state = OUTCOME_STRING;
        break;
    case OUTCOME_BARE:
        if (c == ',' || c == '}' || is_blank(c)) {
            bare_ended(o);
            after(o, c);
        } else {
            put(o, c);
        }
        break;
    case OUTCOME_INSIDE:
        inside(o, c);
        break;
    case OUTCOME_INSIDE_STRING:
        o->state = c == '"'    ? OUTCOME_INSIDE
                   : c == '\\' ? OUTCOME_INSIDE_ESCAPE
                               : OUTCOME_INSIDE_STRING;
        break;
    case OUTCOME_INSIDE_ESCAPE:
        o->state = OUTCOME_INSIDE_STRING;
        break;
    case OUTCOME_AFTER:
        after(o, c);
        break;
    case OUTCOME_OVER:
        break;
    }
}

void
http_outcome_feed(struct http_outcome *o, struct slice bytes)
{
    for (size_t i = 0;
         i < bytes.len && o->state != OUTCOME_OVER && !o->says_error && o->seen < HTTP_OUTCOME_MAX;
         i++, o->seen++) {
        byte(o, bytes.ptr[i]);
    }
}
