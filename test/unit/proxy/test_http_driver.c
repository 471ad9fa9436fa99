/* SPDX-License-Identifier: Apache-2.0
 * The HTTP driver under a core of a few lines: what it emits at any cut, and what it records. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "proto/http/http_head.h"
#include "proto/trace_context.h"
#include "proxy/driver.h"
#include "proxy/listener.h"
#include "proxy/security.h"
#include "proxy/server_timing.h"
#include "unit/proto/http/attacks.h"
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
    assert_true(out->to_upstream.len <= DRIVER_OWN_MAX);
    assert_true(out->to_client.len <= DRIVER_OWN_MAX);
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
    http_driver.relayed(c->worker, &c->s);
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
    for (size_t at = 0; at < bytes.len && !c->closing; at += step) {
        struct slice chunk = slice_sub(bytes, at, step);
        c->now_ns += NS_PER_MS;
        while (chunk.len > 0 && !c->closing) {
            struct driver_out out = {0};
            size_t used = http_driver.upstream_bytes(c->worker, &c->s, chunk, c->now_ns, &out);
            assert_true(used > 0 && used <= chunk.len);
            if (!out.drop) {
                append(&c->to_client, slice_sub(chunk, 0, used));
            }
            apply(c, &out);
            chunk = slice_sub(chunk, used, chunk.len);
        }
        http_driver.relayed(c->worker, &c->s);
    }
    if (c->held_len > 0 && !c->closing) {
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

/* One bit of it, and only where the status says that all is well. */
static void
what_a_body_says_against_its_status(void **state)
{
    static const struct {
        const char *reply;
        bool flagged;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"error\":\"none\"}", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ok\"\r\n7\r\n:false}"
         "\r\n0\r\n\r\n",
         true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}", false},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n{\"error\":\"none\"}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t step = 1; step < 100; step += 9) {
            struct core c;
            struct event_request ev;
            char path[EVENT_PATH_MAX + 1];
            core_open(&c);
            from_client(&c, SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 100);
            from_upstream(&c, slice_from_str(cases[i].reply), step);
            assert_wire(&c.to_client, cases[i].reply);
            assert_true(next_request(&c, &ev, path));
            assert_int_equal((ev.flags & REQUEST_ERROR_BODY) != 0, cases[i].flagged);
            core_close(&c);
        }
    }
}

