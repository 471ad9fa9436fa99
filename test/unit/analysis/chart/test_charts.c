/* SPDX-License-Identifier: Apache-2.0
 * The control charts: what each of them sums up, when it speaks, and that it stays silent. */
#include <math.h>

#include "analysis/chart/cusum.h"
#include "analysis/chart/exceed.h"
#include "analysis/chart/poisson.h"
#include "unit/normal.h"
#include "unit/unit.h"

static const float allowance[CUSUM_BANK] = {0.125f, 0.25f, 0.5f, 1};

/* Siegmund's formula for independent normal residuals, within the error of 200 runs. */
static void
cusum_runs_as_long_as_siegmund_says(void **state)
{
    const double k = 0.5, h = 4;
    double b = h + 1.166, expect = (exp(2 * k * b) - 2 * k * b - 1) / (2 * k * k), sum = 0;
    struct prng p = {11};
    (void)state;
    for (unsigned run = 0; run < 200; run++) {
        struct cusum_bank c = {0};
        unsigned n = 0;
        do {
            float x = normal(&p);
            cusum_add(&c, (float[CUSUM_BANK]){x, x, x, x}, allowance, ++n);
        } while ((double)c.g[2] <= h);
        sum += n;
    }
    double mean = sum / 200;
    assert_true(mean > 0.75 * expect && mean < 1.25 * expect);
}

static void
cusum_remembers_when_it_began(void **state)
{
    struct cusum_bank c = {0};
    (void)state;
    for (uint32_t at = 1; at <= 100; at++) {
        float x = at <= 60 ? -1 : 1;
        cusum_add(&c, (float[CUSUM_BANK]){x, x, x, 3 * x}, allowance, at);
    }
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        assert_int_equal(c.zero[i], 60);
        assert_float_equal(c.g[i], 40 * ((i == 3 ? 3 : 1) - allowance[i]), 1e-3);
    }
}

/* One that was emptied does not take the beginning of time for its onset. */
static void
what_begins_high_began_then(void **state)
{
    struct cusum_bank c = {0};
    struct exceed e = {0};
    struct poisson p = {0};
    (void)state;
    for (uint32_t at = 500; at < 510; at++) {
        cusum_add(&c, (float[CUSUM_BANK]){2, 2, 2, 2}, allowance, at);
        exceed_add(&e, true, at);
        poisson_add(&p, 9, 1, at);
    }
    assert_int_equal(c.zero[0], 500);
    assert_int_equal(e.zero, 500);
    assert_int_equal(p.zero[0], 500);
}

static void
exceed_is_not_moved_by_blips(void **state)
{
    struct exceed blips = {0}, shift = {0};
    float most = 0;
    (void)state;
    for (uint32_t at = 1; at <= 200; at++) {
        exceed_add(&blips, at % 12 < 8, at); /* 8 minutes of every 12 */
        most = at <= 24 && blips.f > most ? blips.f : most;
        exceed_add(&shift, at > 100 && at <= 124, at);
        if (at == 123) {
            assert_true(shift.f > 65);
            assert_int_equal(shift.zero, 100);
        }
    }
    assert_true(most < 65);
}

static void
poisson_sees_a_tripled_rate_and_not_more_traffic(void **state)
{
    struct poisson same = {0}, tripled = {0}, burst = {0};
    unsigned windows = 0;
    (void)state;
    for (uint32_t at = 1; at <= 1000; at++) {
        poisson_add(&same, 10, 10, at); /* ten times the traffic, ten times the errors */
        assert_true(same.g[0] < 20 && same.g[1] < 20 && same.g[2] < 20);
    }
    while (tripled.g[0] <= 20 && tripled.g[1] <= 20 && tripled.g[2] <= 20) {
        poisson_add(&tripled, 3, 1, ++windows);
    }
    assert_int_equal(windows, 16); /* 3 ln 3 - 2 = 1.30 each, 3 ln 2 - 1 = 1.08 */
    assert_int_equal(tripled.more[1], 16);
    for (uint32_t at = 1; at <= 3; at++) {
        poisson_add(&burst, 1000, 1, at);
    }
    assert_true(burst.g[0] <= 3 * POISSON_STEP_MAX);
    assert_int_equal(burst.more[0], 3);
    for (uint32_t at = 4; at <= 24; at++) {
        poisson_add(&burst, 0, 1, at);
    }
    assert_int_equal(burst.more[0], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cusum_runs_as_long_as_siegmund_says),
        cmocka_unit_test(cusum_remembers_when_it_began),
        cmocka_unit_test(what_begins_high_began_then),
        cmocka_unit_test(exceed_is_not_moved_by_blips),
        cmocka_unit_test(poisson_sees_a_tripled_rate_and_not_more_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
