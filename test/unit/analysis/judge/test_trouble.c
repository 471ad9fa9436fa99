/* SPDX-License-Identifier: Apache-2.0
 * Since when a route may be slow because of what is open: with the first incident that somebody
 * else may suffer from, with enough known of the route from before it. */
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "base/clock.h"
#include "unit/analysis/requests_kit.h"

#define MINUTE (60 * NS_PER_S)
#define HOUR   (60 * MINUTE)
#define T0     (10000 * NS_PER_S)
#define FROM   (T0 + WATCH_WARM_UP_NS)
#define ENOUGH (FROM + (WATCH_REQUESTS_MIN - 1) * NS_PER_S) /* with that one there are so many */
#define NOW    (T0 + 30 * MINUTE)
#define WALL0  (1700000040ull * NS_PER_S)

/* With one route, which has had a request a second since T0. */
static struct judge *
new_judge(void)
{
    const struct judge_out out = {0};
    const struct judge_config config = {.cores = 2};
    struct judge *j = NULL;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &j), 0);
    struct watch *w = judge_watch_of(j, SLICE_LIT("GET /a"), ROUTE_BASIS_PATH, METHOD_GET);
    for (uint64_t at = T0; at < NOW; at += NS_PER_S) {
        kit_calls(w, at, 1, 1, 10, 10);
    }
    j->now_ns = NOW;
    return j;
}

/* By what the last minutes say. */
static struct incident *
open_incident(struct judge *j, uint64_t onset_ns)
{
    struct incident *inc = incident_new_bare(j->next_id++, "GET /b", onset_ns, onset_ns);
    j->incident[j->incident_count++] = inc;
    return inc;
}

static struct incident *
open_small(struct judge *j, uint64_t onset_ns)
{
    struct incident *inc = open_incident(j, onset_ns);
    inc->episode = (struct incident_episode){.id = inc->id, .opened = true, .lane = "drift"};
    return inc;
}

static void
expect(struct judge *j, uint64_t since_ns)
{
    judge_note_trouble(j);
    assert_int_equal(j->watch[0]->trouble_ns, since_ns);
}

static void
it_begins_with_the_first_that_is_open(void **state)
{
    struct judge *j = new_judge();
    (void)state;
    expect(j, 0);
    struct incident *later = open_incident(j, NOW - 5 * MINUTE);
    struct incident *first = open_incident(j, NOW - 9 * MINUTE);
    expect(j, first->onset_ns);
    first->state = INCIDENT_FIXING;
    expect(j, first->onset_ns);
    first->state = INCIDENT_RECOVERED; /* what was slow because of it is not normal yet */
    expect(j, first->onset_ns);
    later->state = INCIDENT_CLOSED;
    expect(j, 0);
    later->state = INCIDENT_OPEN;
    expect(j, later->onset_ns);
    judge_free(&j);
}

/* What may last for days and concerns nobody else. */
static void
a_small_one_is_nobodys_trouble(void **state)
{
    struct judge *j = new_judge();
    (void)state;
    struct incident *small = open_small(j, NOW - 9 * MINUTE);
    struct incident *answers = open_incident(j, NOW - 8 * MINUTE);
    answers->of_answers = true;
    expect(j, 0);
    struct incident *large = open_incident(j, NOW - 5 * MINUTE);
    expect(j, large->onset_ns);
    small->is_whole = true; /* but that is everybody's */
    expect(j, small->onset_ns);
    judge_free(&j);
}

/* Of less nobody can say what was normal; what begins later is not hidden by it. */
static void
one_that_little_is_known_of_before_does_not_count(void **state)
{
    static const uint64_t onset[] = {1, T0 - HOUR, T0, FROM, ENOUGH};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(onset); i++) {
        struct judge *j = new_judge();
        (void)open_incident(j, onset[i]);
        expect(j, 0);
        struct incident *inc = open_incident(j, NOW - 5 * MINUTE);
        expect(j, inc->onset_ns);
        inc->onset_ns = ENOUGH + 1;
        expect(j, ENOUGH + 1);
        j->watch[0]->settled_ns = NOW - 4 * MINUTE; /* that was its own, and has ended */
        expect(j, 0);
        judge_free(&j);
    }
}

/* Its deploy, or an incident of its own that has ended: it begins anew, with what is open. */
static void
a_baseline_begins_anew_where_it_has_settled(void **state)
{
    struct judge *j = new_judge();
    (void)state;
    struct incident *inc = open_incident(j, NOW - 9 * MINUTE);
    j->watch[0]->settled_ns = NOW - 9 * MINUTE;
    expect(j, 0);
    j->watch[0]->settled_ns -= (WATCH_REQUESTS_MIN - 1) * NS_PER_S;
    expect(j, 0);
    j->watch[0]->settled_ns -= NS_PER_S;
    expect(j, inc->onset_ns);
    judge_free(&j);
}

/* Days later the requests that are kept are of a few minutes: what began before them is all that
 * they know, and hides nothing that has begun since. */
static void
one_that_is_days_old_hides_no_younger_one(void **state)
{
    struct judge *j = new_judge();
    struct watch *w = j->watch[0];
    (void)state;
    uint64_t now_ns = NOW + 72 * HOUR;
    struct incident *old = open_incident(j, NOW - 5 * MINUTE);
    expect(j, old->onset_ns);
    for (unsigned i = 0; recent_at(&w->recent, 0)->start_ns <= old->onset_ns; i++) {
        assert_true(i < 1000000);
        kit_calls(w, now_ns - 30 * MINUTE + i * NS_PER_MS, 1, 1, 10, 10);
    }
    j->now_ns = now_ns;
    expect(j, 0);
    struct incident *young = open_incident(j, now_ns - 2 * MINUTE);
    expect(j, young->onset_ns);
    judge_free(&j);
}

/* As with each turn, also where as many are open as may be. */
static void
it_is_noted_with_each_turn(void **state)
{
    struct judge *j = new_judge();
    (void)state;
    for (unsigned i = 0; i < JUDGE_ACTIVE_MAX; i++) {
        (void)open_incident(j, NOW - (5 + i) * MINUTE);
    }
    judge_tick(j, NOW, WALL0 + NOW - T0);
    assert_int_equal(j->watch[0]->trouble_ns, NOW - (4 + JUDGE_ACTIVE_MAX) * MINUTE);
    judge_free(&j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_the_first_that_is_open),
        cmocka_unit_test(a_small_one_is_nobodys_trouble),
        cmocka_unit_test(one_that_little_is_known_of_before_does_not_count),
        cmocka_unit_test(a_baseline_begins_anew_where_it_has_settled),
        cmocka_unit_test(one_that_is_days_old_hides_no_younger_one),
        cmocka_unit_test(it_is_noted_with_each_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
