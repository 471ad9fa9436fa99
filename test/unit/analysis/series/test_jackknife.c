/* SPDX-License-Identifier: Apache-2.0
 * How sure a figure is: a stretch without one of its blocks is what it would have been without
 * these requests, and the error of a mean is the textbook's where requests are independent. */
#include "analysis/series/jackknife.h"

#include <math.h>
#include <stdlib.h>

#include "unit/analysis/routes_kit.h"

/* Requests i .. of a route: i % 3 calls of the first statement, one of the second. */
static void
add_requests(struct watch *w, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        struct kit_query q[3];
        unsigned n = i % 3;
        for (unsigned k = 0; k < n; k++) {
            q[k] = (struct kit_query){
                .fingerprint = 1, .values = k, .at_ms = 10.0 * k, .ms = 2 + i % 5};
        }
        q[n < 2 ? n : 2] = (struct kit_query){.fingerprint = 2, .at_ms = 30, .ms = 5 + i % 7};
        kit_request(w, T0 + i * NS_PER_S, 50 + i % 11, q, n + 1);
    }
}

static struct watch *
watch_with(struct recent_budget *budget, unsigned from, unsigned to, unsigned skip_from,
           unsigned skip_to)
{
    struct watch *w = watch_new(SLICE_LIT("GET /a"), ROUTE_BASIS_PATH, METHOD_GET, budget);
    add_requests(w, from, MIN(skip_from, to));
    add_requests(w, MIN(skip_to, to), to);
    return w;
}

/* Against the same requests made into figures without the block's. The newest block is the first.
 */
static void
without_a_block_is_without_its_requests(void **state)
{
    struct recent_budget budget = {.bytes_max = 64u << 20};
    const unsigned n = 60, each = n / STATS_BLOCKS_MAX;
    struct watch *all = watch_with(&budget, 0, n, n, n);
    struct stats *whole = check_alloc(3, sizeof(*whole)), *without = whole + 1, *truth = whole + 2;
    (void)state;
    stats_make(&all->recent, 0, UINT64_MAX, 0, whole);
    assert_int_equal(whole->block_count, STATS_BLOCKS_MAX);
    for (unsigned b = 0; b < whole->block_count; b++) {
        unsigned last = n - b * each;
        struct watch *some = watch_with(&budget, 0, n, last - each, last);
        stats_make(&some->recent, 0, UINT64_MAX, 0, truth);
        jackknife_without(whole, b, without);
        assert_true(without->n == truth->n);
        kit_near(without->mean_ms, truth->mean_ms);
        kit_near(without->app_ms, truth->app_ms);
        assert_int_equal(without->query_count, truth->query_count);
        for (unsigned i = 0; i < truth->query_count; i++) {
            const struct stats_query *t = &truth->q[i];
            const struct stats_query *q = stats_find(without, t->fingerprint);
            kit_near(q->calls, t->calls);
            kit_near(q->cost_ms, t->cost_ms);
            kit_near(q->per_call_ms, t->per_call_ms);
            kit_near(q->gap_ms, t->gap_ms);
            kit_near(q->extra_calls, t->extra_calls);
            kit_near(q->total_calls, t->total_calls);
        }
        watch_free(&some);
    }
    watch_free(&all);
    free(whole);
}

static void
few_requests_have_as_many_blocks(void **state)
{
    struct recent_budget budget = {.bytes_max = 64u << 20};
    struct watch *w = watch_with(&budget, 0, 3, 3, 3);
    struct stats *s = check_alloc(2, sizeof(*s));
    (void)state;
    stats_make(&w->recent, 0, UINT64_MAX, 0, s);
    assert_int_equal(s->block_count, 3);
    double values[3] = {1, 2, 3};
    assert_true(isnan(jackknife_of(values, s->block_count).variance)); /* and tell nothing */
    stats_make(&w->recent, 0, T0, 0, s);
    assert_int_equal(s->block_count, 0);
    watch_free(&w);
    free(s);
}

/* Of a mean over blocks of one value each: s^2 / n, and t of n - 1. */
static void
a_mean_has_the_textbooks_error(void **state)
{
    static const double x[] = {4, 7, 1, 9, 3, 6, 8, 2, 5, 10};
    double without[10], sum = 55, squares = 0;
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        without[i] = (sum - x[i]) / 9;
        squares += (x[i] - 5.5) * (x[i] - 5.5);
    }
    struct jackknife a = jackknife_of(without, 10);
    kit_near(a.variance, squares / 9 / 10);
    const struct jackknife exact = {0};
    double error = jackknife_error(a, exact);
    assert_true(fabs(error / sqrt(a.variance) - 2.262) < 0.003); /* t of 9 */
    error = jackknife_error(a, a);
    assert_true(fabs(error / sqrt(2 * a.variance) - 2.101) < 0.003); /* t of 18 */
    const struct jackknife learned = {.variance = 4};
    kit_near(jackknife_error(learned, exact), 2 * 1.959964);
    kit_near(jackknife_error(exact, exact), 0);
    const struct jackknife unknown = {.variance = NAN};
    assert_true(isnan(jackknife_error(a, unknown)));
    struct jackknife five = {.variance = 1, .blocks = 5};
    assert_true(fabs(jackknife_error(five, exact) - 2.776) < 0.01); /* t of 4 */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_block_is_without_its_requests),
        cmocka_unit_test(few_requests_have_as_many_blocks),
        cmocka_unit_test(a_mean_has_the_textbooks_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
