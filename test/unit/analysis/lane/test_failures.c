/* SPDX-License-Identifier: Apache-2.0
 * What fails: by its rate, at once where it is an outage, and what was always so. */
#include "unit/analysis/monitor/monitor_kit.h"

static void
errors_are_told_by_their_rate(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = 3;
    play(s, 40 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    scene_free(s);
}

/* Every other minute has more than count in full, so that half of what adds up might be bursts. */
static void
many_times_as_many_errors_are_no_bursts(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 2;
    play(s, 3 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    for (unsigned i = 0; i < 20; i++) {
        s->errors[1] = i % 2 == 0 ? 15 : 9;
        play(s, 60);
    }
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    scene_free(s);
}

/* However many there were, and where there had never been one: half an hour without them is enough,
 * and half as many are not. */
static void
errors_that_have_ended_are_over(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = 40;
    play(s, 3600);
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    s->errors[1] = 20;
    play(s, 2 * 3600);
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    s->errors[1] = 0;
    play(s, 50 * 60);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    play(s, DAY);
    only_one(s->m);
    scene_free(s);
}

/* Most of a route's requests fail from one minute to the next, on the first day: three minutes are
 * enough, and one is not. */
static void
an_outage_is_told_at_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 5 * 60);
    s->errors[1] = 30;
    play(s, 60);
    s->errors[1] = 0;
    play(s, 300);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->errors[1] = 30;
    play(s, 180);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    scene_free(s);
}

/* A sixth of them: a job goes on with a password that was changed. */
static void
an_outage_of_some_calls_is_told_at_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * 60);
    s->errors[1] = 16;
    play(s, 180);
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    scene_free(s);
}

