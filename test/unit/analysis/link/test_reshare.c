/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/reshare.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"
#include "unit/unit.h"

#define ROUTES  4u
#define AT_ONCE 20u

/* How many pieces of one statement a request of each route has. */
static const double ASKS[ROUTES] = {1, 0, 3, 0};

/* Twenty requests at a time, and nothing but that tells whose a piece is. How far the route that is
 * the furthest off is from what it asks. */
static double
furthest_off(bool looks_again, unsigned requests)
{
    struct affinity *a = check_alloc(1, sizeof(*a));
    struct reshare *again = check_alloc(1, sizeof(*again));
    struct prng prng = {5};
    for (unsigned i = 0; i < requests; i++) {
        uint32_t at_once[AT_ONCE];
        for (unsigned k = 0; k < AT_ONCE; k++) {
            at_once[k] = (uint32_t)prng_below(&prng, ROUTES);
        }
        affinity_saw_request(a, at_once[0],
                             NS_PER_MS); /* whose pieces these are; all are, in turn */
        for (unsigned n = 0; n < ASKS[at_once[0]]; n++) {
            double mean = affinity_mean(a, 1), weight[AT_ONCE], sum = 0;
            for (unsigned k = 0; k < AT_ONCE; k++) {
                weight[k] = affinity_ratio(a, at_once[k], 1, AFFINITY_NOWHERE, mean);
                sum += weight[k];
            }
            struct reshare_piece *p = looks_again ? reshare_add(again, a, 1, 0) : NULL;
            affinity_saw_piece(a, 1);
            for (unsigned k = 0; k < AT_ONCE; k++) {
                affinity_learn(a, at_once[k], 1, AFFINITY_NOWHERE, weight[k] / sum);
                assert_true(p == NULL ||
                            reshare_place(p, at_once[k], AFFINITY_NOWHERE, 1, weight[k] / sum));
            }
            reshare_some(again, a);
        }
    }
    double off = 0, mean = affinity_mean(a, 1);
    for (uint32_t r = 0; r < ROUTES; r++) {
        double is = mean * affinity_ratio(a, r, 1, AFFINITY_NOWHERE, mean) - ASKS[r];
        off = MAX(off, MAX(is, -is));
    }
    free(again);
    free(a);
    return off;
}

static void
shares_arrive_sooner(void **state)
{
    double once = furthest_off(false, 8000), again = furthest_off(true, 8000);
    print_message("# off by %.2f pieces a request; looked at again: %.2f\n", once, again);
    assert_true(once > 0.8); /* or there is nothing to be tested */
    assert_true(again < once / 2);
}

static void
what_has_no_room_stays(void **state)
{
    struct affinity *a = check_alloc(1, sizeof(*a));
    struct reshare *r = check_alloc(1, sizeof(*r));
    reshare_some(r, a); /* nothing there */
    struct reshare_piece *p = reshare_add(r, a, 7, 0);
    for (unsigned i = 0; i < RESHARE_PLACES; i++) {
        assert_true(reshare_place(p, i, 0, 1, 0.01));
    }
    assert_false(reshare_place(p, RESHARE_PLACES, 0, 1, 0.01));
    assert_true(reshare_place(p, 3, 0, 1, 0.01)); /* another request of a route that is there */
    assert_int_equal(p->count, RESHARE_PLACES);
    for (unsigned i = 0; i < 2 * RESHARE_PIECES; i++) {
        reshare_add(r, a, i, 0);
    }
    assert_int_equal(r->count, RESHARE_PIECES);
    free(r);
    free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_arrive_sooner),
        cmocka_unit_test(what_has_no_room_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
