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
    const struct block_row rows[] = {row(1, 2, 1, 2), row(2, 1, 2, 1), row(3, 3, 3, 3)};
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_int_equal(b.count, 3);
    for (unsigned i = 0; i < b.count; i++) {
        assert_true(b.block[i].depth <= BLOCKS_WAITERS_MAX);
        assert_int_equal(b.block[i].state, BLOCK_ACTIVE);
    }
}

/* pg_blocking_pids says 0 of it. Of several holders the first one counts: a wait is one wait. */
static void
prepared_transactions_and_several_holders(void **state)
{
    struct blocks b = {0};
    const struct block_row rows[] = {row(1, 0, 1, 0), row(2, 8, 2, 80), row(2, 9, 2, 90)};
    blocks_fold(&b, rows, ARRAY_LEN(rows), 1000);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.block[0].state, BLOCK_PREPARED);
    assert_true(b.block[1].holder == 80 && b.block[1].waiters == 1);
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
        cmocka_unit_test(circles_end),
        cmocka_unit_test(prepared_transactions_and_several_holders),
        cmocka_unit_test(full_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
