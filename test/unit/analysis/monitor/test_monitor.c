/* SPDX-License-Identifier: Apache-2.0
 * The monitor as a whole, on small worlds without chance in them but for a little noise. */
#include "analysis/monitor/memory.h"

#include <errno.h>

#include "unit/analysis/monitor/monitor_kit.h"

static void
nothing_happens(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 16 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(monitor_totals(s->m).tracks, 2 * ROUTES);
    scene_free(s);
}

static void
a_slow_ramp_is_one_episode_that_ends(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 17 * DAY); /* its noise is known for sure */
    int64_t onset = s->t;
    for (unsigned i = 1; i <= 60 * 5; i++) {
        s->times[3] = 1 + 0.05 * i / 60;
        play(s, 60);
    }
    const struct episode *e = only_one(s);
    assert_non_null(strstr(e->subject, "GET /3"));
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_int_equal(e->lane, LANE_DRIFT);
    assert_true(e->opened_s > onset && e->opened_s < onset + 2 * 3600);
    assert_true(e->onset_from_s <= onset && onset <= e->onset_to_s);
    assert_true(e->cause_count >= 1 && e->cause[0].kind == FINDING_SLOWER);
    s->times[3] = 1;
    play(s, 3600);
    assert_int_equal(only_one(s)->state, EPISODE_OVER);
    play(s,
         3 * DAY); /* and it was not learned: being fast again is no incident, nor was it normal */
    only_one(s);
    scene_free(s);
}

/* 0.4 % a day: what is normal follows it, and never lies 2 % behind; a week ago does. */
static void
what_creeps_for_days_is_told_against_a_week_ago(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 16 * DAY);
    int64_t onset = s->t;
    for (unsigned i = 1; i <= 24 * 8; i++) {
        s->times[3] = 1 + 0.004 * i / 24;
        play(s, 3600);
    }
    const struct episode *e = only_one(s);
    assert_non_null(strstr(e->subject, "GET /3"));
    assert_int_equal(e->lane, LANE_CREEP);
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_true(e->opened_s > onset + 3 * DAY && e->opened_s < onset + 7 * DAY);
    assert_true(e->onset_s > onset - DAY && e->onset_s < e->opened_s - DAY / 2);
    s->times[3] = 1;
    play(s, 3 * 3600);
    assert_int_equal(only_one(s)->state, EPISODE_OVER);
    play(s, 2 * DAY);
    only_one(s);
    scene_free(s);
}

/* What noise is skewed by is learned from what creeps, too: it is compared with what that was a
 * week ago. After a restart as well; and from now on where what is now is said to be normal. */
static void
what_creeps_is_not_taken_for_skew(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 16 * DAY);
    struct track *t = call_of(s, "GET /3");
    float before = t->noise.bias;
    for (unsigned i = 1; i <= 24 * 5; i++) {
        s->times[3] = 1 + 0.002 * i / 24;
        play(s, 3600);
    }
    assert_true(t->noise.bias > before + 0.04f);
    assert_true(t->creep.bias < before + 0.01f);
    struct creep_past kept = t->past->creep;
    play(s, 7 * DAY);
    assert_true(t->creep.bias > before + 0.02f);
    unsigned minutes = 0;
    for (unsigned i = 0; i < 30; i++) { /* and that is what is taken off */
        float sum = t->creep.hour_sum;
        unsigned count = t->creep.hour_count;
        play(s, 60);
        if (t->creep.hour_count == count + 1) {
            float cut = NOISE_CLIP * t->noise.s, x = MAX(MIN(t->residual, cut), -cut);
            assert_float_equal(t->creep.hour_sum - sum, x - t->creep.bias * t->noise.s, 1e-6);
            minutes++;
        }
    }
    assert_true(minutes > 20);
    creep_remember(t, &kept);
    assert_true(t->creep.bias < before + 0.01f);
    monitor_expect(s->m, "GET /3");
    assert_int_equal(t->past->creep.count, 0);
    assert_float_equal(t->creep.bias, t->noise.bias, 0);
    scene_free(s);
}

