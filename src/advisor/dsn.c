/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/dsn.h"

#include <errno.h>
#include <libpq-fe.h>
#include <string.h>

#define DSN_BYTES_MAX (16u * 1024)

void
dsn_put(struct buf *b, const char *key, const char *value)
{
    if (value[0] == '\0') {
        return;
    }
    (void)buf_printf(b, "%s%s='", b->len == 0 ? "" : " ", key);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            (void)buf_append_byte(b, '\\');
        }
        (void)buf_append_byte(b, (uint8_t)*value);
    }
    (void)buf_append_byte(b, '\'');
}

char *
dsn_resolve(const char *dsn)
{
    AUTO_BUF struct buf b;
    PQconninfoOption *given = PQconninfoParse(dsn, NULL);
    PQconninfoOption *usual = given == NULL ? NULL : PQconndefaults();
    buf_init(&b, DSN_BYTES_MAX);
    for (const PQconninfoOption *o = given; usual != NULL && o->keyword != NULL; o++) {
        const char *value = o->val;
        for (const PQconninfoOption *u = usual; value == NULL && u->keyword != NULL; u++) {
            value = strcmp(u->keyword, o->keyword) == 0 ? u->val : NULL;
        }
        dsn_put(&b, o->keyword, value == NULL ? "" : value);
    }
    char *made = usual == NULL || buf_overflowed(&b) ? NULL : check_strdup(buf_str(&b));
    PQconninfoFree(usual);
    PQconninfoFree(given);
    return made;
}

int
dsn_with_database(const char *dsn, const char *database, struct buf *ret_dsn)
{
    PQconninfoOption *options = PQconninfoParse(dsn, NULL);
    if (options == NULL) {
        return -EINVAL;
    }
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        bool is_database = strcmp(o->keyword, "dbname") == 0;
        if (o->val != NULL && (!is_database || database[0] == '\0')) {
            dsn_put(ret_dsn, o->keyword, o->val);
        }
    }
    dsn_put(ret_dsn, "dbname", database);
    PQconninfoFree(options);
    return buf_overflowed(ret_dsn) ? -E2BIG : 0;
}
