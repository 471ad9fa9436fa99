/* SPDX-License-Identifier: Apache-2.0
 * Sums by minute and since the start; how much there was to do. */
#include "analysis/series/series.h"

#include "analysis/series/load.h"
#include "base/clock.h"
#include "unit/unit.h"

#define MINUTE SERIES_WINDOW_NS

struct emitted {
    unsigned count;
    struct series last;
};

static void
on_emit(void *ctx, const struct series *s)
{
    struct emitted *e = ctx;
    e->count++;
    e->last = *s;
}

static void
keys_are_told_apart(void **state)
{
    struct series_table t;
    series_table_init(&t, SERIES_MAX);
    struct series *one = series_get(&t, SERIES_STATEMENT, NULL, 1, 3);
    assert_ptr_equal(series_get(&t, SERIES_STATEMENT, NULL, 1, 3), one);
    assert_ptr_not_equal(series_get(&t, SERIES_STATEMENT, NULL, 2, 3), one);
    assert_ptr_not_equal(series_get(&t, SERIES_STATEMENT, NULL, 1, 4), one); /* another database */
    assert_ptr_not_equal(series_get(&t, SERIES_BOTH, "GET /a", 1, 3), one);
    assert_ptr_not_equal(series_get(&t, SERIES_BOTH, "GET /b", 1, 3),
                         series_get(&t, SERIES_BOTH, "GET /a", 1, 3));
    assert_int_equal(t.by_key.count, 5);
    series_place(one, 7);
    series_place(one, 8); /* its windows keep the key that they have in the store */
    assert_int_equal(one->upstream, 7);
    series_table_fini(&t);
}

static void
a_minute_is_given_when_it_ends_and_the_total_goes_on(void **state)
{
    struct series_table t;
    struct emitted e = {0};
    series_table_init(&t, SERIES_MAX);
    struct series *s = series_get(&t, SERIES_STATEMENT, NULL, 1, 3);
    struct series_sums a = {
        .calls = 1, .rows = 3, .time_ns = 2 * NS_PER_MS, .max_ns = 2 * NS_PER_MS};
    struct series_sums b = {
        .calls = 1, .errors = 1, .time_ns = 8 * NS_PER_MS, .max_ns = 8 * NS_PER_MS};
    series_add(s, &a, true, 10 * MINUTE, on_emit, &e);
    series_add(s, &b, true, 11 * MINUTE - 1, on_emit, &e);
    assert_int_equal(e.count, 0);
    series_add(s, &a, true, 11 * MINUTE, on_emit, &e);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.last.window_number, 10);
    assert_int_equal(e.last.window.calls, 2);
    assert_int_equal(e.last.window.errors, 1);
    assert_int_equal(e.last.window.rows, 3);
    assert_int_equal(e.last.window.time_ns, 10 * NS_PER_MS);
    assert_int_equal(e.last.window.max_ns, 8 * NS_PER_MS);
    assert_int_equal(s->window.calls, 1);
    assert_int_equal(s->total.calls, 3);
    assert_int_equal(s->total.time_ns, 12 * NS_PER_MS);
    double p99 = clock_ns_to_ms(sketch_quantile(&s->total_sketch, 0.99));
    assert_true(p99 > 7.5 && p99 < 8.5);
    series_flush(&t, on_emit, &e);
    assert_int_equal(e.count, 2);
    assert_int_equal(e.last.window.calls, 1);
    series_flush(&t, on_emit, &e); /* nothing has changed since */
    assert_int_equal(e.count, 2);
    series_add(s, &a, true, 11 * MINUTE, on_emit, &e); /* the same minute again, whole */
    series_flush(&t, on_emit, &e);
    assert_int_equal(e.count, 3);
    assert_int_equal(e.last.window.calls, 2);
    series_table_fini(&t);
}

/* In the first window that is added to since then, and not in those after it. */
static void
a_plan_is_told_once(void **state)
{
    struct series_table t;
    struct emitted e = {0};
    struct series_sums one = {.calls = 1};
    series_table_init(&t, SERIES_MAX);
    struct series *s = series_get(&t, SERIES_STATEMENT, NULL, 1, 3);
    series_add(s, &one, true, 10 * MINUTE, on_emit, &e);
    s->plan = 77;
    assert_int_equal(s->window_plan, 0);
    series_add(s, &one, true, 11 * MINUTE, on_emit, &e);
    series_add(s, &one, true, 11 * MINUTE + 1, on_emit, &e);
    assert_int_equal(s->window_plan, 77);
    series_add(s, &one, true, 12 * MINUTE, on_emit, &e);
    assert_int_equal(s->window_plan, 0);
    s->plan = 78;
    series_add(s, &one, true, 12 * MINUTE, on_emit, &e);
    assert_int_equal(s->window_plan, 78);
    series_table_fini(&t);
}

