/* SPDX-License-Identifier: Apache-2.0
 * Which causes are named, and which are only victims or chance. */
#include "unit/analysis/monitor/monitor_kit.h"

/* The one that is named as a cause, or NULL. */
static const struct episode_cause *
cause_of(const struct scene *s, unsigned route)
{
    const struct episode *e = only_one(s->m);
    char name[32];
    snprintf(name, sizeof(name), "GET /%u: ", route);
    for (unsigned i = 0; i < e->cause_count; i++) {
        if (strncmp(e->cause[i].subject, name, strlen(name)) == 0) {
            return &e->cause[i];
        }
    }
    return NULL;
}

/* A fifth more rows and a fifth dearer: it is the table; as many rows as ever: it is not. */
static void
what_reads_more_has_grown(void **state)
{
    for (int grows = 0; grows < 2; grows++) {
        struct scene *s = scene_new(0);
        (void)state;
        for (unsigned i = 0; i < ROUTES; i++) {
            s->reads[i] = 40;
        }
        play(s, 15 * DAY);
        s->times[3] = 1.2;
        s->reads[3] *= grows ? 1.2 : 1;
        play(s, 3600);
        assert_int_equal(only_one(s->m)->cause[0].kind, grows ? FINDING_GROWTH : FINDING_SLOWER);
        scene_free(s);
    }
}

/* A hundredth of what the first one takes, and a proof of its own. */
static void
a_small_cause_with_a_proof_is_named_beside_a_large_one(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 2 * DAY);
    s->calls[5] = 200;
    s->calls[6] = 3;
    play(s, 20 * 60);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(cause_of(s, 5)->kind, FINDING_MORE_CALLS);
    assert_int_equal(cause_of(s, 6)->kind, FINDING_MORE_CALLS);
    scene_free(s);
}

/* All wait for the first one; a tenth of it is asked of what is but somewhat slower than they are,
 * and not of what is clearly so. */
static void
a_small_cause_is_clear_of_everybodys_waiting(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->calls[5] = 400;
    set_times(s, 1.5);
    s->times[2] = 9;
    s->times[3] = 2.2;
    play(s, 3000);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(only_one(s->m)->cause[0].kind, FINDING_MORE_CALLS);
    assert_int_equal(cause_of(s, 2)->kind, FINDING_SLOWER);
    assert_true(cause_of(s, 2)->demand_ms < 0.1 * only_one(s->m)->cause[0].demand_ms);
    scene_free(s);
}

/* Five minutes of a victim, while all wait. */
static void
a_spike_is_no_cause(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->calls[5] = 20;
    set_times(s, 3);
    play(s, 3000);
    for (unsigned i = 0; i < 8; i++) {
        s->times[2] = i < 5 ? 30 : 3;
        play(s, 60);
        assert_int_equal(only_one(s->m)->cause_count, 1);
        assert_non_null(cause_of(s, 5));
    }
    scene_free(s);
}

/* By the counters of a route that fails: while traffic surges no latency is judged. */
static void
what_waits_for_locks_is_found_in_a_surge(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->locks[i] = 0;
    }
    play(s, 15 * DAY);
    s->traffic = 2.5;
    s->errors[1] = 40;
    s->locks[1] = 15;
    s->locks[7] = 15; /* nobody looks into that one */
    play(s, 1200);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(cause_of(s, 1)->kind, FINDING_LOCK_WAIT);
    scene_free(s);
}

/* All wait six times as long for one of them: that is nobody's own, but locks are. */
static void
what_waits_for_locks_is_told_from_what_waits_for_its_turn(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->locks[i] = 0;
    }
    play(s, 15 * DAY);
    s->calls[5] = 100;
    set_times(s, 6);
    s->locks[7] = 10;
    play(s, 3000);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(cause_of(s, 5)->kind, FINDING_MORE_CALLS);
    assert_int_equal(cause_of(s, 7)->kind, FINDING_LOCK_WAIT);
    scene_free(s);
}

/* A table that grows is told by itself when that is sure; sooner where its route fails anyway, be
 * it in that very call. */
