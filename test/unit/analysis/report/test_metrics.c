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

static void
keep_nothing(void *ctx, const struct series *s)
{
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

struct scene {
    struct series_table series;
    struct statement_table statements;
    struct metrics metrics;
};

static void
begin(struct scene *s, size_t series_max)
{
    series_table_init(&s->series, series_max);
    statement_table_init(&s->statements, 1000);
    metrics_init(&s->metrics);
}

static void
end(struct scene *s)
{
    metrics_fini(&s->metrics);
    series_table_fini(&s->series);
    statement_table_fini(&s->statements);
}

static void
add(struct scene *s, unsigned number, unsigned calls)
{
    add_statement(&s->series, &s->statements, number, calls);
}

static json_t *
operations(struct scene *s, json_t **ret_all)
{
    *ret_all = report_metrics(&s->metrics, &s->series, &s->statements, NULL, 0, name_of, NULL);
    return json_object_get(*ret_all, "operations");
}

static const char *
text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static json_int_t
count_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "count"));
}

static const json_t *
row_of(const json_t *list, const char *summary)
{
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row)
    {
        if (strcmp(text_of(row, "summary"), summary) == 0) {
            return row;
        }
    }
    return NULL;
}

static json_int_t
count_all(const json_t *list)
{
    size_t i;
    const json_t *row;
    json_int_t calls = 0;
    json_array_foreach(list, i, row)
    {
        calls += count_of(row);
    }
    return calls;
}

/* Whatever is in both: no counter of it is smaller. */
static void
assert_none_falls(const json_t *before, const json_t *now)
{
    size_t i, k;
    const json_t *was, *bucket;
    json_array_foreach(before, i, was)
    {
        const json_t *is = row_of(now, text_of(was, "summary"));
        if (is == NULL) {
            continue;
        }
        assert_true(count_of(is) >= count_of(was));
        assert_true(json_number_value(json_object_get(is, "sum_s")) >=
                    json_number_value(json_object_get(was, "sum_s")));
        json_array_foreach(json_object_get(was, "buckets"), k, bucket)
        {
            const json_t *buckets = json_object_get(is, "buckets");
            assert_true(json_integer_value(json_array_get(buckets, k)) >=
                        json_integer_value(bucket));
        }
    }
}

static void
no_two_rows_have_one_name(void **state)
{
    static struct scene s;
    begin(&s, SERIES_MAX);
    for (unsigned i = 1; i <= METRICS_SUMMARIES_MAX + 50; i++) {
        add(&s, i, i);
    }
    /* What found no room among the series is more than any of them. */
    struct series_sums rest = {.calls = 1000, .time_ns = 10000 * NS_PER_MS};
    series_add(&s.series.other[SERIES_STATEMENT], &rest, true, WALL0, NULL, NULL);
    json_t *all, *list = operations(&s, &all);
    size_t n = json_array_size(list);
    assert_int_equal(n, METRICS_SUMMARIES_MAX);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        for (size_t k = i + 1; k < n; k++) {
            const json_t *other = json_array_get(list, k);
            assert_false(strcmp(text_of(row, "summary"), text_of(other, "summary")) == 0 &&
                         strcmp(text_of(row, "namespace"), text_of(other, "namespace")) == 0);
        }
    }
    assert_int_equal(count_all(list), 1000 + 150 * 151 / 2);
    json_decref(all);
    end(&s);
}

static void
the_most_time_comes_first(void **state)
{
    static struct scene s;
    begin(&s, SERIES_MAX);
    add(&s, 1, 5);
    add(&s, 2, 50);
    json_t *all, *list = operations(&s, &all);
    const json_t *row = json_array_get(list, 0);
    assert_string_equal(text_of(row, "summary"), "SELECT t2");
    assert_string_equal(text_of(row, "namespace"), "shop");
    assert_int_equal(count_of(row), 50);
    json_decref(all);
    list = operations(&s, &all); /* nothing has happened */
    assert_int_equal(count_all(list), 55);
    json_decref(all);
    end(&s);
}

