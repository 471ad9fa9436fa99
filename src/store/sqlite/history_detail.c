/* SPDX-License-Identifier: Apache-2.0
 * One route, or one statement, over time. Its windows are looked up one by one: the key of a window
 * begins with its time, so that a range would be read with all its series. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/sqlite/history.h"
#include "store/sqlite/retain.h"

#define PARTS_MAX        48u /* statements of a route, or routes of a statement */
#define OWN_MAX          8u  /* series of one name: it may go to several upstreams or databases */
#define MINUTES_MAX      RETAIN_MINUTES_S
#define PART_MINUTES_MAX (6u * 3600)
#define FLUSHED_S        20u /* after so long a window is in the store */
#define EDGES            34u /* of the heat map: from 0.25 ms on, two for each doubling */

struct sums {
    uint64_t calls, errors, rows, time_ns;
};

struct point {
    struct sums sums;
    struct sums parts; /* all of them, of those windows that `of` sums */
    struct sums of;    /* the whole's own, in the windows of its parts */
    struct sketch sketch;
};

/* A statement within a route, seen from either side. */
struct part {
    int64_t series;
    struct sums sums;
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
};

/* ---- looking up ---- */

static bool
read_window(struct db *db, unsigned length_s, uint64_t start_s, int64_t series, struct sums *add,
            struct sketch *sketch)
{
    sqlite3_stmt *s = db_statement(db, "SELECT calls, errors, rows, time_ns, sketch FROM windows"
                                       " WHERE length = ?1 AND start = ?2 AND series = ?3");
    if (s == NULL) {
        return false;
    }
    sqlite3_bind_int64(s, 1, length_s);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)start_s);
    sqlite3_bind_int64(s, 3, series);
    bool there = sqlite3_step(s) == SQLITE_ROW;
    if (there) {
        add->calls += (uint64_t)sqlite3_column_int64(s, 0);
        add->errors += (uint64_t)sqlite3_column_int64(s, 1);
        add->rows += (uint64_t)sqlite3_column_int64(s, 2);
        add->time_ns += (uint64_t)sqlite3_column_int64(s, 3);
        struct slice saved = sketch == NULL ? SLICE_NONE : db_column_blob(s, 4);
        if (saved.len > 0 && sketch_load(saved, sketch) != 0) {
            sketch = NULL; /* its sums count, its distribution does not */
        }
    }
    sqlite3_reset(s);
    return there;
}

/* The start of each window in turn: hours while they are whole, then minutes. */
static bool
next_window(const struct span *span, uint64_t *start_s, unsigned *length_s)
{
    if (*length_s == 0) {
        *start_s = span->from_s;
    } else {
        *start_s += *length_s;
    }
    bool hour = span->length_s == 3600 && *start_s < span->rolled_s;
    *length_s = hour ? 3600 : 60;
    return *start_s < MIN(span->to_s, span->now_s);
}

static void
read_own(struct detail *d)
{
    uint64_t start = 0;
    unsigned length = 0;
    while (next_window(&d->span, &start, &length)) {
        unsigned at = span_point(&d->span, start);
        for (unsigned i = 0; at < d->span.points && i < d->own_count; i++) {
            (void)read_window(d->db, length, start, d->own[i], &d->points[at].sums,
                              &d->points[at].sketch);
        }
    }
}

static void
add_sums(struct sums *to, const struct sums *from)
{
    to->calls += from->calls;
    to->errors += from->errors;
    to->rows += from->rows;
    to->time_ns += from->time_ns;
}

/* An hour's sums stand at each point within it. */
static void
read_parts(struct detail *d)
{
    uint64_t start = 0;
    unsigned length = 0;
    while (next_window(&d->part_span, &start, &length)) {
        struct sums parts = {0}, of = {0};
        for (unsigned i = 0; i < d->part_count; i++) {
            struct sums one = {0};
            if (read_window(d->db, length, start, d->parts[i].series, &one, NULL)) {
                add_sums(&d->parts[i].sums, &one);
                add_sums(&parts, &one);
            }
        }
        for (unsigned i = 0; i < d->own_count; i++) {
            (void)read_window(d->db, length, start, d->own[i], &of, NULL);
        }
        for (uint64_t s = MAX(start, d->span.from_s); s < start + length; s += d->span.step_s) {
            unsigned at = span_point(&d->span, s);
            if (at < d->span.points) {
                add_sums(&d->points[at].parts, &parts);
                add_sums(&d->points[at].of, &of);
            }
        }
    }
}

