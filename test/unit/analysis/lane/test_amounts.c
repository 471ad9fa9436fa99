/* SPDX-License-Identifier: Apache-2.0
 * What a call returns, rows and bytes, against what it always did: when that is told. */
#include "analysis/lane/amounts.h"
#include "unit/analysis/monitor/amounts_kit.h"

static void
more_rows_are_told_before_they_are_slow(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    int64_t onset = s->t;
    s->rows[2] = 60;
    play(s, 40 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_string_equal(lane_name(e->lane), "rows");
    assert_string_equal(e->subject, "GET /2: f2");
    assert_false(e->learning);
    assert_float_equal(e->before, 20, 1);
    assert_float_equal(e->now, 60, 6);
    assert_true(labs((long)(e->onset_s - onset)) <= 120);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_UNBOUNDED_RESULT);
    assert_int_equal(e->cause[0].evidence, EVIDENCE_MEASURED);
    assert_non_null(strstr(e->cause[0].detail, "rows a call, was 20"));
    play(s, 3 * 3600);
    s->rows[2] = 20;
    play(s, 45 * 60);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    play(s, 2 * DAY); /* and it was not learned: as much again is told again */
    s->rows[2] = 60;
    play(s, 43 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    scene_free(s);
}

/* Somebody fetches it all for half an hour; and a few rows are no growth. */
static void
what_passes_or_is_little_is_not_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->rows[1] = 1;
    play(s, 16 * DAY);
    for (unsigned i = 0; i < 4; i++) {
        s->rows[2] = 100;
        play(s, 35 * 60);
        s->rows[2] = 20;
        play(s, 40 * 60);
    }
    s->rows[1] = 4; /* 300 bytes more */
    s->rows[3] = 36;
    play(s, DAY / 2);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* By night a job asks for five times as many; what is twice that is none of it. */
static void
a_job_at_night_is_normal(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    for (unsigned day = 0; day < 19; day++) {
        s->rows[2] = 100;
        play(s, 2 * 3600);
        s->rows[2] = 20;
        play(s, 22 * 3600);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->rows[2] = 250;
    play(s, 46 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_ROWS);
    scene_free(s);
}

static void
play_nights(struct scene *s, unsigned days)
{
    for (unsigned day = 0; day < days; day++) {
        s->rows[2] = 100;
        play(s, 2 * 3600);
        s->rows[2] = 20;
        play(s, 22 * 3600);
    }
}

/* One that runs once a week may have more to fetch than ever; at any other time that is none. */
static void
a_job_of_the_week_may_fetch_more(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    for (unsigned week = 0; week < 3; week++) {
        s->rows[2] = 100;
        play(s, 2 * 3600);
        s->rows[2] = 20;
        play(s, 7 * DAY - 2 * 3600);
    }
    s->rows[2] = 250;
    play(s, 2 * 3600);
    s->rows[2] = 20;
    play(s, DAY - 2 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->rows[2] = 550; /* of which that has been learned by now */
    play(s, 46 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_ROWS);
    scene_free(s);
}

/* What was known of the nights is forgotten with the rest: they are learned before they are told.
 */
static void
a_job_at_night_is_learned_anew(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play_nights(s, 16);
    s->rows[2] = 100;
    play(s, 2 * 3600);
    s->rows[2] = 20;
    play(s, 5 * 3600);
    s->body[2] = 50000;
    play(s, 46 * 60);
    assert_int_equal(monitor_close(s->m, only_one(s->m)->id, true), 0);
    play(s, 17 * 3600 - 30 * 60);
    play_nights(s, 4);
    only_one(s->m);
    scene_free(s);
}

static void
behind_a_deploy_minutes_are_enough(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 4 * DAY);
    deploy(s);
    play(s, 10 * 60);
    s->rows[1] = s->rows[2] = 200; /* but not of what it does not affect */
    play(s, 8 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_string_equal(e->subject, "GET /2: f2");
    assert_true(e->learning);
    assert_true(e->now > 150);
    scene_free(s);
}

/* The first of Sunday's. */
static void
in_the_first_days_a_job_behind_a_deploy_is_none(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 4 * DAY);
    deploy(s);
    s->rows[2] = 120;
    play(s, 2 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

static bool
rows_are_believed(const struct scene *s)
{
    const struct track *t = track_of(s->m, "GET /2", "f2");
    return amounts_are_up(&t->rows, &t->past->rows, 1);
}

/* Neither a burst nor a job is why something is slow. */
static void
more_rows_are_believed_when_they_last(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play_nights(s, 4);
    s->rows[2] = 110;
    play(s, 3600);
    assert_false(rows_are_believed(s));
    s->rows[2] = 20;
    play(s, 8 * 3600);
    s->rows[2] = 200;
    play(s, 6 * 60);
    assert_false(rows_are_believed(s));
    play(s, 3 * 60);
    assert_true(rows_are_believed(s));
    s->rows[2] = 20;
    play(s, 15 * 60);
    assert_false(rows_are_believed(s));
    scene_free(s);
}

static void
behind_a_deploy_they_are_in_a_row(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 4 * DAY);
    deploy(s);
    for (unsigned i = 0; i < 28; i++) {
        s->rows[2] = i % 2 == 0 ? 20 : 200;
        play(s, 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* A stretch is two minutes of that one. */
static void
behind_a_deploy_the_first_stretch_is_the_onset(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->per_min[2] = 10;
    play(s, 4 * DAY);
    deploy(s);
    int64_t onset = s->t;
    s->rows[2] = 200;
    play(s, 50 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_true(labs((long)(e->onset_s - onset)) <= 120);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

static void
what_creeps_for_hours_is_growth(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    int64_t onset = s->t;
    for (unsigned i = 1; i <= 12 * 60; i++) {
        s->rows[2] = 20 * (1 + 0.15 * i / 60);
        play(s, 60);
    }
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_int_equal(e->cause[0].kind, FINDING_GROWTH);
    assert_true(e->opened_s > onset + 6 * 3600);
    assert_true(e->onset_s >= onset && e->onset_s <= onset + 4 * 3600);
    assert_non_null(strstr(e->cause[0].detail, "rows a call, was"));
    scene_free(s);
}

/* Wherever in the hour it begins. */
static void
what_creeps_is_growth_at_each_minute(void **state)
{
    (void)state;
    for (unsigned off = 0; off < 60; off += 12) {
        struct scene *s = scene_new();
        s->noise = 0.02;
        play(s, 16 * DAY + off * 60);
        int64_t onset = s->t;
        for (unsigned i = 1; i <= 12 * 60; i++) {
            s->rows[2] = 20 * (1 + 0.15 * i / 60);
            play(s, 60);
        }
        const struct episode *e = only_one(s->m);
        assert_int_equal(e->cause[0].kind, FINDING_GROWTH);
        assert_true(e->onset_s >= onset && e->onset_s <= onset + 9 * 3600 / 2);
        scene_free(s);
    }
}

/* A week has to be over, and what nobody tells is not known. */
static void
what_is_not_known_is_not_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 5 * DAY);
    s->rows[2] = 100;
    play(s, DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
    s = scene_new();
    s->has_rows = s->has_bytes = false;
    play(s, 16 * DAY);
    s->rows[2] = 100;
    s->body[2] = 50000;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* As it is now is normal from here on. */
static void
what_is_expected_is_learned_anew(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    s->rows[2] = 100;
    play(s, 46 * 60);
    assert_int_equal(monitor_close(s->m, only_one(s->m)->id, true), 0);
    play(s, 10 * DAY);
    only_one(s->m);
    const struct track *t = track_of(s->m, "GET /2", "f2");
    assert_float_equal(level_expect(&t->past->rows.level), 100, 5);
    assert_float_equal(t->past->rows.level.peak, 100, 10);
    scene_free(s);
}

/* Of a quiet one what is judged is 20 calls, or what an hour has. */
static void
a_quiet_series_is_judged_by_stretches(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->per_min[2] = 2;
    play(s, 17 * DAY);
    s->rows[2] = 200;
    play(s, 6 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 2 * 3600);
    assert_int_equal(only_one(s->m)->lane, LANE_ROWS);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_rows_are_told_before_they_are_slow),
        cmocka_unit_test(what_passes_or_is_little_is_not_told),
        cmocka_unit_test(a_job_at_night_is_normal),
        cmocka_unit_test(a_job_of_the_week_may_fetch_more),
        cmocka_unit_test(a_job_at_night_is_learned_anew),
        cmocka_unit_test(behind_a_deploy_minutes_are_enough),
        cmocka_unit_test(in_the_first_days_a_job_behind_a_deploy_is_none),
        cmocka_unit_test(more_rows_are_believed_when_they_last),
        cmocka_unit_test(behind_a_deploy_they_are_in_a_row),
        cmocka_unit_test(behind_a_deploy_the_first_stretch_is_the_onset),
        cmocka_unit_test(what_creeps_for_hours_is_growth),
        cmocka_unit_test(what_creeps_is_growth_at_each_minute),
        cmocka_unit_test(what_is_not_known_is_not_told),
        cmocka_unit_test(what_is_expected_is_learned_anew),
        cmocka_unit_test(a_quiet_series_is_judged_by_stretches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
