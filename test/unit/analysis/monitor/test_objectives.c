/* SPDX-License-Identifier: Apache-2.0
 * What is promised of routes, minute by minute. */
#include <stdlib.h>

#include "analysis/monitor/replay.h"
#include "base/clock.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400
#define MINUTE 60

struct scene {
    struct monitor *m;
    int64_t t;
    double failing, slow; /* shares of the requests to /pay */
};

static const struct objectives promised = {
    .of = {{.name = "pay", .route = "POST /pay", .availability = 99.9, .days = 30},
           {.name = "all", .latency_ms = 300, .latency = 99, .days = 30}},
    .count = 2,
};

static struct scene
begin(void)
{
    const struct monitor_config config = {.objectives = &promised};
    const struct monitor_out out = {0};
    return (struct scene){.m = monitor_new(&config, &out), .t = MONDAY};
}

static void
give(struct scene *s, const char *route, double failing, double slow)
{
    double n = 1000;
    const struct reading_cell cells[] = {{100000, (uint32_t)(n * (1 - slow) + 0.5)},
                                         {900000, (uint32_t)(n * slow + 0.5)}};
    const struct reading r = {.start_s = s->t,
                              .length_s = MINUTE,
                              .route = slice_from_str(route),
                              .calls = n,
                              .errors = n * failing,
                              .cell = cells,
                              .cell_count = slow > 0 ? 2 : 1};
    monitor_reading(s->m, &r);
}

static void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += MINUTE) {
        give(s, "GET /a", 0, 0);
        give(s, "POST /pay", s->failing, s->slow);
        monitor_advance(s->m, s->t + MINUTE + 1);
    }
}

static const struct episode *
last_episode(const struct scene *s)
{
    unsigned n = monitor_episode_count(s->m);
    return n == 0 ? NULL : monitor_episode(s->m, n - 1);
}

static void
it_opens_while_it_burns_and_ends_with_it(void **state)
{
    struct scene s = begin();
    (void)state;
    play(&s, 2 * DAY);
    assert_int_equal(monitor_episode_count(s.m), 0);
    assert_int_equal(monitor_objective_count(s.m), 2);
    assert_float_equal(monitor_objective(s.m, 0).budget, 1, 0);
    s.failing = 0.03; /* thirty times as many as may */
    int64_t began = s.t;
    while (monitor_episode_count(s.m) == 0 && s.t < began + DAY) {
        play(&s, MINUTE);
    }
    const struct episode *e = last_episode(&s);
    assert_non_null(e);
    assert_string_equal(e->subject, "POST /pay");
    assert_true(e->opened_s - began <= 40 * MINUTE);
    play(&s, 2 * 3600);
    struct monitor_objective o = monitor_objective(s.m, 0);
    assert_int_equal(o.rule, 0);
    assert_float_equal(o.burn[0][1], 30, 0.1);
    assert_true(o.budget < 1);
    s.failing = 0;
    play(&s, 8 * 3600); /* the slowest rule looks back six hours */
    assert_int_equal(monitor_objective(s.m, 0).rule, OBJECTIVE_RULES_COUNT);
    assert_int_equal(last_episode(&s)->state, EPISODE_OVER);
    monitor_free(&s.m);
}

static void
all_requests_together_are_a_subject(void **state)
{
    struct scene s = begin();
    (void)state;
    play(&s, DAY);
    s.slow = 0.1; /* one in twenty of all; no other lane has learned what is normal */
    play(&s, DAY);
    struct monitor_objective o = monitor_objective(s.m, 1);
    assert_int_equal(o.indicator, INDICATOR_LATENCY);
    assert_float_equal(o.burn[1][0], 5, 0.01);
    assert_int_equal(o.rule, 2);
    assert_float_equal(monitor_objective(s.m, 0).budget, 1, 0);
    assert_true(monitor_episode_count(s.m) >= 1);
    monitor_free(&s.m);
}

/* Closed by hand, it is not opened again by what it was closed for. */
static void
a_person_ends_it(void **state)
{
    struct scene s = begin();
    (void)state;
    play(&s, DAY);
    s.failing = 0.05;
    play(&s, 3600);
    unsigned n = monitor_episode_count(s.m);
    const struct episode *e = last_episode(&s);
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_int_equal(monitor_close(s.m, e->id, false), 0);
    play(&s, 600);
    for (unsigned i = n; i < monitor_episode_count(s.m); i++) {
        assert_int_not_equal(monitor_episode(s.m, i)->lane, LANE_OBJECTIVE);
    }
    monitor_free(&s.m);
}

/* After a restart it is what the store's windows say. */
static void
what_is_stored_brings_it_back(void **state)
{
    const struct monitor_config config = {.objectives = &promised};
    struct scene s = begin();
    struct replay *r = replay_new(MONDAY + 3 * DAY, &config, NULL, 0);
    (void)state;
    s.failing = 0.002;
    play(&s, 3 * DAY);
    for (int64_t t = MONDAY; t < MONDAY + 3 * DAY;) {
        bool is_old = t < MONDAY + DAY;
        uint32_t length = is_old ? 3600 : MINUTE;
        const struct stored record = {.kind = STORED_WINDOW,
                                      .window = {.start_wall_ns = (uint64_t)t * NS_PER_S,
                                                 .length_s = length,
                                                 .route = SLICE_LIT("POST /pay"),
                                                 .calls = 1000 * length / MINUTE,
                                                 .errors = 2 * length / MINUTE,
                                                 .time_ns = NS_PER_S}};
        assert_true(replay_record(r, &record));
        t += length;
    }
    struct monitor *again = replay_end(&r);
    assert_float_equal(monitor_objective(again, 0).budget, monitor_objective(s.m, 0).budget, 1e-9);
    assert_float_equal(monitor_objective(again, 0).burn[2][0], 2, 1e-9);
    monitor_free(&again);
    monitor_free(&s.m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_while_it_burns_and_ends_with_it),
        cmocka_unit_test(all_requests_together_are_a_subject),
        cmocka_unit_test(a_person_ends_it),
        cmocka_unit_test(what_is_stored_brings_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