/* Noise that has always been skewed is no creep: what is remembered begins where that is known. */
static void
noise_that_is_skewed_does_not_creep(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->skewed = true;
    play(s, 16 * DAY);
    const struct track *t = call_of(s, "GET /3");
    assert_true(t->noise.bias > 0.1f);
    assert_true(fabsf(t->creep.bias - t->noise.bias) < 0.05f);
    scene_free(s);
}

/* In the minutes of a shock nothing rises by itself. */
static void
a_shock_is_no_rise(void **state)
{
    struct scene *s = scene_new(0);
    unsigned minutes = 0;
    (void)state;
    play(s, 15 * DAY);
    const struct track *t = call_of(s, "GET /3");
    set_times(s, 1.10); /* more would be a spike */
    for (unsigned i = 0; i < 6; i++) {
        float before = t->rise.lately[0];
        play(s, 60);
        if (monitor_in_shock(s->m)) {
            assert_float_equal(t->rise.lately[0], before, 0);
            minutes++;
        }
    }
    assert_true(minutes >= 4);
    scene_free(s);
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
        assert_int_equal(only_one(s)->cause[0].kind, grows ? FINDING_GROWTH : FINDING_SLOWER);
        scene_free(s);
    }
}

/* The one that is named as a cause, or NULL. */
static const struct episode_cause *
cause_of(const struct scene *s, unsigned route)
{
    const struct episode *e = only_one(s);
    char name[32];
    snprintf(name, sizeof(name), "GET /%u: ", route);
    for (unsigned i = 0; i < e->cause_count; i++) {
        if (strncmp(e->cause[i].subject, name, strlen(name)) == 0) {
            return &e->cause[i];
        }
    }
    return NULL;
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
    assert_int_equal(only_one(s)->cause_count, 2);
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
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = i == 2 ? 9 : i == 3 ? 2.2 : 1.5;
    }
    play(s, 3000);
    assert_int_equal(only_one(s)->cause_count, 2);
    assert_int_equal(only_one(s)->cause[0].kind, FINDING_MORE_CALLS);
    assert_int_equal(cause_of(s, 2)->kind, FINDING_SLOWER);
    assert_true(cause_of(s, 2)->demand_ms < 0.1 * only_one(s)->cause[0].demand_ms);
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
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 3;
    }
    play(s, 3000);
    for (unsigned i = 0; i < 8; i++) {
        s->times[2] = i < 5 ? 30 : 3;
        play(s, 60);
        assert_int_equal(only_one(s)->cause_count, 1);
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
    assert_int_equal(only_one(s)->cause_count, 2);
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
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 6;
    }
    s->locks[7] = 10;
    play(s, 3000);
    assert_int_equal(only_one(s)->cause_count, 2);
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
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = i == 3 ? 3.3 : 3;
    }
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
    assert_int_equal(only_one(s)->cause_count, 1);
    s->times[1] = 2;
    play(s, 3600);
    assert_int_equal(only_one(s)->cause_count, 2);
    assert_int_equal(cause_of(s, 1)->kind, FINDING_SLOWER);
    scene_free(s);
}

static void
a_surge_is_traffic_and_a_blip_is_nothing(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->traffic = 2.5;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 1.6;
    }
    play(s, 3600);
    s->traffic = 1;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 1;
    }
    play(s, 3600);
    s->times[2] = 5;
    play(s, 8 * 60);
    s->times[2] = 1;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(monitor_totals(s->m).frozen, 60);
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
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause_count, 2);
    assert_int_equal(e->cause[0].kind, FINDING_MORE_CALLS);
    assert_int_equal(e->cause[1].kind, FINDING_ERRORS);
    scene_free(s);
}

