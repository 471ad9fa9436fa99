/* SPDX-License-Identifier: Apache-2.0
 * The monitor as a whole, on small worlds without chance in them but for a little noise: what is
 * one episode, and what all series have in common, which is none. */
#include "unit/analysis/monitor/monitor_kit.h"

static void
nothing_happens(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 16 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(monitor_totals(s->m).tracks, 2 * ROUTES);
    scene_free(s);
}

static void
a_slow_ramp_is_one_episode_that_ends(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 17 * DAY); /* its noise is known for sure */
    int64_t onset = s->t;
    play_ramp(s, 5 * HOUR, 0.05);
    const struct episode *e = only_one(s->m);
    assert_non_null(strstr(e->subject, "GET /3"));
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_int_equal(e->lane, LANE_DRIFT);
    assert_true(e->opened_s > onset && e->opened_s < onset + 2 * 3600);
    assert_true(e->onset_from_s <= onset && onset <= e->onset_to_s);
    assert_true(e->cause_count >= 1 && e->cause[0].kind == FINDING_SLOWER);
    s->times[3] = 1;
    play(s, 3600);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    play(s,
         3 * DAY); /* and it was not learned: being fast again is no incident, nor was it normal */
    only_one(s->m);
    scene_free(s);
}

static void
everything_at_once_is_one_episode(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    set_times(s, 2);
    play(s, 3600);
    only_one(s->m);
    scene_free(s);
}

static void
a_surge_is_traffic_and_a_blip_is_nothing(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->traffic = 2.5;
    set_times(s, 1.6);
    play(s, 3600);
    s->traffic = 1;
    set_times(s, 1);
    play(s, 3600);
    s->times[2] = 5;
    play(s, 8 * 60);
    s->times[2] = 1;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(monitor_totals(s->m).frozen, 60);
    scene_free(s);
}

/* What all have in common must cost something, however sure it is. */
static void
everything_a_little_slower_is_nothing(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    set_times(s, 1.03);
    play(s, 3600);
    set_times(s, 1.6); /* a shock of some minutes does not make an hour of it */
    play(s, 6 * 60);
    set_times(s, 1.03);
    play(s, 600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* What is expected may be wrong for all: one that is as it ever was is not slower for it. */
static void
none_is_slower_because_the_others_are_faster(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    set_times(s, 0.9);
    s->times[3] = 1;
    play(s, 3 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens),
        cmocka_unit_test(a_slow_ramp_is_one_episode_that_ends),
        cmocka_unit_test(everything_at_once_is_one_episode),
        cmocka_unit_test(a_surge_is_traffic_and_a_blip_is_nothing),
        cmocka_unit_test(everything_a_little_slower_is_nothing),
        cmocka_unit_test(none_is_slower_because_the_others_are_faster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
