/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/read.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/now.h"
#include "model/sketch.h"
#include "store/sqlite/facts.h"

/* One series over all its windows: all but the newest, and the newest by itself. */
struct total {
    struct stored_window sums; /* texts are the statement's, valid during the call */
    struct sketch sketch;
    struct stored_window newest; /* length_s 0: none */
    uint8_t newest_sketch[SKETCH_SAVED_MAX];
    char newest_plan[WINDOW_PLAN_MAX];
    int64_t id;
};

typedef void total_cb(void *ctx, struct total *total);

/* The newest incidents first; open ones always. */
static const char INCIDENTS[] =
    "SELECT id, state, opened, updated, closed, document, private FROM incidents"
    " WHERE instance = ?1 AND (state <> 'closed' OR id IN"
    " (SELECT id FROM incidents WHERE instance = ?1 ORDER BY id DESC LIMIT 50))"
    " ORDER BY id DESC LIMIT 200";

/* The newest first. */
static const char TRACES[] = "SELECT trace, route, start, duration_ns, document FROM traces"
                             " WHERE instance = ?1 ORDER BY start DESC LIMIT 100";

static sqlite3_stmt *
begin(struct db *db, const char *text)
{
    sqlite3_stmt *s = db_statement(db, text);
    if (s != NULL && sqlite3_bind_parameter_count(s) > 0) {
        sqlite3_bind_int64(s, 1, db->instance);
    }
    return s;
}

/* The series as a whole. */
static const struct stored_window *
whole(struct total *t)
{
    const struct stored_window *w = &t->newest;
    if (w->length_s == 0) {
        return &t->sums;
    }
    t->sums.calls += w->calls;
    t->sums.errors += w->errors;
    t->sums.rows += w->rows;
    t->sums.time_ns += w->time_ns;
    t->sums.max_ns = MAX(t->sums.max_ns, w->max_ns);
    if (t->sums.length_s == 0) {
        t->sums.start_wall_ns = w->start_wall_ns;
        t->sums.length_s = READ_TOTALS_S;
    }
    if (w->sketch.len > 0) { /* one that is damaged: its sums count, its distribution does not */
        (void)!sketch_load(w->sketch, &t->sketch);
    }
    t->newest.length_s = 0;
    return &t->sums;
}

/* They come in the order of their time. */
static void
take_window(sqlite3_stmt *s, struct total *t)
{
    (void)whole(t);
    struct slice saved = db_column_blob(s, 6);
    if (saved.len > sizeof(t->newest_sketch)) {
        saved = SLICE_NONE;
    } else if (saved.len > 0) {
        memcpy(t->newest_sketch, saved.ptr, saved.len);
    }
    t->newest = (struct stored_window){
        .start_wall_ns = (uint64_t)sqlite3_column_int64(s, 7) * NS_PER_S,
        .length_s = 60, /* or an hour that is over: nothing is added to it any more */
        .calls = (uint64_t)sqlite3_column_int64(s, 1),
        .errors = (uint64_t)sqlite3_column_int64(s, 2),
        .rows = (uint64_t)sqlite3_column_int64(s, 3),
        .time_ns = (uint64_t)sqlite3_column_int64(s, 4),
        .max_ns = (uint64_t)sqlite3_column_int64(s, 5),
        .sketch = slice_of(t->newest_sketch, saved.len),
    };
    if (sqlite3_column_count(s) > 8) {
        facts_add_columns(s, 8, &t->newest);
        t->newest.plan = slice_sub(t->newest.plan, 0, sizeof(t->newest_plan));
        memcpy(t->newest_plan, t->newest.plan.len == 0 ? "" : (const char *)t->newest.plan.ptr,
               t->newest.plan.len);
        t->newest.plan.ptr = (const uint8_t *)t->newest_plan;
    }
}

/* Its names, then the call. */
static int
give_total(struct db *db, struct total *t, total_cb *on_total, void *ctx)
{
    sqlite3_stmt *s =
        db_statement(db, "SELECT upstream, database, route, fingerprint FROM series WHERE id = ?1");
    if (s == NULL) {
        return -EIO;
    }
    sqlite3_bind_int64(s, 1, t->id);
    if (sqlite3_step(s) == SQLITE_ROW) {
        t->sums.upstream = t->newest.upstream = (uint16_t)sqlite3_column_int64(s, 0);
        t->sums.database = t->newest.database = db_column_slice(s, 1);
        t->sums.route = t->newest.route = db_column_slice(s, 2);
        t->sums.fingerprint = t->newest.fingerprint = (uint64_t)sqlite3_column_int64(s, 3);
        on_total(ctx, t);
    }
    sqlite3_reset(s);
    sketch_fini(&t->sketch);
    return 0;
}