static void
errors_are_told_by_their_rate(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = 3;
    play(s, 40 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    scene_free(s);
}

/* Every other minute has more than count in full, so that half of what adds up might be bursts. */
static void
many_times_as_many_errors_are_no_bursts(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 2;
    play(s, 3 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    for (unsigned i = 0; i < 20; i++) {
        s->errors[1] = i % 2 == 0 ? 15 : 9;
        play(s, 60);
    }
    assert_int_equal(only_one(s)->lane, LANE_ERRORS);
    scene_free(s);
}

/* However many there were, and where there had never been one: half an hour without them is enough,
 * and half as many are not. */
static void
errors_that_have_ended_are_over(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = 40;
    play(s, 3600);
    assert_int_equal(only_one(s)->state, EPISODE_OPEN);
    s->errors[1] = 20;
    play(s, 2 * 3600);
    assert_int_equal(only_one(s)->state, EPISODE_OPEN);
    s->errors[1] = 0;
    play(s, 50 * 60);
    assert_int_equal(only_one(s)->state, EPISODE_OVER);
    play(s, DAY);
    only_one(s);
    scene_free(s);
}

/* Most of a route's requests fail from one minute to the next, on the first day: three minutes are
 * enough, and one is not. */
static void
an_outage_is_told_at_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 5 * 60);
    s->errors[1] = 30;
    play(s, 60);
    s->errors[1] = 0;
    play(s, 300);
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->errors[1] = 30;
    play(s, 180);
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ERRORS);
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    scene_free(s);
}

/* A sixth of them: a job goes on with a password that was changed. */
static void
an_outage_of_some_calls_is_told_at_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * 60);
    s->errors[1] = 16;
    play(s, 180);
    assert_int_equal(only_one(s)->lane, LANE_ERRORS);
    scene_free(s);
}

/* A tenth of them, as in a burst: five minutes are enough where bursts are over after three. */
static void
a_smaller_outage_that_lasts_is_told(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * 60);
    for (unsigned i = 0; i < 3; i++) {
        s->errors[1] = 12;
        play(s, (i < 2 ? 3 : 6) * 60); /* the last two follow one another */
        s->errors[1] = 0;
        play(s, 90 * 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->errors[1] = 14;
    play(s, 8 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->lane, LANE_ERRORS);
    scene_free(s);
}

/* Each of them passes; behind a deploy the first two together say nothing yet. */
static void
a_spike_and_cold_caches_are_no_drift(void **state)
{
    for (int deploys = 0; deploys < 2; deploys++) {
        struct scene *s = scene_new(0);
        struct history_deploy d = {.name = SLICE_LIT("v2")};
        (void)state;
        play(s, 15 * DAY);
        s->times[3] = 1.6;
        play(s, 5 * 60);
        d.at_s = s->t;
        if (deploys) {
            monitor_deploy(s->m, &d);
        }
        s->times[3] = 1.3;
        play(s, 22 * 60);
        /* without one, what lasts for as long at that size is told */
        assert_int_equal(monitor_episode_count(s->m), deploys ? 0 : 1);
        s->times[3] = 1;
        play(s, 3600);
        assert_int_equal(monitor_episode_count(s->m), deploys ? 0 : 1);
        scene_free(s);
    }
}

/* A burst is over sooner; nor is one series to blame for what all do. */
static void
a_rise_is_told_where_it_is_steady(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 600);
    struct track *t = &s->m->track[0];
    t->noise.blocks_seen = 1000;
    for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
        t->last[i] = 0.05f;
    }
    t->last_count = CONFIRM_WINDOWS;
    t->rise = (struct rise){.lately = {1, 1}, .unit = {7.5f, 7.5f}};
    for (unsigned i = 0; i < RISES; i++) {
        assert_true(charts_rise_level(s->m, t, i) >= 1);
        t->last[3] = -0.01f; /* back to normal a moment ago */
        assert_true(charts_rise_level(s->m, t, i) < 0.5f);
        t->last[3] = 0.05f;
        s->m->common_now = 2.1f; /* all are slower */
        assert_true(charts_rise_level(s->m, t, i) < 0.5f);
        s->m->common_now = 0;
        t->noise.blocks_seen = NOISE_BLOCKS_READY; /* the limit comes down within a day */
        assert_true(charts_rise_level(s->m, t, i) < 0.5f);
        t->noise.blocks_seen = (NOISE_BLOCKS_READY + NOISE_BLOCKS_SURE) / 2;
        assert_true(charts_rise_level(s->m, t, i) < 1);
        t->noise.blocks_seen = 1000;
    }
    t->residual = 0.05f;
    t->z = 1.25f;
    assert_true(charts_would_tell_rise(s->m, t, 0));
    t->rise.lately[0] = 1.5f; /* it has been higher, and comes back */
    assert_false(charts_would_tell_rise(s->m, t, 0));
    t->rise.lately[0] = 0.4f; /* a burst, unless it has been there for long */
    t->drift.zero[2] = (uint32_t)(s->m->step_s / MONITOR_STEP_S) - 30;
    assert_false(charts_would_tell_rise(s->m, t, 0));
    t->drift.zero[2] -= 30;
    assert_true(charts_would_tell_rise(s->m, t, 0));
    t->rise.lately[0] = 1;
    s->m->common_lately = -0.6f; /* all others are faster than expected */
    assert_false(charts_would_tell_rise(s->m, t, 0));
    t->drift.g[1] = 20;
    t->drift.zero[1] = (uint32_t)(s->m->step_s / MONITOR_STEP_S) - 60;
    assert_false(charts_would_tell_drift(s->m, t, 1));
    s->m->common_lately = 0;
    assert_true(charts_would_tell_drift(s->m, t, 1));
    for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
        t->last[i] = 0.01f; /* too little to tell */
    }
    assert_false(charts_would_tell_rise(s->m, t, 0));
    scene_free(s);
}

