/* SPDX-License-Identifier: Apache-2.0
 * What the charts of latency tell: ramps and steps, and neither spikes nor shocks. */
#include "analysis/lane/charts.h"
#include "unit/analysis/monitor/monitor_kit.h"

/* In the minutes of a shock nothing rises by itself. */
static void
a_shock_is_no_rise(void **state)
{
    struct scene *s = scene_new(0);
    unsigned minutes = 0;
    (void)state;
    play(s, 15 * DAY);
    const struct track *t = call_of(s, 3);
    set_times(s, 1.10); /* more would be a spike */
    for (unsigned i = 0; i < 6; i++) {
        float before = t->rise.lately[0];
        play(s, 60);
        if (panel_in_shock(&s->m->panel)) {
            assert_float_equal(t->rise.lately[0], before, 0);
            minutes++;
        }
    }
    assert_true(minutes >= 4);
    scene_free(s);
}

/* Each of them passes; behind a deploy the first two together say nothing yet. */
static void
a_spike_and_cold_caches_are_no_drift(void **state)
{
    for (int deploys = 0; deploys < 2; deploys++) {
        struct scene *s = scene_new(0);
        struct history_deploy d = {.name = SLICE_LIT("v2")};
        (void)state;
        play(s, 15 * DAY);
        s->times[3] = 1.6;
        play(s, 5 * 60);
        d.at_s = s->t;
        if (deploys) {
            monitor_deploy(s->m, &d);
        }
        s->times[3] = 1.3;
        play(s, 22 * 60);
        /* without one, what lasts for as long at that size is told */
        assert_int_equal(monitor_episode_count(s->m), deploys ? 0 : 1);
        s->times[3] = 1;
        play(s, 3600);
        assert_int_equal(monitor_episode_count(s->m), deploys ? 0 : 1);
        scene_free(s);
    }
}

/* A burst is over sooner; nor is one series to blame for what all do. */
static void
a_rise_is_told_where_it_is_steady(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 600);
    struct track *t = &s->m->panel.tracks.of[0];
    t->noise.blocks_seen = 1000;
    for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
        t->last[i] = 0.05f;
    }
    t->last_count = CONFIRM_WINDOWS;
    t->rise = (struct rise){.lately = {1, 1}, .unit = {7.5f, 7.5f}};
    for (unsigned i = 0; i < RISES; i++) {
        assert_true(charts_rise_level(&s->m->panel, t, i) >= 1);
        t->last[3] = -0.01f; /* back to normal a moment ago */
        assert_true(charts_rise_level(&s->m->panel, t, i) < 0.5f);
        t->last[3] = 0.05f;
        s->m->panel.common.now = 2.1f; /* all are slower */
        assert_true(charts_rise_level(&s->m->panel, t, i) < 0.5f);
        s->m->panel.common.now = 0;
        t->noise.blocks_seen = NOISE_BLOCKS_READY; /* the limit comes down within a day */
        assert_true(charts_rise_level(&s->m->panel, t, i) < 0.5f);
        t->noise.blocks_seen = (NOISE_BLOCKS_READY + NOISE_BLOCKS_SURE) / 2;
        assert_true(charts_rise_level(&s->m->panel, t, i) < 1);
        t->noise.blocks_seen = 1000;
    }
    t->residual = 0.05f;
    t->z = 1.25f;
    assert_true(charts_would_tell_rise(&s->m->panel, t, 0));
    t->rise.lately[0] = 1.5f; /* it has been higher, and comes back */
    assert_false(charts_would_tell_rise(&s->m->panel, t, 0));
    t->rise.lately[0] = 0.4f; /* a burst, unless it has been there for long */
    t->drift.zero[2] = (uint32_t)(s->m->panel.step_s / MONITOR_STEP_S) - 30;
    assert_false(charts_would_tell_rise(&s->m->panel, t, 0));
    t->drift.zero[2] -= 30;
    assert_true(charts_would_tell_rise(&s->m->panel, t, 0));
    t->rise.lately[0] = 1;
    s->m->panel.common.lately = -0.6f; /* all others are faster than expected */
    assert_false(charts_would_tell_rise(&s->m->panel, t, 0));
    t->drift.g[1] = 20;
    t->drift.zero[1] = (uint32_t)(s->m->panel.step_s / MONITOR_STEP_S) - 60;
    assert_false(charts_would_tell_drift(&s->m->panel, t, 1));
    s->m->panel.common.lately = 0;
    assert_true(charts_would_tell_drift(&s->m->panel, t, 1));
    for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
        t->last[i] = 0.01f; /* too little to tell */
    }
    assert_false(charts_would_tell_rise(&s->m->panel, t, 0));
    scene_free(s);
}

