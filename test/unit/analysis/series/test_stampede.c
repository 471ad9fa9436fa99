/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/stampede.h"

#include <math.h>

#include "base/clock.h"
#include "unit/unit.h"

#define MS NS_PER_MS

static void
call(struct stampedes *s, uint64_t values, uint64_t start_ms, uint64_t ms)
{
    struct trace_query q = {.fingerprint = 7,
                            .values_hash = values,
                            .kind = STATEMENT_SELECT,
                            .flags = QUERY_VALUES_HASHED,
                            .start_ns = start_ms * MS};
    q.end_ns = q.start_ns + ms * MS;
    stampedes_add(s, &q);
}

static struct stampede_sum
sum_at(const struct stampedes *s, uint64_t at_ms)
{
    struct stampede_sum sum = {0};
    (void)stampedes_sum(s, 7, at_ms * MS, &sum);
    return sum;
}

static void
many_of_the_same_at_once(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    for (uint64_t i = 0; i < 20; i++) { /* a cache entry has expired */
        call(&s, 1, 300000 + i, 200 - i);
    }
    struct stampede_sum sum = sum_at(&s, 301000);
    assert_int_equal(sum.most, 20);
    assert_int_equal(sum.calls, 20);
    assert_int_equal(sum.crowded, 20 - (STAMPEDE_MIN - 1));
    assert_true(sum.wasted_share > 0.9);
    assert_int_equal(sum_at(&s, 300000 + 5 * 60000).calls, 0); /* over */
    stampedes_fini(&s);
}

/* Who comes when the first one is nearly done is beside it by no half, and as needless. */
static void
whoever_comes_meanwhile_is_needless(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    for (uint64_t i = 0; i < 20; i++) {
        call(&s, 1, 300000 + i * 80, 100);
        call(&s, 2, 300000 + i * 100, 100); /* each is over before the next one */
    }
    struct stampede_sum sum = sum_at(&s, 303000);
    assert_int_equal(sum.crowded, 0);
    assert_int_equal(sum.most, 1);
    assert_true(fabs(sum.wasted_share - 19.0 / 40) < 1e-9);
    stampedes_fini(&s);
}

/* They are told as they end, in whatever order that is: one of them is not needless. */
static void
the_order_of_ends_is_no_matter(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    for (uint64_t i = 0; i < 12; i++) {
        uint64_t began = i * 7 % 12; /* ms */
        call(&s, 1, 300000 + began, 200 + i - began);
    }
    struct stampede_sum sum = sum_at(&s, 301000);
    assert_int_equal(sum.calls, 12);
    assert_true(fabs(sum.wasted_share - 11.0 / 12) < 0.01);
    stampedes_fini(&s);
}

/* Alone it takes 200 ms; in a crowd that shares the database a second, the first one as well. */
static void
the_one_that_is_needed_waits_for_the_others(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    call(&s, 1, 300000, 200); /* nobody came */
    for (uint64_t i = 0; i < 9; i++) {
        call(&s, 1, 310000 + i, 1000);
    }
    call(&s, 2, 320000, 900); /* another one, by itself */
    struct stampede_sum sum = sum_at(&s, 321000);
    assert_true(fabs(sum.wasted_share - (8 * 1000 + 800) / (200.0 + 9 * 1000 + 900)) < 1e-9);
    stampedes_fini(&s);
}

/* What a crowd lost is of the minutes that it was in, and the shortest call of the last ones. */
static void
what_is_long_ago_counts_no_more(void **state)
{
    struct stampedes s;
    uint64_t later = 300000 + STAMPEDE_HALF_NS / MS + 1000;
    stampedes_init(&s);
    for (uint64_t i = 0; i < 8; i++) {
        call(&s, 1, 300000 + i, 1000);
    }
    call(&s, 1, later, 200); /* in the next half, and shorter than any before */
    assert_true(fabs(sum_at(&s, later).wasted_share - 7800.0 / 8200) < 1e-9);
    later += 3 * STAMPEDE_HALF_NS / MS;
    for (uint64_t i = 0; i < 8; i++) {
        call(&s, 1, later + i, 1000); /* it is dearer now, for whatever reason */
    }
    assert_true(fabs(sum_at(&s, later).wasted_share - 7.0 / 8) < 1e-9);
    stampedes_fini(&s);
}

