/* SPDX-License-Identifier: Apache-2.0
 * What the console needs of the server: its files, questions, events; and who may not have them. */
#include "serve/connection.h"
#include "serve/console.h"
#include "serve/params.h"
#include "unit/serve/serve_kit.h"

static void
files_are_compressed_and_known_by_their_tag(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    const char *screens[] = {"/", "/incident/1", "/route?name=GET%20/x", "/health"};
    for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" TCP_END, screens[i]);
        const char *reply = ask(connect_tcp(&f), text);
        if (console_asset_count == 0) {
            assert_reply(reply, "404",
                         "{\"error\":\"this slowburn was built without the console\"}");
            continue;
        }
        assert_non_null(strstr(reply, "HTTP/1.1 200"));
        assert_non_null(strstr(reply, "Content-Encoding: gzip\r\n"));
        assert_non_null(strstr(reply, "Content-Security-Policy: default-src 'none'; "));
    }
    for (unsigned i = 0; i < console_asset_count; i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nIf-None-Match: %s\r\n" TCP_END,
                 console_assets[i].path, console_assets[i].etag);
        assert_reply(ask(connect_tcp(&f), text), "304", "");
    }
    assert_reply(ask(connect_tcp(&f), "POST / HTTP/1.1\r\n" TCP_END), "401", NO_TOKEN);
    assert_reply(ask(connect_tcp(&f), "GET /nothing HTTP/1.1\r\n" TCP_END), "404",
                 "{\"error\":\"no such path; doc/api.md lists them\"}");
    fixture_stop(&f);
}

#define OTHER_SITE "{\"error\":\"pages of other sites may not use this API\"}"

static void
other_sites_are_kept_out(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    put(&f, SERVE_STATUS, "{}");
    const struct {
        const char *fields;
        bool allowed;
    } cases[] = {
        {"", true},
        {"Sec-Fetch-Site: same-origin\r\n", true},
        {"Sec-Fetch-Site: none\r\n", true},
        {"Sec-Fetch-Site: same-site\r\n", false},
        {"Sec-Fetch-Site: cross-site\r\n", false},
        {"Origin: http://localhost:7433\r\n", true},
        {"Origin: http://LOCALHOST:7433\r\n", true},
        {"Origin: http://localhost:8080\r\n", false},
        {"Origin: http://evil.example\r\n", false},
        {"Origin: null\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET /api/v1/status HTTP/1.1\r\n%s" TCP_END, cases[i].fields);
        bool allowed = cases[i].allowed;
        assert_reply(ask(connect_tcp(&f), text), allowed ? "200" : "403",
                     allowed ? "{}" : OTHER_SITE);
        /* The unix socket may have a web server in front of it. */
        snprintf(text, sizeof(text), "POST /api/v1/incidents/1/ack HTTP/1.1\r\n%s" TCP_END,
                 cases[i].fields);
        assert_reply(ask(connect_unix(&f), text), allowed ? "200" : "403",
                     allowed ? "{\"ok\":true}" : OTHER_SITE);
    }
    fixture_stop(&f);
}