/* Of a 2xx alone, of all of it, and not where it is compressed. */
static void
what_an_answer_looks_like(void **state)
{
    static const struct {
        const char *method, *reply;
        enum response_body body;
        enum response_type type;
        bool is_whole;
    } cases[] = {
        {"GET",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
         "{\"a\":1}",
         RESPONSE_OBJECT, RESPONSE_TYPE_JSON, true},
        {"GET",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}"
         "\r\n0\r\n\r\n",
         RESPONSE_OBJECT, RESPONSE_TYPE_NONE, true},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>",
         RESPONSE_MARKUP, RESPONSE_TYPE_HTML, false},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RESPONSE_EMPTY, RESPONSE_TYPE_NONE,
         false},
        {"DELETE", "HTTP/1.1 204 No Content\r\n\r\n", RESPONSE_EMPTY, RESPONSE_TYPE_NONE, false},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
         RESPONSE_UNSEEN, RESPONSE_TYPE_NONE, false},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", RESPONSE_UNSEEN,
         RESPONSE_TYPE_NONE, false},
        {"GET", "HTTP/1.1 206 Partial Content\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
         RESPONSE_UNSEEN, RESPONSE_TYPE_NONE, false},
        {"GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n{\"a\":1}", RESPONSE_UNSEEN,
         RESPONSE_TYPE_NONE, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t step = 1; step < 100; step += 9) {
            struct core c;
            struct event_request ev;
            char path[EVENT_PATH_MAX + 1], text[64];
            core_open(&c);
            snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: x\r\n\r\n", cases[i].method);
            from_client(&c, slice_from_str(text), 100);
            from_upstream(&c, slice_from_str(cases[i].reply), step);
            assert_true(next_request(&c, &ev, path));
            assert_int_equal(ev.shape.body, cases[i].body);
            assert_int_equal(ev.shape.type, cases[i].type);
            assert_int_equal(ev.shape.root_is_whole, cases[i].is_whole);
            assert_int_equal(ev.shape.root_names != 0, cases[i].is_whole);
            core_close(&c);
        }
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
long_heads_go_on_whole(void **state)
{
    static char text[40000];
    size_t filled = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\nCookie: ");
    memset(text + filled, 'c', 29000);
    snprintf(text + filled + 29000, 8, "\r\n\r\n");
    size_t len = strlen(text);
    static const size_t steps[] = {1, 2, 3, 1000, 5000, 8000, 16384, 40000};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct core *c = check_alloc(1, sizeof(*c));
        core_open(c);
        from_client(c, slice_of(text, len), steps[i]);
        assert_int_equal(c->to_upstream.len, len + 70);
        assert_memory_equal(c->to_upstream.bytes, text, len - 2);
        assert_memory_equal(c->to_upstream.bytes + len - 2, "traceparent: ", 13);
        assert_memory_equal(c->to_upstream.bytes + c->to_upstream.len - 4, "\r\n\r\n", 4);
        memcpy(text, "HTTP/1.1 204 X \r\nX: ", 20);
        from_upstream(c, slice_of(text, len), steps[i]);
        assert_int_equal(c->to_client.len, len);
        assert_memory_equal(c->to_client.bytes, text, len);
        memcpy(text, "GET / HTTP/1.1\r\nHost: x\r\n", 25);
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

/* At one cut, or in pieces of `step`. */
static void
attack(struct core *c, const char *front, const char *text, size_t cut, size_t step)
{
    core_open(c);
    from_client(c, slice_from_str(front), 1000);
    struct slice bytes = slice_from_str(text);
    from_client(c, slice_sub(bytes, 0, cut), step);
    from_client(c, slice_sub(bytes, cut, bytes.len), step);
}

static void
assert_refused(struct core *c, const struct attack *a, size_t cut)
{
    char want[16];
    snprintf(want, sizeof(want), "HTTP/1.1 %03d ", a->status == 0 ? 400 : a->status);
    if (!c->closing || c->to_client.len < 13 || memcmp(c->to_client.bytes, want, 13) != 0) {
        fail_msg("%s (cut %zu): %.*s instead of %s", a->name, cut, (int)c->to_client.len,
                 c->to_client.bytes, want);
    }
    size_t before = c->to_upstream.len;
    from_client(c, SLICE_LIT("GET /more HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    assert_int_equal(c->to_upstream.len, before);
}

static void
attacks_reach_no_upstream(void **state)
{
    struct core *c = check_alloc(1, sizeof(*c));
    for (size_t i = 0; i < ARRAY_LEN(head_attacks); i++) {
        size_t len = strlen(head_attacks[i].text);
        for (size_t cut = 0; cut <= len; cut++) {
            attack(c, "", head_attacks[i].text, cut, cut == 0 ? 1 : 1000);
            assert_refused(c, &head_attacks[i], cut);
            assert_true(c->to_upstream.len == 0 && !c->wants_connect);
            core_close(c);
        }
    }
    free(c);
}

static void
nothing_behind_a_bad_chunk_passes(void **state)
{
    struct core *c = check_alloc(1, sizeof(*c));
    for (size_t i = 0; i < ARRAY_LEN(body_attacks); i++) {
        size_t len = strlen(body_attacks[i].text);
        for (size_t cut = 0; cut <= len; cut++) {
            attack(c, CHUNKED_HEAD, body_attacks[i].text, cut, cut == 0 ? 1 : 1000);
            assert_refused(c, &body_attacks[i], cut);
            c->to_upstream.bytes[c->to_upstream.len] = '\0';
            assert_null(strstr(c->to_upstream.bytes, "GET"));
            assert_null(strstr(c->to_upstream.bytes, "0\r\n\r\n"));
            core_close(c);
        }
    }
    free(c);
}

static void
too_much_is_refused(void **state)
{
    struct core c;
    static char text[70000];
    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    core_open(&c);
    from_client(&c, slice_of(text, sizeof(text)), 16384);
    assert_true(c.closing);
    assert_memory_equal(c.to_client.bytes, "HTTP/1.1 414 ", 13);
    core_close(&c);
    memcpy(text, "GET / HTTP/1.1\r\nA:", 18);
    core_open(&c);
    from_client(&c, slice_of(text, sizeof(text)), 16384);
    assert_true(c.closing);
    assert_memory_equal(c.to_client.bytes, "HTTP/1.1 431 ", 13);
    core_close(&c);
}

static void
bad_responses_are_a_502(void **state)
{
    struct core *c = check_alloc(1, sizeof(*c));
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(bad_responses); i++) {
        for (size_t step = 1; step < 100; step += 1 + step / 3) {
            core_open(c);
            from_client(c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
            from_upstream(c, slice_from_str(bad_responses[i].text), step);
            if (!c->closing || memcmp(c->to_client.bytes, "HTTP/1.1 502 ", 13) != 0) {
                fail_msg("%s: %.*s", bad_responses[i].name, (int)c->to_client.len,
                         c->to_client.bytes);
            }
            assert_true(next_request(c, &ev, path));
            assert_true(ev.status == 502 && ev.flags == REQUEST_UPSTREAM_FAILED);
            core_close(c);
        }
    }
    free(c);
}

/* What follows a complete response, or a chunk that is none, ends the connection. */
static void
a_response_does_not_become_two(void **state)
{
    static const struct {
        const char *text;
        const char *passes;
    } table[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" REPLY,
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        {"HTTP/1.1 204 No\r\n\r\nbody", "HTTP/1.1 204 No\r\n\r\n"},
        {"HTTP/1.1 304 No\r\nContent-Length: 4\r\n\r\nbody",
         "HTTP/1.1 304 No\r\nContent-Length: 4\r\n\r\n"},
        {REPLY REPLY, REPLY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX" REPLY,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc"},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" REPLY,
         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct slice text = slice_from_str(table[i].text);
        for (size_t step = 1; step <= text.len; step++) {
            struct core c;
            core_open(&c);
            from_client(&c,
                        SLICE_LIT("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"),
                        1000);
            from_upstream(&c, text, step);
            assert_true(c.closing);
            assert_true(c.to_client.len <= strlen(table[i].passes));
            assert_memory_equal(c.to_client.bytes, table[i].passes, c.to_client.len);
            core_close(&c);
        }
    }
}

static void
a_switch_that_nobody_asked_for_is_a_502(void **state)
{
    struct core c;
    core_open(&c);
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\nanything"), 5);
    assert_true(c.closing && !c.s.passive_client);
    assert_memory_equal(c.to_client.bytes, "HTTP/1.1 502 ", 13);
    core_close(&c);
}

/* Whether the body still comes, two readers could see differently. */
static void
an_answer_instead_of_continue_is_the_last(void **state)
{
    struct core c;
    const char *text = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                       "Content-Length: 3\r\n\r\n";
    core_open(&c);
    from_client(&c, slice_from_str(text), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\n"), 3);
    from_client(&c, SLICE_LIT("abc"), 1);
    from_upstream(&c, SLICE_LIT(REPLY), 1000);
    assert_false(c.closing);
    from_client(&c, slice_from_str(text), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"), 3);
    assert_true(c.closing);
    core_close(&c);
}

static void
the_last_request_is_the_last(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct core c;
        core_open(&c);
        from_client(&c, slice_from_str(requests[i]), 1000);
        size_t before = c.to_upstream.len;
        from_client(&c, SLICE_LIT("GET /more HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
        from_upstream(&c, SLICE_LIT(REPLY), 1000);
        assert_true(c.closing && c.to_upstream.len == before);
        assert_wire(&c.to_client, REPLY);
        core_close(&c);
    }
}

struct wait {
    const char *client;
    const char *upstream;
    uint64_t limit_ms; /* until then nothing happens */
    const char *answer;
};

/* Each side's waiting is bounded, and by whose turn it is. */
static void
nobody_waits_for_ever(void **state)
{
    static const struct wait table[] = {
        {"GET / HTT", "", 1000, "HTTP/1.1 408 "},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", "", 1000, "HTTP/1.1 408 "},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
         "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabc", 1000, ""},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", "",
         2000, "HTTP/1.1 504 "},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", 2000, "HTTP/1.1 504 "},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 20", 2000, "HTTP/1.1 504 "},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\ndata: 1\n", 2000, ""},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", REPLY, 3000, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct core c;
        struct limits limits = {.client_ns = 1000 * NS_PER_MS,
                                .response_ns = 2000 * NS_PER_MS,
                                .keep_alive_ns = 3000 * NS_PER_MS};
        core_open(&c);
        c.env.limits = &limits;
        struct driver_out out = {0};
        assert_false(http_driver.idle(c.worker, &c.s, c.now_ns, &out));
        from_client(&c, slice_from_str(table[i].client), 1000);
        from_upstream(&c, slice_from_str(table[i].upstream), 1000);
        uint64_t at_ns = c.now_ns + table[i].limit_ms * NS_PER_MS;
        assert_false(http_driver.idle(c.worker, &c.s, at_ns - 2 * NS_PER_MS, &out));
        if (!http_driver.idle(c.worker, &c.s, at_ns + NS_PER_MS, &out)) {
            fail_msg("%zu: goes on", i);
        }
        struct slice got = slice_sub(out.to_client, 0, strlen(table[i].answer));
        assert_true(slice_eq(got, slice_from_str(table[i].answer)));
        assert_true(table[i].answer[0] != '\0' || out.to_client.len == 0);
        core_close(&c);
    }
}

static void
a_client_that_reads_nothing_is_given_up(void **state)
{
    struct core c;
    struct event_request ev;
    char path[EVENT_PATH_MAX + 1];
    struct limits limits = {.client_ns = 1000 * NS_PER_MS};
    struct driver_out out = {0};
    core_open(&c);
    c.env.limits = &limits;
    from_client(&c, SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\n\r\ndata"), 1000);
    c.s.bytes_out = 23;
    c.s.client_queued = 20;
    assert_false(http_driver.idle(c.worker, &c.s, c.now_ns, &out));
    c.s.client_queued = 19; /* slow, but alive */
    assert_false(http_driver.idle(c.worker, &c.s, c.now_ns + 1500 * NS_PER_MS, &out));
    assert_false(http_driver.idle(c.worker, &c.s, c.now_ns + 2400 * NS_PER_MS, &out));
    assert_true(http_driver.idle(c.worker, &c.s, c.now_ns + 2600 * NS_PER_MS, &out));
    assert_true(next_request(&c, &ev, path) && ev.flags == REQUEST_CLIENT_ABORTED);
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

    core_open(&c);
    out = (struct driver_out){0};
    from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    from_upstream(&c, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Le"), 1000);
    http_driver.upstream_eof(c.worker, &c.s, false, c.now_ns, &out);
    assert_memory_equal(out.to_client.ptr, "HTTP/1.1 502 Bad Gateway\r\n", 26);
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

/* A session of a listener with one setting. */
static void
configured_open(struct core *c, const char *key, const char *value, struct security **ret_security)
{
    struct listener_settings settings = {0};
    struct diag diag = {0};
    core_open(c);
    assert_int_equal(listener_settings_set(&settings, key, slice_from_str(value), &diag), 0);
    assert_int_equal(security_new(&settings, &http_driver, SLICE_LIT("x"), &diag, ret_security), 0);
    c->s.security = *ret_security;
}

static void
timed_open(struct core *c, struct security **ret_security)
{
    configured_open(c, "server_timing", "on", ret_security);
    c->env.server_timing = server_timing_new(4, (struct hash_key){1, 2});
    assert_non_null(c->env.server_timing);
}

static void
timed_close(struct core *c, struct security **security)
{
    core_close(c);
    server_timing_free(&c->env.server_timing);
    security_free(security);
}

/* Queries that carry the traceparent that the application was given. */
static void
run_queries(struct core *c, unsigned count, uint64_t took_ns)
{
    const struct wire *w = &c->to_upstream;
    const char *at = memmem(w->bytes, w->len, "traceparent: ", 13);
    struct trace_context context;
    assert_non_null(at);
    assert_int_equal(trace_context_parse(slice_of(at + 13, TRACE_CONTEXT_LEN), &context), 0);
    struct server_timing_key key;
    memcpy(key.trace_id, context.trace_id, sizeof(key.trace_id));
    memcpy(key.span_id, context.span_id, sizeof(key.span_id));
    for (unsigned i = 0; i < count; i++) {
        uint64_t ticket = server_timing_begin(c->env.server_timing, &key);
        assert_true(ticket != 0);
        server_timing_end(c->env.server_timing, ticket, took_ns);
    }
}

static void
assert_timed(const char *method, const char *before, const char *added, const char *behind,
             unsigned queries)
{
    for (size_t step = 1; step < 300; step += step < 8 ? 1 : 37) {
        struct core *c = check_alloc(1, sizeof(*c));
        struct security *security = NULL;
        char text[512];
        timed_open(c, &security);
        snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: x\r\n\r\n", method);
        from_client(c, slice_from_str(text), 1000);
        run_queries(c, queries, 26530000);
        snprintf(text, sizeof(text), "%s%s", before, behind);
        from_upstream(c, slice_from_str(text), step);
        snprintf(text, sizeof(text), "%s%s%s", before, added, behind);
        assert_wire(&c->to_client, text);
        timed_close(c, &security);
        free(c);
    }
}

#define TIMED_2 "Server-Timing: db;dur=53.1;desc=\"2 queries\"\r\n"
#define TIMED_1 "Server-Timing: db;dur=26.5;desc=\"1 query\"\r\n"

static void
a_server_timing_is_one_more_line_and_nothing_else(void **state)
{
    const char *chunked = "\r\n3\r\nabc\r\n0\r\nServer-Timing: app;dur=9\r\n\r\n";
    assert_timed("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", TIMED_2, "\r\nabc", 2);
    assert_timed("GET", "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n", TIMED_1, chunked, 1);
    /* The application's own stays, whatever it says. */
    assert_timed("GET",
                 "HTTP/1.1 200 OK\r\nServer-TIMING:db;dur=1,app\r\nX:  y \r\n"
                 "Content-Length: 0\r\n",
                 TIMED_2, "\r\n", 2);
    /* Heads without a body; and interim ones, which are not the response. */
    assert_timed("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", TIMED_2, "\r\n", 2);
    assert_timed("GET", "HTTP/1.1 204 No Content\r\n", TIMED_2, "\r\n", 2);
    assert_timed("GET", "HTTP/1.1 304 Not Modified\r\n", TIMED_2, "\r\n", 2);
    assert_timed("GET",
                 "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n",
                 TIMED_2, "\r\nx", 2);
    assert_timed("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "", "\r\nabc", 0);
}

static void
a_switch_of_protocols_has_no_server_timing(void **state)
{
    struct core c;
    struct security *security = NULL;
    const char *reply = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n";
    timed_open(&c, &security);
    from_client(&c,
                SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"),
                1000);
    run_queries(&c, 2, 1);
    from_upstream(&c, slice_from_str(reply), 1000);
    assert_wire(&c.to_client, reply);
    timed_close(&c, &security);
}

static void
the_longest_head_has_room_for_it(void **state)
{
    static char text[HTTP_HEAD_MAX + 1];
    struct core *c = check_alloc(1, sizeof(*c));
    struct security *security = NULL;
    timed_open(c, &security);
    from_client(c, SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
    run_queries(c, 2, 26530000);
    size_t head = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 204 No\r\nX: ");
    memset(text + head, 'x', HTTP_HEAD_MAX - head - 4);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    from_upstream(c, slice_of(text, HTTP_HEAD_MAX), 16384);
    assert_int_equal(c->to_client.len, HTTP_HEAD_MAX + strlen(TIMED_2));
    assert_memory_equal(c->to_client.bytes, text, HTTP_HEAD_MAX - 2);
    assert_memory_equal(c->to_client.bytes + HTTP_HEAD_MAX - 2, TIMED_2 "\r\n",
                        strlen(TIMED_2) + 2);
    timed_close(c, &security);
    free(c);
}

/* Of requests that end without a response's head nothing stays: their places are free. */
static void
requests_without_a_response_give_their_place_back(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct core *c = check_alloc(1, sizeof(*c));
        struct security *security = NULL;
        timed_open(c, &security);
        for (unsigned k = 0; k < 40; k++) {
            memset(c->s.state, 0, http_driver.session_size);
            c->closing = false;
            from_client(c, SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
            from_upstream(c, i % 2 == 0 ? SLICE_LIT("HTTP/1.1 2000\r\n\r\n") : SLICE_NONE, 1000);
            http_driver.close(c->worker, &c->s, CLOSE_CLIENT, c->now_ns);
        }
        assert_int_equal(c->counters[COUNTER_server_timing_full], 0);
        memset(c->s.state, 0, http_driver.session_size);
        timed_close(c, &security);
        free(c);
    }
}

/* The path is not looked at any more, and the header goes on. */
static void
the_application_says_its_route_in_a_header(void **state)
{
    static const struct {
        const char *header;
        const char *path;
        bool is_given;
    } cases[] = {
        {"X-Route: /orders/{order}\r\n", "/orders/{order}", true},
        {"x-ROUTE:orders#show \r\n", "orders#show", true},
        {"", "/orders/{id}", false},
        {"X-Route: \r\n", "/orders/{id}", false},
        {"X-Route: caf\xc3\xa9\r\n", "/orders/{id}", false},
        {"X-Other: /orders/{order}\r\n", "/orders/{id}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct core c;
        struct security *security = NULL;
        struct event_request ev;
        char path[EVENT_PATH_MAX + 1];
        char reply[256];
        configured_open(&c, "route_header", "X-Route", &security);
        from_client(&c, SLICE_LIT("GET /orders/17 HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
        snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n",
                 cases[i].header);
        from_upstream(&c, slice_from_str(reply), 7);
        assert_wire(&c.to_client, reply);
        assert_true(next_request(&c, &ev, path));
        assert_string_equal(path, cases[i].path);
        assert_int_equal((ev.flags & REQUEST_ROUTE_GIVEN) != 0, cases[i].is_given);
        core_close(&c);
        security_free(&security);
    }
}

/* Whether a trace is kept is slowburn's own choice: the record has nothing of the flags. */
static void
nobody_outside_can_force_a_recording(void **state)
{
    struct event_request seen[2];
    for (unsigned i = 0; i < 2; i++) {
        struct core c;
        char path[EVENT_PATH_MAX + 1];
        char text[256];
        core_open(&c);
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\ntraceparent: %.53s0%u\r\n\r\n",
                 GIVEN, i);
        from_client(&c, slice_from_str(text), 1000);
        assert_wire(&c.to_upstream, text);
        from_upstream(&c, SLICE_LIT("HTTP/1.1 204 No Content\r\n\r\n"), 1000);
        assert_true(next_request(&c, &seen[i], path));
        core_close(&c);
    }
    assert_memory_equal(&seen[0], &seen[1], sizeof(seen[0]));
}

/* Each is said with its cause, and none leaves the client waiting. */
static void
every_failure_has_its_answer(void **state)
{
    static const struct {
        enum driver_failure failure;
        const char *answer;
        const char *cause;
    } cases[] = {
        {DRIVER_FAILURE_REFUSED, "HTTP/1.1 502 ", "refused"},
        {DRIVER_FAILURE_RESOLVE, "HTTP/1.1 502 ", "its name has no address"},
        {DRIVER_FAILURE_TLS, "HTTP/1.1 502 ", "no TLS with the application"},
        {DRIVER_FAILURE_TIMEOUT, "HTTP/1.1 504 ", "connecting took too long"},
        {DRIVER_FAILURE_LIMIT, "HTTP/1.1 503 ", "too many connections at once"},
        {DRIVER_FAILURE_LISTENER, "HTTP/1.1 503 ", "too many connections to this address"},
        {DRIVER_FAILURE_ADDRESS, "HTTP/1.1 503 ", "too many connections of one client"},
        {DRIVER_FAILURE_DRAINING, "HTTP/1.1 503 ", "shutting down"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct core c;
        struct event_request ev;
        char path[EVENT_PATH_MAX + 1];
        struct driver_out out = {0};
        core_open(&c);
        from_client(&c, SLICE_LIT("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 1000);
        http_driver.failed(c.worker, &c.s, cases[i].failure, c.now_ns, &out);
        append(&c.to_client, out.to_client);
        c.to_client.bytes[c.to_client.len] = '\0';
        assert_ptr_equal(strstr(c.to_client.bytes, cases[i].answer), c.to_client.bytes);
        assert_non_null(strstr(c.to_client.bytes, cases[i].cause));
        assert_non_null(strstr(c.to_client.bytes, "Connection: close\r\n"));
        assert_true(next_request(&c, &ev, path));
        assert_int_equal(ev.status, strtoul(cases[i].answer + 9, NULL, 10));
        core_close(&c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_header_is_added_and_nothing_else),
        cmocka_unit_test(what_a_body_says_against_its_status),
        cmocka_unit_test(what_an_answer_looks_like),
        cmocka_unit_test(a_valid_traceparent_stays_and_an_invalid_one_goes),
        cmocka_unit_test(long_heads_go_on_whole),
        cmocka_unit_test(a_second_request_waits_for_the_first_reply),
        cmocka_unit_test(attacks_reach_no_upstream),
        cmocka_unit_test(nothing_behind_a_bad_chunk_passes),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(bad_responses_are_a_502),
        cmocka_unit_test(a_response_does_not_become_two),
        cmocka_unit_test(a_switch_that_nobody_asked_for_is_a_502),
        cmocka_unit_test(an_answer_instead_of_continue_is_the_last),
        cmocka_unit_test(the_last_request_is_the_last),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(a_client_that_reads_nothing_is_given_up),
        cmocka_unit_test(an_upstream_that_fails_is_a_502),
        cmocka_unit_test(an_idle_upstream_that_closes_ends_the_session),
        cmocka_unit_test(a_tunnel_is_left_alone),
        cmocka_unit_test(the_application_says_its_route_in_a_header),
        cmocka_unit_test(nobody_outside_can_force_a_recording),
        cmocka_unit_test(every_failure_has_its_answer),
        cmocka_unit_test(a_server_timing_is_one_more_line_and_nothing_else),
        cmocka_unit_test(a_switch_of_protocols_has_no_server_timing),
        cmocka_unit_test(the_longest_head_has_room_for_it),
        cmocka_unit_test(requests_without_a_response_give_their_place_back),
    };
    log_init(2, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
