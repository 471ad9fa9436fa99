/* SPDX-License-Identifier: Apache-2.0
 * Before against now: whose doing it is, and whether a fix did what it promised. */
#include "analysis/change/assess.h"
#include "analysis/change/shift.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/incident/receipt.h"
#include "unit/analysis/change/scene.h"

static void
nothing_changed(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 0, 10, EVERY);
    struct shift_route *r = routes_compare(&s);
    kit_near(r->before.mean_ms, 20);
    kit_near(r->change_ms, 0);
    kit_near(s.shift->call_ratio, 1);
    assert_true(r->comparable);
    assert_false(assess_is_burn(s.shift, r));
    assert_false(assess_is_victim(r));
    assert_false(s.shift->surge);
    routes_close(&s);
}

static void
a_statement_that_repeats_is_the_routes_own_doing(void **state)
{
    static struct routes s;
    struct shift_part parts[SHIFT_PARTS_MAX];
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 1, 6, 10, 10);
    }
    struct shift_route *r = routes_compare(&s);
    kit_near(r->change_ms, 50);
    kit_near(r->own_ms, 50);
    kit_near(r->structural_ms, 50);
    assert_int_equal(shift_parts(s.shift, r, parts), 1);
    assert_int_equal(parts[0].kind, SHIFT_MORE);
    kit_near(parts[0].calls_before, 1);
    kit_near(parts[0].calls_now, 6);
    kit_near(parts[0].by_calls_ms, 50);
    kit_near(parts[0].by_cost_ms, 0);
    assert_true(assess_is_burn(s.shift, r));
    assert_false(assess_is_victim(r));
    routes_close(&s);
}

/* Twenty requests at once fill a cache, each by itself; those after them find it full. */
static void
what_is_slow_once_is_no_burn(void **state)
{
    static struct routes s;
    (void)state;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (unsigned i = 0; i < 20; i++) {
        kit_calls(s.watch[0], SPLIT + i, 9, 1, 800, 10);
    }
    uint64_t seconds = 0;
    bool burns = false, is_slower = false;
    for (uint64_t at = SPLIT + NS_PER_S; at < NOW - 10 * NS_PER_S; at += EVERY / 8) {
        kit_calls(s.watch[0], at, 1, 1, 10, 10);
        if (at / NS_PER_S > seconds && at > SPLIT + 3 * NS_PER_S) {
            seconds = at / NS_PER_S;
            s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_SINCE, SPLIT, at + EVERY);
            struct shift_route *r = shift_find(s.shift, s.watch[0]);
            is_slower = is_slower || r->own_ms > assess_threshold_ms(r);
            burns = burns || assess_is_burn(s.shift, r);
            shift_free(&s.shift);
        }
    }
    assert_true(is_slower);
    assert_false(burns);
    routes_compare(&s);
    routes_close(&s);
}

/* One request in forty runs something new that takes a second: little of it, and all of the change.
 */
static void
what_is_rare_and_dear_is_its_own_doing(void **state)
{
    static struct routes s;
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = 0;
    (void)state;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY / 2) {
        const struct kit_query q[] = {{.fingerprint = 1, .ms = 10},
                                      {.fingerprint = 9, .at_ms = 10, .ms = 1000}};
        bool is_dear = ++n % 40 == 0;
        kit_request(s.watch[0], at, is_dear ? 1020 : 20, q, is_dear ? 2 : 1);
    }
    struct shift_route *r = routes_compare(&s);
    assert_int_equal(shift_parts(s.shift, r, parts), 2);
    assert_int_equal(parts[0].fingerprint, 9);
    assert_int_equal(parts[0].kind, SHIFT_NEW);
    kit_near(parts[0].calls_now, 0.025);
    kit_near(parts[0].change_ms, 25);
    kit_near(r->own_ms, 25);
    routes_close(&s);
}