/* A statement that gives way to one that is used more takes nothing with it, and comes back. */
static void
no_counter_falls_when_a_series_is_displaced(void **state)
{
    static struct scene s;
    const uint64_t minute = WALL0 / SERIES_WINDOW_NS;
    begin(&s, 2);
    add(&s, 1, 5);
    add(&s, 1, 1); /* alone: with a histogram */
    add(&s, 2, 50);
    json_t *before, *now, *was = operations(&s, &before);
    add(&s, 1, 1); /* not told yet */
    add(&s, 3, 200);
    series_turn(&s.series, minute, keep_nothing, NULL);
    assert_int_equal(s.series.displaced, 1);
    json_t *list = operations(&s, &now);
    assert_none_falls(was, list);
    assert_int_equal(count_of(row_of(list, "SELECT t1")), 6);
    assert_int_equal(count_of(row_of(list, "other")), 200 + 1);
    assert_int_equal(count_all(list), 257);
    json_decref(before);
    add(&s, 3, 400); /* it has a place now */
    add(&s, 1, 900); /* and this one gets one again */
    series_turn(&s.series, minute, keep_nothing, NULL);
    assert_int_equal(s.series.displaced, 2);
    add(&s, 1, 7);
    was = list;
    before = now;
    list = operations(&s, &now);
    assert_none_falls(was, list);
    assert_int_equal(count_of(row_of(list, "SELECT t1")), 6 + 7);
    assert_int_equal(count_of(row_of(list, "SELECT t3")), 400);
    assert_int_equal(count_all(list), 257 + 400 + 900 + 7);
    json_decref(before);
    json_decref(now);
    end(&s);
}

/* One of the rest overtakes all, and falls behind again. */
static void
no_counter_falls_when_rows_change_places(void **state)
{
    static struct scene s;
    begin(&s, SERIES_MAX);
    for (unsigned i = 1; i <= METRICS_SUMMARIES_MAX; i++) { /* one too many */
        add(&s, i, 10 + i);
    }
    json_t *before, *now, *was = operations(&s, &before), *list;
    assert_null(row_of(was, "SELECT t1"));
    assert_int_equal(count_of(row_of(was, "other")), 11);
    add(&s, 1, 1000);
    list = operations(&s, &now);
    assert_none_falls(was, list);
    assert_int_equal(count_of(row_of(list, "SELECT t1")), 1000); /* what it counts from here on */
    assert_int_equal(count_of(row_of(list, "other")), 11);
    assert_null(row_of(list, "SELECT t2")); /* it has ended */
    json_decref(before);
    before = now;
    was = list;
    add(&s, 2, 2000);
    list = operations(&s, &now);
    assert_none_falls(was, list);
    assert_int_equal(count_of(row_of(list, "SELECT t2")), 12 + 2000); /* from where it stopped */
    assert_int_equal(json_array_size(list), METRICS_SUMMARIES_MAX);
    json_decref(before);
    json_decref(now);
    end(&s);
}

/* Names without number, each gone a minute later: who comes last has its row all the same. */
static void
names_that_are_gone_make_room(void **state)
{
    static struct scene s;
    begin(&s, 600);
    uint64_t calls = 0;
    for (unsigned i = 1; i <= 500; i++) {
        add(&s, i, i);
        calls += i;
    }
    json_t *all, *list = operations(&s, &all);
    assert_true(json_array_size(list) == METRICS_SUMMARIES_MAX && count_all(list) == (int)calls);
    json_decref(all);
    series_table_fini(&s.series);
    series_table_init(&s.series, 600);
    json_decref(report_metrics(&s.metrics, &s.series, &s.statements, NULL, 0, name_of, NULL));
    add(&s, 501, 100000);
    list = operations(&s, &all);
    assert_int_equal(count_of(row_of(list, "SELECT t501")), 100000);
    json_decref(all);
    end(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_rows_have_one_name),
        cmocka_unit_test(the_most_time_comes_first),
        cmocka_unit_test(no_counter_falls_when_a_series_is_displaced),
        cmocka_unit_test(no_counter_falls_when_rows_change_places),
        cmocka_unit_test(names_that_are_gone_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