static void
growth_is_found_early_where_a_route_fails(void **state)
{
    for (unsigned in_call = 0; in_call < 2; in_call++) {
        struct scene *s = scene_new(0);
        const struct episode_cause *c = NULL;
        (void)state;
        for (unsigned i = 0; i < ROUTES; i++) {
            s->reads[i] = 40;
        }
        play(s, 15 * DAY);
        s->errors[1] = 5;
        s->call_errors[1] = in_call ? 5 : 0;
        for (unsigned i = 1; i <= 60 && (c == NULL || c->kind != FINDING_GROWTH); i++) {
            s->times[1] = s->times[2] = 1 + 0.2 * i / 60;
            s->reads[1] = s->reads[2] = 40 * s->times[1];
            play(s, 60);
            c = monitor_episode_count(s->m) > 0 ? cause_of(s, 1) : NULL;
        }
        assert_non_null(c);
        assert_int_equal(c->kind, FINDING_GROWTH);
        assert_int_equal(monitor_track(s->m, c->track)->lanes, in_call ? 1u << LANE_ERRORS : 0);
        assert_null(cause_of(s, 2));
        scene_free(s);
    }
}

static void
a_cause_stands_while_a_shock_hides_it(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->times[3] = 1.1;
    play(s, 3600);
    assert_int_equal(cause_of(s, 3)->kind, FINDING_SLOWER);
    set_times(s, 3);
    s->times[3] = 3.3;
    play(s, 8 * 60);
    assert_int_equal(cause_of(s, 3)->kind, FINDING_SLOWER);
    scene_free(s);
}

/* Its calls a request go up and down by a fifth, and are many just now. */
static void
what_is_called_more_by_chance_is_slower(void **state)
{
    struct scene *s = scene_new(0);
    struct prng chance = {3};
    (void)state;
    for (unsigned i = 0; i < 15 * DAY / 60; i++) {
        s->calls[3] = 0.8 + 0.4 * (double)prng_below(&chance, 1000) / 1000;
        play(s, 60);
    }
    s->times[3] = 1.2;
    play(s, 3600);
    s->calls[3] = 1.4;
    play(s, 180);
    assert_int_equal(cause_of(s, 3)->kind, FINDING_SLOWER);
    scene_free(s);
}

static void
what_comes_to_an_old_episode_is_a_cause_of_it(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->errors[1] = 40;
    play(s, 2 * 3600);
    assert_int_equal(only_one(s->m)->cause_count, 1);
    s->times[1] = 2;
    play(s, 3600);
    assert_int_equal(only_one(s->m)->cause_count, 2);
    assert_int_equal(cause_of(s, 1)->kind, FINDING_SLOWER);
    scene_free(s);
}

/* Too little to be told by itself, and for longer than chance makes it: in an incident of something
 * else it is a cause. */
static void
some_more_calls_are_a_cause_beside(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->calls[1] = 1.33;
    play(s, 12 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->errors[1] = 30;
    play(s, 12 * 60);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause_count, 2);
    assert_int_equal(e->cause[0].kind, FINDING_MORE_CALLS);
    assert_int_equal(e->cause[1].kind, FINDING_ERRORS);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_reads_more_has_grown),
        cmocka_unit_test(a_small_cause_with_a_proof_is_named_beside_a_large_one),
        cmocka_unit_test(a_small_cause_is_clear_of_everybodys_waiting),
        cmocka_unit_test(a_spike_is_no_cause),
        cmocka_unit_test(what_waits_for_locks_is_found_in_a_surge),
        cmocka_unit_test(what_waits_for_locks_is_told_from_what_waits_for_its_turn),
        cmocka_unit_test(growth_is_found_early_where_a_route_fails),
        cmocka_unit_test(a_cause_stands_while_a_shock_hides_it),
        cmocka_unit_test(what_is_called_more_by_chance_is_slower),
        cmocka_unit_test(what_comes_to_an_old_episode_is_a_cause_of_it),
        cmocka_unit_test(some_more_calls_are_a_cause_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