/* A tenth of them, as in a burst: five minutes are enough where bursts are over after three. */
static void
a_smaller_outage_that_lasts_is_told(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * 60);
    for (unsigned i = 0; i < 3; i++) {
        s->errors[1] = 12;
        play(s, (i < 2 ? 3 : 6) * 60); /* the last two follow one another */
        s->errors[1] = 0;
        play(s, 90 * 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->errors[1] = 14;
    play(s, 8 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ERRORS);
    scene_free(s);
}

/* Where a third of the requests has always failed, a third is no news. */
static void
what_always_fails_is_no_outage(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 30;
    play(s, 2 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* The minute in which failures begin may be among the first ones, and is all that is known then. */
static void
what_begins_in_the_first_minute_is_told(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 3;
    play(s, 60);
    s->errors[1] = 12;
    play(s, 10 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->opened_s, MONDAY + 8 * 60);
    scene_free(s);
}

/* A call that was made 27 times before it begins to fail is named, and not learned as it is. */
static void
what_fails_after_few_calls_is_named(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->calls[1] = 0.27;
    play(s, 60);
    s->calls[1] = 0.82;
    s->errors[1] = s->call_errors[1] = 47;
    play(s, 60);
    s->errors[1] = s->call_errors[1] = 80;
    play(s, 3 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->opened_s, MONDAY + 3 * 60);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(monitor_track(s->m, e->cause[0].track)->kind, TRACK_CALL);
    scene_free(s);
}

/* A series that always fails is as it is; so is one that has failed for as long as it was seen. */
static void
what_fails_from_its_first_call_is_usual(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->calls[1] = 0.05;
    s->call_errors[1] = 4;
    play(s, DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* A route fails in its call, which is named, and so the route is not; another one fails by itself.
 */
static void
what_fails_is_named_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = s->call_errors[1] = 30;
    s->errors[2] = 30;
    s->call_errors[2] = 1;
    play(s, 40 * 60);
    unsigned calls = 0, routes = 0;
    for (unsigned i = 0; i < monitor_episode_count(s->m); i++) {
        const struct episode *e = monitor_episode(s->m, i);
        for (unsigned k = 0; k < e->cause_count; k++) {
            const struct track *t = monitor_track(s->m, e->cause[k].track);
            assert_int_equal(e->cause[k].kind, FINDING_ERRORS);
            assert_non_null(t);
            calls += t->kind == TRACK_CALL && strcmp(t->route, "GET /1") == 0;
            routes += t->kind == TRACK_ROUTE && strcmp(t->route, "GET /2") == 0;
            assert_false(t->kind == TRACK_ROUTE && strcmp(t->route, "GET /1") == 0);
        }
    }
    assert_int_equal(calls, 1);
    assert_int_equal(routes, 1);
    scene_free(s);
}

/* Two bursts of three minutes close by are two bursts, however many errors there are. */
static void
bursts_of_errors_are_not_a_rate(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    for (unsigned i = 0; i < 2; i++) {
        s->errors[1] = 8;
        play(s, 3 * 60);
        s->errors[1] = 0;
        play(s, 2 * 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * DAY);
    s->errors[1] = 8;
    play(s, 11 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 2 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    scene_free(s);
}

/* A chance and a burst, one after the other, are not a rate either. */
static void
a_burst_does_not_help_a_chance_over_the_limit(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 0.1;
    play(s, 3 * DAY);
    s->errors[1] = 1;
    play(s, 12 * 60);
    s->errors[1] = 9;
    play(s, 3 * 60);
    s->errors[1] = 0.1;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * DAY);
    s->errors[1] = 1;
    play(s, 20 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    scene_free(s);
}

/* What a chart holds may have begun before the days that are not learned yet: as many as usual are
 * left of those. */
static void
no_less_than_usual_is_learned(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 1;
    play(s, 5 * DAY + DAY / 2);
    const struct track *t = track_of(s->m, "GET /1", "");
    struct track_class *c = &t->errors->of[ERROR_CLASS_OTHER];
    c->since = 1e5f; /* of weeks */
    c->calls_since = 1e6f;
    c->chart.g[0] = 1;
    s->errors[1] = 60;
    play(s, HOUR);
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    float usual = c->kept / t->calls_kept;
    assert_float_equal(c->today, usual * t->calls_today, 0.01 * c->today);
    assert_float_equal(c->yesterday, usual * t->calls_yesterday, 0.01 * c->yesterday);
    scene_free(s);
}

/* Of another class, in an incident that is open: it is not over with the first, nor learned. */
static void
what_else_fails_is_not_normal(void **state)
{
    for (unsigned of_each = 3; of_each <= 40; of_each += 37) { /* a rate, an outage */
        struct scene *s = scene_new(0);
        (void)state;
        play(s, 3 * DAY);
        s->errors[1] = 40;
        s->fails_of[1] = ERROR_CLASS_SERVER;
        play(s, HOUR);
        s->errors[1] = of_each;
        s->fails_of[1] = ERROR_CLASS_TIMEOUT;
        play(s, 3 * HOUR);
        assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
        s->errors[1] = 0;
        play(s, 2 * DAY);
        assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
        const struct track_errors *errors = track_of(s->m, "GET /1", "")->errors;
        const struct track_class *c = &errors->of[ERROR_CLASS_TIMEOUT];
        assert_true(c->kept + c->yesterday < 0.1 * of_each * 180);
        scene_free(s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_told_by_their_rate),
        cmocka_unit_test(many_times_as_many_errors_are_no_bursts),
        cmocka_unit_test(errors_that_have_ended_are_over),
        cmocka_unit_test(an_outage_is_told_at_once),
        cmocka_unit_test(an_outage_of_some_calls_is_told_at_once),
        cmocka_unit_test(a_smaller_outage_that_lasts_is_told),
        cmocka_unit_test(what_always_fails_is_no_outage),
        cmocka_unit_test(what_begins_in_the_first_minute_is_told),
        cmocka_unit_test(what_fails_after_few_calls_is_named),
        cmocka_unit_test(what_fails_from_its_first_call_is_usual),
        cmocka_unit_test(what_fails_is_named_once),
        cmocka_unit_test(bursts_of_errors_are_not_a_rate),
        cmocka_unit_test(a_burst_does_not_help_a_chance_over_the_limit),
        cmocka_unit_test(no_less_than_usual_is_learned),
        cmocka_unit_test(what_else_fails_is_not_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
