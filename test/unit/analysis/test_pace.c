/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/pace.h"

#include "base/clock.h"
#include "unit/unit.h"

#define NOW (1000 * NS_PER_S)
#define MS  NS_PER_MS

static void
the_first_one_is_made_at_once(void **state)
{
    const struct pace p = {0};
    (void)state;
    assert_true(pace_may_make(&p, true, 1));
    assert_true(pace_may_make(&p, false, 1));
}

static void
what_is_cheap_is_made_once_a_second(void **state)
{
    struct pace p = {0};
    (void)state;
    pace_made(&p, NOW, MS);
    assert_false(pace_may_make(&p, true, NOW + 999 * MS));
    assert_true(pace_may_make(&p, true, NOW + 1000 * MS));
}

static void
what_is_dear_takes_a_twentieth_of_the_time(void **state)
{
    struct pace p = {0};
    (void)state;
    pace_made(&p, NOW, 100 * MS);
    assert_false(pace_may_make(&p, false, NOW + 1999 * MS));
    assert_true(pace_may_make(&p, false, NOW + 2000 * MS));
}

static void
a_table_that_nobody_reads_takes_a_tenth_of_that(void **state)
{
    struct pace p = {0};
    (void)state;
    pace_made(&p, NOW, 100 * MS);
    assert_false(pace_may_make(&p, true, NOW + 19999 * MS));
    assert_true(pace_may_make(&p, true, NOW + 20000 * MS));
    pace_read(&p, NOW + 500 * MS);
    assert_true(pace_may_make(&p, true, NOW + 2000 * MS));
    assert_false(pace_may_make(&p, true, NOW + 1999 * MS));
}

static void
what_was_read_half_a_minute_ago_is_read_no_more(void **state)
{
    struct pace p = {0};
    (void)state;
    pace_read(&p, NOW);
    pace_made(&p, NOW + 25 * NS_PER_S, 100 * MS);
    assert_true(pace_may_make(&p, true, NOW + 29 * NS_PER_S));
    assert_false(pace_may_make(&p, true, NOW + 30 * NS_PER_S));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_is_made_at_once),
        cmocka_unit_test(what_is_cheap_is_made_once_a_second),
        cmocka_unit_test(what_is_dear_takes_a_twentieth_of_the_time),
        cmocka_unit_test(a_table_that_nobody_reads_takes_a_tenth_of_that),
        cmocka_unit_test(what_was_read_half_a_minute_ago_is_read_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