static void
one_statement_alone_that_is_slower_is_its_own_doing(void **state)
{
    static struct routes s;
    struct shift_part parts[SHIFT_PARTS_MAX];
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 1, 1, 40, 10);
    }
    struct shift_route *r = routes_compare(&s);
    kit_near(r->own_ms, 30);
    kit_near(r->structural_ms, 0);
    assert_int_equal(shift_parts(s.shift, r, parts), 1);
    assert_int_equal(parts[0].kind, SHIFT_SLOWER);
    kit_near(parts[0].by_cost_ms, 30);
    assert_true(assess_is_burn(s.shift, r));
    routes_close(&s);
}

/* All calls cost half as much again: the machine is busier, and nobody is to blame here. */
static void
what_all_have_in_common_is_waiting(void **state)
{
    static struct routes s;
    struct shift_part parts[SHIFT_PARTS_MAX];
    open_scene(&s);
    play(&s, 0, 15, EVERY);
    struct shift_route *r = routes_compare(&s);
    kit_near(s.shift->call_ratio, 1.5);
    kit_near(s.shift->call_growth_ms, 5);
    assert_int_equal(shift_parts(s.shift, r, parts), 1);
    assert_int_equal(parts[0].kind, SHIFT_WAITING);
    kit_near(r->waiting_ms, 5);
    kit_near(r->own_ms, 0);
    assert_false(assess_is_burn(s.shift, r));
    assert_true(assess_is_victim(r));
    routes_close(&s);
}

static void
twice_the_traffic_is_a_surge(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 1, 10, EVERY / 2);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY / 2) {
        kit_calls(s.watch[0], at, 1, 1, 40, 10);
    }
    struct shift_route *r = routes_compare(&s);
    assert_true(s.shift->surge);
    assert_true(r->own_ms > assess_threshold_ms(r));
    assert_false(assess_is_burn(s.shift, r)); /* slower under more load is no proof of a fault */
    routes_close(&s);
}

static void
statements_come_and_go(void **state)
{
    static struct routes s;
    struct shift_part parts[SHIFT_PARTS_MAX];
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 99, 1, 25, 10);
    }
    struct shift_route *r = routes_compare(&s);
    assert_int_equal(shift_parts(s.shift, r, parts), 2);
    assert_int_equal(parts[0].fingerprint, 99);
    assert_int_equal(parts[0].kind, SHIFT_NEW);
    kit_near(parts[0].change_ms, 25);
    assert_int_equal(parts[1].kind, SHIFT_GONE);
    kit_near(parts[1].change_ms, -10);
    kit_near(r->change_ms, 15);
    routes_close(&s);
}

/* The first route with its own statement of 10 ms and `calls` of another one. */
static void
play_with_news(struct routes *s, unsigned calls, double ms, double app_ms, unsigned one_in)
{
    unsigned n = 0;
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        struct kit_query q[64] = {{.fingerprint = 1, .ms = 10}};
        unsigned more = n++ % one_in == 0 ? calls : 0;
        for (unsigned i = 0; i < more; i++) {
            q[i + 1] =
                (struct kit_query){.fingerprint = 99, .values = i, .at_ms = 10 + i * ms, .ms = ms};
        }
        kit_request(s->watch[0], at, 10 + more * ms + app_ms, q, more + 1);
    }
}

static void
new_repeats_count_though_the_machine_calmed(void **state)
{
    static struct routes s;
    open_scene(&s);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        for (unsigned i = 1; i < ROUTES; i++) {
            kit_calls(s.watch[i], at, i + 1, 1, 10, 4);
        }
    }
    play_with_news(&s, 5, 0.8, 4, 1);
    struct shift_route *r = routes_compare(&s);
    kit_near(r->change_ms, -2);
    kit_near(r->relief_ms, 6); /* 10 ms of the application became 4 for everybody */
    kit_near(r->structural_ms, 4);
    assert_true(assess_is_burn(s.shift, r));
    routes_close(&s);
}

