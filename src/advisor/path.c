/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define LIST_MAX ((2 * NAMES_LEN_MAX + 4) * NAMES_MAX)

/* For each unqualified name that some schema has: the name, in how many, one of them, and whether
 * the login's own path reaches it. */
static const char *const LOOK_UP =
    "SELECT w.name, count(*), min(quote_ident(n.nspname)), bool_or(pg_table_is_visible(c.oid)) "
    "FROM (SELECT DISTINCT (parse_ident(x))[1] AS name FROM unnest($1::text[]) x "
    "WHERE array_length(parse_ident(x), 1) = 1) w "
    "JOIN pg_class c ON c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' "
    "AND n.nspname <> 'information_schema' GROUP BY 1 ORDER BY 1";

static void
append_quoted(struct buf *b, const char *text)
{
    buf_append_str(b, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_append_str(b, "\\");
        }
        buf_append(b, slice_of(c, 1));
    }
    buf_append_str(b, "\"");
}

static PGresult *
look_up(struct login *login, const struct names *names)
{
    AUTO_BUF struct buf array;
    buf_init(&array, LIST_MAX);
    for (unsigned i = 0; i < names->count; i++) {
        buf_append_str(&array, i == 0 ? "{" : ",");
        append_quoted(&array, names->name[i]);
    }
    buf_append_str(&array, names->count == 0 ? "{}" : "}");
    const char *const values[] = {buf_str(&array)};
    return login_query(login, LOOK_UP, 1, values, NULL);
}

void
path_enter(struct path *p, struct login *login, const struct names *names)
{
    *p = (struct path){.login = login};
    AUTO_RESULT PGresult *found = look_up(login, names);
    if (found == NULL) {
        snprintf(p->doubt, sizeof(p->doubt), "in which schemas its tables are could not be read");
        return;
    }
    struct names schemas = {.count = 0};
    for (int i = 0; i < PQntuples(found); i++) {
        bool alone = strcmp(PQgetvalue(found, i, 1), "1") == 0;
        if (!alone && p->doubt[0] == '\0') {
            snprintf(p->doubt, sizeof(p->doubt),
                     "%.60s is in %.8s schemas, planned as the login "
                     "sees it",
                     PQgetvalue(found, i, 0), PQgetvalue(found, i, 1));
        } else if (alone && strcmp(PQgetvalue(found, i, 3), "f") == 0) {
            names_add(&schemas, PQgetvalue(found, i, 2));
        }
    }
    AUTO_BUF struct buf more;
    buf_init(&more, LIST_MAX);
    for (unsigned i = 0; i < schemas.count; i++) {
        buf_append_str(&more, i == 0 ? "" : ", ");
        buf_append_str(&more, schemas.name[i]);
    }
    if (schemas.count == 0 || buf_overflowed(&more)) {
        return;
    }
    const char *const values[] = {buf_str(&more)};
    AUTO_RESULT PGresult *set = login_query(
        login,
        "SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), "
        "''), $1::text), false)",
        1, values, NULL);
    p->widened = set != NULL;
}

void
path_leave(struct path *p)
{
    if (p->widened) {
        AUTO_RESULT PGresult *r = login_query(p->login, "RESET search_path", 0, NULL, NULL);
        (void)r;
    }
    *p = (struct path){0};
}
