/* SPDX-License-Identifier: Apache-2.0
 * The ring of requests, and the figures over a stretch of it. */
#include "analysis/series/stats.h"

#include "unit/analysis/requests_kit.h"

#define T0 (100 * NS_PER_S)

static struct recent_budget budget = {.bytes_max = 64u << 20};

static struct watch *
new_watch(void)
{
    return watch_new(SLICE_LIT("GET /x"), ROUTE_BASIS_PATH, METHOD_GET, &budget);
}

static void
a_request_is_taken_apart(void **state)
{
    struct watch *w = new_watch();
    static const struct kit_query q[] = {
        {.fingerprint = 1, .values = 10, .at_ms = 2, .ms = 2},
        {.fingerprint = 1, .values = 11, .at_ms = 5, .ms = 2},
        {.fingerprint = 2, .values = 10, .at_ms = 10, .ms = 5, .prepare_ms = 1},
    };
    kit_request(w, T0, 20, q, ARRAY_LEN(q));
    const struct recent_request *r = recent_at(&w->recent, 0);
    kit_near(r->total_ms, 20);
    kit_near(r->query_ms, 10);
    kit_near(r->app_ms, 10);
    kit_near(r->other_ms, 0);
    const struct recent_query *one = recent_find(r, 1);
    assert_int_equal(one->calls, 2);
    assert_int_equal(one->distinct, 2);
    kit_near(one->cost_ms, 4);
    kit_near(one->gap_ms, 2); /* 4..5, and half of 7..9, where the next prepares */
    kit_near(recent_find(r, 2)->cost_ms, 6);
    kit_near(recent_find(r, 2)->gap_ms, 1);
    assert_null(recent_find(r, 3));
    watch_free(&w);
}

/* Queries that run at the same time leave the application less than the sum says. */
static void
overlapping_queries_are_not_counted_twice_as_time_of_the_application(void **state)
{
    struct watch *w = new_watch();
    static const struct kit_query q[] = {
        {.fingerprint = 1, .at_ms = 0, .ms = 8},
        {.fingerprint = 2, .at_ms = 2, .ms = 4},
    };
    kit_request(w, T0, 10, q, ARRAY_LEN(q));
    const struct recent_request *r = recent_at(&w->recent, 0);
    kit_near(r->query_ms, 12);
    kit_near(r->app_ms, 2);
    watch_free(&w);
}

static void
too_many_statements_are_summed(void **state)
{
    struct watch *w = new_watch();
    struct kit_query q[RECENT_QUERIES_MAX + 6];
    for (unsigned i = 0; i < ARRAY_LEN(q); i++) {
        q[i] = (struct kit_query){.fingerprint = i + 1, .at_ms = i, .ms = 1};
    }
    kit_request(w, T0, ARRAY_LEN(q), q, ARRAY_LEN(q));
    const struct recent_request *r = recent_at(&w->recent, 0);
    assert_int_equal(r->query_count, RECENT_QUERIES_MAX);
    kit_near(r->other_ms, 6);
    kit_near(r->query_ms, RECENT_QUERIES_MAX + 6);
    watch_free(&w);
}

static void
a_busy_ring_thins_out_and_a_quiet_one_forgets(void **state)
{
    struct watch *busy = new_watch(), *quiet = new_watch();
    for (uint64_t i = 0; i <= RECENT_REQUESTS_MAX; i++) {
        kit_request(busy, T0 + i * NS_PER_MS, 1, NULL, 0);
        kit_request(quiet, T0 + i * NS_PER_S, 1, NULL, 0);
    }
    assert_int_equal(busy->recent.stride, 2);
    assert_int_equal(busy->recent.count, RECENT_REQUESTS_MAX / 2 + 1);
    kit_request(busy, T0 + 3 * NS_PER_S, 1, NULL, 0); /* left out */
    kit_request(busy, T0 + 4 * NS_PER_S, 1, NULL, 0);
    assert_int_equal(busy->recent.count, RECENT_REQUESTS_MAX / 2 + 2);
    assert_int_equal(busy->recent.requests, RECENT_REQUESTS_MAX + 3);
    assert_int_equal(quiet->recent.stride, 1);
    assert_int_equal(quiet->recent.count, RECENT_REQUESTS_MAX);
    assert_int_equal(recent_at(&quiet->recent, 0)->start_ns, T0 + NS_PER_S);
    watch_free(&busy);
    watch_free(&quiet);
    assert_int_equal(budget.bytes, 0);
}

