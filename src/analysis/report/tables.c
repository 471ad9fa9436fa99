/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/tables.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/report/put.h"
#include "base/clock.h"
#include "base/hash.h"
#include "model/json_text.h"
#include "proto/http/http_head.h"

static void
collect_routes(const struct series_table *series, struct map *routes)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        if (s->kind != SERIES_BOTH || s->route == NULL) {
            continue;
        }
        json_t *list = map_get(routes, s->fingerprint);
        if (list == NULL) {
            list = json_array();
            if (map_put(routes, s->fingerprint, list) != 0) {
                json_decref(list);
                continue;
            }
        }
        if (json_array_size(list) < 32) {
            json_array_append_new(list, json_text(slice_from_str(s->route)));
        }
    }
}

static void
put_sums(json_t *o, const struct series *s, const char *count_key)
{
    double ms = (double)s->total.time_ns / 1e6;
    put_int(o, count_key, (double)s->total.calls);
    put_int(o, "errors", (double)s->total.errors);
    put_ms(o, "total_ms", ms);
    put_ms(o, "mean_ms", s->total.calls == 0 ? 0 : ms / (double)s->total.calls);
    put_ms(o, "p50_ms", clock_ns_to_ms(sketch_quantile(&s->total_sketch, 0.5)));
    put_ms(o, "p95_ms", clock_ns_to_ms(sketch_quantile(&s->total_sketch, 0.95)));
    put_ms(o, "p99_ms", clock_ns_to_ms(sketch_quantile(&s->total_sketch, 0.99)));
    put_ms(o, "max_ms", clock_ns_to_ms(s->total.max_ns));
}

static json_t *
query_json(const struct series *s, const struct statement_table *statements, json_t *routes,
           const char *database)
{
    json_t *o = json_object();
    const struct statement *st = statement_get(statements, s->fingerprint);
    put_hex(o, "fingerprint", s->fingerprint);
    put_text(o, "statement", st != NULL ? st->text : s->fingerprint == 0 ? "(other)" : "");
    put_text(o, "short", st != NULL ? st->label : "");
    put_text(o, "database", database);
    put_sums(o, s, "calls");
    put_int(o, "rows", (double)s->total.rows);
    json_object_set_new(o, "routes", routes != NULL ? json_incref(routes) : json_array());
    return o;
}

json_t *
report_queries(const struct series_table *series, const struct statement_table *statements,
               const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    struct map routes;
    map_init(&routes, SERIES_MAX);
    collect_routes(series, &routes);
    json_t *list = json_array();
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        if (s->kind == SERIES_STATEMENT) {
            json_array_append_new(list, query_json(s, statements, map_get(&routes, s->fingerprint),
                                                   name_of(ctx, s->database)));
        }
    }
    if (series->other[SERIES_STATEMENT].total.calls > 0) {
        json_array_append_new(list,
                              query_json(&series->other[SERIES_STATEMENT], statements, NULL, ""));
    }
    at = 0;
    while ((slot = map_next(&routes, &at)) != NULL) {
        json_decref(slot->value);
    }
    map_fini(&routes);
    return list;
}

static void
put_share(json_t *o, const char *key, double share)
{
    json_object_set_new(o, key, json_real(round(share * 10000) / 10000));
}

/* How the queries of its requests were tied to them, as shares; null while nothing is known. */
static json_t *
basis_json(const struct series_ties *ties)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < LINK_BASIS_COUNT; i++) {
        all += ties->basis[i];
    }
    if (all == 0) {
        return json_null();
    }
    json_t *o = json_object();
    for (unsigned i = 0; i < LINK_BASIS_COUNT; i++) {
        if (ties->basis[i] > 0) {
            put_share(o, link_basis_name((enum link_basis)i), (double)ties->basis[i] / (double)all);
        }
    }
    return o;
}

static void
put_ties(json_t *o, const struct series *s)
{
    double n = (double)s->ties.requests;
    double db_ms = n > 0 ? s->ties.db_ns / 1e6 / n : NAN;
    double mean_ms =
        s->total.calls > 0 ? clock_ns_to_ms(s->total.time_ns) / (double)s->total.calls : NAN;
    put_ms(o, "queries_per_request", n > 0 ? s->ties.queries / n : NAN);
    put_ms(o, "db_ms", db_ms);
    put_ms(o, "app_ms", isnan(db_ms) ? NAN : fmax(mean_ms - db_ms, 0));
    json_object_set_new(o, "basis", basis_json(&s->ties));
}

static json_t *
request_json(const struct series *s, const struct watch *w)
{
    json_t *o = json_object();
    put_text(o, "route", s->route);
    bool has_method = w != NULL && w->method != METHOD_OTHER;
    json_object_set_new(o, "method",
                        has_method ? json_string(http_method_name(w->method)) : json_null());
    put_text(o, "route_basis", route_basis_name(w == NULL ? ROUTE_BASIS_PATH : w->basis));
    put_sums(o, s, "requests");
    put_ties(o, s);
    json_object_set_new(o, "queries", json_array());
    return o;
}

static json_t *
route_query_json(const struct series *s, const struct statement_table *statements)
{
    const struct statement *st = statement_get(statements, s->fingerprint);
    json_t *q = json_object();
    put_hex(q, "fingerprint", s->fingerprint);
    put_text(q, "short", st != NULL ? st->label : "");
    put_int(q, "calls", (double)s->total.calls);
    put_ms(q, "total_ms", (double)s->total.time_ns / 1e6);
    return q;
}

static uint64_t
route_key(const char *route)
{
    return hash_bytes(slice_from_str(route));
}

json_t *
report_requests(const struct series_table *series, const struct statement_table *statements,
                struct watch *const *watches, unsigned watch_count)
{
    json_t *list = json_array();
    struct map watch_of, row_of;
    map_init(&watch_of, SERIES_MAX);
    map_init(&row_of, SERIES_MAX);
    for (unsigned i = 0; i < watch_count; i++) {
        if (map_put(&watch_of, route_key(watches[i]->text), watches[i]) != 0) {
            break; /* there are fewer watches than series */
        }
    }
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        /* One that was only thought of, before the application named it, has none. */
        if (s->kind == SERIES_ROUTE && s->total.calls > 0) {
            json_t *o = request_json(s, map_get(&watch_of, route_key(s->route)));
            json_array_append_new(list, o);
            if (map_put(&row_of, route_key(s->route), o) != 0) {
                break;
            }
        }
    }
    at = 0;
    while ((slot = map_next(&series->by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        json_t *o = s->kind == SERIES_BOTH ? map_get(&row_of, route_key(s->route)) : NULL;
        if (o != NULL) {
            json_array_append_new(json_object_get(o, "queries"), route_query_json(s, statements));
        }
    }
    map_fini(&watch_of);
    map_fini(&row_of);
    return list;
}