/* ---- as JSON ---- */

static json_t *
edges_json(unsigned from, unsigned to)
{
    json_t *list = json_array();
    for (unsigned i = from; i < to; i++) {
        double edge = 0.25 * (double)(1u << (i / 2)) * (i % 2 == 0 ? 1.0 : 1.4142135623730951);
        json_array_append_new(list, json_real(edge));
    }
    return list;
}

static unsigned
edge_of(uint64_t ns)
{
    double edge = 0.25e6;
    unsigned at = 0;
    while (at + 1 < EDGES && (double)ns >= edge * 1.4142135623730951) {
        edge *= 1.4142135623730951;
        at++;
    }
    return at;
}

static void
fold(const struct sketch *sketch, uint64_t counts[EDGES])
{
    unsigned at = 0;
    uint64_t ns;
    uint32_t n;
    memset(counts, 0, EDGES * sizeof(counts[0]));
    while (sketch_next(sketch, &at, &ns, &n)) {
        counts[edge_of(ns)] += n;
    }
}

/* Only the rows that anything is in. */
static json_t *
heat_json(const struct detail *d)
{
    uint64_t counts[EDGES];
    unsigned low = EDGES, high = 0;
    for (unsigned i = 0; i < d->span.points; i++) {
        fold(&d->points[i].sketch, counts);
        for (unsigned k = 0; k < EDGES; k++) {
            if (counts[k] > 0) {
                low = MIN(low, k);
                high = MAX(high, k + 1);
            }
        }
    }
    json_t *columns = json_array();
    for (unsigned i = 0; i < d->span.points; i++) {
        fold(&d->points[i].sketch, counts);
        json_t *column = d->points[i].sketch.count == 0 ? json_null() : json_array();
        for (unsigned k = low; k < high && json_is_array(column); k++) {
            json_array_append_new(column, json_integer((json_int_t)counts[k]));
        }
        json_array_append_new(columns, column);
    }
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
        sqlite3_stmt *s = db_statement(
            d->db, "SELECT s.route, s.fingerprint, s.database, coalesce(f.text, '') FROM series s"
                   " LEFT JOIN fingerprints f ON f.instance = s.instance AND"
                   " f.fingerprint = s.fingerprint AND f.database = s.database WHERE s.id = ?1");
        if (s != NULL) {
            sqlite3_bind_int64(s, 1, part->series);
        }
        if (s != NULL && sqlite3_step(s) == SQLITE_ROW) {
            if (of_route) {
                history_put_hex(row, "fingerprint", (uint64_t)sqlite3_column_int64(s, 1));
                json_object_set_new(row, "database", history_text(db_column_slice(s, 2)));
                json_object_set_new(row, "statement", history_text(db_column_slice(s, 3)));
            } else {
                json_object_set_new(row, "route", history_text(db_column_slice(s, 0)));
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
    if (r == 0) {
        d->points = check_alloc(d->span.points, sizeof(d->points[0]));
        read_own(d);
        read_parts(d);
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

static bool
is_guessed(struct db *db, const char *route)
{
    sqlite3_stmt *s =
        db_statement(db, "SELECT guessed FROM routes WHERE instance = ?1 AND text = ?2");
    bool guessed = false;
    if (s != NULL) {
        sqlite3_bind_int64(s, 1, db->instance);
        db_bind_slice(s, 2, slice_from_str(route));
        guessed = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) != 0;
        sqlite3_reset(s);
    }
    return guessed;
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
    if (r == 0) {
        json_t *o = span_document(d.db, &d.span);
        json_t *per_request = json_array();
        json_t *db_ms = json_array();
        json_object_set_new(o, "route", json_string(route));
        json_object_set_new(o, "guessed", json_boolean(is_guessed(d.db, route)));
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
    json_object_set_new(o, "statement", history_text(there ? db_column_slice(s, 0) : SLICE_NONE));
    json_object_set_new(o, "database", history_text(there ? db_column_slice(s, 1) : SLICE_NONE));
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
    if (r == 0) {
        json_t *o = span_document(d.db, &d.span);
        put_statement(d.db, fingerprint, o);
        put_points(&d, "calls", o);
        json_object_set_new(o, "routes", parts_json(&d, false));
        *ret_document = o;
    }
    finish(&d);
    return r;
}
