/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/prng.h"
#include "model/sketch.h"

static int
compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void
quantiles_are_within_1_6_percent(void **state)
{
    struct prng p = {7};
    enum { N = 20000 };
    uint64_t *all = check_alloc(N, sizeof(*all));
    struct sketch s = {0};
    for (size_t i = 0; i < N; i++) {
        unsigned shift = (unsigned)prng_below(&p, 26);
        all[i] = 1000 + (prng_next(&p) % ((1ull << shift) * 1000 + 1));
        sketch_add(&s, all[i]);
    }
    qsort(all, N, sizeof(*all), compare_u64);
    const double qs[] = {0.01, 0.25, 0.5, 0.95, 0.99};
    for (size_t i = 0; i < ARRAY_LEN(qs); i++) {
        double exact = (double)all[(size_t)(qs[i] * N) - 1];
        double got = (double)sketch_quantile(&s, qs[i]);
        assert_true(got > exact * 0.984 && got < exact * 1.016);
    }
    free(all);
    sketch_fini(&s);
}

static void
borders_and_empty(void **state)
{
    struct sketch s = {0};
    assert_int_equal(sketch_quantile(&s, 0.5), 0);
    sketch_add(&s, 0);
    sketch_add(&s, UINT64_MAX);
    assert_int_equal(s.count, 2);
    assert_true(sketch_quantile(&s, 0.4) < 1020);
    assert_true(sketch_quantile(&s, 1.0) > 100000000000ull);
    sketch_reset(&s);
    assert_int_equal(s.count, 0);
    sketch_fini(&s);
}

static void
saved_loaded_and_merged_is_the_same(void **state)
{
    struct prng p = {11};
    struct sketch a = {0}, b = {0}, both = {0}, back = {0};
    for (int i = 0; i < 3000; i++) {
        uint64_t v = prng_below(&p, 300000000);
        sketch_add(i % 3 == 0 ? &a : &b, v);
        sketch_add(&both, v);
    }
    uint8_t bytes[SKETCH_SAVED_MAX];
    size_t n = sketch_save(&a, bytes, sizeof(bytes));
    assert_true(n > 0);
    assert_int_equal(sketch_load(slice_of(bytes, n), &back), 0);
    sketch_merge(&back, &b);
    assert_int_equal(back.count, both.count);
    for (double q = 0.05; q < 1; q += 0.05) {
        assert_int_equal(sketch_quantile(&back, q), sketch_quantile(&both, q));
    }
    assert_int_equal(sketch_save(&a, bytes, 5), 0);
    sketch_fini(&a);
    sketch_fini(&b);
    sketch_fini(&both);
    sketch_fini(&back);
}

static void
the_fullest_one_fits(void **state)
{
    struct sketch s = {0};
    for (uint64_t page = 0; page < SKETCH_PAGES; page++) {
        for (uint64_t i = 0; i < SKETCH_STEPS; i++) {
            uint64_t ns =
                ((1ull << page) * 1000) + ((1ull << page) * 1000 * i + 500) / SKETCH_STEPS;
            sketch_add(&s, ns + 1);
        }
    }
    for (unsigned i = 0; i < SKETCH_PAGES; i++) {
        for (unsigned k = 0; k < SKETCH_STEPS; k++) {
            s.page[i][k] = UINT32_MAX;
        }
    }
    static uint8_t bytes[SKETCH_SAVED_MAX];
    assert_true(sketch_save(&s, bytes, sizeof(bytes)) > 0);
    sketch_fini(&s);
}

static void
garbage_is_refused_and_changes_nothing(void **state)
{
    struct prng p = {3};
    struct sketch s = {0};
    sketch_add(&s, 5000);
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[24];
        for (size_t k = 0; k < sizeof(bytes); k++) {
            bytes[k] = (uint8_t)prng_next(&p);
        }
        bytes[0] = i % 2 == 0 ? 1 : bytes[0];
        uint64_t before = s.count;
        if (sketch_load(slice_of(bytes, sizeof(bytes)), &s) != 0) {
            assert_int_equal(s.count, before);
        }
    }
    assert_int_equal(sketch_load(SLICE_NONE, &s), -EBADMSG);
    sketch_fini(&s);
}

static void
counts_below_a_bound_rise_to_all(void **state)
{
    struct sketch s = {0};
    assert_int_equal(sketch_count_below(&s, NS_PER_S), 0);
    for (uint64_t ms = 1; ms <= 1000; ms++) {
        sketch_add(&s, ms * NS_PER_MS);
    }
    uint64_t before = 0;
    for (uint64_t ms = 1; ms <= 1100; ms += 7) {
        uint64_t below = sketch_count_below(&s, ms * NS_PER_MS);
        uint64_t truth = MIN(ms, 1000u);
        assert_true(below >= before && below >= truth);
        assert_true(below <= truth + truth / 50 + 1); /* a step is 1.6 % wide */
        before = below;
    }
    assert_int_equal(sketch_count_below(&s, UINT64_MAX), 1000);
    sketch_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_1_6_percent),
        cmocka_unit_test(borders_and_empty),
        cmocka_unit_test(saved_loaded_and_merged_is_the_same),
        cmocka_unit_test(the_fullest_one_fits),
        cmocka_unit_test(garbage_is_refused_and_changes_nothing),
        cmocka_unit_test(counts_below_a_bound_rise_to_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
