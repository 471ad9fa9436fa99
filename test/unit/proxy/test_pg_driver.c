/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proxy/pg_lab.h"

static struct lab lab;
static struct buf b;

static int
setup(void **state)
{
    buf_init(&b, 1 << 22);
    lab_login(&lab, &b);
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

static uint64_t
value_hash(const char *text)
{
    return hash_keyed(&lab.env.hash_key, slice_from_str(text));
}

static uint64_t
tail_value(unsigned query, unsigned index)
{
    uint64_t v;
    const struct lab_event *e = lab_find(EV_QUERY, query);
    assert_true(index < e->ev.as_event_query.value_count);
    memcpy(&v, e->tail.ptr + 8 * index, sizeof(v));
    return v;
}

static void
a_login_opens_the_session(void **state)
{
    const struct event_session_open *open = &lab_find(EV_SESSION_OPEN, 0)->ev.as_event_session_open;
    assert_int_equal(open->session, 77);
    assert_int_equal(open->user, (uint32_t)hash_bytes(SLICE_LIT("anna")));
    assert_int_equal(open->database, (uint32_t)hash_bytes(SLICE_LIT("shop")));
    assert_int_equal(lab_find(EV_BACKEND_OPEN, 0)->ev.as_event_backend_open.server_pid, 7);
    assert_true(slice_eq(buf_slice(&lab.upstream), slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1)));
}

static void
a_simple_query_is_one_record(void **state)
{
    lab_query_message(&b, "select id from orders where id = 42 /* route='x' */");
    lab_client(&lab, &b);
    uint64_t sent_ns = lab.now_ns;
    lab_columns(&b, 23);
    lab_row(&b, "42");
    lab_server(&lab, &b);
    lab_complete(&b, "SELECT 1");
    lab_ready(&b, 'T');
    lab_server(&lab, &b);
    const struct event_query *q = lab_query(0);
    assert_int_equal(q->fingerprint, lab_fingerprint("select id from orders where id = 1"));
    assert_int_equal(q->start_ns, sent_ns);
    assert_int_equal(q->first_row_ns, sent_ns + 10);
    assert_int_equal(q->end_ns, sent_ns + 20);
    assert_int_equal(q->rows, 1);
    assert_int_equal(q->tx_state, 'T');
    assert_int_equal(q->proxy_ns, 3 * 7); /* of each piece, the first included */
    assert_int_equal(q->flags, QUERY_RESULT_HASHED | QUERY_VALUES_HASHED);
    assert_int_equal(q->value_count, 1);
    assert_true(tail_value(0, 0) == value_hash("42"));
    assert_int_equal(q->tags_len, strlen("route='x'"));
    const struct lab_event *text = lab_find(EV_STATEMENT, 0);
    assert_true(slice_eq(text->tail, SLICE_LIT("select id from orders where id = ?")));
    assert_null(lab_query(1));
    assert_int_equal(lab.counters[COUNTER_queries], 1);
}

/* What the server says of its strings decides where one ends; the rest of it would be told as the
 * statement's text. */
static void
strings_are_read_as_the_server_reads_them(void **state)
{
    static const struct {
        const char *name, *value, *normal;
    } cases[] = {
        {"application_name", "off", "select ?, o"},
        {"standard_conforming_strings", "off", "select ?"},
        {"standard_conforming_strings_", "on", "select ?"},
        {"standard_conforming_strings", "on", "select ?, o"},
        {"standard_conforming_strings", "", "select ?, o"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        char value[100];
        int len = snprintf(value, sizeof(value), "%s%c%s", cases[i].name, 0, cases[i].value);
        lab_message(&b, 'S', slice_of(value, (size_t)len + 1));
        lab_server(&lab, &b);
        lab_query_message(&b, "select 'it\\', o --'");
        lab_client(&lab, &b);
        lab_complete(&b, "SELECT 1");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
        uint64_t fingerprint = lab_query(i)->fingerprint;
        assert_true((fingerprint == lab_fingerprint("select 'x'")) ==
                    (strcmp(cases[i].normal, "select ?") == 0));
        assert_true((fingerprint == lab_fingerprint("select 'x', o")) ==
                    (strcmp(cases[i].normal, "select ?, o") == 0));
    }
}

static void
the_same_result_has_the_same_hash(void **state)
{
    static const char *const rows[] = {"a", "a", "b"};
    for (unsigned i = 0; i < 3; i++) {
        lab_query_message(&b, "select v from t");
        lab_client(&lab, &b);
        lab_columns(&b, 25);
        lab_row(&b, rows[i]);
        lab_complete(&b, "SELECT 1");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
    }
    assert_true(lab_query(0)->result_hash == lab_query(1)->result_hash);
    assert_true(lab_query(0)->result_hash != lab_query(2)->result_hash);
}

static void
statements_of_one_query_are_told_apart(void **state)
{
    lab_query_message(&b, "begin; insert into a values (1); select nope; commit");
    lab_client(&lab, &b);
    lab_complete(&b, "BEGIN");
    lab_complete(&b, "INSERT 0 1");
    lab_error(&b, "42703");
    lab_ready(&b, 'E');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(0)->kind, STATEMENT_TRANSACTION);
    assert_int_equal(lab_query(1)->kind, STATEMENT_INSERT);
    assert_int_equal(lab_query(1)->rows, 1);
    assert_memory_equal(lab_query(2)->sqlstate, "42703", 5);
    assert_int_equal(lab_query(2)->fingerprint, lab_fingerprint("select nope"));
    assert_true((lab_query(2)->flags & (QUERY_ERROR | QUERY_MULTI)) == (QUERY_ERROR | QUERY_MULTI));
    assert_null(lab_query(3));
    assert_false(lab.s.opaque);
}