static void
questions_carry_what_was_asked(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/overview?from=5&to=7 HTTP/1.1\r\n" TCP_END),
                 "200", "{}");
    assert_true(f.asked.kind == SERVE_OVERVIEW && f.asked.from_s == 5 && f.asked.to_s == 7);
    assert_reply(
        ask(connect_tcp(&f), "GET /api/v1/route?name=GET%20/a%7bid%7D HTTP/1.1\r\n" TCP_END), "200",
        "{}");
    assert_true(f.asked.kind == SERVE_ROUTE && f.asked.from_s == 0);
    assert_string_equal(f.asked.name, "GET /a{id}");
    assert_reply(ask(connect_tcp(&f),
                     "GET /api/v1/query?to=9&fingerprint=00000000000000ff HTTP/1.1\r\n" TCP_END),
                 "200", "{}");
    assert_true(f.asked.kind == SERVE_QUERY && f.asked.fingerprint == 255 && f.asked.to_s == 9);
    assert_reply(
        ask(connect_tcp(&f), "GET /api/v1/plans?fingerprint=00000000000000ff HTTP/1.1\r\n" TCP_END),
        "200", "{}");
    assert_true(f.asked.kind == SERVE_PLANS && f.asked.fingerprint == 255);
    (void)ask(connect_tcp(&f), "GET /api/v1/traces?route=GET%20/a%7bid%7D HTTP/1.1\r\n" TCP_END);
    assert_int_equal(f.last.kind, SERVE_TRACES);
    assert_string_equal(f.last.text, "GET /a{id}");
    (void)ask(connect_tcp(&f), "GET /api/v1/traces HTTP/1.1\r\n" TCP_END);
    assert_string_equal(f.last.text, "");
    (void)ask(connect_tcp(&f), "GET /api/v1/windows?len=10&since=1700000000 HTTP/1.1\r\n" TCP_END);
    assert_true(f.last.kind == SERVE_WINDOWS && f.last.seconds == 10);
    assert_string_equal(f.last.text, "1700000000");
    (void)ask(connect_tcp(&f), "GET /api/v1/windows?len=1 HTTP/1.1\r\n" TCP_END);
    assert_true(f.last.kind == SERVE_WINDOWS && f.last.seconds == 1);
    assert_string_equal(f.last.text, "0");
    f.result = -ENODATA;
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/route?name=x HTTP/1.1\r\n" TCP_END), "404",
                 "{\"error\":\"nothing of this name is known in this time\"}");
    const char *bad[] = {"overview?from=x",
                         "route",
                         "route?name=",
                         "query?fingerprint=ff",
                         "query?fingerprint=-0000000000000ff",
                         "plans",
                         "traces?route=%0a",
                         "windows",
                         "windows?len=60",
                         "windows?len=1&since=-1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET /api/v1/%s HTTP/1.1\r\n" TCP_END, bad[i]);
        assert_memory_equal(ask(connect_tcp(&f), text), "HTTP/1.1 400", 12);
    }
    put(&f, SERVE_INCIDENTS, "[{\"id\":3}]");
    const char *reply =
        ask(connect_tcp(&f), "GET /api/v1/incidents/3/postmortem HTTP/1.1\r\n" TCP_END);
    assert_non_null(strstr(reply, "Content-Type: text/markdown; charset=utf-8\r\n"));
    assert_reply(reply, "200", "# Postmortem 3\n");
    fixture_stop(&f);
}

static void
members_are_decoded_or_refused(void **state)
{
    struct slice query = SLICE_LIT("a=1&b=x+y%2fz&c=%4&d=%00&e&f=12345678&a=2");
    char text[8];
    uint64_t number;
    assert_int_equal(params_text(query, "b", text, sizeof(text)), 0);
    assert_string_equal(text, "x y/z");
    assert_int_equal(params_text(query, "c", text, sizeof(text)), -EINVAL);
    assert_int_equal(params_text(query, "d", text, sizeof(text)), -EINVAL);
    assert_int_equal(params_text(query, "e", text, sizeof(text)), -EINVAL);
    assert_int_equal(params_text(query, "f", text, sizeof(text)), -E2BIG);
    assert_int_equal(params_text(query, "g", text, sizeof(text)), -ENOENT);
    assert_int_equal(params_u64(query, "a", 9, &number), 0);
    assert_int_equal(number, 1);
    assert_int_equal(params_u64(query, "g", 9, &number), 0);
    assert_int_equal(number, 9);
    assert_int_equal(params_u64(query, "b", 9, &number), -EINVAL);
}

