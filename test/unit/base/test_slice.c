/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <errno.h>

#include "unit/unit.h"

static void
split_gives_every_piece_and_ends(void **state)
{
    struct slice rest = SLICE_LIT("a,,b,");
    struct slice piece;
    const char *const want[] = {"a", "", "b", ""};
    size_t n = 0;
    while (slice_split(&rest, ',', &piece)) {
        assert_true(n < ARRAY_LEN(want));
        assert_true(slice_eq(piece, slice_from_str(want[n++])));
    }
    assert_int_equal(n, 4);
}

static void
numbers_are_whole_and_fit(void **state)
{
    uint64_t v = 7;
    assert_int_equal(slice_to_u64(SLICE_LIT("18446744073709551615"), &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(slice_to_u64(SLICE_LIT("18446744073709551616"), &v), -ERANGE);
    assert_int_equal(slice_to_u64(SLICE_LIT("12x"), &v), -EINVAL);
    assert_int_equal(slice_to_u64(SLICE_LIT(""), &v), -EINVAL);
    assert_true(v == UINT64_MAX);
}

static void
sub_is_cut_to_what_is_there(void **state)
{
    struct slice s = SLICE_LIT("hello");
    assert_true(slice_eq(slice_sub(s, 3, 10), SLICE_LIT("lo")));
    assert_int_equal(slice_sub(s, 9, 1).len, 0);
}

static void
case_folds_in_ascii_only(void **state)
{
    assert_true(slice_eq_ci(SLICE_LIT("Content-LENGTH"), SLICE_LIT("content-length")));
    assert_false(slice_eq_ci(SLICE_LIT("[x]"), SLICE_LIT("{x}")));
    assert_true(slice_eq(slice_trim(SLICE_LIT(" \t a b\r\n")), SLICE_LIT("a b")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_gives_every_piece_and_ends),
        cmocka_unit_test(numbers_are_whole_and_fit),
        cmocka_unit_test(sub_is_cut_to_what_is_there),
        cmocka_unit_test(case_folds_in_ascii_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
