/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/blocks.h"

#include <stdio.h>

#include "unit/unit.h"

static struct block_row
row(int waiter, int blocker, uint64_t waiting, uint64_t holder)
{
    return (struct block_row){.waiter = waiter,
                              .blocker = blocker,
                              .waiting = waiting,
                              .holder = holder,
                              .lock = "transactionid",
                              .waited_ms = 10.0 * waiter};
}

/* 1 waits for 2, 2 for 3, 4 for 3; 3 sits idle in its transaction. */
static void
each_queue_is_followed_to_its_end(void **state)
{
    struct blocks b = {0};
    struct block_row rows[] = {row(1, 2, 11, 22), row(2, 3, 22, 33), row(4, 3, 11, 33)};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        rows[i].is_idle = rows[i].blocker == 3;
        rows[i].idle_ms = 500;
    }
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_int_equal(b.count, 2); /* 11 behind 33, and 22 behind 33 */
    const struct block *x = &b.block[0];
    assert_true(x->waiting == 11 && x->holder == 33 && x->state == BLOCK_IDLE);
    assert_int_equal(x->samples, 2);
    assert_int_equal(x->waiters, 2);
    assert_int_equal(x->depth, 2);
    assert_true(x->waited_ms == 40 && x->idle_ms == 500);
    assert_true(x->lock_ms == 4000); /* two, twice, a second each, however short their own waits */
    assert_true(b.block[1].waiting == 22 && b.block[1].depth == 1 && b.block[1].waiters == 1);
    json_t *answer = json_object();
    blocks_take(&b, answer);
    assert_int_equal(json_array_size(json_object_get(answer, "blocks")), 2);
    const json_t *o = json_array_get(json_object_get(answer, "blocks"), 0);
    assert_string_equal(json_string_value(json_object_get(o, "holder")), "0000000000000021");
    assert_string_equal(json_string_value(json_object_get(o, "state")), "idle in transaction");
    json_decref(answer);
    assert_int_equal(b.count, 0);
}

static void
circles_end(void **state)
{
    struct blocks b = {0};
    struct block_row rows[] = {row(1, 2, 1, 2), row(2, 1, 2, 1), row(3, 3, 3, 3)};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(rows[i].blocker_lock, sizeof(rows[i].blocker_lock), "transactionid");
    }
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_int_equal(b.count, 3);
    for (unsigned i = 0; i < b.count; i++) {
        assert_int_equal(b.block[i].depth, 2);
        assert_int_equal(b.block[i].state, BLOCK_CUT); /* all of them wait: nobody holds them up */
        assert_true(b.block[i].holder == 0);
        assert_int_equal(b.block[i].chain_count, 3);
    }
}

/* 1 waits for 2, which waits too, and that is as far as was looked: 2 is no holder. */
static void
who_waits_is_never_the_holder(void **state)
{
    struct blocks b = {0};
    struct block_row rows[] = {row(1, 2, 11, 22), row(1, 4, 11, 44), row(4, 5, 44, 55),
                               row(5, 6, 55, 66)};
    snprintf(rows[0].blocker_lock, sizeof(rows[0].blocker_lock), "tuple");
    rows[0].blocker_waited_ms = 300;
    rows[0].transaction_ms = 700;
    blocks_fold(&b, rows, 1, 1000);
    const struct block *x = &b.block[0];
    assert_true(x->waiting == 11 && x->holder == 0 && x->state == BLOCK_CUT);
    assert_true(x->depth == 2 && x->transaction_ms == 0);
    assert_int_equal(x->chain_count, 3);
    assert_true(x->chain[1].statement == 22 && x->chain[1].state == BLOCK_WAITING);
    assert_string_equal(x->chain[1].lock, "tuple");
    assert_true(x->chain[1].waited_ms == 300 && x->chain[1].transaction_ms == 700);
    assert_true(x->chain[2].statement == 0 && x->chain[2].state == BLOCK_CUT);
    json_t *answer = json_object();
    blocks_take(&b, answer);
    const json_t *o = json_array_get(json_object_get(answer, "blocks"), 0);
    assert_true(json_is_null(json_object_get(o, "holder")));
    assert_string_equal(json_string_value(json_object_get(o, "state")), "not known");
    json_decref(answer);
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000); /* a way that has an end is taken, if longer */
    assert_true(b.block[0].waiting == 11 && b.block[0].holder == 66 && b.block[0].depth == 3);
}

/* So many between that the one before the end has no place: the end is told, all the same. */
static void
a_long_queue_that_is_cut(void **state)
{
    struct blocks b = {0};
    struct block_row rows[BLOCKS_CHAIN_MAX];
    for (int i = 0; i < (int)ARRAY_LEN(rows); i++) {
        rows[i] = row(i + 1, i + 2, 100u + (unsigned)i, 101u + (unsigned)i);
    }
    snprintf(rows[BLOCKS_CHAIN_MAX - 1].blocker_lock, sizeof(rows[0].blocker_lock), "relation");
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    const struct block *x = &b.block[0];
    assert_int_equal(x->depth, BLOCKS_CHAIN_MAX + 1);
    assert_int_equal(x->chain_count, BLOCKS_CHAIN_MAX);
    assert_int_equal(x->chain[BLOCKS_CHAIN_MAX - 1].state, BLOCK_CUT);
}

