/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/part_hours.h"

#include <errno.h>

#include "store/sqlite/number.h"

#define MINUTE_S    60u
#define HOUR_S      3600u
#define FIGURES     5u /* of a minute: which one, calls, errors, rows, time */
#define MINUTES_LEN (HOUR_S / MINUTE_S * FIGURES * NUMBER_MAX)

/* ---- making them ---- */

/* The minutes of one series' hour. */
struct part_hour {
    int64_t series;
    size_t len;
    uint8_t minutes[MINUTES_LEN];
};

static int
write_row(struct db *db, uint64_t hour_s, const struct part_hour *p)
{
    sqlite3_stmt *s = db_statement(db, "INSERT OR REPLACE INTO part_hours VALUES(?1, ?2, ?3)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)hour_s);
    sqlite3_bind_int64(s, 2, p->series);
    db_bind_blob(s, 3, slice_of(p->minutes, p->len));
    return db_finish(s);
}

/* The columns are series, start, calls, errors, rows, time_ns. */
static void
add_minute(struct part_hour *p, uint64_t hour_s, sqlite3_stmt *s)
{
    uint64_t minute = ((uint64_t)sqlite3_column_int64(s, 1) - hour_s) / MINUTE_S;
    if (p->len + FIGURES * NUMBER_MAX > sizeof(p->minutes)) {
        return; /* more than an hour has: not ours */
    }
    p->len = number_put(p->minutes, p->len, minute);
    for (int i = 2; i < 6; i++) {
        p->len = number_put(p->minutes, p->len, (uint64_t)sqlite3_column_int64(s, i));
    }
}

static int
write_hour(struct db *db, uint64_t hour_s)
{
    struct part_hour p = {0};
    sqlite3_stmt *s = db_statement(
        db, "SELECT w.series, w.start, w.calls, w.errors, w.rows, w.time_ns FROM windows w"
            " CROSS JOIN series s ON s.id = w.series WHERE w.length = 60 AND w.start >= ?1"
            " AND w.start < ?1 + 3600 AND s.route <> '' AND s.fingerprint <> 0"
            " ORDER BY w.series, w.start");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)hour_s);
    int r, written = SQLITE_DONE;
    while ((r = sqlite3_step(s)) == SQLITE_ROW && written == SQLITE_DONE) {
        int64_t series = sqlite3_column_int64(s, 0);
        if (series != p.series) {
            written = p.len == 0 ? SQLITE_DONE : write_row(db, hour_s, &p);
            p.series = series;
            p.len = 0;
        }
        add_minute(&p, hour_s, s);
    }
    sqlite3_reset(s);
    if (r == SQLITE_DONE && written == SQLITE_DONE && p.len > 0) {
        written = write_row(db, hour_s, &p);
    }
    return r == SQLITE_DONE || r == SQLITE_ROW ? written : r;
}

/* Whose minutes are all there and not yet here; 0: none. */
static int
next_hour(struct db *db, uint64_t *ret_hour_s)
{
    sqlite3_stmt *s = db_statement(
        db, "SELECT hour FROM (SELECT min(start) / 3600 * 3600 AS hour FROM windows"
            " WHERE length = 60 AND start >= (SELECT value FROM meta WHERE key = 'parts_until'))"
            " WHERE hour + 3600 <= (SELECT value FROM meta WHERE key = 'rolled_until')");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    int r = sqlite3_step(s);
    *ret_hour_s = r == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return r == SQLITE_ROW ? SQLITE_DONE : r;
}

int
part_hours_step(struct db *db, bool *ret_more)
{
    uint64_t hour_s = 0;
    *ret_more = false;
    int r = next_hour(db, &hour_s);
    if (r != SQLITE_DONE || hour_s == 0) {
        return r;
    }
    r = write_hour(db, hour_s);
    sqlite3_stmt *s =
        db_statement(db, "UPDATE meta SET value = ?1 + 3600 WHERE key = 'parts_until'");
    if (r != SQLITE_DONE || s == NULL) {
        return s == NULL ? SQLITE_ERROR : r;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)hour_s);
    r = db_finish(s);
    *ret_more = r == SQLITE_DONE;
    return r;
}

/* ---- reading them ---- */

static bool
take_minute(struct slice *rest, uint64_t hour_s, struct series_window *ret_window)
{
    uint64_t n[FIGURES];
    for (size_t k = 0; k < ARRAY_LEN(n); k++) {
        if (!number_take(rest, &n[k])) {
            return false;
        }
    }
    *ret_window = (struct series_window){
        .start_s = hour_s + n[0] % (HOUR_S / MINUTE_S) * MINUTE_S,
        .length_s = MINUTE_S,
        .sums = {.calls = n[1], .errors = n[2], .rows = n[3], .time_ns = n[4]}};
    return true;
}

int
part_hours_each(struct db *db, int64_t series, uint64_t from_s, uint64_t until_s,
                series_windows_cb *on_window, void *ctx)
{
    sqlite3_stmt *s =
        db_statement(db, "SELECT minutes FROM part_hours WHERE hour = ?1 AND series = ?2");
    int r = s == NULL ? SQLITE_ERROR : SQLITE_DONE;
    for (uint64_t hour_s = from_s - from_s % HOUR_S; hour_s < until_s && r == SQLITE_DONE;
         hour_s += HOUR_S) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)hour_s);
        sqlite3_bind_int64(s, 2, series);
        r = sqlite3_step(s);
        struct slice rest = r == SQLITE_ROW ? db_column_blob(s, 0) : SLICE_NONE;
        struct series_window w;
        while (take_minute(&rest, hour_s, &w)) {
            if (w.start_s >= from_s && w.start_s < until_s) {
                on_window(ctx, &w);
            }
        }
        sqlite3_reset(s);
        r = r == SQLITE_ROW ? SQLITE_DONE : r;
    }
    return r == SQLITE_DONE ? 0 : -EIO;
}
