/* SPDX-License-Identifier: Apache-2.0
 * One route, or one statement, over time: its own windows, and those of its parts, each read once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/series_windows.h"

#define PARTS_MAX        48u /* statements of a route, or routes of a statement */
#define OWN_MAX          8u  /* series of one name: it may go to several upstreams or databases */
#define MINUTES_MAX      RETAIN_MINUTES_S
#define PART_MINUTES_MAX (6u * 3600)
#define PART_LOOKUPS_MAX 5000u /* beyond that its parts are read by the hour */
#define FLUSHED_S        20u   /* after so long a window is in the store */
#define EDGES            34u   /* of the heat map: from 0.25 ms on, two for each doubling */

struct point {
    struct history_sums sums;
    struct history_sums parts; /* all of them, of those windows that `of` sums */
    struct history_sums of;    /* the whole's own, in the windows of its parts */
    struct sketch sketch;
};

/* A statement within a route, seen from either side. */
struct part {
    int64_t series;
    struct history_sums sums;
};

struct detail {
    struct db *db;
    struct span span; /* of the whole */
    struct span part_span;
    struct point *points;
    int64_t own[OWN_MAX];
    unsigned own_count;
    struct part parts[PARTS_MAX];
    unsigned part_count;
    struct part *reads; /* while parts are read: which one */
    uint64_t query_ns;  /* of all queries in the windows of its parts, or of its own */
};

/* ---- reading ---- */

static void
add_sums(struct history_sums *to, const struct history_sums *from)
{
    to->calls += from->calls;
    to->errors += from->errors;
    to->rows += from->rows;
    to->time_ns += from->time_ns;
}

static void
on_own(void *ctx, const struct series_window *w)
{
    struct detail *d = ctx;
    unsigned at = span_point(&d->span, w->start_s);
    if (at == d->span.points) {
        return;
    }
    add_sums(&d->points[at].sums, &w->sums);
    if (w->sketch.len > 0 && sketch_load(w->sketch, &d->points[at].sketch) != 0) {
        return; /* its sums count, its distribution does not */
    }
}

/* An hour's sums stand at each point within it. */
static void
spread(struct detail *d, const struct series_window *w, bool is_part)
{
    uint64_t from = MAX(w->start_s, d->span.from_s);
    for (uint64_t s = from; s < w->start_s + w->length_s; s += d->span.step_s) {
        unsigned at = span_point(&d->span, s);
        if (at < d->span.points) {
            add_sums(is_part ? &d->points[at].parts : &d->points[at].of, &w->sums);
        }
    }
}

static void
on_part(void *ctx, const struct series_window *w)
{
    struct detail *d = ctx;
    add_sums(&d->reads->sums, &w->sums);
    spread(d, w, true);
}

static void
on_whole(void *ctx, const struct series_window *w)
{
    spread(ctx, w, false);
}

/* Its parts by the same windows as itself where they are few, else by the hour; then its own hours
 * are what they are compared with. */
static int
read_all(struct detail *d)
{
    int r = 0;
    for (unsigned i = 0; i < d->own_count && r == 0; i++) {
        r = series_windows(d->db, &d->span, d->own[i], on_own, d);
    }
    for (unsigned i = 0; i < d->part_count && r == 0; i++) {
        d->reads = &d->parts[i];
        r = series_windows_of_part(d->db, &d->part_span, d->parts[i].series, on_part, d);
    }
    if (d->part_span.length_s == d->span.length_s) {
        for (unsigned i = 0; i < d->span.points; i++) {
            d->points[i].of = d->points[i].sums;
        }
        return r;
    }
    for (unsigned i = 0; i < d->own_count && r == 0; i++) {
        r = series_windows(d->db, &d->part_span, d->own[i], on_whole, d);
    }
    return r;
}

/* ---- as JSON ---- */

static double
edge_ms(unsigned k)
{
    return 0.25 * (double)(1u << (k / 2)) * (k % 2 == 0 ? 1.0 : 1.4142135623730951);
}

