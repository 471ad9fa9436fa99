/* SPDX-License-Identifier: Apache-2.0
 * When something began, and which deploy was near: the monitor on small worlds. */
#include "analysis/monitor/episodes.h"
#include "unit/analysis/monitor/monitor_kit.h"

#define RAMPS 10

static void
deploy(struct scene *s, struct slice name, struct slice route, int64_t at_s)
{
    const struct history_deploy d = {
        .name = name, .at_s = at_s, .affects = {route}, .affects_count = 1};
    monitor_deploy(s->m, &d);
}

static void
more_calls_behind_a_deploy_are_told_at_once(void **state)
{
    struct scene *s = scene_new(0);
    struct history_deploy d = {.name = SLICE_LIT("v2"), .affects_count = 1};
    (void)state;
    play(s, 2 * DAY);
    d.at_s = s->t;
    d.affects[0] = SLICE_LIT("GET /5");
    monitor_deploy(s->m, &d);
    d.name = SLICE_LIT("decoy");
    d.affects[0] = SLICE_LIT("GET /6");
    monitor_deploy(s->m, &d);
    s->calls[5] = 20;
    play(s, 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_CALLS);
    assert_string_equal(e->deploy, "v2");
    assert_true(e->chance < 0); /* too few deploys to say */
    assert_int_equal(e->cause[0].kind, FINDING_MORE_CALLS);
    scene_free(s);
}

/* One of other routes, some minutes later, hides nothing. */
static void
a_deploy_is_near_though_another_came_after_it(void **state)
{
    struct scene *s = scene_new(0);
    struct history_deploy own = {.name = SLICE_LIT("v2"), .affects_count = 1};
    struct history_deploy other = {.name = SLICE_LIT("v3"), .affects_count = 1};
    (void)state;
    play(s, 2 * DAY);
    own.at_s = s->t;
    own.affects[0] = SLICE_LIT("GET /5");
    monitor_deploy(s->m, &own);
    play(s, 4 * 60);
    other.at_s = s->t;
    other.affects[0] = SLICE_LIT("GET /6");
    monitor_deploy(s->m, &other);
    s->calls[5] = 20;
    play(s, 2 * 60); /* without a deploy it takes three stretches */
    assert_string_equal(only_one(s->m)->deploy, "v2");
    scene_free(s);
}

/* What came a quarter of an hour before a step, whose minute is known, has done nothing. */
static void
a_deploy_long_before_a_step_is_not_named(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 2 * DAY);
    deploy(s, SLICE_LIT("v2"), SLICE_LIT("GET /5"), s->t);
    play(s, 12 * 60);
    s->calls[5] = 20;
    play(s, 2 * 60);
    assert_string_equal(only_one(s->m)->deploy, "");
    scene_free(s);
}

static double
sway(struct prng *prng)
{
    return (double)prng_below(prng, 1000) / 500 - 1;
}

struct noise_of_routes {
    double lasting[ROUTES]; /* for half an hour */
};

/* 6 % from one window to the next on top of that. */
static void
play_noisy_minute(struct scene *s, struct noise_of_routes *noise, unsigned slower, double times)
{
    for (unsigned i = 0; i < ROUTES; i++) {
        double *lasting = &noise->lasting[i];
        double window = 0.06 * (sway(&s->prng) + sway(&s->prng) + sway(&s->prng));
        *lasting = 0.97 * *lasting + 0.003 * sway(&s->prng);
        s->times[i] = (i == slower ? times : 1) * (1 + *lasting + window);
    }
    play(s, 60);
}

static void
play_noise(struct scene *s, struct noise_of_routes *noise, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end;) {
        play_noisy_minute(s, noise, ROUTES, 1);
    }
}

/* Of 5 % an hour, until it is told. */
static const struct episode *
play_noisy_ramp(struct scene *s, struct noise_of_routes *noise, unsigned route)
{
    unsigned before = monitor_episode_count(s->m);
    double times = 1;
    for (unsigned i = 0; i < 6 * 60 && monitor_episode_count(s->m) == before; i++) {
        times += 0.05 / 60;
        play_noisy_minute(s, noise, route, times);
    }
    assert_int_equal(monitor_episode_count(s->m), before + 1);
    return monitor_episode(s->m, before);
}

/* A ramp is seen when it has been clear of the noise for a while, and dated back to where it began:
 * of two deploys it is the first. One may be off by half an hour, the mean of ten is not. */
