/* SPDX-License-Identifier: Apache-2.0 */
#include "model/objective_setting.h"

#include <errno.h>
#include <math.h>

#include "unit/unit.h"

static struct objective_setting
begin(void)
{
    struct objective_setting s;
    objective_setting_init(&s, "checkout");
    return s;
}

static void
the_defaults_and_what_is_allowed(void **state)
{
    struct objective_setting s = begin();
    struct diag diag = {0};
    (void)state;
    assert_int_equal(s.days, 30);
    assert_string_equal(s.route, "");
    assert_int_equal(objective_setting_check(&s, &diag), -EINVAL);
    assert_string_equal(diag.message, "neither availability nor latency_ms is given");
    assert_int_equal(objective_setting_set(&s, "availability", SLICE_LIT("99.9"), &diag), 0);
    assert_int_equal(objective_setting_check(&s, &diag), 0);
    assert_float_equal(objective_allowed(&s, INDICATOR_AVAILABILITY), 0.001, 1e-12);
    assert_float_equal(objective_allowed(&s, INDICATOR_LATENCY), 0, 0); /* of what? */
    assert_int_equal(objective_setting_set(&s, "latency_ms", SLICE_LIT("300"), &diag), 0);
    assert_float_equal(objective_allowed(&s, INDICATOR_LATENCY), 0.01, 1e-12);
}

static void
bad_values_are_named(void **state)
{
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"availability", "100", "availability is a number from 50 to 99.9999, not \"100\""},
        {"availability", "nan", "availability is a number from 50 to 99.9999, not \"nan\""},
        {"availability", "99,9", "availability is a number from 50 to 99.9999, not \"99,9\""},
        {"availability", "", "availability is a number from 50 to 99.9999, not \"\""},
        {"latency_ms", "0", "latency_ms is a number from 0.1 to 600000, not \"0\""},
        {"latency", "9.9.9", "latency is a number from 50 to 99.9999, not \"9.9.9\""},
        {"days", "31", "days is a number from 1 to 30, not \"31\""},
        {"days", "1e9", "days is a number from 1 to 30, not \"1e9\""},
        {"days", "7.5", "days is a whole number, not \"7.5\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct objective_setting s = begin();
        struct diag diag = {0};
        assert_int_equal(
            objective_setting_set(&s, cases[i].key, slice_from_str(cases[i].value), &diag),
            -EINVAL);
        assert_string_equal(diag.message, cases[i].message);
    }
    struct objective_setting s = begin();
    struct diag diag = {0};
    char route[300];
    memset(route, 'r', sizeof(route));
    assert_int_equal(objective_setting_set(&s, "route", slice_of(route, sizeof(route)), &diag),
                     -EINVAL);
    assert_int_equal(objective_setting_set(&s, "budget", SLICE_LIT("1"), &diag), -ENOENT);
}

static void
nothing_is_given_twice_or_in_vain(void **state)
{
    struct objective_setting s = begin();
    struct diag diag = {0}, twice = {0};
    (void)state;
    assert_int_equal(objective_setting_set(&s, "availability", SLICE_LIT("99"), &diag), 0);
    assert_int_equal(objective_setting_set(&s, "availability", SLICE_LIT("99"), &twice), -EINVAL);
    assert_string_equal(twice.message, "availability is given twice");
    s = begin();
    assert_int_equal(objective_setting_set(&s, "availability", SLICE_LIT("99"), &diag), 0);
    assert_int_equal(objective_setting_set(&s, "latency", SLICE_LIT("95"), &diag), 0);
    assert_int_equal(objective_setting_check(&s, &diag), -EINVAL);
    assert_string_equal(diag.message, "latency is given without latency_ms");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_and_what_is_allowed),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(nothing_is_given_twice_or_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
