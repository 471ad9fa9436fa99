/* SPDX-License-Identifier: Apache-2.0
 * What is normal: by time of week, a day late, and never the burn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/baseline/level.h"
#include "analysis/baseline/median.h"
#include "analysis/baseline/noise.h"
#include "analysis/baseline/slope.h"
#include "analysis/baseline/week.h"
#include "unit/normal.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400

static void
add_to_noise(struct noise *s, struct noise_past *past, int64_t t, float residual, float n, float v1)
{
    noise_add(s, past, t, residual, residual / noise_spread(s, n), n, v1, true);
}

static void
medians(void **state)
{
    float a[] = {5, 1, 4, 2, 3}, b[] = {4, 1, 3, 2}, c[] = {7}, same[] = {2, 2, 2, 2};
    (void)state;
    assert_float_equal(median_of(a, 5), 3, 0);
    assert_float_equal(median_of(b, 4), 2.5, 0);
    assert_float_equal(median_of(c, 1), 7, 0);
    assert_float_equal(median_of(same, 4), 2, 0);
    assert_float_equal(median_of(NULL, 0), 0, 0);
}

static int
by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* Negative ones, the same again and again, an even and an odd count: as if they had been sorted. */
static void
medians_of_many(void **state)
{
    static float value[1001], sorted[1001];
    struct prng p = {5};
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        unsigned n = 999 + round % 3, same = round % 5 * 100;
        for (unsigned i = 0; i < n; i++) {
            value[i] = i < same ? 0.25f : (round % 2 == 0 ? 1 : 1e-4f) * normal(&p) - 0.1f;
        }
        memcpy(sorted, value, sizeof(sorted));
        qsort(sorted, n, sizeof(float), by_value);
        float upper = sorted[n / 2], lower = sorted[(n - 1) / 2];
        assert_float_equal(median_of(value, n), (lower + upper) / 2, 0);
    }
}

/* Higher at noon, lower on Saturdays and lower still on Sundays. */
static float
shape(int64_t t)
{
    double hour = (double)(t % DAY) / 3600;
    unsigned day = (unsigned)((t / DAY + 4) % 7);
    double off = day == 0 ? 0.4 : day == 6 ? 0.2 : 0;
    return (float)(1 + 0.3 * sin((hour - 6) * 2 * M_PI / 24) - off);
}

static void
a_week_is_known_after_a_week(void **state)
{
    struct week w = {0};
    struct week_past w_past = {0};
    struct prng p = {3};
    double worst = 0;
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 21 * DAY; t += 60) {
        if (t < MONDAY + 7 * DAY) {
            assert_false(week_is_ready(&w, &w_past, t));
        } else if (t >= MONDAY + 15 * DAY && t % DAY > 1800 && t % DAY < DAY - 1800) {
            assert_true(week_is_ready(&w, &w_past, t));
            worst = fmax(worst, fabs((double)(week_expect(&w, &w_past, t) - shape(t))));
        }
        week_add(&w, &w_past, t, shape(t) + 0.1f * normal(&p), true);
    }
    assert_true(worst < 0.06);
}

/* A day late; and what is suspected by then is not learned. */
static void
a_burn_is_not_learned(void **state)
{
    struct week w = {0}, frozen = {0};
    struct week_past w_past = {0}, frozen_past = {0};
    int64_t from = MONDAY + 7 * DAY;
    (void)state;
    for (int64_t t = MONDAY; t < from + 4 * DAY; t += 60) {
        float x = t < from ? 1 : 2;
        week_add(&w, &w_past, t, x, true);
        week_add(&frozen, &frozen_past, t, x, t < from + 3600);
        if (t == from + DAY - 3600) {
            assert_float_equal(week_expect(&w, &w_past, t), 1, 1e-5);
        }
    }
    assert_float_equal(week_expect(&frozen, &frozen_past, from + 4 * DAY), 1, 0.02);
    assert_true(week_expect(&w, &w_past, from + 4 * DAY) > 1.3f);
}

