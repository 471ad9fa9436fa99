/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/retries.h"
#include "base/clock.h"
#include "unit/unit.h"

static void
request(struct retries *r, uint64_t hash, uint64_t at_s, bool failed)
{
    retries_add(r, hash, at_s * NS_PER_S, at_s * NS_PER_S + 100 * NS_PER_MS, failed);
}

/* Nobody asks twice, until something fails. */
static void
what_fails_comes_again(void **state)
{
    static struct retries r;
    for (uint64_t i = 0; i < 100; i++) {
        request(&r, 1000 + i, 1000 + i, false);
    }
    for (uint64_t i = 0; i < 30; i++) {
        request(&r, 7, 1100 + 2 * i, true);
    }
    struct retries_sum sum = retries_sum(&r, 1160 * NS_PER_S);
    assert_int_equal(sum.failed, 30);
    assert_int_equal(sum.again, 29);
    assert_true(sum.share > 0.9);
    assert_true(sum.control >= 0 && sum.control < 0.01);
    sum = retries_sum(&r, 2000 * NS_PER_S);
    assert_int_equal(sum.requests + sum.failed + sum.again, 0); /* long ago */
}

/* A page that everybody asks for looks the same for all: its control says so. */
static void
what_comes_again_anyway_is_no_retry(void **state)
{
    static struct retries r;
    for (uint64_t i = 0; i < 200; i++) {
        request(&r, 7, 1000 + i, i >= 100 && i % 2 == 0);
    }
    struct retries_sum sum = retries_sum(&r, 1200 * NS_PER_S);
    assert_true(sum.share > 0.9 && sum.control > 0.9);
}

static void
what_cannot_be_told(void **state)
{
    static struct retries r;
    for (uint64_t i = 0; i < 50; i++) {
        request(&r, 0, 1000 + i, true);       /* no values at all */
        request(&r, 5, 1000 + 100 * i, true); /* much later */
    }
    struct retries_sum sum = retries_sum(&r, 1000 * NS_PER_S + 4900 * NS_PER_S);
    assert_int_equal(sum.again, 0);
    assert_true(sum.control < 0);
    static struct retries two;
    retries_add(&two, 9, 1000 * NS_PER_S, 1010 * NS_PER_S, true);
    retries_add(&two, 9, 1005 * NS_PER_S, 1011 * NS_PER_S, true); /* began before that had failed */
    assert_int_equal(retries_sum(&two, 1012 * NS_PER_S).again, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_comes_again),
        cmocka_unit_test(what_comes_again_anyway_is_no_retry),
        cmocka_unit_test(what_cannot_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