static json_t *
edges_json(unsigned from, unsigned to)
{
    json_t *list = json_array();
    for (unsigned i = from; i < to; i++) {
        json_array_append_new(list, json_real(edge_ms(i)));
    }
    return list;
}

/* How many of a point took how long; edges_ns are the lower bounds. */
static void
fold(const struct sketch *sketch, const double edges_ns[EDGES], uint64_t counts[EDGES])
{
    unsigned at = 0, edge = 0;
    uint64_t ns;
    uint32_t n;
    while (sketch_next(sketch, &at, &ns, &n)) { /* from short to long */
        while (edge + 1 < EDGES && (double)ns >= edges_ns[edge + 1]) {
            edge++;
        }
        counts[edge] += n;
    }
}

/* Only the rows that anything is in. */
static json_t *
heat_json(const struct detail *d)
{
    uint64_t(*counts)[EDGES] = check_alloc(d->span.points, sizeof(*counts));
    double edges_ns[EDGES];
    unsigned low = EDGES, high = 0;
    for (unsigned k = 0; k < EDGES; k++) {
        edges_ns[k] = edge_ms(k) * 1e6;
    }
    for (unsigned i = 0; i < d->span.points; i++) {
        fold(&d->points[i].sketch, edges_ns, counts[i]);
        for (unsigned k = 0; k < EDGES; k++) {
            if (counts[i][k] > 0) {
                low = MIN(low, k);
                high = MAX(high, k + 1);
            }
        }
    }
    json_t *columns = json_array();
    for (unsigned i = 0; i < d->span.points; i++) {
        json_t *column = d->points[i].sketch.count == 0 ? json_null() : json_array();
        for (unsigned k = low; k < high && json_is_array(column); k++) {
            json_array_append_new(column, json_integer((json_int_t)counts[i][k]));
        }
        json_array_append_new(columns, column);
    }
    free(counts);
    return json_pack("{s:o, s:o}", "edges_ms", edges_json(low, high), "counts", columns);
}

static json_t *
ratio(uint64_t a, uint64_t b)
{
    return b == 0 ? json_null() : json_real((double)a / (double)b);
}

/* Has the store had no time yet to hear of this point? */
static bool
is_too_new(const struct span *span, unsigned point)
{
    return span->from_s + (uint64_t)(point + 1) * span->step_s + FLUSHED_S > span->now_s;
}

/* One list for each kind of figure; a point that nothing happened in is null. */
static void
put_points(const struct detail *d, const char *calls_name, json_t *o)
{
    const char *const names[] = {calls_name, "errors", "rows",   "load",
                                 "mean_ms",  "p50_ms", "p95_ms", "p99_ms"};
    json_t *lists[ARRAY_LEN(names)];
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        lists[k] = json_array();
        json_object_set_new(o, names[k], lists[k]);
    }
    for (unsigned i = 0; i < d->span.points; i++) {
        const struct point *p = &d->points[i];
        double seconds = span_seconds(&d->span, i);
        bool any = p->sums.calls > 0;
        if (!any && is_too_new(&d->span, i)) {
            for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
                json_array_append_new(lists[k], json_null());
            }
            continue;
        }
        json_array_append_new(lists[0], json_real((double)p->sums.calls * 60 / seconds));
        json_array_append_new(lists[1], json_real((double)p->sums.errors * 60 / seconds));
        json_array_append_new(lists[2], json_real((double)p->sums.rows * 60 / seconds));
        json_array_append_new(lists[3], json_real((double)p->sums.time_ns / 1e9 / seconds));
        json_array_append_new(
            lists[4],
            any ? json_real(clock_ns_to_ms(p->sums.time_ns) / (double)p->sums.calls) : json_null());
        json_array_append_new(lists[5], history_quantile(&p->sketch, 0.5));
        json_array_append_new(lists[6], history_quantile(&p->sketch, 0.95));
        json_array_append_new(lists[7], history_quantile(&p->sketch, 0.99));
    }
    json_object_set_new(o, "heat", heat_json(d));
}

