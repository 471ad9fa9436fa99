/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/affinity.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"
#include "unit/unit.h"

#define ROUTES 4u

/* How many pieces of each of three statements a request of each route has. */
static const unsigned ASKS[ROUTES][3] = {{1, 0, 0}, {1, 1, 0}, {0, 0, 3}, {1, 2, 0}};

/* Five requests at a time, and nothing but that tells whose a piece is. */
static void
shares_move_to_where_pieces_belong(void **state)
{
    struct affinity *a = check_alloc(1, sizeof(*a));
    struct prng prng = {3};
    assert_true(affinity_mean(a, 1) == 0);
    assert_true(affinity_ratio(a, 0, 1, AFFINITY_NOWHERE, 0) == 1);
    for (int i = 0; i < 40000; i++) {
        uint32_t at_once[5];
        for (unsigned k = 0; k < 5; k++) {
            at_once[k] = (uint32_t)prng_below(&prng, ROUTES);
        }
        affinity_saw_request(a, at_once[0],
                             NS_PER_MS); /* whose pieces these are; all are, in turn */
        for (uint64_t s = 0; s < 3; s++) {
            for (unsigned n = 0; n < ASKS[at_once[0]][s]; n++) {
                double mean = affinity_mean(a, s + 1), weight[5], sum = 0;
                for (unsigned k = 0; k < 5; k++) {
                    weight[k] = affinity_ratio(a, at_once[k], s + 1, AFFINITY_NOWHERE, mean);
                    sum += weight[k];
                }
                affinity_saw_piece(a, s + 1);
                for (unsigned k = 0; k < 5; k++) {
                    affinity_learn(a, at_once[k], s + 1, AFFINITY_NOWHERE, weight[k] / sum);
                }
            }
        }
    }
    for (uint32_t r = 0; r < ROUTES; r++) {
        for (uint64_t s = 0; s < 3; s++) {
            double mean = affinity_mean(a, s + 1);
            double each = mean * affinity_ratio(a, r, s + 1, AFFINITY_NOWHERE, mean);
            assert_true(each > ASKS[r][s] - 0.3 && each < ASKS[r][s] + 0.3);
        }
    }
    free(a);
}

/* More pairs than cells: what is often seen stays. */
static void
a_full_table_keeps_what_is_common(void **state)
{
    struct affinity *a = check_alloc(1, sizeof(*a));
    for (uint64_t i = 0; i < 100000; i++) {
        affinity_saw_request(a, 1, NS_PER_MS);
        affinity_saw_piece(a, 77);
        affinity_learn(a, 1, 77, AFFINITY_NOWHERE, 1);
        affinity_learn(a, (uint32_t)i % 1000, 1000 + i, AFFINITY_NOWHERE, 0.5);
    }
    double mean = affinity_mean(a, 77);
    assert_true(mean > 0.9 && mean < 1.1);
    assert_true(affinity_ratio(a, 1, 77, AFFINITY_NOWHERE, mean) > 0.9);
    free(a);
}

static void
a_place_is_near_a_start_or_an_end(void **state)
{
    int64_t ms = (int64_t)NS_PER_MS;
    assert_int_equal(affinity_place(0, 0), 0);
    assert_int_equal(affinity_place(10000, 90 * ms), 0);
    assert_int_equal(affinity_place(90 * ms, 10000), AFFINITY_OCTAVES);
    assert_true(affinity_place(ms, 90 * ms) < affinity_place(3 * ms, 90 * ms));
    assert_int_equal(affinity_place(3 * ms, 90 * ms) + AFFINITY_OCTAVES,
                     affinity_place(90 * ms, 3 * ms));
    assert_int_equal(affinity_place(INT64_MAX, INT64_MAX), AFFINITY_OCTAVES - 1);
    assert_int_equal(affinity_place(-1, ms), AFFINITY_NOWHERE);
    assert_int_equal(affinity_place(ms, -1), AFFINITY_NOWHERE);
}

/* Requests of 100 ms and of 2 ms that ask the same once: one at its start, one in its middle. */
static void
an_intensity_is_of_a_place(void **state)
{
    struct affinity *a = check_alloc(1, sizeof(*a));
    int64_t ms = (int64_t)NS_PER_MS;
    unsigned start = affinity_place(ms / 2, 99 * ms), middle = affinity_place(40 * ms, 60 * ms);
    unsigned of_short = affinity_place(ms, ms);
    for (int i = 0; i < 1000; i++) {
        affinity_saw_request(a, 1, 100 * NS_PER_MS);
        affinity_saw_request(a, 2, 2 * NS_PER_MS);
        affinity_saw_piece(a, 7);
        affinity_learn(a, 1, 7, start, 1);
        affinity_saw_piece(a, 7);
        affinity_learn(a, 2, 7, of_short, 1);
    }
    double mean = affinity_mean(a, 7);
    assert_true(mean > 0.99 && mean < 1.01);
    double at_start = affinity_ratio(a, 1, 7, start, mean);
    assert_true(at_start > 100 && at_start < 400); /* once in 0.256 ms, of 51 ms on average */
    assert_true(affinity_ratio(a, 1, 7, middle, mean) < 0.01);
    assert_true(affinity_ratio(a, 2, 7, of_short, mean) > 20);
    assert_true(affinity_ratio(a, 3, 7, start, mean) > 0.5); /* a route that nothing is known of */
    free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_move_to_where_pieces_belong),
        cmocka_unit_test(a_full_table_keeps_what_is_common),
        cmocka_unit_test(a_place_is_near_a_start_or_an_end),
        cmocka_unit_test(an_intensity_is_of_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
