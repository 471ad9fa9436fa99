/* SPDX-License-Identifier: Apache-2.0 */
#include "export/retry.h"

#include "unit/unit.h"

static void
what_may_pass_is_tried_again(void **state)
{
    static const struct {
        unsigned status;
        enum retry_verdict webhook, otlp;
    } cases[] = {
        {0, RETRY_LATER, RETRY_LATER},   {200, RETRY_DONE, RETRY_DONE},
        {202, RETRY_DONE, RETRY_DONE},   {299, RETRY_DONE, RETRY_DONE},
        {301, RETRY_NEVER, RETRY_NEVER}, {400, RETRY_NEVER, RETRY_NEVER},
        {401, RETRY_NEVER, RETRY_NEVER}, {408, RETRY_LATER, RETRY_NEVER},
        {425, RETRY_LATER, RETRY_NEVER}, {429, RETRY_LATER, RETRY_LATER},
        {500, RETRY_LATER, RETRY_NEVER}, {502, RETRY_LATER, RETRY_LATER},
        {503, RETRY_LATER, RETRY_LATER}, {504, RETRY_LATER, RETRY_LATER},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(retry_of_webhook(cases[i].status), cases[i].webhook);
        assert_int_equal(retry_of_otlp(cases[i].status), cases[i].otlp);
    }
}

static void
waits_double_with_a_random_half_up_to_the_most(void **state)
{
    struct retry r = {.prng = {7}};
    uint64_t full_ns = RETRY_FIRST_NS;
    bool differ = false;
    for (unsigned i = 0; i < 100; i++) {
        uint64_t wait_ns = retry_wait_ns(&r, 0);
        assert_in_range(wait_ns, full_ns / 2, full_ns);
        differ = differ || (wait_ns != full_ns / 2 && wait_ns != full_ns);
        full_ns = MIN(2 * full_ns, RETRY_MOST_NS);
    }
    assert_true(differ);
    retry_succeeded(&r);
    assert_in_range(retry_wait_ns(&r, 0), RETRY_FIRST_NS / 2, RETRY_FIRST_NS);
}

static void
a_receiver_that_says_when_is_waited_for(void **state)
{
    struct retry r = {.prng = {7}};
    assert_true(retry_wait_ns(&r, 17 * RETRY_FIRST_NS) == 17 * RETRY_FIRST_NS);
    assert_true(retry_wait_ns(&r, UINT64_MAX) == RETRY_ASKED_MOST_NS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_pass_is_tried_again),
        cmocka_unit_test(waits_double_with_a_random_half_up_to_the_most),
        cmocka_unit_test(a_receiver_that_says_when_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