static int
by_time(const void *a, const void *b)
{
    const struct part *x = a;
    const struct part *y = b;
    return (x->sums.time_ns < y->sums.time_ns) - (x->sums.time_ns > y->sums.time_ns);
}

static uint64_t
parts_time(const struct detail *d)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < d->part_count; i++) {
        all += d->parts[i].sums.time_ns;
    }
    return all;
}

/* What it called, or who calls it, largest first. */
static json_t *
parts_json(struct detail *d, bool of_route)
{
    json_t *list = json_array();
    uint64_t all = parts_time(d);
    qsort(d->parts, d->part_count, sizeof(d->parts[0]), by_time);
    for (unsigned i = 0; i < d->part_count && d->parts[i].sums.calls > 0; i++) {
        const struct part *part = &d->parts[i];
        json_t *row = json_object();
        sqlite3_stmt *s =
            db_statement(d->db, "SELECT s.route, s.fingerprint, s.database, " DB_TEXT_OF_SERIES
                                " FROM series s WHERE s.id = ?1");
        if (s != NULL) {
            sqlite3_bind_int64(s, 1, part->series);
        }
        if (s != NULL && sqlite3_step(s) == SQLITE_ROW) {
            if (of_route) {
                history_put_hex(row, "fingerprint", (uint64_t)sqlite3_column_int64(s, 1));
                json_object_set_new(row, "database", json_text(db_column_slice(s, 2)));
                json_object_set_new(row, "statement", json_text(db_column_slice(s, 3)));
            } else {
                json_object_set_new(row, "route", json_text(db_column_slice(s, 0)));
            }
        }
        sqlite3_reset(s);
        json_object_set_new(row, "calls", json_integer((json_int_t)part->sums.calls));
        json_object_set_new(row, "total_ms", history_ms(part->sums.time_ns));
        json_object_set_new(row, "share", ratio(part->sums.time_ns, all));
        json_array_append_new(list, row);
    }
    return list;
}

/* What the whole is of all database time. */
static json_t *
share_json(const struct detail *d, uint64_t mine_ns)
{
    return ratio(MIN(mine_ns, d->query_ns), d->query_ns);
}

static uint64_t
own_time(const struct detail *d)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < d->span.points; i++) {
        all += d->points[i].sums.time_ns;
    }
    return all;
}

/* ---- which series ---- */

/* Puts each into own or parts. `text` binds ?2 when it is not NULL, else `number`. */
static int
find_series(struct detail *d, const char *select, const char *text, uint64_t number)
{
    sqlite3_stmt *s = db_statement(d->db, select);
    if (s == NULL) {
        return -EIO;
    }
    sqlite3_bind_int64(s, 1, d->db->instance);
    if (text != NULL) {
        db_bind_slice(s, 2, slice_from_str(text));
    } else {
        sqlite3_bind_int64(s, 2, (sqlite3_int64)number);
    }
    int r;
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        if (sqlite3_column_int64(s, 1) != 0 && d->own_count < OWN_MAX) {
            d->own[d->own_count++] = sqlite3_column_int64(s, 0);
        } else if (sqlite3_column_int64(s, 1) == 0 && d->part_count < PARTS_MAX) {
            d->parts[d->part_count++].series = sqlite3_column_int64(s, 0);
        }
    }
    sqlite3_reset(s);
    return r != SQLITE_DONE ? -EIO : d->own_count == 0 ? -ENODATA : 0;
}

static int
read_detail(struct detail *d, const struct history_range *range)
{
    int r = span_of(d->db, range, MINUTES_MAX, &d->span);
    r = r == 0 ? span_of(d->db, range, PART_MINUTES_MAX, &d->part_span) : r;
    if (r == 0 && series_windows_cost(&d->part_span) * d->part_count > PART_LOOKUPS_MAX) {
        r = span_of(d->db, range, 0, &d->part_span);
    }
    if (r == 0) {
        d->points = check_alloc(d->span.points, sizeof(d->points[0]));
        r = read_all(d);
    }
    return r;
}

