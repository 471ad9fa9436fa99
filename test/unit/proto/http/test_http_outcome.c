/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_outcome.h"

#include "proto/http/http_shape.h"
#include "unit/unit.h"

static bool
says_error(const char *text)
{
    struct http_shape shape = {0};
    http_shape_feed(&shape, slice_from_str(text));
    return shape.says_error;
}

static void
errors_that_a_200_carries(void **state)
{
    static const char *const texts[] = {
        "{\"error\":\"no such order\"}",
        " {\n \"data\": null, \"errors\": [ {\"message\": \"x\"} ] }",
        "{\"exception\": {\"class\": \"PDOException\"}}",
        "{\"success\": false, \"data\": []}",
        "{\"ok\":false}",
        "{\"status\":\"ERROR\"}",
        "{\"a\":{\"b\":[1,\"}\\\"]\"]},\"result\":\"failed\"}",
        "{\"error\":true}",
        "{\"error\": 17 }",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!says_error(texts[i])) {
            fail_msg("%s", texts[i]);
        }
    }
}

static void
what_is_no_error(void **state)
{
    static const char *const texts[] = {
        "",
        "error",
        "<html>error</html>",
        "[{\"error\":\"one of many\"}]",
        "{\"data\":{\"error\":\"inside\",\"success\":false}}",
        "{\"error\":null,\"errors\":[ ],\"exception\":{}}",
        "{\"error\":false, \"errors\":\"\", \"exception\":0}",
        "{\"success\":true,\"ok\":1,\"status\":\"failing soon\"}",
        "{\"the error\":1,\"errors_found\":2,\"err\\u006fr\":3}",
        "{\"text\":\"\\\"error\\\":1\"}",
        "\x1f\x8b{\"error\":1}",
        "{\"error\"",
        "{]\"error\":1}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (says_error(texts[i])) {
            fail_msg("%s", texts[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_that_a_200_carries),
        cmocka_unit_test(what_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
