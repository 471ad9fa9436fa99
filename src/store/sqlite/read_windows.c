/* SPDX-License-Identifier: Apache-2.0
 *
 * The windows that are kept, in the order of their time, and the deploys between them. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "store/sqlite/facts.h"
#include "store/sqlite/read.h"

/* Routes come first in each moment: their requests are what their statements' calls are counted by.
 * Hours as far as there are no minutes: nothing comes twice. */
#define WINDOWS_OF(table, facts)                                                                   \
    "SELECT w.start, w.length, w.calls, w.errors, w.rows, w.time_ns, w.max_ns, w.sketch,"          \
    " s.upstream, s.database, s.route, s.fingerprint, " facts " FROM " table                       \
    " w JOIN series s ON s.id = w.series"                                                          \
    " WHERE s.instance = ?1 AND w.start >= ?2 AND (w.length = 60 OR w.start + w.length <="         \
    " ifnull((SELECT min(start) FROM windows WHERE length = 60), w.start + w.length))"             \
    " ORDER BY w.start, w.length, s.fingerprint <> 0, s.route, s.fingerprint"
#define WITH_HOURS(facts)                                                                          \
    "(SELECT start, length, series, calls, errors, rows, time_ns, max_ns, sketch" facts            \
    " FROM windows UNION ALL"                                                                      \
    " SELECT start, 3600, series, calls, errors, rows, time_ns, max_ns, sketch" facts              \
    " FROM series_hours)"
#define NO_AMOUNTS ", NULL, NULL, NULL, NULL, NULL, ''"
#define NO_FACTS   "''" NO_AMOUNTS
/* By the version of the schema. */
static const char *const WINDOWS[] = {
    WINDOWS_OF("windows", NO_FACTS),
    WINDOWS_OF("windows", NO_FACTS),
    WINDOWS_OF("windows", NO_FACTS),
    WINDOWS_OF(WITH_HOURS(""), NO_FACTS),
    WINDOWS_OF(WITH_HOURS(", facts"), "w.facts" NO_AMOUNTS),
    WINDOWS_OF(WITH_HOURS(", facts"), "w.facts" NO_AMOUNTS),
    WINDOWS_OF(WITH_HOURS(", " FACTS_COLUMNS), FACTS_COLUMNS),
    WINDOWS_OF(WITH_HOURS(", " FACTS_COLUMNS), FACTS_COLUMNS),
};
_Static_assert(ARRAY_LEN(WINDOWS) == DB_VERSION + 1, "each version of the schema has its own");
static const char DEPLOYS[] = "SELECT at / 1000000000, name, basis FROM deploys WHERE instance = ?1"
                              " AND at >= ?2 * 1000000000 ORDER BY at";
static const char STATEMENTS[] =
    "SELECT fingerprint, database, text FROM fingerprints WHERE instance = ?1";

static sqlite3_stmt *
begin(struct db *db, const char *text, int64_t from_s)
{
    sqlite3_stmt *s = db_begin(db, text);
    if (s != NULL && sqlite3_bind_parameter_count(s) > 1) {
        sqlite3_bind_int64(s, 2, from_s);
    }
    return s;
}

static bool
give_window(sqlite3_stmt *s, store_window_cb *on_record, void *ctx)
{
    struct stored record = {.kind = STORED_WINDOW};
    struct stored_window *w = &record.window;
    w->start_wall_ns = (uint64_t)sqlite3_column_int64(s, 0) * NS_PER_S;
    w->length_s = (uint32_t)sqlite3_column_int64(s, 1);
    w->calls = (uint64_t)sqlite3_column_int64(s, 2);
    w->errors = (uint64_t)sqlite3_column_int64(s, 3);
    w->rows = (uint64_t)sqlite3_column_int64(s, 4);
    w->time_ns = (uint64_t)sqlite3_column_int64(s, 5);
    w->max_ns = (uint64_t)sqlite3_column_int64(s, 6);
    w->sketch = db_column_blob(s, 7);
    w->upstream = (uint16_t)sqlite3_column_int64(s, 8);
    w->database = db_column_slice(s, 9);
    w->route = db_column_slice(s, 10);
    w->fingerprint = (uint64_t)sqlite3_column_int64(s, 11);
    facts_add_columns(s, 12, w);
    return on_record(ctx, &record);
}

static int
give_statements(struct db *db, store_window_cb *on_record, void *ctx, bool *ret_enough)
{
    sqlite3_stmt *s = begin(db, STATEMENTS, 0);
    int code = s == NULL ? SQLITE_ERROR : sqlite3_step(s);
    for (; code == SQLITE_ROW && !*ret_enough; code = sqlite3_step(s)) {
        struct stored record = {.kind = STORED_FINGERPRINT};
        record.fingerprint.fingerprint = (uint64_t)sqlite3_column_int64(s, 0);
        record.fingerprint.database = db_column_slice(s, 1);
        record.fingerprint.text = db_column_slice(s, 2);
        *ret_enough = !on_record(ctx, &record);
    }
    if (s != NULL) {
        sqlite3_reset(s);
    }
    return *ret_enough || code == SQLITE_DONE ? 0 : -EIO;
}

/* Two sorted lists, merged: a deploy comes before the first window that ends after it. */
static int
give_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    bool enough = false;
    unsigned version = (unsigned)MIN(MAX(db->version, 0), DB_VERSION);
    sqlite3_stmt *w = begin(db, WINDOWS[version], from_s), *d = begin(db, DEPLOYS, from_s);
    int window = w == NULL ? SQLITE_ERROR : sqlite3_step(w);
    int deploy = d == NULL ? SQLITE_ERROR : sqlite3_step(d);
    while (!enough && (window == SQLITE_ROW || deploy == SQLITE_ROW)) {
        int64_t end = window != SQLITE_ROW
                          ? INT64_MAX
                          : sqlite3_column_int64(w, 0) + sqlite3_column_int64(w, 1);
        if (deploy != SQLITE_ROW || sqlite3_column_int64(d, 0) >= end) {
            enough = !give_window(w, on_record, ctx);
            window = sqlite3_step(w);
            continue;
        }
        struct stored record = {.kind = STORED_DEPLOY};
        record.deploy.at_wall_ns = (uint64_t)sqlite3_column_int64(d, 0) * NS_PER_S;
        record.deploy.name = db_column_slice(d, 1);
        record.deploy.basis = db_column_slice(d, 2);
        enough = !on_record(ctx, &record);
        deploy = sqlite3_step(d);
    }
    if (w != NULL) {
        sqlite3_reset(w);
    }
    if (d != NULL) {
        sqlite3_reset(d);
    }
    return enough || (window == SQLITE_DONE && deploy == SQLITE_DONE) ? 0 : -EIO;
}

int
read_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    bool enough = false;
    if (db_run(db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = give_statements(db, on_record, ctx, &enough);
    r = r == 0 && !enough ? give_windows(db, from_s, on_record, ctx) : r;
    (void)db_run(db, "COMMIT");
    return r;
}
