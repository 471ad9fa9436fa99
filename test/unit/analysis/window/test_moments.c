/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/window/moments.h"

#include <math.h>

#include "unit/unit.h"

static void
the_logarithm_is_close_enough(void **state)
{
    double worst = 0;
    (void)state;
    for (uint32_t us = 1; us < 4000000000u; us += us / 97 + 1) {
        worst = fmax(worst, fabs((double)moments_ln(us) - log(us)));
    }
    assert_true(worst < 5e-5);
}

static void
sums_and_shares(void **state)
{
    const struct reading_cell cells[] = {{100, 4}, {110, 4}, {121, 2}};
    struct reading r = {.cell = cells, .cell_count = 3};
    struct moments m;
    (void)state;
    moments_of(&r, logf(110), logf(115.4f), &m);
    assert_float_equal(m.n, 10, 0);
    assert_float_equal(m.sum_us, 400 + 440 + 242, 1e-3);
    assert_float_equal(m.sum_ln, (float)(4 * log(100) + 4 * log(110) + 2 * log(121)), 1e-3);
    assert_float_equal(m.above[0], 2, 1e-2);
    assert_float_equal(m.above[1], 1, 2e-2); /* the limit halves the last cell */
    moments_of(&r, NAN, NAN, &m);
    assert_float_equal(m.above[0], 0, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_logarithm_is_close_enough),
        cmocka_unit_test(sums_and_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
