/* SPDX-License-Identifier: Apache-2.0
 * What a call returns, rows and bytes, against what it always did; and whose traffic there was. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/monitor_state.h"
#include "base/prng.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400
#define ROUTES 4
#define MOST   9

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double rows[MOST], width[MOST], body[MOST]; /* of its call, a row, a response besides */
    double per_min[MOST];
    double failing; /* share of the last one's calls */
    unsigned routes;
    double dearer; /* the statement, times */
    double noise;  /* more or less */
    bool has_rows, has_bytes;
    bool has_sums; /* of calls, and histograms of one statement that all routes call */
};

static struct scene *
scene_new(void)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    const struct monitor_config config = {0};
    const struct monitor_out out = {0};
    s->m = monitor_new(&config, &out);
    s->prng.state = 9;
    s->t = MONDAY;
    s->has_rows = s->has_bytes = true;
    s->dearer = 1;
    s->routes = ROUTES;
    s->noise = 0.1;
    for (unsigned i = 0; i < MOST; i++) {
        s->rows[i] = 20;
        s->width[i] = 100;
        s->body[i] = 5000;
        s->per_min[i] = 100;
    }
    return s;
}

static void
scene_free(struct scene *s)
{
    monitor_free(&s->m);
    free(s);
}

static double
about(struct scene *s, double x)
{
    return x * (1 - s->noise + 2 * s->noise * (double)prng_below(&s->prng, 1000) / 1000);
}

static void
give(struct scene *s, unsigned route, bool is_call)
{
    char name[32], print[32];
    double n = s->per_min[route];
    uint32_t us = (uint32_t)about(s, is_call ? 4000 : 14000);
    struct reading_cell cell = {us, (uint32_t)n};
    snprintf(name, sizeof(name), "GET /%u", route);
    snprintf(print, sizeof(print), "f%u", route);
    double rows = n * about(s, s->rows[route]);
    struct reading r = {
        .start_s = s->t,
        .length_s = 60,
        .route = slice_from_str(name),
        .fingerprint = slice_from_str(is_call ? print : ""),
        .known = (is_call ? READING_REQUESTS : 0) | (is_call && s->has_rows ? READING_ROWS : 0) |
                 (s->has_bytes ? READING_BYTES : 0),
        .calls = n,
        .requests = is_call ? n : 0,
        .rows = rows,
        .bytes = is_call ? rows * s->width[route] : n * about(s, s->body[route]),
        .errors = is_call && route + 1 == s->routes ? s->failing * n : 0,
        .cell = &cell,
        .cell_count = 1,
    };
    if (is_call && s->has_sums) {
        r.fingerprint = SLICE_LIT("f");
        r.known |= READING_TIME;
        r.time_ms = n * us / 1000;
        r.cell_count = 0;
    }
    monitor_reading(s->m, &r);
}

static void
give_statement(struct scene *s)
{
    double n = s->per_min[0] * ROUTES, rows = 0;
    struct reading_cell cell = {(uint32_t)about(s, 4000 * s->dearer), (uint32_t)n};
    for (unsigned i = 0; i < ROUTES; i++) {
        rows += s->per_min[i] * about(s, s->rows[i]);
    }
    const struct reading r = {.start_s = s->t,
                              .length_s = 60,
                              .fingerprint = SLICE_LIT("f"),
                              .known = READING_ROWS,
                              .calls = n,
                              .rows = rows,
                              .cell = &cell,
                              .cell_count = 1};
    monitor_reading(s->m, &r);
}

static void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < s->routes; i++) {
            if (s->per_min[i] > 0) {
                give(s, i, false);
                give(s, i, true);
            }
        }
        if (s->has_sums) {
            give_statement(s);
        }
    }
    monitor_advance(s->m, s->t);
}

static void
deploy(struct scene *s)
{
    const struct history_deploy d = {.at_s = s->t,
                                     .name = SLICE_LIT("v2"),
                                     .affects = {SLICE_LIT("GET /2")},
                                     .affects_count = 1};
    monitor_deploy(s->m, &d);
}

static const struct episode *
only_one(const struct scene *s)
{
    assert_int_equal(monitor_episode_count(s->m), 1);
    return monitor_episode(s->m, 0);
}

