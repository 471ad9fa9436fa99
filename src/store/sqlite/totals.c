/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/totals.h"

#include "base/buf.h"
#include "base/clock.h"
#include "model/stored.h"
#include "store/sqlite/number.h"
#include "store/sqlite/retain.h"

#define TOP_VERSION 1
#define TOP_BYTES   (1 + 2 * (1 + TOTALS_TOP_MAX * 6 * NUMBER_MAX))

void
totals_fini(struct totals *t)
{
    sketch_fini(&t->sketch);
}

void
totals_add_sketch(const struct totals *t, struct sketch *into)
{
    if (t->saved.len > 0 && sketch_load(t->saved, into) != 0) {
        return; /* not ours: sums without a distribution */
    }
    sketch_merge(into, &t->sketch);
}

/* ---- the largest of a window, as bytes ---- */

static size_t
put_list(uint8_t *dst, size_t at, const struct totals_list *list)
{
    at = number_put(dst, at, list->count);
    for (unsigned i = 0; i < list->count; i++) {
        const struct totals_top *t = &list->top[i];
        const uint64_t numbers[] = {(uint64_t)t->series, t->calls, t->errors, t->rows,
                                    t->time_ns,          t->db_ns};
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
            at = number_put(dst, at, numbers[k]);
        }
    }
    return at;
}

static bool
take_list(struct slice *rest, struct totals_list *ret_list)
{
    uint64_t count;
    if (!number_take(rest, &count) || count > TOTALS_TOP_MAX) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t n[6];
        for (size_t k = 0; k < ARRAY_LEN(n); k++) {
            if (!number_take(rest, &n[k])) {
                return false;
            }
        }
        ret_list->top[i] = (struct totals_top){.series = (int64_t)n[0],
                                               .calls = n[1],
                                               .errors = n[2],
                                               .rows = n[3],
                                               .time_ns = n[4],
                                               .db_ns = n[5]};
    }
    ret_list->count = (unsigned)count;
    return true;
}

/* ---- summing a window ---- */

/* Takes the place of the smallest when it is larger. */
static void
offer(struct totals_list *list, const struct totals_top *one)
{
    if (one->series == 0) {
        return;
    }
    if (list->count < TOTALS_TOP_MAX) {
        list->top[list->count++] = *one;
        return;
    }
    struct totals_top *least = &list->top[0];
    for (unsigned i = 1; i < list->count; i++) {
        least = list->top[i].db_ns < least->db_ns ? &list->top[i] : least;
    }
    if (one->db_ns > least->db_ns) {
        *least = *one;
    }
}

/* What a row is of. The statements within a route are only there for the route's db_ns. */
static void
take_row(sqlite3_stmt *s, bool is_route, bool is_whole, struct totals *t, struct totals_top *one)
{
    uint64_t time_ns = (uint64_t)sqlite3_column_int64(s, 6);
    if (!is_whole) {
        one->db_ns += time_ns;
        return;
    }
    one->series = sqlite3_column_int64(s, 0);
    one->calls += (uint64_t)sqlite3_column_int64(s, 3);
    one->errors += (uint64_t)sqlite3_column_int64(s, 4);
    one->rows += (uint64_t)sqlite3_column_int64(s, 5);
    one->time_ns += time_ns;
    if (!is_route) {
        one->db_ns += time_ns;
        t->queries += one->calls;
        t->query_errors += one->errors;
        t->query_ns += one->time_ns;
        return;
    }
    t->requests += (uint64_t)sqlite3_column_int64(s, 3);
    t->request_errors += (uint64_t)sqlite3_column_int64(s, 4);
    t->request_ns += time_ns;
    struct slice saved = db_column_blob(s, 7);
    if (saved.len > 0 && sketch_load(saved, &t->sketch) != 0) {
        return; /* its sums count, its distribution does not */
    }
}

int
totals_sum(struct db *db, unsigned length_s, uint64_t start_s, struct totals *ret_totals)
{
    struct totals t = {.start_s = start_s};
    struct totals_top route = {0};
    char of[1024] = ""; /* the route that is being summed */
    sqlite3_stmt *s = db_statement(
        db, "SELECT w.series, s.route, s.fingerprint, w.calls, w.errors, w.rows, w.time_ns,"
            " CASE WHEN s.route <> '' AND s.fingerprint = 0 THEN w.sketch ELSE x'' END"
            " FROM windows w CROSS JOIN series s ON s.id = w.series"
            " WHERE w.length = ?1 AND w.start = ?2 ORDER BY s.route");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, length_s);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)start_s);
    int r;
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        struct slice name = slice_sub(db_column_slice(s, 1), 0, sizeof(of) - 1);
        bool is_statement = name.len == 0;
        if (is_statement && (uint64_t)sqlite3_column_int64(s, 2) == STORED_LOGINS) {
            continue;
        }
        if (is_statement) {
            struct totals_top one = {0};
            take_row(s, false, true, &t, &one);
            offer(&t.statements, &one);
            continue;
        }
        if (!slice_eq(name, slice_from_str(of))) {
            offer(&t.routes, &route);
            route = (struct totals_top){0};
            slice_to_str(name, of, sizeof(of));
        }
        take_row(s, true, sqlite3_column_int64(s, 2) == 0, &t, &route);
    }
    sqlite3_reset(s);
    offer(&t.routes, &route);
    if (r != SQLITE_DONE) {
        totals_fini(&t);
        return r;
    }
    *ret_totals = t;
    return r;
}

/* ---- rows ---- */

