/* SPDX-License-Identifier: Apache-2.0
 * The HTTP driver under a core of a few lines: what it emits at any cut, and what it records. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "proxy/driver.h"
#include "unit/unit.h"

#define WIRE_MAX (256u * 1024)

struct wire {
    char bytes[WIRE_MAX];
    size_t len;
};

struct core {
    struct driver_env env;
    uint64_t counters[COUNTER_COUNT];
    struct ring_consumer *consumer;
    void *worker;
    struct driver_session s;
    struct wire to_upstream;
    struct wire to_client;
    char held[4096]; /* what the driver did not want yet */
    size_t held_len;
    bool wants_connect;
    bool closing;
    uint64_t now_ns;
};

static void
append(struct wire *w, struct slice s)
{
    assert_true(s.len <= WIRE_MAX - w->len);
    if (s.len > 0) {
        memcpy(w->bytes + w->len, s.ptr, s.len);
    }
    w->len += s.len;
}

static void
apply(struct core *c, const struct driver_out *out)
{
    assert_true(out->to_upstream.len <= DRIVER_INSERT_MAX);
    assert_true(out->to_client.len <= DRIVER_INSERT_MAX);
    append(&c->to_upstream, out->to_upstream);
    append(&c->to_client, out->to_client);
    c->closing |= out->close;
    if (out->connect && !c->s.upstream_is_open) {
        c->wants_connect = true;
        c->s.upstream_is_open = true;
        c->s.backend_id = 77;
        http_driver.connected(c->worker, &c->s, c->now_ns);
    }
    assert_false(out->unlink);
}

static void
core_open(struct core *c)
{
    struct ring_producer *producer = NULL;
    struct diag diag = {0};
    memset(c, 0, sizeof(*c));
    c->env = (struct driver_env){.worker = 3, .counters = c->counters, .seed = 42};
    assert_int_equal(publisher_new(3, &c->env.publisher), 0);
    assert_int_equal(ring_producer_new(RING_CAPACITY_MIN, 1, &producer), 0);
    int data_fd = dup(ring_producer_data_fd(producer));
    int cursor_fd = dup(ring_producer_cursor_fd(producer));
    assert_int_equal(ring_consumer_new(data_fd, cursor_fd, &diag, &c->consumer), 0);
    publisher_attach(c->env.publisher, &producer);
    assert_int_equal(http_driver.worker_new(&c->env, &c->worker), 0);
    c->now_ns = NS_PER_S;
    c->s = (struct driver_session){.id = 9, .start_ns = c->now_ns, .listener = 1, .upstream = 1};
    c->s.state = check_alloc(1, http_driver.session_size);
    struct driver_out out = {0};
    http_driver.open(c->worker, &c->s, c->now_ns, &out);
    apply(c, &out);
}

static void
core_close(struct core *c)
{
    http_driver.close(c->worker, &c->s, CLOSE_CLIENT, c->now_ns);
    http_driver.worker_free(c->worker);
    ring_consumer_free(&c->consumer);
    publisher_free(&c->env.publisher);
    free(c->s.state);
}

static size_t
client_turn(struct core *c, struct slice chunk)
{
    size_t at = 0;
    while (at < chunk.len) {
        struct driver_out out = {0};
        struct slice rest = slice_sub(chunk, at, chunk.len);
        size_t used = http_driver.client_bytes(c->worker, &c->s, rest, c->now_ns, &out);
        assert_true(used <= rest.len);
        if (!out.drop) {
            append(&c->to_upstream, slice_sub(rest, 0, used));
        }
        apply(c, &out);
        at += used;
        if (used == 0) {
            break;
        }
    }
    return at;
}

