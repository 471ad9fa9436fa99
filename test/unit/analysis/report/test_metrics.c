/* SPDX-License-Identifier: Apache-2.0
 * The exporters' figures: the rows with the most time, and one row for the rest, whatever is in it.
 */
#include "analysis/report/metrics.h"

#include <stdio.h>

#include "base/clock.h"
#include "unit/unit.h"

#define WALL0    (1700000040ull * NS_PER_S)
#define DATABASE 1u

static const char *
name_of(void *ctx, uint32_t id)
{
    return id == DATABASE ? "shop" : "";
}

/* A statement on a table of its own, with as many calls as said, of 10 ms each. */
static void
add_statement(struct series_table *series, struct statement_table *statements, unsigned number,
              unsigned calls)
{
    char text[64];
    snprintf(text, sizeof(text), "select * from t%u where id = ?", number);
    assert_non_null(
        statement_add(statements, number, DATABASE, STATEMENT_SELECT, slice_from_str(text), WALL0));
    struct series_sums sums = {.calls = calls, .time_ns = calls * 10 * NS_PER_MS};
    series_add(series_get(series, SERIES_STATEMENT, NULL, number, DATABASE), &sums, true, WALL0,
               NULL, NULL);
}

static json_t *
operations(const struct series_table *series, const struct statement_table *statements,
           json_t **ret_all)
{
    *ret_all = report_metrics(series, statements, NULL, 0, name_of, NULL);
    return json_object_get(*ret_all, "operations");
}

static const char *
text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static void
no_two_rows_have_one_name(void **state)
{
    struct series_table series;
    struct statement_table statements;
    series_table_init(&series, SERIES_MAX);
    statement_table_init(&statements, 1000);
    for (unsigned i = 1; i <= METRICS_SUMMARIES_MAX + 50; i++) {
        add_statement(&series, &statements, i, i);
    }
    /* What found no room among the series is more than any of them. */
    struct series_sums rest = {.calls = 1000, .time_ns = 10000 * NS_PER_MS};
    series_add(&series.other[SERIES_STATEMENT], &rest, true, WALL0, NULL, NULL);
    json_t *all, *list = operations(&series, &statements, &all);
    size_t n = json_array_size(list);
    json_int_t calls = 0;
    assert_int_equal(n, METRICS_SUMMARIES_MAX);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        calls += json_integer_value(json_object_get(row, "count"));
        for (size_t k = i + 1; k < n; k++) {
            const json_t *other = json_array_get(list, k);
            assert_false(strcmp(text_of(row, "summary"), text_of(other, "summary")) == 0 &&
                         strcmp(text_of(row, "namespace"), text_of(other, "namespace")) == 0);
        }
    }
    assert_int_equal(calls, 1000 + 150 * 151 / 2);
    json_decref(all);
    series_table_fini(&series);
    statement_table_fini(&statements);
}

static void
the_most_time_comes_first(void **state)
{
    struct series_table series;
    struct statement_table statements;
    series_table_init(&series, SERIES_MAX);
    statement_table_init(&statements, 1000);
    add_statement(&series, &statements, 1, 5);
    add_statement(&series, &statements, 2, 50);
    json_t *all, *list = operations(&series, &statements, &all);
    const json_t *row = json_array_get(list, 0);
    assert_string_equal(text_of(row, "summary"), "SELECT t2");
    assert_string_equal(text_of(row, "namespace"), "shop");
    assert_int_equal(json_integer_value(json_object_get(row, "count")), 50);
    json_decref(all);
    series_table_fini(&series);
    statement_table_fini(&statements);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_rows_have_one_name),
        cmocka_unit_test(the_most_time_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
