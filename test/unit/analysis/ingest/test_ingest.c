/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "unit/unit.h"

struct world {
    struct intake *intake;
    struct ingest *ingest;
    uint64_t now_ns;
    uint8_t trace_id; /* of what is sent from now on; 0: none */
};

static struct world
world_new(size_t items)
{
    struct world w = {.now_ns = NS_PER_S};
    assert_int_equal(intake_new(items, 1 << 24, &w.intake), 0);
    w.ingest = ingest_new(w.intake);
    return w;
}

static void
world_free(struct world *w)
{
    ingest_free(&w->ingest);
    intake_free(&w->intake);
}

static void
send(struct world *w, unsigned type, union event *ev, struct slice tail)
{
    ev->head.type = (uint16_t)type;
    ev->head.time_ns = w->now_ns;
    ingest_event(w->ingest, w->now_ns, ev, tail);
}

static void
open_session(struct world *w, uint64_t session)
{
    union event ev = {0};
    ev.as_event_session_open.session = session;
    ev.as_event_session_open.start_ns = w->now_ns;
    send(w, EV_SESSION_OPEN, &ev, SLICE_NONE);
}

static void
close_session(struct world *w, uint64_t session)
{
    union event ev = {0};
    ev.as_event_session_close.session = session;
    ev.as_event_session_close.end_ns = w->now_ns;
    ev.as_event_session_close.queries = 1;
    send(w, EV_SESSION_CLOSE, &ev, SLICE_NONE);
}

static void
query(struct world *w, uint64_t session, uint64_t fingerprint, enum query_role role,
      const char *tags)
{
    union event ev = {0};
    struct event_query *q = &ev.as_event_query;
    uint64_t value = 77;
    uint8_t tail[8 + 200];
    struct slice comment = slice_from_str(tags);
    memcpy(tail, &value, 8);
    if (comment.len > 0) {
        memcpy(tail + 8, comment.ptr, comment.len);
    }
    q->session = session;
    q->trace_id[0] = w->trace_id;
    q->fingerprint = fingerprint;
    q->start_ns = w->now_ns;
    w->now_ns += NS_PER_MS;
    q->end_ns = w->now_ns;
    q->kind = STATEMENT_SELECT;
    q->role = (uint8_t)role;
    q->tx_state = 'I';
    q->value_count = 1;
    q->tags_len = (uint16_t)comment.len;
    q->proxy_ns = 3000;
    send(w, EV_QUERY, &ev, slice_of(tail, 8 + comment.len));
}

static void
statement(struct world *w, uint64_t fingerprint, const char *text)
{
    union event ev = {0};
    ev.as_event_statement.fingerprint = fingerprint;
    ev.as_event_statement.text_len = (uint32_t)strlen(text);
    ev.as_event_statement.kind = STATEMENT_SELECT;
    send(w, EV_STATEMENT, &ev, slice_from_str(text));
}

static void
request(struct world *w, uint64_t id, uint64_t start_ns, const char *path)
{
    union event ev = {0};
    struct event_request *r = &ev.as_event_request;
    r->request = id;
    r->trace_id[0] = w->trace_id;
    r->start_ns = start_ns;
    r->end_ns = w->now_ns;
    r->status = 200;
    r->method = METHOD_GET;
    r->path_len = (uint16_t)strlen(path);
    send(w, EV_REQUEST, &ev, slice_from_str(path));
}

/* The next item of this kind; others before it are passed over. */
static struct intake_item *
next_of(struct world *w, enum intake_kind kind)
{
    for (;;) {
        struct intake_item *item = intake_take(w->intake);
        if (item == NULL || item->kind == kind) {
            return item;
        }
        intake_item_free(&item);
    }
}

static void
later(struct world *w, uint64_t ns)
{
    for (uint64_t t = 0; t < ns; t += 20 * NS_PER_MS) {
        w->now_ns += 20 * NS_PER_MS;
        ingest_tick(w->ingest, w->now_ns);
    }
}

static void
announcements_pass_once(void **state)
{
    struct world w = world_new(64);
    statement(&w, 5, "select * from \"orders\" where id = ?");
    statement(&w, 5, "select * from \"orders\" where id = ?");
    struct intake_item *item = next_of(&w, INTAKE_STATEMENT);
    assert_non_null(item);
    assert_int_equal(item->statement.fingerprint, 5);
    assert_true(slice_eq(item->statement.text, SLICE_LIT("select * from \"orders\" where id = ?")));
    intake_item_free(&item);
    assert_null(next_of(&w, INTAKE_STATEMENT));
    world_free(&w);
}

