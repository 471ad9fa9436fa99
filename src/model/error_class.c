/* SPDX-License-Identifier: Apache-2.0 */
#include "model/error_class.h"

#include "base/check.h"

static const char *const names[] = {
#define ERROR_CLASS(name, text, doc) text,
#include "model/error_class.tbl"
#undef ERROR_CLASS
};

static const char *const docs[] = {
#define ERROR_CLASS(name, text, doc) doc,
#include "model/error_class.tbl"
#undef ERROR_CLASS
};

const char *
error_class_name(enum error_class c)
{
    return (unsigned)c < ERROR_CLASS_COUNT ? names[c] : "?";
}

const char *
error_class_doc(enum error_class c)
{
    return (unsigned)c < ERROR_CLASS_COUNT ? docs[c] : "";
}

bool
error_class_is_by_itself(enum error_class c)
{
    return c == ERROR_CLASS_LOGIN || c == ERROR_CLASS_CONSTRAINT || c == ERROR_CLASS_STATEMENT ||
           c == ERROR_CLASS_BODY;
}

enum error_class
error_class_by_name(struct slice name)
{
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        if (slice_eq(name, slice_from_str(names[i]))) {
            return (enum error_class)i;
        }
    }
    return ERROR_CLASS_COUNT;
}

static bool
starts(struct slice s, const char *with)
{
    size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

enum error_class
error_class_of_sqlstate(struct slice s)
{
    static const struct {
        const char *prefix;
        enum error_class is;
    } table[] = {
        {"28", ERROR_CLASS_LOGIN},      {"3D", ERROR_CLASS_LOGIN},
        {"08", ERROR_CLASS_REFUSED},    {"53", ERROR_CLASS_REFUSED},
        {"57P0", ERROR_CLASS_REFUSED},  {"57014", ERROR_CLASS_TIMEOUT},
        {"55P03", ERROR_CLASS_TIMEOUT}, {"40", ERROR_CLASS_DEADLOCK},
        {"23", ERROR_CLASS_CONSTRAINT}, {"42", ERROR_CLASS_STATEMENT},
    };
    for (unsigned i = 0; s.len == 5 && i < ARRAY_LEN(table); i++) {
        if (starts(s, table[i].prefix)) {
            return table[i].is;
        }
    }
    return ERROR_CLASS_OTHER;
}
