/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/json_text.h"
#include "proto/http/http_head.h"

#define BUCKETS_MAX 14
#define REST        "other"

const double metrics_request_bounds[14] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                           0.5,   0.75, 1,     2.5,  5,     7.5, 10};
const double metrics_operation_bounds[9] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10};

struct row {
    char name[300];  /* route, or summary */
    char scope[128]; /* method, or namespace */
    bool is_given;   /* a route that the application has named */
    uint64_t count;
    uint64_t failed;
    uint64_t time_ns;
    uint64_t buckets[BUCKETS_MAX];
};

struct table {
    struct row *rows;
    size_t count, cap;
    const double *bounds;
    size_t bound_count;
};

static struct row *
row_of(struct table *t, const char *name, const char *scope)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->rows[i].name, name) == 0 && strcmp(t->rows[i].scope, scope) == 0) {
            return &t->rows[i];
        }
    }
    if (t->count == t->cap) {
        return NULL;
    }
    struct row *row = &t->rows[t->count++];
    snprintf(row->name, sizeof(row->name), "%s", name);
    snprintf(row->scope, sizeof(row->scope), "%s", scope);
    return row;
}

static void
add(const struct table *t, struct row *row, const struct series *s)
{
    row->count += s->total.calls;
    row->failed += s->total.errors;
    row->time_ns += s->total.time_ns;
    for (size_t i = 0; i < t->bound_count; i++) {
        row->buckets[i] += sketch_count_below(&s->total_sketch, (uint64_t)(t->bounds[i] * 1e9));
    }
}

/* What found no row, or no series, of its own. */
static bool
is_rest(const struct row *row)
{
    return strcmp(row->name, REST) == 0 && row->scope[0] == '\0';
}

static int
most_time_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (is_rest(x) != is_rest(y)) { /* the last: what is folded becomes one with it */
        return is_rest(x) ? 1 : -1;
    }
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? 1 : -1;
    }
    int by_name = strcmp(x->name, y->name);
    return by_name != 0 ? by_name : strcmp(x->scope, y->scope);
}

/* What is beyond the first `keep` is one row. */
static void
fold_rest(struct table *t, size_t keep)
{
    qsort(t->rows, t->count, sizeof(t->rows[0]), most_time_first);
    if (t->count <= keep) {
        return;
    }
    struct row rest = {.name = REST};
    for (size_t i = keep - 1; i < t->count; i++) {
        const struct row *row = &t->rows[i];
        rest.count += row->count;
        rest.failed += row->failed;
        rest.time_ns += row->time_ns;
        for (size_t k = 0; k < t->bound_count; k++) {
            rest.buckets[k] += row->buckets[k];
        }
    }
    t->count = keep;
    t->rows[keep - 1] = rest;
}

static json_t *
table_json(const struct table *t, const char *name_key, const char *scope_key)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->count; i++) {
        const struct row *row = &t->rows[i];
        json_t *buckets = json_array();
        for (size_t k = 0; k < t->bound_count; k++) { /* folded ones have no time of their own */
            json_array_append_new(buckets,
                                  json_integer((json_int_t)MIN(row->buckets[k], row->count)));
        }
        json_t *o = json_object();
        json_object_set_new(o, name_key, json_text(slice_from_str(row->name)));
        json_object_set_new(o, scope_key, json_text(slice_from_str(row->scope)));
        json_object_set_new(o, "count", json_integer((json_int_t)row->count));
        json_object_set_new(o, "failed", json_integer((json_int_t)row->failed));
        json_object_set_new(o, "sum_s", json_real((double)row->time_ns / 1e9));
        json_object_set_new(o, "buckets", buckets);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *
requests_json(const struct series_table *series, struct watch *const *watches, unsigned count)
{
    struct table t = {.rows = check_alloc(count + 2, sizeof(struct row)),
                      .cap = count + 2,
                      .bounds = metrics_request_bounds,
                      .bound_count = ARRAY_LEN(metrics_request_bounds)};
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        const struct watch *w = NULL;
        for (unsigned i = 0; s->kind == SERIES_ROUTE && i < count && w == NULL; i++) {
            w = s->route == watches[i]->text ? watches[i] : NULL;
        }
        if (w == NULL || w->basis == ROUTE_BASIS_QUERIES || w->method == METHOD_OTHER) {
            continue; /* work of no request */
        }
        const char *path = strchr(w->text, ' '); /* the method is a label of its own */
        struct row *row =
            row_of(&t, path == NULL ? w->text : path + 1, http_method_name(w->method));
        if (row != NULL) {
            row->is_given = w->basis == ROUTE_BASIS_APPLICATION;
            add(&t, row, s);
        }
    }
    fold_rest(&t, METRICS_ROUTES_MAX);
    json_t *list = table_json(&t, "route", "method");
    for (size_t i = 0; i < t.count; i++) {
        enum route_basis basis = t.rows[i].is_given ? ROUTE_BASIS_APPLICATION : ROUTE_BASIS_PATH;
        json_object_set_new(json_array_get(list, i), "route_basis",
                            json_string(route_basis_name(basis)));
    }
    free(t.rows);
    return list;
}

static json_t *
operations_json(const struct series_table *series, const struct statement_table *statements,
                const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    struct table t = {.rows = check_alloc(SERIES_MAX, sizeof(struct row)),
                      .cap = 4 * METRICS_SUMMARIES_MAX,
                      .bounds = metrics_operation_bounds,
                      .bound_count = ARRAY_LEN(metrics_operation_bounds)};
    struct row *other = row_of(&t, REST, "");
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        char summary[STATEMENT_SUMMARY_LEN];
        if (s->kind != SERIES_STATEMENT) {
            continue;
        }
        statement_summary(statement_get(statements, s->fingerprint), summary);
        struct row *row = row_of(&t, summary, name_of(ctx, s->database));
        add(&t, row != NULL ? row : other, s);
    }
    add(&t, other, &series->other[SERIES_STATEMENT]);
    fold_rest(&t, METRICS_SUMMARIES_MAX);
    json_t *list = table_json(&t, "summary", "namespace");
    free(t.rows);
    return list;
}

json_t *
report_metrics(const struct series_table *series, const struct statement_table *statements,
               struct watch *const *watches, unsigned watch_count,
               const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    json_t *o = json_object();
    json_object_set_new(o, "requests", requests_json(series, watches, watch_count));
    json_object_set_new(o, "operations", operations_json(series, statements, name_of, ctx));
    return o;
}
