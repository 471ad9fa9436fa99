/* SPDX-License-Identifier: Apache-2.0
 * What the store knows about a stretch of time: the sums of each window, and what is asked of them.
 */
#include <errno.h>
#include <math.h>
#include <time.h>

#include "store/history.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/totals.h"
#include "unit/store/store_kit.h"

#define FINGERPRINT 0xaaaaaaaaaaaaaaaaull

struct fixture {
    char dir[64];
    char path[128];
    struct db db;
    uint64_t now_s; /* a whole hour */
};

static void
start(struct fixture *f)
{
    struct diag diag = {0};
    kit_folder(f->dir);
    snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, STORE_FILE);
    f->now_s = 1800000000 / 3600 * 3600;
    assert_int_equal(db_open(&f->db, f->path, "local", STORE_SIZE_DEFAULT, &diag), 0);
}

static void
stop(struct fixture *f)
{
    db_close(&f->db);
    kit_remove(f->dir);
}

static struct slice
sketch_of(uint64_t ns, unsigned count, uint8_t *saved)
{
    struct sketch s = {0};
    for (unsigned i = 0; i < count; i++) {
        sketch_add(&s, ns);
    }
    size_t n = sketch_save(&s, saved, SKETCH_SAVED_MAX);
    sketch_fini(&s);
    return slice_of(saved, n);
}

static void
put_window(struct fixture *f, uint64_t start_s, const char *route, uint64_t fingerprint,
           uint64_t calls, uint64_t each_ns)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    bool is_part = route[0] != '\0' && fingerprint != 0;
    struct stored r = kit_window(start_s, fingerprint, calls,
                                 is_part ? SLICE_NONE : sketch_of(each_ns, (unsigned)calls, saved));
    r.window.route = slice_from_str(route);
    r.window.database = fingerprint == 0 ? SLICE_NONE : SLICE_LIT("shop");
    r.window.time_ns = calls * each_ns;
    r.window.errors = route[0] != '\0' && fingerprint == 0 ? 1 : 0;
    assert_int_equal(db_write(&f->db, &r), SQLITE_DONE);
}

/* A minute of one route: 60 requests of 10 ms with two queries of 2 ms each. */
static void
put_minute(struct fixture *f, uint64_t start_s)
{
    put_window(f, start_s, "GET /a", 0, 60, 10 * NS_PER_MS);
    put_window(f, start_s, "GET /a", FINGERPRINT, 120, 2 * NS_PER_MS);
    put_window(f, start_s, "", FINGERPRINT, 120, 2 * NS_PER_MS);
}

static void
make_totals(struct fixture *f)
{
    bool more = true;
    while (more) {
        assert_int_equal(totals_step(&f->db, f->now_s, &more), SQLITE_DONE);
    }
}

static struct history *
open_history(struct fixture *f)
{
    struct diag diag = {0};
    struct history *h = NULL;
    assert_int_equal(history_open(f->dir, &diag, &h), 0);
    return h;
}

static double
figure(json_t *document, const char *list, size_t at)
{
    json_t *value = json_array_get(json_object_get(document, list), at);
    return json_is_null(value) ? NAN : json_number_value(value);
}

static void
assert_near(double value, double wanted, double by)
{
    if (!(fabs(value - wanted) <= by)) {
        fail_msg("%g instead of %g", value, wanted);
    }
}

static void
keep_row(void *ctx, struct totals *row)
{
    struct totals *to = ctx;
    *to = *row;
    to->sketch = (struct sketch){0};
    sketch_merge(&to->sketch, &row->sketch);
}