/* More answers than statements were read: nothing is said rather than something wrong. */
static void
an_answer_too_many_is_said_of_nobody(void **state)
{
    lab_query_message(&b, "select 1");
    lab_client(&lab, &b);
    lab_complete(&b, "INSERT 0 1");
    lab_complete(&b, "INSERT 0 2");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_null(lab_query(0));
    assert_int_equal(lab.counters[COUNTER_queries], 1);
    assert_false(lab.s.opaque);
}

static void
preparing_counts_for_the_next_execution(void **state)
{
    lab_parse(&b, "s1", "select v from t where id = $1", 23);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab.now_ns += 500;
    lab_message(&b, '1', SLICE_NONE);
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_null(lab_query(0));
    for (int i = 0; i < 2; i++) {
        lab_bind(&b, "", "s1", SLICE_LIT("\0\0\0\x2a"), true);
        lab_execute(&b, "", 0);
        lab_message(&b, 'S', SLICE_NONE);
        lab_client(&lab, &b);
        lab_message(&b, '2', SLICE_NONE);
        lab_row(&b, "x");
        lab_complete(&b, "SELECT 1");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
    }
    assert_int_equal(lab_query(0)->prepare_ns, 510);
    assert_int_equal(lab_query(1)->prepare_ns, 0);
    assert_int_equal(lab_query(0)->tx_state, 'I');
    assert_true((lab_query(0)->flags & (QUERY_PREPARED | QUERY_EXTENDED)) ==
                (QUERY_PREPARED | QUERY_EXTENDED));
    assert_true(tail_value(0, 0) == value_hash("42"));
    assert_true(lab_query(0)->values_hash == lab_query(1)->values_hash);

    lab_query_message(&b, "DEALLOCATE s1");
    lab_client(&lab, &b);
    lab_complete(&b, "DEALLOCATE");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(2)->role, ROLE_CLOSE);
    assert_int_equal(lab_query(2)->fingerprint, lab_query(0)->fingerprint);
}

static void
an_execution_in_the_batch_of_its_parse_starts_there(void **state)
{
    lab_parse(&b, "", "select v from t where id = $1", 0);
    lab_client(&lab, &b);
    uint64_t start = lab.now_ns;
    lab_bind(&b, "", "", SLICE_LIT("7"), false);
    lab_named(&b, 'D', 'P', "");
    lab_execute(&b, "", 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_message(&b, '2', SLICE_NONE);
    lab_columns(&b, 25);
    lab_complete(&b, "SELECT 0");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(0)->start_ns, start);
    assert_int_equal(lab_query(0)->prepare_ns, 0);
    assert_int_equal(lab_query(0)->first_row_ns, 0);
    assert_null(lab_query(1));
}

static void
an_error_skips_to_sync(void **state)
{
    lab_parse(&b, "", "select a", 0);
    lab_bind(&b, "", "", SLICE_NONE, false);
    lab_execute(&b, "", 0);
    lab_parse(&b, "x", "select b", 0);
    lab_bind(&b, "", "x", SLICE_NONE, false);
    lab_execute(&b, "", 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_query_message(&b, "select c");
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_message(&b, '2', SLICE_NONE);
    lab_error(&b, "22012");
    lab_message(&b, 'N', SLICE_LIT("SNOTICE\0\0"));
    lab_ready(&b, 'I');
    lab_columns(&b, 25);
    lab_row(&b, "x");
    lab_complete(&b, "SELECT 1");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(0)->fingerprint, lab_fingerprint("select a"));
    assert_memory_equal(lab_query(0)->sqlstate, "22012", 5);
    assert_int_equal(lab_query(1)->fingerprint, lab_fingerprint("select c"));
    assert_int_equal(lab_query(1)->rows, 1);
    assert_true((lab_query(1)->flags & QUERY_PIPELINED) != 0);
    assert_null(lab_query(2));
    assert_false(lab.s.opaque);
}

