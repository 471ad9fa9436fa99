/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_head.h"

#include <stdio.h>

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

/* Everything that two readers could understand differently, and everything that is no HTTP. */
static const struct {
    const char *name;
    const char *text;
} attacks[] = {
    {"repeated length, equal", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                               "Content-Length: 3\r\n\r\n"},
    {"repeated length, different", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                                   "Content-Length: 4\r\n\r\n"},
    {"length as a list", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n"},
    {"length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n"},
    {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"},
    {"hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\n"},
    {"empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"},
    {"length over 63 bits",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n"},
    {"length over 64 bits",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n"},
    {"length and coding", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n"},
    {"coding and length", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                          "Content-Length: 3\r\n\r\n"},
    {"coding twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"},
    {"chunked not last", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
    {"chunked twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
    {"no chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"chunked with a parameter",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"},
    {"quoted chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"},
    {"empty coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: , chunked\r\n\r\n"},
    {"vertical tab before chunked",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \vchunked\r\n\r\n"},
    {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
    {"tab before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 3\r\n\r\n"},
    {"folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
    {"blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: 3\r\n\r\n"},
    {"bare CR at the end", "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"},
    {"bare LF", "GET / HTTP/1.1\nHost: x\n\n"},
    {"bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"},
    {"control character", "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n"},
    {"delete character", "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"no colon", "GET / HTTP/1.1\r\nHost x\r\n\r\n"},
    {"empty name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
    {"name that is no token", "GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n"},
    {"no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
    {"host with a blank", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
    {"two blanks in the request line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"blank after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"},
    {"blank before the method", " GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"no version", "GET /\r\n\r\n"},
    {"version 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"version 1.10", "GET / HTTP/1.10\r\nHost: x\r\n\r\n"},
    {"lower case version", "GET / http/1.1\r\nHost: x\r\n\r\n"},
    {"target without a form", "GET abc HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"method that is no token", "G\"T / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"TLS", "\x16\x03\x01\x02"},
};

static const char *const bad_responses[] = {
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 099 X\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "<html>\r\n\r\n",
};

static void
attacks_are_refused(void **state)
{
    struct http_head h;
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        enum dec answer = decode(&h, HTTP_REQUEST, attacks[i].text, HTTP_HEAD_MAX);
        if (answer != DEC_BAD || h.error.reason == NULL) {
            fail_msg("%s: answer %d", attacks[i].name, answer);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_responses); i++) {
        enum dec answer = decode(&h, HTTP_RESPONSE, bad_responses[i], HTTP_HEAD_MAX);
        if (answer != DEC_BAD) {
            fail_msg("%s: answer %d", bad_responses[i], answer);
        }
    }
}

static void
unusual_and_right_is_taken(void **state)
{
    static const char *const good[] = {
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
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
