/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_content.h"

#include <stdio.h>

#include "unit/unit.h"

static struct http_content
content_of(const char *fields)
{
    char text[256];
    struct http_head h;
    int len = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n", fields);
    struct slice bytes = slice_of(text, (size_t)len);
    http_head_init(&h, HTTP_RESPONSE, HTTP_HEAD_MAX);
    assert_int_equal(http_head_decode(&h, bytes), DEC_OK);
    return http_content_of(&h, bytes);
}

static void
types(void **state)
{
    static const struct {
        const char *fields;
        enum response_type type;
    } cases[] = {
        {"", RESPONSE_TYPE_NONE},
        {"Content-Type:\r\n", RESPONSE_TYPE_NONE},
        {"Content-Type: application/json\r\n", RESPONSE_TYPE_JSON},
        {"content-TYPE: Application/JSON ; charset=utf-8\r\n", RESPONSE_TYPE_JSON},
        {"Content-Type: application/vnd.api+json\r\n", RESPONSE_TYPE_JSON},
        {"Content-Type: text/html; charset=utf-8\r\n", RESPONSE_TYPE_HTML},
        {"X-Type: text/html\r\nContent-Type: text/plain\r\n", RESPONSE_TYPE_TEXT},
        {"Content-Type: image/png\r\n", RESPONSE_TYPE_OTHER},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_content c = content_of(cases[i].fields);
        if (c.type != cases[i].type || c.is_encoded) {
            fail_msg("%s: %d", cases[i].fields, c.type);
        }
    }
}

static void
what_is_compressed(void **state)
{
    assert_true(content_of("Content-Encoding: gzip\r\n").is_encoded);
    assert_true(content_of("content-encoding: br\r\nContent-Type: text/plain\r\n").is_encoded);
    assert_false(content_of("Content-Encoding: identity\r\n").is_encoded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(what_is_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
