/* SPDX-License-Identifier: Apache-2.0 */
#include "export/webhook.h"

#include <errno.h>
#include <time.h>

#include "base/buf.h"
#include "http_stub.h"
#include "io/now.h"

#define TOO_MANY                                                                                   \
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 0\r\n"                    \
    "Connection: close\r\n\r\n"
#define NOT_FOUND "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define CUT       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"
#define SLACK_OK                                                                                   \
    "HTTP/1.1 200 OK\r\nContent-Length: 32\r\nConnection: close\r\n\r\n"                           \
    "{\"ok\": true, \"ts\": \"17958640.1\"}"

struct lab {
    struct http_stub stub;
    struct webhooks *webhooks;
    pthread_mutex_t lock;
    char blob[4096]; /* what the store has */
    char secret[64];
};

static void
on_told(void *ctx, const char *name, struct slice blob)
{
    struct lab *l = ctx;
    pthread_mutex_lock(&l->lock);
    slice_to_str(blob, l->blob, sizeof(l->blob));
    pthread_mutex_unlock(&l->lock);
}

static struct lab *
lab_new(void)
{
    struct lab *l = check_alloc(1, sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    http_stub_start(&l->stub);
    strcpy(l->secret, "/tmp/slowburn-webhook-XXXXXX");
    int fd = mkstemp(l->secret);
    assert_int_equal(write(fd, "xoxb-secret\n", 12), 12);
    close(fd);
    return l;
}

static void
start(struct lab *l, const char *kind)
{
    const struct webhooks_config config = {"db-1", ""};
    const struct webhooks_out out = {l, on_told};
    struct webhook_settings s = {0};
    struct diag diag = {0};
    l->webhooks = webhooks_new(&config, &out);
    assert_int_equal(webhook_settings_set(&s, "kind", slice_from_str(kind), &diag), 0);
    assert_int_equal(webhook_settings_set(&s, "url", slice_from_str(l->stub.url), &diag), 0);
    if (strcmp(kind, "slack") == 0) {
        assert_int_equal(webhook_settings_set(&s, "channel", SLICE_LIT("C1"), &diag), 0);
    }
    assert_int_equal(webhook_settings_set(&s, "secret_file", slice_from_str(l->secret), &diag), 0);
    assert_int_equal(webhooks_add(l->webhooks, "ops", &s), 0);
    if (l->blob[0] != '\0') {
        assert_int_equal(webhooks_restore(l->webhooks, "ops", slice_from_str(l->blob)), 0);
    }
    webhooks_start(l->webhooks);
}

static void
lab_free(struct lab *l)
{
    webhooks_free(&l->webhooks);
    http_stub_stop(&l->stub);
    unlink(l->secret);
    free(l);
}

static void
put(struct lab *l, uint32_t id, const char *state)
{
    char json[256];
    int len = snprintf(json, sizeof(json),
                       "{\"id\": %u, \"state\": \"%s\", \"subject\": \"GET /a\", \"causes\": [{}],"
                       " \"opened_at\": \"2026-11-28T11:07:00.000Z\","
                       " \"measured_change_ms\": 100.0}",
                       id, state);
    webhooks_incident(l->webhooks, id, slice_of(json, (size_t)len));
}

static struct webhook_totals
totals(struct lab *l)
{
    struct webhook_totals t;
    assert_true(webhooks_totals(l->webhooks, 0, &t));
    return t;
}

static void
wait_for_answers(struct lab *l, uint64_t sent, uint64_t failed)
{
    const struct timespec step = {0, 5000000};
    while (totals(l).sent < sent || totals(l).failed < failed) {
        nanosleep(&step, NULL);
    }
}

static void
one_message_for_each_change_signed(void **state)
{
    struct lab *l = lab_new();
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 1, 0);
    put(l, 1, "open");
    put(l, 1, "open");
    put(l, 1, "fixing");
    wait_for_answers(l, 2, 0);
    put(l, 1, "recovered");
    wait_for_answers(l, 3, 0);
    put(l, 1, "closed");
    wait_for_answers(l, 4, 0);
    put(l, 1, "closed");
    static const char *const changes[] = {"opened", "fixing", "recovered", "closed"};
    for (unsigned i = 0; i < 4; i++) {
        char delivery[160];
        json_t *o = json_loads(http_stub_body(&l->stub, i), 0, NULL);
        assert_string_equal(json_string_value(json_object_get(o, "change")), changes[i]);
        snprintf(delivery, sizeof(delivery),
                 "Slowburn-Delivery: slowburn/db-1/1/2026-11-28T11:07:00.000Z/%u\r\n", i + 1);
        assert_non_null(strstr(l->stub.request[i], delivery));
        assert_non_null(strstr(l->stub.request[i], "Slowburn-Signature: sha256="));
        assert_null(strstr(l->stub.request[i], "xoxb-secret"));
        json_decref(o);
    }
    assert_int_equal(totals(l).failed + totals(l).dropped + totals(l).merged, 0);
    lab_free(l);
}

