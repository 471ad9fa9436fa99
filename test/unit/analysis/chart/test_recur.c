/* SPDX-License-Identifier: Apache-2.0
 * What comes back: far more often than it used to, and not what has always come. */
#include <math.h>

#include "analysis/chart/recur.h"
#include "base/prng.h"
#include "unit/unit.h"

#define DAY 1440u

/* By chance, so many a day on the average; the most that the chart came to. */
static float
play_days(struct recur *r, struct prng *p, uint32_t *at, unsigned days, unsigned a_day)
{
    float most = 0;
    for (uint32_t end = *at + days * DAY; *at < end; ++*at) {
        if (*at % DAY == 0) {
            recur_day(r, true, true);
        }
        if (prng_below(p, DAY) < a_day && recur_add(r, *at)) {
            most = fmaxf(most, recur_level(r));
        }
    }
    return most;
}

/* Three a day, or a dozen, for twenty years of one series. */
static void
what_has_always_come_is_not_told(void **state)
{
    const unsigned a_day[] = {0, 3, 12};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(a_day); i++) {
        struct recur r = {0};
        struct prng p = {a_day[i]};
        uint32_t at = DAY;
        float most = play_days(&r, &p, &at, 7300, a_day[i]);
        assert_true(most < 1);
    }
}

static void
four_an_hour_are_told(void **state)
{
    const unsigned a_day[] = {0, 3, 12}, most[] = {5, 10, 20};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(a_day); i++) {
        struct recur r = {0};
        struct prng p = {1};
        uint32_t at = DAY;
        unsigned n = 0;
        play_days(&r, &p, &at, 20, a_day[i]);
        for (; recur_level(&r) < 1; at += 15) {
            assert_true(++n <= most[i]);
            assert_true(recur_add(&r, at));
            assert_false(recur_add(&r, at + 2)); /* the same one */
        }
        assert_true(n >= RECUR_COUNT_MIN);
        assert_false(recur_is_over(&r, at + 10));
        assert_true(recur_is_over(&r, at + 40));
    }
}

static void
add_some(struct recur *r, uint32_t at, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        recur_add(r, at + 6 * i);
    }
}

/* A job at nine that does it 16 times, one close to the other: usual, and twice as often is not. */
static void
what_comes_at_the_same_hour_is_usual(void **state)
{
    struct recur r = {0}, without = {0};
    (void)state;
    for (uint32_t day = 1; day <= 10; day++) {
        recur_day(&r, true, true);
        recur_day(&without, true, true);
        add_some(&r, day * DAY + 540, 16);
    }
    recur_day(&r, true, true);
    recur_day(&without, true, true);
    add_some(&r, 11 * DAY + 540, 16);
    add_some(&without, 11 * DAY + 540, 16);
    assert_true(recur_level(&r) < 1);
    assert_true(recur_level(&without) >= 1);
    add_some(&r, 11 * DAY + 540 + 16 * 6, 16);
    assert_true(recur_level(&r) >= 1);
}

/* Before two days are known nothing is told, and days that are not seen whole are not. */
static void
it_takes_days_to_know_what_is_usual(void **state)
{
    struct recur r = {0};
    (void)state;
    for (uint32_t day = 1; day <= 3; day++) {
        recur_day(&r, true, true);
    }
    assert_false(isnan(recur_usual(&r)));
    add_some(&r, 3 * DAY + 60, 20);
    assert_float_equal(recur_level(&r), 0, 0);
    struct recur parts = {0};
    for (uint32_t day = 1; day <= 9; day++) {
        recur_day(&parts, day % 2 == 0 && day > 9, true);
    }
    assert_true(isnan(recur_usual(&parts)));
    add_some(&parts, 9 * DAY + 60, 20);
    assert_float_equal(recur_level(&parts), 0, 0);
}

/* The clock is set back by a day: what was underway is not, and what is learned stays. */
static void
time_may_go_back(void **state)
{
    struct recur r = {0};
    (void)state;
    for (uint32_t day = 1; day <= 10; day++) {
        recur_day(&r, true, true);
    }
    float usual = recur_usual(&r);
    for (unsigned i = 0; recur_level(&r) < 1; i++) {
        recur_add(&r, 11 * DAY + 15 * i);
    }
    assert_false(recur_add(&r, r.last - 2)); /* late */
    assert_true(recur_level(&r) >= 1);
    uint32_t back = 10 * DAY;
    assert_true(recur_is_over(&r, back));
    assert_true(recur_add(&r, back));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.since, back);
    assert_int_equal(r.last, back);
    assert_float_equal(recur_level(&r), 0, 0);
    assert_float_equal(recur_usual(&r), usual, 0);
    assert_false(recur_is_over(&r, back + 1));
    for (unsigned i = 1; i < 3; i++) {
        assert_true(recur_add(&r, back + 15 * i));
        assert_float_equal(recur_level(&r), 0, 0);
    }
    assert_int_equal(r.count, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_always_come_is_not_told),
        cmocka_unit_test(four_an_hour_are_told),
        cmocka_unit_test(what_comes_at_the_same_hour_is_usual),
        cmocka_unit_test(it_takes_days_to_know_what_is_usual),
        cmocka_unit_test(time_may_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
