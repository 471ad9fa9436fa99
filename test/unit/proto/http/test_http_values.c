/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_values.h"

#include <stdio.h>

#include "unit/unit.h"

static char got[8192];
static size_t got_len;

static void
note(void *arg, struct slice value)
{
    assert_null(arg);
    got_len += (size_t)snprintf(got + got_len, sizeof(got) - got_len, "[%.*s]", SLICE_ARG(value));
}

/* All values of one request, its body fed in steps of `step` bytes. */
static struct http_values
values_of(const char *head, const char *body, size_t step)
{
    struct http_head h;
    struct http_values v;
    struct slice rest = slice_from_str(body);
    got_len = 0;
    got[0] = '\0';
    http_head_init(&h, HTTP_REQUEST, HTTP_HEAD_MAX);
    assert_int_equal(http_head_decode(&h, slice_from_str(head)), DEC_OK);
    http_values_init(&v, note, NULL);
    http_values_head(&v, &h, slice_from_str(head));
    for (size_t at = 0; at < rest.len; at += step) {
        http_values_body(&v, slice_sub(rest, at, step));
    }
    http_values_end(&v);
    return v;
}

static void
the_head_has_values(void **state)
{
    values_of("GET /api/orders/12.json?q=a%20b+c&empty=&flag&p=%zz%4 HTTP/1.1\r\nHost: x\r\n"
              "Cookie: sid=a%3Db; theme=\"dark\"\r\nAuthorization: Bearer 7|tok\r\n\r\n",
              "", 1);
    assert_string_equal(got, "[api][orders][12.json][12][a b c][][%zz%4][a=b][dark]"
                             "[7|tok][7][tok]");
}

static void
forms_are_decoded_at_any_cut(void **state)
{
    const char *head = "POST / HTTP/1.1\r\nHost: x\r\n"
                       "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n";
    const char *body = "email=ann%40example.org&n=1+2&x=%&y=";
    for (size_t step = 1; step < 40; step++) {
        values_of(head, body, step);
        assert_string_equal(got, "[ann@example.org][1 2][%][]");
    }
}

static void
json_scalars_come_out_at_any_cut(void **state)
{
    const char *head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n";
    const char *body = "{\"id\" : 7, \"name\":\"\\u00e4\\ud83d\\ude00\\n\\\"\", \"l\":[1.50,-2e3,"
                       "true,false,null,\"\", {\"deep\":\"x\"}], \"bad\":\"\\udc00\"}";
    for (size_t step = 1; step < 140; step++) {
        values_of(head, body, step);
        assert_string_equal(got, "[7][\xc3\xa4\xf0\x9f\x98\x80\n\"][1.50][-2e3][true][false][][x]"
                                 "[\xef\xbf\xbd]");
    }
    values_of(head, "42", 1);
    assert_string_equal(got, "[42]");
    values_of(head, "\"only\"", 1);
    assert_string_equal(got, "[only]");
}

static void
other_bodies_are_left_alone(void **state)
{
    values_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\n", "a=1", 1);
    assert_string_equal(got, "");
    values_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              "Content-Encoding: gzip\r\n\r\n",
              "[1]", 1);
    assert_string_equal(got, "");
}

static void
count_and_length_are_bounded(void **state)
{
    const char *head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n";
    char body[4096];
    size_t at = 1;
    body[0] = '[';
    for (int i = 0; i < EVENT_VALUES_MAX + 10; i++) {
        at += (size_t)snprintf(body + at, sizeof(body) - at, "%d,", i);
    }
    struct http_values v = values_of(head, body, 4096);
    assert_int_equal(v.count, EVENT_VALUES_MAX);
    assert_true(v.skipped > 0);

    memset(body, 'a', HTTP_VALUE_MAX + 3);
    body[0] = '"';
    memcpy(body + HTTP_VALUE_MAX + 2, "\",5", 4);
    v = values_of(head, body, 7);
    assert_string_equal(got, "[5]");
    assert_int_equal(v.skipped, 1);
    memcpy(body + HTTP_VALUE_MAX + 1, "\",5", 4);
    v = values_of(head, body, 7);
    assert_int_equal(v.count, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_has_values),
        cmocka_unit_test(forms_are_decoded_at_any_cut),
        cmocka_unit_test(json_scalars_come_out_at_any_cut),
        cmocka_unit_test(other_bodies_are_left_alone),
        cmocka_unit_test(count_and_length_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
