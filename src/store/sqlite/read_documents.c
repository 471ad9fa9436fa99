/* SPDX-License-Identifier: Apache-2.0
 *
 * What is on disk as the documents of the admin API: for the command line, where no daemon runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite/read.h"
#include "store/sqlite/series_total.h"

static json_t *
text_of(struct slice s)
{
    json_t *text = json_stringn((const char *)s.ptr, s.len);
    return text == NULL ? json_string("") : text; /* not UTF-8 */
}

static double
ms(uint64_t ns)
{
    return clock_ns_to_ms(ns);
}

static int
incidents_document(struct db *db, json_t *list)
{
    sqlite3_stmt *s = db_begin(db, READ_INCIDENTS);
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct slice text = db_column_slice(s, 5);
        json_t *one = json_loadb((const char *)text.ptr, text.len, 0, NULL);
        if (one != NULL) {
            json_array_append_new(list, one);
        }
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

struct listing {
    struct db *db;
    json_t *list;
    json_t *by_key; /* rows of `list` by fingerprint and database, or by route */
};

static json_t *
statement_row(struct listing *l, const struct stored_window *w)
{
    char key[320], hex[17];
    snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)w->fingerprint);
    snprintf(key, sizeof(key), "%s %.*s", hex, SLICE_ARG(slice_sub(w->database, 0, 255)));
    json_t *row = json_object_get(l->by_key, key);
    if (row != NULL || json_array_size(l->list) >= READ_STATEMENTS_MAX) {
        return row;
    }
    row = json_object();
    json_object_set_new(row, "fingerprint", json_string(hex));
    sqlite3_stmt *s = db_begin(l->db, "SELECT text FROM fingerprints WHERE instance = ?1"
                                      " AND fingerprint = ?2 LIMIT 1");
    json_t *text = NULL;
    if (s != NULL) {
        sqlite3_bind_int64(s, 2, (sqlite3_int64)w->fingerprint);
        text = sqlite3_step(s) == SQLITE_ROW ? text_of(db_column_slice(s, 0)) : NULL;
        sqlite3_reset(s);
    }
    json_object_set_new(row, "statement", text == NULL ? json_string("") : text);
    json_object_set_new(row, "database", text_of(w->database));
    json_object_set_new(row, "calls", json_integer(0));
    json_object_set_new(row, "routes", json_array());
    json_object_set(l->by_key, key, row);
    json_array_append_new(l->list, row);
    return row;
}

static void
add_statement(void *ctx, struct series_total *t)
{
    struct listing *l = ctx;
    const struct stored_window *w = series_total_whole(t);
    if (w->fingerprint == 0 || w->fingerprint == STORED_LOGINS || w->fingerprint == STORED_OTHER) {
        return;
    }
    json_t *row = statement_row(l, w);
    if (row == NULL) {
        return;
    }
    if (w->route.len > 0) {
        json_array_append_new(json_object_get(row, "routes"), text_of(w->route));
        return;
    }
    json_object_set_new(row, "calls", json_integer((json_int_t)w->calls));
    json_object_set_new(row, "errors", json_integer((json_int_t)w->errors));
    json_object_set_new(row, "rows", json_integer((json_int_t)w->rows));
    json_object_set_new(row, "total_ms", json_real(ms(w->time_ns)));
    json_object_set_new(row, "mean_ms",
                        json_real(w->calls == 0 ? 0 : ms(w->time_ns) / (double)w->calls));
    json_object_set_new(row, "p95_ms", json_real(ms(sketch_quantile(&t->sketch, 0.95))));
    json_object_set_new(row, "p99_ms", json_real(ms(sketch_quantile(&t->sketch, 0.99))));
}

static void
add_to(json_t *row, const char *name, double more)
{
    json_object_set_new(row, name, json_real(json_number_value(json_object_get(row, name)) + more));
}

/* "GET" of "GET /api/orders"; null where the text is no such thing. */
static json_t *
method_of(struct slice route)
{
    const uint8_t *blank = route.len == 0 ? NULL : memchr(route.ptr, ' ', route.len);
    size_t len = blank == NULL ? 0 : (size_t)(blank - route.ptr);
    bool is_path = len > 0 && len + 1 < route.len && blank[1] == '/';
    return is_path ? json_stringn((const char *)route.ptr, len) : json_null();
}

