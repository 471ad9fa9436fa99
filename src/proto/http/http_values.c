/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_values.h"

#include "proto/http/http_content.h"
#include "proto/http/http_path.h"

static void
hand_out(void *arg, struct slice value)
{
    struct http_values *v = arg;
    if (v->count == EVENT_VALUES_MAX || value.len > HTTP_VALUE_MAX) {
        v->skipped++;
        return;
    }
    v->count++;
    v->each(v->arg, value);
}

void
http_values_init(struct http_values *v, void (*each)(void *arg, struct slice value), void *arg)
{
    memset(v, 0, offsetof(struct http_values, text)); /* text has its length */
    v->each = each;
    v->arg = arg;
    http_json_init(&v->json, hand_out, v);
}

static void
put(struct http_values *v, uint8_t c)
{
    if (v->len == HTTP_VALUE_MAX) {
        v->too_long = true;
    } else {
        v->text[v->len++] = c;
    }
}

/* A percent sign that no two digits follow stands for itself. */
static void
flush_escape(struct http_values *v)
{
    for (uint8_t i = 0; i < v->escape_len; i++) {
        put(v, v->escape[i]);
    }
    v->escape_len = 0;
}

static void
put_encoded(struct http_values *v, uint8_t c, bool plus_is_blank)
{
    if (v->escape_len == 1 && slice_hex_digit(c) >= 0) {
        v->escape[v->escape_len++] = c;
        return;
    }
    if (v->escape_len == 2 && slice_hex_digit(c) >= 0) {
        v->escape_len = 0;
        put(v, (uint8_t)(slice_hex_digit(v->escape[1]) << 4 | slice_hex_digit(c)));
        return;
    }
    flush_escape(v);
    if (c == '%') {
        v->escape[0] = c;
        v->escape_len = 1;
    } else {
        put(v, c == '+' && plus_is_blank ? ' ' : c);
    }
}

static void
end_text(struct http_values *v)
{
    flush_escape(v);
    if (v->too_long) {
        v->skipped++;
    } else {
        hand_out(v, slice_of(v->text, v->len));
    }
    v->len = 0;
    v->too_long = false;
}

static void
decoded(struct http_values *v, struct slice raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        put_encoded(v, raw.ptr[i], false);
    }
    end_text(v);
}

static void
form_feed(struct http_values *v, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (c == '&') {
            if (v->in_value) {
                end_text(v);
            }
            v->in_value = false;
        } else if (v->in_value) {
            put_encoded(v, c, true);
        } else {
            v->in_value = c == '=';
        }
    }
}

static void
form_end(struct http_values *v)
{
    if (v->in_value) {
        end_text(v);
    }
    v->in_value = false;
}

static void
path_values(struct http_values *v, struct slice target)
{
    struct slice rest = http_target_path(target);
    struct slice segment;
    while (slice_split(&rest, '/', &segment)) {
        size_t stem_len;
        if (segment.len == 0) {
            continue;
        }
        decoded(v, segment);
        if (http_segment_is_value(segment, &stem_len) && stem_len < segment.len) {
            decoded(v, slice_sub(segment, 0, stem_len));
        }
    }
}

static void
bearer_values(struct http_values *v, struct slice value)
{
    if (!slice_starts_with_ci(value, SLICE_LIT("bearer "))) {
        return;
    }
    struct slice token = slice_trim(slice_sub(value, 7, value.len));
    size_t bar = slice_find(token, '|');
    hand_out(v, token);
    if (bar < token.len) {
        hand_out(v, slice_sub(token, 0, bar));
        hand_out(v, slice_sub(token, bar + 1, token.len));
    }
}

static void
cookie_values(struct http_values *v, struct slice value)
{
    struct slice piece;
    while (slice_split(&value, ';', &piece)) {
        size_t eq = slice_find(piece, '=');
        if (eq < piece.len) {
            struct slice text = slice_trim(slice_sub(piece, eq + 1, piece.len));
            if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
                text = slice_sub(text, 1, text.len - 2);
            }
            decoded(v, text);
        }
    }
}

static enum http_body_kind
body_kind(struct slice type)
{
    struct slice media = http_content_media(type);
    if (slice_eq_ci(media, SLICE_LIT("application/x-www-form-urlencoded"))) {
        return HTTP_VALUES_FORM;
    }
    return http_content_is_json(media) ? HTTP_VALUES_JSON : HTTP_VALUES_NONE;
}

void
http_values_head(struct http_values *v, const struct http_head *h, struct slice bytes)
{
    struct slice target = http_span_of(bytes, h->target);
    bool encoded = false;
    path_values(v, target);
    form_feed(v, http_target_query(target));
    form_end(v);
    for (size_t i = 0; i < h->field_count; i++) {
        struct slice name = http_span_of(bytes, h->fields[i].name);
        struct slice value = http_span_of(bytes, h->fields[i].value);
        if (slice_eq_ci(name, SLICE_LIT("authorization"))) {
            bearer_values(v, value);
        } else if (slice_eq_ci(name, SLICE_LIT("cookie"))) {
            cookie_values(v, value);
        } else if (slice_eq_ci(name, SLICE_LIT("content-type"))) {
            v->body = body_kind(value);
        } else if (slice_eq_ci(name, SLICE_LIT("content-encoding"))) {
            encoded = !slice_eq_ci(value, SLICE_LIT("identity"));
        }
    }
    if (encoded) {
        v->body = HTTP_VALUES_NONE;
    }
}

void
http_values_body(struct http_values *v, struct slice payload)
{
    if (v->count == EVENT_VALUES_MAX) {
        return; /* spares the work, not only the values */
    }
    if (v->body == HTTP_VALUES_FORM) {
        form_feed(v, payload);
    } else if (v->body == HTTP_VALUES_JSON) {
        http_json_feed(&v->json, payload);
    }
}

void
http_values_end(struct http_values *v)
{
    if (v->body == HTTP_VALUES_FORM) {
        form_end(v);
    } else if (v->body == HTTP_VALUES_JSON) {
        http_json_end(&v->json);
    }
    v->skipped += v->json.skipped;
    v->json.skipped = 0;
    v->body = HTTP_VALUES_NONE;
}
