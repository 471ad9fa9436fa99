/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_outcome.h"

#include <stdio.h>

#include "unit/unit.h"

/* Whole, and byte by byte. */
static bool
says_error(const char *text)
{
    struct http_outcome whole = {0}, pieces = {0};
    struct slice s = slice_from_str(text);
    http_outcome_feed(&whole, s);
    for (size_t i = 0; i < s.len; i++) {
        http_outcome_feed(&pieces, slice_sub(s, i, 1));
    }
    if (whole.says_error != pieces.says_error) {
        fail_msg("%s: cut into bytes it is something else", text);
    }
    return whole.says_error;
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

static void
only_the_beginning_is_looked_at(void **state)
{
    char text[HTTP_OUTCOME_MAX + 64];
    int len =
        snprintf(text, sizeof(text), "{\"a\":\"%0*d\",\"error\":1}", (int)HTTP_OUTCOME_MAX, 0);
    assert_true(len > (int)HTTP_OUTCOME_MAX);
    assert_false(says_error(text));
    struct http_outcome deep = {0};
    for (unsigned i = 0; i < 600; i++) {
        http_outcome_feed(&deep, i == 0 ? SLICE_LIT("{\"a\":") : SLICE_LIT("["));
    }
    assert_false(deep.says_error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_that_a_200_carries),
        cmocka_unit_test(what_is_no_error),
        cmocka_unit_test(only_the_beginning_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
