/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/metrics.h"

#include "model/json_text.h"
#include "proto/http/http_head.h"

const double metrics_request_bounds[14] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                           0.5,   0.75, 1,     2.5,  5,     7.5, 10};
const double metrics_operation_bounds[9] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10};

void
metrics_init(struct metrics *m)
{
    metrics_table_init(&m->requests, METRICS_ROUTES_MAX);
    metrics_table_init(&m->operations, METRICS_SUMMARIES_MAX);
    m->operations.has_rest = true;
}

void
metrics_fini(struct metrics *m)
{
    metrics_table_fini(&m->requests);
    metrics_table_fini(&m->operations);
}

struct keys {
    const char *name, *scope;
    const double *bounds;
    unsigned bound_count;
};

static json_t *
row_json(const struct keys *keys, const char *name, const char *scope,
         const struct series_counts *told)
{
    json_t *buckets = json_array();
    for (unsigned k = 0; k < keys->bound_count; k++) { /* folded ones have no time of their own */
        json_array_append_new(buckets, json_integer((json_int_t)MIN(told->below[k], told->calls)));
    }
    json_t *o = json_object();
    json_object_set_new(o, keys->name, json_text(slice_from_str(name)));
    json_object_set_new(o, keys->scope, json_text(slice_from_str(scope)));
    json_object_set_new(o, "count", json_integer((json_int_t)told->calls));
    json_object_set_new(o, "failed", json_integer((json_int_t)told->errors));
    json_object_set_new(o, "sum_s", json_real((double)told->time_ns / 1e9));
    json_object_set_new(o, "buckets", buckets);
    return o;
}

static json_t *
table_json(const struct metrics_table *t, const struct keys *keys)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->shown; i++) {
        const struct metrics_row *row = &t->row[i];
        json_array_append_new(list, row_json(keys, row->name, row->scope, &row->told));
    }
    if (t->has_rest) {
        json_array_append_new(list, row_json(keys, METRICS_REST, "", &t->rest));
    }
    return list;
}

static const struct watch *
watch_of(const struct series *s, struct watch *const *watches, unsigned count)
{
    for (unsigned i = 0; s->kind == SERIES_ROUTE && i < count; i++) {
        if (s->route == watches[i]->text) {
            return watches[i];
        }
    }
    return NULL;
}

static json_t *
requests_json(struct metrics_table *t, struct series_table *series, struct watch *const *watches,
              unsigned count)
{
    const struct keys keys = {"route", "method", metrics_request_bounds,
                              ARRAY_LEN(metrics_request_bounds)};
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct watch *w = watch_of(slot->value, watches, count);
        if (w == NULL || w->basis == ROUTE_BASIS_QUERIES || w->method == METHOD_OTHER) {
            continue; /* work of no request */
        }
        const char *path = strchr(w->text, ' '); /* the method is a label of its own */
        struct metrics_row *row =
            metrics_table_row(t, path == NULL ? w->text : path + 1, http_method_name(w->method));
        if (row != NULL) {
            row->is_given = w->basis == ROUTE_BASIS_APPLICATION;
        }
        series_tell(slot->value, keys.bounds, keys.bound_count,
                    row != NULL ? &row->fresh : &t->fresh_rest);
    }
    metrics_table_tell(t);
    json_t *list = table_json(t, &keys);
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool is_given = i < t->shown && t->row[i].is_given;
        enum route_basis basis = is_given ? ROUTE_BASIS_APPLICATION : ROUTE_BASIS_PATH;
        json_object_set_new(json_array_get(list, i), "route_basis",
                            json_string(route_basis_name(basis)));
    }
    return list;
}

static json_t *
operations_json(struct metrics_table *t, struct series_table *series,
                const struct statement_table *statements,
                const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    const struct keys keys = {"summary", "namespace", metrics_operation_bounds,
                              ARRAY_LEN(metrics_operation_bounds)};
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        struct series *s = slot->value;
        char summary[STATEMENT_SUMMARY_LEN];
        if (s->kind != SERIES_STATEMENT) {
            continue;
        }
        statement_summary(statement_get(statements, s->fingerprint), summary);
        struct metrics_row *row = metrics_table_row(t, summary, name_of(ctx, s->database));
        series_tell(s, keys.bounds, keys.bound_count, row != NULL ? &row->fresh : &t->fresh_rest);
    }
    series_tell(&series->other[SERIES_STATEMENT], keys.bounds, keys.bound_count, &t->fresh_rest);
    metrics_table_tell(t);
    return table_json(t, &keys);
}

json_t *
report_metrics(struct metrics *m, struct series_table *series,
               const struct statement_table *statements, struct watch *const *watches,
               unsigned watch_count, const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    json_t *o = json_object();
    json_object_set_new(o, "requests", requests_json(&m->requests, series, watches, watch_count));
    json_object_set_new(o, "operations",
                        operations_json(&m->operations, series, statements, name_of, ctx));
    return o;
}