/* Each hour once: of days that are over, of hours that are whole, of minutes since. */
#define WINDOW_COLUMNS "SELECT series, calls, errors, rows, time_ns, max_ns, sketch, start"
#define ALL_WINDOWS(more)                                                                          \
    WINDOW_COLUMNS more                                                                            \
        " FROM windows WHERE start >= ?1 AND"                                                      \
        " ((length = 3600 AND start < (SELECT value FROM meta WHERE key = 'rolled_until')) OR"     \
        " (length = 60 AND start >= (SELECT value FROM meta WHERE key = 'rolled_until')))"
#define ALL_HOURS(more)                                                                            \
    " UNION ALL " WINDOW_COLUMNS more                                                              \
    " FROM series_hours WHERE day >= ?1 / 86400 * 86400 AND start >= ?1"
#define IN_TURN " ORDER BY series, start"
static const char WINDOWS_2[] = ALL_WINDOWS("") IN_TURN;
static const char WINDOWS_3[] = ALL_WINDOWS("") ALL_HOURS("") IN_TURN;
static const char WINDOWS_6[] =
    ALL_WINDOWS(", " FACTS_COLUMNS) ALL_HOURS(", " FACTS_COLUMNS) IN_TURN;

/* Without zeroing what the newest one's sketch is copied to. */
static void
begin_total(struct total *t, int64_t id)
{
    t->sums = t->newest = (struct stored_window){0};
    t->sketch = (struct sketch){0};
    t->id = id;
}

static int
for_each_total(struct db *db, uint64_t now_s, total_cb *on_total, void *ctx)
{
    sqlite3_stmt *s = db_statement(db, db->version < 3   ? WINDOWS_2
                                       : db->version < 6 ? WINDOWS_3
                                                         : WINDOWS_6);
    if (s == NULL) {
        return -EIO;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)(now_s > READ_TOTALS_S ? now_s - READ_TOTALS_S : 0));
    struct total t;
    begin_total(&t, -1);
    int r, given = 0;
    while ((r = sqlite3_step(s)) == SQLITE_ROW && given == 0) {
        int64_t id = sqlite3_column_int64(s, 0);
        if (id != t.id) {
            given = t.id < 0 ? 0 : give_total(db, &t, on_total, ctx);
            begin_total(&t, id);
        }
        take_window(s, &t);
    }
    sqlite3_reset(s);
    if (given == 0 && r == SQLITE_DONE && t.id >= 0) {
        given = give_total(db, &t, on_total, ctx);
    }
    sketch_fini(&t.sketch);
    return r == SQLITE_DONE ? given : -EIO;
}

/* ---- for the judge ---- */

struct restore {
    store_record_cb *on_record;
    void *ctx;
};

static void
restore_total(void *ctx, struct total *t)
{
    struct restore *r = ctx;
    uint8_t saved[SKETCH_SAVED_MAX];
    struct stored record = {.kind = STORED_WINDOW, .window = t->sums};
    if (t->sums.length_s > 0) {
        record.window.sketch = slice_of(saved, sketch_save(&t->sketch, saved, sizeof(saved)));
        r->on_record(r->ctx, &record);
    }
    record.window = t->newest;
    r->on_record(r->ctx, &record);
}

