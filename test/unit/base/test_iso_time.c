/* SPDX-License-Identifier: Apache-2.0 */
#include "base/iso_time.h"

#include "base/clock.h"
#include "unit/unit.h"

#define WALL0 (1700000040ull * NS_PER_S)

static void
times_are_written_in_utc(void **state)
{
    char text[ISO_TIME_SIZE];
    iso_time_write(WALL0 + 7 * NS_PER_MS, text);
    assert_string_equal(text, "2023-11-14T22:14:00.007Z");
    iso_time_write(UINT64_MAX, text);
    assert_string_equal(text, "2554-07-21T23:34:33.709Z");
}

static void
what_is_read_is_what_was_written(void **state)
{
    static const uint64_t times[] = {1 * NS_PER_MS, WALL0, WALL0 + 999 * NS_PER_MS,
                                     (UINT64_MAX / NS_PER_S - 1) * NS_PER_S};
    for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
        char text[ISO_TIME_SIZE];
        iso_time_write(times[i], text);
        assert_true(iso_time_read(text) == times[i]);
    }
}

static void
seconds_are_enough(void **state)
{
    assert_true(iso_time_read("2023-11-14T22:14:00Z") == WALL0);
}

static void
what_is_no_time_is_0(void **state)
{
    static const char *const texts[] = {"", "yesterday", "2023-11-14", "1969-12-31T23:59:59.000Z",
                                        "9999-12-31T23:59:59.000Z"};
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
        assert_true(iso_time_read(texts[i]) == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(seconds_are_enough),
        cmocka_unit_test(what_is_no_time_is_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
