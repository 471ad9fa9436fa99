/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "analysis/incident/remedy.h"

static void
frameworks_by_their_hand(void **state)
{
    assert_int_equal(remedy_framework("select * from \"items\" where \"a\" = ?"),
                     FRAMEWORK_LARAVEL);
    assert_int_equal(remedy_framework("select \"value\" from \"settings\" where \"key\" = ?"),
                     FRAMEWORK_LARAVEL);
    assert_int_equal(remedy_framework("select \"items\".* from \"items\" where a = ?"),
                     FRAMEWORK_RAILS);
    assert_int_equal(remedy_framework("select \"item\".\"id\", \"item\".\"x\" from \"item\""),
                     FRAMEWORK_DJANGO);
    assert_int_equal(remedy_framework("select a from b where c = ?"), FRAMEWORK_UNKNOWN);
    assert_int_equal(remedy_framework("select \""), FRAMEWORK_UNKNOWN);
    assert_int_equal(remedy_framework(""), FRAMEWORK_UNKNOWN);
}

static const char *
eager(const char *text, const char *table, const char *column, const char *parent,
      const char *parent_column)
{
    static char out[320];
    struct finding f = {.kind = FINDING_REPEATED_QUERY};
    struct statement s = {.text = (char *)(uintptr_t)text};
    statement_names_add(&f.tables, slice_from_str(table));
    statement_names_add(&f.columns, slice_from_str(column));
    slice_to_str(slice_from_str(parent), f.parent_table, sizeof(f.parent_table));
    slice_to_str(slice_from_str(parent_column), f.parent_column, sizeof(f.parent_column));
    return remedy_text(&f, &s, out, sizeof(out));
}

static void
eager_loading_lines(void **state)
{
    const char *laravel = "select * from \"x\" where";
    const char *rails = "select \"x\".* from \"x\"";
    const char *django = "select \"x\".\"id\" from \"x\"";
    assert_string_equal(eager(laravel, "items", "order_id", "orders", "id"),
                        "Order::with('items')");
    assert_string_equal(eager(laravel, "users", "id", "orders", "user_id"), "Order::with('user')");
    assert_string_equal(eager(laravel, "lines", "entry_id", "journal_entries", "id"),
                        "JournalEntry::with('lines')");
    assert_string_equal(eager(rails, "items", "order_id", "orders", "id"),
                        "Order.includes(:items)");
    assert_string_equal(eager(django, "items", "order_id", "boxes", "id"),
                        "Box.objects.prefetch_related('items')");
    assert_string_equal(eager(django, "users", "id", "orders", "user_id"),
                        "Order.objects.select_related('user')");
    assert_string_equal(eager("select a from items", "items", "order_id", "orders", "id"),
                        "load items for all orders in one query (WHERE order_id IN (...))");
    assert_string_equal(eager(laravel, "items", "order_id", "", ""),
                        "load items for all rows in one query (WHERE order_id IN (...))");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frameworks_by_their_hand),
        cmocka_unit_test(eager_loading_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
