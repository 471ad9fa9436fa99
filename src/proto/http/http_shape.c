/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_shape.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/hash.h"
#include "proto/http/http_outcome.h"

enum shape_state {
    SHAPE_BEGIN,
    SHAPE_ELEMENT, /* of an array that is the root, its first */
    SHAPE_MEMBER,  /* of root or item, before its name */
    SHAPE_NAME,
    SHAPE_COLON,
    SHAPE_VALUE,  /* its first byte */
    SHAPE_STRING, /* that is a value */
    SHAPE_WORD,   /* number, true, false, null */
    SHAPE_OPENED, /* behind the first byte of an array or object that is a value */
    SHAPE_SKIP,   /* inside one that has no members here */
    SHAPE_SKIP_STRING,
    SHAPE_AFTER, /* a value */
    SHAPE_OVER,
};

enum item_rank { ITEM_NONE, ITEM_IS_MEMBER, ITEM_IS_LISTED };

enum json_type { JSON_STRING, JSON_NUMBER, JSON_BOOLEAN, JSON_NULL, JSON_ARRAY, JSON_OBJECT };

enum byte_class { BYTE_PLAIN, BYTE_BLANK, BYTE_QUOTE, BYTE_OPEN, BYTE_CLOSE, BYTE_COMMA };

static const uint8_t class_of[256] = {
    [' '] = BYTE_BLANK, ['\t'] = BYTE_BLANK, ['\r'] = BYTE_BLANK, ['\n'] = BYTE_BLANK,
    ['"'] = BYTE_QUOTE, ['{'] = BYTE_OPEN,   ['['] = BYTE_OPEN,   ['}'] = BYTE_CLOSE,
    [']'] = BYTE_CLOSE, [','] = BYTE_COMMA,
};

/* The first quote or backslash, or end. */
static inline const uint8_t *
find_quote(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)p);
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        int bits = _mm_movemask_epi8(hits);
        if (bits != 0) {
            return p + __builtin_ctz((unsigned)bits);
        }
    }
