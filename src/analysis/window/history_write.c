/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "analysis/window/history.h"
#include "base/clock.h"
#include "base/utf8.h"

/* What is no UTF-8, or was cut within a character, has a "?" for each byte. */
static void
put_text(struct buf *b, struct slice text)
{
    buf_append_byte(b, '"');
    while (text.len > 0) {
        uint8_t c = text.ptr[0];
        size_t len = utf8_length(text);
        if (c == '"' || c == '\\') {
            buf_append_byte(b, '\\');
            buf_append_byte(b, c);
        } else if (c < 0x20) {
            buf_printf(b, "\\u%04x", c);
        } else if (len == 0) {
            buf_append_byte(b, '?');
        } else {
            buf_append(b, slice_sub(text, 0, len));
        }
        text = slice_sub(text, MAX(len, 1u), text.len);
    }
    buf_append_byte(b, '"');
}

static void
put_string(struct buf *b, const char *key, struct slice text)
{
    buf_printf(b, ",\"%s\":", key);
    put_text(b, text);
}

static void
put_number(struct buf *b, const char *key, double v)
{
    buf_printf(b, ",\"%s\":%.15g", key, v);
}

int
history_write(const struct reading *r, struct buf *b)
{
    buf_printf(b, "{\"t\":%" PRId64 ",\"len\":%u", r->start_s, r->length_s);
    if (r->route.len > 0) {
        put_string(b, "route", r->route);
    }
    if (r->fingerprint.len > 0) {
        put_string(b, "fingerprint", r->fingerprint);
    }
    if (r->statement.len > 0) {
        put_string(b, "statement", r->statement);
    }
    put_number(b, "calls", r->calls);
    put_number(b, "errors", r->errors);
#define HISTORY_AMOUNT(name, bit)                                                                  \
    if ((r->known & (bit)) != 0) {                                                                 \
        put_number(b, #name, r->name);                                                             \
    }
#include "analysis/window/history_amount.tbl"
#undef HISTORY_AMOUNT
    if ((r->known & READING_CLASSES) != 0) {
        const char *comma = "";
        buf_append_str(b, ",\"errors_by_class\":{");
        for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
            if (r->errors_by_class[i] > 0) {
                buf_printf(b, "%s\"%s\":%.15g", comma, error_class_name((enum error_class)i),
                           r->errors_by_class[i]);
                comma = ",";
            }
        }
        buf_append_byte(b, '}');
    }
    if ((r->known & READING_PLAN) != 0) {
        put_string(b, "plan", r->plan);
    }
    if (r->cell_count > 0) {
        buf_append_str(b, ",\"hist\":[");
        for (unsigned i = 0; i < r->cell_count; i++) {
            buf_printf(b, "%s[%u,%u]", i == 0 ? "" : ",", r->cell[i].upper_us, r->cell[i].count);
        }
        buf_append_byte(b, ']');
    }
    buf_append_str(b, "}\n");
    return buf_overflowed(b) ? -E2BIG : 0;
}

void
history_deploy_make(const struct stored_deploy *stored, struct history_deploy *d)
{
    struct slice rest = stored->affects, name;
    d->at_s = (int64_t)(stored->at_wall_ns / NS_PER_S);
    d->name = stored->name;
    d->affects_count = 0;
    while (d->affects_count < HISTORY_AFFECTS_MAX && slice_split(&rest, '\n', &name)) {
        if (name.len > 0) {
            d->affects[d->affects_count++] = name;
        }
    }
}

int
history_write_deploy(const struct history_deploy *d, struct buf *b)
{
    buf_printf(b, "{\"t\":%" PRId64, d->at_s);
    put_string(b, "deploy", d->name);
    buf_append_str(b, ",\"affects\":[");
    for (unsigned i = 0; i < d->affects_count; i++) {
        if (i > 0) {
            buf_append_byte(b, ',');
        }
        put_text(b, d->affects[i]);
    }
    buf_append_str(b, "]}\n");
    return buf_overflowed(b) ? -E2BIG : 0;
}