static void
a_session_without_http_is_a_trace(void **state)
{
    struct world w = world_new(64);
    statement(&w, 5, "select * from \"orders\" where id = ?");
    open_session(&w, 1);
    query(&w, 1, 5, ROLE_EXECUTE, "");
    query(&w, 1, 5, ROLE_CLOSE, "");
    close_session(&w, 1);
    later(&w, 2 * NS_PER_S);
    struct intake_item *item = next_of(&w, INTAKE_ROUTE);
    assert_non_null(item);
    assert_int_equal(item->route.basis, ROUTE_BASIS_QUERIES);
    assert_memory_equal(item->route.text.ptr, "select orders", 13);
    uint32_t route = item->route.index;
    intake_item_free(&item);
    item = next_of(&w, INTAKE_TRACE);
    assert_non_null(item);
    assert_int_equal(item->trace->route, route);
    assert_int_equal(item->trace->request, 0);
    assert_int_equal(item->trace->basis, LINK_CONNECTION);
    assert_int_equal(item->trace->query_count, 1);
    assert_int_equal(item->trace->queries[0].close_ns, NS_PER_MS);
    assert_int_equal(item->trace->queries[0].values[0], 77);
    assert_int_equal(trace_query_cost_ns(&item->trace->queries[0]), 2 * NS_PER_MS);
    intake_item_free(&item);
    world_free(&w);
}

static void
a_comment_names_the_route(void **state)
{
    struct world w = world_new(64);
    open_session(&w, 1);
    query(&w, 1, 5, ROLE_EXECUTE, "controller='orders',action='index'");
    close_session(&w, 1);
    later(&w, 2 * NS_PER_S);
    struct intake_item *item = next_of(&w, INTAKE_ROUTE);
    assert_non_null(item);
    assert_int_equal(item->route.basis, ROUTE_BASIS_APPLICATION);
    assert_true(slice_eq(item->route.text, SLICE_LIT("orders#index")));
    intake_item_free(&item);
    world_free(&w);
}

static void
the_only_request_owns_what_it_contains(void **state)
{
    struct world w = world_new(256);
    unsigned linked = 0, traces = 0;
    for (uint64_t i = 1; i <= 10; i++) {
        uint64_t start = w.now_ns;
        w.now_ns += NS_PER_MS;
        open_session(&w, i);
        query(&w, i, 5, ROLE_EXECUTE, "");
        close_session(&w, i);
        request(&w, i, start, "/api/orders/{id}");
        later(&w, 3 * NS_PER_S);
        struct intake_item *item = next_of(&w, INTAKE_TRACE);
        while (item != NULL) {
            traces += item->trace->request == i;
            linked += item->trace->request == i && item->trace->query_count == 1 &&
                      item->trace->basis == LINK_CONTAINED;
            intake_item_free(&item);
            item = next_of(&w, INTAKE_TRACE);
        }
    }
    assert_int_equal(traces, 10);
    assert_true(linked >= 6); /* the first few only teach */
    world_free(&w);
}

/* kept + folded = sent, whatever the judge does. */
/* The first request of all, on a pooled connection, and it takes its time: that it exists is known
 * only when it ends, that somebody speaks HTTP is known before. */
static void
the_first_request_gets_what_names_its_trace(void **state)
{
    struct world w = world_new(256);
    union event ev = {0};
    unsigned queries = 0;
    open_session(&w, 1);
    later(&w, 5 * NS_PER_S);
    ev.as_event_session_open.session = 2;
    ev.as_event_session_open.start_ns = w.now_ns;
    ev.as_event_session_open.protocol = PROTOCOL_HTTP;
    send(&w, EV_SESSION_OPEN, &ev, SLICE_NONE);
    uint64_t start = w.now_ns;
    w.trace_id = 9;
    for (int i = 0; i < 4; i++) {
        query(&w, 1, 5, ROLE_EXECUTE, "");
        later(&w, NS_PER_S);
    }
    request(&w, 3, start, "/orders");
    later(&w, 5 * NS_PER_S);
    for (struct intake_item *item = next_of(&w, INTAKE_TRACE); item != NULL;
         item = next_of(&w, INTAKE_TRACE)) {
        assert_int_equal(item->trace->request, 3);
        assert_int_equal(item->trace->basis, LINK_TRACEPARENT);
        queries += item->trace->query_count;
        intake_item_free(&item);
    }
    assert_int_equal(queries, 4);
    world_free(&w);
}