/* Far above what is normal for some minutes, and back: the charts are where they were. What stays
 * there counts once it has been there for as long as no spike is. */
static void
a_spike_adds_nothing_to_a_drift(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    struct track *t = &s->m->track[0];
    assert_true(t->route != NULL);
    unsigned route = (unsigned)(t->route[5] - '0');
    s->times[route] = 4;
    play(s, 60); /* which closes the window before */
    struct cusum_bank before = t->drift;
    play(s, 7 * 60);
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        assert_float_equal(t->drift.g[i], before.g[i], 1e-5);
    }
    play(s, 10 * 60);
    assert_true(t->drift.g[2] > before.g[2] + 5);
    scene_free(s);
}

/* As much slower for good is told some minutes later behind a deploy, whose caches may be cold; one
 * of other routes neither counts nor hides that one. */
static void
a_step_is_told_later_behind_a_deploy(void **state)
{
    int64_t told_s[3];
    (void)state;
    for (unsigned deploys = 0; deploys < 3; deploys++) {
        struct scene *s = scene_new(0);
        struct history_deploy other = {.name = SLICE_LIT("v1"), .affects_count = 1};
        struct history_deploy own = {.name = SLICE_LIT("v2"), .affects_count = 1};
        other.affects[0] = SLICE_LIT("GET /5");
        own.affects[0] = SLICE_LIT("GET /3");
        play(s, 15 * DAY);
        int64_t onset = s->t;
        own.at_s = onset - 120;
        other.at_s = onset - 60;
        if (deploys == 2) {
            monitor_deploy(s->m, &own);
        }
        if (deploys >= 1) {
            monitor_deploy(s->m, &other);
        }
        s->times[3] = 1.2;
        play(s, 3600);
        told_s[deploys] = only_one(s)->opened_s - onset;
        scene_free(s);
    }
    assert_int_equal(told_s[0], told_s[1]);
    assert_true(told_s[0] < 27 * 60);
    assert_true(told_s[2] > told_s[0]);
}

