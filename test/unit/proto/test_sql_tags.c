/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_tags.h"

#include "unit/unit.h"

static void
sqlcommenter_is_read(void **state)
{
    struct sql_tags t;
    assert_true(sql_tags_parse(
        SLICE_LIT("action='%2Fparam*d',controller='it\\'s+me',framework='laravel%3A8.83',"
                  "route='%2Fapi%2Forders%2F%7Bid%7D',db_driver='pgsql',"
                  "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'"),
        &t));
    assert_string_equal(t.action, "/param*d");
    assert_string_equal(t.controller, "it's me");
    assert_string_equal(t.framework, "laravel:8.83");
    assert_string_equal(t.route, "/api/orders/{id}");
    assert_string_equal(t.traceparent, "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01");
    assert_string_equal(t.application, "");
}

static void
marginalia_is_read(void **state)
{
    struct sql_tags t;
    assert_true(sql_tags_parse(
        SLICE_LIT(" application:Shop, controller:orders,action:index,line:/a.rb:12 ;"), &t));
    assert_string_equal(t.application, "Shop");
    assert_string_equal(t.controller, "orders");
    assert_string_equal(t.action, "index");
}

static void
what_is_no_tag_is_passed_over(void **state)
{
    struct sql_tags t;
    assert_false(sql_tags_parse(SLICE_LIT("just a remark, nothing else"), &t));
    assert_false(sql_tags_parse(SLICE_LIT("+ SeqScan(items)"), &t));
    assert_false(sql_tags_parse(SLICE_LIT(""), &t));
    assert_false(sql_tags_parse(SLICE_LIT("route=''"), &t));
    assert_true(sql_tags_parse(SLICE_LIT("x='unterminated, route:/a"), &t) || t.route[0] == '\0');
    assert_true(sql_tags_parse(SLICE_LIT("a remark, ROUTE=%2fa%zz%"), &t));
    assert_string_equal(t.route, "/a%zz%");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlcommenter_is_read),
        cmocka_unit_test(marginalia_is_read),
        cmocka_unit_test(what_is_no_tag_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
