/* SPDX-License-Identifier: Apache-2.0
 * Which incident an episode is of, where one of them is of failures that stand apart. The monitor's
 * ten routes have had their minutes; the judge is given it as after a restart. */
#include "analysis/judge/state.h"
#include "base/clock.h"
#include "unit/analysis/monitor/monitor_kit.h"

#define T0  (100 * (uint64_t)DAY * NS_PER_S)
#define AGO (5 * 60 * NS_PER_S)

static const struct objective_setting quick = {
    .name = "quick", .route = "GET /3", .latency_ms = 20, .latency = 99, .days = 30};
static const struct objective_setting all_quick = {
    .name = "all", .latency_ms = 20, .latency = 99.9, .days = 30};
static const struct objective_setting all_answer = {
    .name = "all", .availability = 99.999, .days = 30};

static struct scene *
scene_that_promises(const struct objective_setting *promised)
{
    const struct objectives objectives = {.of = {*promised}, .count = 1};
    const struct monitor_config config = {.objectives = &objectives};
    const struct monitor_out out = {0};
    struct scene *s = scene_new(0);
    monitor_free(&s->m);
    s->m = monitor_new(&config, &out);
    s->route_first = true;
    play(s, 15 * DAY);
    return s;
}

/* GET /3 is too slow, and the promise the first that tells. */
static void
play_slow(struct scene *s)
{
    s->times[3] = 4;
    play(s, 18 * 60);
    assert_int_equal(only_one(s->m)->lane, LANE_OBJECTIVE);
    assert_false(episode_stands_apart(only_one(s->m)));
}

static struct judge *
judge_at(const struct scene *s)
{
    const struct judge_config config = {.cores = 2};
    const struct judge_out out = {0};
    struct judge *j = NULL;
    assert_int_equal(judge_new(&config, &out, T0, (uint64_t)s->t * NS_PER_S, &j), 0);
    for (unsigned i = 0; i < ROUTES; i++) {
        struct slice route = slice_from_str(names_of(i).route);
        assert_non_null(judge_watch_of(j, route, ROUTE_BASIS_PATH, METHOD_GET));
    }
    return j;
}

/* Of before the restart, and opened by the monitor of then. */
static struct incident *
open_incident(struct judge *j, const char *subject, bool apart)
{
    struct incident *inc = incident_new_bare(j->next_id++, subject, T0 - AGO, T0 - AGO);
    inc->episode = (struct incident_episode){.id = 77, .opened = true, .apart = apart};
    snprintf(inc->episode.lane, sizeof(inc->episode.lane), "%s", apart ? "errors" : "drift");
    j->incident[j->incident_count++] = inc;
    return inc;
}

static void
wait_for(struct incident *inc, const char *route)
{
    snprintf(inc->victim[inc->victim_count++].subject, 256, "%s", route);
}

/* The only episode is of the incident; or of another one, which is new. */
static void
expect(struct judge *j, struct scene *s, const struct incident *inc, bool is_of_it)
{
    const struct episode *e = only_one(s->m);
    uint32_t id = e->id;
    bool apart = episode_stands_apart(e);
    judge_take_monitor(j, &s->m);
    assert_int_equal(j->incident_count, is_of_it ? 1 : 2);
    assert_ptr_equal(j->incident[0], inc);
    const struct incident *its = j->incident[j->incident_count - 1];
    assert_int_equal(its->episode.id, id);
    assert_true(its->episode.opened && !its->episode.over);
    assert_int_equal(its->episode.apart, apart);
    assert_int_equal(inc->episode.id, is_of_it ? id : 0);
    assert_int_equal(inc->timeline_count, 0);
    judge_free(&j);
    scene_free(s);
}

/* Whatever the incident was when it was kept. */
static void
what_stands_apart_is_found_again(void **state)
{
    (void)state;
    for (unsigned was_apart = 0; was_apart < 2; was_apart++) {
        struct scene *s = scene_that_promises(&quick);
        break_in(s, 1, ERROR_CLASS_CONSTRAINT);
        play(s, 10 * 60);
        assert_true(episode_stands_apart(only_one(s->m)));
        struct judge *j = judge_at(s);
        expect(j, s, open_incident(j, "GET /1", was_apart == 1), true);
    }
}

/* And if it has begun to wait meanwhile, so has the incident. */
static void
what_waits_since_then_stands_apart_no_more(void **state)
{
    struct scene *s = scene_that_promises(&quick);
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    break_in(s, 1, ERROR_CLASS_TIMEOUT);
    play(s, 10 * 60);
    assert_false(episode_stands_apart(only_one(s->m)));
    struct judge *j = judge_at(s);
    expect(j, s, open_incident(j, "GET /1", true), true);
}

/* Who only waits in it may time out because of it, but is refused nothing. */
static void
a_victims_refusals_are_not_the_incidents(void **state)
{
    static const enum error_class of[] = {ERROR_CLASS_CONSTRAINT, ERROR_CLASS_TIMEOUT};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(of); i++) {
        struct scene *s = scene_that_promises(&quick);
        break_in(s, 1, of[i]);
        play(s, 10 * 60);
        struct judge *j = judge_at(s);
        struct incident *inc = open_incident(j, "GET /3", false);
        wait_for(inc, "GET /1");
        expect(j, s, inc, of[i] == ERROR_CLASS_TIMEOUT);
    }
}