/* It was over within the day, and somebody said so: those half-hours teach nothing. */
static void
a_burn_that_is_over_is_not_learned_either(void **state)
{
    struct week w = {0}, told = {0};
    struct week_past w_past = {0}, told_past = {0};
    struct level l = {0}, l_told = {0};
    struct level_past l_past = {0}, l_told_past = {0};
    int64_t from = MONDAY + 8 * DAY + DAY / 2, to = from + 3 * 3600;
    (void)state;
    for (int64_t t = MONDAY; t < from + 2 * DAY; t += 60) {
        float x = t >= from && t < to ? 2 : 1;
        if (t == to) {
            week_forget(&told, &told_past, from);
            level_forget(&l_told, &l_told_past, from);
        }
        week_add(&w, &w_past, t, x, true);
        week_add(&told, &told_past, t, x, true);
        level_add(&l, &l_past, t, x, true);
        level_add(&l_told, &l_told_past, t, x, true);
    }
    assert_true(week_expect(&w, &w_past, from + 2 * DAY + 5400) > 1.1f);
    assert_float_equal(week_expect(&told, &told_past, from + 2 * DAY + 5400), 1, 1e-5);
    assert_true(level_expect(&l) > 1.01f);
    assert_float_equal(level_expect(&l_told), 1, 1e-5);
    assert_true(l_told.kept_slots == l.kept_slots - 3); /* and all others do */
}

/* Hours that come as one value each, as a summary has them, have no spread to learn from. */
static void
a_summary_does_not_make_a_level_sure(void **state)
{
    struct level fine = {0}, coarse = {0}, only = {0};
    struct level_past fine_past = {0}, coarse_past = {0}, only_past = {0};
    struct prng p = {7};
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 14 * DAY; t += 60) {
        float x = 10 + normal(&p);
        level_add(&fine, &fine_past, t, x, true);
        if (t >= MONDAY + 12 * DAY || t % 3600 == 0) {
            level_add(&coarse, &coarse_past, t, x, true);
        }
        if (t % 3600 == 0) {
            level_add(&only, &only_past, t, x, true);
        }
    }
    assert_float_equal(level_spread(&coarse), level_spread(&fine), 0.1);
    assert_float_equal(level_expect(&coarse), 10, 0.3);
    assert_float_equal(level_spread(&only), 0, 1e-6);
}

/* Nor do they make a level forget the spread that it began with, though those minutes were not
 * normal; and what minutes say is taken for it before it is learned. */
static void
a_level_keeps_the_first_spread_that_it_knows(void **state)
{
    struct level l = {0}, late = {0};
    struct level_past past = {0}, late_past = {0};
    struct prng p = {7};
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 3 * DAY; t += t < MONDAY + 720 ? 60 : 3600) {
        level_add(&l, &past, t, 10 + normal(&p), true);
        if (t >= MONDAY + 3600 && t < MONDAY + 7200) {
            level_forget(&l, &past, MONDAY);
        }
    }
    assert_false(level_is_learning(&l));
    assert_int_equal(l.spread_slots, 0);
    assert_true(level_spread(&l) > 0.4f);
    for (int64_t t = MONDAY; t < MONDAY + 3 * DAY; t += t < MONDAY + 2 * DAY ? 3600 : 60) {
        level_add(&late, &late_past, t, 10 + normal(&p), true);
        assert_true(level_spread(&late) > 0 || t < MONDAY + 2 * DAY + 2 * 3600);
    }
}

static void
what_is_known_from_few_days_weighs_less(void **state)
{
    struct week w = {0};
    struct week_past w_past = {0};
    int64_t t = MONDAY;
    (void)state;
    for (; t < MONDAY + 13 * DAY; t += 60) {
        week_add(&w, &w_past, t, 1, true);
    }
    assert_float_equal(week_expect(&w, &w_past, MONDAY + 12 * DAY + DAY / 2), 1,
                       1e-5); /* one Saturday */
    float one = week_weight(&w);
    assert_float_equal(week_expect(&w, &w_past, MONDAY + 14 * DAY + DAY / 2), 1,
                       1e-5); /* nine weekdays */
    assert_float_equal(week_weight(&w), 1, 1e-5);
    assert_float_equal(one * one, (1 + 1 / 9.0f) / 2, 1e-5);
}

