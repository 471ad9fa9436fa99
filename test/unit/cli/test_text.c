/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stdlib.h>

#include "unit/unit.h"

static void
numbers_read_well(void **state)
{
    assert_string_equal(text_count(1012).s, "1,012");
    assert_string_equal(text_count(-300000).s, "-300,000");
    assert_string_equal(text_count(0).s, "0");
    assert_string_equal(text_ms(338.04, 1).s, "+338.0");
    assert_string_equal(text_ms(-0.01, 1).s, "0.0");
    assert_string_equal(text_duration_ms(0.42).s, "0.4 ms");
    assert_string_equal(text_duration_ms(12000).s, "12.0 s");
    assert_string_equal(text_span(200).s, "3 m 20 s");
    assert_string_equal(text_span(90061).s, "1 d 1 h");
    assert_string_equal(text_bytes(7340032).s, "7.3 MB");
}

static void
times_parse_or_do_not(void **state)
{
    assert_true(text_parse_time("1970-01-02T00:00:01.500Z") == 86401.5);
    assert_true(text_parse_time("yesterday") < 0);
    assert_true(text_parse_time(NULL) < 0);
}

static void
columns_count_code_points(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    text_put_left(out, "20 × 3", 8);
    text_put_right(out, "–", 3);
    text_put_left(out, "abcdef", 4);
    fclose(out);
    assert_string_equal(text, "20 × 3    –abc…");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_well),
        cmocka_unit_test(times_parse_or_do_not),
        cmocka_unit_test(columns_count_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
