/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/series_total.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite/facts.h"

const struct stored_window *
series_total_whole(struct series_total *t)
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
        t->sums.length_s = SERIES_TOTAL_S;
    }
    if (w->sketch.len > 0) { /* one that is damaged: its sums count, its distribution does not */
        (void)!sketch_load(w->sketch, &t->sketch);
    }
    t->newest.length_s = 0;
    return &t->sums;
}

/* They come in the order of their time. */
static void
take_window(sqlite3_stmt *s, struct series_total *t)
{
    (void)series_total_whole(t);
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
give_total(struct db *db, struct series_total *t, series_total_cb *on_total, void *ctx)
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
begin_total(struct series_total *t, int64_t id)
{
    t->sums = t->newest = (struct stored_window){0};
    t->sketch = (struct sketch){0};
    t->id = id;
}

int
series_total_each(struct db *db, uint64_t now_s, series_total_cb *on_total, void *ctx)
{
    sqlite3_stmt *s = db_statement(db, db->version < 3   ? WINDOWS_2
                                       : db->version < 6 ? WINDOWS_3
                                                         : WINDOWS_6);
    if (s == NULL) {
        return -EIO;
    }
    sqlite3_bind_int64(s, 1, (sqlite3_int64)(now_s > SERIES_TOTAL_S ? now_s - SERIES_TOTAL_S : 0));
    struct series_total t;
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