static void
nothing_is_told_twice_after_a_restart_and_nothing_is_lost(void **state)
{
    struct lab *l = lab_new();
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 1, 0);
    webhooks_free(&l->webhooks);
    start(l, "generic");
    put(l, 7, "recovered"); /* over when it is first heard of */
    put(l, 1, "open");      /* told already */
    put(l, 2, "open");
    wait_for_answers(l, 1, 0);
    put(l, 1, "recovered");
    wait_for_answers(l, 2, 0);
    assert_int_equal(l->stub.count, 3);
    assert_non_null(strstr(http_stub_body(&l->stub, 1), "\"id\":2"));
    assert_non_null(strstr(http_stub_body(&l->stub, 2), "\"change\":\"recovered\""));
    lab_free(l);
}

static void
what_could_not_be_told_before_a_restart_is_told_after_it(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = TOO_MANY;
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 0, 1);
    webhooks_free(&l->webhooks);
    start(l, "generic");
    put(l, 1, "recovered");
    wait_for_answers(l, 1, 0);
    assert_non_null(strstr(http_stub_body(&l->stub, 1), "\"change\":\"recovered\""));
    lab_free(l);
}

static void
failures_are_tried_again_and_counted(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = TOO_MANY;
    l->stub.reply[l->stub.reply_count++] = CUT;
    start(l, "generic");
    put(l, 1, "open");
    http_stub_wait(&l->stub, 1);
    wait_for_answers(l, 0, 1);
    assert_int_equal(totals(l).status, 429); /* for the three seconds that it asked for */
    assert_string_equal(totals(l).error, "HTTP status 429");
    wait_for_answers(l, 1, 2);
    assert_int_equal(totals(l).sent, 1);
    assert_string_equal(totals(l).error, "");
    lab_free(l);
}

static void
what_happens_meanwhile_takes_the_place_of_what_waits(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = TOO_MANY;
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 0, 1);
    put(l, 1, "recovered");
    wait_for_answers(l, 1, 1);
    assert_int_equal(l->stub.count, 2);
    assert_non_null(strstr(http_stub_body(&l->stub, 1), "\"change\":\"recovered\""));
    assert_int_equal(totals(l).merged, 1);
    lab_free(l);
}

static void
what_is_refused_for_good_is_dropped_and_counted(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = NOT_FOUND;
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 0, 1);
    put(l, 1, "recovered");
    wait_for_answers(l, 1, 1);
    assert_int_equal(l->stub.count, 2);
    assert_int_equal(totals(l).dropped, 1);
    lab_free(l);
}

static void
a_slack_bot_answers_in_the_thread_of_its_first_message(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = SLACK_OK;
    l->stub.reply[l->stub.reply_count++] = SLACK_OK;
    start(l, "slack");
    put(l, 1, "open");
    wait_for_answers(l, 1, 0);
    webhooks_free(&l->webhooks);
    start(l, "slack"); /* the thread is known after a restart, too */
    put(l, 1, "recovered");
    wait_for_answers(l, 1, 0);
    assert_non_null(strstr(l->stub.request[0], "Authorization: Bearer xoxb-secret\r\n"));
    assert_null(strstr(http_stub_body(&l->stub, 0), "thread_ts"));
    assert_non_null(strstr(http_stub_body(&l->stub, 1), "\"thread_ts\":\"17958640.1\""));
    put(l, 1, "closed"); /* nothing new to it */
    assert_int_equal(totals(l).queued, 0);
    lab_free(l);
}

