/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wall_clock.h"

#include "base/prng.h"
#include "unit/unit.h"

#define T0    (5000 * NS_PER_S)
#define WALL0 (1700000000ull * NS_PER_S)
#define DAY   (86400 * NS_PER_S)

static void
measurements_that_differ_a_little_change_nothing(void **state)
{
    struct wall_clock c;
    struct prng r = {1};
    wall_clock_init(&c, T0, WALL0);
    for (uint64_t at = T0; at < T0 + 1000 * NS_PER_S; at += NS_PER_S) {
        uint64_t noise = prng_below(&r, 2 * WALL_CLOCK_SETTING_NS - 1);
        wall_clock_look(&c, at, WALL0 + (at - T0) + noise - WALL_CLOCK_SETTING_NS + 1);
        assert_true(wall_clock_of(&c, at) == WALL0 + (at - T0));
    }
    assert_int_equal(c.count, 1);
}

static void
what_was_told_stays_when_the_clock_is_set(void **state)
{
    struct wall_clock c;
    uint64_t told[4];
    const uint64_t at[] = {T0, T0 + 10 * NS_PER_S, T0 + 20 * NS_PER_S, T0 + 30 * NS_PER_S};
    wall_clock_init(&c, T0, WALL0);
    told[0] = wall_clock_of(&c, at[0]);
    wall_clock_look(&c, at[1], WALL0 + DAY);
    told[1] = wall_clock_of(&c, at[1]);
    wall_clock_look(&c, at[2], WALL0 - DAY);
    told[2] = wall_clock_of(&c, at[2]);
    wall_clock_look(&c, at[3], WALL0 + DAY);
    told[3] = wall_clock_of(&c, at[3]);
    assert_true(told[0] == WALL0 && told[1] == WALL0 + DAY);
    assert_true(told[2] == WALL0 - DAY && told[3] == WALL0 + DAY);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(wall_clock_of(&c, at[i]) == told[i]);
        assert_true(wall_clock_of(&c, wall_clock_back(&c, told[i])) == told[i]);
    }
    /* Set forward over it: there was no such instant. */
    assert_true(wall_clock_back(&c, WALL0 + DAY / 2) == at[1]);
}

static void
another_process_tells_the_same(void **state)
{
    struct wall_clock a, b;
    struct prng r = {7};
    wall_clock_init(&a, T0, WALL0);
    wall_clock_init(&b, T0 + 60 * NS_PER_S, WALL0 + 60 * NS_PER_S + 317);
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t told = wall_clock_of(&a, T0 + prng_below(&r, 60 * NS_PER_S));
        uint64_t again = wall_clock_back(&b, told);
        assert_true(wall_clock_of(&b, again) == told);
        assert_true(wall_clock_back(&a, wall_clock_of(&b, again)) == again + 317);
    }
}

static void
before_the_machine_started_it_is_the_same_millisecond_in_the_same_order(void **state)
{
    struct wall_clock c;
    struct prng r = {3};
    wall_clock_init(&c, 40 * NS_PER_S, WALL0 + 123456789);
    uint64_t last = 0;
    for (uint64_t told = WALL0 - 11 * DAY; told < WALL0 + 60 * NS_PER_S;
         told += prng_below(&r, 90 * NS_PER_S)) {
        uint64_t at = wall_clock_back(&c, told);
        assert_true(wall_clock_reaches(&c, told));
        assert_true(wall_clock_of(&c, at) / NS_PER_MS == told / NS_PER_MS);
        assert_true(at >= last);
        last = at;
    }
    uint64_t too_old = WALL0 - 12 * DAY;
    assert_false(wall_clock_reaches(&c, too_old));
    assert_int_equal(wall_clock_back(&c, too_old), 1);
}

static void
no_instant_stays_none(void **state)
{
    struct wall_clock c;
    wall_clock_init(&c, T0, WALL0);
    assert_true(wall_clock_of(&c, 0) == 0 && wall_clock_back(&c, 0) == 0);
    assert_true(wall_clock_reaches(&c, 0));
}

static void
more_settings_than_there_is_room_for_forget_the_oldest(void **state)
{
    struct wall_clock c;
    uint64_t told[2 * WALL_CLOCK_STRETCHES_MAX];
    wall_clock_init(&c, T0, WALL0);
    for (unsigned i = 0; i < ARRAY_LEN(told); i++) {
        uint64_t at = T0 + i * NS_PER_S;
        wall_clock_look(&c, at, WALL0 + i * DAY);
        told[i] = wall_clock_of(&c, at);
        assert_true(told[i] == WALL0 + i * DAY);
    }
    assert_int_equal(c.count, WALL_CLOCK_STRETCHES_MAX);
    for (unsigned i = ARRAY_LEN(told) - WALL_CLOCK_STRETCHES_MAX; i < ARRAY_LEN(told); i++) {
        assert_true(wall_clock_of(&c, T0 + i * NS_PER_S) == told[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measurements_that_differ_a_little_change_nothing),
        cmocka_unit_test(what_was_told_stays_when_the_clock_is_set),
        cmocka_unit_test(another_process_tells_the_same),
        cmocka_unit_test(before_the_machine_started_it_is_the_same_millisecond_in_the_same_order),
        cmocka_unit_test(no_instant_stays_none),
        cmocka_unit_test(more_settings_than_there_is_room_for_forget_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
