/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/retain.h"

#include "base/clock.h"
#include "model/sketch.h"
#include "store/sqlite/facts.h"

/* The first column of the first row; `none` when there is none. */
static int
get_number(struct db *db, const char *text, uint64_t bound, uint64_t none, uint64_t *ret_number)
{
    sqlite3_stmt *s = db_statement(db, text);
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    if (sqlite3_bind_parameter_count(s) > 0) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)bound);
    }
    int r = sqlite3_step(s);
    *ret_number = none;
    if (r == SQLITE_ROW) {
        if (sqlite3_column_type(s, 0) != SQLITE_NULL) {
            *ret_number = (uint64_t)sqlite3_column_int64(s, 0);
        }
        r = SQLITE_DONE;
    }
    sqlite3_reset(s);
    return r;
}

static int
run_with(struct db *db, const char *text, uint64_t bound)
{
    sqlite3_stmt *s = db_statement(db, text);
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    if (sqlite3_bind_parameter_count(s) > 0) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)bound);
    }
    return db_finish(s);
}

/* One series' hour. */
struct sum {
    sqlite3_int64 series;
    sqlite3_int64 calls, errors, rows, time_ns, max_ns;
    struct sketch sketch;
    struct stored_window rest; /* what only some windows have */
    char plan[WINDOW_PLAN_MAX];
};

/* The row's plan lives as long as the row. */
static void
add_rest(struct sum *sum, sqlite3_stmt *s, int at)
{
    facts_add_columns(s, at, &sum->rest);
    size_t n = MIN(sum->rest.plan.len, sizeof(sum->plan));
    if (sum->rest.plan.ptr != (const uint8_t *)sum->plan && n > 0) {
        memcpy(sum->plan, sum->rest.plan.ptr, n);
        sum->rest.plan = slice_of(sum->plan, n);
    }
}

static int
write_sum(struct db *db, uint64_t start_s, struct sum *sum)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    sqlite3_stmt *s = db_statement(
        db, "INSERT OR REPLACE INTO windows VALUES(3600, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
            " ?10, ?11, ?12, ?13, ?14, ?15)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)start_s);
    sqlite3_bind_int64(s, 2, sum->series);
    sqlite3_bind_int64(s, 3, sum->calls);
    sqlite3_bind_int64(s, 4, sum->errors);
    sqlite3_bind_int64(s, 5, sum->rows);
    sqlite3_bind_int64(s, 6, sum->time_ns);
    sqlite3_bind_int64(s, 7, sum->max_ns);
    db_bind_blob(s, 8, slice_of(saved, sketch_save(&sum->sketch, saved, sizeof(saved))));
    facts_bind(s, 9, &sum->rest);
    return db_finish(s);
}

static int
roll_hour(struct db *db, uint64_t start_s)
{
    sqlite3_stmt *s = db_statement(
        db,
        "SELECT series, calls, errors, rows, time_ns, max_ns, sketch, " FACTS_COLUMNS
        " FROM windows WHERE length = 60 AND start >= ?1 AND start < ?1 + 3600 ORDER BY series");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)start_s);
    struct sum sum = {0};
    bool any = false;
    int r, written = SQLITE_DONE;
    while ((r = sqlite3_step(s)) == SQLITE_ROW && written == SQLITE_DONE) {
        if (any && sqlite3_column_int64(s, 0) != sum.series) {
            written = write_sum(db, start_s, &sum);
            any = false;
        }
        if (!any) {
            sketch_fini(&sum.sketch);
            sum = (struct sum){.series = sqlite3_column_int64(s, 0)};
            any = true;
        }
        sum.calls += sqlite3_column_int64(s, 1);
        sum.errors += sqlite3_column_int64(s, 2);
        sum.rows += sqlite3_column_int64(s, 3);
        sum.time_ns += sqlite3_column_int64(s, 4);
        sum.max_ns = MAX(sum.max_ns, sqlite3_column_int64(s, 5));
        add_rest(&sum, s, 7);
        struct slice saved = db_column_blob(s, 6);
        if (saved.len > 0 && sketch_load(saved, &sum.sketch) != 0) {
            continue; /* not ours: its sums count, its distribution does not */
        }
    }
    sqlite3_reset(s);
    if (r == SQLITE_DONE && any && written == SQLITE_DONE) {
        written = write_sum(db, start_s, &sum);
    }
    sketch_fini(&sum.sketch);
    return r == SQLITE_DONE || r == SQLITE_ROW ? written : r;
}