static void
the_budget_holds(void **state)
{
    struct recent_budget small = {.bytes_max = 100 * sizeof(struct recent_request)};
    struct watch *w = watch_new(SLICE_LIT("GET /y"), ROUTE_BASIS_PATH, METHOD_GET, &small);
    for (uint64_t i = 0; i < 500; i++) {
        kit_request(w, T0 + i * NS_PER_S, 1, NULL, 0);
    }
    assert_int_equal(w->recent.count, 100);
    assert_int_equal(small.bytes, small.bytes_max);
    assert_int_equal(recent_at(&w->recent, 0)->start_ns, T0 + 400 * NS_PER_S);
    watch_free(&w);
    assert_int_equal(small.bytes, 0);
}

static void
medians(void **state)
{
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2};
    kit_near(stats_median(odd, 3), 5);
    kit_near(stats_median(even, 4), 2.5);
    kit_near(stats_median(odd, 0), 0);
}

static void
figures_of_a_hundred_requests(void **state)
{
    struct watch *w = new_watch();
    struct stats s;
    for (unsigned i = 1; i <= 100; i++) {
        kit_request(w, T0 + i * NS_PER_S, i, NULL, 0);
    }
    stats_make(&w->recent, 0, UINT64_MAX, 0, &s);
    kit_near(s.n, 100);
    kit_near(s.mean_ms, 50.5);
    kit_near(s.p50_ms, 50.5);
    kit_near(s.p95_ms, 96);
    kit_near(s.sigma_ms, 50 / 1.349);
    kit_near(s.app_ms, 50.5);
    kit_near(s.errors, 0);
    /* Variance of 1..95 and five times 96 about their mean, over 100. */
    double sum = 95 * 96 / 2 + 5 * 96, squares = 95 * 96 * 191 / 6.0 + 5 * 96 * 96;
    kit_near(s.mean_se_ms * s.mean_se_ms * 100, squares / 100 - (sum / 100) * (sum / 100));
    assert_int_equal(s.from_ns, T0 + NS_PER_S);
    assert_int_equal(s.to_ns, T0 + 100 * NS_PER_S);
    stats_make(&w->recent, T0 + 11 * NS_PER_S, T0 + 21 * NS_PER_S, 0, &s); /* 11 to 20 */
    kit_near(s.n, 10);
    kit_near(s.mean_ms, 15.5);
    stats_make(&w->recent, 0, UINT64_MAX, 3, &s); /* the newest */
    kit_near(s.mean_ms, 99);
    stats_make(&w->recent, 0, T0, 0, &s);
    kit_near(s.n, 0);
    kit_near(s.mean_ms, 0);
    watch_free(&w);
}

static void
statements_of_a_stretch(void **state)
{
    struct watch *w = new_watch();
    struct stats s;
    static const struct kit_query same[] = {
        {1, 7, 0, 1, 0}, {1, 7, 1, 1, 0}, {1, 7, 2, 1, 0}, {1, 7, 3, 1, 0}, {1, 7, 4, 1, 0}};
    kit_calls(w, T0, 1, 5, 2, 3);       /* five calls, all different: repeated */
    kit_request(w, T0 + 1, 8, same, 5); /* five calls, all the same: not */
    kit_calls(w, T0 + 2, 1, 1, 4, 0);   /* one call */
    kit_request(w, T0 + 3, 1, NULL, 0); /* none */
    stats_make(&w->recent, 0, UINT64_MAX, 0, &s);
    const struct stats_query *q = stats_find(&s, 1);
    kit_near(q->total_calls, 11);
    kit_near(q->calls, 11 / 4.0);
    kit_near(q->cost_ms, (10 + 5 + 4) / 4.0);
    kit_near(q->per_call_ms, 19 / 11.0);
    kit_near(q->extra_calls, 8 / 4.0);
    kit_near(q->repeated, 0.25);
    kit_near(q->distinct, (5 + 1 + 1) / 4.0);
    kit_near(q->rows, 1);
    kit_near(s.mean_ms, s.app_ms + s.query_ms);
    assert_null(stats_find(&s, 2));
    watch_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(overlapping_queries_are_not_counted_twice_as_time_of_the_application),
        cmocka_unit_test(too_many_statements_are_summed),
        cmocka_unit_test(a_busy_ring_thins_out_and_a_quiet_one_forgets),
        cmocka_unit_test(the_budget_holds),
        cmocka_unit_test(medians),
        cmocka_unit_test(figures_of_a_hundred_requests),
        cmocka_unit_test(statements_of_a_stretch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
