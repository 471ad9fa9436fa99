/* SPDX-License-Identifier: Apache-2.0
 *
 * What `slowburn top` shows, for terminals of any size. */
#include "cli/top_view.h"

#include <string.h>

#include "cli/text.h"
#include "unit/unit.h"

#define LINES_MAX 64

static json_t *
overview(unsigned points)
{
    json_t *load = json_array();
    for (unsigned i = 0; i < points; i++) {
        json_array_append_new(load, i == 3 ? json_null() : json_real(0.1 * i));
    }
    return json_pack(
        "{s:i, s:i, s:o, s:[{s:s, s:i, s:f}], s:[{s:s, s:s, s:i, s:f}, {s:s, s:s, s:i, s:f}]}",
        "from", 0, "to", points * 60, "load", load, "routes", "route", "GET /api/orders",
        "requests", 170, "db_ms", 36000.0, "statements", "short", "settings by key", "fingerprint",
        "00000000000000bb", "calls", 40, "db_ms", 12.0, "short", "items by order_id", "fingerprint",
        "00000000000000aa", "calls", 7400, "db_ms", 13300.0);
}

static void
the_load_is_a_chart_and_who_makes_it(void **state)
{
    static struct top_line lines[LINES_MAX];
    struct top_view view = {.overview = overview(5), .hour = overview(60), .page = TOP_LOAD};
    size_t count = top_view_lines(&view, 0, 80, 24, lines);
    size_t chart = 0;
    while (chart < count && strncmp(lines[chart].text, "  5.90  ", 8) != 0) {
        chart++;
    }
    assert_true(chart < count);
    assert_non_null(strstr(lines[chart].text, "▇█")); /* the last of them is the highest */
    while (chart < count &&
           strstr(lines[chart].text, "database load of the last 60 minutes") == NULL) {
        chart++;
    }
    assert_true(chart + 3 < count);
    assert_true(strncmp(lines[chart - 1].text, "     0  ", 8) == 0);
    assert_non_null(strstr(lines[chart + 2].text, "mean ms"));
    assert_non_null(strstr(lines[chart + 3].text, "items by order_id"));
    assert_int_equal(lines[chart + 3].look, TOP_SELECTED);
    top_view_fini(&view);
}

static void
every_page_fits_every_terminal(void **state)
{
    static struct top_line lines[LINES_MAX];
    struct top_view view = {.overview = overview(5), .hour = overview(61)};
    for (unsigned page = 0; page < TOP_PAGES; page++) {
        view.page = (enum top_page)page;
        for (size_t width = 1; width < 300; width += 7) {
            for (size_t height = 0; height < LINES_MAX; height++) {
                size_t count = top_view_lines(&view, 0, width, height, lines);
                assert_true(count <= height);
                for (size_t i = 0; i < count; i++) {
                    assert_true(text_width(lines[i].text) <= width);
                }
            }
        }
    }
    top_view_fini(&view);
}

static void
before_anything_is_known_there_are_lines_as_well(void **state)
{
    static struct top_line lines[LINES_MAX];
    struct top_view view = {.page = TOP_LOAD};
    assert_true(top_view_lines(&view, 0, 80, 24, lines) > 5);
    top_view_fini(&view);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_load_is_a_chart_and_who_makes_it),
        cmocka_unit_test(every_page_fits_every_terminal),
        cmocka_unit_test(before_anything_is_known_there_are_lines_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