static void
a_broken_promise_is_of_the_incident_about_its_route(void **state)
{
    static const struct {
        const char *subject, *victim;
        bool apart, is_of_it;
    } cases[] = {
        {"GET /3", "", true, true},         {"GET /3", "", false, true},
        {"GET /1", "GET /3", false, true},  {"GET /1", "GET /3", true, true},
        {"GET /1", "GET /5", false, false}, {"GET /1", "", true, false},
    };
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = scene_that_promises(&quick);
        play_slow(s);
        struct judge *j = judge_at(s);
        struct incident *inc = open_incident(j, cases[i].subject, cases[i].apart);
        wait_for(inc, cases[i].victim);
        expect(j, s, inc, cases[i].is_of_it);
    }
}

/* Whatever is slow may be all's, but not what is refused. */
static void
a_promise_about_all_that_slowness_breaks_is_of_what_is_slow(void **state)
{
    (void)state;
    for (unsigned apart = 0; apart < 2; apart++) {
        struct scene *s = scene_that_promises(&all_quick);
        play_slow(s);
        struct judge *j = judge_at(s);
        expect(j, s, open_incident(j, "GET /1", apart == 1), apart == 0);
    }
}

/* The promise told first, of all; then it was known to be of refusals. Its incident has the name of
 * the route that was slowest then. */
static void
a_promise_about_all_that_refusals_break_is_found_again(void **state)
{
    (void)state;
    for (unsigned is_whole = 0; is_whole < 2; is_whole++) {
        struct scene *s = scene_that_promises(&all_answer);
        break_in(s, 1, ERROR_CLASS_CONSTRAINT);
        s->errors[1] = s->call_errors[1] = 5;
        play(s, 15 * 60);
        assert_int_equal(only_one(s->m)->lane, LANE_OBJECTIVE);
        assert_true(episode_stands_apart(only_one(s->m)));
        struct judge *j = judge_at(s);
        struct incident *inc = open_incident(j, "GET /7", true);
        inc->is_whole = is_whole == 1;
        expect(j, s, inc, inc->is_whole);
    }
}

/* So it is no reason why a route is slow. */
static void
a_promise_about_all_that_refusals_break_slows_nobody(void **state)
{
    (void)state;
    for (unsigned apart = 0; apart < 2; apart++) {
        struct scene *s = scene_that_promises(&quick);
        play_slow(s);
        struct judge *j = judge_at(s);
        struct incident *inc = open_incident(j, "GET /7", apart == 1);
        inc->is_whole = true;
        expect(j, s, inc, apart == 0);
    }
}

/* Whatever else resembles it, and whichever is younger. */
static void
what_is_of_its_series_comes_first(void **state)
{
    (void)state;
    for (unsigned is_whole = 0; is_whole < 2; is_whole++) {
        struct scene *s = scene_that_promises(&quick);
        play_slow(s);
        uint32_t id = only_one(s->m)->id;
        struct judge *j = judge_at(s);
        struct incident *its = open_incident(j, "GET /3", false);
        struct incident *younger = open_incident(j, is_whole == 1 ? "GET /7" : "GET /3", false);
        younger->is_whole = is_whole == 1;
        its->opened_ns -= 5 * HOUR * NS_PER_S; /* the episode joined it, later */
        its->episode.subject_key = only_one(s->m)->subject_key;
        its->episode.onset_to_ns = T0 - AGO;
        judge_take_monitor(j, &s->m);
        assert_int_equal(j->incident_count, 2);
        assert_int_equal(its->episode.id, id);
        assert_int_equal(younger->episode.id, 0);
        assert_false(its->episode.over);
        judge_free(&j);
        scene_free(s);
    }
}

/* Everything is slow, most of all the route that is refused something then. */
static void
refusals_are_not_of_everything(void **state)
{
    struct scene *s = scene_that_promises(&quick);
    (void)state;
    break_in(s, 1, ERROR_CLASS_CONSTRAINT);
    play(s, 10 * 60);
    struct judge *j = judge_at(s);
    struct incident *inc = open_incident(j, "GET /1", false);
    inc->is_whole = true;
    expect(j, s, inc, false);
}

/* Though it is neither its subject nor waits for it. */
static void
what_had_only_joined_is_found_again(void **state)
{
    (void)state;
    for (unsigned joined = 0; joined < 2; joined++) {
        struct scene *s = scene_that_promises(&quick);
        play_slow(s);
        struct judge *j = judge_at(s);
        struct incident *inc = open_incident(j, "GET /7", false);
        inc->episode.subject_key = joined == 1 ? only_one(s->m)->subject_key : 0;
        inc->episode.onset_to_ns = T0 - AGO;
        expect(j, s, inc, joined == 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_apart_is_found_again),
        cmocka_unit_test(what_waits_since_then_stands_apart_no_more),
        cmocka_unit_test(a_victims_refusals_are_not_the_incidents),
        cmocka_unit_test(a_broken_promise_is_of_the_incident_about_its_route),
        cmocka_unit_test(a_promise_about_all_that_slowness_breaks_is_of_what_is_slow),
        cmocka_unit_test(a_promise_about_all_that_refusals_break_is_found_again),
        cmocka_unit_test(a_promise_about_all_that_refusals_break_slows_nobody),
        cmocka_unit_test(what_had_only_joined_is_found_again),
        cmocka_unit_test(what_is_of_its_series_comes_first),
        cmocka_unit_test(refusals_are_not_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