static void
a_route_that_got_faster_itself_is_no_burn(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    play_with_news(&s, 5, 0.8, 4, 1);
    struct shift_route *r = routes_compare(&s);
    kit_near(r->relief_ms, 0);
    kit_near(r->structural_ms, 4);
    assert_false(assess_is_burn(s.shift, r));
    routes_close(&s);
}

static void
statements_that_take_the_place_of_others_are_no_burn(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 99, 5, 2, 10);
    }
    struct shift_route *r = routes_compare(&s);
    kit_near(r->structural_ms, 10);
    kit_near(r->gone_or_fewer_ms, 10);
    assert_false(assess_is_burn(s.shift, r));
    routes_close(&s);
}

static void
what_few_requests_do_is_not_structural(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    play_with_news(&s, 50, 1, 10, 10);
    struct shift_route *r = routes_compare(&s);
    kit_near(r->new_or_more_ms, 5);
    kit_near(r->structural_ms, 0);
    routes_close(&s);
}

/* Whatever else is slow: something that expires is filled again by few of the requests. Not once or
 * twice, and not for what costs little. */
static void
what_is_new_and_heavy_stands_for_itself(void **state)
{
    static const struct {
        double ms;
        unsigned every;
        bool is_distinct;
    } cases[] = {{100, 10, true}, {100, 60, false}, {55, 10, false}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        static struct routes s;
        struct shift_part parts[SHIFT_PARTS_MAX];
        open_scene(&s);
        play(&s, 1, 10, EVERY);
        play_with_news(&s, 1, cases[i].ms, 10, cases[i].every);
        struct shift_route *r = routes_compare(&s);
        unsigned n = shift_parts(s.shift, r, parts);
        bool is_distinct = false;
        for (unsigned k = 0; k < n; k++) {
            is_distinct = is_distinct || assess_is_distinct(s.shift, r, &parts[k]);
            assert_false(shift_is_structural(s.shift, r, &parts[k]));
        }
        assert_int_equal(is_distinct, cases[i].is_distinct);
        routes_close(&s);
    }
}

static uint32_t
nobody_answers(void *ctx, const char *question)
{
    return 0;
}

/* Ten calls become one again: 90 ms less, seen, measured and written down. */
static void
a_fix_lands_and_is_measured(void **state)
{
    static struct routes s;
    open_scene(&s);
    uint64_t opened = SPLIT + 10 * NS_PER_S, fixed = SPLIT + 20 * NS_PER_S;
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 1, at < fixed ? 10 : 1, 10, 10);
    }
    struct advice *advice = advice_new(nobody_answers, NULL);
    struct incident *inc = check_alloc(1, sizeof(*inc));
    inc->watch = s.watch[0];
    inc->onset_ns = SPLIT;
    inc->opened_ns = opened;
    inc->action_count = 1;
    inc->action[0] = (struct incident_action){
        .id = "a", .kind = ACTION_EAGER_LOAD, .fingerprint = 1, .reference_share = 1};
    stats_make(&s.watch[0]->recent, T0, SPLIT, 0, &inc->before);
    s.watch[0]->base = inc->before;
    s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_FROZEN, SPLIT, NOW);
    assert_true(receipt_look(inc, s.shift, advice, "shop", NOW));
    const struct incident_action *a = &inc->action[0];
    assert_int_equal(inc->state, INCIDENT_FIXING);
    assert_int_equal(a->state, ACTION_MEASURED);
    assert_int_equal(a->landed_ns, fixed);
    kit_near(a->before_ms, 110);
    kit_near(a->measured_ms, 90);
    assert_true(a->measured_error_ms >= 0 && a->measured_error_ms < 10);
    assert_true(a->measured_n >= RECEIPT_REQUESTS_MIN);
    assert_true(receipt_is_counting(a, a->landed_ns + NS_PER_S));
    assert_false(receipt_is_counting(a, a->landed_ns + 200 * NS_PER_S));
    assert_int_equal(inc->timeline_count, 2);
    assert_string_equal(inc->timeline[0].kind, "fix-landed");
    assert_string_equal(inc->timeline[1].kind, "receipt");
    assert_false(receipt_look(inc, s.shift, advice, "shop", NOW)); /* no news */
    free(inc);
    advice_free(&advice);
    routes_close(&s);
}

