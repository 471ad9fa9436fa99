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

/* Whatever their number, as one after the other. */
static void
cells_are_added_up_whatever_their_number(void **state)
{
    struct reading_cell cell[11];
    (void)state;
    for (unsigned n = 0; n <= ARRAY_LEN(cell); n++) {
        double calls = 0, sum = 0, squares = 0, us = 0, over = 0;
        struct reading r = {.cell = cell, .cell_count = n};
        for (unsigned i = 0; i < n; i++) {
            cell[i] = (struct reading_cell){(uint32_t)(1000 * pow(1.25, i)),
                                            i == 4 ? 3000000000u : 7 * i + 1};
            double ln = log(cell[i].upper_us), c = cell[i].count;
            calls += c;
            sum += c * ln;
            squares += c * ln * ln;
            us += c * cell[i].upper_us;
            over += i > 6 ? c : 0;
        }
        struct moments m;
        moments_of(&r, (float)(log(1000) + 6 * log(1.25)) + 1e-3f, NAN, &m);
        assert_true(fabs((double)m.n - calls) <= 1e-6 * calls);
        assert_true(fabs((double)m.sum_ln - sum) <= 1e-5 * sum);
        assert_true(fabs((double)m.sum_ln2 - squares) <= 2e-5 * squares);
        assert_true(fabs((double)m.sum_us - us) <= 1e-5 * us);
        assert_true(fabs((double)m.above[0] - over) <= 0.5);
        assert_float_equal(m.above[1], 0, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_logarithm_is_close_enough),
        cmocka_unit_test(sums_and_shares),
        cmocka_unit_test(cells_are_added_up_whatever_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
