/* SPDX-License-Identifier: Apache-2.0
 * What the daemon writes: routes and statements have histograms, a statement within a route has
 * sums. So its latency is its statement's, which both may be told of. */
#include "analysis/monitor/episodes.h"
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

static void
play_slow(struct scene *s, int64_t seconds)
{
    s->statement[5].times = 3;
    play(s, seconds);
    s->statement[5].times = 1;
}

/* The call is told of nothing by itself, and what it cost meanwhile is not learned a day later: not
 * what was left at the end, nor what would have been learned before. */
static void
a_call_learns_nothing_of_what_it_was_slow_in(void **state)
{
    static const int64_t for_s[] = {6 * HOUR, 54 * HOUR};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(for_s); i++) {
        struct scene *s = scene_new();
        play(s, 15 * DAY + DAY / 2);
        const struct track *call = track_of(s->m, "GET /5", "f5");
        float cost = level_expect(&call->cost_level), calls = level_expect(&call->calls_level);
        unsigned slots = call->calls_level.kept_slots;
        play_slow(s, for_s[i]);
        assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
        assert_null(call->episode);
        play(s, 2 * DAY);
        assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
        assert_float_equal(level_expect(&call->cost_level), cost, 0.01 * cost);
        assert_float_equal(level_expect(&call->calls_level), calls, 0.01 * calls);
        assert_true(call->calls_level.kept_slots > slots + 12); /* and what was normal is */
        assert_true(call->calls_level.kept_slots < slots + 48);
        scene_free(s);
    }
}

/* Either is enough: of a statement that several routes call no route need be told of. */
static void
a_call_learns_while_its_route_and_its_statement_may(void **state)
{
    struct scene *s = scene_new();
    struct episode e = {.id = 1};
    (void)state;
    play(s, 2 * DAY);
    const struct track *call = track_of(s->m, "GET /5", "f5");
    struct track *other[] = {track_of(s->m, "GET /5", ""), track_of(s->m, "", "f5"),
                             track_of(s->m, "", "f12")};
    for (unsigned i = 0; i < ARRAY_LEN(other); i++) {
        unsigned cost = call->cost_level.kept_slots, calls = call->calls_level.kept_slots;
        unsigned learned = i == 2 ? 3 : 0; /* f12 is none of its own */
        other[i]->episode = &e;
        play(s, 3 * HOUR);
        other[i]->episode = NULL;
        assert_int_equal(call->cost_level.kept_slots - cost, learned);
        assert_int_equal(call->calls_level.kept_slots - calls, learned);
    }
    scene_free(s);
}

/* A statement of one of its routes is told of beside, for something else: it still is when the
 * other is over, and its charts are as they were. */
static void
what_another_episode_told_of_stays(void **state)
{
    struct scene *s = scene_new();
    const struct alarm a = {.lane = LANE_CALLS, .onset_s = MONDAY + 2 * HOUR, .doubt_s = 60};
    (void)state;
    play(s, 3 * HOUR);
    struct track *call = track_of(s->m, "GET /1", "f12");
    episodes_tell(s->m, track_of(s->m, "GET /1", ""), &a);
    s->m->panel.step_s += 2 * EPISODE_JOIN_S; /* too old to take it in */
    episodes_tell(s->m, track_of(s->m, "", "f12"), &a);
    episodes_tell(s->m, call, &a); /* which both concern, and the elder has */
    assert_int_equal(monitor_episode_count(s->m), 2);
    struct episode *of_statement = track_of(s->m, "", "f12")->episode;
    assert_true(of_statement != call->episode && episodes_concerns(of_statement, call));
    call->calls_chart.f = 20;
    episodes_end(s->m, of_statement, EPISODE_OVER);
    assert_null(track_of(s->m, "", "f12")->episode);
    assert_non_null(call->episode);
    assert_int_equal(call->lanes, 1u << LANE_CALLS);
    assert_float_equal(call->calls_chart.f, 20, 0);
    assert_int_equal(call->calls_level.value_count, 0);
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
        cmocka_unit_test(a_call_learns_nothing_of_what_it_was_slow_in),
        cmocka_unit_test(a_call_learns_while_its_route_and_its_statement_may),
        cmocka_unit_test(what_another_episode_told_of_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
