/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/scans.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/dsn.h"
#include "advisor/explain.h"
#include "advisor/quote.h"
#include "io/log.h"
#include "proto/sql/sql_fingerprint.h"

#define STACK_BYTES (256u * 1024 * 1024) /* reserved, not used */

struct work {
    const char *dsn;
    json_t *statements;
    struct diag *diag;
    struct login logins[SCANS_LOGINS_MAX];
    unsigned login_count;
    struct explain_budget budget;
    int result;
};

/* NULL: there are too many, or what was given cannot be read. */
static struct login *
login_of(struct work *w, const char *database)
{
    AUTO_BUF struct buf dsn;
    for (unsigned i = 0; i < w->login_count; i++) {
        if (strcmp(w->logins[i].database, database) == 0) {
            return &w->logins[i];
        }
    }
    buf_init(&dsn, 16u * 1024);
    if (w->login_count == SCANS_LOGINS_MAX || dsn_with_database(w->dsn, database, &dsn) != 0 ||
        login_init(&w->logins[w->login_count], database, buf_str(&dsn)) != 0) {
        return NULL;
    }
    return &w->logins[w->login_count++];
}

static bool
has_plan(const char *statement)
{
    struct sql_fingerprint *f = check_alloc(1, sizeof(*f));
    uint8_t *text = check_alloc(1, PARSE_TEXT_MAX);
    struct sql_statement s = {0};
    bool known = sql_fingerprint_once(f, slice_from_str(statement), text, PARSE_TEXT_MAX, &s);
    free(text);
    free(f);
    return !known || s.kind == STATEMENT_SELECT || s.kind == STATEMENT_INSERT ||
           s.kind == STATEMENT_UPDATE || s.kind == STATEMENT_DELETE;
}

/* What the planner takes the table to have; < 0: not known. */
static double
rows_of(struct login *s, const char *table)
{
    char sql[QUOTE_QUALIFIED_SIZE + 64];
    snprintf(sql, sizeof(sql), "EXPLAIN (FORMAT JSON) SELECT 1 FROM %s", table);
    AUTO_RESULT PGresult *r = login_query(s, sql, 0, NULL, NULL);
    json_t *plan = r != NULL && PQntuples(r) == 1 ? json_loads(PQgetvalue(r, 0, 0), 0, NULL) : NULL;
    const json_t *rows =
        json_object_get(json_object_get(json_array_get(plan, 0), "Plan"), "Plan Rows");
    double n = json_is_number(rows) ? json_number_value(rows) : -1;
    json_decref(plan);
    return n;
}

static void
refuse(json_t *statement, const char *why)
{
    json_object_set_new(statement, "refused", json_string(why));
}

/* One that is not known to be small is not taken for small. */
static void
put_scans(struct login *s, const json_t *explained, json_t *statement)
{
    json_t *list = json_array();
    struct names seen = {.count = 0};
    struct plan *plan = check_alloc(1, sizeof(*plan));
    int r = plan_read(explained, plan);
    const char *why = r == 0 ? NULL : "its plan cannot be read";
    for (unsigned i = 0; r == 0 && i < plan->scan_count; i++) {
        char table[QUOTE_QUALIFIED_SIZE];
        const struct plan_scan *scan = &plan->scan[i];
        quote_qualified(scan->schema, scan->table, table);
        if (scan->is_sequential && !names_has(&seen, table)) {
            double rows = rows_of(s, table);
            why =
                rows >= 0 ? why : "the login may not ask how large a table is that it reads whole";
            names_add(&seen, table);
            json_array_append_new(list, json_pack("{s:s, s:f}", "table", table, "rows", rows));
        }
    }
    free(plan);
    if (why == NULL) {
        json_object_set_new(statement, "scans", list);
    } else {
        json_decref(list);
        refuse(statement, why);
    }
}

static void
find(struct work *w, json_t *one)
{
    const char *text = json_string_value(json_object_get(one, "statement"));
    const char *database = json_string_value(json_object_get(one, "database"));
    struct explain e;
    json_t *explained = NULL;
    if (text == NULL || text[0] == '\0') {
        refuse(one, "its text is not known");
        return;
    }
    if (!has_plan(text)) {
        json_object_set_new(one, "scans", json_array());
        return;
    }
    struct login *s = login_of(w, database == NULL ? "" : database);
    if (s == NULL || login_open(s, 0) != 0) {
        const char *why = s == NULL ? "there is no login for its database" : s->reason;
        w->result = diag_set(w->diag, -ENOTCONN, "%s", why);
        refuse(one, why);
        return;
    }
    int r = explain_begin(&e, s, &w->budget, text, NULL, &explained);
    if (r != 0) {
        refuse(one, e.reason == NULL ? "it cannot be planned" : e.reason);
    } else if (explained == NULL) {
        json_object_set_new(one, "scans", json_array());
    } else {
        put_scans(s, explained, one);
    }
    json_decref(explained);
    explain_end(&e);
}

static void *
run(void *arg)
{
    struct work *w = arg;
    size_t i;
    json_t *one;
    json_array_foreach(w->statements, i, one)
    {
        find(w, one);
        if (w->result != 0) {
            break;
        }
    }
    for (unsigned k = 0; k < w->login_count; k++) {
        login_fini(&w->logins[k]);
    }
    return NULL;
}

int
scans_find(const char *dsn, json_t *statements, struct diag *diag)
{
    struct work *w = check_alloc(1, sizeof(*w));
    pthread_attr_t attr;
    pthread_t thread;
    *w = (struct work){.dsn = dsn, .statements = statements, .diag = diag};
    w->budget.tokens = (double)json_array_size(statements) + 1;
    log_set_level(LOG_LEVEL_ERROR); /* what a login says comes back as the reason */
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int err = pthread_create(&thread, &attr, run, w);
    pthread_attr_destroy(&attr);
    if (err == 0) {
        pthread_join(thread, NULL);
    }
    int r = err != 0 ? diag_set(diag, -err, "no thread can be started") : w->result;
    free(w);
    return r;
}
