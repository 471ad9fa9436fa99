/* SPDX-License-Identifier: Apache-2.0
 * The whole analyzer, from a real ring to its documents, with both threads running. */
#include "analysis/analyzer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bus/publish.h"
#include "unit/unit.h"

#define REQUESTS 200u
#define COMMANDS 100u

struct seen {
    pthread_mutex_t lock;
    char *text[ANALYZER_DOCUMENT_COUNT];
    uint64_t ticket;
    int result;
    size_t answer_len;
    char answer[64]; /* its beginning */
    unsigned done;
    unsigned stored;
};

static uint64_t
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int
out_ask(void *ctx, uint32_t id, struct slice json)
{
    return -EAGAIN; /* there is no advisor */
}

static void
out_lens(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns)
{
}

static void
out_store(void *ctx, const struct stored *record)
{
    struct seen *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->stored++;
    pthread_mutex_unlock(&s->lock);
}

static void
out_log(void *ctx, const char *event, const char *text)
{
}

static void
out_document(void *ctx, enum analyzer_document which, struct slice json)
{
    struct seen *s = ctx;
    pthread_mutex_lock(&s->lock);
    free(s->text[which]);
    s->text[which] = check_alloc(1, json.len + 1);
    slice_to_str(json, s->text[which], json.len + 1);
    pthread_mutex_unlock(&s->lock);
}

static void
out_done(void *ctx, uint64_t ticket, int result, struct slice json)
{
    struct seen *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->ticket = ticket;
    s->result = result;
    s->answer_len = json.len;
    slice_to_str(json, s->answer, sizeof(s->answer));
    s->done++;
    pthread_mutex_unlock(&s->lock);
}

static void
wait_until_done(struct seen *s, unsigned count)
{
    unsigned done = 0;
    for (int i = 0; i < 60000 && done < count; i++) {
        usleep(1000);
        pthread_mutex_lock(&s->lock);
        done = s->done;
        pthread_mutex_unlock(&s->lock);
    }
    assert_int_equal(done, count);
}

/* A request on a connection of its own, tied to it by a value. */
static void
publish_request(struct publisher *p, uint64_t n)
{
    uint64_t value = 1000000 + n, t = now();
    struct slice values = slice_of(&value, sizeof(value));
    union event ev = {0};
    ev.head.type = EV_SESSION_OPEN;
    ev.as_event_session_open.session = n;
    ev.as_event_session_open.start_ns = t - 9 * NS_PER_MS;
    publisher_send(p, t, &ev, NULL, 0);
    ev = (union event){0};
    ev.head.type = EV_QUERY;
    ev.as_event_query.session = n;
    ev.as_event_query.fingerprint = 77;
    ev.as_event_query.start_ns = t - 5 * NS_PER_MS;
    ev.as_event_query.end_ns = t - 2 * NS_PER_MS;
    ev.as_event_query.tx_state = 'I';
    ev.as_event_query.kind = STATEMENT_SELECT;
    ev.as_event_query.value_count = 1;
    ev.as_event_query.database = publisher_name(p, t, NAME_DATABASE, SLICE_LIT("shop"));
    if (publisher_wants_statement(p, 77, ev.as_event_query.database)) {
        union event st = {0};
        struct slice text = SLICE_LIT("select * from orders where id = ?");
        st.head.type = EV_STATEMENT;
        st.as_event_statement.fingerprint = 77;
        st.as_event_statement.database = ev.as_event_query.database;
        st.as_event_statement.kind = STATEMENT_SELECT;
        st.as_event_statement.text_len = (uint32_t)text.len;
        publisher_send(p, t, &st, &text, 1);
    }
    publisher_send(p, t, &ev, &values, 1);
    ev = (union event){0};
    ev.head.type = EV_SESSION_CLOSE;
    ev.as_event_session_close.session = n;
    ev.as_event_session_close.end_ns = t;
    ev.as_event_session_close.queries = 1;
    publisher_send(p, t, &ev, NULL, 0);
    ev = (union event){0};
    ev.head.type = EV_REQUEST;
    ev.as_event_request.request = n;
    ev.as_event_request.start_ns = t - 10 * NS_PER_MS;
    ev.as_event_request.end_ns = t;
    ev.as_event_request.status = 200;
    ev.as_event_request.method = METHOD_GET;
    ev.as_event_request.value_count = 1;
    struct slice path = SLICE_LIT("/api/orders/{id}");
    ev.as_event_request.path_len = (uint16_t)path.len;
    struct slice tails[] = {values, path};
    publisher_send(p, t, &ev, tails, 2);
}