static void
from_client(struct core *c, struct slice bytes, size_t step)
{
    for (size_t at = 0; at < bytes.len; at += step) {
        struct slice chunk = slice_sub(bytes, at, step);
        c->now_ns += NS_PER_MS;
        size_t used = c->held_len > 0 ? 0 : client_turn(c, chunk);
        chunk = slice_sub(chunk, used, chunk.len);
        assert_true(chunk.len <= sizeof(c->held) - c->held_len);
        if (chunk.len > 0) {
            memcpy(c->held + c->held_len, chunk.ptr, chunk.len);
        }
        c->held_len += chunk.len;
    }
}

static void
from_upstream(struct core *c, struct slice bytes, size_t step)
{
    for (size_t at = 0; at < bytes.len; at += step) {
        struct driver_out out = {0};
        struct slice chunk = slice_sub(bytes, at, step);
        c->now_ns += NS_PER_MS;
        append(&c->to_client, chunk);
        if (!c->s.opaque) {
            assert_int_equal(http_driver.upstream_bytes(c->worker, &c->s, chunk, c->now_ns, &out),
                             chunk.len);
            apply(c, &out);
        }
    }
    if (c->held_len > 0) {
        size_t used = client_turn(c, slice_of(c->held, c->held_len));
        memmove(c->held, c->held + used, c->held_len - used);
        c->held_len -= used;
    }
}

/* The next REQUEST record; false when there is none. */
static bool
next_request(struct core *c, struct event_request *ret_event, char path[EVENT_PATH_MAX + 1])
{
    struct slice record;
    while (ring_next(c->consumer, &record) == 1) {
        union event ev;
        struct slice tail;
        assert_int_equal(event_read(record, &ev, &tail), 0);
        if (ev.head.type == EV_REQUEST) {
            *ret_event = ev.as_event_request;
            slice_to_str(slice_sub(tail, ret_event->value_count * 8, ret_event->path_len), path,
                         EVENT_PATH_MAX + 1);
            return true;
        }
    }
    return false;
}

static void
assert_wire(const struct wire *w, const char *text)
{
    if (!slice_eq(slice_of(w->bytes, w->len), slice_from_str(text))) {
        fail_msg("on the wire: %.*s\nwanted: %s", (int)w->len, w->bytes, text);
    }
}

#define REPLY "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

static void
one_header_is_added_and_nothing_else(void **state)
{
    const char *head = "POST /api/orders/12?u=5 HTTP/1.1\r\nHost: x\r\nContent-Type: "
                       "application/json\r\nContent-Length: 8\r\n";
    const char *rest = "\r\n{\"a\":99}";
    uint64_t body_hash = 0;
    for (size_t step = 1; step < 200; step += step < 8 ? 1 : 23) {
        struct core c;
        struct event_request ev;
        char path[EVENT_PATH_MAX + 1];
        char text[512];
        core_open(&c);
        snprintf(text, sizeof(text), "%s%s", head, rest);
        from_client(&c, slice_from_str(text), step);
        assert_true(c.wants_connect);
        from_upstream(&c, SLICE_LIT(REPLY), step);
        assert_wire(&c.to_client, REPLY);
        size_t head_len = strlen(head);
        assert_int_equal(c.to_upstream.len, head_len + 70 + strlen(rest));
        assert_memory_equal(c.to_upstream.bytes, head, head_len);
        assert_memory_equal(c.to_upstream.bytes + head_len, "traceparent: 00-", 16);
        assert_memory_equal(c.to_upstream.bytes + head_len + 70, rest, strlen(rest));
        assert_true(next_request(&c, &ev, path));
        assert_string_equal(path, "/api/orders/{id}");
        assert_true(ev.status == 200 && ev.method == METHOD_POST && ev.value_count == 5);
        assert_true(ev.bytes_in == strlen(text) && ev.bytes_out == strlen(REPLY));
        assert_true(ev.first_byte_ns >= ev.start_ns && ev.end_ns >= ev.first_byte_ns);
        assert_true(body_hash == 0 || body_hash == ev.body_hash);
        body_hash = ev.body_hash;
        char trace[33];
        for (size_t i = 0; i < 16; i++) {
            snprintf(trace + 2 * i, 3, "%02x", ev.trace_id[i]);
        }
        assert_memory_equal(c.to_upstream.bytes + head_len + 16, trace, 32);
        core_close(&c);
    }
}

