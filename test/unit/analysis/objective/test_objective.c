/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/objective/objective.h"

#include <stdlib.h>

#include "unit/unit.h"

#define T0  28000000u
#define DAY 1440u

static struct objective *
begin(double allowed)
{
    struct objective *o = check_alloc(1, sizeof(*o));
    o->allowed = allowed;
    o->days = 30;
    return o;
}

/* So many requests a minute, a share of them bad. */
static uint32_t
run(struct objective *o, uint32_t from, unsigned minutes, double bad)
{
    for (unsigned i = 0; i < minutes; i++) {
        objective_add(o, from + i, 1, 1000, (uint64_t)(1000 * bad + 0.5));
    }
    return from + minutes;
}

static void
a_fast_burn_is_told_within_minutes_and_ends(void **state)
{
    struct objective *o = begin(0.001);
    uint32_t at = run(o, T0, 3 * DAY, 0), began = at;
    (void)state;
    assert_int_equal(objective_alarm(o, at - 1), OBJECTIVE_RULES_COUNT);
    while (objective_alarm(o, at - 1) == OBJECTIVE_RULES_COUNT) {
        at = run(o, at, 1, 0.1); /* a hundred times what is allowed */
    }
    assert_int_equal(objective_alarm(o, at - 1), 0);
    assert_true(at - began >= 5 && at - began <= 10);
    assert_int_equal(objective_onset(o, at - 1, 0), began);
    assert_true(objective_budget(o, at - 1) < 1 && objective_budget(o, at - 1) > 0.7);
    at = run(o, at, 6, 0); /* mended: the short window is what ends it */
    assert_true(objective_alarm(o, at - 1) != 0);
    free(o);
}

static void
a_slow_burn_needs_days(void **state)
{
    struct objective *o = begin(0.01);
    uint32_t at = run(o, T0, 5 * DAY, 0), began = at;
    (void)state;
    at = run(o, at, 60, 0.02);
    assert_int_equal(objective_alarm(o, at - 1), OBJECTIVE_RULES_COUNT);
    at = run(o, at, 2 * DAY, 0.02);
    assert_int_equal(objective_alarm(o, at - 1), 2);
    assert_true(abs((int)objective_onset(o, at - 1, 2) - (int)began) <= (int)OBJECTIVE_BUCKET_MIN);
    at = run(o, at, 2 * DAY, 0.02);
    double spent = 1 - objective_budget(o, at - 1); /* of nine days so far */
    assert_true(spent > 0.85 && spent < 0.95);
    free(o);
}

static void
little_is_no_alarm(void **state)
{
    struct objective *o = begin(0.001);
    (void)state;
    objective_add(o, T0, 1, 20, OBJECTIVE_BAD_MIN - 1); /* nobody is there at night */
    assert_int_equal(objective_alarm(o, T0), OBJECTIVE_RULES_COUNT);
    objective_add(o, T0, 1, 20, 1);
    assert_int_equal(objective_alarm(o, T0), 0);
    assert_float_equal(objective_burn(o, T0 + DAY, 60), 0, 0);
    assert_true(objective_budget(o, T0) < 0); /* overdrawn */
    free(o);
}

/* What a store has put together is as good as the minutes it was made of. */
static void
hours_are_spread_over_their_minutes(void **state)
{
    struct objective *by_hour = begin(0.001), *by_minute = begin(0.001);
    uint32_t at = T0 / DAY * DAY;
    (void)state;
    for (unsigned hour = 0; hour < 48; hour++, at += 60) {
        objective_add(by_hour, at, 60, 60007, 61);
        for (unsigned i = 0; i < 60; i++) {
            objective_add(by_minute, at + i, 1, i == 0 ? 1007 : 1000, i == 0 ? 2 : 1);
        }
    }
    assert_float_equal(objective_budget(by_hour, at - 1), objective_budget(by_minute, at - 1), 0);
    assert_float_equal(objective_burn(by_hour, at - 1, 60), objective_burn(by_minute, at - 1, 60),
                       1e-9);
    free(by_hour);
    free(by_minute);
}

static void
what_is_older_than_it_remembers_is_forgotten(void **state)
{
    struct objective *o = begin(0.001);
    (void)state;
    uint32_t at = run(o, T0, DAY, 0.5);
    assert_true(objective_budget(o, at - 1) < 0);
    at = run(o, at, 31 * DAY, 0);
    assert_float_equal(objective_budget(o, at - 1), 1, 0);
    objective_add(o, T0, 1, 1000, 1000); /* a month late */
    assert_float_equal(objective_budget(o, at - 1), 1, 0);
    free(o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fast_burn_is_told_within_minutes_and_ends),
        cmocka_unit_test(a_slow_burn_needs_days),
        cmocka_unit_test(little_is_no_alarm),
        cmocka_unit_test(hours_are_spread_over_their_minutes),
        cmocka_unit_test(what_is_older_than_it_remembers_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