/* Far above what is normal for some minutes, and back: the charts are where they were. What stays
 * there counts once it has been there for as long as no spike is. */
static void
a_spike_adds_nothing_to_a_drift(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    struct track *t = &s->m->panel.tracks.of[0];
    assert_true(t->route != NULL);
    unsigned route = (unsigned)(t->route[5] - '0');
    s->times[route] = 4;
    play(s, 60); /* which closes the window before */
    struct cusum_bank before = t->drift;
    play(s, 7 * 60);
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        assert_float_equal(t->drift.g[i], before.g[i], 1e-5);
    }
    play(s, 10 * 60);
    assert_true(t->drift.g[2] > before.g[2] + 5);
    scene_free(s);
}

/* As much slower for good is told some minutes later behind a deploy, whose caches may be cold; one
 * of other routes neither counts nor hides that one. */
static void
a_step_is_told_later_behind_a_deploy(void **state)
{
    int64_t told_s[3];
    (void)state;
    for (unsigned deploys = 0; deploys < 3; deploys++) {
        struct scene *s = scene_new(0);
        struct history_deploy other = {.name = SLICE_LIT("v1"), .affects_count = 1};
        struct history_deploy own = {.name = SLICE_LIT("v2"), .affects_count = 1};
        other.affects[0] = SLICE_LIT("GET /5");
        own.affects[0] = SLICE_LIT("GET /3");
        play(s, 15 * DAY);
        int64_t onset = s->t;
        own.at_s = onset - 120;
        other.at_s = onset - 60;
        if (deploys == 2) {
            monitor_deploy(s->m, &own);
        }
        if (deploys >= 1) {
            monitor_deploy(s->m, &other);
        }
        s->times[3] = 1.2;
        play(s, 3600);
        told_s[deploys] = only_one(s->m)->opened_s - onset;
        scene_free(s);
    }
    assert_int_equal(told_s[0], told_s[1]);
    assert_true(told_s[0] < 27 * 60);
    assert_true(told_s[2] > told_s[0]);
}

/* A step that is not large: the chart for what is larger is at zero, and the one for what is small
 * has been above it for long, by chance. When it began is known to the minute, and so is who did
 * it; that the one for ramps is suspected changes nothing. */
static void
a_step_told_by_its_shape_has_its_onset(void **state)
{
    struct scene *s = scene_new(0);
    struct history_deploy d = {.name = SLICE_LIT("v2")};
    (void)state;
    play(s, 2 * DAY);
    struct track *t = track_of(s->m, "GET /3", "");
    uint32_t now = (uint32_t)(s->m->panel.step_s / MONITOR_STEP_S), onset = now - 60;
    d.at_s = (int64_t)onset * MONITOR_STEP_S - 30;
    monitor_deploy(s->m, &d);
    t->noise.blocks_seen = 1000;
    t->last_count = CONFIRM_WINDOWS;
    for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
        t->last[i] = 0.05f;
    }
    t->residual = 0.05f;
    t->z = 1.25f;
    t->drift = (struct cusum_bank){.g = {30, 22, 0, 0}, .zero = {onset - 200, onset, now, now}};
    t->shape = (struct exceed){LIMIT_SHAPE + 1, onset};
    assert_true(charts_suspect(&s->m->panel, t));
    charts_look(&s->m->panel, t);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_SHAPE);
    assert_int_equal(e->onset_s, (int64_t)onset * MONITOR_STEP_S);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shock_is_no_rise),
        cmocka_unit_test(a_spike_and_cold_caches_are_no_drift),
        cmocka_unit_test(a_rise_is_told_where_it_is_steady),
        cmocka_unit_test(a_spike_adds_nothing_to_a_drift),
        cmocka_unit_test(a_step_is_told_later_behind_a_deploy),
        cmocka_unit_test(a_step_told_by_its_shape_has_its_onset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
