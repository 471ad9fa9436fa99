/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static void
numbers_read_well(void **state)
{
    assert_string_equal(text_count(1012).s, "1,012");
    assert_string_equal(text_count(-300000).s, "-300,000");
    assert_string_equal(text_count(0).s, "0");
    assert_string_equal(text_ms(338.04, 1).s, "+338.0");
    assert_string_equal(text_ms(-0.01, 1).s, "0.0");
    assert_string_equal(text_sure(338.04, 9.1, 1).s, "+338.0 ± 9.1");
    assert_string_equal(text_sure(338.04, NAN, 0).s, "338.0");
    assert_string_equal(text_sure(NAN, 9.1, 1).s, "–");
    assert_true(strlen(text_sure(-1e300, 1e300, 0).s) < sizeof(struct text));
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

static void
assert_folded(const char *text, size_t width, const char *want)
{
    char *folded = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&folded, &size);
    text_fold(out, text, width);
    fclose(out);
    assert_string_equal(folded, want);
    free(folded);
}

static void
long_lines_go_on_at_a_word(void **state)
{
    assert_folded("short\n\nlines stay", 20, "short\n\nlines stay\n");
    assert_folded("  p95 41 ms     database load 0.4 → 3.1", 20,
                  "  p95 41 ms\n      database load\n      0.4 → 3.1\n");
    assert_folded("p95 41 ms → 388 ms     database load 0.4 → 3.1", 36,
                  "p95 41 ms → 388 ms\n    database load 0.4 → 3.1\n");
    assert_folded("exactly so", 10, "exactly so\n");
    assert_folded("a verylongwordthatfitsnowhere b", 10,
                  "a\n    verylo\n    ngword\n    thatfi\n"
                  "    tsnowh\n    ere b\n");
    assert_folded("→→→→→", 2, "→→\n→→\n→\n");
}

static void
ascii_has_a_character_for_each(void **state)
{
    char ascii[16];
    text_ascii("41 → 388 ± 2 × –", ascii, sizeof(ascii));
    assert_string_equal(ascii, "41 > 388 ~ 2 x ");
    text_ascii("▁▄█ µs", ascii, sizeof(ascii));
    assert_string_equal(ascii, "_=# us");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_well),
        cmocka_unit_test(times_parse_or_do_not),
        cmocka_unit_test(columns_count_code_points),
        cmocka_unit_test(long_lines_go_on_at_a_word),
        cmocka_unit_test(ascii_has_a_character_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