static void
finish(struct detail *d)
{
    for (unsigned i = 0; d->points != NULL && i < d->span.points; i++) {
        sketch_fini(&d->points[i].sketch);
    }
    free(d->points);
    (void)db_run(d->db, "COMMIT");
}

int
history_route(struct history *h, const char *route, const struct history_range *range,
              json_t **ret_document)
{
    struct detail d = {.db = &h->db};
    if (db_run(&h->db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = find_series(&d,
                        "SELECT id, fingerprint = 0 FROM series WHERE instance = ?1 AND"
                        " route = ?2",
                        route, 0);
    r = r == 0 ? read_detail(&d, range) : r;
    r = r == 0 ? span_query_ns(d.db, &d.part_span, &d.query_ns) : r;
    if (r == 0) {
        json_t *o = span_document(d.db, &d.span);
        json_t *per_request = json_array();
        json_t *db_ms = json_array();
        json_object_set_new(o, "route", json_string(route));
        enum route_basis basis = db_route_basis(d.db, slice_from_str(route));
        json_object_set_new(o, "route_basis", json_string(route_basis_name(basis)));
        put_points(&d, "requests", o);
        for (unsigned i = 0; i < d.span.points; i++) {
            const struct point *p = &d.points[i];
            json_array_append_new(per_request, ratio(p->parts.calls, p->of.calls));
            json_array_append_new(
                db_ms, p->of.calls == 0
                           ? json_null()
                           : json_real(clock_ns_to_ms(p->parts.time_ns) / (double)p->of.calls));
        }
        json_object_set_new(o, "queries_per_request", per_request);
        json_object_set_new(o, "db_ms", db_ms);
        json_object_set_new(o, "share", share_json(&d, parts_time(&d)));
        json_object_set_new(o, "statements", parts_json(&d, true));
        *ret_document = o;
    }
    finish(&d);
    return r;
}

/* Its text and database, of whichever database it was seen in first. */
static void
put_statement(struct db *db, uint64_t fingerprint, json_t *o)
{
    sqlite3_stmt *s = db_statement(
        db, "SELECT text, database, first_seen FROM fingerprints WHERE instance = ?1 AND"
            " fingerprint = ?2 ORDER BY first_seen LIMIT 1");
    bool there = false;
    history_put_hex(o, "fingerprint", fingerprint);
    if (s != NULL) {
        sqlite3_bind_int64(s, 1, db->instance);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)fingerprint);
        there = sqlite3_step(s) == SQLITE_ROW;
    }
    json_object_set_new(o, "statement", json_text(there ? db_column_slice(s, 0) : SLICE_NONE));
    json_object_set_new(o, "database", json_text(there ? db_column_slice(s, 1) : SLICE_NONE));
    json_object_set_new(o, "first_seen",
                        there ? json_integer(sqlite3_column_int64(s, 2) / (int64_t)NS_PER_S)
                              : json_null());
    sqlite3_reset(s);
}

int
history_query(struct history *h, uint64_t fingerprint, const struct history_range *range,
              json_t **ret_document)
{
    struct detail d = {.db = &h->db};
    if (db_run(&h->db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = find_series(&d,
                        "SELECT id, route = '' FROM series WHERE instance = ?1 AND"
                        " fingerprint = ?2",
                        NULL, fingerprint);
    r = r == 0 ? read_detail(&d, range) : r;
    r = r == 0 ? span_query_ns(d.db, &d.span, &d.query_ns) : r;
    if (r == 0) {
        json_t *o = span_document(d.db, &d.span);
        put_statement(d.db, fingerprint, o);
        put_points(&d, "calls", o);
        json_object_set_new(o, "share", share_json(&d, own_time(&d)));
        json_object_set_new(o, "routes", parts_json(&d, false));
        *ret_document = o;
    }
    finish(&d);
    return r;
}
