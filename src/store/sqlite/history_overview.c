/* SPDX-License-Identifier: Apache-2.0
 * Everything over time: sums of all requests and queries, and who caused them. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "store/sqlite/history.h"
#include "store/sqlite/totals.h"

#define SERIES_MAX  4096u /* different ones that were among the largest at some time */
#define SPARK_MAX   60u   /* points of a small chart */
#define MINUTES_MAX (48u * 3600)

struct point {
    uint64_t requests, request_errors, queries, query_ns;
    bool any;
    struct sketch sketch;
};

/* One of the largest, summed over the range. */
struct entry {
    struct totals_top sums;
    uint64_t busy_ns[SPARK_MAX];
};

struct listing {
    struct map by_series;
    struct entry *entries; /* SERIES_MAX */
    unsigned count;
};

struct overview {
    struct db *db;
    struct span span;
    struct point *points;
    struct listing routes, statements;
    uint64_t query_ns;
};

/* Points of the range to one of a small chart. */
static unsigned
spark_group(const struct span *span)
{
    return (span->points + SPARK_MAX - 1) / SPARK_MAX;
}

static void
add_top(struct overview *o, struct listing *list, const struct totals_top *t, unsigned point)
{
    struct entry *e = map_get(&list->by_series, (uint64_t)t->series);
    if (e == NULL) {
        if (list->count == SERIES_MAX) {
            return;
        }
        e = &list->entries[list->count++];
        e->sums.series = t->series;
        if (map_put(&list->by_series, (uint64_t)t->series, e) != 0) {
            return;
        }
    }
    e->sums.calls += t->calls;
    e->sums.errors += t->errors;
    e->sums.rows += t->rows;
    e->sums.time_ns += t->time_ns;
    e->sums.db_ns += t->db_ns;
    e->busy_ns[point / spark_group(&o->span)] += t->db_ns;
}

static void
on_totals(void *ctx, struct totals *t)
{
    struct overview *o = ctx;
    unsigned at = span_point(&o->span, t->start_s);
    if (at == o->span.points) {
        return;
    }
    struct point *p = &o->points[at];
    p->any = true;
    p->requests += t->requests;
    p->request_errors += t->request_errors;
    p->queries += t->queries;
    p->query_ns += t->query_ns;
    o->query_ns += t->query_ns;
    totals_add_sketch(t, &p->sketch);
    for (unsigned i = 0; i < t->routes.count; i++) {
        add_top(o, &o->routes, &t->routes.top[i], at);
    }
    for (unsigned i = 0; i < t->statements.count; i++) {
        add_top(o, &o->statements, &t->statements.top[i], at);
    }
}

/* The last few minutes. One that has hardly begun would look like a hole. */
static void
on_tail(void *ctx, struct totals *t)
{
    struct overview *o = ctx;
    if (t->requests + t->queries > 0 && o->span.now_s >= t->start_s + 20) {
        on_totals(o, t);
    }
}

static int
collect(struct overview *o)
{
    const struct span *span = &o->span;
    uint64_t hours_end_s = span_hours_end(span);
    int r = totals_read(o->db, 3600, span->from_s, hours_end_s, on_totals, o);
    if (r == SQLITE_DONE) {
        r = totals_read(o->db, 60, hours_end_s, span->to_s, on_totals, o);
    }
    return r == SQLITE_DONE
               ? totals_read_tail(o->db, hours_end_s, span->to_s, span->now_s, on_tail, o)
               : r;
}

/* ---- as JSON ---- */

static int
by_db_time(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return (x->sums.db_ns < y->sums.db_ns) - (x->sums.db_ns > y->sums.db_ns);
}

/* Over the time that anything is known of. */
static json_t *
spark_json(const struct overview *o, const struct entry *e)
{
    json_t *list = json_array();
    unsigned group = spark_group(&o->span);
    for (unsigned first = 0; first < o->span.points; first += group) {
        double seconds = 0;
        for (unsigned i = first; i < MIN(first + group, o->span.points); i++) {
            seconds += o->points[i].any ? span_seconds(&o->span, i) : 0;
        }
        double busy_s = (double)e->busy_ns[first / group] / 1e9;
        json_array_append_new(list, seconds > 0 ? json_real(busy_s / seconds) : json_null());
    }
    return list;
}

/* Its names; false: it is not there any more. */
static bool
name_route(struct overview *o, const struct totals_top *t, json_t *row)
{
    sqlite3_stmt *s = db_statement(
        o->db, "SELECT s.route, coalesce(r.basis, 'path') FROM series s LEFT JOIN routes r"
               " ON r.instance = s.instance AND r.text = s.route WHERE s.id = ?1");
    if (s == NULL) {
        return false;
    }
    sqlite3_bind_int64(s, 1, t->series);
    bool there = sqlite3_step(s) == SQLITE_ROW;
    if (there) {
        json_object_set_new(row, "route", json_text(db_column_slice(s, 0)));
        json_object_set_new(row, "route_basis", json_text(db_column_slice(s, 1)));
        json_object_set_new(row, "requests", json_integer((json_int_t)t->calls));
    }
    sqlite3_reset(s);
    return there;
}