static void
more_rows_are_told_before_they_are_slow(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    int64_t onset = s->t;
    s->rows[2] = 60;
    play(s, 24 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * 60);
    const struct episode *e = only_one(s);
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
    assert_int_equal(only_one(s)->state, EPISODE_OVER);
    play(s, 2 * DAY); /* and it was not learned: as much again is told again */
    s->rows[2] = 60;
    play(s, 27 * 60);
    assert_int_equal(monitor_episode_count(s->m), 2);
    scene_free(s);
}

/* Somebody fetches it all for a quarter of an hour; and a few rows are no growth. */
static void
what_passes_or_is_little_is_not_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->rows[1] = 1;
    play(s, 16 * DAY);
    for (unsigned i = 0; i < 4; i++) {
        s->rows[2] = 100;
        play(s, 20 * 60);
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
    play(s, 30 * 60);
    assert_int_equal(only_one(s)->lane, LANE_ROWS);
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
    play(s, 30 * 60);
    assert_int_equal(monitor_close(s->m, only_one(s)->id, true), 0);
    play(s, 17 * 3600 - 30 * 60);
    play_nights(s, 4);
    only_one(s);
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
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_string_equal(e->subject, "GET /2: f2");
    assert_true(e->learning);
    assert_true(e->now > 150);
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
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ROWS);
    assert_true(labs((long)(e->onset_s - onset)) <= 120);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

/* Its rows have become wider; and a route's body grows of itself. */
static void
bytes_tell_what_rows_do_not(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    s->width[2] = 300;
    play(s, 30 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_BYTES);
    assert_string_equal(e->subject, "GET /2: f2");
    assert_int_equal(e->cause[0].kind, FINDING_UNBOUNDED_RESULT);
    assert_non_null(strstr(e->cause[0].detail, "kB a call, was 2.0 kB"));
    s->width[2] = 100;
    play(s, 2 * 3600);
    assert_int_equal(e->state, EPISODE_OVER);
    s->body[1] = 20000;
    play(s, 30 * 60);
    e = monitor_episode(s->m, 1);
    assert_non_null(e);
    assert_string_equal(e->subject, "GET /1");
    assert_string_equal(e->cause[0].subject, "GET /1");
    assert_int_equal(e->cause_count, 1);
    scene_free(s);
}

/* Rolled back: what it was stays said for as long as the incident looks for causes. */
static void
what_was_rolled_back_stays_named(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct scene *s = scene_new();
        s->has_bytes = i % 2 == 0;
        s->prng.state += i;
        play(s, 16 * DAY);
        deploy(s);
        s->rows[2] = 400;
        play(s, 13 * 60);
        const struct episode *e = only_one(s);
        s->rows[2] = 20;
        for (unsigned k = 0; k < 25; k++) {
            play(s, 60);
            unsigned rows = 0, was = 0;
            assert_int_equal(e->state, EPISODE_OPEN);
            assert_int_equal(e->cause_count, 1);
            assert_int_equal(e->cause[0].kind, FINDING_UNBOUNDED_RESULT);
            assert_int_equal(sscanf(e->cause[0].detail, "%u rows a call, was %u", &rows, &was), 2);
            assert_true(rows >= 230 && was >= 19 && was <= 21);
        }
        scene_free(s);
    }
}

/* There is place for eight. */
static void
what_fails_is_named_beside_many(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->routes = MOST;
    play(s, 16 * DAY);
    for (unsigned i = 0; i < MOST; i++) {
        s->rows[i] = i + 1 < MOST ? 100 : 20;
    }
    play(s, 25 * 60);
    s->failing = 0.5;
    play(s, 20 * 60);
    const struct episode *e = only_one(s);
    unsigned failures = 0;
    assert_int_equal(e->cause_count, EPISODE_CAUSES_MAX);
    for (unsigned i = 0; i < e->cause_count; i++) {
        failures += e->cause[i].kind == FINDING_ERRORS ? 1 : 0;
    }
    assert_int_equal(failures, 1);
    scene_free(s);
}

/* The route's responses grow because of what its call returns, which is named. */
static void
a_call_is_named_before_its_route(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    s->rows[2] = 100;
    s->body[2] = 25000;
    play(s, 40 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->member_count, 2);
    assert_int_equal(e->cause_count, 1);
    assert_string_equal(e->cause[0].subject, "GET /2: f2");
    scene_free(s);
}

