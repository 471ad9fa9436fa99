/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_tags.h"

/* url: %xx and `+` stand for bytes. Backslashes escape the byte behind them either way. */
static void
decode(struct slice text, bool url, char *dst, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + 1 < size; i++) {
        uint8_t c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            c = text.ptr[++i];
        } else if (url && c == '+') {
            c = ' ';
        } else if (url && c == '%' && i + 2 < text.len && slice_hex_digit(text.ptr[i + 1]) >= 0 &&
                   slice_hex_digit(text.ptr[i + 2]) >= 0) {
            c = (uint8_t)(slice_hex_digit(text.ptr[i + 1]) << 4 | slice_hex_digit(text.ptr[i + 2]));
            i += 2;
        }
        dst[len++] = c >= ' ' && c != 0x7f ? (char)c : ' ';
    }
    dst[len] = '\0';
}

static bool
is_filler(uint8_t c)
{
    return c <= ' ' || c == ',' || c == ';' || c == '*' || c == '/';
}

/* The value at the start of *rest, without its quotes; what is behind it stays. */
static struct slice
take_value(struct slice *rest, bool *ret_quoted)
{
    struct slice s = slice_trim(*rest);
    size_t end;
    *ret_quoted = s.len > 0 && (s.ptr[0] == '\'' || s.ptr[0] == '"');
    if (!*ret_quoted) {
        end = slice_find(s, ',');
        *rest = slice_sub(s, end, s.len);
        s = slice_trim(slice_sub(s, 0, end));
        while (s.len > 0 && is_filler(s.ptr[s.len - 1])) {
            s.len--;
        }
        return s;
    }
    uint8_t quote = s.ptr[0];
    for (end = 1; end < s.len && s.ptr[end] != quote; end++) {
        end += s.ptr[end] == '\\' ? 1 : 0;
    }
    end = MIN(end, s.len);
    *rest = slice_sub(s, end + 1, s.len);
    return slice_sub(s, 1, end - 1);
}

bool
sql_tags_next(struct slice *rest, char ret_key[static 64], char ret_value[static SQL_TAG_VALUE_MAX])
{
    while (rest->len > 0) {
        if (is_filler(rest->ptr[0])) {
            *rest = slice_sub(*rest, 1, rest->len);
            continue;
        }
        size_t at = 0;
        while (at < rest->len && rest->ptr[at] != '=' && rest->ptr[at] != ':' &&
               rest->ptr[at] != ',') {
            at++;
        }
        struct slice key = slice_trim(slice_sub(*rest, 0, at));
        bool is_pair = at < rest->len && rest->ptr[at] != ',' && key.len > 0;
        bool is_url = is_pair && rest->ptr[at] == '=';
        *rest = slice_sub(*rest, at + 1, rest->len);
        if (is_pair) {
            bool quoted;
            struct slice value = take_value(rest, &quoted);
            decode(key, is_url, ret_key, 64);
            decode(value, is_url || quoted, ret_value, SQL_TAG_VALUE_MAX);
            return true;
        }
    }
    return false;
}

bool
sql_tags_parse(struct slice comment, struct sql_tags *ret_tags)
{
    struct sql_tags t = {.traceparent = ""};
    const struct {
        const char *key;
        char *value;
        size_t size;
    } wanted[] = {
        {"traceparent", t.traceparent, sizeof(t.traceparent)},
        {"route", t.route, sizeof(t.route)},
        {"controller", t.controller, sizeof(t.controller)},
        {"action", t.action, sizeof(t.action)},
        {"framework", t.framework, sizeof(t.framework)},
        {"application", t.application, sizeof(t.application)},
    };
    char key[64];
    char value[SQL_TAG_VALUE_MAX];
    bool found = false;
    while (sql_tags_next(&comment, key, value)) {
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
            if (slice_eq_ci(slice_from_str(key), slice_from_str(wanted[i].key))) {
                slice_to_str(slice_from_str(value), wanted[i].value, wanted[i].size);
                found = found || value[0] != '\0';
            }
        }
    }
    *ret_tags = t;
    return found;
}
