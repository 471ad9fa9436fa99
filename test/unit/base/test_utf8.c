/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "unit/unit.h"

static void
a_character_has_one_to_four_bytes(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(SLICE_NONE), 0);
    assert_int_equal(utf8_length(SLICE_LIT("ab")), 1);
    assert_int_equal(utf8_length(SLICE_LIT("\xc2\x80")), 2);
    assert_int_equal(utf8_length(SLICE_LIT("\xdf\xbf.")), 2);
    assert_int_equal(utf8_length(SLICE_LIT("\xe0\xa0\x80")), 3);
    assert_int_equal(utf8_length(SLICE_LIT("\xed\x9f\xbf")), 3);
    assert_int_equal(utf8_length(SLICE_LIT("\xef\xbf\xbf")), 3);
    assert_int_equal(utf8_length(SLICE_LIT("\xf0\x90\x80\x80")), 4);
    assert_int_equal(utf8_length(SLICE_LIT("\xf4\x8f\xbf\xbf")), 4);
}

static void
what_is_cut_or_none_has_none(void **state)
{
    static const char *const none[] = {
        "\x80",          "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xc3.",         "\xe2\x82",     "\xe2.\x82",        "\xe2\x82.",        "\xe0\x9f\xbf",
        "\xed\xa0\x80",  "\xf0\x9f\x98", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf0\x9f\x98.", "\xff",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        assert_int_equal(utf8_length(slice_from_str(none[i])), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_character_has_one_to_four_bytes),
        cmocka_unit_test(what_is_cut_or_none_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