/* As the daemon writes it: what the statement returns it returns in its routes. Each of these is
 * named, or the statement for all of them. */
static void
a_statement_and_its_calls_are_one_thing(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->has_sums = true;
    play(s, 16 * DAY);
    for (unsigned i = 0; i < ROUTES; i++) {
        s->rows[i] = 100;
    }
    s->dearer = 1.2;
    play(s, 30 * 60);
    unsigned by_statement = 0;
    for (unsigned i = 0; i < 30; i++) {
        const struct episode *e = only_one(s);
        unsigned statements = 0;
        for (unsigned k = 0; k < e->cause_count; k++) {
            statements += strcmp(e->cause[k].subject, "f") == 0 ? 1 : 0;
        }
        assert_int_equal(e->cause_count, statements > 0 ? 1 : ROUTES);
        by_statement += statements;
        play(s, 60);
    }
    assert_true(by_statement > 0);
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
    const struct episode *e = only_one(s);
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
        const struct episode *e = only_one(s);
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
    play(s, 30 * 60);
    assert_int_equal(monitor_close(s->m, only_one(s)->id, true), 0);
    play(s, 10 * DAY);
    only_one(s);
    const struct track *t = &s->m->track[5];
    assert_string_equal(t->fingerprint, "f2");
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
    play(s, 3 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 2 * 3600);
    assert_int_equal(only_one(s)->lane, LANE_ROWS);
    scene_free(s);
}

static double
traffic_figure(const struct scene *s, const char *name)
{
    json_t *doc = monitor_json(s->m);
    const json_t *of =
        json_object_get(json_array_get(json_object_get(doc, "incidents"), 0), "traffic");
    double value = json_number_value(json_object_get(of, name));
    json_decref(doc);
    return value;
}

/* Three times the requests of one route: said beside what is told, and no alarm by itself. */
static void
rate_and_mix_are_said_beside(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->per_min[0] = 700;
    play(s, 16 * DAY);
    s->per_min[2] = 300;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->rows[2] = 60;
    play(s, 30 * 60);
    const struct episode_traffic *t = &only_one(s)->traffic;
    assert_float_equal(t->per_min, 300, 3);
    assert_float_equal(t->per_min_before, 100, 3);
    assert_float_equal(t->share, 0.25, 0.01);
    assert_float_equal(t->share_before, 0.1, 0.003);
    assert_float_equal(traffic_figure(s, "calls_per_min"), 300, 3);
    assert_float_equal(traffic_figure(s, "calls_per_min_before"), 100, 3);
    assert_float_equal(traffic_figure(s, "share"), 0.25, 0.01);
    assert_float_equal(traffic_figure(s, "share_before"), 0.1, 0.003);
    s->per_min[2] = 0; /* it falls silent */
    play(s, 20 * 60);
    assert_float_equal(t->per_min, 0, 0);
    assert_float_equal(t->share, 0, 0);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_rows_are_told_before_they_are_slow),
        cmocka_unit_test(what_passes_or_is_little_is_not_told),
        cmocka_unit_test(a_job_at_night_is_normal),
        cmocka_unit_test(a_job_at_night_is_learned_anew),
        cmocka_unit_test(behind_a_deploy_minutes_are_enough),
        cmocka_unit_test(behind_a_deploy_they_are_in_a_row),
        cmocka_unit_test(behind_a_deploy_the_first_stretch_is_the_onset),
        cmocka_unit_test(bytes_tell_what_rows_do_not),
        cmocka_unit_test(what_was_rolled_back_stays_named),
        cmocka_unit_test(what_fails_is_named_beside_many),
        cmocka_unit_test(a_call_is_named_before_its_route),
        cmocka_unit_test(a_statement_and_its_calls_are_one_thing),
        cmocka_unit_test(what_creeps_for_hours_is_growth),
        cmocka_unit_test(what_creeps_is_growth_at_each_minute),
        cmocka_unit_test(what_is_not_known_is_not_told),
        cmocka_unit_test(what_is_expected_is_learned_anew),
        cmocka_unit_test(a_quiet_series_is_judged_by_stretches),
        cmocka_unit_test(rate_and_mix_are_said_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