static json_t *
route_row(struct listing *l, struct slice route)
{
    char key[512];
    slice_to_str(route, key, sizeof(key));
    json_t *row = json_object_get(l->by_key, key);
    if (row == NULL) {
        row = json_object();
        json_object_set_new(row, "route", text_of(route));
        enum route_basis basis = db_route_basis(l->db, route);
        json_object_set_new(row, "method",
                            basis == ROUTE_BASIS_QUERIES ? json_null() : method_of(route));
        json_object_set_new(row, "route_basis", json_string(route_basis_name(basis)));
        json_object_set_new(row, "requests", json_integer(0));
        json_object_set(l->by_key, key, row);
        json_array_append_new(l->list, row);
    }
    return row;
}

static void
add_route(void *ctx, struct series_total *t)
{
    struct listing *l = ctx;
    const struct stored_window *w = series_total_whole(t);
    if (w->route.len == 0) {
        return;
    }
    json_t *row = route_row(l, w->route);
    if (w->fingerprint != 0) { /* its statements: sums, divided at the end */
        add_to(row, "queries_per_request", (double)w->calls);
        add_to(row, "db_ms", ms(w->time_ns));
        return;
    }
    json_object_set_new(row, "requests", json_integer((json_int_t)w->calls));
    json_object_set_new(row, "errors", json_integer((json_int_t)w->errors));
    json_object_set_new(row, "mean_ms",
                        json_real(w->calls == 0 ? 0 : ms(w->time_ns) / (double)w->calls));
    json_object_set_new(row, "p50_ms", json_real(ms(sketch_quantile(&t->sketch, 0.5))));
    json_object_set_new(row, "p95_ms", json_real(ms(sketch_quantile(&t->sketch, 0.95))));
    json_object_set_new(row, "p99_ms", json_real(ms(sketch_quantile(&t->sketch, 0.99))));
}

static void
finish_routes(struct listing *l)
{
    size_t i;
    json_t *row;
    json_array_foreach(l->list, i, row)
    {
        double n = json_number_value(json_object_get(row, "requests"));
        double calls = json_number_value(json_object_get(row, "queries_per_request"));
        double db = json_number_value(json_object_get(row, "db_ms"));
        double mean = json_number_value(json_object_get(row, "mean_ms"));
        bool any = n > 0;
        json_object_set_new(row, "queries_per_request", any ? json_real(calls / n) : json_null());
        json_object_set_new(row, "db_ms", any ? json_real(db / n) : json_null());
        json_object_set_new(row, "app_ms", any ? json_real(MAX(mean - db / n, 0)) : json_null());
        json_object_set_new(row, "basis", json_null()); /* not stored */
    }
}

static int
traces_document(struct db *db, json_t *list)
{
    sqlite3_stmt *s = db_begin(db, READ_TRACES);
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct slice text = db_column_slice(s, 4);
        json_t *trace = json_loadb((const char *)text.ptr, text.len, 0, NULL);
        json_object_del(trace, "statements");
        json_array_append_new(list, trace);
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

/* hex: the trace's id. */
static int
trace_document(struct db *db, const char *hex, json_t **ret_document)
{
    sqlite3_stmt *s =
        db_begin(db, "SELECT document FROM traces WHERE instance = ?1 AND lower(hex(trace)) = ?2");
    if (s == NULL) {
        return -EIO;
    }
    db_bind_slice(s, 2, slice_from_str(hex));
    int r = -ENOENT;
    if (sqlite3_step(s) == SQLITE_ROW) {
        struct slice text = db_column_slice(s, 0);
        *ret_document = json_loadb((const char *)text.ptr, text.len, 0, NULL);
        r = *ret_document == NULL ? -EIO : 0;
    }
    sqlite3_reset(s);
    return r;
}

int
read_document(struct db *db, const char *path, uint64_t now_s, json_t **ret_document)
{
    struct listing l = {db, json_array(), json_object()};
    json_t *one = NULL; /* where the document is no list */
    int r = -EIO;
    if (db_run(db, "BEGIN") == SQLITE_DONE) {
        if (strcmp(path, "incidents") == 0) {
            r = incidents_document(db, l.list);
        } else if (strcmp(path, "queries") == 0) {
            r = series_total_each(db, now_s, add_statement, &l);
        } else if (strcmp(path, "requests") == 0) {
            r = series_total_each(db, now_s, add_route, &l);
            finish_routes(&l);
        } else if (strcmp(path, "traces") == 0) {
            r = traces_document(db, l.list);
        } else if (strncmp(path, "traces/", 7) == 0) {
            r = trace_document(db, path + 7, &one);
        } else {
            r = -ENOENT;
        }
        (void)db_run(db, "COMMIT");
    }
    json_decref(l.by_key);
    if (r != 0 || one != NULL) {
        json_decref(l.list);
    }
    if (r == 0) {
        *ret_document = one != NULL ? one : l.list;
    }
    return r;
}
