/* SPDX-License-Identifier: Apache-2.0
 * Whose trouble failures are: of something that waits, of anything, or their own. */
#include "analysis/monitor/failing.h"
#include "unit/analysis/monitor/monitor_kit.h"

static struct scene *
scene_that_knows(void)
{
    struct scene *s = scene_new(0);
    s->route_first = true;
    play(s, 15 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    return s;
}

static void
what_is_refused_is_a_trouble_of_its_own(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    s->times[3] = 2;
    play(s, 40 * 60);
    only_one(s->m);
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    const struct episode *e = episode_of(s, 1);
    assert_true(episode_stands_apart(e));
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    assert_non_null(strstr(e->cause[0].detail, "constraint"));
    const struct episode *slow = episode_of(s, 3);
    assert_false(episode_stands_apart(slow));
    assert_int_equal(slow->cause_count, 1);
    assert_int_equal(slow->cause[0].kind, FINDING_SLOWER);
    scene_free(s);
}

/* Within a minute, of which little fails; the route is told of before its call. */
static void
what_is_refused_begins_within_a_minute(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    s->times[3] = 2;
    play(s, 40 * 60);
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    s->errors[1] = s->call_errors[1] = 20;
    play(s, 60);
    s->errors[1] = s->call_errors[1] = 100;
    play(s, 10 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_equal(track_of(s->m, "GET /1", "")->episode, episode_of(s, 1));
    assert_true(episode_stands_apart(episode_of(s, 1)));
    scene_free(s);
}

static void
what_times_out_later_waits(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    assert_true(episode_stands_apart(only_one(s->m)));
    break_in(s, 1, ERROR_CLASS_TIMEOUT);
    play(s, 10 * 60);
    assert_false(episode_stands_apart(only_one(s->m)));
    scene_free(s);
}

/* Whoever waits for what all have in common may fail of that. */
static void
what_is_refused_is_none_of_what_all_have_in_common(void **state)
{
    static const enum error_class of[] = {ERROR_CLASS_TIMEOUT, ERROR_CLASS_OTHER,
                                          ERROR_CLASS_CONSTRAINT};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(of); i++) {
        struct scene *s = scene_that_knows();
        set_times(s, 2);
        s->times[1] = 1;
        play(s, 2 * HOUR);
        assert_non_null(s->m->panel.tracks.common->episode);
        break_in(s, 1, of[i]);
        play(s, 10 * 60);
        bool is_apart = of[i] == ERROR_CLASS_CONSTRAINT;
        assert_int_equal(monitor_episode_count(s->m), is_apart ? 2 : 1);
        assert_int_equal(episode_stands_apart(episode_of(s, 1)), is_apart);
        scene_free(s);
    }
}

static void
what_times_out_is_part_of_what_is_slow(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    s->times[3] = 2;
    play(s, 40 * 60);
    break_in(s, 1, ERROR_CLASS_TIMEOUT);
    play(s, 10 * 60);
    assert_ptr_equal(episode_of(s, 1), only_one(s->m));
    scene_free(s);
}

static void
nothing_is_slow_because_of_what_is_refused(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    assert_true(episode_stands_apart(only_one(s->m)));
    s->times[3] = 2;
    play(s, 45 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_non_null(strstr(episode_of(s, 3)->subject, "GET /3"));
    scene_free(s);
}

/* But its own request may be: then it is a trouble like any other. */
static void
what_is_refused_and_slow_takes_others_in(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    s->times[1] = 2;
    play(s, 30 * 60);
    assert_false(episode_stands_apart(only_one(s->m)));
    s->times[3] = 2;
    play(s, 28 * 60);
    assert_ptr_equal(episode_of(s, 3), only_one(s->m));
    scene_free(s);
}

/* A column that is gone breaks many statements; that, and a login, are two things. */
static void
failures_of_a_class_are_one_trouble(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    break_in(s, 1, ERROR_CLASS_STATEMENT);
    break_in(s, 2, ERROR_CLASS_STATEMENT);
    play(s, 10 * 60);
    only_one(s->m);
    break_in(s, 5, ERROR_CLASS_LOGIN);
    play(s, 10 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_equal(episode_of(s, 1), episode_of(s, 2));
    assert_ptr_not_equal(episode_of(s, 1), episode_of(s, 5));
    scene_free(s);
}

/* A status says nothing: it is part of whatever has just begun. */
static void
what_fails_of_anything_may_be_of_anything(void **state)
{
    struct scene *s = scene_that_knows();
    (void)state;
    s->times[3] = 2;
    play(s, 40 * 60);
    s->errors[1] = 30;
    s->fails_of[1] = ERROR_CLASS_SERVER;
    play(s, 10 * 60);
    only_one(s->m);
    scene_free(s);
}

static void
failures_may_be_one(void **state)
{
    (void)state;
    assert_true(failing_may_be_one(ERROR_CLASS_OTHER, ERROR_CLASS_BODY));
    assert_true(failing_may_be_one(ERROR_CLASS_COUNT, ERROR_CLASS_OTHER));
    assert_true(failing_may_be_one(ERROR_CLASS_COUNT, ERROR_CLASS_COUNT));
    assert_false(failing_may_be_one(ERROR_CLASS_COUNT, ERROR_CLASS_BODY));
    assert_false(failing_may_be_one(ERROR_CLASS_LOGIN, ERROR_CLASS_BODY));
}

/* As many as ever, of which a promise may allow fewer. */
static void
what_fails_as_usual_is_known_of_the_days_before(void **state)
{
    struct track_errors errors = {0};
    const struct track t = {.errors = &errors};
    (void)state;
    assert_int_equal(failing_class(&t, false), ERROR_CLASS_OTHER);
    errors.of[ERROR_CLASS_CONSTRAINT].kept = 10;
    errors.of[ERROR_CLASS_TIMEOUT].yesterday = 4;
    assert_int_equal(failing_class(&t, false), ERROR_CLASS_CONSTRAINT);
    assert_int_equal(failing_class(&t, true), ERROR_CLASS_CONSTRAINT);
    errors.of[ERROR_CLASS_TIMEOUT].since = 1;
    assert_int_equal(failing_class(&t, false), ERROR_CLASS_TIMEOUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_a_trouble_of_its_own),
        cmocka_unit_test(what_is_refused_begins_within_a_minute),
        cmocka_unit_test(what_times_out_later_waits),
        cmocka_unit_test(what_is_refused_is_none_of_what_all_have_in_common),
        cmocka_unit_test(what_times_out_is_part_of_what_is_slow),
        cmocka_unit_test(nothing_is_slow_because_of_what_is_refused),
        cmocka_unit_test(what_is_refused_and_slow_takes_others_in),
        cmocka_unit_test(failures_of_a_class_are_one_trouble),
        cmocka_unit_test(what_fails_of_anything_may_be_of_anything),
        cmocka_unit_test(failures_may_be_one),
        cmocka_unit_test(what_fails_as_usual_is_known_of_the_days_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