static int
restore_fingerprints(struct db *db, struct restore *r)
{
    sqlite3_stmt *s = begin(db, "SELECT fingerprint, database, kind, text, first_seen"
                                " FROM fingerprints WHERE instance = ?1 ORDER BY last_seen DESC");
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored record = {.kind = STORED_FINGERPRINT};
        record.fingerprint =
            (struct stored_fingerprint){.fingerprint = (uint64_t)sqlite3_column_int64(s, 0),
                                        .database = db_column_slice(s, 1),
                                        .kind = (uint8_t)sqlite3_column_int64(s, 2),
                                        .text = db_column_slice(s, 3),
                                        .seen_wall_ns = (uint64_t)sqlite3_column_int64(s, 4)};
        r->on_record(r->ctx, &record);
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

static int
restore_states(struct db *db, struct restore *r)
{
    sqlite3_stmt *s = begin(db, "SELECT name, state FROM detector_state WHERE instance = ?1");
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored record = {.kind = STORED_STATE};
        record.state = (struct stored_state){db_column_slice(s, 0), db_column_blob(s, 1)};
        r->on_record(r->ctx, &record);
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

static int
restore_incidents(struct db *db, struct restore *r)
{
    sqlite3_stmt *s = begin(db, INCIDENTS);
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored record = {.kind = STORED_INCIDENT};
        record.incident =
            (struct stored_incident){.id = (uint32_t)sqlite3_column_int64(s, 0),
                                     .state = db_column_slice(s, 1),
                                     .opened_wall_ns = (uint64_t)sqlite3_column_int64(s, 2),
                                     .updated_wall_ns = (uint64_t)sqlite3_column_int64(s, 3),
                                     .closed_wall_ns = (uint64_t)sqlite3_column_int64(s, 4),
                                     .json = db_column_slice(s, 5),
                                     .blob = db_column_blob(s, 6)};
        r->on_record(r->ctx, &record);
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

static int
restore_traces(struct db *db, struct restore *r)
{
    sqlite3_stmt *s = begin(db, TRACES);
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct slice id = db_column_blob(s, 0);
        struct stored record = {.kind = STORED_TRACE};
        record.trace = (struct stored_trace){.route = db_column_slice(s, 1),
                                             .start_wall_ns = (uint64_t)sqlite3_column_int64(s, 2),
                                             .duration_ns = (uint64_t)sqlite3_column_int64(s, 3),
                                             .json = db_column_slice(s, 4)};
        if (id.len == sizeof(record.trace.trace_id)) {
            memcpy(record.trace.trace_id, id.ptr, id.len);
            r->on_record(r->ctx, &record);
        }
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

int
read_restore(struct db *db, uint64_t now_s, store_record_cb *on_record, void *ctx)
{
    struct restore to = {on_record, ctx};
    if (db_run(db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = restore_fingerprints(db, &to);
    r = r == 0 ? restore_states(db, &to) : r;
    r = r == 0 ? for_each_total(db, now_s, restore_total, &to) : r;
    r = r == 0 ? restore_incidents(db, &to) : r;
    r = r == 0 ? restore_traces(db, &to) : r;
    (void)db_run(db, "COMMIT");
    return r;
}

/* ---- documents ---- */

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
    sqlite3_stmt *s = begin(db, INCIDENTS);
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
    sqlite3_stmt *s = begin(l->db, "SELECT text FROM fingerprints WHERE instance = ?1"
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
add_statement(void *ctx, struct total *t)
{
    struct listing *l = ctx;
    const struct stored_window *w = whole(t);
    if (w->fingerprint == 0 || w->fingerprint == STORED_LOGINS) {
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
add_route(void *ctx, struct total *t)
{
    struct listing *l = ctx;
    const struct stored_window *w = whole(t);
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
    sqlite3_stmt *s = begin(db, TRACES);
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
        begin(db, "SELECT document FROM traces WHERE instance = ?1 AND lower(hex(trace)) = ?2");
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
            r = for_each_total(db, now_s, add_statement, &l);
        } else if (strcmp(path, "requests") == 0) {
            r = for_each_total(db, now_s, add_route, &l);
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

/* 0, -ENOENT or -EIO. */
static int
open_at_rest(const char *dir, struct db *ret_db)
{
    char file[4096];
    struct diag diag = {0};
    if (snprintf(file, sizeof(file), "%s/%s", dir, STORE_FILE) >= (int)sizeof(file)) {
        return -ENAMETOOLONG;
    }
    /* Not by opening it: to close it again would take this process's locks from its own writer. */
    if (access(file, R_OK) != 0) {
        return errno == ENOENT ? -ENOENT : -EIO;
    }
    return db_open_readonly(ret_db, file, &diag) != 0 ? -EIO : 0;
}

int
store_document(const char *dir, const char *path, json_t **ret_document)
{
    struct db db;
    int r = open_at_rest(dir, &db);
    if (r != 0) {
        return r;
    }
    r = read_document(&db, path, now_wall_ns() / NS_PER_S, ret_document);
    db_close(&db);
    return r;
}

int
store_windows(const char *dir, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    struct db db;
    int r = open_at_rest(dir, &db);
    if (r != 0) {
        return r;
    }
    r = read_windows(&db, from_s, on_record, ctx);
    db_close(&db);
    return r;
}
