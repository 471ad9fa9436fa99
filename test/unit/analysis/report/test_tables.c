/* SPDX-License-Identifier: Apache-2.0
 * The lists of statements and routes: known requests in, known figures out; and the same figures
 * from what was stored of them. */
#include "analysis/report/tables.h"

#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "base/clock.h"
#include "unit/unit.h"

#define T0          (1000 * NS_PER_S)
#define WALL0       (1700000040ull * NS_PER_S) /* a full minute */
#define ROUTE       3u
#define STATEMENT   0x77u
#define RECORDS_MAX 64u

/* What a judge gave to the store, by value. */
struct kept {
    struct stored record[RECORDS_MAX];
    char *bytes[RECORDS_MAX][4];
    unsigned count;
};

static struct slice
copy(struct kept *k, unsigned part, struct slice s)
{
    char *bytes = check_alloc(1, s.len + 1);
    if (s.len > 0) {
        memcpy(bytes, s.ptr, s.len);
    }
    k->bytes[k->count][part] = bytes;
    return slice_of(bytes, s.len);
}

static void
keep(void *ctx, const struct stored *record)
{
    struct kept *k = ctx;
    struct stored *to = &k->record[k->count];
    *to = *record;
    switch (record->kind) {
    case STORED_WINDOW:
        to->window.database = copy(k, 0, record->window.database);
        to->window.route = copy(k, 1, record->window.route);
        to->window.sketch = copy(k, 2, record->window.sketch);
        break;
    case STORED_FINGERPRINT:
        to->fingerprint.database = copy(k, 0, record->fingerprint.database);
        to->fingerprint.text = copy(k, 1, record->fingerprint.text);
        break;
    default:
        return;
    }
    assert_true(++k->count < RECORDS_MAX);
}

static void
kept_fini(struct kept *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        for (unsigned part = 0; part < 4; part++) {
            free(k->bytes[i][part]);
        }
    }
}

static struct judge *
new_judge(struct kept *k)
{
    struct judge_out out = {.ctx = k, .store = keep};
    struct judge_config config = {.cores = 2};
    struct judge *j = NULL;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &j), 0);
    return j;
}

static void
announce(struct judge *j)
{
    struct intake_item item = {.kind = INTAKE_NAME, .name = {5, NAME_DATABASE, SLICE_LIT("shop")}};
    judge_item(j, T0, &item);
    item = (struct intake_item){.kind = INTAKE_STATEMENT};
    item.statement.fingerprint = STATEMENT;
    item.statement.database = 5;
    item.statement.kind = STATEMENT_SELECT;
    item.statement.text = SLICE_LIT("select * from items where order_id = ?");
    judge_item(j, T0, &item);
    item = (struct intake_item){.kind = INTAKE_ROUTE};
    item.route.index = ROUTE;
    item.route.method = METHOD_GET;
    item.route.text = SLICE_LIT("/api/orders");
    judge_item(j, T0, &item);
    item.route.index = ROUTE + 1;
    item.route.method = METHOD_OTHER;
    item.route.basis = ROUTE_BASIS_QUERIES;
    item.route.text = SLICE_LIT("select orders");
    judge_item(j, T0, &item);
}

/* A request of 10 ms with so many queries, 2 ms and 3 rows each. */
static void
request(struct judge *j, uint32_t route, unsigned n, unsigned queries, enum link_basis basis,
        uint16_t status)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(queries, 0, &q, &values);
    t->request = n + 1;
    t->route = route;
    t->start_ns = T0 + n * 20 * NS_PER_MS;
    t->end_ns = t->start_ns + 10 * NS_PER_MS;
    t->status = status;
    t->method = METHOD_GET;
    t->basis = (uint8_t)basis;
    t->probability = 1;
    for (unsigned i = 0; i < queries; i++) {
        q[i] = (struct trace_query){.fingerprint = STATEMENT, .database = 5, .rows = 3};
        q[i].kind = STATEMENT_SELECT;
        q[i].start_ns = t->start_ns + i * 3 * NS_PER_MS;
        q[i].end_ns = q[i].start_ns + 2 * NS_PER_MS;
    }
    struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(j, t->end_ns, &item);
    trace_free(&t);
}

static json_t *
document(struct judge *j, enum judge_document which)
{
    AUTO_BUF struct buf b;
    buf_init(&b, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(j, T0 + NS_PER_S, which, &b), 0);
    struct slice text = buf_slice(&b);
    json_t *doc = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    assert_non_null(doc);
    return doc;
}

static const json_t *
row_of(const json_t *list, const char *key, const char *value)
{
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, key)), value) == 0) {
            return row;
        }
    }
    fail_msg("no %s", value);
    return NULL;
}

static void
is_number(const json_t *row, const char *key, double value)
{
    const json_t *n = json_object_get(row, key);
    if (!json_is_number(n) || json_number_value(n) != value) {
        fail_msg("%s: %f, wanted %f", key, json_number_value(n), value);
    }
}

/* Three tied by values, one by containment, one without a query. */
static void
play(struct judge *j)
{
    announce(j);
    request(j, ROUTE, 0, 2, LINK_VALUES, 200);
    request(j, ROUTE, 1, 2, LINK_VALUES, 200);
    request(j, ROUTE, 2, 2, LINK_VALUES, 200);
    request(j, ROUTE, 3, 2, LINK_CONTAINED, 500);
    request(j, ROUTE, 4, 0, LINK_NONE, 200);
    request(j, ROUTE + 1, 5, 1, LINK_NONE, 0);
}

