/* SPDX-License-Identifier: Apache-2.0
 * A promise that is broken beside failures that stand apart: whose trouble that is. */
#include "analysis/monitor/episodes.h"
#include "analysis/monitor/failing.h"
#include "unit/analysis/monitor/monitor_kit.h"

static struct scene *
scene_that_promises(const struct objective_setting *promised)
{
    const struct objectives objectives = {.of = {*promised}, .count = 1};
    const struct monitor_config config = {.objectives = &objectives};
    const struct monitor_out out = {0};
    struct scene *s = scene_new(0);
    monitor_free(&s->m);
    s->m = monitor_new(&config, &out);
    s->route_first = true;
    play(s, 15 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    return s;
}

/* Until it is broken: then somebody tells of its route, or of everything. */
static const struct episode *
play_until_broken(struct scene *s, const struct track *t)
{
    for (unsigned i = 0; i < 60 && (t->lanes & 1u << LANE_OBJECTIVE) == 0; i++) {
        play(s, 60);
    }
    assert_true((t->lanes & 1u << LANE_OBJECTIVE) != 0);
    return t->episode;
}

/* The promise is the first that tells. */
static void
failures_that_break_it_stand_apart(void **state)
{
    const struct objective_setting answers = {
        .name = "pay", .route = "GET /1", .availability = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    const struct track *t = track_of(s->m, "GET /1", "");
    (void)state;
    s->times[3] = 2;
    play(s, 40 * 60);
    only_one(s->m);
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    s->errors[1] = s->call_errors[1] = 100;
    const struct episode *e = play_until_broken(s, t);
    assert_int_equal(e->lane, LANE_OBJECTIVE);
    assert_int_equal(monitor_episode_count(s->m), 2);
    play(s, 10 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_equal(episode_of(s, 1), e);
    assert_true(episode_stands_apart(e));
    assert_false(episode_stands_apart(episode_of(s, 3)));
    scene_free(s);
}

/* What is about the route is what breaks it, and a promise says nothing of who waits. */
static void
a_promise_of_the_route_joins_and_takes_nobody_in(void **state)
{
    const struct objective_setting answers = {
        .name = "pay", .route = "GET /1", .availability = 97, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    const struct track *t = track_of(s->m, "GET /1", "");
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_ERRORS);
    assert_int_equal(t->lanes & 1u << LANE_OBJECTIVE, 0);
    s->errors[1] = s->call_errors[1] = 70;
    assert_ptr_equal(play_until_broken(s, t), only_one(s->m));
    assert_true(episode_stands_apart(only_one(s->m)));
    s->times[3] = 2;
    play(s, 30 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_not_equal(episode_of(s, 3), t->episode);
    scene_free(s);
}

/* A status says nothing, nor does the promise of a route that answers so: of whatever is young. */
static void
a_promise_broken_by_anything_may_be_of_what_stands_apart(void **state)
{
    const struct objective_setting answers = {
        .name = "pay", .route = "GET /1", .availability = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    const struct track *t = track_of(s->m, "GET /1", "");
    (void)state;
    break_in(s, 2, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    s->errors[1] = 100;
    s->fails_of[1] = ERROR_CLASS_SERVER;
    assert_ptr_equal(play_until_broken(s, t), only_one(s->m));
    assert_ptr_equal(t->episode, episode_of(s, 2));
    assert_true(episode_stands_apart(t->episode));
    scene_free(s);
}

static void
a_promise_broken_by_what_waits_is_none_of_what_is_refused(void **state)
{
    const struct objective_setting answers = {
        .name = "pay", .route = "GET /1", .availability = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    const struct track *t = track_of(s->m, "GET /1", "");
    (void)state;
    break_in(s, 2, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    break_in(s, 1, ERROR_CLASS_TIMEOUT);
    s->errors[1] = s->call_errors[1] = 100;
    const struct episode *e = play_until_broken(s, t);
    assert_int_equal(e->lane, LANE_OBJECTIVE);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_false(episode_stands_apart(e));
    assert_true(episode_stands_apart(episode_of(s, 2)));
    scene_free(s);
}

/* That nothing is slow because of what is refused holds of promises, too: of one route, and of
 * all. */
static void
a_promise_of_time_is_none_of_what_is_refused(void **state)
{
    static const char *const about[] = {"GET /3", ""};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(about); i++) {
        struct objective_setting quick = {
            .name = "quick", .latency_ms = 20, .latency = 99.9, .days = 30};
        snprintf(quick.route, sizeof(quick.route), "%s", about[i]);
        struct scene *s = scene_that_promises(&quick);
        const struct track *t = i == 0 ? track_of(s->m, about[0], "") : s->m->panel.tracks.common;
        break_in(s, 1, ERROR_CLASS_CONSTRAINT);
        play(s, 10 * 60);
        only_one(s->m);
        s->times[3] = 4;
        const struct episode *e = play_until_broken(s, t);
        assert_int_equal(monitor_episode_count(s->m), 2);
        assert_int_equal(e->lane, LANE_OBJECTIVE);
        assert_false(episode_stands_apart(e));
        assert_ptr_not_equal(e, episode_of(s, 1));
        play(s, 35 * 60);
        assert_int_equal(monitor_episode_count(s->m), 2);
        assert_ptr_equal(episode_of(s, 3), e);
        assert_true(episode_stands_apart(episode_of(s, 1)));
        scene_free(s);
    }
}

/* One of all is broken by what one route is refused: that is still no reason why another is slow.
 */
static void
a_promise_of_all_makes_no_trouble_of_all(void **state)
{
    const struct objective_setting answers = {.name = "all", .availability = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    const struct episode *e = play_until_broken(s, s->m->panel.tracks.common);
    play(s, 5 * 60);
    assert_ptr_equal(e, only_one(s->m));
    assert_ptr_equal(e, episode_of(s, 1));
    assert_true(episode_stands_apart(e));
    s->times[3] = 2;
    play(s, 45 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_not_equal(episode_of(s, 3), e);
    assert_true(episode_stands_apart(e));
    scene_free(s);
}

/* What told of refusals tells of what is slow, next: that is another trouble, of somebody else's.
 */
static void
a_promise_of_all_leaves_what_is_refused(void **state)
{
    const struct objective_setting both = {
        .name = "all", .availability = 99.9, .latency_ms = 20, .latency = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&both);
    const struct track *all = s->m->panel.tracks.common;
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    const struct episode *refused = play_until_broken(s, all);
    play(s, 70 * 60);
    assert_ptr_equal(all->episode, refused);
    s->times[3] = 4;
    play(s, 60 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    assert_ptr_equal(all->episode, episode_of(s, 3));
    assert_ptr_not_equal(all->episode, refused);
    assert_false(episode_stands_apart(all->episode));
    assert_true(episode_stands_apart(refused));
    scene_free(s);
}

/* Nothing else is learned anew, and a deploy of another route did not bring it about. */
static void
what_is_refused_concerns_nobody_else(void **state)
{
    const struct objective_setting answers = {.name = "all", .availability = 99.9, .days = 30};
    struct scene *s = scene_that_promises(&answers);
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    const struct episode *e = play_until_broken(s, s->m->panel.tracks.common);
    assert_true(episodes_concerns(e, track_of(s->m, "GET /1", "")));
    assert_false(episodes_concerns(e, track_of(s->m, "GET /3", "")));
    s->times[3] = 2; /* what waits for it makes it everybody's */
    break_in(s, 1, ERROR_CLASS_TIMEOUT);
    play(s, 10 * 60);
    assert_false(episode_stands_apart(e));
    assert_true(episodes_concerns(e, track_of(s->m, "GET /3", "")));
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_that_break_it_stand_apart),
        cmocka_unit_test(a_promise_of_the_route_joins_and_takes_nobody_in),
        cmocka_unit_test(a_promise_broken_by_anything_may_be_of_what_stands_apart),
        cmocka_unit_test(a_promise_broken_by_what_waits_is_none_of_what_is_refused),
        cmocka_unit_test(a_promise_of_time_is_none_of_what_is_refused),
        cmocka_unit_test(a_promise_of_all_makes_no_trouble_of_all),
        cmocka_unit_test(a_promise_of_all_leaves_what_is_refused),
        cmocka_unit_test(what_is_refused_concerns_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