static void
sql_prepare_and_execute_are_that_statement(void **state)
{
    lab_query_message(&b, "PREPARE p (int) AS select v from t where id = $1");
    lab_client(&lab, &b);
    lab_complete(&b, "PREPARE");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_null(lab_query(0));
    struct driver_lease lease = {lab_fingerprint("select v from t where id = $1"), 1, 10,
                                 UINT64_MAX};
    pg_driver.worker_lease(lab.worker, &lease, lab.now_ns);
    lab_query_message(&b, "EXECUTE p(42)");
    lab_client(&lab, &b);
    lab_columns(&b, 25);
    lab_complete(&b, "SELECT 0");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(0)->fingerprint, lease.fingerprint);
    assert_int_equal(lab_query(0)->prepare_ns, 10);
    assert_true((lab_query(0)->flags & QUERY_PREPARED) != 0);
    assert_true(tail_value(0, 0) == value_hash("42"));
    const struct lab_event *lens = lab_find(EV_LENS_VALUES, 0);
    assert_int_equal(lens->ev.as_event_lens_values.param_count, 1);
    assert_true(slice_eq(lens->tail, SLICE_LIT("select v from t where id = $1\x02\0\0\0"
                                               "42\0\0")));
}

static void
the_lens_sees_values_and_rows_once(void **state)
{
    struct driver_lease lease = {lab_fingerprint("select id from t where v = 'x'"), 1, 2,
                                 UINT64_MAX};
    pg_driver.worker_lease(lab.worker, &lease, lab.now_ns);
    for (int i = 0; i < 2; i++) {
        lab_query_message(&b, "select id from t where v = 'secret'");
        lab_client(&lab, &b);
        lab_columns(&b, 23);
        lab_row(&b, "1");
        lab_row(&b, "22");
        lab_row(&b, "333");
        lab_complete(&b, "SELECT 3");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
    }
    const struct lab_event *rows = lab_find(EV_LENS_ROWS, 0);
    const struct event_lens_rows *r = &rows->ev.as_event_lens_rows;
    assert_int_equal(r->row_count, 2);
    assert_int_equal(r->rows_total, 3);
    assert_int_equal(r->column_count, 1);
    struct event_lens_column column;
    memcpy(&column, rows->tail.ptr, sizeof(column));
    assert_int_equal(column.table_oid, 4711);
    assert_int_equal(column.attnum, 2);
    assert_int_equal(column.name_hash, (uint32_t)hash_bytes(SLICE_LIT("id")));
    uint64_t hash;
    memcpy(&hash, rows->tail.ptr + sizeof(column) + 8, sizeof(hash));
    assert_true(hash == value_hash("22"));
    assert_true(slice_eq(lab_find(EV_LENS_VALUES, 0)->tail,
                         SLICE_LIT("select id from t where v = 'secret'")));
    assert_null(lab_find(EV_LENS_VALUES, 1));
    assert_int_equal(lab.counters[COUNTER_lens_sent], 2);
}

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void
a_frozen_trace_is_believed_once(void **state)
{
    static const uint8_t none[16];
    lab_parse(&b, "s", "select 1 /*traceparent='" TRACE "'*/", 0);
    for (int i = 0; i < 2; i++) {
        lab_bind(&b, "", "s", SLICE_NONE, false);
        lab_execute(&b, "", 0);
        lab_message(&b, 'S', SLICE_NONE);
        lab_client(&lab, &b);
        if (i == 0) {
            lab_message(&b, '1', SLICE_NONE);
        }
        lab_message(&b, '2', SLICE_NONE);
        lab_complete(&b, "SELECT 0");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
    }
    assert_int_equal(lab_query(0)->trace_id[0], 0x0a);
    assert_int_equal(lab_query(0)->parent_span[7], 0x31);
    assert_memory_equal(lab_query(1)->trace_id, none, 16);
    assert_int_equal(lab_query(1)->tags_len, 0);
}

