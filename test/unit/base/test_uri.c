/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uri.h"

#include <string.h>

#include "unit/unit.h"

static void
what_means_something_else_is_escaped(void **state)
{
    char text[64];
    assert_string_equal(uri_path("/var/lib/slow-burn_1.0~/x", text, sizeof(text)),
                        "/var/lib/slow-burn_1.0~/x");
    assert_string_equal(uri_path("a b%41?c#d", text, sizeof(text)), "a%20b%2541%3Fc%23d");
    assert_string_equal(uri_path("\xc3\xa4\x7f", text, sizeof(text)), "%C3%A4%7F");
    assert_string_equal(uri_path("", text, sizeof(text)), "");
}

static void
a_cut_is_no_half_of_a_character(void **state)
{
    char text[16];
    for (size_t size = 1; size < sizeof(text); size++) {
        size_t len = strlen(uri_path("????", text, size));
        assert_true(len < size && len % 3 == 0);
    }
    char whole[URI_PATH_SIZE(4)];
    assert_string_equal(uri_path("????", whole, sizeof(whole)), "%3F%3F%3F%3F");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_something_else_is_escaped),
        cmocka_unit_test(a_cut_is_no_half_of_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