/* Those that are told behind the turn are the others of one that was told before it. */
static void
a_crowd_may_lie_across_the_turn(void **state)
{
    struct stampedes s;
    const uint64_t turn = 300200 + STAMPEDE_HALF_NS / MS;
    (void)state;
    stampedes_init(&s);
    call(&s, 1, 300000, 200);
    call(&s, 1, turn - 1000, 990);
    for (uint64_t i = 0; i < 7; i++) {
        call(&s, 1, turn - 999 + i, 1000);
    }
    assert_true(fabs(sum_at(&s, turn).wasted_share - (790 + 7000) / (200.0 + 990 + 7000)) < 1e-9);
    call(&s, 2, turn + STAMPEDE_HALF_NS / MS, 1000); /* what was before it is no more */
    assert_true(fabs(sum_at(&s, turn).wasted_share - 7000 / 8000.0) < 1e-9);
    stampedes_fini(&s);
}

/* Of the half before, but so long ago that it was cheaper then than any that is known now. */
static void
what_was_cheaper_once_wasted_nothing_more(void **state)
{
    struct stampedes s;
    (void)state;
    stampedes_init(&s);
    call(&s, 1, 300000, 100);
    call(&s, 1, 300001, 100);
    call(&s, 2, 539000, 100); /* turns */
    call(&s, 1, 600000, 1000);
    assert_true(fabs(sum_at(&s, 601000).wasted_share - 100 / 1300.0) < 1e-9);
    stampedes_fini(&s);
}

/* Who is told late may turn out to be beside what is counted no more. */
static void
what_is_told_late_changes_nothing_of_before(void **state)
{
    struct stampedes s;
    const uint64_t half = STAMPEDE_HALF_NS / MS;
    (void)state;
    for (unsigned is_long_ago = 0; is_long_ago < 2; is_long_ago++) {
        stampedes_init(&s);
        call(&s, 1, 300000, 200);
        call(&s, 2, 300300 + (is_long_ago == 1 ? 2 * half : half), 200);
        call(&s, 2, 300600 + 2 * half, 200);
        call(&s, 1, 299990, 250); /* it waited, and the first one was needless */
        assert_true(fabs(sum_at(&s, 301000 + 2 * half).wasted_share - 50 / 650.0) < 1e-9);
        stampedes_fini(&s);
    }
}

static void
what_is_no_stampede(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    for (uint64_t i = 0; i < 40; i++) {
        call(&s, i, 300000, 200);           /* different values */
        call(&s, 100, 400000 + i * 30, 30); /* one after the other */
    }
    call(&s, 100, 399999, 1200); /* beside all of them, and none is like it */
    struct stampede_sum sum = sum_at(&s, 402000);
    assert_int_equal(sum.crowded, 0);
    assert_true(sum.wasted_share < 0.2);
    for (uint64_t i = 0; i < 20; i++) {
        call(&s, 200, 410000, STAMPEDE_CALL_NS / MS - 1); /* over at once */
    }
    assert_int_equal(sum_at(&s, 411000).calls, sum.calls);
    stampedes_fini(&s);
}

static void
only_so_many_statements(void **state)
{
    struct stampedes s;
    stampedes_init(&s);
    for (uint64_t i = 1; i <= 2 * STAMPEDE_STATEMENTS_MAX; i++) {
        struct trace_query q = {.fingerprint = i,
                                .kind = STATEMENT_SELECT,
                                .flags = QUERY_VALUES_HASHED,
                                .end_ns = STAMPEDE_CALL_NS};
        stampedes_add(&s, &q);
    }
    assert_int_equal(s.refused, STAMPEDE_STATEMENTS_MAX);
    stampedes_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_of_the_same_at_once),
        cmocka_unit_test(whoever_comes_meanwhile_is_needless),
        cmocka_unit_test(the_order_of_ends_is_no_matter),
        cmocka_unit_test(the_one_that_is_needed_waits_for_the_others),
        cmocka_unit_test(what_is_long_ago_counts_no_more),
        cmocka_unit_test(a_crowd_may_lie_across_the_turn),
        cmocka_unit_test(what_was_cheaper_once_wasted_nothing_more),
        cmocka_unit_test(what_is_told_late_changes_nothing_of_before),
        cmocka_unit_test(what_is_no_stampede),
        cmocka_unit_test(only_so_many_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