static void
ramps_are_dated_back_to_their_deploys(void **state)
{
    struct scene *s = scene_new(0);
    struct noise_of_routes noise = {0};
    unsigned held = 0, named = 0, shapes = 0;
    int64_t late_s = 0;
    (void)state;
    play_noise(s, &noise, 17 * DAY);
    for (unsigned i = 0; i < RAMPS; i++) {
        const struct names of = names_of(i);
        int64_t onset_s = s->t;
        deploy(s, SLICE_LIT("v2"), slice_from_str(of.route), onset_s);
        deploy(s, SLICE_LIT("v3"), slice_from_str(of.route), onset_s + 110 * 60);
        const struct episode *e = play_noisy_ramp(s, &noise, i);
        assert_true(e->lane == LANE_DRIFT || e->lane == LANE_SHAPE);
        shapes += e->lane == LANE_SHAPE ? 1 : 0;
        assert_true(e->opened_s > onset_s + 110 * 60);
        assert_true(e->onset_from_s > onset_s - 3 * HOUR && e->onset_to_s < onset_s + 110 * 60);
        late_s += e->onset_s - onset_s;
        held += e->onset_from_s <= onset_s && onset_s <= e->onset_to_s ? 1 : 0;
        named += strcmp(e->deploy, "v2") == 0 ? 1 : 0;
        play_noise(s, &noise, 6 * HOUR);
        assert_int_equal(e->state, EPISODE_OVER);
    }
    assert_true(labs((long)late_s) < RAMPS * 25 * 60);
    assert_true(shapes > 0); /* dated no worse */
    assert_true(held >= RAMPS - 1 && named >= RAMPS - 1);
    scene_free(s);
}

