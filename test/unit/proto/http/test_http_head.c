/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_head.h"

#include <stdio.h>

#include "unit/proto/http/attacks.h"
#include "unit/unit.h"

static enum dec
decode(struct http_head *h, enum http_side side, const char *text, uint32_t len_max)
{
    http_head_init(h, side, len_max);
    return http_head_decode(h, slice_from_str(text));
}

static void
a_request_is_taken_apart(void **state)
{
    const char *text = "\r\nPOST /a/b?c=1 HTTP/1.1\r\nHost: x:80\r\nContent-Length: 12 \r\n"
                       "X-Empty:\r\nExpect: 100-Continue\r\nConnection: foo, Close\r\n\r\nbody";
    struct slice bytes = slice_from_str(text);
    struct http_head h;
    assert_int_equal(decode(&h, HTTP_REQUEST, text, HTTP_HEAD_MAX), DEC_OK);
    assert_int_equal(h.len, strlen(text) - 4);
    assert_int_equal(h.start, 2);
    assert_int_equal(h.method_id, METHOD_POST);
    assert_true(slice_eq(http_span_of(bytes, h.method), SLICE_LIT("POST")));
    assert_true(slice_eq(http_span_of(bytes, h.target), SLICE_LIT("/a/b?c=1")));
    assert_true(h.has_length && h.content_length == 12 && h.expects_100 && !h.chunked);
    assert_false(http_head_keeps_alive(&h));
    assert_int_equal(h.field_count, 5);
    assert_true(slice_eq(http_head_value(&h, bytes, SLICE_LIT("HOST")), SLICE_LIT("x:80")));
    struct slice empty = http_head_value(&h, bytes, SLICE_LIT("x-empty"));
    assert_true(empty.ptr != NULL && empty.len == 0);
    assert_null(http_head_value(&h, bytes, SLICE_LIT("x-none")).ptr);
    assert_true(slice_starts_with_ci(slice_sub(bytes, h.fields_at, 9), SLICE_LIT("Host: x:8")));
}

static void
a_response_is_taken_apart(void **state)
{
    struct http_head h;
    assert_int_equal(decode(&h, HTTP_RESPONSE,
                            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n",
                            HTTP_HEAD_MAX),
                     DEC_OK);
    assert_true(h.status == 404 && h.chunked && !h.coded && h.minor == 1);
    assert_true(http_head_keeps_alive(&h));
    assert_int_equal(decode(&h, HTTP_RESPONSE, "HTTP/1.0 200\r\n\r\n", HTTP_HEAD_MAX), DEC_OK);
    assert_true(h.minor == 0 && !http_head_keeps_alive(&h));
    assert_int_equal(decode(&h, HTTP_RESPONSE, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
                            HTTP_HEAD_MAX),
                     DEC_OK);
    assert_true(http_head_keeps_alive(&h));
    assert_int_equal(decode(&h, HTTP_RESPONSE,
                            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                            "Upgrade: websocket\r\n\r\n",
                            HTTP_HEAD_MAX),
                     DEC_OK);
    assert_true(h.upgrade && h.status == 101);
}

static void
attacks_are_refused(void **state)
{
    struct http_head h;
    for (size_t i = 0; i < ARRAY_LEN(head_attacks); i++) {
        const struct attack *a = &head_attacks[i];
        enum dec answer = decode(&h, HTTP_REQUEST, a->text, HTTP_HEAD_MAX);
        unsigned want = a->status == 0 ? 400 : a->status;
        if (answer != DEC_BAD || h.error.reason == NULL || h.refusal != want) {
            fail_msg("%s: answer %d, %u instead of %u", a->name, answer, h.refusal, want);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_responses); i++) {
        enum dec answer = decode(&h, HTTP_RESPONSE, bad_responses[i].text, HTTP_HEAD_MAX);
        if (answer != DEC_BAD) {
            fail_msg("%s: answer %d", bad_responses[i].name, answer);
        }
    }
}

static void
unusual_and_right_is_taken(void **state)
{
    static const char *const good[] = {
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET HTTP://X:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
        "GET https://[::1]:8443/a?b HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n",
        "GET /a|b\"{c}\\ HTTP/1.1\r\nHost: x_y.local.:80\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:  Chunked \r\nTE: trailers\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\n\r\n",
        "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
        "PROPFIND /\xc3\xa4 HTTP/1.1\r\nhost:\tx\t\r\nA: \xc3\xa4\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: a:b c\r\n\r\n",
    };
    struct http_head h;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (decode(&h, HTTP_REQUEST, good[i], HTTP_HEAD_MAX) != DEC_OK) {
            fail_msg("%s: %s", good[i], h.error.reason);
        }
    }
}

static void
too_much_is_a_limit(void **state)
{
    struct http_head h;
    const char *text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    uint32_t len = (uint32_t)strlen(text);
    assert_int_equal(decode(&h, HTTP_REQUEST, text, len), DEC_OK);
    assert_int_equal(decode(&h, HTTP_REQUEST, text, len - 1), DEC_LIMIT);
    assert_int_equal(h.refusal, 431);
    assert_int_equal(decode(&h, HTTP_REQUEST, text, 10), DEC_LIMIT);
    assert_int_equal(h.refusal, 414);

    char many[HTTP_FIELDS_MAX * 8 + 64];
    size_t at = (size_t)snprintf(many, sizeof(many), "GET / HTTP/1.0\r\n");
    for (int i = 0; i < HTTP_FIELDS_MAX + 1; i++) {
        at += (size_t)snprintf(many + at, sizeof(many) - at, "A: b\r\n");
    }
    snprintf(many + at, sizeof(many) - at, "\r\n");
    assert_int_equal(decode(&h, HTTP_REQUEST, many, HTTP_HEAD_MAX), DEC_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart), cmocka_unit_test(a_response_is_taken_apart),
        cmocka_unit_test(attacks_are_refused),      cmocka_unit_test(unusual_and_right_is_taken),
        cmocka_unit_test(too_much_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