/* A few requests without the fault are no fix while only some of them ever had it. */
static void
a_short_run_is_no_fix(void **state)
{
    static struct routes s;
    open_scene(&s);
    play(&s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s.watch[0], at, 1, at < NOW - 12 * EVERY ? 10 : 1, 10, 10);
    }
    struct advice *advice = advice_new(nobody_answers, NULL);
    struct incident *inc = check_alloc(1, sizeof(*inc));
    inc->watch = s.watch[0];
    inc->onset_ns = inc->opened_ns = SPLIT;
    inc->action_count = 1;
    inc->action[0] = (struct incident_action){
        .id = "a", .kind = ACTION_EAGER_LOAD, .fingerprint = 1, .reference_share = 0.4};
    s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_FROZEN, SPLIT, NOW);
    assert_false(receipt_look(inc, s.shift, advice, "shop", NOW));
    assert_int_equal(inc->action[0].state, ACTION_PROPOSED);
    inc->action[0].reference_share = 0.6; /* 0.4^12 is below 1 in 10,000 */
    assert_true(receipt_look(inc, s.shift, advice, "shop", NOW));
    assert_int_equal(inc->action[0].state, ACTION_LANDED);
    free(inc);
    advice_free(&advice);
    routes_close(&s);
}

static void
calm_is_within_the_noise_of_before(void **state)
{
    struct incident *inc = check_alloc(1, sizeof(*inc));
    struct shift_route *r = check_alloc(1, sizeof(*r));
    inc->before.mean_ms = 100;
    inc->opened_own_ms = 200;
    r->now.n = RECEIPT_REQUESTS_MIN;
    r->own_ms = 29;
    r->change_ms = 29;
    assert_true(receipt_is_calm(inc, r));
    r->own_ms = 31;
    assert_false(receipt_is_calm(inc, r));
    r->own_ms = 10;
    r->change_ms = 70; /* over twice the allowed */
    assert_false(receipt_is_calm(inc, r));
    r->waiting_ms = 20; /* but it waits for others */
    assert_true(receipt_is_calm(inc, r));
    inc->opened_own_ms = 15; /* a small burn is not over while more than half of it is left */
    assert_false(receipt_is_calm(inc, r));
    r->own_ms = 7;
    r->change_ms = 7;
    assert_true(receipt_is_calm(inc, r));
    r->now.n = RECEIPT_REQUESTS_MIN - 1;
    assert_false(receipt_is_calm(inc, r));
    free(inc);
    free(r);
}

/* Eight minutes of all routes; from the third on the first one's calls cost what `price` says. */
static bool
burns_by_drift(double (*price)(double minutes), double traffic)
{
    static struct routes s;
    open_scene(&s);
    uint64_t end = SPLIT + 400 * NS_PER_S;
    for (uint64_t at = SPLIT; at < end;) {
        for (unsigned i = 0; i < ROUTES; i++) {
            double ms = i > 0 ? 10 : price((double)(at - SPLIT) / 6e10);
            kit_calls(s.watch[i], at, i + 1, 1, ms + (double)(at / EVERY % 5) / 50, 10);
        }
        load_add(&s.load, at, ROUTES, ROUTES, 0, 10.0 * ROUTES);
        at += (uint64_t)(EVERY / (at < end - 120 * NS_PER_S ? 1 : traffic));
    }
    s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_DRIFT, 0, end);
    bool burns = assess_is_burn(s.shift, shift_find(s.shift, s.watch[0]));
    routes_close(&s);
    return burns;
}

static double
a_little_more_each_minute(double minutes)
{
    return 10 + 0.7 * fmax(0, minutes - 1);
}

static double
a_little_more_at_once(double minutes)
{
    return minutes < 3 ? 10 : 13.7;
}