static void
what_was_never_answered_is_unfinished(void **state)
{
    lab_query_message(&b, "select pg_sleep(10)");
    lab_client(&lab, &b);
    pg_driver.close(lab.worker, &lab.s, CLOSE_UPSTREAM, lab.now_ns);
    assert_true((lab_query(0)->flags & QUERY_UNFINISHED) != 0);
    assert_int_equal(lab_query(0)->tx_state, 0);
    assert_non_null(lab_find(EV_SESSION_CLOSE, 0));
    struct driver_out out = {0};
    memset(lab.s.state, 0, pg_driver.session_size);
    pg_driver.open(lab.worker, &lab.s, lab.now_ns, &out);
}

static void
a_lost_place_makes_the_session_opaque(void **state)
{
    lab_message(&b, 'C', SLICE_LIT("SELECT 1\0"));
    lab_server(&lab, &b);
    assert_true(lab.s.opaque);
    assert_int_equal(lab.counters[COUNTER_sessions_opaque], 1);
    lab_query_message(&b, "select 1");
    lab_client(&lab, &b);
    assert_null(lab_query(0));
}

static void
a_new_consumer_hears_of_everything_again(void **state)
{
    lab_parse(&b, "s", "select a from t", 0);
    for (int i = 0; i < 2; i++) {
        lab_bind(&b, "", "s", SLICE_NONE, false);
        lab_execute(&b, "", 0);
        lab_message(&b, 'S', SLICE_NONE);
        lab_client(&lab, &b);
        if (i == 0) {
            lab_message(&b, '1', SLICE_NONE);
        }
        lab_message(&b, '2', SLICE_NONE);
        lab_complete(&b, "SELECT 0");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
        lab_epoch++;
        lab_known_count = 0;
    }
    assert_true(slice_eq(lab_find(EV_STATEMENT, 1)->tail, SLICE_LIT("select a from t")));
    assert_int_equal(lab_find(EV_SESSION_OPEN, 1)->ev.as_event_session_open.reannounced, 1);
}

