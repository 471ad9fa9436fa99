/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>

#include "unit/unit.h"

static void
overflow_changes_nothing_and_is_remembered(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 5);
    assert_int_equal(buf_append_str(&b, "abc"), 0);
    assert_int_equal(buf_append_str(&b, "def"), -E2BIG);
    assert_true(buf_overflowed(&b));
    assert_string_equal(buf_str(&b), "abc");
    assert_int_equal(buf_append_str(&b, "de"), 0);
    buf_reset(&b);
    assert_false(buf_overflowed(&b));
    assert_int_equal(b.len, 0);
}

static void
printf_and_consume(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(buf_printf(&b, "%d,", i), 0);
    }
    buf_consume(&b, 4);
    assert_memory_equal(b.data, "2,3,", 4);
    buf_consume(&b, b.len);
    assert_string_equal(buf_str(&b), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_changes_nothing_and_is_remembered),
        cmocka_unit_test(printf_and_consume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
