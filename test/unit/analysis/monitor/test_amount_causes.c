/* SPDX-License-Identifier: Apache-2.0
 * What a call returns, rows and bytes: what is named as the cause, and whose traffic there was. */
#include "unit/analysis/monitor/amounts_kit.h"

/* Its rows have become wider; and a route's body grows of itself. */
static void
bytes_tell_what_rows_do_not(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 16 * DAY);
    s->width[2] = 300;
    play(s, 46 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_BYTES);
    assert_string_equal(e->subject, "GET /2: f2");
    assert_int_equal(e->cause[0].kind, FINDING_UNBOUNDED_RESULT);
    assert_non_null(strstr(e->cause[0].detail, "kB a call, was 2.0 kB"));
    s->width[2] = 100;
    play(s, 2 * 3600);
    assert_int_equal(e->state, EPISODE_OVER);
    s->body[1] = 20000;
    play(s, 46 * 60);
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
        const struct episode *e = only_one(s->m);
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
    play(s, 41 * 60);
    s->failing = 0.5;
    play(s, 20 * 60);
    const struct episode *e = only_one(s->m);
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
    play(s, 46 * 60);
    const struct episode *e = only_one(s->m);
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
    play(s, 46 * 60);
    unsigned by_statement = 0;
    for (unsigned i = 0; i < 30; i++) {
        const struct episode *e = only_one(s->m);
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
    play(s, 46 * 60);
    const struct traffic_share *t = &only_one(s->m)->traffic;
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
        cmocka_unit_test(bytes_tell_what_rows_do_not),
        cmocka_unit_test(what_was_rolled_back_stays_named),
        cmocka_unit_test(what_fails_is_named_beside_many),
        cmocka_unit_test(a_call_is_named_before_its_route),
        cmocka_unit_test(a_statement_and_its_calls_are_one_thing),
        cmocka_unit_test(rate_and_mix_are_said_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
