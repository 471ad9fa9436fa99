/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/link.h"

#include "base/clock.h"
#include "unit/unit.h"

#define SESSION 7u

struct seen {
    uint64_t queries[64], right[64]; /* by request; values_hash says whose they are */
};

static uint32_t
route_of_request(void *ctx, const struct event_request *ev, struct slice path)
{
    return 1;
}

static uint32_t
route_of_tag(void *ctx, uint32_t route, uint16_t listener, uint8_t method, struct slice tag)
{
    return route;
}

static uint32_t
route_of_work(void *ctx, const struct trace *trace, struct slice tag)
{
    return 2;
}

static void
take_trace(void *ctx, struct trace **trace)
{
    struct seen *seen = ctx;
    const struct trace *t = *trace;
    assert_true(t->request < ARRAY_LEN(seen->queries));
    for (uint32_t i = 0; i < t->query_count; i++) {
        seen->queries[t->request]++;
        seen->right[t->request] += t->queries[i].values_hash == t->request;
    }
    trace_free(trace);
}

static void
query(struct linker *l, uint64_t session, uint64_t request, bool is_tagged, uint64_t start_ms,
      uint64_t end_ms)
{
    struct event_query ev = {.head.type = EV_QUERY,
                             .session = session,
                             .fingerprint = 5,
                             .values_hash = request,
                             .start_ns = start_ms * NS_PER_MS,
                             .end_ns = end_ms * NS_PER_MS,
                             .kind = STATEMENT_SELECT,
                             .tx_state = 'I'};
    if (is_tagged) {
        memset(ev.trace_id, (int)request, sizeof(ev.trace_id));
    }
    linker_query(l, ev.end_ns, &ev, NULL, SLICE_NONE);
}

static void
request(struct linker *l, uint64_t id, uint64_t start_ms, uint64_t end_ms)
{
    struct event_request ev = {.head.type = EV_REQUEST,
                               .request = id,
                               .start_ns = start_ms * NS_PER_MS,
                               .end_ns = end_ms * NS_PER_MS,
                               .status = 200,
                               .method = METHOD_GET};
    memset(ev.trace_id, (int)id, sizeof(ev.trace_id));
    linker_request(l, ev.end_ns, &ev, NULL, SLICE_LIT("/x"));
}

static void
play_until(struct linker *l, uint64_t *at_ms, uint64_t until_ms)
{
    for (; *at_ms <= until_ms; *at_ms += 10) {
        linker_tick(l, *at_ms * NS_PER_MS);
    }
}

/* The connection goes from one request to the next while the first still runs; the next one is told
 * of long after the first, and its query has named it all the time. */
static void
a_query_that_names_its_request_waits_for_it(void **state)
{
    struct seen seen = {0};
    struct link_out out = {&seen, route_of_request, route_of_tag, route_of_work, take_trace};
    struct linker *l = linker_new(&out);
    struct event_session_open open = {
        .head.type = EV_SESSION_OPEN, .session = SESSION, .start_ns = 1};
    linker_session_open(l, &open);
    uint64_t at_ms = 900;
    query(l, SESSION, 1, true, 1010, 1020);
    query(l, SESSION, 2, true, 1021, 1030);
    request(l, 1, 1000, 1040);
    play_until(l, &at_ms, 1200);
    request(l, 2, 1015, 1210);
    play_until(l, &at_ms, 5000);
    linker_flush(l, 5000 * NS_PER_MS);
    assert_int_equal(seen.queries[1], 1);
    assert_int_equal(seen.queries[2], 1);
    assert_int_equal(seen.right[1] + seen.right[2], 2);
    linker_free(&l);
}

/* A pool that closes what it does not need has sessions that open and close as PHP's do, and serve
 * one request after another. */
static void
sessions_of_a_pool_are_not_joined(void **state)
{
    struct seen seen = {0};
    struct link_out out = {&seen, route_of_request, route_of_tag, route_of_work, take_trace};
    struct linker *l = linker_new(&out);
    uint64_t tick_ms = 0;
    for (uint64_t n = 0; n < 30; n++) {
        uint64_t at_ms = 1000 + 1000 * n, session = 100 + n;
        struct event_session_open open = {.head.type = EV_SESSION_OPEN,
                                          .session = session,
                                          .start_ns = (at_ms + 5) * NS_PER_MS,
                                          .protocol = PROTOCOL_POSTGRES};
        struct event_session_close closed = {.head.type = EV_SESSION_CLOSE,
                                             .session = session,
                                             .end_ns = (at_ms + 510) * NS_PER_MS,
                                             .queries = 2};
        play_until(l, &tick_ms, at_ms);
        linker_session_open(l, &open);
        query(l, session, 2 * n + 1, false, at_ms + 10, at_ms + 20);
        request(l, 2 * n + 1, at_ms, at_ms + 40);
        query(l, session, 2 * n + 2, false, at_ms + 470, at_ms + 480);
        request(l, 2 * n + 2, at_ms + 460, at_ms + 500);
        play_until(l, &tick_ms, at_ms + 510);
        linker_session_close(l, closed.end_ns, &closed);
    }
    play_until(l, &tick_ms, 50000);
    linker_flush(l, 50000 * NS_PER_MS);
    for (uint64_t id = 31; id <= 60; id++) { /* it takes a few to see it */
        assert_int_equal(seen.queries[id], 1);
        assert_int_equal(seen.right[id], 1);
    }
    linker_free(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_that_names_its_request_waits_for_it),
        cmocka_unit_test(sessions_of_a_pool_are_not_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
