/* SPDX-License-Identifier: Apache-2.0
 * model/json_text.h - text from outside as JSON (jansson), and back. Pure; the caller owns what it
 * gets. */
#ifndef MODEL_JSON_TEXT_H
#define MODEL_JSON_TEXT_H

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/check.h"
#include "base/slice.h"

/* Without the beginning of a character of UTF-8 that it ends in. */
static inline struct slice
json_text_whole(struct slice text)
{
    size_t more = 0; /* bytes behind a first one */
    while (more < MIN(text.len, 2u) && (text.ptr[text.len - 1 - more] & 0xc0) == 0x80) {
        more++;
    }
    uint8_t first = more < text.len ? text.ptr[text.len - 1 - more] : 0;
    bool begins = first >= 0xc2 && first <= 0xf4;
    return slice_sub(text, 0, begins ? text.len - 1 - more : text.len);
}

/* Text that was cut to size within a character loses the rest of that. "?" where it is no UTF-8: a
 * name that cannot be shown is no reason to lose what has it. */
static inline json_t *
json_text(struct slice text)
{
    json_t *value = json_stringn(text.len == 0 ? "" : (const char *)text.ptr, text.len);
    if (value == NULL) {
        text = json_text_whole(text);
        value = json_stringn((const char *)text.ptr, text.len);
    }
    return value == NULL ? json_string("?") : value;
}

/* Cut to size; "" where the value is no text. */
static inline void
json_text_copy(const json_t *value, char *dst, size_t size)
{
    (void)slice_to_str(slice_from_str(json_string_value(value)), dst, size);
}

/* Sixteen digits, as every document has it. */
static inline json_t *
json_fingerprint(uint64_t fingerprint)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    return json_string(hex);
}

#endif
