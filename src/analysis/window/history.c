/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/window/history.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define NUMBER_MAX  1e15
#define NUMBER_TEXT 64u
#define KEY_MAX     64u

struct scan {
    const uint8_t *at, *end;
    struct history *h;
    struct diag *diag;
    const char *key; /* of the value that is read, for messages */
};

static int
refuse(const struct scan *s, const char *what)
{
    return s->key == NULL ? diag_set(s->diag, -EBADMSG, "%s", what)
                          : diag_set(s->diag, -EBADMSG, "\"%s\": %s", s->key, what);
}

static void
blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

/* Takes that byte, after blanks. */
static bool
take(struct scan *s, uint8_t byte)
{
    blanks(s);
    if (s->at < s->end && *s->at == byte) {
        s->at++;
        return true;
    }
    return false;
}

static size_t
put_utf8(uint8_t *dst, uint32_t c)
{
    if (c < 0x80) {
        dst[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        dst[0] = (uint8_t)(0xc0 | (c >> 6));
        dst[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        dst[0] = (uint8_t)(0xe0 | (c >> 12));
        dst[1] = (uint8_t)(0x80 | ((c >> 6) & 0x3f));
        dst[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    dst[0] = (uint8_t)(0xf0 | (c >> 18));
    dst[1] = (uint8_t)(0x80 | ((c >> 12) & 0x3f));
    dst[2] = (uint8_t)(0x80 | ((c >> 6) & 0x3f));
    dst[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static bool
hex4(struct scan *s, uint32_t *ret_c)
{
    uint32_t c = 0;
    for (unsigned i = 0; i < 4; i++) {
        int d = s->at < s->end ? slice_hex_digit(*s->at++) : -1;
        if (d < 0) {
            return false;
        }
        c = c << 4 | (uint32_t)d;
    }
    *ret_c = c;
    return true;
}

/* After \u. Halves of a pair must come together; NUL is no text. */
static bool
unicode_escape(struct scan *s, uint32_t *ret_c)
{
    uint32_t c = 0, low = 0;
    if (!hex4(s, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000)) {
        return false;
    }
    if (c >= 0xd800 && c < 0xdc00) {
        if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u') {
            return false;
        }
        s->at += 2;
        if (!hex4(s, &low) || low < 0xdc00 || low >= 0xe000) {
            return false;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *ret_c = c;
    return true;
}

/* The rest of a string that has a backslash in it, into the text buffer. */
static int
string_with_escapes(struct scan *s, struct slice *ret)
{
    struct history *h = s->h;
    size_t start = h->text_len;
    while (s->at < s->end && *s->at != '"') {
        if (h->text_len + 8 > HISTORY_TEXT_MAX) {
            return refuse(s, "too long");
        }
        uint32_t c = *s->at++;
        if (c < 0x20) {
            return refuse(s, "a control character in a string");
        }
        if (c != '\\') {
            h->text[h->text_len++] = (uint8_t)c;
            continue;
        }
        static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        uint8_t e = s->at < s->end ? *s->at++ : 0;
        const char *is = e == 0 ? NULL : strchr(letters, e);
        if (is != NULL) {
            h->text[h->text_len++] = (uint8_t)meant[is - letters];
        } else if (e == 'u' && unicode_escape(s, &c)) {
            h->text_len += put_utf8(h->text + h->text_len, c);
        } else {
            return refuse(s, "a bad escape in a string");
        }
    }
    if (s->at == s->end) {
        return refuse(s, "a string without an end");
    }
    s->at++;
    *ret = slice_of(h->text + start, h->text_len - start);
    return 0;
}

/* Borrowed from the line where it holds no escapes. */
static int
string(struct scan *s, struct slice *ret)
{
    if (!take(s, '"')) {
        return refuse(s, "wants a string");
    }
    const uint8_t *from = s->at;
    while (s->at < s->end && *s->at != '"' && *s->at != '\\' && *s->at >= 0x20) {
        s->at++;
    }
    if (s->at < s->end && *s->at == '"') {
        *ret = slice_of(from, (size_t)(s->at - from));
        s->at++;
        return 0;
    }
    s->at = from;
    return string_with_escapes(s, ret);
}

/* Whatever has a fraction, an exponent or many digits. */
static int
number_slow(struct scan *s, const uint8_t *from, double *ret)
{
    char text[NUMBER_TEXT];
    size_t n = 0;
    for (s->at = from;
         s->at < s->end && *s->at != '\0' && strchr("+-.eE0123456789", *s->at) != NULL; s->at++) {
        if (n + 1 >= sizeof(text)) {
            return refuse(s, "wants a number of fewer digits");
        }
        text[n++] = (char)*s->at;
    }
    text[n] = '\0';
    char *end = NULL;
    double v =
        n > 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) ? strtod(text, &end) : NAN;
    if (end == NULL || *end != '\0' || !isfinite(v)) {
        return refuse(s, "wants a number");
    }
    *ret = v;
    return 0;
}

static int
number(struct scan *s, double *ret)
{
    blanks(s);
    const uint8_t *from = s->at;
    uint64_t v = 0;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - from < 16) {
        v = v * 10 + (uint64_t)(*s->at++ - '0');
    }
    bool more = s->at < s->end &&
                (*s->at == '.' || (*s->at | 0x20) == 'e' || (*s->at >= '0' && *s->at <= '9'));
    if (s->at == from || more) {
        return number_slow(s, from, ret);
    }
    *ret = (double)v;
    return 0;
}

static int
amount(struct scan *s, double *ret)
{
    double v = 0;
    int err = number(s, &v);
    if (err == 0 && (v < 0 || v > NUMBER_MAX)) {
        return refuse(s, "wants a number between 0 and 1e15");
    }
    *ret = v;
    return err;
}

static int
whole(struct scan *s, double min, double max, double *ret)
{
    double v = 0;
    int err = number(s, &v);
    if (err == 0 && (v < min || v > max || v != floor(v))) {
        return refuse(s, "wants a whole number in its range");
    }
    *ret = v;
    return err;
}

static bool
word(struct scan *s, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

static int skip_value(struct scan *s, unsigned depth);

static int
skip_members(struct scan *s, uint8_t close, unsigned depth)
{
    struct slice key;
    if (depth >= HISTORY_DEPTH_MAX) {
        return refuse(s, "nested too deeply");
    }
    if (take(s, close)) {
        return 0;
    }
    for (;;) {
        int err = close == '}' ? string(s, &key) : 0;
        if (err == 0 && close == '}' && !take(s, ':')) {
            err = refuse(s, "wants a colon after a key");
        }
        err = err != 0 ? err : skip_value(s, depth + 1);
        if (err != 0 || take(s, close)) {
            return err;
        }
        if (!take(s, ',')) {
            return refuse(s, "wants a comma");
        }
    }
}

static int
skip_value(struct scan *s, unsigned depth)
{
    struct slice text;
    double v;
    blanks(s);
    size_t text_len = s->h->text_len;
    int err = 0;
    if (s->at < s->end && *s->at == '"') {
        err = string(s, &text);
    } else if (take(s, '{')) {
        err = skip_members(s, '}', depth);
    } else if (take(s, '[')) {
        err = skip_members(s, ']', depth);
    } else if (!word(s, "true") && !word(s, "false") && !word(s, "null")) {
        err = number(s, &v);
    }
    s->h->text_len = text_len;
    return err;
}

static int
read_hist(struct scan *s)
{
    struct history *h = s->h;
    struct reading *r = &h->reading;
    double upper = 0, count = 0, before = 0;
    r->cell = h->cell;
    r->cell_count = 0;
    if (!take(s, '[')) {
        return refuse(s, "wants a list of [upper_us, count]");
    }
    if (take(s, ']')) {
        return 0;
    }
    do {
        if (!take(s, '[') || whole(s, 1, UINT32_MAX, &upper) != 0 || !take(s, ',') ||
            whole(s, 0, UINT32_MAX, &count) != 0 || !take(s, ']')) {
            return diag_is_set(s->diag) ? -EBADMSG : refuse(s, "wants a list of [upper_us, count]");
        }
        if (upper <= before) {
            return refuse(s, "wants rising upper bounds");
        }
        if (r->cell_count == HISTORY_CELLS_MAX) {
            return refuse(s, "has too many cells");
        }
        before = upper;
        h->cell[r->cell_count++] = (struct reading_cell){(uint32_t)upper, (uint32_t)count};
    } while (take(s, ','));
    return take(s, ']') ? 0 : refuse(s, "wants a list of [upper_us, count]");
}

static int
read_classes(struct scan *s)
{
    struct slice name;
    double n = 0;
    if (!take(s, '{')) {
        return refuse(s, "wants an object of counts");
    }
    if (take(s, '}')) {
        return 0;
    }
    do {
        int err = string(s, &name);
        if (err == 0 && !take(s, ':')) {
            err = refuse(s, "wants a colon after a key");
        }
        err = err != 0 ? err : amount(s, &n);
        if (err != 0) {
            return err;
        }
        enum error_class c = error_class_by_name(name);
        s->h->reading.errors_by_class[c == ERROR_CLASS_COUNT ? ERROR_CLASS_OTHER : c] += n;
    } while (take(s, ','));
    return take(s, '}') ? 0 : refuse(s, "wants an object of counts");
}

static int
read_affects(struct scan *s)
{
    struct history_deploy *d = &s->h->deploy;
    d->affects_count = 0;
    if (!take(s, '[')) {
        return refuse(s, "wants a list of names");
    }
    if (take(s, ']')) {
        return 0;
    }
    do {
        if (d->affects_count == HISTORY_AFFECTS_MAX) {
            return refuse(s, "names too many");
        }
        int err = string(s, &d->affects[d->affects_count++]);
        if (err != 0) {
            return err;
        }
    } while (take(s, ','));
    return take(s, ']') ? 0 : refuse(s, "wants a list of names");
}

enum field {
    F_T,
    F_LEN,
    F_CALLS,
    F_ERRORS,
    F_HIST,
    F_ROUTE,
    F_FINGERPRINT,
    F_STATEMENT,
    F_PLAN,
    F_CLASSES,
    F_DEPLOY,
    F_AFFECTS,
    F_AMOUNT, /* the table says where it goes */
    F_UNKNOWN,
};

static const struct key {
    const char *name;
    enum field field;
    uint32_t known;
    size_t at;
} keys[] = {
    {"t", F_T, 0, 0},
    {"len", F_LEN, 0, 0},
    {"route", F_ROUTE, 0, 0},
    {"fingerprint", F_FINGERPRINT, 0, 0},
    {"calls", F_CALLS, 0, offsetof(struct reading, calls)},
    {"errors", F_ERRORS, 0, offsetof(struct reading, errors)},
    {"hist", F_HIST, 0, 0},
    {"statement", F_STATEMENT, 0, 0},
#define HISTORY_AMOUNT(name, bit) {#name, F_AMOUNT, bit, offsetof(struct reading, name)},
#include "analysis/window/history_amount.tbl"
#undef HISTORY_AMOUNT
    {"plan", F_PLAN, READING_PLAN, 0},
    {"errors_by_class", F_CLASSES, READING_CLASSES, 0},
    {"deploy", F_DEPLOY, 0, 0},
    {"affects", F_AFFECTS, 0, 0},
};

static const struct key *
find_key(struct slice name)
{
    static const struct key unknown = {"", F_UNKNOWN, 0, 0};
    for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
        const char *k = keys[i].name;
        if (name.len > 0 && k[0] == (char)name.ptr[0] && slice_eq(slice_from_str(k), name)) {
            return &keys[i];
        }
    }
    return &unknown;
}

static int
read_field(struct scan *s, const struct key *k)
{
    struct reading *r = &s->h->reading;
    double v = 0;
    int err = 0;
    switch (k->field) {
    case F_T:
        err = whole(s, 0, HISTORY_T_MAX, &v);
        r->start_s = s->h->deploy.at_s = (int64_t)v;
        return err;
    case F_LEN:
        err = whole(s, 1, HISTORY_LENGTH_MAX, &v);
        r->length_s = (uint32_t)v;
        return err;
    case F_CALLS:
    case F_ERRORS:
    case F_AMOUNT:
        r->known |= k->known;
        return amount(s, (double *)((char *)r + k->at));
    case F_HIST:
        return read_hist(s);
    case F_ROUTE:
        return string(s, &r->route);
    case F_FINGERPRINT:
        return string(s, &r->fingerprint);
    case F_STATEMENT:
        return string(s, &r->statement);
    case F_PLAN:
        r->known |= READING_PLAN;
        return string(s, &r->plan);
    case F_CLASSES:
        r->known |= READING_CLASSES;
        return read_classes(s);
    case F_DEPLOY:
        return string(s, &s->h->deploy.name);
    case F_AFFECTS:
        return read_affects(s);
    case F_UNKNOWN:
        break;
    }
    return skip_value(s, 0);
}

/* What no single value can tell. */
static int
check_reading(struct scan *s, uint32_t seen)
{
    const struct reading *r = &s->h->reading;
    s->key = NULL;
    if ((seen & (1u << F_T)) == 0 || (seen & (1u << F_LEN)) == 0 || (seen & (1u << F_CALLS)) == 0) {
        return refuse(s, "a window needs \"t\", \"len\" and \"calls\"");
    }
    if (r->route.len == 0 && r->fingerprint.len == 0) {
        return refuse(s, "a window needs a \"route\" or a \"fingerprint\"");
    }
    if (r->errors > r->calls) {
        return refuse(s, "more errors than calls");
    }
    double sum = 0;
    for (unsigned i = 0; i < r->cell_count; i++) {
        sum += r->cell[i].count;
    }
    return sum > r->calls ? refuse(s, "\"hist\" holds more than \"calls\"") : 0;
}

int
history_line(struct history *h, struct slice line, struct diag *diag, enum history_kind *ret_kind)
{
    struct scan s = {.at = line.ptr, .end = line.ptr + line.len, .h = h, .diag = diag};
    uint32_t seen = 0;
    h->text_len = 0;
    memset(&h->reading, 0, sizeof(h->reading));
    h->deploy.name = SLICE_NONE;
    h->deploy.affects_count = 0;
    blanks(&s);
    if (s.at == s.end) {
        *ret_kind = HISTORY_NOTHING;
        return 0;
    }
    if (!take(&s, '{')) {
        return refuse(&s, "a line is one JSON object");
    }
    for (bool more = !take(&s, '}'); more;) {
        struct slice name;
        s.key = NULL;
        int err = string(&s, &name);
        if (err != 0 || !take(&s, ':')) {
            return err != 0 ? err : refuse(&s, "wants a colon after a key");
        }
        const struct key *k = find_key(name);
        s.key = k->field == F_UNKNOWN ? NULL : k->name;
        err = read_field(&s, k);
        if (err != 0) {
            return err;
        }
        seen |= 1u << k->field;
        more = take(&s, ',');
        if (!more && !take(&s, '}')) {
            return refuse(&s, "wants a comma or the end of the object");
        }
    }
    blanks(&s);
    s.key = NULL;
    if (s.at != s.end) {
        return refuse(&s, "something follows the object");
    }
    if ((seen & (1u << F_DEPLOY)) != 0) {
        *ret_kind = HISTORY_DEPLOY;
        return (seen & (1u << F_T)) == 0 || h->deploy.name.len == 0
                   ? refuse(&s, "a deploy needs \"t\" and a name")
                   : 0;
    }
    *ret_kind = HISTORY_READING;
    return check_reading(&s, seen);
}