/* What learning has moved in a week is told, by the day; a weekend is a week old anyway. */
static void
what_was_expected_a_week_ago_is_known(void **state)
{
    struct week w = {0};
    struct week_past w_past = {0};
    int64_t from = MONDAY + 14 * DAY, t = MONDAY;
    (void)state;
    for (; t < from; t += 60) {
        week_add(&w, &w_past, t, 1, true);
    }
    assert_float_equal(week_moved(&w, &w_past), 0, 1e-6);
    for (; t < from + 4 * DAY; t += 60) { /* Thursday is over; three days of it are learned */
        week_add(&w, &w_past, t, 2, true);
    }
    float by = week_expect(&w, &w_past, t - DAY / 2) - 1;
    assert_true(by > 0.4f);
    assert_float_equal(week_moved(&w, &w_past), by, 0.02);
    for (; t < from + 5 * DAY + 3600; t += 60) { /* Saturday */
        week_add(&w, &w_past, t, 2, false);
    }
    assert_float_equal(week_moved(&w, &w_past), 0, 1e-6);
    for (; t < from + 7 * DAY + 3600; t += 60) { /* Monday: it was learned on Tuesday and after */
        week_add(&w, &w_past, t, 1, false);
    }
    assert_float_equal(week_moved(&w, &w_past), by, 0.02);
    for (; t < from + 12 * DAY; t += 60) {
        week_add(&w, &w_past, t, 1, false);
    }
    assert_float_equal(week_moved(&w, &w_past), 0, 1e-6);
}

/* One over the square root of the long-run variance: (1 - phi) / sqrt(1 - phi^2) for AR(1). */
static void
noise_knows_how_long_a_stray_lasts(void **state)
{
    struct noise independent = {0}, ar = {0};
    struct noise_past independent_past = {0}, ar_past = {0};
    struct prng p = {5};
    float x = 0;
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 20 * DAY; t += 60) {
        add_to_noise(&independent, &independent_past, t, 0.03f * normal(&p), 1e6f, 1);
        x = 0.6f * x + 0.8f * 0.03f * normal(&p);
        add_to_noise(&ar, &ar_past, t, x, 1e6f, 1);
    }
    assert_true(noise_is_ready(&ar));
    assert_true(fabsf(independent.s / 0.03f - 1) < 0.1f);
    assert_true(fabsf(independent.scale[0] - 1) < 0.15f);
    assert_true(fabsf(independent.scale[1] - 1) < 0.15f);
    assert_true(fabsf(ar.scale[0] - 0.53f) < 0.1f); /* 15 windows are too few to see all of it */
    assert_true(fabsf(ar.scale[1] - 0.5f) < 0.1f);
    assert_float_equal(noise_weigh(&independent, 100, 0, 0),
                       (NOISE_CLIP - independent.bias) * independent.scale[0], 1e-5);
    assert_true(fabsf(independent.bias) < 0.05f);
}

/* Hours that stray count little in an hour's sum, and much in a day's: AR(1) with phi = 0.995 under
 * independent noise of the same variance. */
static void
noise_knows_what_lasts_for_hours(void **state)
{
    struct noise independent = {0}, slow = {0};
    struct noise_past independent_past = {0}, slow_past = {0};
    struct prng p = {8};
    const float phi = 0.995f;
    float x = 0;
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 60 * DAY; t += 60) {
        x = phi * x + sqrtf(1 - phi * phi) * 0.03f * normal(&p);
        add_to_noise(&slow, &slow_past, t, x + 0.03f * normal(&p), 1e6f, 1);
        add_to_noise(&independent, &independent_past, t, 0.03f * normal(&p), 1e6f, 1);
    }
    float hour = noise_lasting(&slow, 1), day = noise_lasting(&slow, NOISE_SCALES - 1);
    assert_true(hour > 4 && hour < 7); /* sqrt((1 + 54) / 2) */
    assert_true(day > 9 && day < 16);  /* sqrt((1 + 317) / 2) */
    assert_true(noise_lasting(&independent, NOISE_SCALES - 1) < 1.5f);
    assert_float_equal(noise_weigh(&slow, 1, 0, 3) * day, noise_weigh(&slow, 1, 0, 1) * hour, 1e-4);
}

