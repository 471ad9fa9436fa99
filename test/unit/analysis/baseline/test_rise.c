/* SPDX-License-Identifier: Apache-2.0
 * What has risen, in units of what the noise does by itself: whatever noise that is. */
#include <math.h>
#include <stdlib.h>

#include "analysis/baseline/rise.h"
#include "unit/normal.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400

struct series {
    struct rise rise;
    struct rise_past past;
    struct noise noise;
    struct prng prng;
    float phi, ar; /* how much the noise has to do with the minute before */
    int64_t t;
};

/* The variance of a sum of n of them, over n. */
static float
long_run(float phi, float n)
{
    return (1 + phi) / (1 - phi) - 2 * phi * (1 - powf(phi, n)) / (n * (1 - phi) * (1 - phi));
}

static void
add(struct series *s, float more, bool may_learn)
{
    s->ar = s->phi * s->ar + sqrtf(1 - s->phi * s->phi) * normal(&s->prng);
    s->noise.scale[0] = 1 / sqrtf(long_run(s->phi, 15));
    s->noise.scale[1] = 1 / sqrtf(long_run(s->phi, 60));
    rise_add(&s->rise, &s->past, &s->noise, s->t, s->ar + more, 1, may_learn);
    s->t += 60;
}

static void
play(struct series *s, unsigned minutes)
{
    for (unsigned i = 0; i < minutes; i++) {
        add(s, 0, true);
    }
}

/* Of what it says on days that it has not learned: root mean square, and the most. */
static void
look(struct series *s, unsigned which, unsigned days, float *ret_spread, float *ret_most)
{
    double squares = 0;
    *ret_most = 0;
    for (unsigned i = 0; i < days * 1440; i++) {
        add(s, 0, true);
        float u = rise_of(&s->rise, which);
        squares += u * u;
        *ret_most = MAX(*ret_most, u);
    }
    *ret_spread = (float)sqrt(squares / (days * 1440));
}

static void
noise_of_any_kind_has_the_same_spread(void **state)
{
    static const float phis[] = {0, 0.5f, 0.8f, 0.95f};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(phis); i++) {
        for (unsigned which = 0; which < RISES; which++) {
            struct series s = {.prng = {5 + i}, .phi = phis[i], .t = MONDAY};
            float spread, most;
            play(&s, 20 * 1440);
            look(&s, which, 20, &spread, &most);
            /* drawn towards what is usual, which is more than noise without a memory has */
            assert_true(spread > (i == 0 ? 0.3f : 0.6f) && spread < 1.3f);
            assert_true(most < 5.5f);
        }
    }
}

static unsigned
minutes_until(struct series *s, unsigned which, float level, float an_hour)
{
    for (unsigned i = 0; i < 1000; i++) {
        add(s, an_hour * (float)i / 60, true);
        if (rise_of(&s->rise, which) >= level) {
            return i;
        }
    }
    return 1000;
}

/* The steeper, the sooner; the shorter means see it first, and what has to do with the minute
 * before hides it for longer. */
static void
a_ramp_rises(void **state)
{
    (void)state;
    unsigned minutes[2][RISES], slowly[RISES];
    for (unsigned noisy = 0; noisy < 2; noisy++) {
        for (unsigned which = 0; which < RISES; which++) {
            struct series s = {.prng = {7}, .phi = noisy ? 0.8f : 0.5f, .t = MONDAY};
            play(&s, 14 * 1440);
            minutes[noisy][which] = minutes_until(&s, which, 6, 1);
        }
    }
    for (unsigned which = 0; which < RISES; which++) {
        struct series s = {.prng = {7}, .phi = 0.5f, .t = MONDAY};
        play(&s, 14 * 1440);
        slowly[which] = minutes_until(&s, which, 6, 0.15f);
    }
    assert_true(minutes[0][0] < minutes[0][1]);
    assert_true(minutes[0][0] < minutes[1][0]);
    assert_true(minutes[0][0] > 30 && minutes[0][0] < 150);
    assert_true(slowly[1] < slowly[0]); /* what the shorter one may never see */
    assert_true(slowly[1] < 600);
}

/* What is beyond the cut goes on rising: after hours it is more than it has ever been. */
static void
a_ramp_does_not_saturate(void **state)
{
    struct series s = {.prng = {7}, .phi = 0.5f, .t = MONDAY};
    float after[2] = {0};
    (void)state;
    play(&s, 14 * 1440);
    for (unsigned i = 0; i < 240; i++) {
        add(&s, (float)i / 60, true);
        after[i / 120] = MAX(after[i / 120], rise_of(&s.rise, 0));
    }
    assert_true(after[0] > 5);
    assert_true(after[1] > 1.3f * after[0]);
}

/* Of a series that is known from few days: what is usual where shorter sums stray as much. */
static void
few_days_are_drawn_towards_what_is_usual(void **state)
{
    struct series steady = {.prng = {7}, .phi = 0.3f, .t = MONDAY};
    struct series straying = {.prng = {7}, .phi = 0.9f, .t = MONDAY};
    (void)state;
    play(&steady, 1);
    play(&straying, 1);
    struct rise first = straying.rise;
    play(&straying, 20 * 1440);
    for (unsigned i = 0; i < RISES; i++) {
        assert_true(steady.rise.unit[i] > 1.5f * first.unit[i]);
        assert_true(fabsf(straying.rise.unit[i] / first.unit[i] - 1) < 0.4f);
    }
}

static struct rise
begun_with(float quarter, float hour)
{
    struct rise r = {0};
    struct rise_past past = {0};
    struct noise noise = {.scale = {quarter, hour}};
    rise_add(&r, &past, &noise, MONDAY, 0, 1, true);
    return r;
}