#endif
    while (p < end && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

/* Moves *at behind the string's closing quote, or to the end. *ret_text: what lies before. */
static inline bool
string_ends(struct http_shape *s, const uint8_t **at, const uint8_t *end, struct slice *ret_text)
{
    const uint8_t *from = *at, *p = from + s->is_escaped;
    s->is_escaped = false;
    for (p = find_quote(p, end); p < end && *p == '\\'; p = find_quote(p + 2, end)) {
        if (p + 1 == end) {
            s->is_escaped = true;
            p = end;
            break;
        }
    }
    *ret_text = slice_of(from, (size_t)(p - from));
    *at = p < end ? p + 1 : end;
    return p < end;
}

static void
keep_word(struct http_shape *s, struct slice text)
{
    size_t room = HTTP_SHAPE_NAME - MIN(s->word_len, HTTP_SHAPE_NAME);
    if (room > 0 && text.len > 0) {
        memcpy(s->word + s->word_len, text.ptr, MIN(room, text.len));
    }
    s->word_len = (uint16_t)(s->word_len + text.len);
}

/* What was kept of it, if it was cut; `text` is its last piece. Longer words are cut. */
static struct slice
whole_word(struct http_shape *s, struct slice text)
{
    if (s->word_len == 0) {
        return slice_sub(text, 0, HTTP_SHAPE_NAME);
    }
    keep_word(s, text);
    return slice_of(s->word, MIN(s->word_len, HTTP_SHAPE_NAME));
}

static void
named(struct http_shape *s, struct slice name)
{
    s->name = hash_combine(s->secret, hash_bytes(name));
    s->outcome = s->in_item || s->found.body != RESPONSE_OBJECT ? HTTP_OUTCOME_NONE
                                                                : (uint8_t)http_outcome_of(name);
    s->state = SHAPE_COLON;
}

static void
typed(struct http_shape *s, enum json_type type)
{
    struct response_shape *f = &s->found;
    uint64_t name = 1ull << (s->name >> 58);
    uint64_t mixed = (s->name + type * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;
    uint64_t both = type == JSON_NULL ? 0 : 1ull << (mixed >> 58);
    *(s->in_item ? &f->item_names : &f->root_names) |= name;
    *(s->in_item ? &f->item_typed : &f->root_typed) |= both;
    s->word_len = 0;
}

static void
value_begins(struct http_shape *s, uint8_t c)
{
    bool is_number = c == '-' || (c >= '0' && c <= '9');
    s->is_opened_by_bracket = c == '[';
    if (c == '"') {
        typed(s, JSON_STRING);
        s->state = SHAPE_STRING;
    } else if (c == '{' || c == '[') {
        typed(s, c == '{' ? JSON_OBJECT : JSON_ARRAY);
        s->state = SHAPE_OPENED;
    } else if (is_number || c == 't' || c == 'f' || c == 'n') {
        typed(s, is_number ? JSON_NUMBER : c == 'n' ? JSON_NULL : JSON_BOOLEAN);
        s->state = SHAPE_WORD;
    } else {
        s->state = SHAPE_OVER;
    }
}

static void
item_begins(struct http_shape *s, enum item_rank rank)
{
    s->found.item_names = s->found.item_typed = 0;
    s->found.item_of = (uint16_t)s->name;
    s->found.item_is_whole = 0;
    s->item_rank = (uint8_t)rank;
    s->in_item = true;
    s->state = SHAPE_MEMBER;
}

static void
object_ends(struct http_shape *s)
{
    if (!s->in_item) {
        s->found.root_is_whole = 1;
        s->state = SHAPE_OVER;
        return;
    }
    s->found.item_is_whole = 1;
    s->in_item = false;
    s->depth = 1;
    s->state = s->item_rank == ITEM_IS_LISTED ? SHAPE_SKIP : SHAPE_AFTER;
}

/* The first byte in an array or object that is a value. False: it is to be looked at again. */
static bool
opened(struct http_shape *s, uint8_t c)
{
    if (class_of[c] == BYTE_CLOSE) {
        s->state = SHAPE_AFTER;
        return true;
    }
    s->says_error |= s->outcome == HTTP_OUTCOME_ERROR;
    bool is_list = s->is_opened_by_bracket;
    s->depth = 1;
    s->state = SHAPE_SKIP;
    if (!s->in_item && is_list && c == '{' && s->item_rank < ITEM_IS_LISTED) {
        item_begins(s, ITEM_IS_LISTED);
        return true;
    }
    if (!s->in_item && !is_list && s->item_rank == ITEM_NONE) {
        item_begins(s, ITEM_IS_MEMBER);
    }
    return false;
}

static void
begins(struct http_shape *s, uint8_t c)
{
    bool is_json = c == '{' || c == '[';
    s->found.body = c == '{'   ? RESPONSE_OBJECT
                    : c == '[' ? RESPONSE_ARRAY
                    : c == '<' ? RESPONSE_MARKUP
                               : RESPONSE_OTHER;
    s->state = !is_json ? SHAPE_OVER : c == '{' ? SHAPE_MEMBER : SHAPE_ELEMENT;
}

/* A byte that is no blank, in a state that is left with it. False: it is to be looked at again. */
static bool
byte(struct http_shape *s, uint8_t c)
{
    switch ((enum shape_state)s->state) {
    case SHAPE_BEGIN:
        begins(s, c);
        return true;
    case SHAPE_ELEMENT:
        s->state = c == '{' ? SHAPE_MEMBER : SHAPE_OVER;
        return true;
    case SHAPE_MEMBER:
        s->word_len = 0;
        if (c == '}') {
            object_ends(s);
        } else {
            s->state = c == '"' ? SHAPE_NAME : SHAPE_OVER;
        }
        return true;
    case SHAPE_COLON:
        s->state = c == ':' ? SHAPE_VALUE : SHAPE_OVER;
        return true;
    case SHAPE_VALUE:
        value_begins(s, c);
        return s->state != SHAPE_WORD;
    case SHAPE_OPENED:
        return opened(s, c);
    case SHAPE_AFTER:
        if (c == '}') {
            object_ends(s);
        } else {
            s->state = c == ',' ? SHAPE_MEMBER : SHAPE_OVER;
        }
        return true;
    default:
        return true;
    }
}

static const uint8_t *
word_goes_on(struct http_shape *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;
    while (p < end && class_of[*p] == BYTE_PLAIN) {
        p++;
    }
    if (s->outcome != HTTP_OUTCOME_NONE) {
        struct slice text = slice_of(from, (size_t)(p - from));
        if (p == end) {
            keep_word(s, text);
        } else {
            s->says_error |= http_outcome_of_word(s->outcome, whole_word(s, text));
        }
    }
    s->state = p < end ? SHAPE_AFTER : s->state;
    return p;
}

static const uint8_t *
string_goes_on(struct http_shape *s, const uint8_t *p, const uint8_t *end)
{
    struct slice text;
    bool ends = string_ends(s, &p, end, &text);
    switch ((enum shape_state)s->state) {
    case SHAPE_NAME:
        if (ends) {
            named(s, whole_word(s, text));
        } else {
            keep_word(s, text);
        }
        break;
    case SHAPE_STRING:
        if (!ends) {
            keep_word(s, text);
            break;
        }
        s->says_error |= s->outcome != HTTP_OUTCOME_NONE &&
                         http_outcome_of_string(s->outcome, whole_word(s, text));
        s->state = SHAPE_AFTER;
        break;
    default: /* SHAPE_SKIP_STRING */
        s->state = ends ? SHAPE_SKIP : SHAPE_SKIP_STRING;
    }
    return p;
}

/* The strings in it are not left for their own sake: most of a list are strings. */
static const uint8_t *
skip(struct http_shape *s, const uint8_t *p, const uint8_t *end)
{
    struct slice text;
    while (p < end) {
        switch ((enum byte_class)class_of[*p++]) {
        case BYTE_QUOTE:
            if (!string_ends(s, &p, end, &text)) {
                s->state = SHAPE_SKIP_STRING;
            }
            break;
        case BYTE_OPEN:
            s->depth++;
            break;
        case BYTE_CLOSE:
            if (--s->depth == 0) {
                s->state = SHAPE_AFTER;
                return p;
            }
            break;
        default:
            break;
        }
    }
    return p;
}

void
http_shape_begin(struct http_shape *s, uint64_t length, uint64_t secret)
{
    bool is_long = length > HTTP_SHAPE_MAX && length < UINT64_MAX;
    s->secret = secret;
    s->seen = is_long ? HTTP_SHAPE_MAX - HTTP_SHAPE_MAX_LONG : 0;
}

void
http_shape_feed(struct http_shape *s, struct slice bytes)
{
    bytes = slice_sub(bytes, 0, HTTP_SHAPE_MAX - s->seen);
    if (bytes.len == 0) {
        return;
    }
    const uint8_t *p = bytes.ptr, *end = p + bytes.len;
    s->seen = (uint16_t)(s->seen + bytes.len);
    while (p < end && s->state != SHAPE_OVER) {
        switch ((enum shape_state)s->state) {
        case SHAPE_NAME:
        case SHAPE_STRING:
        case SHAPE_SKIP_STRING:
            p = string_goes_on(s, p, end);
            break;
        case SHAPE_WORD:
            p = word_goes_on(s, p, end);
            break;
        case SHAPE_SKIP:
            p = skip(s, p, end);
            break;
        default:
            if (class_of[*p] == BYTE_BLANK || byte(s, *p)) {
                p++;
            }
        }
    }
}

void
http_shape_end(struct http_shape *s, const struct http_content *content)
{
    s->found.type = (uint8_t)content->type;
    if (content->is_encoded) {
        s->found.body = RESPONSE_UNSEEN;
    } else if (s->state == SHAPE_BEGIN) {
        s->found.body = s->seen == HTTP_SHAPE_MAX ? RESPONSE_OTHER : RESPONSE_EMPTY;
    }
}
