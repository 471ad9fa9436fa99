/* SPDX-License-Identifier: Apache-2.0
 *
 * The windows that are kept, in the order of their time, and the deploys between them. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "store/sqlite/facts.h"
#include "store/sqlite/read.h"
#include "store/sqlite/retain.h"

/* Read a piece at a time, each in a transaction of its own: who learns from what it is given takes
 * minutes for all of it, and nothing of the writer's log could be moved into the file meanwhile;
 * whoever reads beside it would look for each page in all of that log first. An hour of minutes, or
 * a day of hours. */
struct piece {
    int64_t from_s;
    int64_t to_s;
};

#define HOUR_S 3600
#define DAY_S  ((int64_t)RETAIN_DAY_S)

#define FIGURES  "series, calls, errors, rows, time_ns, max_ns, sketch"
#define IN_PIECE " AND start >= ?2 AND start < ?3"
/* Hours as far as there are no minutes: nothing comes twice. */
#define WHOLE_HOURS                                                                                \
    IN_PIECE " AND start + 3600 <="                                                                \
             " ifnull((SELECT min(start) FROM windows WHERE length = 60), start + 3600)"
#define OF_WINDOWS(facts)                                                                          \
    "SELECT start, length, " FIGURES facts " FROM windows WHERE length = 60" IN_PIECE " UNION ALL" \
    " SELECT start, length, " FIGURES facts " FROM windows WHERE length = 3600" WHOLE_HOURS
#define OF_DAYS(facts)                                                                             \
    OF_WINDOWS(facts)                                                                              \
    " UNION ALL SELECT start, 3600, " FIGURES facts                                                \
    " FROM series_hours WHERE day = ?2 / 86400 * 86400" WHOLE_HOURS
/* Routes come first in each moment: their requests are what their statements' calls are counted
 * by. */
#define IN_ORDER(rows, facts)                                                                      \
    "SELECT w.start, w.length, w.calls, w.errors, w.rows, w.time_ns, w.max_ns, w.sketch,"          \
    " s.upstream, s.database, s.route, s.fingerprint, " facts " FROM (" rows                       \
    ") w CROSS JOIN series s ON s.id = w.series WHERE s.instance = ?1"                             \
    " ORDER BY w.start, w.length, s.fingerprint <> 0, s.route, s.fingerprint"
#define NO_AMOUNTS ", NULL, NULL, NULL, NULL, NULL, ''"
#define NO_FACTS   "''" NO_AMOUNTS
/* By the version of the schema. */
static const char *const WINDOWS[] = {
    IN_ORDER(OF_WINDOWS(""), NO_FACTS),
    IN_ORDER(OF_WINDOWS(""), NO_FACTS),
    IN_ORDER(OF_WINDOWS(""), NO_FACTS),
    IN_ORDER(OF_DAYS(""), NO_FACTS),
    IN_ORDER(OF_DAYS(", facts"), "w.facts" NO_AMOUNTS),
    IN_ORDER(OF_DAYS(", facts"), "w.facts" NO_AMOUNTS),
    IN_ORDER(OF_DAYS(", " FACTS_COLUMNS), FACTS_COLUMNS),
    IN_ORDER(OF_DAYS(", " FACTS_COLUMNS), FACTS_COLUMNS),
    IN_ORDER(OF_DAYS(", " FACTS_COLUMNS), FACTS_COLUMNS),
    IN_ORDER(OF_DAYS(", " FACTS_COLUMNS), FACTS_COLUMNS),
};
_Static_assert(ARRAY_LEN(WINDOWS) == DB_VERSION + 1, "each version of the schema has its own");
#define DEPLOYS_WITH_AFFECTS 9 /* the first version */
#define OF_DEPLOYS(affects)                                                                        \
    "SELECT at / 1000000000, name, basis, " affects " FROM deploys WHERE instance = ?1"            \
    " AND at >= ?2 * 1000000000 AND at < ?3 * 1000000000 ORDER BY at"
static const char DEPLOYS[] = OF_DEPLOYS("affects"), OLD_DEPLOYS[] = OF_DEPLOYS("''");
static const char STATEMENTS[] =
    "SELECT fingerprint, database, text FROM fingerprints WHERE instance = ?1";