static void
a_secret_that_others_may_read_is_not_used(void **state)
{
    struct lab *l = lab_new();
    assert_int_equal(chmod(l->secret, 0644), 0);
    start(l, "generic");
    put(l, 1, "open");
    wait_for_answers(l, 0, 1);
    assert_non_null(strstr(totals(l).error, "others may read"));
    assert_int_equal(l->stub.count, 0);
    lab_free(l);
}

static void
a_receiver_that_says_nothing_does_not_hold_up_the_end(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = "hang";
    start(l, "generic");
    put(l, 1, "open");
    http_stub_wait(&l->stub, 1);
    lab_free(l); /* at once, or this test never ends within its time */
}

static void
a_full_table_lets_the_oldest_go_and_counts_it(void **state)
{
    struct lab *l = lab_new();
    l->stub.reply[l->stub.reply_count++] = "hang";
    start(l, "generic");
    put(l, 1, "open");
    http_stub_wait(&l->stub, 1);
    for (uint32_t id = 2; id <= WEBHOOKS_INCIDENTS_MAX + 3; id++) {
        put(l, id, "open");
    }
    assert_int_equal(totals(l).dropped, 3);
    lab_free(l);
}

/* The only look at a clock: what is bounded is a rate, and a slow machine is below it. */
static void
so_many_at_once_and_then_at_a_pace(void **state)
{
    struct lab *l = lab_new();
    start(l, "generic");
    uint64_t begin_ns = now_monotonic_ns();
    for (uint32_t id = 1; id <= WEBHOOKS_BURST + 1; id++) {
        put(l, id, "open");
    }
    wait_for_answers(l, WEBHOOKS_BURST + 1, 0);
    assert_true(now_monotonic_ns() - begin_ns >= (WEBHOOKS_PACE_S - 1) * 1000000000ull);
    assert_int_equal(totals(l).dropped, 0);
    lab_free(l);
}

static void
nonsense_is_refused(void **state)
{
    struct lab *l = lab_new();
    start(l, "generic");
    webhooks_incident(l->webhooks, 1, SLICE_LIT("{\"state\": \"else\"}"));
    webhooks_incident(l->webhooks, 1, SLICE_LIT("no json"));
    webhooks_free(&l->webhooks);
    const struct webhooks_config config = {"db-1", ""};
    const struct webhooks_out out = {l, on_told};
    l->webhooks = webhooks_new(&config, &out);
    assert_int_equal(webhooks_restore(l->webhooks, "ops", SLICE_LIT("[]")), -EBADMSG);
    struct webhook_settings s = {0};
    for (unsigned i = 0; i < WEBHOOKS_MAX; i++) {
        assert_int_equal(webhooks_add(l->webhooks, "x", &s), 0);
    }
    assert_int_equal(webhooks_add(l->webhooks, "x", &s), -ENOSPC);
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_for_each_change_signed),
        cmocka_unit_test(nothing_is_told_twice_after_a_restart_and_nothing_is_lost),
        cmocka_unit_test(what_could_not_be_told_before_a_restart_is_told_after_it),
        cmocka_unit_test(failures_are_tried_again_and_counted),
        cmocka_unit_test(what_happens_meanwhile_takes_the_place_of_what_waits),
        cmocka_unit_test(what_is_refused_for_good_is_dropped_and_counted),
        cmocka_unit_test(a_slack_bot_answers_in_the_thread_of_its_first_message),
        cmocka_unit_test(a_secret_that_others_may_read_is_not_used),
        cmocka_unit_test(a_receiver_that_says_nothing_does_not_hold_up_the_end),
        cmocka_unit_test(a_full_table_lets_the_oldest_go_and_counts_it),
        cmocka_unit_test(so_many_at_once_and_then_at_a_pace),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
