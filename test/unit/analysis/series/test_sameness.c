/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "analysis/series/sameness.h"
#include "base/clock.h"

static enum sameness_answer
call(struct sameness *s, uint64_t values, uint64_t result, uint64_t at_s)
{
    struct trace_query q = {.fingerprint = 7,
                            .values_hash = values,
                            .result_hash = result,
                            .start_ns = at_s * NS_PER_S,
                            .kind = STATEMENT_SELECT,
                            .flags = QUERY_VALUES_HASHED | QUERY_RESULT_HASHED};
    return sameness_add(sameness_of(s, &q), &q);
}

static void
few_answers_for_all_hit(void **state)
{
    struct sameness s;
    struct sameness_sum sum;
    sameness_init(&s, 8);
    assert_false(sameness_sum(&s, 7, &sum));
    for (uint64_t i = 0; i < 100; i++) {
        call(&s, i % 3, 50 + i % 3, 10 + i / 10);
    }
    assert_true(sameness_sum(&s, 7, &sum));
    assert_int_equal(sum.calls, 100);
    assert_int_equal(sum.hits, 97);
    assert_int_equal(sum.answers, 3);
    assert_int_equal(sum.changed, 0);
    call(&s, 1, 99, 30); /* another answer */
    assert_true(sameness_sum(&s, 7, &sum));
    assert_int_equal(sum.changed, 1);
    sameness_fini(&s);
}

static void
many_users_do_not(void **state)
{
    struct sameness s;
    struct sameness_sum sum;
    sameness_init(&s, 8);
    for (uint64_t i = 0; i < 600; i++) {
        call(&s, i % 40, i % 40, 10 + i / 20);
    }
    assert_true(sameness_sum(&s, 7, &sum));
    assert_true(sum.hit_rate < 0.1);
    assert_true(sum.answers > 8);
    sameness_fini(&s);
}

static void
what_is_old_or_unhashed_is_no_hit(void **state)
{
    struct sameness s;
    struct sameness_sum sum;
    sameness_init(&s, 8);
    assert_int_equal(call(&s, 1, 1, 10), SAMENESS_UNSEEN);
    assert_int_equal(call(&s, 1, 1, 10 + 61), SAMENESS_UNSEEN);
    assert_int_equal(call(&s, 1, 2, 10 + 62), SAMENESS_SEEN); /* another answer */
    struct trace_query q = {.fingerprint = 7, .start_ns = 72 * NS_PER_S, .kind = STATEMENT_SELECT};
    assert_int_equal(sameness_add(sameness_of(&s, &q), &q), SAMENESS_UNKNOWN);
    assert_true(sameness_sum(&s, 7, &sum));
    assert_int_equal(sum.calls, 4);
    assert_int_equal(sum.hits, 0);
    sameness_fini(&s);
}

static void
writes_are_remembered_and_bounded(void **state)
{
    struct sameness s;
    sameness_init(&s, 8);
    sameness_wrote(&s, "public.settings", 5);
    assert_int_equal(sameness_written_ns(&s, "settings"), 5);
    sameness_wrote(&s, "settings", 9);
    assert_int_equal(sameness_written_ns(&s, "settings"), 9);
    for (unsigned i = 0; i < SAMENESS_TABLES_MAX; i++) {
        char name[] = {'t', (char)('a' + i % 26), (char)('a' + i / 26 % 26), '\0'};
        sameness_wrote(&s, name, 100 + i);
    }
    assert_int_equal(sameness_written_ns(&s, "settings"), 0); /* the oldest gave way */
    sameness_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_answers_for_all_hit),
        cmocka_unit_test(many_users_do_not),
        cmocka_unit_test(what_is_old_or_unhashed_is_no_hit),
        cmocka_unit_test(writes_are_remembered_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
