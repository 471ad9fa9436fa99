/* SPDX-License-Identifier: Apache-2.0 */
#include "model/json_text.h"

#include "unit/unit.h"

static void
assert_text(const char *bytes, const char *wanted)
{
    json_t *value = json_text(slice_from_str(bytes));
    assert_string_equal(json_string_value(value), wanted);
    json_decref(value);
}

static void
text_is_kept(void **state)
{
    (void)state;
    assert_text("", "");
    assert_text("caf\xc3\xa9", "caf\xc3\xa9");
}

/* Of two, three and four bytes, after each of them. */
static void
a_character_that_was_cut_is_left_out(void **state)
{
    (void)state;
    assert_text("caf\xc3", "caf");
    assert_text("\xe2\x82\xac \xe2", "\xe2\x82\xac ");
    assert_text("\xe2\x82\xac \xe2\x82", "\xe2\x82\xac ");
    assert_text("a\xf0", "a");
    assert_text("a\xf0\x9f", "a");
    assert_text("a\xf0\x9f\x98", "a");
    assert_text("\xf0\x9f\x98", "");
}

static void
what_is_no_text_is_a_question_mark(void **state)
{
    (void)state;
    assert_text("\xff\xfe and so on", "?");
    assert_text("a\xc3 b", "?");
    assert_text("a\x80", "?");
    assert_text("\xc3\xa9\x80\x80", "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_kept),
        cmocka_unit_test(a_character_that_was_cut_is_left_out),
        cmocka_unit_test(what_is_no_text_is_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