int
retain_roll_up(struct db *db, uint64_t now_s, bool *ret_more)
{
    uint64_t until = 0, oldest = 0;
    *ret_more = false;
    int r = get_number(db, "SELECT value FROM meta WHERE key = 'rolled_until'", 0, 0, &until);
    if (r == SQLITE_DONE) {
        r = get_number(db, "SELECT min(start) FROM windows WHERE length = 60 AND start >= ?1",
                       until, UINT64_MAX, &oldest);
    }
    if (r != SQLITE_DONE || oldest == UINT64_MAX) {
        return r;
    }
    uint64_t hour = oldest / 3600 * 3600;
    if (hour + 3600 + RETAIN_LATE_S > now_s) {
        return SQLITE_DONE;
    }
    r = roll_hour(db, hour);
    if (r == SQLITE_DONE) {
        r = run_with(db, "UPDATE meta SET value = ?1 WHERE key = 'rolled_until'", hour + 3600);
    }
    *ret_more = r == SQLITE_DONE;
    return r;
}

/* A day is turned when no minute of it can come any more and its hours have their totals. */
int
retain_turn_day(struct db *db, uint64_t now_s, bool *ret_more)
{
    uint64_t oldest = 0, until = 0, unsummed = 0;
    *ret_more = false;
    int r = get_number(db, "SELECT min(start) FROM windows WHERE length = 3600", 0, UINT64_MAX,
                       &oldest);
    if (r != SQLITE_DONE || oldest == UINT64_MAX) {
        return r;
    }
    uint64_t day = oldest / RETAIN_DAY_S * RETAIN_DAY_S;
    r = get_number(db, "SELECT value FROM meta WHERE key = 'rolled_until'", 0, 0, &until);
    if (r == SQLITE_DONE) {
        r = get_number(db,
                       "SELECT EXISTS(SELECT 1 FROM windows WHERE length = 3600 AND start < ?1"
                       " AND start > (SELECT coalesce(max(start), 0) FROM totals"
                       " WHERE length = 3600))",
                       day + RETAIN_DAY_S, 1, &unsummed);
    }
    if (r != SQLITE_DONE || unsummed != 0 || until < day + RETAIN_DAY_S ||
        now_s < day + RETAIN_DAY_S + RETAIN_MINUTES_S) {
        return r;
    }
    static const char *const steps[] = {
        "INSERT OR REPLACE INTO series_hours SELECT ?1, series, start, calls, errors, rows,"
        " time_ns, max_ns, sketch, " FACTS_COLUMNS
        " FROM windows WHERE length = 3600 AND start >= ?1"
        " AND start < ?1 + 86400 ORDER BY series, start",
        "DELETE FROM windows WHERE length = 3600 AND start >= ?1 AND start < ?1 + 86400",
        "UPDATE meta SET value = max(value, ?1 + 86400) WHERE key = 'turned_until'",
    };
    for (unsigned i = 0; i < ARRAY_LEN(steps) && r == SQLITE_DONE; i++) {
        r = run_with(db, steps[i], day);
    }
    *ret_more = r == SQLITE_DONE;
    return r;
}

int
retain_by_age(struct db *db, uint64_t now_s)
{
    uint64_t long_ago = now_s > RETAIN_HOURS_S ? now_s - RETAIN_HOURS_S : 0;
    uint64_t minutes = now_s > RETAIN_MINUTES_S ? now_s - RETAIN_MINUTES_S : 0;
    uint64_t normal = now_s > RETAIN_NORMAL_S ? now_s - RETAIN_NORMAL_S : 0;
    uint64_t traces = now_s > RETAIN_TRACES_S ? now_s - RETAIN_TRACES_S : 0;
    const struct {
        const char *text;
        uint64_t bound;
    } all[] = {
        {"DELETE FROM windows WHERE length = 60 AND start < ?1 AND start <"
         " (SELECT value FROM meta WHERE key = 'rolled_until')",
         minutes},
        {"DELETE FROM windows WHERE length = 3600 AND start < ?1", long_ago},
        {"DELETE FROM series_hours WHERE day < ?1 - 86400", long_ago},
        {"DELETE FROM part_hours WHERE hour < ?1 - 3600", minutes},
        {"DELETE FROM totals WHERE length = 60 AND start < ?1", minutes},
        {"DELETE FROM totals WHERE length = 3600 AND start < ?1", long_ago},
        {"DELETE FROM traces WHERE start < ?1", traces * NS_PER_S},
        {"DELETE FROM traces WHERE start <"
         " (SELECT start FROM traces ORDER BY start DESC LIMIT 1 OFFSET ?1)",
         RETAIN_TRACES},
        {"DELETE FROM plans WHERE last_seen < ?1", long_ago * NS_PER_S},
        {"DELETE FROM plans WHERE last_seen <"
         " (SELECT last_seen FROM plans ORDER BY last_seen DESC LIMIT 1 OFFSET ?1)",
         RETAIN_PLANS},
        {"DELETE FROM deploys WHERE at < ?1", long_ago * NS_PER_S},
        {"DELETE FROM findings WHERE seen < ?1", long_ago * NS_PER_S},
        {"DELETE FROM timeline WHERE at < ?1", long_ago * NS_PER_S},
        {"DELETE FROM incidents WHERE closed > 0 AND closed < ?1", long_ago * NS_PER_S},
        {"DELETE FROM fixes WHERE incident < (SELECT min(id) FROM incidents)", 0},
        {"DELETE FROM series WHERE last_seen < ?1 - 86400", long_ago},
        /* One in use says so once a day. */
        {"DELETE FROM fingerprints WHERE last_seen < ?1 - 172800000000000", long_ago * NS_PER_S},
        {"DELETE FROM routes WHERE first_seen < ?1 AND text NOT IN (SELECT route FROM series)",
         long_ago * NS_PER_S},
        {"DELETE FROM detector_state WHERE (name GLOB 'watch:*' OR name GLOB 'shapes:*')"
         " AND substr(name, instr(name, ':') + 1) NOT IN"
         " (SELECT route FROM series WHERE last_seen >= ?1)",
         normal},
    };
    int r = SQLITE_DONE;
    for (unsigned i = 0; i < ARRAY_LEN(all) && r == SQLITE_DONE; i++) {
        r = run_with(db, all[i].text, all[i].bound);
    }
    return r;
}

