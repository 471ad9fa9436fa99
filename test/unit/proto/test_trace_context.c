/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/trace_context.h"

#include "unit/unit.h"

#define GOOD "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void
a_valid_one_reads_and_writes_back(void **state)
{
    struct trace_context c;
    char text[TRACE_CONTEXT_LEN + 1];
    assert_int_equal(trace_context_parse(SLICE_LIT(GOOD), &c), 0);
    assert_int_equal(c.trace_id[0], 0x0a);
    assert_int_equal(c.span_id[7], 0x31);
    assert_int_equal(c.flags, 1);
    assert_string_equal(trace_context_format(&c, text), GOOD);
    /* a later version may go on */
    assert_int_equal(trace_context_parse(SLICE_LIT("01"
                                                   "-0af7651916cd43dd8448eb211c80319c"
                                                   "-b7ad6b7169203331-01-what"),
                                         &c),
                     0);
}

static void
invalid_ones_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        GOOD "-what",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    struct trace_context c;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_not_equal(trace_context_parse(slice_from_str(bad[i]), &c), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_one_reads_and_writes_back),
        cmocka_unit_test(invalid_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