/* Each has its own shorter sums; of which nothing is known at first. */
static void
each_is_known_from_sums_of_its_own(void **state)
{
    struct rise usual = begun_with(0.4f, 0.4f), other = begun_with(0.4f, 0.3f);
    struct rise unknown = begun_with(0, 0), early = begun_with(0.5f, 0.5f);
    (void)state;
    assert_float_equal(other.unit[0], usual.unit[0], 0);
    assert_true(other.unit[1] < 0.9f * usual.unit[1]);
    for (unsigned i = 0; i < RISES; i++) {
        assert_true(unknown.unit[i] > 0);
        assert_float_equal(unknown.unit[i], early.unit[i], 0);
    }
}

/* What disturbs it is as large as elsewhere. */
static void
a_steady_series_is_not_steadier_than_most(void **state)
{
    struct series s = {.prng = {7}, .t = MONDAY};
    (void)state;
    play(&s, 20 * 1440);
    assert_true(s.rise.unit[0] < 24.3f && s.rise.unit[1] < 11);
}

/* Two above the mean of the last hour, if that is above normal, and by two at most: by half of that
 * where what is normal is known half as well. */
static void
what_is_far_above_the_last_hour_is_cut(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 2; half++) {
        struct rise r = {0};
        struct rise_past past = {0};
        struct noise noise = {.bias = 0.5f};
        float weight = half ? 0.5f : 1;
        int64_t t = MONDAY;
        rise_add(&r, &past, &noise, t, 20, weight, true);
        assert_float_equal(r.lately[0], 2 * weight / 60, 1e-6);
        for (unsigned i = 0; i < 1000; i++) {
            rise_add(&r, &past, &noise, t += 60, 20, weight, true);
        }
        assert_true(r.lately[0] > 3.9f * weight && r.lately[0] <= 4 * weight);
        rise_reset(&r);
        for (unsigned i = 0; i < 200; i++) {
            rise_add(&r, &past, &noise, t += 60, -1, weight, true);
        }
        float low = r.lately[0];
        assert_true(low < -weight);
        rise_add(&r, &past, &noise, t += 60, 20, weight, true);
        assert_float_equal(r.lately[0] - low, (2 * weight - low) / 60, 1e-5);
    }
}

/* Minutes, however high, and what has been there for long, are none. */
static void
neither_a_burst_nor_what_stays_is_one(void **state)
{
    struct series s = {.prng = {3}, .phi = 0.5f, .t = MONDAY};
    (void)state;
    play(&s, 14 * 1440);
    for (unsigned i = 0; i < 6; i++) {
        add(&s, 2, true);
        assert_true(rise_of(&s.rise, 0) < 5);
    }
    play(&s, 600);
    double sum = 0;
    for (unsigned i = 0; i < 2 * 1440; i++) {
        add(&s, 1, true);
        sum += i >= 1440 ? rise_of(&s.rise, 0) : 0;
    }
    assert_true(sum / 1440 < 2.5);
}

/* A day late; and never what may not be learned. */
static void
a_burn_is_not_its_noise(void **state)
{
    struct series s = {.prng = {9}, .phi = 0.5f, .t = MONDAY};
    (void)state;
    play(&s, 14 * 1440 + 1);
    float unit = s.rise.unit[0];
    for (unsigned i = 0; i < 1439; i++) {
        add(&s, 2 * (float)i / 60, true);
    }
    assert_float_equal(s.rise.unit[0], unit, 1e-5); /* not that day */
    struct series spared = s;
    for (unsigned i = 0; i < 2 * 1440; i++) {
        add(&s, 2, true);
        add(&spared, 2, false);
    }
    assert_float_equal(spared.rise.unit[0], unit, 1e-5);
    assert_true(s.rise.unit[0] < 0.7f * unit);
}

/* Days are missing: what lies before them is older than a day as well. */
static void
a_gap_loses_no_day(void **state)
{
    struct series s = {.prng = {9}, .phi = 0.5f, .t = MONDAY};
    (void)state;
    play(&s, 2 * 1440);
    float count = s.past.kept_count;
    s.t += 5 * DAY;
    play(&s, 1);
    assert_float_equal(s.past.kept_count, 0.9f * count + 2 * 96, 1e-3);
    assert_int_equal(s.past.yesterday_count, 0);
}

static void
it_forgets_what_is_there_and_keeps_its_noise(void **state)
{
    struct series s = {.prng = {9}, .phi = 0.5f, .t = MONDAY};
    (void)state;
    assert_float_equal(rise_of(&s.rise, 0), 0, 0);
    play(&s, 14 * 1440);
    (void)minutes_until(&s, 0, 6, 1);
    float unit = s.rise.unit[0];
    rise_reset(&s.rise);
    assert_float_equal(rise_of(&s.rise, 0), 0, 0);
    assert_float_equal(s.rise.unit[0], unit, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_of_any_kind_has_the_same_spread),
        cmocka_unit_test(a_ramp_rises),
        cmocka_unit_test(a_ramp_does_not_saturate),
        cmocka_unit_test(few_days_are_drawn_towards_what_is_usual),
        cmocka_unit_test(each_is_known_from_sums_of_its_own),
        cmocka_unit_test(a_steady_series_is_not_steadier_than_most),
        cmocka_unit_test(what_is_far_above_the_last_hour_is_cut),
        cmocka_unit_test(neither_a_burst_nor_what_stays_is_one),
        cmocka_unit_test(a_burn_is_not_its_noise),
        cmocka_unit_test(a_gap_loses_no_day),
        cmocka_unit_test(it_forgets_what_is_there_and_keeps_its_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