#define GIVEN "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void
a_valid_traceparent_stays_and_an_invalid_one_goes(void **state)
{
    struct core c;
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    const char *valid = "GET / HTTP/1.1\r\nHost: x\r\nTraceParent: " GIVEN "\r\nA: b\r\n\r\n";
    core_open(&c);
    from_client(&c, slice_from_str(valid), 1000);
    assert_wire(&c.to_upstream, valid);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 204 No Content\r\n\r\n"), 1000);
    assert_true(next_request(&c, &ev, path));
    assert_true(ev.flags == REQUEST_TRACE_GIVEN && ev.trace_id[0] == 0x0a);
    assert_true(ev.parent_span[0] == 0xb7 && ev.status == 204);
    core_close(&c);

    core_open(&c);
    from_client(&c,
                SLICE_LIT("GET / HTTP/1.1\r\ntraceparent: 00-xx\r\nHost: x\r\n"
                          "traceparent: " GIVEN "\r\n\r\n"),
                7);
    assert_memory_equal(c.to_upstream.bytes, "GET / HTTP/1.1\r\nHost: x\r\ntraceparent: 00-", 41);
    assert_int_equal(c.to_upstream.len, 25 + 70 + 2);
    core_close(&c);
}

static void
long_heads_go_on_as_they_come(void **state)
{
    static char text[40000];
    size_t filled = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\nCookie: ");
    memset(text + filled, 'c', 30000);
    snprintf(text + filled + 30000, 8, "\r\n\r\n");
    size_t len = strlen(text);
    static const size_t steps[] = {1, 2, 3, 1000, 5000, 8000, 16384, 40000};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct core *c = check_alloc(1, sizeof(*c));
        core_open(c);
        from_client(c, slice_of(text, len), steps[i]);
        assert_memory_equal(c->to_upstream.bytes, text, len - 2);
        bool added = c->to_upstream.len == len + 70;
        assert_true(added || c->to_upstream.len == len);
        assert_true(added || steps[i] < 4);
        assert_memory_equal(c->to_upstream.bytes + c->to_upstream.len - 4, "\r\n\r\n", 4);
        core_close(c);
        free(c);
    }
}

static void
a_second_request_waits_for_the_first_reply(void **state)
{
    struct core c;
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    core_open(&c);
    from_client(&c,
                SLICE_LIT("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"),
                1000);
    assert_int_equal(c.to_upstream.len, 29 + 70);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), 3);
    assert_int_equal(c.to_upstream.len, 2 * (28 + 70) + 1);
    assert_true(next_request(&c, &ev, path) && ev.method == METHOD_HEAD && ev.end_ns > 0);
    assert_string_equal(path, "/a");
    from_upstream(&c, SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 X\r\n\r\nuntil"), 5);
    assert_false(next_request(&c, &ev, path));
    struct driver_out out = {0};
    http_driver.upstream_eof(c.worker, &c.s, false, c.now_ns, &out);
    assert_true(out.close && out.to_client.len == 0);
    assert_true(next_request(&c, &ev, path) && ev.status == 503 && ev.flags == 0);
    assert_int_equal(c.counters[COUNTER_requests], 2);
    assert_int_equal(c.counters[COUNTER_request_errors], 1);
    core_close(&c);
}

