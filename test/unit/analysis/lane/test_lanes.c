/* SPDX-License-Identifier: Apache-2.0
 * The detectors without a monitor: readings in, alarms to whoever has the panel. */
#include "analysis/lane/lanes.h"

#include <stdlib.h>

#include "unit/unit.h"

#define MONDAY 1699833600ll

struct scene {
    struct panel panel;
    int64_t t;
    bool takes_in; /* what is told of is in an episode from then on */
    unsigned alarms;
    struct alarm alarm; /* the last one */
    char told[64], gone[64];
};

static void
hear(void *ctx, struct track *t, const struct alarm *a)
{
    struct scene *s = ctx;
    s->alarms++;
    s->alarm = *a;
    track_name(t, s->told, sizeof(s->told));
    if (s->takes_in) {
        t->lanes |= 1u << a->lane;
    }
}

static void
see_go(void *ctx, struct track *t)
{
    struct scene *s = ctx;
    track_name(t, s->gone, sizeof(s->gone));
}

static struct scene *
scene_new(unsigned tracks_max)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    const struct panel_out out = {s, hear, see_go};
    panel_init(&s->panel, tracks_max, 0, &out);
    s->t = MONDAY;
    return s;
}

static void
scene_free(struct scene *s)
{
    panel_fini(&s->panel);
    free(s);
}

static void
read_route(struct scene *s, const char *route, double errors)
{
    const struct reading_cell cell = {10000, 100};
    const struct reading r = {.start_s = s->t,
                              .length_s = 60,
                              .route = slice_from_str(route),
                              .calls = 100,
                              .errors = errors,
                              .cell = &cell,
                              .cell_count = 1};
    s->panel.step_s = s->t + 60;
    lanes_read(&s->panel, &r);
}

static void
play(struct scene *s, unsigned minutes, double errors)
{
    for (unsigned i = 0; i < minutes; i++) {
        read_route(s, "GET /a", 0);
        read_route(s, "GET /b", errors);
        lanes_step(&s->panel);
        s->t += 60;
    }
}

static void
an_outage_is_told_once_it_is_taken_in(void **state)
{
    (void)state;
    for (unsigned takes_in = 0; takes_in < 2; takes_in++) {
        struct scene *s = scene_new(0);
        s->takes_in = takes_in;
        play(s, 30, 0);
        assert_int_equal(s->alarms, 0);
        play(s, 1, 50);
        assert_int_equal(s->alarms, 0);
        play(s, 1, 50);
        assert_int_equal(s->alarms, 1);
        assert_string_equal(s->told, "GET /b");
        assert_int_equal(s->alarm.lane, LANE_ERRORS);
        assert_int_equal(s->alarm.onset_s, s->t - 120);
        assert_float_equal(s->alarm.now, 0.5, 1e-6);
        play(s, 2, 50);
        assert_int_equal(s->alarms > 1, !takes_in);
        scene_free(s);
    }
}

static void
what_is_released_begins_anew(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->takes_in = true;
    play(s, 30, 0);
    play(s, 3, 50);
    struct track *t = tracks_find(&s->panel.tracks, SLICE_LIT("GET /b"), SLICE_NONE);
    assert_int_equal(t->lanes, 1u << LANE_ERRORS);
    assert_false(lanes_are_calm(&s->panel, t));
    lanes_forget(&s->panel, t, s->t - 300);
    lanes_release(t);
    assert_int_equal(t->lanes, 0);
    assert_true(lanes_are_calm(&s->panel, t));
    play(s, 1, 50);
    assert_int_equal(s->alarms, 1);
    assert_float_equal(t->errors->of[ERROR_CLASS_OTHER].since, 50, 0);
    assert_float_equal(t->errors->of[ERROR_CLASS_OTHER].calls_since, 100, 0);
    play(s, 1, 50);
    assert_int_equal(s->alarms, 2);
    scene_free(s);
}

static void
who_makes_room_is_said(void **state)
{
    struct scene *s = scene_new(2);
    (void)state;
    play(s, 20, 0);
    read_route(s, "GET /b", 0); /* once more than the other one */
    assert_string_equal(s->gone, "");
    read_route(s, "GET /c", 0);
    assert_string_equal(s->gone, "GET /a");
    assert_null(tracks_find(&s->panel.tracks, SLICE_LIT("GET /a"), SLICE_NONE));
    assert_int_equal(s->panel.tracks.count, 2);
    assert_int_equal(s->panel.tracks.evicted, 1);
    lanes_step(&s->panel);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_told_once_it_is_taken_in),
        cmocka_unit_test(what_is_released_begins_anew),
        cmocka_unit_test(who_makes_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
