/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/affinity.h"

#include <stdlib.h>

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
    assert_true(affinity_ratio(a, 0, 1, 0) == 1);
    for (int i = 0; i < 40000; i++) {
        uint32_t at_once[5];
        for (unsigned k = 0; k < 5; k++) {
            at_once[k] = (uint32_t)prng_below(&prng, ROUTES);
        }
        affinity_saw_request(a, at_once[0]); /* whose pieces these are; all are, in turn */
        for (uint64_t s = 0; s < 3; s++) {
            for (unsigned n = 0; n < ASKS[at_once[0]][s]; n++) {
                double mean = affinity_mean(a, s + 1), weight[5], sum = 0;
                for (unsigned k = 0; k < 5; k++) {
                    weight[k] = affinity_ratio(a, at_once[k], s + 1, mean);
                    sum += weight[k];
                }
                affinity_saw_piece(a, s + 1);
                for (unsigned k = 0; k < 5; k++) {
                    affinity_learn(a, at_once[k], s + 1, weight[k] / sum);
                }
            }
        }
    }
    for (uint32_t r = 0; r < ROUTES; r++) {
        for (uint64_t s = 0; s < 3; s++) {
            double mean = affinity_mean(a, s + 1);
            double each = mean * affinity_ratio(a, r, s + 1, mean);
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
        affinity_saw_request(a, 1);
        affinity_saw_piece(a, 77);
        affinity_learn(a, 1, 77, 1);
        affinity_learn(a, (uint32_t)i % 1000, 1000 + i, 0.5);
    }
    double mean = affinity_mean(a, 77);
    assert_true(mean > 0.9 && mean < 1.1);
    assert_true(affinity_ratio(a, 1, 77, mean) > 0.9);
    free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_move_to_where_pieces_belong),
        cmocka_unit_test(a_full_table_keeps_what_is_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