static double
much_more_at_once(double minutes)
{
    return minutes < 3 ? 10 : 17;
}

static void
a_steady_rise_burns_before_a_step_does(void **state)
{
    assert_true(burns_by_drift(a_little_more_each_minute, 1));
    assert_false(burns_by_drift(a_little_more_at_once, 1));
    assert_true(burns_by_drift(much_more_at_once, 1));
    assert_false(burns_by_drift(a_little_more_each_minute, 1.4)); /* the traffic explains it */
}

/* A statement becomes many times as dear while its route waits, now for long and now not at all,
 * for something that others do: the route's mean tells nothing, and the statement's does. */
static void
a_statement_that_is_many_times_as_dear_burns_amid_noise(void **state)
{
    static struct routes s;
    (void)state;
    for (unsigned times = 1; times <= 60; times += 59) {
        uint64_t n = 0, from = NOW - 60 * NS_PER_S;
        open_scene(&s);
        for (uint64_t at = SPLIT - 60 * NS_PER_S; at < NOW; at += EVERY) {
            double waits = at >= from && n++ % 16 < 2 ? 1500 : 0;
            double ms = 0.5 * (at >= from ? times : 1);
            const struct kit_query q[] = {{.fingerprint = 1, .ms = 10},
                                          {.fingerprint = 9, .at_ms = 10, .ms = ms}};
            kit_request(s.watch[0], at, 20 + ms + waits, q, 2);
            for (unsigned i = 1; i < ROUTES; i++) {
                kit_calls(s.watch[i], at, i + 1, 1, 10, 10 + waits);
            }
            load_add(&s.load, at, ROUTES, ROUTES, 0, 10.0 * ROUTES);
        }
        s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_DRIFT, 0, NOW);
        struct shift_route *r = shift_find(s.shift, s.watch[0]);
        assert_true(r->z < 6);
        assert_int_equal(assess_is_burn(s.shift, r), times > 1);
        routes_close(&s);
    }
}

/* Also when a baseline was taken before: the first requests are those of cold caches. */
static void
what_warms_up_is_no_baseline(void **state)
{
    static struct routes s;
    (void)state;
    open_scene(&s);
    assert_int_equal(watch_baseline_from(s.watch[0]), T0 + WATCH_WARM_UP_NS);
    s.watch[0]->base.n = 100;
    assert_int_equal(watch_baseline_from(s.watch[0]), T0 + WATCH_WARM_UP_NS);
    s.watch[0]->base_restored = true; /* they were warm already */
    assert_int_equal(watch_baseline_from(s.watch[0]), T0);
    routes_compare(&s);
    routes_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed),
        cmocka_unit_test(a_statement_that_repeats_is_the_routes_own_doing),
        cmocka_unit_test(what_is_slow_once_is_no_burn),
        cmocka_unit_test(what_is_rare_and_dear_is_its_own_doing),
        cmocka_unit_test(one_statement_alone_that_is_slower_is_its_own_doing),
        cmocka_unit_test(what_all_have_in_common_is_waiting),
        cmocka_unit_test(twice_the_traffic_is_a_surge),
        cmocka_unit_test(statements_come_and_go),
        cmocka_unit_test(new_repeats_count_though_the_machine_calmed),
        cmocka_unit_test(a_route_that_got_faster_itself_is_no_burn),
        cmocka_unit_test(statements_that_take_the_place_of_others_are_no_burn),
        cmocka_unit_test(what_few_requests_do_is_not_structural),
        cmocka_unit_test(what_is_new_and_heavy_stands_for_itself),
        cmocka_unit_test(a_fix_lands_and_is_measured),
        cmocka_unit_test(a_short_run_is_no_fix),
        cmocka_unit_test(calm_is_within_the_noise_of_before),
        cmocka_unit_test(a_statement_that_is_many_times_as_dear_burns_amid_noise),
        cmocka_unit_test(what_warms_up_is_no_baseline),
        cmocka_unit_test(a_steady_rise_burns_before_a_step_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
