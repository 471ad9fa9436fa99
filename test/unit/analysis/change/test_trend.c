/* SPDX-License-Identifier: Apache-2.0
 * A price that rises steadily, told from one that jumps, swings or stays. */
#include "analysis/change/trend.h"

#include <math.h>

#include "base/prng.h"
#include "unit/analysis/requests_kit.h"

#define T0         (100 * NS_PER_S)
#define EVERY      (NS_PER_S / 4) /* 240 requests a minute */
#define MINUTES(n) ((n)*60 * NS_PER_S)

/* What a call costs, minutes after the first request. */
typedef double price(double minutes);

static double
flat(double minutes)
{
    (void)minutes;
    return 20;
}

static double
five_percent_a_minute_after_three(double minutes)
{
    return 20 * (1 + 0.05 * fmax(0, minutes - 3));
}

static double
twice_after_three(double minutes)
{
    return minutes < 3 ? 20 : 40;
}

static double
two_bad_minutes(double minutes)
{
    return minutes < 5 || minutes >= 7 ? 20 : 45;
}

static double
up_and_down(double minutes)
{
    return 20 + 8 * sin(minutes * 2);
}

/* The trend over so many minutes of that price, each call between 0.7 and 1.6 times it. */
static struct trend
play(price *p, double minutes, uint64_t every_ns, uint64_t seed)
{
    struct recent_budget budget = {.bytes_max = 64u << 20};
    struct watch *w = watch_new(SLICE_LIT("GET /a"), ROUTE_BASIS_PATH, METHOD_GET, &budget);
    struct prng prng = {seed};
    for (uint64_t at = 0; at < kit_ns(minutes * 60e3); at += every_ns) {
        double noise = (double)prng_below(&prng, 1000) * (double)prng_below(&prng, 1000) / 1e6;
        double ms = p((double)at / 6e10) * (0.7 + 0.9 * noise);
        kit_calls(w, T0 + at, 1, 1, ms, 5);
    }
    struct trend t;
    trend_of(&w->recent, 1, 0, &t);
    watch_free(&w);
    return t;
}

static void
a_steady_rise_is_seen_in_minutes(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct trend t = play(five_percent_a_minute_after_three, 9, EVERY, seed);
        assert_true(trend_is_steady(&t));
        assert_true(t.now_ms > 1.2 * t.first_ms && t.now_ms < 1.4 * t.first_ms);
        assert_in_range(t.rise_ns, MINUTES(3), MINUTES(7));
    }
}

static void
a_step_is_no_steady_rise(void **state)
{
    unsigned wrong = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct trend t = play(twice_after_three, 8, EVERY, seed);
        wrong += trend_is_steady(&t) ? 1 : 0;
    }
    assert_in_range(wrong, 0, 2); /* one in a thousand by chance */
}

static void
noise_is_no_steady_rise(void **state)
{
    static price *const prices[] = {flat, two_bad_minutes, up_and_down};
    for (unsigned i = 0; i < ARRAY_LEN(prices); i++) {
        for (uint64_t seed = 1; seed <= 60; seed++) {
            for (double minutes = 3; minutes < 9; minutes += 0.7) {
                struct trend t = play(prices[i], minutes, NS_PER_S, seed);
                if (trend_is_steady(&t)) {
                    fail_msg("price %u, seed %u, after %.1f minutes: z %.1f, rise %.1f", i,
                             (unsigned)seed, minutes, t.z, t.rise_z);
                }
            }
        }
    }
}

static void
too_few_requests_say_nothing(void **state)
{
    struct trend t = play(five_percent_a_minute_after_three, 9, 10 * NS_PER_S, 1);
    assert_int_equal(t.groups, 0);
    assert_false(trend_is_steady(&t));
}

static void
another_statement_has_no_trend(void **state)
{
    struct recent_budget budget = {.bytes_max = 64u << 20};
    struct watch *w = watch_new(SLICE_LIT("GET /a"), ROUTE_BASIS_PATH, METHOD_GET, &budget);
    for (unsigned i = 0; i < 400; i++) {
        kit_calls(w, T0 + i * NS_PER_S, 1, 1, 1 + i, 5);
    }
    struct trend t;
    trend_of(&w->recent, 2, 0, &t);
    assert_int_equal(t.groups, 0);
    trend_of(&w->recent, 1, 0, &t);
    assert_true(trend_is_steady(&t));
    trend_of(&w->recent, 1, T0 + 350 * NS_PER_S, &t);
    assert_int_equal(t.groups, 0);
    watch_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_rise_is_seen_in_minutes),
        cmocka_unit_test(a_step_is_no_steady_rise),
        cmocka_unit_test(noise_is_no_steady_rise),
        cmocka_unit_test(too_few_requests_say_nothing),
        cmocka_unit_test(another_statement_has_no_trend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
