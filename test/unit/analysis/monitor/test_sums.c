/* SPDX-License-Identifier: Apache-2.0
 * What the daemon writes: routes and statements have histograms, a statement within a route has
 * sums. So its latency is its statement's, which both may be told of. */
#include "unit/analysis/monitor/scene_kit.h"

#define ROUTES 12
#define SHARED ROUTES /* one that the first three routes call */

struct statement {
    double times, ms_of_locks, rows_read;
};

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    struct statement statement[ROUTES + 1];
    double errors[ROUTES];
};

static struct scene *
scene_new(void)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    s->m = quiet_monitor(0);
    s->prng.state = 5;
    s->t = MONDAY;
    for (unsigned i = 0; i < ARRAY_LEN(s->statement); i++) {
        s->statement[i] = (struct statement){1, 0, 40};
    }
    return s;
}

static void
scene_free(struct scene *s)
{
    monitor_free(&s->m);
    free(s);
}

/* st: NULL of the route itself. */
static void
give(struct scene *s, const char *route, const char *print, const struct statement *st, double n,
     double ms, double errors)
{
    struct reading_cell cell[2];
    struct reading r = daemon_minute(s->t, route, print, n, noisy_us(&s->prng, ms), cell);
    if (st != NULL) {
        r.known |= READING_ROWS_READ | READING_LOCK;
        r.rows_read = n * st->rows_read;
        r.lock_ms = n * st->ms_of_locks;
    }
    r.errors = errors;
    monitor_reading(s->m, &r);
}

static double
cost_of(const struct statement *st)
{
    return 4 * st->times + st->ms_of_locks;
}

static void
play(struct scene *s, int64_t seconds)
{
    const struct statement *shared = &s->statement[SHARED];
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < ROUTES; i++) {
            double ms = cost_of(&s->statement[i]) + (i < 3 ? cost_of(shared) : 0);
            give(s, names_of(i).route, "", NULL, 100, 10 + ms, s->errors[i]);
        }
        for (unsigned i = 0; i <= ROUTES; i++) {
            const struct statement *st = &s->statement[i];
            give(s, "", names_of(i).print, st, i == SHARED ? 300 : 100, cost_of(st), 0);
        }
        for (unsigned i = 0; i < ROUTES; i++) {
            const struct names of = names_of(i);
            const struct statement *st = &s->statement[i];
            give(s, of.route, of.print, st, 100, cost_of(st), 0);
            if (i < 3) {
                give(s, of.route, names_of(SHARED).print, shared, 100, cost_of(shared), 0);
            }
        }
    }
    monitor_advance(s->m, s->t);
}

static void
a_statement_and_its_calls_are_one_cause(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 15 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->statement[5].ms_of_locks = 6;
    play(s, 3600);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_int_equal(e->cause[0].track, track_of(s->m, "GET /5", "f5")->key);
    scene_free(s);
}

static void
what_grew_in_several_routes_is_the_statement(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 15 * DAY);
    s->statement[SHARED].ms_of_locks = 6;
    play(s, 3600);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_int_equal(e->cause[0].track, track_of(s->m, "", "f12")->key);
    scene_free(s);
}

/* Told of nothing yet, but suspected; in a route that fails. */
static void
growth_is_suspected_of_the_statement(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 15 * DAY);
    s->errors[5] = 5;
    const struct episode *e = NULL;
    for (unsigned i = 1; i <= 60 && (e == NULL || e->cause_count < 2); i++) {
        s->statement[5].times = 1 + 0.2 * i / 60;
        s->statement[5].rows_read = 40 * s->statement[5].times;
        play(s, 60);
        e = monitor_episode_count(s->m) > 0 ? monitor_episode(s->m, 0) : NULL;
    }
    assert_non_null(e);
    assert_int_equal(e->cause_count, 2);
    assert_int_equal(e->cause[0].kind, FINDING_GROWTH);
    assert_int_equal(e->cause[0].track, track_of(s->m, "GET /5", "f5")->key);
    assert_int_equal(track_of(s->m, "", "f5")->lanes, 0);
    double all = 4 * (s->statement[5].times - 1) * 100 / 60; /* ms a second */
    assert_true(e->cause[0].demand_ms > 0.7 * all);
    scene_free(s);
}

/* The other statement of the route that the episode's own is called in. */
static void
a_route_is_looked_into_when_its_statement_was_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 15 * DAY);
    s->statement[1].ms_of_locks = 1.2;
    play(s, 2400);
    assert_int_equal(only_one(s->m)->cause_count, 1);
    assert_int_equal(only_one(s->m)->subject_key, track_of(s->m, "", "f1")->key);
    s->statement[SHARED].ms_of_locks = 4;
    play(s, 6 * 60);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(only_one(s->m)->cause[0].track, track_of(s->m, "GET /1", "f12")->key);
    scene_free(s);
}

/* A deploy names routes. */
static void
a_deploy_of_a_route_affects_its_statements(void **state)
{
    struct scene *s = scene_new();
    struct history_deploy d = {.name = SLICE_LIT("v2"), .affects_count = 1};
    (void)state;
    play(s, 3600);
    d.at_s = s->t;
    d.affects[0] = SLICE_LIT("GET /2");
    monitor_deploy(s->m, &d);
    assert_non_null(panel_deploy_near(&s->m->panel, track_of(s->m, "", "f2"), s->t, s->t));
    assert_non_null(panel_deploy_near(&s->m->panel, track_of(s->m, "", "f12"), s->t, s->t));
    assert_non_null(panel_deploy_near(&s->m->panel, track_of(s->m, "GET /2", "f12"), s->t, s->t));
    assert_null(panel_deploy_near(&s->m->panel, track_of(s->m, "", "f3"), s->t, s->t));
    assert_null(panel_deploy_near(&s->m->panel, track_of(s->m, "GET /1", "f12"), s->t, s->t));
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_and_its_calls_are_one_cause),
        cmocka_unit_test(what_grew_in_several_routes_is_the_statement),
        cmocka_unit_test(growth_is_suspected_of_the_statement),
        cmocka_unit_test(a_route_is_looked_into_when_its_statement_was_told),
        cmocka_unit_test(a_deploy_of_a_route_affects_its_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