static int
write_row(struct db *db, unsigned length_s, const struct totals *t)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    uint8_t top[TOP_BYTES] = {TOP_VERSION};
    sqlite3_stmt *s = db_statement(db, "INSERT OR REPLACE INTO totals"
                                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    const uint64_t numbers[] = {length_s,      t->start_s, t->requests,     t->request_errors,
                                t->request_ns, t->queries, t->query_errors, t->query_ns};
    for (int i = 0; i < (int)ARRAY_LEN(numbers); i++) {
        sqlite3_bind_int64(s, i + 1, (sqlite3_int64)numbers[i]);
    }
    db_bind_blob(s, 9, slice_of(saved, sketch_save(&t->sketch, saved, sizeof(saved))));
    db_bind_blob(s, 10, slice_of(top, put_list(top, put_list(top, 1, &t->routes), &t->statements)));
    return db_finish(s);
}

uint64_t
totals_newest(struct db *db, unsigned length_s)
{
    sqlite3_stmt *s = db_statement(db, "SELECT max(start) FROM totals WHERE length = ?1");
    uint64_t newest = 0;
    if (s != NULL) {
        sqlite3_bind_int64(s, 1, length_s);
        if (sqlite3_step(s) == SQLITE_ROW) {
            newest = (uint64_t)sqlite3_column_int64(s, 0);
        }
        sqlite3_reset(s);
    }
    return newest;
}

/* The oldest window after that one and before `until`; 0: none. */
static uint64_t
next_window(struct db *db, unsigned length_s, uint64_t after_s, uint64_t until_s)
{
    sqlite3_stmt *s = db_statement(
        db, "SELECT min(start) FROM windows WHERE length = ?1 AND start > ?2 AND start < ?3");
    uint64_t next = 0;
    if (s != NULL) {
        sqlite3_bind_int64(s, 1, length_s);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)after_s);
        sqlite3_bind_int64(s, 3, (sqlite3_int64)until_s);
        if (sqlite3_step(s) == SQLITE_ROW) {
            next = (uint64_t)sqlite3_column_int64(s, 0);
        }
        sqlite3_reset(s);
    }
    return next;
}

int
totals_step(struct db *db, uint64_t now_s, bool *ret_more)
{
    static const unsigned lengths[] = {60, 3600};
    *ret_more = false;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        uint64_t late = lengths[i] + RETAIN_LATE_S;
        uint64_t next = next_window(db, lengths[i], totals_newest(db, lengths[i]),
                                    now_s > late ? now_s - late : 0);
        if (next == 0) {
            continue;
        }
        struct totals t;
        int r = totals_sum(db, lengths[i], next, &t);
        if (r == SQLITE_DONE) {
            r = write_row(db, lengths[i], &t);
            totals_fini(&t);
        }
        *ret_more = r == SQLITE_DONE;
        return r;
    }
    return SQLITE_DONE;
}

int
totals_read(struct db *db, unsigned length_s, uint64_t from_s, uint64_t to_s, totals_cb *on_row,
            void *ctx)
{
    sqlite3_stmt *s = db_statement(
        db, "SELECT start, requests, request_errors, request_ns, queries, query_errors, query_ns,"
            " sketch, top FROM totals WHERE length = ?1 AND start >= ?2 AND start < ?3"
            " ORDER BY start");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, length_s);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)from_s);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)to_s);
    int r;
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        struct totals t = {.start_s = (uint64_t)sqlite3_column_int64(s, 0),
                           .requests = (uint64_t)sqlite3_column_int64(s, 1),
                           .request_errors = (uint64_t)sqlite3_column_int64(s, 2),
                           .request_ns = (uint64_t)sqlite3_column_int64(s, 3),
                           .queries = (uint64_t)sqlite3_column_int64(s, 4),
                           .query_errors = (uint64_t)sqlite3_column_int64(s, 5),
                           .query_ns = (uint64_t)sqlite3_column_int64(s, 6),
                           .saved = db_column_blob(s, 7)};
        struct slice top = db_column_blob(s, 8);
        if (top.len > 0 && top.ptr[0] == TOP_VERSION) {
            top = slice_sub(top, 1, top.len);
            if (!take_list(&top, &t.routes) || !take_list(&top, &t.statements)) {
                t.routes.count = t.statements.count = 0;
            }
        }
        on_row(ctx, &t);
    }
    sqlite3_reset(s);
    return r;
}

int
totals_read_tail(struct db *db, uint64_t from_s, uint64_t to_s, uint64_t now_s, totals_cb *on_row,
                 void *ctx)
{
    uint64_t newest = totals_newest(db, 60);
    uint64_t start = MAX(newest + 60, from_s);
    uint64_t now = now_s / 60 * 60;
    if (newest == 0 || now - MIN(now, start) > TOTALS_TAIL_MAX * 60) {
        start = MAX(now - MIN(now, (uint64_t)(TOTALS_TAIL_MAX - 1) * 60), from_s);
    }
    for (; start <= now && start < to_s; start += 60) {
        struct totals t;
        int r = totals_sum(db, 60, start, &t);
        if (r != SQLITE_DONE) {
            return r;
        }
        on_row(ctx, &t);
        totals_fini(&t);
    }
    return SQLITE_DONE;
}

int
totals_query_ns(struct db *db, unsigned length_s, uint64_t from_s, uint64_t to_s, uint64_t *ret_ns)
{
    sqlite3_stmt *s = db_statement(db, "SELECT coalesce(sum(query_ns), 0) FROM totals"
                                       " WHERE length = ?1 AND start >= ?2 AND start < ?3");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, length_s);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)from_s);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)to_s);
    int r = sqlite3_step(s);
    if (r == SQLITE_ROW) {
        *ret_ns = (uint64_t)sqlite3_column_int64(s, 0);
    }
    sqlite3_reset(s);
    return r == SQLITE_ROW ? SQLITE_DONE : r;
}