static void
a_window_is_summed_once_it_is_complete(void **state)
{
    struct fixture f;
    struct totals row = {0};
    start(&f);
    put_minute(&f, f.now_s - 60 - RETAIN_LATE_S - 60);
    put_minute(&f, f.now_s - 60); /* may still change */
    make_totals(&f);
    assert_int_equal(totals_newest(&f.db, 60), f.now_s - 120 - RETAIN_LATE_S);
    assert_int_equal(totals_read(&f.db, 60, 0, f.now_s, keep_row, &row), SQLITE_DONE);
    assert_int_equal(row.requests, 60);
    assert_int_equal(row.request_errors, 1);
    assert_int_equal(row.queries, 120);
    assert_int_equal(row.query_ns, 240 * NS_PER_MS);
    assert_int_equal(row.sketch.count, 60);
    assert_int_equal(row.routes.count, 1);
    assert_int_equal(row.routes.top[0].calls, 60);
    assert_int_equal(row.routes.top[0].time_ns, 600 * NS_PER_MS);
    assert_int_equal(row.routes.top[0].db_ns, 240 * NS_PER_MS);
    assert_int_equal(row.statements.count, 1);
    assert_int_equal(row.statements.top[0].calls, 120);
    totals_fini(&row);
    stop(&f);
}

static void
the_largest_have_names_and_the_rest_are_in_the_sums(void **state)
{
    struct fixture f;
    struct totals row = {0};
    uint64_t start_s;
    start(&f);
    start_s = f.now_s - 600;
    for (unsigned i = 1; i <= 3 * TOTALS_TOP_MAX; i++) {
        put_window(&f, start_s, "", i, 1, i * NS_PER_MS);
    }
    make_totals(&f);
    assert_int_equal(totals_read(&f.db, 60, 0, f.now_s, keep_row, &row), SQLITE_DONE);
    assert_int_equal(row.queries, 3 * TOTALS_TOP_MAX);
    assert_int_equal(row.statements.count, TOTALS_TOP_MAX);
    for (unsigned i = 0; i < TOTALS_TOP_MAX; i++) {
        assert_true(row.statements.top[i].db_ns > 2ull * TOTALS_TOP_MAX * NS_PER_MS);
    }
    totals_fini(&row);
    stop(&f);
}

static void
an_older_store_is_taken_over(void **state)
{
    struct fixture f;
    struct diag diag = {0};
    start(&f);
    put_minute(&f, f.now_s - 600);
    assert_int_equal(
        sqlite3_exec(f.db.sql, "DROP TABLE totals; PRAGMA user_version=1", NULL, NULL, NULL),
        SQLITE_OK);
    db_close(&f.db);
    assert_int_equal(db_open(&f.db, f.path, "local", STORE_SIZE_DEFAULT, &diag), 0);
    make_totals(&f);
    assert_int_equal(totals_newest(&f.db, 60), f.now_s - 600);
    stop(&f);
}

static void
an_hour_is_drawn_minute_by_minute(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    for (uint64_t at = f.now_s - 3600; at < f.now_s; at += 60) {
        if (at != f.now_s - 1800) { /* nothing is known of this minute */
            put_minute(&f, at);
        }
    }
    struct stored deploy = {
        .kind = STORED_DEPLOY,
        .deploy = {SLICE_LIT("v2"), (f.now_s - 900) * NS_PER_S, SLICE_LIT("marked")}};
    assert_int_equal(db_write(&f.db, &deploy), SQLITE_DONE);
    make_totals(&f);
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.now_s = f.now_s};
    assert_int_equal(history_overview(h, &range, &d), 0);
    assert_int_equal(json_array_size(json_object_get(d, "times")), 60);
    assert_near(figure(d, "requests", 0), 60, 1e-9);
    assert_near(figure(d, "queries", 59), 120, 1e-9); /* the tail has no row yet */
    assert_near(figure(d, "load", 1), 0.004, 1e-9);
    assert_near(figure(d, "p95_ms", 1), 10, 0.2);
    assert_true(isnan(figure(d, "requests", 30)));
    json_t *route = json_array_get(json_object_get(d, "routes"), 0);
    assert_string_equal(json_string_value(json_object_get(route, "route")), "GET /a");
    assert_int_equal(json_integer_value(json_object_get(route, "requests")), 59 * 60);
    assert_near(json_number_value(json_object_get(route, "share")), 1, 1e-9);
    json_t *mark = json_array_get(json_object_get(d, "deploys"), 0);
    assert_int_equal(json_integer_value(json_object_get(mark, "at")), f.now_s - 900);
    json_decref(d);
    stop(&f);
}