static bool
document_has(struct seen *s, enum analyzer_document which, const char *what)
{
    pthread_mutex_lock(&s->lock);
    bool has = s->text[which] != NULL && strstr(s->text[which], what) != NULL;
    pthread_mutex_unlock(&s->lock);
    return has;
}

static void
wait_for(struct seen *s, enum analyzer_document which, const char *what)
{
    for (int i = 0; i < 6000 && !document_has(s, which, what); i++) {
        usleep(10000);
    }
    if (!document_has(s, which, what)) {
        print_message("# wanted %s in %s\n", what, s->text[which]);
        fail();
    }
}

static void
from_ring_to_document(void **state)
{
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct analyzer_out out = {&seen,   out_ask,      out_lens, out_store,
                               out_log, out_document, out_done, NULL};
    struct analyzer_config config = {.cores = 2};
    struct analyzer *a = NULL;
    struct publisher *p = NULL;
    struct ring_producer *ring = NULL;
    struct diag diag = {0};
    assert_int_equal(analyzer_new(&config, &out, &a), 0);
    assert_int_equal(analyzer_fact(a, "supervisor", SLICE_LIT("{\"restarts\":3}")), 0);
    assert_int_equal(analyzer_start(a), 0);
    assert_int_equal(publisher_new(0, &p), 0);
    assert_int_equal(ring_producer_new(1 << 20, 1, &ring), 0);
    int fds[] = {dup(ring_producer_data_fd(ring)), dup(ring_producer_cursor_fd(ring))};
    publisher_attach(p, &ring);
    assert_int_equal(analyzer_attach(a, 0, fds, 2, &diag), 0);
    for (uint64_t n = 1; n <= REQUESTS; n++) {
        publish_request(p, n);
        usleep(2000);
    }
    wait_for(&seen, ANALYZER_QUERIES, "select * from orders where id = ?");
    wait_for(&seen, ANALYZER_QUERIES, "\"calls\":200");
    wait_for(&seen, ANALYZER_REQUESTS, "/api/orders/{id}");
    wait_for(&seen, ANALYZER_INCIDENTS, "[]");
    wait_for(&seen, ANALYZER_STATUS, "\"supervisor\":{\"restarts\":3}");
    wait_for(&seen, ANALYZER_STATUS, "\"requests\":200");
    assert_int_equal(analyzer_command(a, ANALYZER_ACK, 42, 7, SLICE_NONE), 0);
    assert_int_equal(analyzer_command(a, ANALYZER_DEPLOY, 43, 0, SLICE_LIT("v2")), 0);
    wait_until_done(&seen, 2);
    assert_int_equal(seen.ticket, 43);
    assert_int_equal(seen.result, 0);
    assert_int_equal(seen.answer_len, 0);
    assert_int_equal(analyzer_command(a, ANALYZER_TRACES, 44, 0, SLICE_NONE), 0);
    wait_until_done(&seen, 3);
    assert_int_equal(seen.result, 0);
    assert_true(slice_starts_with_ci(slice_from_str(seen.answer), SLICE_LIT("[{\"trace_id\":\"")));
    struct slice id = slice_of(seen.answer + 14, 32);
    assert_int_equal(analyzer_command(a, ANALYZER_TRACE, 45, 0, id), 0);
    wait_until_done(&seen, 4);
    assert_int_equal(seen.result, 0);
    assert_true(slice_starts_with_ci(slice_from_str(seen.answer), SLICE_LIT("{\"trace_id\":\"")));
    assert_int_equal(analyzer_command(a, ANALYZER_TRACE, 46, 0, SLICE_LIT("5c1f")), 0);
    wait_until_done(&seen, 5);
    assert_int_equal(seen.result, -ENOENT);
    assert_int_equal(seen.answer_len, 0);
    for (unsigned i = 0; i < COMMANDS; i++) { /* none goes unanswered, though it ends */
        assert_int_equal(analyzer_command(a, ANALYZER_ACK, 100 + i, 7, SLICE_NONE), 0);
    }
    publisher_free(&p);
    analyzer_free(&a);
    assert_int_equal(seen.done, 5 + COMMANDS);
    assert_true(seen.stored > 0);
    for (unsigned i = 0; i < ANALYZER_DOCUMENT_COUNT; i++) {
        free(seen.text[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(from_ring_to_document)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
