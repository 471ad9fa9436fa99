/* SPDX-License-Identifier: Apache-2.0
 * What becomes slower over days, and what only looks like it. */
#include "analysis/lane/creep.h"
#include "unit/analysis/monitor/monitor_kit.h"

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
    const struct episode *e = only_one(s->m);
    assert_non_null(strstr(e->subject, "GET /3"));
    assert_int_equal(e->lane, LANE_CREEP);
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_true(e->opened_s > onset + 3 * DAY && e->opened_s < onset + 7 * DAY);
    assert_true(e->onset_s > onset - DAY && e->onset_s < e->opened_s - DAY / 2);
    s->times[3] = 1;
    play(s, 3 * 3600);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    play(s, 2 * DAY);
    only_one(s->m);
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
    struct track *t = call_of(s, 3);
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
    const struct track *t = call_of(s, 3);
    assert_true(t->noise.bias > 0.1f);
    assert_true(fabsf(t->creep.bias - t->noise.bias) < 0.05f);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_creeps_for_days_is_told_against_a_week_ago),
        cmocka_unit_test(what_creeps_is_not_taken_for_skew),
        cmocka_unit_test(noise_that_is_skewed_does_not_creep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
