/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/facts.h"

#include <jansson.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "store/sqlite/db.h"

struct slice
facts_write(const struct stored_window *w, char dst[FACTS_MAX])
{
    const char *comma = "";
    size_t len = 1;
    dst[0] = '{';
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        if (w->errors_by_class[i] > 0) {
            len += (size_t)snprintf(dst + len, FACTS_MAX - len, "%s\"%s\":%u",
                                    comma[0] == '\0' ? "\"errors\":{" : comma,
                                    error_class_name((enum error_class)i), w->errors_by_class[i]);
            comma = ",";
        }
    }
    if (comma[0] != '\0') {
        dst[len++] = '}';
    }
    if (w->oldest_ns > 0) {
        len += (size_t)snprintf(dst + len, FACTS_MAX - len, "%s\"oldest_ms\":%.0f", comma,
                                clock_ns_to_ms(w->oldest_ns));
    }
    if (len == 1) {
        return SLICE_NONE;
    }
    dst[len++] = '}';
    return slice_of(dst, len);
}

void
facts_add(struct slice text, struct stored_window *w)
{
    json_t *o = text.len == 0 ? NULL : json_loadb((const char *)text.ptr, text.len, 0, NULL);
    const char *name;
    json_t *count;
    json_object_foreach(json_object_get(o, "errors"), name, count)
    {
        enum error_class class = error_class_by_name(slice_from_str(name));
        class = class == ERROR_CLASS_COUNT ? ERROR_CLASS_OTHER : class;
        json_int_t n = json_integer_value(count);
        w->errors_by_class[class] += (uint32_t)MAX(MIN(n, (json_int_t)UINT32_MAX / 2), 0);
    }
    json_int_t oldest_ms = json_integer_value(json_object_get(o, "oldest_ms"));
    w->oldest_ns = MAX(w->oldest_ns, (uint64_t)MAX(oldest_ms, 0) * NS_PER_MS);
    json_decref(o);
}

void
facts_bind(sqlite3_stmt *s, int at, const struct stored_window *w)
{
    char facts[FACTS_MAX];
    db_bind_slice(s, at++, facts_write(w, facts));
    for (unsigned i = 0; i < WINDOW_AMOUNT_COUNT; i++, at++) {
        if (window_amounts_know(&w->amounts, (enum window_amount)i)) {
            sqlite3_bind_int64(s, at, (sqlite3_int64)MIN(w->amounts.of[i], (uint64_t)INT64_MAX));
        } else {
            sqlite3_bind_null(s, at);
        }
    }
    db_bind_slice(s, at, w->plan);
}

void
facts_add_columns(sqlite3_stmt *s, int at, struct stored_window *w)
{
    facts_add(db_column_slice(s, at++), w);
    for (unsigned i = 0; i < WINDOW_AMOUNT_COUNT; i++, at++) {
        if (sqlite3_column_type(s, at) == SQLITE_INTEGER) {
            sqlite3_int64 n = sqlite3_column_int64(s, at);
            window_amounts_add(&w->amounts, (enum window_amount)i, (uint64_t)MAX(n, 0));
        }
    }
    struct slice plan = db_column_slice(s, at);
    w->plan = plan.len > 0 ? plan : w->plan;
}