static void
copy_in_extended_swallows_the_first_sync(void **state)
{
    lab_parse(&b, "", "copy t from stdin", 0);
    lab_bind(&b, "", "", SLICE_NONE, false);
    lab_execute(&b, "", 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_message(&b, '2', SLICE_NONE);
    lab_message(&b, 'G', SLICE_LIT("\0\0\0"));
    lab_server(&lab, &b);
    lab_message(&b, 'd', SLICE_LIT("1\n"));
    lab_message(&b, 'c', SLICE_NONE);
    lab_message(&b, 'S', SLICE_NONE);
    lab_query_message(&b, "select 5");
    lab_client(&lab, &b);
    lab_complete(&b, "COPY 1");
    lab_ready(&b, 'I');
    lab_columns(&b, 23);
    lab_complete(&b, "SELECT 0");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_int_equal(lab_query(0)->kind, STATEMENT_COPY);
    assert_int_equal(lab_query(0)->rows, 1);
    assert_int_equal(lab_query(1)->kind, STATEMENT_SELECT);
    assert_false(lab.s.opaque);
}

static void
draining_waits_for_the_transaction(void **state)
{
    struct driver_out out = {0};
    lab_query_message(&b, "begin");
    lab_client(&lab, &b);
    assert_false(pg_driver.drain(lab.worker, &lab.s, 1, &out));
    lab_complete(&b, "BEGIN");
    lab_ready(&b, 'T');
    lab_server(&lab, &b);
    assert_false(pg_driver.drain(lab.worker, &lab.s, 1, &out));
    lab_query_message(&b, "commit");
    lab_client(&lab, &b);
    lab_complete(&b, "COMMIT");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    /* Nor into the middle of what either side is saying. */
    lab_feed(&lab, true, SLICE_LIT("H\0\0"));
    assert_false(pg_driver.drain(lab.worker, &lab.s, 1, &out));
    lab_feed(&lab, true, SLICE_LIT("\0\4"));
    lab_feed(&lab, false, SLICE_LIT("N\0\0\0"));
    assert_false(pg_driver.drain(lab.worker, &lab.s, 1, &out));
    lab_feed(&lab, false, SLICE_LIT("\5\0"));
    assert_true(pg_driver.drain(lab.worker, &lab.s, 1, &out));
    assert_int_equal(out.to_client.ptr[0], 'E');
}

static bool
is_idle(uint64_t after_ns)
{
    struct driver_out out = {0};
    bool is = pg_driver.idle(lab.worker, &lab.s, lab.now_ns + after_ns, &out);
    assert_int_equal(is, out.to_client.len > 0);
    return is;
}

static void
idle_is_from_ready_until_the_client_speaks(void **state)
{
    assert_false(is_idle(UINT32_MAX));
    atomic_store(&lab.limits.idle_ns, 1000);
    atomic_store(&lab.limits.idle_in_transaction_ns, 500);
    assert_false(is_idle(999));
    lab_message(&b, 'H', SLICE_NONE);
    lab_client(&lab, &b);
    assert_false(is_idle(100000));
    lab_query_message(&b, "begin");
    lab_client(&lab, &b);
    assert_false(is_idle(100000));
    lab_complete(&b, "BEGIN");
    lab_server(&lab, &b);
    assert_false(is_idle(100000));
    lab_ready(&b, 'T');
    lab_server(&lab, &b);
    assert_false(is_idle(499));
    atomic_store(&lab.limits.idle_in_transaction_ns, 0);
    assert_false(is_idle(100000));
    atomic_store(&lab.limits.idle_in_transaction_ns, 500);
    /* Not into the middle of a notice. */
    lab_feed(&lab, false, SLICE_LIT("N\0\0\0"));
    assert_false(is_idle(100000));
    lab_feed(&lab, false, SLICE_LIT("\x05\0"));
    assert_true(is_idle(500));
}

/* What is beyond the bound passes: the text's beginning is fingerprinted and flagged, and values
 * are not taken for known. */
static void
only_so_much_of_a_message_is_looked_at(void **state)
{
    static char text[3000], value[3000];
    memset(text, ' ', sizeof(text));
    memcpy(text, "select 1 from t where", 21);
    memcpy(text + 2900, " x = 5", 7);
    memset(value, 'v', sizeof(value));
    for (unsigned bound = 0; bound < 2; bound++) {
        lab_forget();
        atomic_store(&lab.limits.inspect_max, bound == 0 ? 65536 : 1024);
        lab_query_message(&b, text);
        lab_client(&lab, &b);
        lab_complete(&b, "SELECT 1");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
        assert_int_equal((lab_query(0)->flags & QUERY_TRUNCATED) != 0, bound == 1);
        lab_parse(&b, "", "select $1", 25);
        lab_bind(&b, "", "", slice_of(value, sizeof(value)), false);
        lab_execute(&b, "", 0);
        lab_message(&b, 'S', SLICE_NONE);
        for (size_t at = 0; at < b.len; at += 500) {
            lab_feed(&lab, true, slice_sub(buf_slice(&b), at, 500));
        }
        buf_reset(&b);
        lab_message(&b, '1', SLICE_NONE);
        lab_message(&b, '2', SLICE_NONE);
        lab_complete(&b, "SELECT 1");
        lab_ready(&b, 'I');
        lab_server(&lab, &b);
        assert_int_equal((lab_query(1)->flags & QUERY_VALUES_HASHED) != 0, bound == 0);
        assert_int_equal(lab_query(1)->value_count, bound == 0);
        assert_false(lab.s.opaque);
    }
}

/* A replication connection is followed through CopyBoth and leaves no record but its own. */
static void
replication_is_followed_and_not_observed(void **state)
{
    static const char startup[] = "\0\0\0\x28\0\x03\0\0user\0anna\0replication\0database\0\0";
    struct lab other;
    lab_open(&other);
    unsigned before = lab_event_count;
    lab_feed(&other, true, slice_of(startup, sizeof(startup) - 1));
    lab_message(&b, 'R', SLICE_LIT("\0\0\0\0"));
    lab_ready(&b, 'I');
    lab_server(&other, &b);
    for (unsigned first = 0; first < 2; first++) {
        lab_query_message(&b, "START_REPLICATION 0/1");
        lab_client(&other, &b);
        lab_message(&b, 'W', SLICE_LIT("\0\0\0"));
        lab_message(&b, 'd', SLICE_LIT("wal"));
        lab_server(&other, &b);
        lab_message(&b, 'd', SLICE_LIT("reply"));
        lab_client(&other, &b);
        /* Either side ends it first. */
        for (unsigned turn = 0; turn < 2; turn++) {
            lab_message(&b, 'c', SLICE_NONE);
            if (turn == first) {
                lab_client(&other, &b);
            } else {
                lab_server(&other, &b);
            }
        }
        lab_columns(&b, 25);
        lab_row(&b, "2");
        lab_complete(&b, "SELECT 1");
        lab_complete(&b, "START_STREAMING");
        lab_ready(&b, 'I');
        lab_server(&other, &b);
        assert_false(other.s.opaque);
    }
    assert_int_equal(other.counters[COUNTER_sessions_replication], 1);
    assert_int_equal(other.counters[COUNTER_queries], 0);
    for (unsigned i = before; i < lab_event_count; i++) {
        assert_int_not_equal(lab_events[i].ev.head.type, EV_QUERY);
        assert_int_not_equal(lab_events[i].ev.head.type, EV_STATEMENT);
    }
    /* What is no end of it loses the place. */
    lab_query_message(&b, "START_REPLICATION 0/1");
    lab_client(&other, &b);
    lab_message(&b, 'W', SLICE_LIT("\0\0\0"));
    lab_complete(&b, "COPY 0");
    lab_server(&other, &b);
    assert_true(other.s.opaque);
    lab_close(&other);
}

/* A statement trigger fails between CopyInResponse and the Sync that was sent with the Execute:
 * that Sync is not swallowed. */
static void
a_copy_may_fail_before_it_reads_its_sync(void **state)
{
    lab_parse(&b, "", "copy t from stdin", 0);
    lab_bind(&b, "", "", SLICE_NONE, false);
    lab_execute(&b, "", 0);
    lab_message(&b, 'S', SLICE_NONE);
    lab_client(&lab, &b);
    lab_message(&b, '1', SLICE_NONE);
    lab_message(&b, '2', SLICE_NONE);
    lab_message(&b, 'G', SLICE_LIT("\0\0\0"));
    lab_error(&b, "P0001");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_false(lab.s.opaque);
    assert_int_equal(lab.counters[COUNTER_query_errors], 1);
    lab_query_message(&b, "select 4711 from after_it");
    lab_client(&lab, &b);
    lab_complete(&b, "SELECT 3");
    lab_ready(&b, 'I');
    lab_server(&lab, &b);
    assert_false(lab.s.opaque);
    assert_int_equal(lab_query(1)->rows, 3);
}

/* An error in a COPY that other messages were mixed with may answer the one or the other: which,
 * and so what is answered next, cannot be told. The bytes go on, nothing is guessed. */
static void
an_error_in_a_mixed_copy_may_mean_anything(void **state)
{
    lab_query_message(&b, "copy t from stdin");
    lab_client(&lab, &b);
    lab_message(&b, 'G', SLICE_LIT("\0\0\0"));
    lab_server(&lab, &b);
    lab_message(&b, 'd', SLICE_LIT("1\n"));
    lab_query_message(&b, "select 1");
    lab_client(&lab, &b);
    assert_false(lab.s.opaque);
    lab_error(&b, "22P02");
    lab_server(&lab, &b);
    assert_true(lab.s.opaque);
    assert_int_equal(lab.counters[COUNTER_sessions_opaque], 1);
}

#define SSL    "\0\0\0\x08\x04\xd2\x16\x2f"
#define CANCEL "\0\0\0\x10\x04\xd2\x16\x2e\x01\x02\x03\x04\x05\x06\x07\x08"

/* A cancel request goes to the server that gave out its key, and one that nobody knows nowhere. */
static void
cancel_at_cut(size_t cut, bool is_known)
{
    struct lab other;
    lab_open(&other);
    uint32_t slot = CANCELS_NONE;
    if (is_known) {
        slot = cancels_add(other.cancels, slice_of(CANCEL + 8, 8), &other.address);
    }
    for (size_t at = 0; at < 16; at += cut) {
        lab_feed(&other, true, slice_sub(slice_of(CANCEL, 16), at, cut));
    }
    lab_feed(&other, true, SLICE_LIT("and more"));
    assert_true(slice_eq(buf_slice(&other.upstream), slice_of(CANCEL, is_known ? 16 : 0)));
    assert_int_equal(other.connect, is_known);
    assert_int_equal(other.to_address, is_known);
    assert_int_equal(other.close, !is_known);
    assert_int_equal(other.counters[COUNTER_cancels_unknown], !is_known);
    assert_int_equal(other.client.len, 0);
    /* Who does not wait for it is served all the same, as long as that is not done yet. */
    for (unsigned open = 0; open < 2; open++) {
        struct driver_out out = {0};
        other.s.upstream_is_open = open == 1;
        pg_driver.client_eof(other.worker, &other.s, true, 5, &out);
        assert_int_equal(out.aside.len, is_known && open == 0 ? 16 : 0);
        assert_true(out.aside.len == 0 || out.address != NULL);
    }
    cancels_remove(other.cancels, slot);
    lab_close(&other);
}

/* However the first packets are cut, the server gets the StartupMessage and nothing else. */
static void
first_packets_at_every_cut(void **state)
{
    static const char bytes[] = LAB_STARTUP;
    for (size_t cut = 1; cut < sizeof(bytes); cut++) {
        struct lab other;
        lab_open(&other);
        for (size_t at = 0; at < 8; at += cut) {
            lab_feed(&other, true, slice_sub(slice_of(SSL, 8), at, cut));
        }
        for (size_t at = 0; at < sizeof(bytes) - 1; at += cut) {
            lab_feed(&other, true, slice_sub(slice_of(bytes, sizeof(bytes) - 1), at, cut));
        }
        assert_true(slice_eq(buf_slice(&other.client), SLICE_LIT("N")));
        assert_true(
            slice_eq(buf_slice(&other.upstream), slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1)));
        assert_true(other.connect);
        lab_close(&other);
        for (unsigned known = 0; known < 2; known++) {
            cancel_at_cut(cut, known == 1);
        }
    }
}

