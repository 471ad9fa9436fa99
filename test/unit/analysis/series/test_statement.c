/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/series/statement.h"
#include "model/event.h"

static struct statement_table table;

static struct statement *
add(uint8_t kind, const char *text)
{
    static uint64_t next = 1;
    return statement_add(&table, next++, 1, kind, slice_from_str(text), 1);
}

static int
setup(void **state)
{
    statement_table_init(&table, 32);
    return 0;
}

static int
teardown(void **state)
{
    statement_table_fini(&table);
    return 0;
}

static void
labels_are_table_by_columns(void **state)
{
    static const struct {
        uint8_t kind;
        const char *text, *label;
    } cases[] = {
        {STATEMENT_SELECT,
         "select * from \"items\" where \"items\".\"order_id\" = ? and \"items\".\"order_id\" is "
         "not null",
         "items by order_id"},
        {STATEMENT_SELECT, "select \"value\" from \"settings\" where \"key\" = ? limit ?",
         "settings by key"},
        {STATEMENT_SELECT, "select id from public.orders where user_id = ? order by id",
         "orders by user_id"},
        {STATEMENT_SELECT, "select * from a join b on a.id = b.a_id where b.x in (?) and a.y > ?",
         "a by x, y"},
        {STATEMENT_SELECT, "select count(*) from t", "t"},
        {STATEMENT_INSERT, "insert into orders (a) values (?)", "insert into orders"},
        {STATEMENT_UPDATE, "update orders set status = ? where id = ?", "update orders by id"},
        {STATEMENT_DELETE, "delete from carts where user_id = ?", "delete from carts by user_id"},
        {STATEMENT_TRANSACTION, "begin", "begin"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(add(cases[i].kind, cases[i].text)->label, cases[i].label);
    }
}

static void
tables_read_and_written(void **state)
{
    struct statement *s =
        add(STATEMENT_INSERT, "insert into log (x) select x from src where y = ?");
    assert_true(statement_names_have(&s->writes, "public.log"));
    assert_true(statement_names_have(&s->reads, "src"));
    assert_int_equal(s->writes.count, 1);
    s = add(STATEMENT_SELECT, "select * from \"od\"\"d\" where a = ? for update");
    assert_int_equal(s->writes.count, 0);
    s = add(STATEMENT_DELETE, "delete from carts where id in (select id from old)");
    assert_true(statement_names_have(&s->writes, "carts"));
    assert_false(statement_names_have(&s->writes, "old"));
}

static void
quoted_names_are_one_with_plain_ones(void **state)
{
    static const struct {
        const char *qualified, *plain;
    } cases[] = {
        {"items", "items"},
        {"public.items", "items"},
        {"shop.\"OrderLine\"", "OrderLine"},
        {"\"a.b\".\"c.d\"", "c.d"},
        {"\"od\"\"d\"", "od\"d"},
        {"\"", ""},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char plain[STATEMENT_NAME_LEN];
        statement_plain_name(cases[i].qualified, plain);
        assert_string_equal(plain, cases[i].plain);
    }
    /* The words of a text and the parser agree, and the database understands both. */
    struct statement *s = add(STATEMENT_SELECT, "select * from \"shop\".\"OrderLine\" where "
                                                "\"Order_id\" = ?");
    assert_string_equal(s->reads.name[0], "shop.\"OrderLine\"");
    assert_string_equal(s->label, "OrderLine by Order_id");
    struct statement_names reads = {0}, none = {0}, columns = {0};
    statement_names_add(&reads, SLICE_LIT("shop.\"OrderLine\""));
    statement_names_add(&columns, SLICE_LIT("\"Order_id\""));
    statement_describe(s, &reads, &none, &columns);
    assert_string_equal(s->label, "OrderLine by Order_id");
    assert_true(statement_names_have(&s->reads, "OrderLine"));
    s = add(STATEMENT_SELECT, "select * from \"od\"\"d\" where a = ?");
    assert_string_equal(s->reads.name[0], "\"od\"\"d\"");
    assert_string_equal(s->label, "od\"d by a");
}

static void
the_parser_has_the_last_word(void **state)
{
    struct statement *s = add(STATEMENT_SELECT, "select f(?)");
    struct statement_names reads = {0}, none = {0}, columns = {0};
    statement_describe(s, &none, &none, &none);
    assert_int_equal(s->source, STATEMENT_BY_WORDS);
    statement_names_add(&reads, SLICE_LIT("public.items"));
    statement_names_add(&columns, SLICE_LIT("order_id"));
    statement_describe(s, &reads, &none, &columns);
    assert_int_equal(s->source, STATEMENT_BY_PARSER);
    assert_string_equal(s->label, "items by order_id");
}

static void
strange_texts_and_limits(void **state)
{
    (void)add(STATEMENT_SELECT, "");
    (void)add(STATEMENT_SELECT, "select * from");
    (void)add(STATEMENT_SELECT, "select * from \"unclosed");
    (void)add(STATEMENT_SELECT, "select * from a.b.c.d.e where . = ? and ( < >");
    char *big = check_alloc(1, STATEMENT_TEXT_MAX * 2);
    memset(big, 'x', STATEMENT_TEXT_MAX * 2 - 1);
    assert_int_equal(strlen(add(STATEMENT_SELECT, big)->text), STATEMENT_TEXT_MAX);
    free(big);
    unsigned added = 0;
    while (add(STATEMENT_SELECT, "select ?") != NULL) {
        added++;
        assert_true(added < 64);
    }
    assert_int_equal(table.refused, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_are_table_by_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_read_and_written, setup, teardown),
        cmocka_unit_test_setup_teardown(quoted_names_are_one_with_plain_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(the_parser_has_the_last_word, setup, teardown),
        cmocka_unit_test_setup_teardown(strange_texts_and_limits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
