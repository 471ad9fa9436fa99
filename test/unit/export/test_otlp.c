/* SPDX-License-Identifier: Apache-2.0 */
#include "export/otlp.h"

#include <time.h>

#include "http_stub.h"

#define BUSY                                                                                       \
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\n"                  \
    "Connection: close\r\n\r\n"
#define BAD "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
/* partial_success { rejected = 1 } */
#define PARTLY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\x0a\x02\x08\x01"

/* The waits are as many seconds as elsewhere, but such ones. */
#define SECOND_NS 10000000ull

struct lab {
    struct http_stub stub;
    struct otlp *otlp;
};

static struct lab *
lab_with_headers(const char *const *replies, const char *headers_file)
{
    struct lab *l = check_alloc(1, sizeof(*l));
    bool hangs = replies != NULL && strcmp(replies[0], "hang") == 0;
    for (; replies != NULL && *replies != NULL; replies++) {
        l->stub.reply[l->stub.reply_count++] = *replies;
    }
    http_stub_start(&l->stub);
    const struct otlp_config config = {.url = l->stub.url,
                                       .headers_file = headers_file,
                                       .ca_file = "",
                                       .resource = {"shop", "db-1"},
                                       .second_ns = SECOND_NS,
                                       .end_ns = hangs ? 5 * SECOND_NS : 0};
    assert_int_equal(otlp_new(&config, &l->otlp), 0);
    return l;
}

static struct lab *
lab_new(const char *const *replies)
{
    return lab_with_headers(replies, "");
}

static void
lab_free(struct lab *l)
{
    otlp_free(&l->otlp);
    http_stub_stop(&l->stub);
    free(l);
}

static void
put_log(struct lab *l)
{
    otlp_log(l->otlp, 1, "opened", SLICE_LIT("it is slow"), 1, 2);
}

static struct otlp_totals
totals(struct lab *l)
{
    return otlp_totals(l->otlp, OTLP_LOGS);
}

static void
wait_for(struct lab *l, uint64_t sent, uint64_t failed, uint64_t dropped)
{
    const struct timespec step = {0, 500000};
    struct otlp_totals t = totals(l);
    while (t.sent < sent || t.failed < failed || t.dropped < dropped) {
        nanosleep(&step, NULL);
        t = totals(l);
    }
    assert_int_equal(t.sent, sent);
    assert_int_equal(t.dropped, dropped);
}

static void
items_go_out_together_compressed(void **state)
{
    struct lab *l = lab_new(NULL);
    put_log(l);
    put_log(l);
    assert_int_equal(totals(l).queued, 2);
    wait_for(l, 2, 0, 0);
    assert_int_equal(l->stub.count, 1);
    const char *text = l->stub.request[0];
    assert_ptr_equal(strstr(text, "POST /hook/v1/logs HTTP/1.1\r\n"), text);
    assert_non_null(strstr(text, "Content-Type: application/x-protobuf\r\n"));
    assert_non_null(strstr(text, "Content-Encoding: gzip\r\n"));
    assert_memory_equal(http_stub_body(&l->stub, 0), "\x1f\x8b", 2);
    assert_int_equal(totals(l).queued, 0);
    lab_free(l);
}

static void
a_busy_receiver_is_asked_again_with_the_same(void **state)
{
    static const char *const replies[] = {BUSY, NULL};
    struct lab *l = lab_new(replies);
    char error[128];
    put_log(l);
    wait_for(l, 0, 1, 0);
    otlp_error(l->otlp, error);
    assert_string_equal(error, "HTTP status 503");
    put_log(l); /* waits for its turn */
    wait_for(l, 2, 1, 0);
    assert_int_equal(l->stub.count, 3);
    assert_int_equal(l->stub.request_len[0], l->stub.request_len[1]);
    assert_memory_equal(l->stub.request[0], l->stub.request[1], l->stub.request_len[0]);
    lab_free(l);
}

/* Far longer than it would have waited by itself; the other signals do not. */
static void
a_receiver_is_waited_for_as_long_as_it_says(void **state)
{
    static const char *const replies[] = {"HTTP/1.1 429 Too Many\r\nRetry-After: 3600\r\n"
                                          "Content-Length: 0\r\nConnection: close\r\n\r\n",
                                          NULL};
    struct lab *l = lab_new(replies);
    put_log(l);
    wait_for(l, 0, 1, 0);
    for (unsigned i = 1; i <= 10; i++) {
        otlp_metrics(l->otlp, i, SLICE_LIT("{}"), SLICE_NONE);
        http_stub_wait(&l->stub, 1 + i);
    }
    for (unsigned i = 1; i <= 10; i++) {
        assert_non_null(strstr(l->stub.request[i], "POST /hook/v1/metrics "));
    }
    assert_int_equal(totals(l).queued, 1);
    otlp_free(&l->otlp); /* once more, at the end */
    assert_int_equal(l->stub.count, 12);
    assert_non_null(strstr(l->stub.request[11], "POST /hook/v1/logs "));
    lab_free(l);
}

