/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/series_windows.h"

#include <errno.h>

#include "store/sqlite/part_hours.h"
#include "store/sqlite/retain.h"

#define MINUTE_S 60u
#define HOUR_S   3600u

struct walk {
    struct db *db;
    int64_t series;
    series_windows_cb *on_window;
    void *ctx;
};

/* The columns are start, calls, errors, rows, time_ns, sketch. */
static int
give_rows(const struct walk *w, sqlite3_stmt *s, unsigned length_s)
{
    int r;
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        struct series_window window = {
            .start_s = (uint64_t)sqlite3_column_int64(s, 0),
            .length_s = length_s,
            .sums = {.calls = (uint64_t)sqlite3_column_int64(s, 1),
                     .errors = (uint64_t)sqlite3_column_int64(s, 2),
                     .rows = (uint64_t)sqlite3_column_int64(s, 3),
                     .time_ns = (uint64_t)sqlite3_column_int64(s, 4)},
            .sketch = db_column_blob(s, 5),
        };
        w->on_window(w->ctx, &window);
    }
    sqlite3_reset(s);
    return r == SQLITE_DONE ? 0 : -EIO;
}

static int
give_days(const struct walk *w, uint64_t from_s, uint64_t until_s)
{
    sqlite3_stmt *s =
        db_statement(w->db, "SELECT start, calls, errors, rows, time_ns, sketch FROM series_hours"
                            " WHERE day = ?1 AND series = ?2 AND start >= ?3 AND start < ?4");
    int r = s == NULL ? -EIO : 0;
    for (uint64_t day = from_s - from_s % RETAIN_DAY_S; day < until_s && r == 0;
         day += RETAIN_DAY_S) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)day);
        sqlite3_bind_int64(s, 2, w->series);
        sqlite3_bind_int64(s, 3, (sqlite3_int64)from_s);
        sqlite3_bind_int64(s, 4, (sqlite3_int64)until_s);
        r = give_rows(w, s, HOUR_S);
    }
    return r;
}

static int
give_windows(const struct walk *w, unsigned length_s, uint64_t from_s, uint64_t until_s)
{
    sqlite3_stmt *s =
        db_statement(w->db, "SELECT start, calls, errors, rows, time_ns, sketch FROM windows"
                            " WHERE length = ?1 AND start = ?2 AND series = ?3");
    int r = s == NULL ? -EIO : 0;
    for (; from_s < until_s && r == 0; from_s += length_s) {
        sqlite3_bind_int64(s, 1, length_s);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)from_s);
        sqlite3_bind_int64(s, 3, w->series);
        r = give_rows(w, s, length_s);
    }
    return r;
}

/* Each kind until where the next one begins. */
struct borders {
    uint64_t turned_s; /* hours of days */
    uint64_t rolled_s; /* hours */
    uint64_t parts_s;  /* minutes of hours */
    uint64_t end_s;    /* minutes */
};

static struct borders
borders_of(const struct span *span, bool is_part)
{
    bool hours = span->length_s == HOUR_S;
    struct borders b = {.end_s = MAX(MIN(span->to_s, span->now_s), span->from_s)};
    b.rolled_s = hours ? MIN(MAX(span->rolled_s, span->from_s), b.end_s) : span->from_s;
    b.turned_s = MIN(MAX(span->turned_s, span->from_s), b.rolled_s);
    b.parts_s = is_part ? MIN(MAX(span->parts_s, b.rolled_s), b.end_s) : b.rolled_s;
    return b;
}

static int
give_all(const struct walk *w, const struct span *span, const struct borders *b)
{
    int r = give_days(w, span->from_s, b->turned_s);
    if (r == 0) {
        r = give_windows(w, HOUR_S, b->turned_s, b->rolled_s);
    }
    if (r == 0) {
        r = part_hours_each(w->db, w->series, b->rolled_s, b->parts_s, w->on_window, w->ctx);
    }
    return r == 0 ? give_windows(w, MINUTE_S, b->parts_s, b->end_s) : r;
}

int
series_windows(struct db *db, const struct span *span, int64_t series, series_windows_cb *on_window,
               void *ctx)
{
    const struct walk w = {db, series, on_window, ctx};
    const struct borders b = borders_of(span, false);
    return give_all(&w, span, &b);
}

int
series_windows_of_part(struct db *db, const struct span *span, int64_t series,
                       series_windows_cb *on_window, void *ctx)
{
    const struct walk w = {db, series, on_window, ctx};
    const struct borders b = borders_of(span, true);
    return give_all(&w, span, &b);
}

uint64_t
series_windows_cost(const struct span *span)
{
    const struct borders b = borders_of(span, true);
    return (b.turned_s - span->from_s) / RETAIN_DAY_S + (b.rolled_s - b.turned_s) / HOUR_S +
           (b.parts_s - b.rolled_s) / HOUR_S + (b.end_s - b.parts_s) / MINUTE_S;
}