/* Where a third of the requests has always failed, a third is no news. */
static void
what_always_fails_is_no_outage(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 30;
    play(s, 2 * DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* The minute in which failures begin may be among the first ones, and is all that is known then. */
static void
what_begins_in_the_first_minute_is_told(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 3;
    play(s, 60);
    s->errors[1] = 12;
    play(s, 10 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->opened_s, MONDAY + 8 * 60);
    scene_free(s);
}

/* A call that was made 27 times before it begins to fail is named, and not learned as it is. */
static void
what_fails_after_few_calls_is_named(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->calls[1] = 0.27;
    play(s, 60);
    s->calls[1] = 0.82;
    s->errors[1] = s->call_errors[1] = 47;
    play(s, 60);
    s->errors[1] = s->call_errors[1] = 80;
    play(s, 3 * 60);
    const struct episode *e = only_one(s);
    assert_int_equal(e->opened_s, MONDAY + 3 * 60);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(monitor_track(s->m, e->cause[0].track)->kind, TRACK_CALL);
    scene_free(s);
}

/* A series that always fails is as it is; so is one that has failed for as long as it was seen. */
static void
what_fails_from_its_first_call_is_usual(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->calls[1] = 0.05;
    s->call_errors[1] = 4;
    play(s, DAY);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* A route fails in its call, which is named, and so the route is not; another one fails by itself.
 */
static void
what_fails_is_named_once(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[1] = s->call_errors[1] = 30;
    s->errors[2] = 30;
    s->call_errors[2] = 1;
    play(s, 40 * 60);
    unsigned calls = 0, routes = 0;
    for (unsigned i = 0; i < monitor_episode_count(s->m); i++) {
        const struct episode *e = monitor_episode(s->m, i);
        for (unsigned k = 0; k < e->cause_count; k++) {
            const struct track *t = monitor_track(s->m, e->cause[k].track);
            assert_int_equal(e->cause[k].kind, FINDING_ERRORS);
            assert_non_null(t);
            calls += t->kind == TRACK_CALL && strcmp(t->route, "GET /1") == 0;
            routes += t->kind == TRACK_ROUTE && strcmp(t->route, "GET /2") == 0;
            assert_false(t->kind == TRACK_ROUTE && strcmp(t->route, "GET /1") == 0);
        }
    }
    assert_int_equal(calls, 1);
    assert_int_equal(routes, 1);
    scene_free(s);
}

/* Two bursts of three minutes close by are two bursts, however many errors there are. */
static void
bursts_of_errors_are_not_a_rate(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    for (unsigned i = 0; i < 2; i++) {
        s->errors[1] = 8;
        play(s, 3 * 60);
        s->errors[1] = 0;
        play(s, 2 * 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * DAY);
    s->errors[1] = 8;
    play(s, 11 * 60);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 2 * 60);
    assert_int_equal(only_one(s)->lane, LANE_ERRORS);
    scene_free(s);
}

/* A chance and a burst, one after the other, are not a rate either. */
static void
a_burst_does_not_help_a_chance_over_the_limit(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    s->errors[1] = 0.1;
    play(s, 3 * DAY);
    s->errors[1] = 1;
    play(s, 12 * 60);
    s->errors[1] = 9;
    play(s, 3 * 60);
    s->errors[1] = 0.1;
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play(s, 3 * DAY);
    s->errors[1] = 1;
    play(s, 20 * 60);
    assert_int_equal(only_one(s)->lane, LANE_ERRORS);
    scene_free(s);
}

/* The next one at that time of the week would be taken for half of one, and what all wait behind it
 * for a database that has become slower. */
static void
a_surge_is_not_learned_as_usual(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    for (unsigned saturday = 12; saturday < 20; saturday += 7) {
        play(s, MONDAY + saturday * DAY + DAY / 2 - s->t);
        s->traffic = saturday == 12 ? 2.5 : 1.8;
        set_times(s, 1.25);
        play(s, 90 * 60);
        s->traffic = 1;
        set_times(s, 1);
    }
    play(s, 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(monitor_totals(s->m).frozen, 180);
    scene_free(s);
}

/* For good, it is what is usual after some days. */
static void
traffic_that_has_doubled_is_learned(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->traffic = 2;
    play(s, 10 * DAY);
    uint64_t frozen = monitor_totals(s->m).frozen;
    assert_true(frozen > 0);
    play(s, 4 * 3600);
    assert_int_equal(monitor_totals(s->m).frozen, frozen);
    scene_free(s);
}

/* What all have in common must cost something, however sure it is. */
static void
everything_a_little_slower_is_nothing(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    set_times(s, 1.03);
    play(s, 3600);
    set_times(s, 1.6); /* a shock of some minutes does not make an hour of it */
    play(s, 6 * 60);
    set_times(s, 1.03);
    play(s, 600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* What is expected may be wrong for all: one that is as it ever was is not slower for it. */
static void
none_is_slower_because_the_others_are_faster(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    set_times(s, 0.9);
    s->times[3] = 1;
    play(s, 3 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* With one an hour there is always one near what began at some time in the last hours. */
static void
a_deploy_that_chance_would_bring_is_not_named(void **state)
{
    struct scene *s = scene_new(0);
    const struct history_deploy plain = {.name = SLICE_LIT("v1")};
    (void)state;
    play(s, 15 * DAY);
    for (unsigned i = 1; i <= 60 * 5; i++) {
        struct history_deploy d = plain;
        d.at_s = s->t;
        for (unsigned k = 0; i == 1 && k < 15 * 24; k++) { /* and before */
            d.at_s = MONDAY + (int64_t)k * 3600;
            monitor_deploy(s->m, &d);
        }
        if (i % 60 == 0) {
            monitor_deploy(s->m, &d);
        }
        s->times[3] = 1 + 0.05 * i / 60;
        play(s, 60);
    }
    const struct episode *e = only_one(s);
    assert_true(e->chance > 0.05);
    assert_string_equal(e->deploy, "");
    scene_free(s);
}

static void
everything_at_once_is_one_episode(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 2;
    }
    play(s, 3600);
    only_one(s);
    scene_free(s);
}

/* More series than there is room for: the least used one goes, and nothing breaks. */
static void
series_are_bounded(void **state)
{
    struct scene *s = scene_new(15);
    (void)state;
    play(s, 3600);
    assert_int_equal(monitor_totals(s->m).tracks, 15);
    assert_true(monitor_totals(s->m).evicted > 0);
    scene_free(s);
}

/* A statement that only its fingerprint names, by itself or within route 0; it costs as much as the
 * route's own. */
static void
give_other(struct scene *s, unsigned number, bool in_route, double calls)
{
    char print[32];
    snprintf(print, sizeof(print), "x%u", number);
    struct reading r = {.start_s = s->t,
                        .length_s = 60,
                        .route = slice_from_str(in_route ? "GET /0" : ""),
                        .fingerprint = slice_from_str(print),
                        .known = READING_TIME | (in_route ? READING_REQUESTS : 0),
                        .calls = calls,
                        .requests = 100,
                        .time_ms = 4 * calls};
    monitor_reading(s->m, &r);
}

static bool
is_known(const struct scene *s, const char *route, const char *fingerprint)
{
    uint64_t key = monitor_key(slice_from_str(route), slice_from_str(fingerprint));
    return monitor_track(s->m, key) != NULL;
}

/* It has the fewest calls of all that are known, and who comes has more. */
static void
what_an_episode_waits_for_keeps_its_place(void **state)
{
    struct scene *s = scene_new(2 * ROUTES);
    (void)state;
    s->calls[1] = 0.5;
    play(s, 15 * DAY);
    s->call_errors[1] = 20;
    play(s, 3600);
    uint32_t id = only_one(s)->id;
    assert_int_equal(only_one(s)->state, EPISODE_OPEN);
    for (unsigned i = 0; i < 30; i++) {
        give_other(s, i, false, 5000);
        play(s, 60);
    }
    assert_true(monitor_totals(s->m).evicted > 0);
    assert_true(is_known(s, "GET /1", "f1"));
    assert_int_equal(only_one(s)->id, id);
    assert_int_equal(only_one(s)->state, EPISODE_OPEN);
    scene_free(s);
}

/* Not one in the place of the other, minute after minute, because each has seen little. */
static void
busy_newcomers_find_a_place_each(void **state)
{
    struct scene *s = scene_new(2 * ROUTES + 5);
    (void)state;
    for (unsigned i = 0; i < DAY / 60; i++) {
        for (unsigned k = 0; k < 5; k++) {
            give_other(s, k, false, 20); /* as many a day as a newcomer in ten hours */
        }
        play(s, 60);
    }
    play(s, 7 * DAY); /* they are gone */
    for (unsigned i = 0; i < 30; i++) {
        for (unsigned k = 0; k < 5; k++) {
            give_other(s, 100 + k, false, 50);
        }
        play(s, 60);
    }
    assert_int_equal(monitor_totals(s->m).evicted, 5);
    assert_true(is_known(s, "", "x100") && is_known(s, "", "x104"));
    assert_true(is_known(s, "GET /0", "f0") && !is_known(s, "", "x0"));
    scene_free(s);
}

/* Nobody can tell whether a statement is new to its route that came where one had to go. */
static void
what_may_be_back_is_not_told_as_new(void **state)
{
    for (unsigned room = 0; room < 2; room++) {
        struct scene *s = scene_new(2 * ROUTES + 1 + room);
        (void)state;
        give_other(s, 1, false, 1);
        play(s, 2 * DAY);
        for (unsigned i = 0; i < 30; i++) {
            give_other(s, 0, true, 200);
            play(s, 60);
        }
        assert_true(is_known(s, "GET /0", "x0") && is_known(s, "", "x1") == (room > 0));
        assert_int_equal(monitor_episode_count(s->m), room);
        scene_free(s);
    }
}

static void
what_is_expected_is_learned(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 2 * DAY);
    s->calls[5] = 20;
    play(s, 600);
    assert_int_equal(monitor_close(s->m, 99, true), -2 /* -ENOENT */);
    assert_int_equal(monitor_close(s->m, 1, true), 0);
    assert_int_equal(only_one(s)->state, EPISODE_EXPECTED);
    play(s, DAY);
    only_one(s);
    scene_free(s);
}

/* What is suspected is not learned; but what is suspected for ever, and is too little to be told,
 * would never be: 0.8 % is a drift's limit within hours, a creep's within a day, and less than is
 * told. */
static void
a_little_slower_for_good_is_learned(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    const struct track *t = call_of(s, "GET /3");
    float before = t->expect;
    s->times[3] = 1.008;
    play(s, 42 * DAY);
    float learned = t->expect - before;
    if (!(learned > 0.005f && learned < 0.012f)) {
        fail_msg("learned %.4f of %.4f", (double)learned, log(1.008));
    }
    scene_free(s);
}

/* Hours teach what is normal, and not how noisy minutes are: that is kept by itself. */
static void
what_minutes_teach_is_kept(void **state)
{
    struct scene *s = scene_new(0), *again = scene_new(0);
    (void)state;
    play(s, 16 * DAY);
    assert_int_equal(monitor_totals(s->m).learning, 0);
    again->length_s = 3600;
    play(again, 16 * DAY);
    assert_int_equal(monitor_totals(again->m).learning, 2 * ROUTES);
    again->length_s = 60;
    AUTO_BUF struct buf b;
    buf_init(&b, 1u << 20);
    assert_int_equal(memory_pieces(s->m), 1);
    assert_int_equal(memory_save(s->m, 0, &b), 0);
    b.data[b.len / 2] ^= 1;
    assert_int_equal(memory_load(again->m, buf_slice(&b)), -EBADMSG);
    assert_int_equal(monitor_totals(again->m).learning, 2 * ROUTES);
    b.data[b.len / 2] ^= 1;
    assert_int_equal(memory_load(again->m, buf_slice(&b)), 0);
    assert_int_equal(monitor_totals(again->m).learning, 0);
    const struct track *was = call_of(s, "GET /3"), *is = call_of(again, "GET /3");
    assert_true(is->past->creep.count > 0);
    assert_memory_equal(&is->past->creep, &was->past->creep, sizeof(is->past->creep));
    assert_float_equal(is->creep.bias, was->creep.bias, 0);
    assert_float_equal(is->rise.unit[1], was->rise.unit[1], 0);
    assert_int_equal(memory_load(again->m, slice_sub(buf_slice(&b), 0, b.len - 1)), -EBADMSG);
    play(again, DAY); /* and with it nothing is cried */
    assert_int_equal(monitor_episode_count(again->m), 0);
    for (unsigned i = 1; i <= 60 * 5; i++) {
        again->times[3] = 1 + 0.05 * i / 60;
        play(again, 60);
    }
    assert_int_equal(only_one(again)->lane, LANE_DRIFT);
    scene_free(again);
    scene_free(s);
}

static void
a_route_is_expected_to_be_as_it_is(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 2 * DAY);
    s->calls[5] = 20;
    play(s, 600);
    monitor_expect(s->m, "GET /4");
    assert_int_equal(only_one(s)->state, EPISODE_OPEN);
    monitor_expect(s->m, "GET /5");
    assert_int_equal(only_one(s)->state, EPISODE_EXPECTED);
    play(s, DAY);
    only_one(s);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens),
        cmocka_unit_test(a_slow_ramp_is_one_episode_that_ends),
        cmocka_unit_test(what_creeps_for_days_is_told_against_a_week_ago),
        cmocka_unit_test(what_creeps_is_not_taken_for_skew),
        cmocka_unit_test(noise_that_is_skewed_does_not_creep),
        cmocka_unit_test(a_shock_is_no_rise),
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
        cmocka_unit_test(a_surge_is_traffic_and_a_blip_is_nothing),
        cmocka_unit_test(some_more_calls_are_a_cause_beside),
        cmocka_unit_test(errors_are_told_by_their_rate),
        cmocka_unit_test(many_times_as_many_errors_are_no_bursts),
        cmocka_unit_test(errors_that_have_ended_are_over),
        cmocka_unit_test(an_outage_is_told_at_once),
        cmocka_unit_test(an_outage_of_some_calls_is_told_at_once),
        cmocka_unit_test(a_smaller_outage_that_lasts_is_told),
        cmocka_unit_test(a_spike_and_cold_caches_are_no_drift),
        cmocka_unit_test(a_rise_is_told_where_it_is_steady),
        cmocka_unit_test(a_spike_adds_nothing_to_a_drift),
        cmocka_unit_test(a_step_is_told_later_behind_a_deploy),
        cmocka_unit_test(what_always_fails_is_no_outage),
        cmocka_unit_test(what_begins_in_the_first_minute_is_told),
        cmocka_unit_test(what_fails_after_few_calls_is_named),
        cmocka_unit_test(what_fails_from_its_first_call_is_usual),
        cmocka_unit_test(what_fails_is_named_once),
        cmocka_unit_test(bursts_of_errors_are_not_a_rate),
        cmocka_unit_test(a_burst_does_not_help_a_chance_over_the_limit),
        cmocka_unit_test(a_surge_is_not_learned_as_usual),
        cmocka_unit_test(traffic_that_has_doubled_is_learned),
        cmocka_unit_test(everything_a_little_slower_is_nothing),
        cmocka_unit_test(none_is_slower_because_the_others_are_faster),
        cmocka_unit_test(a_deploy_that_chance_would_bring_is_not_named),
        cmocka_unit_test(everything_at_once_is_one_episode),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(what_an_episode_waits_for_keeps_its_place),
        cmocka_unit_test(busy_newcomers_find_a_place_each),
        cmocka_unit_test(what_may_be_back_is_not_told_as_new),
        cmocka_unit_test(what_is_expected_is_learned),
        cmocka_unit_test(a_route_is_expected_to_be_as_it_is),
        cmocka_unit_test(what_minutes_teach_is_kept),
        cmocka_unit_test(a_little_slower_for_good_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