static void
what_is_refused_and_what_was_not_taken_is_counted(void **state)
{
    static const char *const replies[] = {BAD, PARTLY, NULL};
    struct lab *l = lab_new(replies);
    put_log(l);
    wait_for(l, 0, 1, 1);
    put_log(l);
    put_log(l);
    wait_for(l, 1, 1, 2);
    lab_free(l);
}

static void
what_finds_no_room_is_counted_and_the_rest_stays_whole(void **state)
{
    static const char *const replies[] = {"hang", NULL};
    struct lab *l = lab_new(replies);
    static char text[200000];
    memset(text, 'x', sizeof(text));
    for (unsigned i = 0; i < 100; i++) {
        otlp_log(l->otlp, 1, "opened", slice_of(text, sizeof(text)), 1, 2);
    }
    struct otlp_totals t = totals(l);
    assert_true(t.dropped >= 100 - 2 * (OTLP_WAITING_MAX / sizeof(text)));
    assert_int_equal(t.queued + t.dropped, 100);
    lab_free(l);
}

static void
newer_metrics_take_the_place_of_those_that_wait(void **state)
{
    struct lab *l = lab_new(NULL);
    otlp_metrics(l->otlp, 1, SLICE_LIT("{}"), SLICE_NONE);
    uint64_t queued = otlp_totals(l->otlp, OTLP_METRICS).queued;
    otlp_metrics(l->otlp, 2, SLICE_LIT("{}"), SLICE_NONE);
    assert_true(queued > 10);
    assert_int_equal(otlp_totals(l->otlp, OTLP_METRICS).queued, queued);
    lab_free(l);
}

static void
what_waits_at_the_end_is_tried_once_more(void **state)
{
    struct lab *l = lab_new(NULL);
    put_log(l);
    otlp_free(&l->otlp);
    assert_int_equal(l->stub.count, 1);
    lab_free(l);
    static const char *const replies[] = {"hang", NULL};
    l = lab_new(replies);
    put_log(l);
    lab_free(l); /* ends, or this test never does */
}

/* "X-N: vvv..." of this length in all, for each line. */
static void
write_headers(char *path, unsigned lines, unsigned len)
{
    snprintf(path, 64, "/tmp/slowburn-headers-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    for (unsigned i = 0; i < lines; i++) {
        fprintf(f, "X-%u: %0*u\r\n\n", i % 10, (int)len - 5, i);
    }
    fclose(f);
}

static void
headers_go_out_whole_or_not_at_all(void **state)
{
    char path[64], error[128];
    write_headers(path, 8, 4000);
    struct lab *l = lab_with_headers(NULL, path);
    put_log(l);
    wait_for(l, 1, 0, 0);
    const char *first = strstr(l->stub.request[0], "\r\nX-0: "), *end = strstr(first + 2, "\r\n");
    assert_int_equal(end - first, 2 + 4000);
    assert_non_null(strstr(l->stub.request[0], "\r\nX-7: "));
    lab_free(l);
    unlink(path);
    for (unsigned i = 0; i < 2; i++) {
        write_headers(path, i == 0 ? 9 : 1, i == 0 ? 20 : 5000);
        l = lab_with_headers(NULL, path);
        put_log(l);
        wait_for(l, 0, 1, 0);
        otlp_error(l->otlp, error);
        assert_non_null(strstr(error, "the otlp_headers_file has more than 8 lines, or"));
        assert_int_equal(l->stub.count, 0);
        lab_free(l);
        unlink(path);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_go_out_together_compressed),
        cmocka_unit_test(a_busy_receiver_is_asked_again_with_the_same),
        cmocka_unit_test(a_receiver_is_waited_for_as_long_as_it_says),
        cmocka_unit_test(what_is_refused_and_what_was_not_taken_is_counted),
        cmocka_unit_test(what_finds_no_room_is_counted_and_the_rest_stays_whole),
        cmocka_unit_test(newer_metrics_take_the_place_of_those_that_wait),
        cmocka_unit_test(what_waits_at_the_end_is_tried_once_more),
        cmocka_unit_test(headers_go_out_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
