/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_body.h"

#include <stdio.h>

#include "unit/proto/http/attacks.h"
#include "unit/unit.h"

/* Decodes `text` as a chunked body; the payload goes to out. Returns the last answer. */
static enum dec
chunked(const char *text, size_t step, char *out, size_t size, size_t *ret_used)
{
    struct http_head h = {.chunked = true};
    struct http_body b;
    struct slice in = slice_from_str(text);
    enum dec answer = DEC_MORE;
    size_t at = 0;
    size_t out_len = 0;
    http_body_init_request(&b, &h);
    while (answer == DEC_MORE && at < in.len) {
        size_t used;
        struct slice data;
        answer = http_body_decode(&b, slice_sub(in, at, step), &used, &data);
        assert_true(out_len + data.len < size);
        if (data.len > 0) {
            memcpy(out + out_len, data.ptr, data.len);
        }
        out_len += data.len;
        at += used;
        assert_true(answer != DEC_MORE || used > 0);
    }
    out[out_len] = '\0';
    *ret_used = at;
    return answer;
}

static void
chunks_are_put_together(void **state)
{
    const char *text = "4\r\nWiki\r\n6;a=\"b\";c\r\npedia \r\n00E\r\nin \r\n\r\nchunks.\r\n"
                       "0\r\nX-Sum: 1\r\nX-Two: \t2\r\n\r\nNEXT";
    char out[128];
    size_t used;
    for (size_t step = 1; step <= strlen(text); step++) {
        assert_int_equal(chunked(text, step, out, sizeof(out), &used), DEC_OK);
        assert_string_equal(out, "Wikipedia in \r\n\r\nchunks.");
        assert_int_equal(used, strlen(text) - 4);
    }
}

static void
bad_chunks_are_refused(void **state)
{
    char out[64];
    size_t used;
    for (size_t i = 0; i < ARRAY_LEN(body_attacks); i++) {
        for (size_t step = 1; step < 32; step++) {
            enum dec answer = chunked(body_attacks[i].text, step, out, sizeof(out), &used);
            if (answer != DEC_BAD) {
                fail_msg("%s (step %zu): answer %d", body_attacks[i].name, step, answer);
            }
        }
    }
}

static void
long_extensions_and_trailers_are_a_limit(void **state)
{
    static char text[HTTP_TRAILERS_MAX + 64];
    char out[64];
    size_t used;
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, "1;", 2);
    assert_int_equal(chunked(text, 100, out, sizeof(out), &used), DEC_LIMIT);
    memcpy(text, "0\r\nX:", 5);
    assert_int_equal(chunked(text, 100, out, sizeof(out), &used), DEC_LIMIT);
}

static enum http_framing
framing_of(unsigned status, bool has_length, bool is_chunked, bool asked_head)
{
    struct http_head h = {.status = (uint16_t)status,
                          .has_length = has_length,
                          .content_length = has_length ? 5 : 0,
                          .chunked = is_chunked};
    struct http_body b;
    http_body_init_response(&b, &h, asked_head);
    return b.framing;
}

static void
responses_end_where_they_should(void **state)
{
    assert_int_equal(framing_of(200, true, false, false), HTTP_BODY_LENGTH);
    assert_int_equal(framing_of(200, false, true, false), HTTP_BODY_CHUNKED);
    assert_int_equal(framing_of(200, false, false, false), HTTP_BODY_UNTIL_CLOSE);
    assert_int_equal(framing_of(200, true, false, true), HTTP_BODY_NONE);
    assert_int_equal(framing_of(204, true, false, false), HTTP_BODY_NONE);
    assert_int_equal(framing_of(304, true, true, false), HTTP_BODY_NONE);
    assert_int_equal(framing_of(100, false, false, false), HTTP_BODY_NONE);
    assert_int_equal(framing_of(101, false, false, false), HTTP_BODY_TUNNEL);
    assert_true(http_status_is_interim(103) && !http_status_is_interim(101));
}

static void
a_counted_body_ends_at_its_length(void **state)
{
    struct http_head h = {.has_length = true, .content_length = 5};
    struct http_body b;
    struct slice data;
    size_t used;
    http_body_init_request(&b, &h);
    assert_int_equal(http_body_decode(&b, SLICE_LIT("ab"), &used, &data), DEC_MORE);
    assert_false(http_body_may_end_at_close(&b));
    assert_int_equal(http_body_decode(&b, SLICE_LIT("cdeGET"), &used, &data), DEC_OK);
    assert_int_equal(used, 3);
    assert_true(slice_eq(data, SLICE_LIT("cde")));
    assert_true(http_body_may_end_at_close(&b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_put_together),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(long_extensions_and_trailers_are_a_limit),
        cmocka_unit_test(responses_end_where_they_should),
        cmocka_unit_test(a_counted_body_ends_at_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