/* Five windows of each hundred lie far above what is normal: the others are as they were. */
static void
noise_does_not_learn_spikes(void **state)
{
    struct noise s = {0};
    struct noise_past past = {0};
    struct prng p = {7};
    (void)state;
    for (int64_t t = MONDAY, i = 0; t < MONDAY + 20 * DAY; t += 60, i++) {
        float spike = i % 100 < 5 ? 0.5f : 0;
        add_to_noise(&s, &past, t, 0.03f * normal(&p) + spike, 1e6f, 1);
    }
    assert_true(fabsf(s.scale[0] - 1) < 0.15f);
    assert_true(fabsf(s.scale[1] - 1) < 0.15f);
    assert_true(fabsf(s.bias) < 0.05f);
}

/* A quiet window's residual is larger by chance, and counts for less. */
static void
few_calls_weigh_less(void **state)
{
    struct noise s = {0};
    struct noise_past s_past = {0};
    struct prng p = {6};
    (void)state;
    for (int64_t t = MONDAY; t < MONDAY + 5 * DAY; t += 60) {
        add_to_noise(&s, &s_past, t, 0.05f * normal(&p), 100, 0.09f);
    }
    assert_true(noise_spread(&s, 100) < 0.8f * noise_spread(&s, 20));
}

static void
a_level_compares_at_first_and_learns_later(void **state)
{
    struct level l = {0};
    struct level_past l_past = {0};
    int64_t t = MONDAY;
    (void)state;
    assert_true(isnan(level_expect(&l)));
    for (unsigned i = 0; i < 15; i++, t += 60) {
        level_add(&l, &l_past, t, 3, true);
    }
    assert_true(level_is_learning(&l));
    assert_float_equal(level_expect(&l), 3, 0);
    for (; t < MONDAY + 3 * DAY; t += 60) {
        level_add(&l, &l_past, t, t < MONDAY + 2 * DAY ? 3 : 30, true);
    }
    assert_false(level_is_learning(&l));
    assert_float_equal(level_expect(&l), 3, 0.1); /* the last day is not learned yet */
}

static void
a_slope_needs_to_be_seen(void **state)
{
    struct slope s = {0};
    (void)state;
    assert_float_equal(slope_of(&s, 2, -1, 1), 0, 0);
    slope_add(&s, 1, 0.5f);
    assert_true(slope_of(&s, 2, -1, 1) < 0.25f);
    for (unsigned i = 0; i < 1000; i++) {
        slope_add(&s, 1, 0.5f);
    }
    assert_float_equal(slope_of(&s, 2, -1, 1), 0.5, 0.01);
    assert_float_equal(slope_of(&s, 2, -1, 0.3f), 0.3, 1e-6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians),
        cmocka_unit_test(medians_of_many),
        cmocka_unit_test(a_week_is_known_after_a_week),
        cmocka_unit_test(a_burn_is_not_learned),
        cmocka_unit_test(a_burn_that_is_over_is_not_learned_either),
        cmocka_unit_test(a_summary_does_not_make_a_level_sure),
        cmocka_unit_test(a_level_keeps_the_first_spread_that_it_knows),
        cmocka_unit_test(what_is_known_from_few_days_weighs_less),
        cmocka_unit_test(what_was_expected_a_week_ago_is_known),
        cmocka_unit_test(noise_knows_how_long_a_stray_lasts),
        cmocka_unit_test(noise_knows_what_lasts_for_hours),
        cmocka_unit_test(noise_does_not_learn_spikes),
        cmocka_unit_test(few_calls_weigh_less),
        cmocka_unit_test(a_level_compares_at_first_and_learns_later),
        cmocka_unit_test(a_slope_needs_to_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
