/* SPDX-License-Identifier: Apache-2.0
 * What is usual of the traffic, when it is a surge, and which part of it is whose. */
#include <math.h>
#include <stddef.h>

#include "analysis/lane/failures.h"
#include "analysis/track/traffic.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define HOUR   3600
#define DAY    86400

/* A route that was always there, one that comes later, and a call in the latter. */
enum { OLD, YOUNG, CALL, SERIES };

struct scene {
    struct panel panel;
    struct track of[SERIES];
    struct track_past past[SERIES];
    double per_min[SERIES];
    bool expected; /* none learns: all are told of */
    int64_t t;
};

static struct scene
scene_of(double per_min)
{
    struct scene s = {.t = MONDAY, .per_min = {per_min}};
    s.panel.traffic.usual_per_min = NAN;
    s.of[OLD].kind = s.of[YOUNG].kind = TRACK_ROUTE;
    s.of[CALL].kind = TRACK_CALL;
    return s;
}

static void
count(struct scene *s, struct track *t, double calls)
{
    static max_align_t somebody; /* nothing looks into an episode */
    const struct reading r = {.start_s = s->t, .length_s = 60, .calls = calls};
    t->episode = s->expected ? (struct episode *)(void *)&somebody : NULL;
    traffic_read(&s->panel.traffic, t, &r);
    failures_judge(&s->panel, t, &r);
    t->last_s = s->t + 60;
}

static void
play(struct scene *s, int64_t seconds)
{
    s->of[CALL].parent = &s->of[YOUNG]; /* a scene is copied */
    for (unsigned i = 0; i < SERIES; i++) {
        s->of[i].past = &s->past[i];
    }
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < SERIES; i++) {
            if (s->per_min[i] > 0) {
                count(s, &s->of[i], s->per_min[i]);
            }
        }
        traffic_step(&s->panel.traffic, s->t + 60, 0);
    }
}

static void
is_near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) { /* NAN, too */
        fail_msg("%.3f is not within %.3f of %.3f", value, within, wanted);
    }
}

static struct traffic_share
share_of(const struct scene *s, unsigned which)
{
    struct traffic_share share;
    traffic_of(&s->panel.traffic, &s->of[which], s->t, &share);
    return share;
}

static void
a_share_is_of_what_is_usual_now(void **state)
{
    struct scene s = scene_of(300);
    (void)state;
    s.per_min[YOUNG] = 100;
    play(&s, 10 * DAY);
    s.per_min[YOUNG] = 300;
    play(&s, HOUR);
    struct traffic_share share = share_of(&s, YOUNG);
    is_near(share.per_min, 300, 3);
    is_near(share.per_min_before, 100, 5);
    is_near(share.share, 0.5, 0.01);
    is_near(share.share_before, 0.25, 0.01);
}

/* Of all calls while it was there, not of the days before. */
static void
a_young_series_has_its_share_of_the_days_that_it_was_there(void **state)
{
    static const int64_t ages[] = {HOUR, 10 * HOUR, DAY, DAY + 5 * HOUR, 3 * DAY, 8 * DAY};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ages); i++) {
        struct scene s = scene_of(300);
        play(&s, 12 * DAY + 7 * HOUR);
        s.per_min[YOUNG] = 100;
        s.per_min[CALL] = 200;
        play(&s, ages[i]);
        is_near(share_of(&s, YOUNG).share_before, 0.25, 0.01);
        is_near(share_of(&s, CALL).share_before, 0.25, 0.01);
        is_near(share_of(&s, CALL).share, 0.25, 0.01);
        is_near(share_of(&s, YOUNG).per_min_before, 75, 25); /* it came on top of what is usual */
    }
}

/* Days of which nothing is learned are in neither. */
static void
a_day_that_is_left_out_is_left_out_of_all(void **state)
{
    struct scene s = scene_of(300);
    (void)state;
    s.per_min[YOUNG] = 100;
    play(&s, 5 * DAY);
    s.expected = true;
    s.per_min[YOUNG] = 900;
    play(&s, 2 * DAY);
    is_near(share_of(&s, YOUNG).share_before, 0.25, 0.01);
}