static void
a_month_is_drawn_from_hours(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    bool more = true;
    start(&f);
    for (uint64_t at = f.now_s - 4 * 3600; at < f.now_s; at += 60) {
        put_minute(&f, at);
    }
    while (more) {
        assert_int_equal(retain_roll_up(&f.db, f.now_s, &more), SQLITE_DONE);
    }
    make_totals(&f);
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.from_s = f.now_s - 30 * 86400, .now_s = f.now_s};
    assert_int_equal(history_overview(h, &range, &d), 0);
    size_t points = json_array_size(json_object_get(d, "times"));
    assert_true(points <= HISTORY_POINTS);
    double step_s = json_number_value(json_object_get(d, "step_s"));
    double requests = 0;
    for (size_t i = 0; i < points; i++) {
        double a_minute = figure(d, "requests", i);
        requests += isnan(a_minute) ? 0 : a_minute * step_s / 60;
    }
    assert_near(requests, 4 * 3600, 1);
    json_decref(d);
    stop(&f);
}

static void
a_route_and_a_statement_tell_of_each_other(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    for (uint64_t at = f.now_s - 1800; at < f.now_s; at += 60) {
        put_minute(&f, at);
    }
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.from_s = f.now_s - 3600, .now_s = f.now_s};
    assert_int_equal(history_route(h, "GET /a", &range, &d), 0);
    assert_near(figure(d, "queries_per_request", 45), 2, 1e-9);
    assert_near(figure(d, "db_ms", 45), 4, 1e-9);
    assert_near(figure(d, "mean_ms", 45), 10, 1e-9);
    assert_true(isnan(figure(d, "mean_ms", 0)));
    json_t *heat = json_object_get(d, "heat");
    assert_int_equal(json_array_size(json_object_get(heat, "edges_ms")), 1);
    assert_int_equal(
        json_integer_value(json_array_get(json_array_get(json_object_get(heat, "counts"), 45), 0)),
        60);
    json_t *part = json_array_get(json_object_get(d, "statements"), 0);
    assert_string_equal(json_string_value(json_object_get(part, "fingerprint")),
                        "aaaaaaaaaaaaaaaa");
    json_decref(d);
    assert_int_equal(history_query(h, FINGERPRINT, &range, &d), 0);
    assert_near(figure(d, "calls", 45), 120, 1e-9);
    part = json_array_get(json_object_get(d, "routes"), 0);
    assert_string_equal(json_string_value(json_object_get(part, "route")), "GET /a");
    assert_int_equal(json_integer_value(json_object_get(part, "calls")), 30 * 120);
    json_decref(d);
    assert_int_equal(history_route(h, "GET /b", &range, &d), -ENODATA);
    assert_int_equal(history_query(h, 1, &range, &d), -ENODATA);
    stop(&f);
}

static void
ranges_that_are_none_are_refused(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    AUTO(history) struct history *h = open_history(&f);
    const struct history_range bad[] = {
        {.from_s = f.now_s, .to_s = f.now_s, .now_s = f.now_s},
        {.from_s = f.now_s, .to_s = f.now_s - 1, .now_s = f.now_s},
        {.from_s = 1, .to_s = f.now_s, .now_s = f.now_s},
        {.from_s = UINT64_MAX - 10, .to_s = UINT64_MAX, .now_s = f.now_s},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(history_overview(h, &bad[i], &d), -EINVAL);
        assert_int_equal(history_route(h, "GET /a", &bad[i], &d), -ENODATA);
    }
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_summed_once_it_is_complete),
        cmocka_unit_test(the_largest_have_names_and_the_rest_are_in_the_sums),
        cmocka_unit_test(an_older_store_is_taken_over),
        cmocka_unit_test(an_hour_is_drawn_minute_by_minute),
        cmocka_unit_test(a_month_is_drawn_from_hours),
        cmocka_unit_test(a_route_and_a_statement_tell_of_each_other),
        cmocka_unit_test(ranges_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