static bool
name_statement(struct overview *o, const struct totals_top *t, json_t *row)
{
    sqlite3_stmt *s = db_statement(o->db, "SELECT s.fingerprint, s.database, " DB_TEXT_OF_SERIES
                                          " FROM series s WHERE s.id = ?1");
    if (s == NULL) {
        return false;
    }
    sqlite3_bind_int64(s, 1, t->series);
    bool there = sqlite3_step(s) == SQLITE_ROW;
    if (there) {
        history_put_hex(row, "fingerprint", (uint64_t)sqlite3_column_int64(s, 0));
        json_object_set_new(row, "database", json_text(db_column_slice(s, 1)));
        json_object_set_new(row, "statement", json_text(db_column_slice(s, 2)));
        json_object_set_new(row, "calls", json_integer((json_int_t)t->calls));
        json_object_set_new(row, "rows", json_integer((json_int_t)t->rows));
    }
    sqlite3_reset(s);
    return there;
}

static json_t *
listing_json(struct overview *o, struct listing *list,
             bool (*name)(struct overview *, const struct totals_top *, json_t *))
{
    json_t *rows = json_array();
    qsort(list->entries, list->count, sizeof(list->entries[0]), by_db_time);
    for (unsigned i = 0; i < MIN(list->count, HISTORY_TOP); i++) {
        const struct entry *e = &list->entries[i];
        json_t *row = json_object();
        if (!name(o, &e->sums, row)) {
            json_decref(row);
            continue;
        }
        double calls = (double)e->sums.calls;
        double share = o->query_ns == 0 ? 0 : (double)e->sums.db_ns / (double)o->query_ns;
        json_object_set_new(row, "errors", json_integer((json_int_t)e->sums.errors));
        json_object_set_new(row, "mean_ms",
                            calls == 0 ? json_null()
                                       : json_real(clock_ns_to_ms(e->sums.time_ns) / calls));
        json_object_set_new(row, "db_ms", history_ms(e->sums.db_ns));
        json_object_set_new(row, "share", json_real(MIN(share, 1.0)));
        json_object_set_new(row, "load", spark_json(o, e));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *
points_json(const struct overview *o, json_t *document)
{
    static const char *const names[] = {"requests", "errors", "queries", "load",
                                        "p50_ms",   "p95_ms", "p99_ms"};
    json_t *lists[ARRAY_LEN(names)];
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        lists[k] = json_array();
        json_object_set_new(document, names[k], lists[k]);
    }
    for (unsigned i = 0; i < o->span.points; i++) {
        const struct point *p = &o->points[i];
        double seconds = span_seconds(&o->span, i);
        json_t *values[] = {
            json_real((double)p->requests * 60 / seconds),
            json_real((double)p->request_errors * 60 / seconds),
            json_real((double)p->queries * 60 / seconds),
            json_real((double)p->query_ns / 1e9 / seconds),
            history_quantile(&p->sketch, 0.5),
            history_quantile(&p->sketch, 0.95),
            history_quantile(&p->sketch, 0.99),
        };
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            json_array_append_new(lists[k], p->any ? values[k] : json_null());
            if (!p->any) {
                json_decref(values[k]);
            }
        }
    }
    return document;
}

static void
listing_init(struct listing *list)
{
    map_init(&list->by_series, SERIES_MAX);
    list->entries = check_alloc(SERIES_MAX, sizeof(list->entries[0]));
}

static void
listing_fini(struct listing *list)
{
    map_fini(&list->by_series);
    free(list->entries);
}

int
history_overview(struct history *h, const struct history_range *range, json_t **ret_document)
{
    struct overview o = {.db = &h->db};
    if (db_run(&h->db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = span_of(&h->db, range, MINUTES_MAX, &o.span);
    if (r == 0) {
        o.points = check_alloc(o.span.points, sizeof(o.points[0]));
        listing_init(&o.routes);
        listing_init(&o.statements);
        r = collect(&o) == SQLITE_DONE ? 0 : -EIO;
        if (r == 0) {
            json_t *document = points_json(&o, span_document(&h->db, &o.span));
            json_object_set_new(document, "routes", listing_json(&o, &o.routes, name_route));
            json_object_set_new(document, "statements",
                                listing_json(&o, &o.statements, name_statement));
            *ret_document = document;
        }
        for (unsigned i = 0; i < o.span.points; i++) {
            sketch_fini(&o.points[i].sketch);
        }
        listing_fini(&o.routes);
        listing_fini(&o.statements);
        free(o.points);
    }
    (void)db_run(&h->db, "COMMIT");
    return r;
}