/* Texts beyond their share, those first that were seen longest ago. */
static int
let_texts_go(struct db *db, uint64_t share, bool *ret_more)
{
    uint64_t size = 0;
    int r = get_number(db, "SELECT sum(size) FROM fingerprints", 0, 0, &size);
    if (r != SQLITE_DONE || size <= share) {
        return r;
    }
    *ret_more = true;
    return run_with(db,
                    "DELETE FROM fingerprints WHERE (instance, fingerprint, database) IN"
                    " (SELECT instance, fingerprint, database FROM"
                    " (SELECT instance, fingerprint, database, sum(size) OVER"
                    " (ORDER BY last_seen DESC, fingerprint ROWS UNBOUNDED PRECEDING) AS total"
                    " FROM fingerprints) WHERE total > ?1)",
                    share);
}

/* Texts beyond their share, then names of nothing; then the oldest first: minutes that live on in
 * hours, then hours, then minutes, then traces. */
int
retain_by_size(struct db *db, uint64_t size_target, bool *ret_more)
{
    static const char *const steps[] = {
        "DELETE FROM series WHERE last_seen < (SELECT min(start) FROM"
        " (SELECT min(start) AS start FROM windows WHERE length = 60"
        " UNION ALL SELECT min(start) FROM windows WHERE length = 3600"
        " UNION ALL SELECT min(day) FROM series_hours))",
        /* A text may come a day before its first window. */
        "DELETE FROM fingerprints WHERE fingerprint NOT IN (SELECT fingerprint FROM series)"
        " AND last_seen < (SELECT max(last_seen) FROM fingerprints) - 86400000000000",
        /* of windows that went before */
        "DELETE FROM totals WHERE length = 60"
        " AND start < (SELECT min(start) FROM windows WHERE length = 60)",
        "DELETE FROM part_hours WHERE hour + 3600 <="
        " (SELECT min(start) FROM windows WHERE length = 60)",
        "DELETE FROM totals WHERE length = 3600"
        " AND start < coalesce((SELECT min(day) FROM series_hours),"
        " (SELECT min(start) FROM windows WHERE length = 3600))",
        "DELETE FROM windows WHERE length = 60"
        " AND start < (SELECT value FROM meta WHERE key = 'rolled_until')"
        " AND start < (SELECT min(start) FROM windows WHERE length = 60) + 3600",
        "DELETE FROM series_hours WHERE day = (SELECT min(day) FROM series_hours)",
        "DELETE FROM windows WHERE length = 3600"
        " AND start < (SELECT min(start) FROM windows WHERE length = 3600) + 86400",
        "DELETE FROM windows WHERE length = 60"
        " AND start < (SELECT min(start) FROM windows WHERE length = 60) + 300",
        "DELETE FROM traces WHERE trace IN (SELECT trace FROM traces ORDER BY start LIMIT 50)",
    };
    *ret_more = false;
    if (db_size_bytes(db) <= size_target) {
        return SQLITE_DONE;
    }
    int r = let_texts_go(db, size_target / 4, ret_more);
    for (unsigned i = 0; i < ARRAY_LEN(steps) && r == SQLITE_DONE && !*ret_more; i++) {
        r = db_run(db, steps[i]);
        *ret_more = r == SQLITE_DONE && sqlite3_changes(db->sql) > 0;
    }
    return r;
}
