/* SPDX-License-Identifier: Apache-2.0
 * model/json_text.h - text from outside as JSON (jansson). Pure; the caller owns what it gets. */
#ifndef MODEL_JSON_TEXT_H
#define MODEL_JSON_TEXT_H

#include <jansson.h>

#include "base/slice.h"

/* "?" where it is no UTF-8: a name that cannot be shown is no reason to lose what has it. */
static inline json_t *
json_text(struct slice text)
{
    json_t *value = json_stringn(text.len == 0 ? "" : (const char *)text.ptr, text.len);
    return value == NULL ? json_string("?") : value;
}

#endif
