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

/* As packages write it that do not follow the standard to the letter. */
static void
the_shapes_found_in_the_wild_are_read(void **state)
{
    struct sql_tags t;
    /* PHP's urlencode: a blank is `+`; `;` is behind the comment or inside */
    assert_true(sql_tags_parse(SLICE_LIT("action='show',controller='App%5CHttp%5COrder+Controller',"
                                         "framework='laravel-10.1',route='orders.index';"),
                               &t));
    assert_string_equal(t.controller, "App\\Http\\Order Controller");
    assert_string_equal(t.framework, "laravel-10.1");
    assert_string_equal(t.route, "orders.index");
    /* Rails' query log tags, both formats */
    assert_true(
        sql_tags_parse(SLICE_LIT("application='Shop',controller='orders',action='index'"), &t));
    assert_string_equal(t.action, "index");
    assert_true(sql_tags_parse(SLICE_LIT("application:Shop,controller:orders,action:index"), &t));
    assert_string_equal(t.controller, "orders");
    /* OpenTelemetry's commenters: blanks around, keys in any order, traceparent alone */
    assert_true(sql_tags_parse(
        SLICE_LIT(" traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01' "), &t));
    assert_string_equal(t.traceparent, "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01");
    /* Django's regular expressions and converters */
    assert_true(sql_tags_parse(
        SLICE_LIT("route='%5Eapi/orders/%28%3FP%3Cpk%3E%5B%5E/.%5D%2B%29/%24'"), &t));
    assert_string_equal(t.route, "^api/orders/(?P<pk>[^/.]+)/$");
    /* Datadog's and others' own keys are passed over */
    assert_true(sql_tags_parse(SLICE_LIT("dddbs='shop',dde='prod',route='%2Fa'"), &t));
    assert_string_equal(t.route, "/a");
    /* a key twice: the last one */
    assert_true(sql_tags_parse(SLICE_LIT("route='%2Fa',route='%2Fb'"), &t));
    assert_string_equal(t.route, "/b");
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
        cmocka_unit_test(the_shapes_found_in_the_wild_are_read),
        cmocka_unit_test(what_is_no_tag_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
