/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/evidence.h"

#include "analysis/link/burst.h"
#include "base/clock.h"
#include "base/prng.h"
#include "unit/unit.h"

static struct evidence_match
weigh(const struct evidence *e, struct evidence_value bound, const uint64_t carried[1])
{
    struct evidence_weights weights;
    evidence_weigh(e, EVIDENCE_REQUEST, &bound, 1, &weights);
    return evidence_of_request(&weights, &bound, 1, carried, 1);
}

/* A value that everybody has says nothing; one that nobody else has says a lot. */
static void
rare_values_count_more(void **state)
{
    struct evidence *e = evidence_new();
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t values[] = {7, 1000 + i};
        evidence_saw_request(e, i * NS_PER_MS, (i + 20) * NS_PER_MS, values, 2);
        struct evidence_value bound[] = {{.value = 7, .slot = 1}, {.value = 1000 + i, .slot = 2}};
        evidence_saw_piece(e, bound, 2);
    }
    uint64_t common[] = {7}, rare[] = {1500};
    struct evidence_value v = {.value = 7, .slot = evidence_slot(1, 0)};
    struct evidence_match of_common = weigh(e, v, common);
    v.value = 1500;
    struct evidence_match of_rare = weigh(e, v, rare);
    assert_true(of_common.weight < 1.4);
    assert_true(of_rare.weight > 32);
    assert_int_equal(of_rare.matches, 1);
    evidence_free(&e);
}

/* Where the value always comes from the request, one without it is no candidate. */
static void
slots_are_learned(void **state)
{
    struct evidence *e = evidence_new();
    struct evidence_value token = {.slot = evidence_slot(1, 0)};
    struct evidence_value item = {.slot = evidence_slot(2, 0)};
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t values[] = {1000 + i};
        token.value = 1000 + i;
        item.value = 5000 + i;
        evidence_learn_values(e, EVIDENCE_REQUEST, &token, 1, values, 1, 1);
        evidence_learn_values(e, EVIDENCE_REQUEST, &item, 1, values, 1, 1);
    }
    assert_true(evidence_slot_share(e, token.slot) > 0.95);
    assert_true(evidence_slot_share(e, item.slot) < 0.05);
    uint64_t other[] = {1};
    assert_true(weigh(e, token, other).weight < 1.0 / 16);
    assert_true(weigh(e, item, other).weight > 0.93);
    evidence_free(&e);
}

static void
what_is_in_flight_fades_with_age(void **state)
{
    struct evidence *e = evidence_new();
    assert_int_equal(evidence_horizon_ns(e), 0);
    for (uint64_t i = 0; i < 400; i++) { /* 100 a second, 50 ms each: 5 at a time */
        evidence_saw_request(e, i * 10 * NS_PER_MS, i * 10 * NS_PER_MS + 50 * NS_PER_MS, NULL, 0);
    }
    uint64_t now = 4 * NS_PER_S;
    assert_true(evidence_in_flight(e, now - NS_PER_MS, now) > 4);
    assert_true(evidence_in_flight(e, now - 30 * NS_PER_MS, now) < 3);
    assert_true(evidence_in_flight(e, now - 60 * NS_PER_MS, now) < 0.01);
    assert_int_equal(evidence_horizon_ns(e), NS_PER_S);
    evidence_free(&e);
}

static void
bursts_end_in_the_valley(void **state)
{
    struct burst_gaps g;
    struct prng prng = {3};
    burst_gaps_init(&g);
    assert_int_equal(burst_gaps_limit_ns(&g), BURST_GAP_DEFAULT_NS);
    for (int i = 0; i < 2000; i++) { /* 0.1 to 0.5 ms inside, 100 to 900 ms between */
        burst_gaps_saw(&g, 100000 + prng_below(&prng, 400000));
        if (i % 8 == 0) {
            burst_gaps_saw(&g, 100 * NS_PER_MS + prng_below(&prng, 800 * NS_PER_MS));
        }
    }
    assert_true(burst_gaps_limit_ns(&g) >= 2 * NS_PER_MS);
    assert_true(burst_gaps_limit_ns(&g) < 100 * NS_PER_MS);
    burst_gaps_init(&g);
    for (int i = 0; i < 2000; i++) { /* one hill: there is no telling */
        burst_gaps_saw(&g, 4 * NS_PER_MS + prng_below(&prng, 500000));
    }
    assert_int_equal(burst_gaps_limit_ns(&g), BURST_GAP_DEFAULT_NS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rare_values_count_more),
        cmocka_unit_test(slots_are_learned),
        cmocka_unit_test(what_is_in_flight_fades_with_age),
        cmocka_unit_test(bursts_end_in_the_valley),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
