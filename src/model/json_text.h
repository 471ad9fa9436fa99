/* SPDX-License-Identifier: Apache-2.0
 * model/json_text.h - text from outside as JSON (jansson), and back. Pure; the caller owns what it
 * gets. */
#ifndef MODEL_JSON_TEXT_H
#define MODEL_JSON_TEXT_H

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/slice.h"

/* "?" where it is no UTF-8: a name that cannot be shown is no reason to lose what has it. */
static inline json_t *
json_text(struct slice text)
{
    json_t *value = json_stringn(text.len == 0 ? "" : (const char *)text.ptr, text.len);
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
