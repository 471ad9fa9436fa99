/* SPDX-License-Identifier: Apache-2.0
 * What a collector decodes is in test/peer/test_otlp.py; here is what does not depend on one. */
#include "export/otlp_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/protobuf.h"
#include "unit/unit.h"

static json_t *
fixture_trace(void)
{
    json_t *o = json_load_file(FIXTURES "/../cli/trace.json", 0, NULL);
    assert_non_null(o);
    json_object_set_new(o, "span_id", json_string("00f067aa0ba902b7"));
    json_object_set_new(o, "parent_span_id", json_null());
    return o;
}

/* Do the bytes hold the text? */
static bool
has(const struct buf *b, const char *text)
{
    return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

static void
a_trace_is_a_span_for_the_request_and_one_for_each_row(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1u << 20);
    json_t *trace = fixture_trace();
    size_t rows = json_array_size(json_object_get(trace, "statements"));
    assert_int_equal(otlp_encode_trace(trace, 1795864020000000000, NULL, &b), 1 + rows);
    assert_true(has(&b, "http.route"));
    assert_false(has(&b, "slowburn.route.guess"));
    buf_reset(&b);
    json_object_set_new(trace, "route_basis", json_string("path"));
    assert_true(otlp_encode_trace(trace, 1795864020000000000, NULL, &b) > 0);
    assert_false(has(&b, "http.route"));
    assert_true(has(&b, "slowburn.route.guess"));
    json_object_set_new(trace, "trace_id", json_string("no hex"));
    assert_int_equal(otlp_encode_trace(trace, 1, NULL, &b), 0);
    json_decref(trace);
    assert_int_equal(otlp_encode_trace(NULL, 1, NULL, &b), 0);
}

static void
the_server_is_the_one_behind_us(void **state)
{
    static const struct {
        const char *server, *wanted;
    } cases[] = {{"db.example:5432", "db.example"},
                 {"[2001:db8::1]:5432", "2001:db8::1"},
                 {"unix:/run/pg", "unix:/run/pg"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_BUF struct buf b;
        buf_init(&b, 1u << 20);
        json_t *trace = fixture_trace();
        json_t *servers = json_pack("[s, s]", "elsewhere:1", cases[i].server);
        json_t *row = json_array_get(json_object_get(trace, "statements"), 0);
        json_object_set_new(row, "upstream", json_integer(1));
        assert_true(otlp_encode_trace(trace, 1, servers, &b) > 0);
        assert_true(has(&b, "server.address"));
        assert_true(has(&b, cases[i].wanted));
        assert_false(has(&b, "elsewhere"));
        assert_false(has(&b, "db.example:5432"));
        json_decref(servers);
        json_decref(trace);
    }
}

static void
nothing_known_is_valid(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1u << 20);
    assert_true(otlp_encode_metrics(NULL, NULL, 1, &b) > 10);
    assert_false(has(&b, "http.server.request.duration")); /* no rows, no metric */
    assert_false(buf_overflowed(&b));
}

static void
a_request_wraps_items_with_who_sends_them(void **state)
{
    const struct otlp_resource resource = {"shop", "db-1"};
    AUTO_BUF struct buf items, request;
    uint64_t value;
    struct slice of_resource, of_scope, first;
    buf_init(&items, 4096);
    buf_init(&request, 4096);
    assert_int_equal(otlp_encode_log(7, "opened", SLICE_LIT("it is slow"), 1, 2, &items), 1);
    assert_int_equal(otlp_encode_request(&resource, buf_slice(&items), &request), 0);
    assert_true(protobuf_find(buf_slice(&request), 1, &value, &of_resource));
    assert_true(protobuf_find(of_resource, 2, &value, &of_scope));
    assert_true(protobuf_find(of_scope, 2, &value, &first));
    assert_true(has(&request, "service.name") && has(&request, "shop"));
    assert_true(has(&request, "slowburn.incident.opened") && has(&request, "it is slow"));
    assert_true(protobuf_find(first, 2, &value, &of_scope));
    assert_int_equal(value, 13); /* a warning */
    buf_fini(&request);
    buf_init(&request, 16);
    assert_int_equal(otlp_encode_request(&resource, buf_slice(&items), &request), -E2BIG);
}

static void
what_a_receiver_did_not_take_is_read(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 256);
    assert_int_equal(otlp_rejected(SLICE_NONE), 0);
    size_t at = protobuf_open(&b, 1);
    protobuf_varint(&b, 1, 5);
    protobuf_string(&b, 2, "too old");
    protobuf_close(&b, at);
    assert_int_equal(otlp_rejected(buf_slice(&b)), 5);
    assert_int_equal(otlp_rejected(SLICE_LIT("not protobuf")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_is_a_span_for_the_request_and_one_for_each_row),
        cmocka_unit_test(the_server_is_the_one_behind_us),
        cmocka_unit_test(nothing_known_is_valid),
        cmocka_unit_test(a_request_wraps_items_with_who_sends_them),
        cmocka_unit_test(what_a_receiver_did_not_take_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