static void
check_figures(struct judge *j)
{
    json_t *list = document(j, JUDGE_REQUESTS);
    const json_t *row = row_of(list, "route", "GET /api/orders");
    is_number(row, "requests", 5);
    is_number(row, "errors", 1);
    is_number(row, "total_ms", 50);
    is_number(row, "mean_ms", 10);
    is_number(row, "queries_per_request", 1.6);
    is_number(row, "db_ms", 3.2);
    is_number(row, "app_ms", 6.8);
    const json_t *q = json_array_get(json_object_get(row, "queries"), 0);
    assert_string_equal(json_string_value(json_object_get(q, "fingerprint")), "0000000000000077");
    is_number(q, "calls", 8);
    is_number(q, "total_ms", 16);
    is_number(row_of(list, "route", "select orders"), "queries_per_request", 1);
    json_decref(list);
    list = document(j, JUDGE_QUERIES);
    row = row_of(list, "statement", "select * from items where order_id = ?");
    assert_string_equal(json_string_value(json_object_get(row, "database")), "shop");
    is_number(row, "calls", 9);
    is_number(row, "rows", 27);
    is_number(row, "mean_ms", 2);
    assert_int_equal(json_array_size(json_object_get(row, "routes")), 2);
    json_decref(list);
}

static void
known_requests_give_known_figures(void **state)
{
    struct kept k = {0};
    struct judge *j = new_judge(&k);
    play(j);
    check_figures(j);
    json_t *list = document(j, JUDGE_REQUESTS);
    const json_t *row = row_of(list, "route", "GET /api/orders");
    assert_string_equal(json_string_value(json_object_get(row, "method")), "GET");
    assert_string_equal(json_string_value(json_object_get(row, "route_basis")), "path");
    const json_t *basis = json_object_get(row, "basis");
    assert_int_equal(json_object_size(basis), 2);
    is_number(basis, "values", 0.75);
    is_number(basis, "contained", 0.25);
    row = row_of(list, "route", "select orders");
    assert_true(json_is_null(json_object_get(row, "method")));
    assert_string_equal(json_string_value(json_object_get(row, "route_basis")), "queries");
    is_number(json_object_get(row, "basis"), "own_burst", 1);
    json_decref(list);
    judge_free(&j);
    kept_fini(&k);
}

/* A query that may have been a request's to a route that the application then named otherwise. */
static void
a_route_without_a_request_is_not_listed(void **state)
{
    struct kept k = {0};
    struct judge *j = new_judge(&k);
    struct trace_query *q;
    uint64_t *values;
    (void)state;
    announce(j);
    struct trace *t = trace_new(1, 0, &q, &values);
    t->route = TRACE_ROUTE_UNLINKED;
    t->shares.count = 1;
    t->shares.of[0] = (struct trace_share){.route = ROUTE, .share = 0.5f};
    q[0] = (struct trace_query){.fingerprint = STATEMENT, .database = 5, .kind = STATEMENT_SELECT};
    struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = T0, .trace = t};
    judge_item(j, T0, &item);
    trace_free(&t);
    json_t *list = document(j, JUDGE_REQUESTS);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    request(j, ROUTE, 0, 1, LINK_VALUES, 200);
    list = document(j, JUDGE_REQUESTS);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    judge_free(&j);
    kept_fini(&k);
}

static void
figures_survive_a_restart_and_the_basis_is_unknown(void **state)
{
    struct kept k = {0}, none = {0};
    struct judge *j = new_judge(&k);
    play(j);
    judge_flush(j, T0 + NS_PER_S);
    judge_free(&j);
    j = new_judge(&none);
    for (unsigned i = 0; i < k.count; i++) {
        assert_int_equal(judge_restore(j, &k.record[i]), 0);
    }
    check_figures(j);
    json_t *list = document(j, JUDGE_REQUESTS);
    const json_t *row = row_of(list, "route", "GET /api/orders");
    assert_true(json_is_null(json_object_get(row, "basis")));
    json_decref(list);
    announce(j); /* the routes come again, with what the store does not know of them */
    list = document(j, JUDGE_REQUESTS);
    row = row_of(list, "route", "select orders");
    assert_string_equal(json_string_value(json_object_get(row, "route_basis")), "queries");
    row = row_of(list, "route", "GET /api/orders");
    assert_string_equal(json_string_value(json_object_get(row, "method")), "GET");
    json_decref(list);
    judge_free(&j);
    kept_fini(&k);
    kept_fini(&none);
}

/* Requests that came only as sums say nothing about queries: unknown is null, not 0. */
static void
what_is_unknown_is_null(void **state)
{
    struct kept k = {0};
    struct judge *j = new_judge(&k);
    announce(j);
    struct intake_item item = {.kind = INTAKE_FOLDED_ROUTE, .time_ns = T0};
    item.folded_route.route = ROUTE;
    item.folded_route.requests = 4;
    item.folded_route.time_ns = 80 * NS_PER_MS;
    judge_item(j, T0, &item);
    json_t *list = document(j, JUDGE_REQUESTS);
    const json_t *row = row_of(list, "route", "GET /api/orders");
    is_number(row, "requests", 4);
    is_number(row, "mean_ms", 20);
    static const char *const unknown[] = {"queries_per_request", "db_ms", "app_ms", "basis"};
    for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_true(json_is_null(json_object_get(row, unknown[i])));
    }
    json_decref(list);
    judge_free(&j);
    kept_fini(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_requests_give_known_figures),
        cmocka_unit_test(a_route_without_a_request_is_not_listed),
        cmocka_unit_test(figures_survive_a_restart_and_the_basis_is_unknown),
        cmocka_unit_test(what_is_unknown_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