static void
bad_requests_are_refused(void **state)
{
    struct core c;
    core_open(&c);
    from_client(&c,
                SLICE_LIT("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                11);
    assert_true(c.closing && c.to_upstream.len == 0);
    assert_memory_equal(c.to_client.bytes, "HTTP/1.1 400 Bad Request\r\n", 26);
    core_close(&c);

    static char text[70000];
    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    core_open(&c);
    from_client(&c, slice_of(text, sizeof(text)), 16384);
    assert_true(c.closing);
    assert_memory_equal(c.to_client.bytes, "HTTP/1.1 431 ", 13);
    core_close(&c);
}

static void
an_upstream_that_fails_is_a_502(void **state)
{
    struct core c;
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    struct driver_out out = {0};
    core_open(&c);
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    http_driver.failed(c.worker, &c.s, DRIVER_FAILURE_REFUSED, c.now_ns, &out);
    assert_true(out.close);
    assert_memory_equal(out.to_client.ptr, "HTTP/1.1 502 Bad Gateway\r\n", 26);
    assert_true(next_request(&c, &ev, path));
    assert_true(ev.status == 502 && ev.flags == REQUEST_UPSTREAM_FAILED);
    core_close(&c);

    core_open(&c);
    out = (struct driver_out){0};
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    http_driver.upstream_eof(c.worker, &c.s, false, c.now_ns, &out);
    assert_memory_equal(out.to_client.ptr, "HTTP/1.1 502 Bad Gateway\r\n", 26);
    core_close(&c);

    core_open(&c);
    out = (struct driver_out){0};
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), 1000);
    http_driver.upstream_eof(c.worker, &c.s, true, c.now_ns, &out);
    assert_true(out.close && out.to_client.len == 0);
    assert_true(next_request(&c, &ev, path));
    assert_true(ev.status == 200 && ev.flags == REQUEST_UPSTREAM_FAILED);
    core_close(&c);
}

static void
an_idle_upstream_that_closes_ends_the_session(void **state)
{
    struct core c;
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    struct driver_out out = {0};
    core_open(&c);
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 1000);
    http_driver.upstream_eof(c.worker, &c.s, false, c.now_ns, &out);
    assert_true(out.close && out.to_client.len == 0);
    assert_true(next_request(&c, &ev, path) && ev.flags == 0);
    core_close(&c);

    /* Just as the next request goes out: the client may ask again, so no 502. */
    core_open(&c);
    out = (struct driver_out){0};
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 1000);
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    http_driver.upstream_eof(c.worker, &c.s, false, c.now_ns, &out);
    assert_true(out.close && out.to_client.len == 0);
    core_close(&c);
}

static void
a_tunnel_is_left_alone(void **state)
{
    struct core c;
    core_open(&c);
    from_client(&c,
                SLICE_LIT("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\n\r\n\x81\x01"),
                1000);
    size_t before = c.to_upstream.len;
    from_upstream(&c,
                  SLICE_LIT("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n"
                            "Upgrade: websocket\r\n\r\n\x82\x00\n\n"),
                  5);
    assert_true(c.s.passive_client && !c.s.opaque);
    from_client(&c, SLICE_LIT("\r\n\r\nanything"), 4);
    assert_int_equal(c.to_upstream.len, before + 2 + 12);
    core_close(&c);
}

static void
a_reply_that_is_no_http_makes_it_opaque(void **state)
{
    struct core c;
    core_open(&c);
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("ICY 200 OK\r\n\r\n"), 4);
    assert_true(c.s.opaque);
    assert_wire(&c.to_client, "ICY 200 OK\r\n\r\n");
    assert_int_equal(c.counters[COUNTER_sessions_opaque], 1);
    core_close(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_header_is_added_and_nothing_else),
        cmocka_unit_test(a_valid_traceparent_stays_and_an_invalid_one_goes),
        cmocka_unit_test(long_heads_go_on_as_they_come),
        cmocka_unit_test(a_second_request_waits_for_the_first_reply),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(an_upstream_that_fails_is_a_502),
        cmocka_unit_test(an_idle_upstream_that_closes_ends_the_session),
        cmocka_unit_test(a_tunnel_is_left_alone),
        cmocka_unit_test(a_reply_that_is_no_http_makes_it_opaque),
    };
    log_init(2, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
