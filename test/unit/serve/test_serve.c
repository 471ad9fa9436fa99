/* SPDX-License-Identifier: Apache-2.0
 * The whole server over real sockets, with a source that is made up. */
#include "unit/serve/serve_kit.h"

static void
documents_are_served(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    assert_reply(ask(connect_tcp(&f), "GET /healthz HTTP/1.1\r\n" TCP_END), "503",
                 "{\"error\":\"starting: there is nothing to show yet\"}");
    put(&f, SERVE_INCIDENTS, "[{\"id\":2,\"state\":\"open\"},{\"id\":1,\"state\":\"closed\"}]");
    put(&f, SERVE_QUERIES, "[1]");
    put(&f, SERVE_REQUESTS, "[2]");
    put(&f, SERVE_STATUS, "{}");
    put(&f, SERVE_QUERIES, "[3]");
    assert_reply(ask(connect_tcp(&f), "GET /healthz HTTP/1.1\r\n" TCP_END), "200", "{\"ok\":true}");
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/queries?sort=time HTTP/1.1\r\n" TCP_END), "200",
                 "[3]");
    assert_reply(ask(connect_unix(&f), "GET /api/v1/requests HTTP/1.0\r\n\r\n"), "200", "[2]");
    assert_reply(ask(connect_unix(&f), "GET /api/v1/status HTTP/1.1\r\n" UNIX_END), "200", "{}");
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/incidents/1 HTTP/1.1\r\n" TCP_END), "200",
                 "{\"id\":1,\"state\":\"closed\"}");
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/incidents/3 HTTP/1.1\r\n" TCP_END), "404",
                 "{\"error\":\"there is no such incident\"}");
    assert_reply(ask(connect_tcp(&f), "HEAD /api/v1/queries HTTP/1.1\r\n" TCP_END), "200", "");
    const char *unknown[] = {"/api/v1/incidents/",   "/api/v1/incidents/x",
                             "/api/v1/incidents/1/", "/api/v1/incidents/1/open",
                             "/api/v1/traces/",      "/api/v1/traces/5c1f/spans",
                             "/api/v2/queries"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" TCP_END, unknown[i]);
        assert_reply(ask(connect_tcp(&f), text), "404",
                     "{\"error\":\"no such path; doc/api.md lists them\"}");
    }
    fixture_stop(&f);
}

static void
only_loopback_names_may_ask_over_tcp(void **state)
{
    struct fixture f;
    fixture_start(&f, (struct serve_config){0});
    put(&f, SERVE_STATUS, "{}");
    const char *good[] = {"localhost", "127.0.0.1:7433", "[::1]:1", "LOCALHOST:80"};
    const char *bad[] = {"evil.example",
                         "localhost.evil.example",
                         "127.0.0.1.evil",
                         "[::1]evil",
                         "localhost:80x",
                         "localhost:",
                         "",
                         "127.0.0.2"};
    char text[256];
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        snprintf(text, sizeof(text),
                 "GET /api/v1/status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", good[i]);
        assert_reply(ask(connect_tcp(&f), text), "200", "{}");
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(text, sizeof(text),
                 "GET /api/v1/status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", bad[i]);
        assert_reply(ask(connect_tcp(&f), text), "403",
                     "{\"error\":\"on TCP the Host must be localhost, 127.0.0.1 or [::1]\"}");
    }
    assert_reply(ask(connect_tcp(&f), "GET /api/v1/status HTTP/1.0\r\n\r\n"), "403",
                 "{\"error\":\"on TCP the Host must be localhost, 127.0.0.1 or [::1]\"}");
    fixture_stop(&f);
}

