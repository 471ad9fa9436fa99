/* SPDX-License-Identifier: Apache-2.0
 * Which queries of a PostgreSQL session are counted for their request's Server-Timing. */
#include "proxy/pg/pg_timing.h"

#include <errno.h>

#include "proto/trace_context.h"
#include "unit/proxy/pg_lab.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TAG   " /*traceparent='" TRACE "'*/"
#define CHILD " /*traceparent='00-0af7651916cd43dd8448eb211c80319c-00000000000000aa-01'*/"

static struct lab lab;
static struct buf b;
static uint64_t ticket;

static void
open_request(void)
{
    struct trace_context c;
    struct server_timing_key key;
    assert_int_equal(trace_context_parse(SLICE_LIT(TRACE), &c), 0);
    memcpy(key.trace_id, c.trace_id, sizeof(key.trace_id));
    memcpy(key.span_id, c.span_id, sizeof(key.span_id));
    assert_int_equal(server_timing_open(lab.timing, &key, &ticket), 0);
}

static int
setup(void **state)
{
    buf_init(&b, 1 << 22);
    lab_login(&lab, &b);
    open_request();
    return 0;
}

static int
teardown(void **state)
{
    lab_close(&lab);
    buf_fini(&b);
    lab_forget();
    return 0;
}

/* Says what the request has come to, and takes its end for granted. */
static void
assert_sum(unsigned ended, unsigned under_way, uint64_t took_ns)
{
    struct server_timing_sum sum = {0};
    assert_int_equal(server_timing_take(lab.timing, ticket, &sum), ended > 0);
    if (ended > 0) {
        assert_int_equal(sum.ended, ended);
        assert_int_equal(sum.under_way, under_way);
        assert_int_equal(sum.took_ns, took_ns);
    }
}

static void
answer(const char *tag)
{
    lab_complete(&b, tag);
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
}

static void
simple_queries_are_counted_as_they_end(void **state)
{
    lab_query_message(&b, "select 1" TAG);
    lab_client(&lab, &b);
    answer("SELECT 1");
    lab_query_message(&b, "select 2");
    lab_query_message(&b, "select 3" CHILD);
    lab_client(&lab, &b);
    answer("SELECT 1");
    answer("SELECT 1");
    lab_query_message(&b, "select 4" TAG "; select 5" TAG);
    lab_client(&lab, &b);
    lab_complete(&b, "SELECT 1");
    lab_error(&b, "22012");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    lab_query_message(&b, "select 6" TAG);
    lab_client(&lab, &b);
    const struct event_query *first = lab_query(0), *fourth = lab_query(3), *fifth = lab_query(4);
    assert_true((fifth->flags & QUERY_ERROR) != 0);
    assert_sum(3, 1,
               first->end_ns - first->start_ns + fourth->end_ns - fourth->start_ns + fifth->end_ns -
                   fifth->start_ns);
    answer("SELECT 1"); /* later: nobody hears it */
}

/* Parse, Bind, Execute, Sync. */
static void
extended(const char *name, const char *sql)
{
    if (sql != NULL) {
        lab_parse(&b, name, sql, 0);
    }
    lab_bind(&b, "", name, SLICE_NONE, false);
    lab_execute(&b, "", 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
}

static void
prepared_ones_with_their_own_preparation(void **state)
{
    lab_parse(&b, "s", "select 1" TAG, 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    for (unsigned i = 0; i < 2; i++) { /* the second time its comment is not believed */
        extended("s", NULL);
        lab_message(&b, '2', SLICE_NONE);
        answer("SELECT 1");
    }
    const struct event_query *q = lab_query(0);
    assert_true(q->prepare_ns > 0);
    assert_sum(1, 0, q->end_ns - q->start_ns + q->prepare_ns);
}

static void
a_result_in_several_pieces_is_counted_whole(void **state)
{
    lab_parse(&b, "", "select 1" TAG, 0);
    lab_bind(&b, "p", "", SLICE_NONE, false);
    lab_execute(&b, "p", 1);
    lab_message(&b, 'H', SLICE_NONE);
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_message(&b, '2', SLICE_NONE);
    lab_row(&b, "x");
    lab_message(&b, 's', SLICE_NONE);
    lab_server(&lab, &b);
    lab_execute(&b, "p", 1);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab_row(&b, "y");
    answer("SELECT 1");
    const struct event_query *one = lab_query(0), *two = lab_query(1);
    assert_sum(2, 0, one->end_ns - one->start_ns + two->end_ns - two->start_ns);
}

static void
what_the_server_passes_over_was_not_run(void **state)
{
    lab_query_message(&b, "select 1" TAG);
    lab_client(&lab, &b);
    answer("SELECT 1");
    extended("", "selekt" TAG);
    lab_error(&b, "42601");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    /* Its Bind's error is its own: that is where a plan is made. */
    extended("", "select 1/0" TAG);
    lab_message(&b, '1', SLICE_NONE);
    lab_error(&b, "22012");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    const struct event_query *first = lab_query(0), *third = lab_query(2);
    assert_memory_equal(third->sqlstate, "22012", 5);
    assert_sum(2, 0, first->end_ns - first->start_ns + third->end_ns - third->start_ns);
}

/* A response may be asked about between an error and what follows it. */
static void
what_failed_at_its_bind_is_never_missing(void **state)
{
    lab_query_message(&b, "select 1" TAG);
    lab_client(&lab, &b);
    answer("SELECT 1");
    extended("", "select 1/0" TAG);
    lab_message(&b, '1', SLICE_NONE);
    lab_error(&b, "22012");
    lab_server(&lab, &b);
    const struct event_query *first = lab_query(0);
    assert_sum(1, 1, first->end_ns - first->start_ns);
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
}

static void
what_a_lost_session_ran_silences_its_request(void **state)
{
    lab_query_message(&b, "select 1" TAG);
    lab_client(&lab, &b);
    answer("SELECT 1");
    answer("SELECT 1"); /* to nothing */
    assert_true(lab.s.opaque);
    assert_sum(0, 0, 0);
    struct server_timing_key key = {.trace_id = {9}, .span_id = {9}};
    assert_int_equal(server_timing_open(lab.timing, &key, &ticket), -EBUSY);
    pg_driver.close(lab.worker, &lab.s, CLOSE_CLIENT, lab.now_ns);
    assert_int_equal(server_timing_open(lab.timing, &key, &ticket), 0);
    memset(lab.s.state, 0, pg_driver.session_size);
    lab.s.opaque = false;
    struct driver_out out = {0};
    pg_driver.open(lab.worker, &lab.s, lab.now_ns, &out);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(simple_queries_are_counted_as_they_end),
        T(prepared_ones_with_their_own_preparation),
        T(a_result_in_several_pieces_is_counted_whole),
        T(what_the_server_passes_over_was_not_run),
        T(what_failed_at_its_bind_is_never_missing),
        T(what_a_lost_session_ran_silences_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