/* Reads the stream until this text came; its own reader, because a stream has no end. */
static void
await_text(int fd, const char *wanted)
{
    char got[4096] = "";
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (strstr(got, wanted) == NULL) {
        if (poll(&p, 1, 60000) != 1 || len + 1 >= sizeof(got)) {
            fail_msg("wanted %s, got %s", wanted, got);
        }
        ssize_t n = recv(fd, got + len, sizeof(got) - 1 - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
        got[len] = '\0';
    }
}

static void
await_subscribers(const struct fixture *f, uint64_t count)
{
    for (int i = 0; i < 6000 && serve_totals(f->serve).subscribers != count; i++) {
        usleep(10000);
    }
    assert_int_equal(serve_totals(f->serve).subscribers, count);
}

#define SUBSCRIBE "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void
changes_are_told(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    put(&f, SERVE_STATUS, "{}");
    int fd = connect_tcp(&f);
    send_text(fd, SUBSCRIBE);
    await_text(fd, "event: change\ndata: {\"documents\":[\"status\"]}\n\n");
    await_subscribers(&f, 1);
    put(&f, SERVE_STATUS, "{}"); /* the same text is no change */
    put(&f, SERVE_INCIDENTS, "[]");
    put(&f, SERVE_QUERIES, "[]");
    await_text(fd, "data: {\"documents\":[\"incidents\",\"queries\"]}\n\n");
    close(fd);
    await_subscribers(&f, 0);
    assert_int_equal(serve_totals(f.serve).subscribers_dropped, 0);
    fixture_stop(&f);
}

static void
too_many_subscribers_are_refused(void **state)
{
    struct fixture f;
    int fds[SERVE_SUBSCRIBERS_MAX];
    fixture_start(&f, (struct serve_config){0});
    put(&f, SERVE_STATUS, "{}");
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = connect_tcp(&f);
        send_text(fds[i], SUBSCRIBE);
        await_text(fds[i], "\n\n");
    }
    await_subscribers(&f, SERVE_SUBSCRIBERS_MAX);
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/events HTTP/1.1\r\n" TCP_END), "503",
                 "{\"error\":\"too many consoles are open\"}");
    /* Everybody else is served all the same. */
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/status HTTP/1.1\r\n" TCP_END), "200", "{}");
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        close(fds[i]);
    }
    await_subscribers(&f, 0);
    fixture_stop(&f);
}

static uint64_t
ever_newer(void *ctx, enum serve_document which)
{
    uint64_t *version = ctx;
    (void)which;
    return ++*version;
}

/* In time of its own: the socket takes some events, then one waits, and then the reader goes. */
static void
a_subscriber_that_does_not_read_is_dropped(void **state)
{
    int pair[2];
    const int small = 1;
    uint64_t version = 0, now_ns = NS_PER_S;
    struct connection_env env = {.source = {.ctx = &version, .version = ever_newer},
                                 .idle_timeout_ns = 60 * NS_PER_S,
                                 .slow_timeout_ns = 10 * NS_PER_S};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    struct connection *c = connection_new(pair[0], API_UNIX, now_ns, &env);
    send_text(pair[1], SUBSCRIBE);
    connection_turn(c, &env, POLLIN, now_ns);
    assert_int_equal(c->state, CONNECTION_STREAM);
    assert_int_equal(env.subscribers, 1);
    uint64_t told = 0;
    for (int i = 0; i < 1000 && c->state == CONNECTION_STREAM; i++) {
        now_ns += NS_PER_S;
        told = version;
        connection_tick(c, &env, now_ns);
    }
    assert_int_equal(c->state, CONNECTION_GONE);
    assert_int_equal(env.subscribers_dropped, 1);
    assert_int_equal(version, told); /* nothing was made for it while one waited */
    connection_free(&c);
    close(pair[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_compressed_and_known_by_their_tag),
        cmocka_unit_test(other_sites_are_kept_out),
        cmocka_unit_test(questions_carry_what_was_asked),
        cmocka_unit_test(members_are_decoded_or_refused),
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(too_many_subscribers_are_refused),
        cmocka_unit_test(a_subscriber_that_does_not_read_is_dropped),
    };
    log_init(2, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
