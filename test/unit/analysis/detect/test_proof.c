/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "analysis/detect/proof.h"
#include "base/hash.h"

#define PARENT 11u
#define CHILD  22u

static struct proof *proof;
static uint64_t session;

static int
setup(void **state)
{
    proof = proof_new();
    assert_non_null(proof_watch(proof, CHILD));
    return 0;
}

static int
teardown(void **state)
{
    proof_free(&proof);
    return 0;
}

static uint64_t
hash_of(uint64_t v)
{
    return v == 0 ? 0 : v * 0x9e3779b97f4a7c15u; /* 0 is NULL */
}

/* One request: a parent with one column of rows, then a call for each value. */
static void
request(const uint64_t *column, uint32_t rows, uint32_t rows_total, const uint64_t *calls,
        unsigned n)
{
    session++;
    uint64_t hashes[64], call_hash[64];
    for (uint32_t i = 0; i < rows; i++) {
        hashes[i] = hash_of(column[i]);
    }
    struct event_lens_column c = {.table_oid = 5, .attnum = 1, .type_oid = 20};
    struct intake_lens_rows r = {.event = {.fingerprint = PARENT,
                                           .session = session,
                                           .session_seq = 0,
                                           .row_count = rows,
                                           .rows_total = rows_total,
                                           .column_count = 1},
                                 .columns = &c,
                                 .hashes = hashes};
    proof_rows(proof, &r);
    struct trace_query q[65];
    memset(q, 0, sizeof(q));
    q[0] = (struct trace_query){.fingerprint = PARENT,
                                .session = session,
                                .rows = rows,
                                .start_ns = 1,
                                .end_ns = 2,
                                .kind = STATEMENT_SELECT};
    for (unsigned i = 0; i < n; i++) {
        call_hash[i] = hash_of(calls[i]);
        q[i + 1] = (struct trace_query){.fingerprint = CHILD,
                                        .values_hash = call_hash[i],
                                        .session = session,
                                        .session_seq = i + 1,
                                        .start_ns = 10 + i,
                                        .end_ns = 11 + i,
                                        .value_count = 1,
                                        .values = &call_hash[i],
                                        .kind = STATEMENT_SELECT};
    }
    struct trace t = {.query_count = n + 1, .queries = q};
    proof_trace(proof, &t);
}

static bool
is_proved(void)
{
    return proof_result(proof_find(proof, CHILD)) != NULL;
}

static void
ids_from(uint64_t first, unsigned n, uint64_t step, uint64_t *ids)
{
    for (unsigned i = 0; i < n; i++) {
        ids[i] = first + i * step;
    }
}

static void
three_requests_in_row_order_prove(void **state)
{
    uint64_t ids[20];
    for (unsigned i = 0; i < 3; i++) {
        assert_false(is_proved());
        ids_from(1000 + 50 * i, 12 + i, 7, ids);
        request(ids, 12 + i, 12 + i, ids, 12 + i);
    }
    assert_true(is_proved());
    const struct proof_key *k = proof_result(proof_find(proof, CHILD));
    assert_int_equal(k->parent, PARENT);
    assert_int_equal(k->table_oid, 5);
    assert_int_equal(k->attnum, 1);
}

static void
nulls_and_loaded_objects_may_be_left_out(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        uint64_t b = 100 * (i + 1);
        uint64_t column[] = {b + 9, 0, b + 2, b + 9, b + 4, 0, b + 6, b + 1};
        uint64_t calls[] = {b + 9, b + 2, b + 4, b + 6, b + 1};
        request(column, 8, 8, calls, 5);
    }
    assert_true(is_proved());
}

static void
every_call_even_the_same_again_may_follow_the_rows(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        uint64_t b = 100 * (i + 1);
        uint64_t column[] = {b + 9, b + 9, b + 2, b + 9, b + 4, b + 6, b + 1};
        request(column, 7, 7, column, 7);
    }
    assert_true(is_proved());
}

static void
more_rows_than_the_lens_shows(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        uint64_t ids[40];
        ids_from(1000 * (i + 1), 40, 3, ids);
        request(ids, 20, 40, ids, 40);
    }
    assert_true(is_proved());
}

static void
overlapping_small_integers_do_not_prove(void **state)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t column[20], calls[20];
        ids_from(1, 20, 1, column); /* ids 1..20, calls for positions 3..14 */
        ids_from(3 + i % 3, 12, 1, calls);
        request(column, 20, 20, calls, 12);
    }
    assert_false(is_proved());
}

static void
counting_up_along_the_first_rows_does_not_prove(void **state)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t column[20], calls[20];
        ids_from(1, 20, 1, column);
        ids_from(1, 8 + i, 1, calls);
        request(column, 20, 20, calls, 8 + i);
    }
    assert_false(is_proved());
}

static void
the_same_small_sequence_every_time_does_not_prove(void **state)
{
    uint64_t ids[10];
    ids_from(1, 10, 1, ids);
    for (unsigned i = 0; i < 8; i++) {
        request(ids, 10, 10, ids, 10);
    }
    assert_false(is_proved());
    struct intake_lens_values v = {.event = {.fingerprint = CHILD, .param_count = 1}};
    for (unsigned i = 0; i < 10; i++) { /* they are small: still not */
        uint8_t param[8] = {1, 0, 0, 0, (uint8_t)('0' + i), 0, 0, 0};
        v.params = slice_of(param, sizeof(param));
        proof_values(proof, &v);
    }
    assert_false(is_proved());
}

static void
the_same_sequence_of_large_values_does(void **state)
{
    uint64_t ids[10];
    ids_from(71234, 10, 13, ids);
    for (unsigned i = 0; i < 4; i++) {
        request(ids, 10, 10, ids, 10);
    }
    struct intake_lens_values v = {.event = {.fingerprint = CHILD, .param_count = 1}};
    for (unsigned i = 0; i < 6; i++) {
        uint8_t param[12] = {5, 0, 0, 0, '7', '1', '2', '3', (uint8_t)('0' + i)};
        v.params = slice_of(param, sizeof(param));
        proof_values(proof, &v);
    }
    assert_true(is_proved());
}

static void
another_order_or_a_left_out_row_proves_nothing(void **state)
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t column[10], calls[10];
        ids_from(1000 * (i + 1), 10, 3, column);
        memcpy(calls, column, sizeof(calls));
        calls[0] = column[1];
        calls[1] = column[0];
        request(column, 10, 10, calls, 10);
        request(column, 10, 10, column + 1, 9); /* without the first row */
    }
    assert_false(is_proved());
}

static void
four_values_are_too_few(void **state)
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t ids[4];
        ids_from(1000 * (i + 1), 4, 3, ids);
        request(ids, 4, 4, ids, 4);
    }
    assert_false(is_proved());
}

static void
too_many_watches_are_refused(void **state)
{
    for (uint64_t i = 0; i < PROOF_WATCHED_MAX - 1; i++) {
        assert_non_null(proof_watch(proof, 100 + i));
    }
    assert_null(proof_watch(proof, 9999));
    assert_non_null(proof_watch(proof, CHILD));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(three_requests_in_row_order_prove),
        T(nulls_and_loaded_objects_may_be_left_out),
        T(every_call_even_the_same_again_may_follow_the_rows),
        T(more_rows_than_the_lens_shows),
        T(overlapping_small_integers_do_not_prove),
        T(counting_up_along_the_first_rows_does_not_prove),
        T(the_same_small_sequence_every_time_does_not_prove),
        T(the_same_sequence_of_large_values_does),
        T(another_order_or_a_left_out_row_proves_nothing),
        T(four_values_are_too_few),
        T(too_many_watches_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