static void
changes_need_the_socket_or_the_token(void **state)
{
    struct fixture f;
    struct token token;
    struct diag diag = {0};
    struct stat st;
    char text[512];
    fixture_start(&f, (struct serve_config){0});
    assert_int_equal(stat(f.socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(text, sizeof(text), "%s/%s", f.dir, SERVE_TOKEN_NAME);
    assert_int_equal(stat(text, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(token_load(f.dir, &diag, &token), 0);

    assert_reply(ask(connect_tcp(&f), "POST /api/v1/incidents/7/ack HTTP/1.1\r\n" TCP_END), "401",
                 NO_TOKEN);
    snprintf(text, sizeof(text),
             "POST /api/v1/incidents/7/ack HTTP/1.1\r\nAuthorization: Bearer %.63sx\r\n" TCP_END,
             token.text);
    assert_reply(ask(connect_tcp(&f), text), "401", NO_TOKEN);
    snprintf(text, sizeof(text),
             "POST /api/v1/incidents/7/ack HTTP/1.1\r\nAuthorization: bearer %s\r\n" TCP_END,
             token.text);
    assert_reply(ask(connect_tcp(&f), text), "200", "{\"ok\":true}");
    assert_true(f.last.kind == SERVE_ACK && f.last.incident == 7);
    assert_reply(ask(connect_unix(&f), "POST /api/v1/incidents/8/close HTTP/1.1\r\n" UNIX_END),
                 "200", "{\"ok\":true}");
    assert_true(f.last.kind == SERVE_CLOSE && f.last.incident == 8);
    assert_reply(ask(connect_unix(&f), "POST /api/v1/deploys HTTP/1.1\r\nContent-Length: 15\r\n"
                                       "Host: x\r\nConnection: close\r\n\r\n{\"name\": \"v 2\"}"),
                 "200", "{\"deploy\":\"taken\"}");
    assert_string_equal(f.last.text, "v 2");
    assert_reply(ask(connect_unix(&f), "POST /api/v1/deploys HTTP/1.1\r\nContent-Length: 40\r\n"
                                       "Host: x\r\nConnection: close\r\n\r\n"
                                       "{\"name\":\"v2\",\"affects\":[\"GET /a\",\"b c\"]}"),
                 "200", "{\"deploy\":\"taken\"}");
    assert_string_equal(f.last.text, "v2\nGET /a\nb c");
    assert_reply(ask(connect_unix(&f), "POST /api/v1/deploys HTTP/1.1\r\nContent-Length: 33\r\n"
                                       "Host: x\r\nConnection: close\r\n\r\n"
                                       "{\"name\":\"v2\",\"affects\":[\"GET\",7]}"),
                 "400",
                 "{\"error\":\"affects[1] must be a route or a fingerprint of 1 to 511 printable "
                 "bytes\"}");
    assert_reply(ask(connect_unix(&f), "GET /api/v1/deploys HTTP/1.1\r\n" UNIX_END), "405",
                 "{\"error\":\"this path does not take that method\"}");
    assert_reply(ask(connect_unix(&f), "POST /api/v1/status HTTP/1.1\r\n" UNIX_END), "405",
                 "{\"error\":\"this path does not take that method\"}");
    fixture_stop(&f);
}

static void
bad_deploys_are_refused(void **state)
{
    struct fixture f;
    char text[1024];
    char name[SERVE_NAME_MAX + 1];
    memset(name, 'n', SERVE_NAME_MAX);
    name[SERVE_NAME_MAX] = '\0';
    char too_long[200];
    snprintf(too_long, sizeof(too_long), "{\"name\":\"%s\"}", name);
    const char *bodies[] = {"",
                            "{",
                            "[]",
                            "{\"name\":1}",
                            "{\"name\":\"\"}",
                            "{\"name\":\"  \"}",
                            "{\"name\":\"a\\nb\"}",
                            "{\"name\":\"a\\u0000b\"}",
                            "{\"name\":\"a\",\"name\":\"b\"}",
                            too_long};
    fixture_start(&f, (struct serve_config){0});
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        snprintf(text, sizeof(text),
                 "POST /api/v1/deploys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 strlen(bodies[i]), bodies[i]);
        assert_reply(ask(connect_unix(&f), text), "400",
                     "{\"error\":\"the body must be {\\\"name\\\": \\\"...\\\"} with 1 to 127 "
                     "printable bytes\"}");
    }
    fixture_stop(&f);
}

static void
results_become_statuses(void **state)
{
    struct fixture f;
    const char *text = "POST /api/v1/incidents/7/ack HTTP/1.1\r\n" UNIX_END;
    fixture_start(&f, (struct serve_config){.command_wait_ns = 50 * NS_PER_MS});
    f.result = -ENOENT;
    assert_reply(ask(connect_unix(&f), text), "404",
                 "{\"error\":\"there is no such incident, trace or mute\"}");
    f.result = -EALREADY;
    assert_reply(ask(connect_unix(&f), text), "409", "{\"error\":\"that was done before\"}");
    f.result = -EIO;
    assert_reply(ask(connect_unix(&f), text), "500",
                 "{\"error\":\"the analyzer could not do this\"}");
    f.mode = 2;
    assert_reply(ask(connect_unix(&f), text), "503",
                 "{\"error\":\"too many requests are waiting; try again\"}");
    f.mode = 1;
    assert_reply(ask(connect_unix(&f), text), "504",
                 "{\"error\":\"the analyzer did not answer in time; it may still do what was "
                 "asked\"}");
    /* The answer comes when nobody waits any more. */
    serve_answer(f.serve, f.last.ticket, 0, NULL);
    f.mode = 0;
    f.result = 0;
    assert_reply(ask(connect_unix(&f), text), "200", "{\"ok\":true}");
    struct serve_totals totals = serve_totals(f.serve);
    assert_true(totals.requests >= 5 && totals.errors >= 4);
    fixture_stop(&f);
}

/* A connection that is served and stays open; those that have just ended may still count. */
static int
hold(const struct fixture *f)
{
    char got[16];
    for (int i = 0; i < 1000; i++) {
        int fd = connect_unix(f);
        send_text(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        if (receive(fd, got, 15) == 15 && strcmp(got, "HTTP/1.1 200 OK") == 0) {
            return fd;
        }
        close(fd);
        usleep(10000);
    }
    fail_msg("no connection was served");
    return -1;
}

static void
what_is_too_much_is_refused(void **state)
{
    struct fixture f;
    static char text[SERVE_HEAD_MAX + 1024];
    fixture_start(&f, (struct serve_config){.connections_max = 2});
    size_t at = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: ");
    memset(text + at, 'a', SERVE_HEAD_MAX);
    text[at + SERVE_HEAD_MAX] = '\0';
    assert_reply(ask(connect_unix(&f), text), "431", "{\"error\":\"the head is too long\"}");
    assert_reply(ask(connect_unix(&f), "GARBAGE\r\n\r\n"), "400",
                 "{\"error\":\"the request line has not three parts\"}");
    assert_reply(ask(connect_unix(&f), "POST /api/v1/deploys HTTP/1.1\r\nHost: x\r\n"
                                       "Content-Length: 100000000\r\n\r\n"),
                 "413", "{\"error\":\"the body is too long\"}");
    put(&f, SERVE_STATUS, "{}");
    /* One that only idles makes room, one that asks for something does not. */
    int first = hold(&f);
    send_text(first, "GET");
    int second = hold(&f);
    int third = hold(&f);
    char rest[1024];
    receive(second, rest, sizeof(rest) - 1);
    assert_int_equal(recv(second, rest, 1, MSG_DONTWAIT), 0);
    send_text(third, "GET");
    uint64_t refused = serve_totals(f.serve).refused;
    assert_reply(ask(connect_tcp(&f), ""), "503", "");
    assert_int_equal(serve_totals(f.serve).refused, refused + 1);
    close(third);
    close(first);
    close(second);
    fixture_stop(&f);
}

static void
slow_and_silent_clients_are_cut_off(void **state)
{
    struct fixture f;
    char byte[2];
    /* Each by itself: this thread may take longer than the other's time to say its first word. */
    fixture_start(&f, (struct serve_config){.slow_timeout_ns = 100 * NS_PER_MS});
    assert_reply(ask(connect_tcp(&f), "GET /api"), "408",
                 "{\"error\":\"the request did not come in time\"}");
    fixture_stop(&f);
    fixture_start(&f, (struct serve_config){.idle_timeout_ns = 50 * NS_PER_MS});
    int silent = connect_tcp(&f);
    assert_int_equal(receive(silent, byte, 1), 0);
    close(silent);
    fixture_stop(&f);
}

static void
requests_follow_one_another(void **state)
{
    struct fixture f;
    static char big[512 * 1024];
    static char got[600 * 1024];
    fixture_start(&f, (struct serve_config){0});
    memset(big, ' ', sizeof(big) - 1);
    memcpy(big, "[4]", 3);
    put(&f, SERVE_QUERIES, big);
    put(&f, SERVE_STATUS, "{}");
    int fd = connect_tcp(&f);
    const char *text = "GET /api/v1/queries HTTP/1.1\r\nHost: localhost\r\n\r\n"
                       "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (const char *p = text; *p != '\0'; p++) {
        assert_int_equal(send(fd, p, 1, MSG_NOSIGNAL), 1);
    }
    send_text(fd, "GET /healthz HTTP/1.1\r\n" TCP_END);
    size_t len = receive(fd, got, sizeof(got) - 1);
    close(fd);
    assert_true(len > sizeof(big));
    assert_string_equal(got + len - 11, "{\"ok\":true}");

    /* A body in chunks, asked for with 100 Continue. */
    fd = connect_unix(&f);
    send_text(fd, "POST /api/v1/deploys HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                  "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    assert_int_equal(receive(fd, got, 25), 25);
    assert_string_equal(got, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_reply(ask(fd, "5\r\n{\"nam\r\n9\r\ne\":\"v22\"}\r\n0\r\n\r\n"), "200",
                 "{\"deploy\":\"taken\"}");
    assert_string_equal(f.last.text, "v22");
    fixture_stop(&f);
}

static void
a_socket_in_use_is_not_taken_and_a_dead_one_is(void **state)
{
    struct fixture f;
    struct fixture g = {0};
    struct diag diag = {0};
    struct serve *second = NULL;
    fixture_start(&f, (struct serve_config){0});
    struct serve_config config = {.tcp_fd = -1, .unix_fd = -1, .data_dir = f.dir};
    struct serve_source source = {.ctx = &g, .document = document, .command = take_command};
    assert_int_equal(serve_new(&config, &source, &diag, &second), -EADDRINUSE);
    assert_true(diag_is_set(&diag) && second == NULL);
    assert_int_equal(access(f.socket_path, F_OK), 0);
    fixture_stop(&f);

    fixture_start(&f, (struct serve_config){0});
    serve_free(&f.serve);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", f.socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    assert_int_equal(access(f.socket_path, F_OK), 0);
    config.data_dir = f.dir;
    diag = (struct diag){0};
    assert_int_equal(serve_new(&config, &source, &diag, &f.serve), 0);
    fixture_stop(&f);
}

static void
the_token_outlives_a_restart_but_not_wide_rights(void **state)
{
    char dir[] = "/tmp/slowburn-token-XXXXXX";
    char path[128];
    struct diag diag = {0};
    struct token first;
    struct token second;
    struct token third;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/%s", dir, SERVE_TOKEN_NAME);
    assert_int_equal(token_load(dir, &diag, &first), 0);
    assert_int_equal(token_load(dir, &diag, &second), 0);
    assert_string_equal(first.text, second.text);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(token_load(dir, &diag, &third), 0);
    assert_string_not_equal(first.text, third.text);
    assert_false(token_matches(&third, slice_from_str(first.text)));
    assert_true(token_matches(&third, slice_from_str(third.text)));
    assert_false(token_matches(&third, SLICE_NONE));
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(token_load(dir, &diag, &third), -ENOENT);
    assert_true(diag_is_set(&diag));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_served),
        cmocka_unit_test(only_loopback_names_may_ask_over_tcp),
        cmocka_unit_test(changes_need_the_socket_or_the_token),
        cmocka_unit_test(bad_deploys_are_refused),
        cmocka_unit_test(results_become_statuses),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(slow_and_silent_clients_are_cut_off),
        cmocka_unit_test(requests_follow_one_another),
        cmocka_unit_test(a_socket_in_use_is_not_taken_and_a_dead_one_is),
        cmocka_unit_test(the_token_outlives_a_restart_but_not_wide_rights),
    };
    log_init(2, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