static void
what_is_counted_anew_has_its_share_of_what_comes(void **state)
{
    struct scene s = scene_of(300);
    (void)state;
    s.per_min[YOUNG] = 20;
    play(&s, 5 * DAY + 5 * HOUR);
    struct track *t = &s.of[YOUNG];
    t->calls_kept = t->calls_yesterday = t->calls_today = 0;
    traffic_forget(&s.panel.traffic, t);
    s.per_min[YOUNG] = 100;
    play(&s, 3 * HOUR);
    is_near(share_of(&s, YOUNG).share_before, 0.25, 0.01);
}

/* Nights without a request do not make the calls of jobs the whole. */
static void
a_silent_night_changes_nothing(void **state)
{
    struct scene s = scene_of(300);
    (void)state;
    s.per_min[CALL] = 5;
    for (unsigned day = 0; day < 6; day++) {
        s.per_min[OLD] = s.per_min[YOUNG] = 0;
        play(&s, 6 * HOUR);
        s.per_min[OLD] = 300;
        s.per_min[YOUNG] = 100;
        play(&s, 6 * HOUR);
        is_near(share_of(&s, YOUNG).share_before, 0.25, 0.01);
        play(&s, 6 * HOUR);
        s.per_min[OLD] = s.per_min[YOUNG] = 0;
        play(&s, 6 * HOUR);
        is_near(share_of(&s, YOUNG).per_min, 0, 0);
        assert_true(isnan(share_of(&s, YOUNG).share_before)); /* of the jobs it has none */
    }
}

/* Days between its runs are not its own. */
static void
what_runs_seldom_has_its_share_of_its_days(void **state)
{
    static const unsigned periods[] = {7, 30};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(periods); i++) {
        struct scene s = scene_of(300);
        for (unsigned day = 0; day < 4 * periods[i]; day++) {
            s.per_min[OLD] = day % 7 < 5 ? 300 : 50; /* at the weekend */
            s.per_min[YOUNG] = day % periods[i] == 0 ? 100 : 0;
            play(&s, DAY);
            is_near(share_of(&s, YOUNG).share_before, 0.25, 0.01);
        }
    }
}

static void
days_without_any_traffic_change_nothing(void **state)
{
    static const unsigned days[] = {1, 3, 60};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(days); i++) {
        struct scene s = scene_of(300);
        s.per_min[YOUNG] = 100;
        play(&s, DAY + DAY / 2);
        s.t += days[i] * DAY;
        s.per_min[YOUNG] = 0; /* it comes back later than the others */
        play(&s, HOUR);
        s.per_min[YOUNG] = 100;
        play(&s, DAY - HOUR);
        is_near(share_of(&s, YOUNG).share_before, 0.245, 0.006);
        play(&s, 2 * DAY);
        is_near(share_of(&s, YOUNG).share_before, 0.247, 0.004);
    }
}

static void
far_more_than_usual_is_a_surge(void **state)
{
    struct scene s = scene_of(300);
    (void)state;
    play(&s, 10 * DAY);
    assert_false(s.panel.traffic.frozen);
    s.per_min[OLD] = 400;
    play(&s, HOUR);
    assert_false(s.panel.traffic.frozen);
    s.per_min[OLD] = 500;
    play(&s, HOUR);
    assert_true(s.panel.traffic.frozen);
    assert_true(s.panel.traffic.frozen_steps >= 55);
    is_near(s.panel.traffic.load, 500.0 / 300 - 1, 0.05);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_of_what_is_usual_now),
        cmocka_unit_test(a_young_series_has_its_share_of_the_days_that_it_was_there),
        cmocka_unit_test(a_day_that_is_left_out_is_left_out_of_all),
        cmocka_unit_test(what_is_counted_anew_has_its_share_of_what_comes),
        cmocka_unit_test(a_silent_night_changes_nothing),
        cmocka_unit_test(what_runs_seldom_has_its_share_of_its_days),
        cmocka_unit_test(days_without_any_traffic_change_nothing),
        cmocka_unit_test(far_more_than_usual_is_a_surge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