/* Keys have 4 bytes in protocol 3.0 and up to 256 in 3.2; the cancel for a client that died carries
 * all of it. One that cannot be is not used, and costs nothing else. */
static void
a_dead_clients_cancel_carries_its_whole_key(void **state)
{
    static const size_t lengths[] = {0, 3, 4, 32, 256, 257};
    uint8_t body[4 + 257] = {0, 0, 0x12, 0x34};
    for (size_t i = 4; i < sizeof(body); i++) {
        body[i] = (uint8_t)(i * 7);
    }
    for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
        for (size_t cut = 1; cut < 20; cut += 6) {
            struct lab other;
            struct driver_out out = {0};
            size_t len = lengths[i];
            lab_open(&other);
            lab_feed(&other, true, slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1));
            lab_message(&b, 'R', SLICE_LIT("\0\0\0\0"));
            lab_message(&b, 'K', slice_of(body, 4 + len));
            lab_ready(&b, 'I');
            for (size_t at = 0; at < b.len; at += cut) {
                lab_feed(&other, false, slice_sub(buf_slice(&b), at, cut));
            }
            buf_reset(&b);
            /* Nothing is to be cancelled for who has asked nothing. */
            pg_driver.client_eof(other.worker, &other.s, true, 5, &out);
            assert_int_equal(out.aside.len, 0);
            lab_query_message(&b, "select 1");
            lab_client(&other, &b);
            pg_driver.client_eof(other.worker, &other.s, true, 5, &out);
            assert_false(other.s.opaque);
            bool possible = len >= 4 && len <= 256;
            assert_int_equal(out.aside.len, possible ? 12 + len : 0);
            if (possible) {
                assert_int_equal(out.aside.ptr[2] << 8 | out.aside.ptr[3], 12 + len);
                assert_memory_equal(out.aside.ptr + 4, "\x04\xd2\x16\x2e", 4);
                assert_memory_equal(out.aside.ptr + 8, body, 4 + len);
                assert_ptr_equal(out.address, &other.address);
            }
            struct resolve_address found;
            struct slice key = slice_of(body, 4 + len);
            assert_int_equal(cancels_find(other.cancels, key, &found), possible);
            struct cancels *kept = other.cancels;
            assert_int_equal(cancels_new(1, (struct hash_key){0}, &other.cancels), 0);
            lab_close(&other);
            assert_false(cancels_find(kept, key, &found));
            cancels_free(&kept);
        }
    }
}

