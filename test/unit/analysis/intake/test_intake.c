/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/intake/intake.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "unit/unit.h"

static void
hands_over_in_order(void **state)
{
    struct intake *in = NULL;
    assert_int_equal(intake_new(16, 1 << 20, &in), 0);
    assert_null(intake_take(in));
    for (uint64_t i = 0; i < 100; i++) {
        uint8_t *tail = NULL;
        struct intake_item *item = intake_item_new(INTAKE_STATEMENT, i, 8, &tail);
        memcpy(tail, &i, 8);
        item->statement.text = slice_of(tail, 8);
        assert_int_equal(intake_put(in, &item), 0);
        assert_null(item);
        assert_int_equal(intake_count(in), 1);
        struct intake_item *got = intake_take(in);
        assert_int_equal(got->time_ns, i);
        assert_true(slice_eq(got->statement.text, slice_of(&i, 8)));
        intake_item_free(&got);
        assert_int_equal(intake_bytes(in), 0);
    }
    intake_free(&in);
    assert_null(in);
}

static struct intake_item *
trace_item(uint32_t queries)
{
    struct trace_query *q = NULL;
    uint64_t *values = NULL;
    struct trace *t = trace_new(queries, queries, &q, &values);
    for (uint32_t i = 0; i < queries; i++) {
        values[i] = i;
        q[i].values = &values[i];
        q[i].value_count = 1;
    }
    return intake_item_of_trace(&t);
}

static void
full_keeps_room_for_announcements(void **state)
{
    struct intake *in = NULL;
    assert_int_equal(intake_new(16, 1 << 20, &in), 0);
    struct intake_item *item = NULL;
    for (int i = 0; i < 14; i++) {
        item = trace_item(1);
        assert_int_equal(intake_put(in, &item), 0);
    }
    item = trace_item(1);
    assert_int_equal(intake_put(in, &item), -ENOSPC);
    assert_non_null(item);
    intake_item_free(&item);
    for (int i = 0; i < 2; i++) {
        item = intake_item_new(INTAKE_ROUTE, 0, 0, NULL);
        assert_int_equal(intake_put(in, &item), 0);
    }
    item = intake_item_new(INTAKE_ROUTE, 0, 0, NULL);
    assert_int_equal(intake_put(in, &item), -ENOSPC);
    intake_item_free(&item);
    intake_free(&in);
}

static void
bytes_are_a_limit_too(void **state)
{
    struct intake *in = NULL;
    assert_int_equal(intake_new(1024, 100000, &in), 0);
    size_t put = 0;
    struct intake_item *item = trace_item(100);
    size_t size = item->size_bytes;
    while (intake_put(in, &item) == 0) {
        put++;
        item = trace_item(100);
    }
    intake_item_free(&item);
    assert_int_equal(put, 87500 / size);
    assert_int_equal(intake_bytes(in), put * size);
    intake_free(&in);
}

static void *
produce(void *arg)
{
    struct intake *in = arg;
    for (uint64_t i = 0; i < 20000;) {
        struct intake_item *item = i % 3 == 0 ? trace_item(3) : NULL;
        if (item == NULL) {
            uint8_t *tail = NULL;
            item = intake_item_new(INTAKE_NAME, 0, 8, &tail);
            memcpy(tail, &i, 8);
            item->name.text = slice_of(tail, 8);
        }
        item->time_ns = i;
        while (intake_put(in, &item) != 0) {
            sched_yield();
        }
        i++;
    }
    return NULL;
}

/* Nothing lost, nothing twice, in order, whole: also what ThreadSanitizer watches. */
static void
two_threads(void **state)
{
    struct intake *in = NULL;
    assert_int_equal(intake_new(64, 1 << 20, &in), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, in), 0);
    for (uint64_t want = 0; want < 20000;) {
        struct intake_item *item = intake_take(in);
        if (item == NULL) {
            sched_yield();
            continue;
        }
        assert_int_equal(item->time_ns, want);
        if (item->kind == INTAKE_NAME) {
            assert_memory_equal(item->name.text.ptr, &want, 8);
        } else {
            assert_int_equal(item->trace->queries[2].values[0], 2);
        }
        intake_item_free(&item);
        want++;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(intake_take(in));
    intake_free(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_over_in_order),
        cmocka_unit_test(full_keeps_room_for_announcements),
        cmocka_unit_test(bytes_are_a_limit_too),
        cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
