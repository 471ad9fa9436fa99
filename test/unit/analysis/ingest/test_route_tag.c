/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/route_tag.h"

#include "unit/unit.h"

static void
every_framework_writes_the_same_template(void **state)
{
    static const struct {
        const char *tag, *route;
    } cases[] = {
        {"/api/orders/{order}", "/api/orders/{order}"},
        {"api/orders/{order?}", "/api/orders/{order}"},
        {"/api/orders/{id:[0-9]{1,5}}", "/api/orders/{id}"},
        {"api/orders/<int:pk>/", "/api/orders/{pk}/"},
        {"/api/orders/<order>", "/api/orders/{order}"},
        {"^api/orders/(?P<pk>[^/.]+)/$", "/api/orders/{pk}/"},
        {"^api/orders/([0-9]+)\\.json$", "/api/orders/{x}.json"},
        {"/api/orders/:id", "/api/orders/{id}"},
        {"/api/orders/:id(\\d+)/items", "/api/orders/{id}{x}/items"},
        {"/files/*", "/files/*"},
        {"/", "/"},
        {"//api", "/api"},
        /* an application that puts its path there */
        {"/api/orders/1234", "/api/orders/{id}"},
        {"/users/jane@example.com/edit", "/users/{id}/edit"},
        /* names of routes and controllers are not paths */
        {"orders.index", ""},
        {"orders#index", ""},
        {"GET /api/orders", ""},
        {"", ""},
        /* brackets that do not close */
        {"/a/{b", "/a/{b}"},
        {"/a/(?P<", "/a/{x}"},
        {"/a/<", "/a/{x}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[64] = "";
        size_t len = route_tag_template(slice_from_str(cases[i].tag), text, sizeof(text));
        assert_int_equal(len, strlen(cases[i].route));
        assert_string_equal(len == 0 ? "" : text, cases[i].route);
    }
}

static void
what_does_not_fit_is_no_route(void **state)
{
    char text[8];
    assert_int_equal(route_tag_template(SLICE_LIT("/abcdef"), text, sizeof(text)), 7);
    assert_int_equal(route_tag_template(SLICE_LIT("/abcdefg"), text, sizeof(text)), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_framework_writes_the_same_template),
        cmocka_unit_test(what_does_not_fit_is_no_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