/* What comes along with a request for encryption was not encrypted: whoever put it there is not to
 * be taken for the client. */
static void
bytes_glued_behind_an_encryption_request_are_refused(void **state)
{
    static const char glued[] = SSL LAB_STARTUP;
    for (unsigned i = 0; i < 2; i++) {
        struct lab other;
        uint8_t bytes[sizeof(glued)];
        memcpy(bytes, glued, sizeof(glued));
        bytes[7] = (uint8_t)(bytes[7] + i); /* GSSENCRequest is the next code */
        lab_open(&other);
        lab_feed(&other, true, slice_of(bytes, i == 0 ? 9 : sizeof(glued) - 1));
        assert_true(other.close && !other.connect);
        assert_int_equal(other.upstream.len, 0);
        assert_int_equal(other.client.data[0], 'E');
        lab_close(&other);
    }
}

/* One record for each, when it is over, without a name in it; none for who was let in. */
static void
who_is_not_let_in_is_told(void **state)
{
    struct lab other;
    lab_open(&other);
    lab_feed(&other, true, slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1));
    lab_message(&b, 'E', SLICE_LIT("SFATAL\0VFATAL\0C28P01\0Mpassword\0"));
    lab_server(&other, &b);
    assert_null(lab_find(EV_LOGIN_REFUSED, 0));
    lab_close(&other);
    const struct lab_event *e = lab_find(EV_LOGIN_REFUSED, 0);
    const struct event_login_refused *r = &e->ev.as_event_login_refused;
    assert_memory_equal(r->sqlstate, "28P01", 5);
    assert_int_equal(r->by_slowburn, 0);
    assert_int_equal(r->user, (uint32_t)hash_bytes(SLICE_LIT("anna")));
    assert_int_equal(r->database, (uint32_t)hash_bytes(SLICE_LIT("shop")));
    assert_int_equal(e->tail.len, 0);
    for (unsigned i = 0; i < 3; i++) { /* ours: a limit, a time-out, and not the end of slowburn */
        static const enum driver_failure failures[] = {DRIVER_FAILURE_LIMIT, DRIVER_FAILURE_LOGIN,
                                                       DRIVER_FAILURE_DRAINING};
        struct driver_out out = {0};
        lab_open(&other);
        lab_feed(&other, true, slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1));
        pg_driver.failed(other.worker, &other.s, failures[i], 5, &out);
        lab_close(&other);
    }
    assert_memory_equal(lab_find(EV_LOGIN_REFUSED, 1)->ev.as_event_login_refused.sqlstate, "53300",
                        5);
    assert_memory_equal(lab_find(EV_LOGIN_REFUSED, 2)->ev.as_event_login_refused.sqlstate, "57014",
                        5);
    assert_int_equal(lab_find(EV_LOGIN_REFUSED, 2)->ev.as_event_login_refused.by_slowburn, 1);
    lab_login(&other, &b);
    lab_message(&b, 'E', SLICE_LIT("SFATAL\0VFATAL\0C57P01\0Mgoodbye\0"));
    lab_server(&other, &b);
    lab_close(&other);
    assert_null(lab_find(EV_LOGIN_REFUSED, 3));
}