static sqlite3_stmt *
begin(struct db *db, const char *text, const struct piece *piece)
{
    sqlite3_stmt *s = db_begin(db, text);
    if (s != NULL) {
        sqlite3_bind_int64(s, 2, piece->from_s);
        sqlite3_bind_int64(s, 3, piece->to_s);
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

static bool
give_deploy(sqlite3_stmt *s, store_window_cb *on_record, void *ctx)
{
    struct stored record = {.kind = STORED_DEPLOY};
    record.deploy.at_wall_ns = (uint64_t)sqlite3_column_int64(s, 0) * NS_PER_S;
    record.deploy.name = db_column_slice(s, 1);
    record.deploy.basis = db_column_slice(s, 2);
    record.deploy.affects = db_column_slice(s, 3);
    return on_record(ctx, &record);
}

static int
give_statements(struct db *db, store_window_cb *on_record, void *ctx, bool *ret_enough)
{
    sqlite3_stmt *s = db_begin(db, STATEMENTS);
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
give_piece(struct db *db, const struct piece *piece, const struct piece *deploys,
           store_window_cb *on_record, void *ctx, bool *ret_enough)
{
    bool enough = false;
    unsigned version = (unsigned)MIN(MAX(db->version, 0), DB_VERSION);
    sqlite3_stmt *w = begin(db, WINDOWS[version], piece);
    sqlite3_stmt *d = begin(db, version < DEPLOYS_WITH_AFFECTS ? OLD_DEPLOYS : DEPLOYS, deploys);
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
        enough = !give_deploy(d, on_record, ctx);
        deploy = sqlite3_step(d);
    }
    if (w != NULL) {
        sqlite3_reset(w);
    }
    if (d != NULL) {
        sqlite3_reset(d);
    }
    *ret_enough = enough;
    return enough || (window == SQLITE_DONE && deploy == SQLITE_DONE) ? 0 : -EIO;
}

static int
first_start(struct db *db, const char *text, int64_t from_s, int64_t *ret_start_s)
{
    sqlite3_stmt *s = db_statement(db, text);
    if (s == NULL) {
        return -EIO;
    }
    sqlite3_bind_int64(s, 1, from_s);
    int r = sqlite3_step(s);
    bool any = r == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL;
    *ret_start_s = any ? MAX(sqlite3_column_int64(s, 0), from_s) : INT64_MAX;
    sqlite3_reset(s);
    return r == SQLITE_ROW ? 0 : -EIO;
}

/* The next that may have something; from INT64_MAX on: there is nothing any more. */
static int
next_piece(struct db *db, int64_t from_s, struct piece *ret_piece)
{
    int64_t minute = INT64_MAX, hour = INT64_MAX, day = INT64_MAX;
    int r = first_start(db, "SELECT min(start) FROM windows WHERE length = 60 AND start >= ?1",
                        from_s, &minute);
    if (r == 0) {
        r = first_start(db, "SELECT min(start) FROM windows WHERE length = 3600 AND start >= ?1",
                        from_s, &hour);
    }
    if (r == 0 && db->version >= 3) {
        r = first_start(db, "SELECT min(day) FROM series_hours WHERE day >= ?1 / 86400 * 86400",
                        from_s, &day);
    }
    int64_t first = MIN(minute, MIN(hour, day));
    int64_t length = first != INT64_MAX && first / DAY_S * DAY_S + DAY_S <= minute ? DAY_S : HOUR_S;
    ret_piece->from_s = first;
    ret_piece->to_s = first == INT64_MAX ? INT64_MAX : first / length * length + length;
    return r;
}

static int
give_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    struct piece deploys = {from_s, from_s};
    bool enough = false;
    int r = 0;
    while (r == 0 && !enough && deploys.to_s != INT64_MAX) {
        struct piece piece;
        if (db_run(db, "BEGIN") != SQLITE_DONE) {
            return -EIO;
        }
        r = next_piece(db, deploys.to_s, &piece);
        deploys = (struct piece){deploys.to_s, piece.to_s};
        r = r == 0 ? give_piece(db, &piece, &deploys, on_record, ctx, &enough) : r;
        (void)db_run(db, "COMMIT");
    }
    return r;
}

int
read_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    bool enough = false;
    int r = give_statements(db, on_record, ctx, &enough);
    return r == 0 && !enough ? give_windows(db, from_s, on_record, ctx) : r;
}