/* A cache that fills takes a while to be lost: what is told of is the first of it. */
static void
more_calls_are_dated_back_to_the_first_of_them(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 2 * DAY);
    deploy(s, SLICE_LIT("v2"), SLICE_LIT("GET /5"), s->t);
    int64_t onset = s->t;
    s->calls[5] = 1.4;
    play(s, 9 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->calls[5] = 2.2;
    play(s, 2 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_CALLS);
    assert_true(labs((long)(e->onset_s - onset)) <= 60);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

/* As many names as a deploy may have: the last one counts like the first. */
static void
a_deploy_affects_all_that_it_names(void **state)
{
    struct scene *s = scene_new(0);
    struct history_deploy d = {.name = SLICE_LIT("v1"), .affects_count = HISTORY_AFFECTS_MAX};
    (void)state;
    play(s, 600);
    for (unsigned i = 0; i < HISTORY_AFFECTS_MAX; i++) {
        d.affects[i] = SLICE_LIT("GET /none");
    }
    d.affects[HISTORY_AFFECTS_MAX - 1] = SLICE_LIT("GET /3");
    d.at_s = s->t - 60;
    monitor_deploy(s->m, &d);
    assert_non_null(panel_deploy_near(&s->m->panel, call_of(s, 3), s->t, s->t));
    assert_null(panel_deploy_near(&s->m->panel, call_of(s, 4), s->t, s->t));
    scene_free(s);
}

/* 1 - exp(-rate x interval), of those that may affect it; unknown below 10. */
static void
how_likely_a_deploy_is_that_near(void **state)
{
    struct scene *s = scene_new(0);
    struct scope third, fourth, whole;
    (void)state;
    scope_init(&third);
    scope_add(&third, "GET /3");
    scope_add(&third, NULL);
    scope_init(&fourth);
    scope_add(&fourth, "GET /4");
    scope_add_fingerprint(&fourth, 0xabc);
    scope_init(&whole);
    whole.is_whole = true;
    play(s, 36000);
    for (unsigned i = 0; i < 12; i++) {
        struct history_deploy d = {.at_s = s->t - 3600 * (i / 2), .name = SLICE_LIT("v1")};
        d.affects[0] = i % 2 == 0 ? SLICE_LIT("GET /3") : SLICE_LIT("0000000000000abc");
        d.affects_count = i < 8 ? 1 : 0;
        assert_true((monitor_deploy_chance(s->m, &third, 60) < 0) == (i < 10));
        monitor_deploy(s->m, &d);
    }
    double all = 12.0 / 36000, some = 8.0 / 36000; /* four each that name it, and four that may */
    const struct {
        const struct scope *scope;
        double rate;
    } cases[] = {{&whole, all}, {&third, some}, {&fourth, some}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        double chance = monitor_deploy_chance(s->m, cases[i].scope, 600);
        assert_true(fabs(chance - (1 - exp(-cases[i].rate * 600))) < 0.002);
    }
    assert_true(monitor_deploy_chance(s->m, &third, 0) == 0);
    scene_free(s);
}

/* With one an hour there is always one near what began at some time in the last hours. */
static void
a_deploy_that_chance_would_bring_is_not_named(void **state)
{
    struct scene *s = scene_new(0);
    struct history_deploy d = {.name = SLICE_LIT("v1"), .at_s = MONDAY};
    (void)state;
    play(s, 15 * DAY);
    for (; d.at_s < s->t + 5 * HOUR; d.at_s += HOUR) {
        monitor_deploy(s->m, &d);
    }
    play_ramp(s, 5 * HOUR, 0.05);
    const struct episode *e = only_one(s->m);
    assert_true(e->chance > 0.05);
    assert_string_equal(e->deploy, "");
    scene_free(s);
}

/* A statement that is told by itself is of the routes that it runs in. */
static void
a_deploy_of_a_route_affects_its_statements(void **state)
{
    (void)state;
    for (unsigned named = 3; named <= 4; named++) {
        struct scene *s = scene_new(0);
        const struct reading r = {
            .start_s = MONDAY + 540, .length_s = 60, .fingerprint = SLICE_LIT("f3"), .calls = 100};
        struct history_deploy d = {.name = SLICE_LIT("v1"), .affects_count = 1};
        play(s, 600);
        monitor_reading(s->m, &r);
        d.affects[0] = named == 3 ? SLICE_LIT("GET /3") : SLICE_LIT("GET /4");
        d.at_s = s->t - 120;
        monitor_deploy(s->m, &d);
        struct track *t = tracks_find(&s->m->panel.tracks, SLICE_NONE, r.fingerprint);
        const struct alarm a = {.lane = LANE_DRIFT, .onset_s = s->t - 60, .doubt_s = 30};
        episodes_tell(s->m, t, &a);
        assert_string_equal(only_one(s->m)->deploy, named == 3 ? "v1" : "");
        scene_free(s);
    }
}

/* One that has learned from the store is told what was marked meanwhile, each once. */
static void
deploys_are_taken_over(void **state)
{
    struct scene *s = scene_new(0), *old = scene_new(0);
    struct history_deploy d = {.name = SLICE_LIT("v1"), .affects_count = 1};
    (void)state;
    play(s, 600);
    play(old, 600);
    d.affects[0] = SLICE_LIT("GET /3");
    d.at_s = s->t - 300;
    monitor_deploy(s->m, &d);
    monitor_deploy(old->m, &d);
    monitor_take_deploys(s->m, old->m, s->t);
    assert_int_equal(s->m->panel.deploys.count, 1);
    d.name = SLICE_LIT("v2");
    monitor_deploy(old->m, &d);
    d.at_s = s->t + 1; /* the wall clock was set back since */
    monitor_deploy(old->m, &d);
    monitor_take_deploys(s->m, old->m, s->t);
    assert_int_equal(s->m->panel.deploys.count, 2);
    assert_string_equal(s->m->panel.deploys.of[1].name, "v2");
    assert_null(panel_deploy_near(&s->m->panel, call_of(s, 4), s->t, s->t));
    scene_free(s);
    scene_free(old);
}

/* What began half a stretch before the silence has nothing to do with what comes behind it. */
static void
behind_silence_more_calls_are_dated_by_themselves(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->traffic = 0.1;
    play(s, 2 * DAY + 60);
    s->t += 8 * 3600;
    monitor_advance(s->m, s->t);
    deploy(s, SLICE_LIT("v2"), SLICE_LIT("GET /5"), s->t);
    int64_t onset_s = s->t;
    s->calls[5] = 20;
    play(s, 10 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_CALLS);
    assert_true(labs((long)(e->onset_s - onset_s)) <= 180);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

/* Too little to be told, for a day: a jump behind that begins with itself. */
static void
what_was_a_little_more_for_long_is_not_the_beginning(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->calls[5] = 1.33;
    play(s, DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    deploy(s, SLICE_LIT("v2"), SLICE_LIT("GET /5"), s->t);
    int64_t onset_s = s->t;
    s->calls[5] = 20;
    play(s, 2 * 60);
    const struct episode *e = only_one(s->m);
    assert_true(labs((long)(e->onset_s - onset_s)) <= 120);
    assert_string_equal(e->deploy, "v2");
    scene_free(s);
}

/* Nor is it a cause of what fails a day later. */
static void
what_was_a_little_more_for_long_is_no_cause(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->calls[1] = 1.33;
    play(s, DAY / 2);
    s->errors[1] = 30;
    play(s, 12 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_calls_behind_a_deploy_are_told_at_once),
        cmocka_unit_test(a_deploy_is_near_though_another_came_after_it),
        cmocka_unit_test(a_deploy_long_before_a_step_is_not_named),
        cmocka_unit_test(ramps_are_dated_back_to_their_deploys),
        cmocka_unit_test(more_calls_are_dated_back_to_the_first_of_them),
        cmocka_unit_test(a_deploy_affects_all_that_it_names),
        cmocka_unit_test(how_likely_a_deploy_is_that_near),
        cmocka_unit_test(a_deploy_that_chance_would_bring_is_not_named),
        cmocka_unit_test(a_deploy_of_a_route_affects_its_statements),
        cmocka_unit_test(deploys_are_taken_over),
        cmocka_unit_test(behind_silence_more_calls_are_dated_by_themselves),
        cmocka_unit_test(what_was_a_little_more_for_long_is_not_the_beginning),
        cmocka_unit_test(what_was_a_little_more_for_long_is_no_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
