/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <errno.h>

#include "unit/unit.h"

struct record {
    struct event_query body;
    uint64_t values[2];
};

static struct record
query_record(void)
{
    return (struct record){
        .body = {.head = {.type = EV_QUERY,
                          .len = sizeof(struct record),
                          .body_len = sizeof(struct event_query)},
                 .fingerprint = 42,
                 .value_count = 2},
        .values = {7, 8},
    };
}

static void
a_record_reads_back(void **state)
{
    struct record r = query_record();
    union event ev;
    struct slice tail;
    assert_int_equal(event_read(slice_of(&r, sizeof(r)), &ev, &tail), 0);
    assert_true(ev.as_event_query.fingerprint == 42);
    assert_int_equal(tail.len, 16);
    assert_memory_equal(tail.ptr, r.values, 16);
}

static void
a_shorter_body_of_an_older_writer_is_zero_filled(void **state)
{
    struct {
        struct event_head head;
        uint64_t session;
    } old = {{.type = EV_QUERY, .len = sizeof(old), .body_len = sizeof(old)}, 5};
    union event ev;
    struct slice tail;
    assert_int_equal(event_read(slice_of(&old, sizeof(old)), &ev, &tail), 0);
    assert_true(ev.as_event_query.session == 5);
    assert_true(ev.as_event_query.fingerprint == 0);
    assert_int_equal(tail.len, 0);
}

static void
lengths_that_do_not_fit_are_refused(void **state)
{
    struct record r = query_record();
    union event ev;
    struct slice tail;
    r.body.value_count = 3;
    assert_int_equal(event_read(slice_of(&r, sizeof(r)), &ev, &tail), -EBADMSG);
    r = query_record();
    r.body.head.body_len = sizeof(r) + 8;
    assert_int_equal(event_read(slice_of(&r, sizeof(r)), &ev, &tail), -EBADMSG);
    r = query_record();
    r.body.head.type = 999;
    assert_int_equal(event_read(slice_of(&r, sizeof(r)), &ev, &tail), -ENOENT);
    assert_int_equal(event_read(slice_of(&r, 8), &ev, &tail), -EBADMSG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reads_back),
        cmocka_unit_test(a_shorter_body_of_an_older_writer_is_zero_filled),
        cmocka_unit_test(lengths_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