/* 1 waits for 2, which has begun a transaction and waits for 3, idle: so it is told. */
static void
the_chain_between_them(void **state)
{
    struct blocks b = {0};
    struct block_row rows[] = {row(1, 2, 11, 22), row(2, 3, 22, 33)};
    rows[0].transaction_ms = 700; /* of 2 */
    rows[1].is_idle = true;
    rows[1].idle_ms = 500;
    rows[1].transaction_ms = 900;
    snprintf(rows[1].lock, sizeof(rows[1].lock), "relation");
    blocks_fold(&b, rows, 2, 1000);
    const struct block *x = &b.block[0];
    assert_int_equal(x->depth, 2);
    assert_int_equal(x->chain_count, 3);
    assert_true(x->chain[0].statement == 11 && x->chain[0].state == BLOCK_WAITING);
    assert_string_equal(x->chain[0].lock, "transactionid");
    assert_true(x->chain[1].statement == 22 && x->chain[1].state == BLOCK_WAITING);
    assert_string_equal(x->chain[1].lock, "relation");
    assert_true(x->chain[1].waited_ms == 20 && x->chain[1].transaction_ms == 700);
    assert_true(x->chain[2].statement == 33 && x->chain[2].state == BLOCK_IDLE);
    assert_string_equal(x->chain[2].lock, "");
    assert_true(x->chain[2].idle_ms == 500 && x->chain[2].transaction_ms == 900);
    struct block_row direct = row(1, 3, 11, 33);
    direct.is_idle = true;
    blocks_fold(&b, &direct, 1, 1000); /* a shorter one does not take its place */
    assert_true(x->samples == 2 && x->chain_count == 3 && x->depth == 2);
    json_t *answer = json_object();
    blocks_take(&b, answer);
    const json_t *o = json_array_get(json_object_get(answer, "blocks"), 0);
    const json_t *chain = json_object_get(o, "chain");
    assert_int_equal(json_array_size(chain), 3);
    o = json_array_get(chain, 1);
    assert_string_equal(json_string_value(json_object_get(o, "statement")), "0000000000000016");
    assert_string_equal(json_string_value(json_object_get(o, "state")), "waiting");
    assert_string_equal(json_string_value(json_object_get(o, "lock")), "relation");
    json_decref(answer);
}

/* The holder is always told, however many are in between. */
static void
a_long_queue_is_told_in_short(void **state)
{
    struct blocks b = {0};
    struct block_row rows[BLOCKS_CHAIN_MAX + 3];
    for (int i = 0; i < (int)ARRAY_LEN(rows); i++) {
        rows[i] = row(i + 1, i + 2, 100u + (unsigned)i, 101u + (unsigned)i);
    }
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    const struct block *x = &b.block[0];
    assert_int_equal(x->depth, ARRAY_LEN(rows));
    assert_int_equal(x->chain_count, BLOCKS_CHAIN_MAX);
    assert_true(x->chain[0].statement == 100 && x->chain[1].statement == 101);
    assert_true(x->chain[BLOCKS_CHAIN_MAX - 1].statement == 100 + ARRAY_LEN(rows));
    assert_true(x->holder == 100 + ARRAY_LEN(rows));
}

/* pg_blocking_pids says 0 of it. A wait is one wait: of several in the way it is the one that is
 * nearest to the end, and the idle one. */
static void
prepared_transactions_and_several_holders(void **state)
{
    struct blocks b = {0};
    struct block_row rows[] = {row(1, 0, 1, 0), row(2, 8, 2, 80), row(2, 9, 2, 90)};
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.block[0].state, BLOCK_PREPARED);
    assert_true(b.block[1].holder == 80 && b.block[1].waiters == 1);
    b = (struct blocks){0};
    rows[2].is_idle = true;
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_true(b.block[1].holder == 90 && b.block[1].state == BLOCK_IDLE);
    b = (struct blocks){0}; /* 1 stands behind 2 and behind 9 itself; 2 waits for 9, too */
    struct block_row behind[] = {row(1, 2, 1, 2), row(1, 9, 1, 90), row(2, 9, 2, 90)};
    blocks_fold(&b, behind, ARRAY_LEN(behind), 1000);
    assert_true(b.block[0].holder == 90 && b.block[0].depth == 1 && b.block[0].waiters == 1);
}

static void
full_is_counted(void **state)
{
    struct blocks b = {0};
    for (unsigned i = 0; i < BLOCKS_MAX + 5; i++) {
        struct block_row r = row(1, 2, 100 + i, 7);
        blocks_fold(&b, &r, 1, 1000);
    }
    assert_int_equal(b.count, BLOCKS_MAX);
    assert_int_equal(b.refused, 5);
    blocks_fold(&b, NULL, 0, 1000);
    assert_int_equal(b.block[0].samples, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_queue_is_followed_to_its_end),
        cmocka_unit_test(the_chain_between_them),
        cmocka_unit_test(a_long_queue_is_told_in_short),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(who_waits_is_never_the_holder),
        cmocka_unit_test(a_long_queue_that_is_cut),
        cmocka_unit_test(prepared_transactions_and_several_holders),
        cmocka_unit_test(full_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