/* Not into the middle of what the server says: the client would take it for the rest of that. */
static void
a_login_that_takes_too_long_is_told_between_messages(void **state)
{
    static const uint8_t asks[] = {'R', 0, 0, 0, 8, 0, 0, 0, 3};
    for (size_t cut = 0; cut <= sizeof(asks); cut++) {
        struct lab other;
        struct driver_out out = {0};
        lab_open(&other);
        lab_feed(&other, true, slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1));
        lab_feed(&other, false, slice_of(asks, cut));
        pg_driver.failed(other.worker, &other.s, DRIVER_FAILURE_LOGIN, 5, &out);
        bool is_told = out.to_client.len > 0;
        assert_int_equal(is_told, cut == 0 || cut == sizeof(asks));
        assert_true(!is_told || memmem(out.to_client.ptr, out.to_client.len, "C57014", 6) != NULL);
        lab_close(&other);
    }
}

static void
garbage_is_refused_with_a_sqlstate(void **state)
{
    struct lab other;
    lab_open(&other);
    lab_feed(&other, true, SLICE_LIT("GET / HTTP/1.1\r\n\r\n"));
    assert_true(other.close);
    assert_int_equal(other.upstream.len, 0);
    assert_non_null(memmem(other.client.data, other.client.len, "C08P01", 6));
    lab_close(&other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_login_opens_the_session),
        T(a_simple_query_is_one_record),
        T(strings_are_read_as_the_server_reads_them),
        T(the_same_result_has_the_same_hash),
        T(statements_of_one_query_are_told_apart),
        T(an_answer_too_many_is_said_of_nobody),
        T(preparing_counts_for_the_next_execution),
        T(an_execution_in_the_batch_of_its_parse_starts_there),
        T(an_error_skips_to_sync),
        T(sql_prepare_and_execute_are_that_statement),
        T(the_lens_sees_values_and_rows_once),
        T(a_frozen_trace_is_believed_once),
        T(what_was_never_answered_is_unfinished),
        T(a_lost_place_makes_the_session_opaque),
        T(a_new_consumer_hears_of_everything_again),
        T(copy_in_extended_swallows_the_first_sync),
        T(draining_waits_for_the_transaction),
        T(idle_is_from_ready_until_the_client_speaks),
        T(only_so_much_of_a_message_is_looked_at),
        T(replication_is_followed_and_not_observed),
        T(a_copy_may_fail_before_it_reads_its_sync),
        T(an_error_in_a_mixed_copy_may_mean_anything),
        T(first_packets_at_every_cut),
        T(a_dead_clients_cancel_carries_its_whole_key),
        T(bytes_glued_behind_an_encryption_request_are_refused),
        T(who_is_not_let_in_is_told),
        T(a_login_that_takes_too_long_is_told_between_messages),
        T(garbage_is_refused_with_a_sqlstate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