/* A minute that one analyzer began and the next ended is written as one. */
static void
the_newest_kept_window_goes_on(void **state)
{
    struct series_table t;
    struct emitted e = {0};
    struct sketch none = {0};
    series_table_init(&t, SERIES_MAX);
    struct series *s = series_get(&t, SERIES_STATEMENT, NULL, 1, 3);
    struct series_sums older = {.calls = 40}, one = {.calls = 1};
    struct series_sums newest = {.calls = 7, .oldest_ns = 5 * NS_PER_S};
    newest.errors_by_class[ERROR_CLASS_DEADLOCK] = 2;
    window_amounts_add(&newest.amounts, AMOUNT_BYTES, 100);
    series_restore(s, &older, &none, 3 * MINUTE);
    series_restore(s, &newest, &none, 10 * MINUTE);
    series_restore(s, &older, &none, 4 * MINUTE); /* in whatever order they come */
    series_flush(&t, on_emit, &e);
    assert_int_equal(e.count, 0); /* the store has it */
    series_add(s, &one, true, 10 * MINUTE + NS_PER_S, on_emit, &e);
    series_flush(&t, on_emit, &e);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.last.window_number, 10);
    assert_int_equal(e.last.window.calls, 8);
    assert_true(e.last.window.oldest_ns == 5 * NS_PER_S);
    assert_int_equal(e.last.window.errors_by_class[ERROR_CLASS_DEADLOCK], 2);
    assert_int_equal(e.last.window.amounts.of[AMOUNT_BYTES], 100);
    assert_int_equal(s->total.calls, 88);
    series_add(s, &one, true, 11 * MINUTE, on_emit, &e);
    assert_int_equal(s->window.calls, 1);
    series_table_fini(&t);
}

static void
what_does_not_fit_is_counted_together(void **state)
{
    struct series_table t;
    struct series_sums one = {.calls = 1};
    series_table_init(&t, SERIES_MAX);
    for (uint64_t i = 1; i <= SERIES_MAX + 5; i++) {
        series_add(series_get(&t, SERIES_STATEMENT, NULL, i, 3), &one, false, 0, NULL, NULL);
    }
    assert_int_equal(t.by_key.count, SERIES_MAX);
    assert_int_equal(t.overflowed, 5);
    assert_int_equal(t.other[SERIES_STATEMENT].total.calls, 5);
    assert_ptr_equal(series_get(&t, SERIES_ROUTE, "GET /a", 0, 3), &t.other[SERIES_ROUTE]);
    series_table_fini(&t);
}

static void
rates_are_over_whole_windows(void **state)
{
    static struct load l;
    memset(&l, 0, sizeof(l));
    assert_true(load_between(&l, 0, 100 * NS_PER_S).seconds == 0);
    load_add(&l, 10 * NS_PER_S, 50, 100, 1, 2500);
    load_add(&l, 16 * NS_PER_S, 50, 100, 0, 5000);
    struct load_rate r = load_between(&l, 10 * NS_PER_S, 20 * NS_PER_S);
    assert_true(r.seconds == 10 && r.requests_per_s == 10 && r.queries_per_s == 20);
    assert_true(r.errors == 1 && r.database == 0.75);
    r = load_between(&l, 11 * NS_PER_S, 24 * NS_PER_S); /* 10..15 and 20..25 are not whole */
    assert_true(r.seconds == 5 && r.requests_per_s == 10 && r.database == 1);
    assert_true(load_between(&l, 16 * NS_PER_S, 19 * NS_PER_S).seconds == 0);
}

/* Each worker tells its own once a second; a window in which nothing ended counts, too. */
static void
queries_in_flight_are_of_all_workers(void **state)
{
    static struct load l;
    memset(&l, 0, sizeof(l));
    assert_true(load_between(&l, 0, 100 * NS_PER_S).in_flight < 0);
    for (uint64_t s = 10; s < 20; s++) {
        load_add_in_flight(&l, s * NS_PER_S, 0, 2);
        load_add_in_flight(&l, s * NS_PER_S, 1, 3);
    }
    assert_true(load_between(&l, 10 * NS_PER_S, 20 * NS_PER_S).in_flight == 5);
    assert_true(load_between(&l, 20 * NS_PER_S, 30 * NS_PER_S).in_flight < 0);
}

static void
an_hour_later_the_window_is_anothers(void **state)
{
    static struct load l;
    memset(&l, 0, sizeof(l));
    uint64_t hour = LOAD_WINDOWS_MAX * LOAD_WINDOW_NS;
    load_add(&l, 10 * NS_PER_S, 50, 0, 0, 0);
    load_add(&l, 10 * NS_PER_S + hour, 5, 0, 0, 0);
    load_add(&l, 12 * NS_PER_S, 50, 0, 0, 0); /* too late: dropped */
    assert_true(load_between(&l, 10 * NS_PER_S, 15 * NS_PER_S).seconds == 0);
    struct load_rate r = load_between(&l, 10 * NS_PER_S + hour, 15 * NS_PER_S + hour);
    assert_true(r.requests_per_s == 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_apart),
        cmocka_unit_test(a_minute_is_given_when_it_ends_and_the_total_goes_on),
        cmocka_unit_test(a_plan_is_told_once),
        cmocka_unit_test(the_newest_kept_window_goes_on),
        cmocka_unit_test(what_does_not_fit_is_counted_together),
        cmocka_unit_test(rates_are_over_whole_windows),
        cmocka_unit_test(queries_in_flight_are_of_all_workers),
        cmocka_unit_test(an_hour_later_the_window_is_anothers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
