/* SPDX-License-Identifier: Apache-2.0
 * There is room for so many series: which one goes, and what is known of who comes. */
#include "unit/analysis/monitor/monitor_kit.h"

/* More series than there is room for: the least used one goes, and nothing breaks. */
static void
series_are_bounded(void **state)
{
    struct scene *s = scene_new(15);
    (void)state;
    play(s, 3600);
    assert_int_equal(monitor_totals(s->m).tracks, 15);
    assert_true(monitor_totals(s->m).evicted > 0);
    scene_free(s);
}

/* A statement that only its fingerprint names, by itself or within route 0; it costs as much as the
 * route's own. */
static void
give_other(struct scene *s, unsigned number, bool in_route, double calls)
{
    char print[32];
    snprintf(print, sizeof(print), "x%u", number);
    struct reading r = {.start_s = s->t,
                        .length_s = 60,
                        .route = slice_from_str(in_route ? "GET /0" : ""),
                        .fingerprint = slice_from_str(print),
                        .known = READING_TIME | (in_route ? READING_REQUESTS : 0),
                        .calls = calls,
                        .requests = 100,
                        .time_ms = 4 * calls};
    monitor_reading(s->m, &r);
}

static bool
is_known(const struct scene *s, const char *route, const char *fingerprint)
{
    uint64_t key = track_key(slice_from_str(route), slice_from_str(fingerprint));
    return monitor_track(s->m, key) != NULL;
}

/* It has the fewest calls of all that are known, and who comes has more. */
static void
what_an_episode_waits_for_keeps_its_place(void **state)
{
    struct scene *s = scene_new(2 * ROUTES);
    (void)state;
    s->calls[1] = 0.5;
    play(s, 15 * DAY);
    s->call_errors[1] = 20;
    play(s, 3600);
    uint32_t id = only_one(s->m)->id;
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    for (unsigned i = 0; i < 30; i++) {
        give_other(s, i, false, 5000);
        play(s, 60);
    }
    assert_true(monitor_totals(s->m).evicted > 0);
    assert_true(is_known(s, "GET /1", "f1"));
    assert_int_equal(only_one(s->m)->id, id);
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    scene_free(s);
}

/* Not one in the place of the other, minute after minute, because each has seen little. */
static void
busy_newcomers_find_a_place_each(void **state)
{
    struct scene *s = scene_new(2 * ROUTES + 5);
    (void)state;
    for (unsigned i = 0; i < DAY / 60; i++) {
        for (unsigned k = 0; k < 5; k++) {
            give_other(s, k, false, 20); /* as many a day as a newcomer in ten hours */
        }
        play(s, 60);
    }
    play(s, 7 * DAY); /* they are gone */
    for (unsigned i = 0; i < 30; i++) {
        for (unsigned k = 0; k < 5; k++) {
            give_other(s, 100 + k, false, 50);
        }
        play(s, 60);
    }
    assert_int_equal(monitor_totals(s->m).evicted, 5);
    assert_true(is_known(s, "", "x100") && is_known(s, "", "x104"));
    assert_true(is_known(s, "GET /0", "f0") && !is_known(s, "", "x0"));
    scene_free(s);
}

/* Nobody can tell whether a statement is new to its route that came where one had to go. */
static void
what_may_be_back_is_not_told_as_new(void **state)
{
    for (unsigned room = 0; room < 2; room++) {
        struct scene *s = scene_new(2 * ROUTES + 1 + room);
        (void)state;
        give_other(s, 1, false, 1);
        play(s, 2 * DAY);
        for (unsigned i = 0; i < 30; i++) {
            give_other(s, 0, true, 200);
            play(s, 60);
        }
        assert_true(is_known(s, "GET /0", "x0") && is_known(s, "", "x1") == (room > 0));
        assert_int_equal(monitor_episode_count(s->m), room);
        scene_free(s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(what_an_episode_waits_for_keeps_its_place),
        cmocka_unit_test(busy_newcomers_find_a_place_each),
        cmocka_unit_test(what_may_be_back_is_not_told_as_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
