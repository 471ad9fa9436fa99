/* SPDX-License-Identifier: Apache-2.0
 * What the daemon writes: routes and statements have histograms, a statement within a route has
 * sums. So its latency is its statement's, which both may be told of. */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/monitor_state.h"
#include "base/prng.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400
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
    struct monitor_config config = {0};
    struct monitor_out out = {0};
    s->m = monitor_new(&config, &out);
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

static const char *
name_of(const char *format, unsigned i, char dst[16])
{
    snprintf(dst, 16, "%s%u", format, i);
    return dst;
}

static void
give(struct scene *s, const char *route, const struct statement *st, const char *print, double n,
     double ms, double errors)
{
    double noise = ((double)prng_below(&s->prng, 1000) / 1000 - 0.5) * 0.08;
    uint32_t us = (uint32_t)(ms * 1000 * (1 + noise));
    struct reading_cell cell[2] = {{us, (uint32_t)(n / 2)}, {us + us / 8, (uint32_t)(n - n / 2)}};
    bool has_sums_only = route[0] != '\0' && st != NULL;
    struct reading r = {
        .start_s = s->t,
        .length_s = 60,
        .route = slice_from_str(route),
        .fingerprint = slice_from_str(print),
        .known = READING_TIME | (st == NULL ? 0 : READING_ROWS_READ | READING_LOCK) |
                 (has_sums_only ? READING_REQUESTS : 0),
        .calls = n,
        .requests = has_sums_only ? 100 : 0,
        .errors = errors,
        .time_ms = n * us / 1000,
        .rows_read = st == NULL ? 0 : n * st->rows_read,
        .lock_ms = st == NULL ? 0 : n * st->ms_of_locks,
        .cell = cell,
        .cell_count = has_sums_only ? 0 : 2,
    };
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
    char route[16], print[16];
    const struct statement *shared = &s->statement[SHARED];
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < ROUTES; i++) {
            double ms = cost_of(&s->statement[i]) + (i < 3 ? cost_of(shared) : 0);
            give(s, name_of("GET /", i, route), NULL, "", 100, 10 + ms, s->errors[i]);
        }
        for (unsigned i = 0; i <= ROUTES; i++) {
            const struct statement *st = &s->statement[i];
            give(s, "", st, name_of("f", i, print), i == SHARED ? 300 : 100, cost_of(st), 0);
        }
        for (unsigned i = 0; i < ROUTES; i++) {
            const struct statement *st = &s->statement[i];
            give(s, name_of("GET /", i, route), st, name_of("f", i, print), 100, cost_of(st), 0);
            if (i < 3) {
                give(s, route, shared, name_of("f", SHARED, print), 100, cost_of(shared), 0);
            }
        }
    }
    monitor_advance(s->m, s->t);
}

static const struct track *
track_of(const struct scene *s, const char *route, const char *print)
{
    const struct track *t =
        monitor_track(s->m, monitor_key(slice_from_str(route), slice_from_str(print)));
    assert_non_null(t);
    return t;
}

static const struct episode *
only_one(const struct scene *s)
{
    assert_int_equal(monitor_episode_count(s->m), 1);
    return monitor_episode(s->m, 0);
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
    const struct episode *e = only_one(s);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_int_equal(e->cause[0].track, track_of(s, "GET /5", "f5")->key);
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
    const struct episode *e = only_one(s);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_int_equal(e->cause[0].track, track_of(s, "", "f12")->key);
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
    assert_int_equal(e->cause[0].track, track_of(s, "GET /5", "f5")->key);
    assert_int_equal(track_of(s, "", "f5")->lanes, 0);
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
    assert_int_equal(only_one(s)->cause_count, 1);
    assert_int_equal(only_one(s)->subject_key, track_of(s, "", "f1")->key);
    s->statement[SHARED].ms_of_locks = 4;
    play(s, 6 * 60);
    assert_int_equal(only_one(s)->cause_count, 2);
    assert_int_equal(only_one(s)->cause[0].track, track_of(s, "GET /1", "f12")->key);
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
    assert_non_null(monitor_deploy_near(s->m, track_of(s, "", "f2"), s->t, s->t));
    assert_non_null(monitor_deploy_near(s->m, track_of(s, "", "f12"), s->t, s->t));
    assert_non_null(monitor_deploy_near(s->m, track_of(s, "GET /2", "f12"), s->t, s->t));
    assert_null(monitor_deploy_near(s->m, track_of(s, "", "f3"), s->t, s->t));
    assert_null(monitor_deploy_near(s->m, track_of(s, "GET /1", "f12"), s->t, s->t));
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
