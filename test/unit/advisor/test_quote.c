/* SPDX-License-Identifier: Apache-2.0
 * Identifiers come out whole, however long PostgreSQL lets them be, and mean the same as SQL. */
#include "advisor/quote.h"

#include <string.h>

#include "unit/unit.h"

static const char *
quoted(const char *name)
{
    static char text[QUOTE_IDENTIFIER_SIZE];
    return quote_identifier(name, text, sizeof(text));
}

static void
quotes_stand_where_they_must(void **state)
{
    assert_string_equal(quoted("items_2"), "items_2");
    assert_string_equal(quoted("Items"), "\"Items\"");
    assert_string_equal(quoted("order"), "\"order\"");
    assert_string_equal(quoted("2nd"), "\"2nd\"");
    assert_string_equal(quoted("a\"b"), "\"a\"\"b\"");
    assert_string_equal(quoted(""), "\"\"");
}

static void
the_longest_names_stay_whole(void **state)
{
    char plain[64], quotes[64], text[QUOTE_QUALIFIED_SIZE];
    memset(plain, 'x', 63);
    memset(quotes, '"', 63);
    plain[63] = quotes[63] = '\0';
    assert_string_equal(quoted(plain), plain);
    assert_int_equal(strlen(quoted(quotes)), 2 + 2 * 63);
    assert_ptr_equal(quote_qualified(plain, plain, text), text);
    assert_int_equal(strlen(text), 63 + 1 + 63);
    assert_int_equal(strlen(quote_qualified(quotes, quotes, text)), 2 * (2 + 2 * 63) + 1);
    assert_string_equal(quote_qualified("Shop", "items", text), "\"Shop\".items");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_stand_where_they_must),
        cmocka_unit_test(the_longest_names_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