/* With one request at a time: what runs right behind a response is the next request's, which nobody
 * has heard of before it ends. However long that takes. */
static void
alone_a_slow_request_keeps_its_first_query(void **state)
{
    struct world w = world_new(256);
    unsigned queries[8] = {0};
    ingest_set_alone(w.ingest, true);
    for (uint64_t i = 1; i <= 6; i++) {
        uint64_t start = w.now_ns;
        w.now_ns += NS_PER_MS;
        open_session(&w, i);
        query(&w, i, 5, ROLE_EXECUTE, "");
        if (i == 6) {
            later(&w, 200 * NS_PER_MS);
            query(&w, i, 6, ROLE_EXECUTE, "");
        }
        close_session(&w, i);
        w.now_ns += NS_PER_MS;
        request(&w, i, start, "/orders");
        later(&w, i < 5 ? 40 * NS_PER_MS : 0);
    }
    later(&w, 40 * NS_PER_S);
    for (struct intake_item *item = next_of(&w, INTAKE_TRACE); item != NULL;
         item = next_of(&w, INTAKE_TRACE)) {
        assert_in_range(item->trace->request, 1, 6);
        queries[item->trace->request] += item->trace->query_count;
        intake_item_free(&item);
    }
    for (uint64_t i = 1; i <= 6; i++) {
        assert_int_equal(queries[i], i == 6 ? 2 : 1);
    }
    world_free(&w);
}

static void
a_full_queue_folds(void **state)
{
    struct world w = world_new(16);
    uint64_t calls = 0, traces = 0;
    for (uint64_t i = 1; i <= 100; i++) {
        open_session(&w, i);
        query(&w, i, 5 + i % 3, ROLE_EXECUTE, "");
        close_session(&w, i);
    }
    later(&w, 2 * NS_PER_S);
    ingest_flush(w.ingest, w.now_ns);
    for (int round = 0; round < 50; round++) {
        struct intake_item *item;
        while ((item = intake_take(w.intake)) != NULL) {
            traces += item->kind == INTAKE_TRACE;
            calls += item->kind == INTAKE_TRACE ? item->trace->query_count : 0;
            calls += item->kind == INTAKE_FOLDED ? item->folded.calls : 0;
            intake_item_free(&item);
        }
        later(&w, 20 * NS_PER_MS);
    }
    assert_int_equal(calls, 100);
    assert_true(traces < 100);
    struct ingest_totals totals = ingest_totals(w.ingest);
    assert_int_equal(totals.shed + traces, 100);
    assert_int_equal(totals.backlog, 0);
    world_free(&w);
}

/* A tail that is shorter than what the record says, as a broken producer might send. */
static void
short_tails_are_counted(void **state)
{
    struct world w = world_new(64);
    union event ev = {0};
    ev.as_event_query.value_count = 3;
    send(&w, EV_QUERY, &ev, SLICE_LIT("12345678"));
    memset(&ev, 0, sizeof(ev));
    ev.as_event_lens_rows.column_count = 2;
    ev.as_event_lens_rows.row_count = 100;
    send(&w, EV_LENS_ROWS, &ev, SLICE_LIT("12345678"));
    memset(&ev, 0, sizeof(ev));
    ev.as_event_request.path_len = 9;
    send(&w, EV_REQUEST, &ev, SLICE_LIT("12345678"));
    assert_int_equal(ingest_totals(w.ingest).bad, 3);
    assert_null(intake_take(w.intake));
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announcements_pass_once),
        cmocka_unit_test(a_session_without_http_is_a_trace),
        cmocka_unit_test(a_comment_names_the_route),
        cmocka_unit_test(the_only_request_owns_what_it_contains),
        cmocka_unit_test(the_first_request_gets_what_names_its_trace),
        cmocka_unit_test(alone_a_slow_request_keeps_its_first_query),
        cmocka_unit_test(a_full_queue_folds),
        cmocka_unit_test(short_tails_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
