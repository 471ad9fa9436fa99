/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/publish.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/prng.h"
#include "bus/subscribe.h"
#include "unit/unit.h"

struct bench {
    struct publisher *publisher;
    struct subscriber *subscriber;
    uint64_t by_type[32];
    uint64_t calls, errors, rows, time_ns; /* of kept and folded queries together */
    uint64_t folded_queries, folded_requests, requests;
    uint64_t rest_calls;
    uint64_t path_hash;
    uint64_t missed; /* told record by record */
    char text[64];
    size_t tail_len;
};

static void
on_event(void *ctx, const union event *ev, struct slice tail)
{
    struct bench *b = ctx;
    b->by_type[ev->head.type]++;
    b->missed += ev->head.missed;
    if (ev->head.type == EV_QUERY) {
        const struct event_query *q = &ev->as_event_query;
        b->calls++;
        b->errors += (q->flags & QUERY_ERROR) != 0;
        b->rows += q->rows;
        b->time_ns += q->end_ns - q->start_ns + q->prepare_ns;
        b->tail_len = tail.len;
    } else if (ev->head.type == EV_FOLDED) {
        const struct event_folded *f = &ev->as_event_folded;
        b->calls += f->calls;
        b->errors += f->errors;
        b->rows += f->rows;
        b->time_ns += f->time_ns;
        b->folded_queries += f->calls;
        b->rest_calls += f->fingerprint == 0 ? f->calls : 0;
    } else if (ev->head.type == EV_REQUEST) {
        b->requests++;
    } else if (ev->head.type == EV_FOLDED_REQUEST) {
        b->requests += ev->as_event_folded_request.requests;
        b->folded_requests += ev->as_event_folded_request.requests;
        b->path_hash = ev->as_event_folded_request.path_hash;
    } else if (ev->head.type == EV_NAME) {
        slice_to_str(slice_sub(tail, 0, ev->as_event_name.text_len), b->text, sizeof(b->text));
    }
}

static void
attach(struct bench *b, uint32_t generation)
{
    struct ring_producer *ring;
    assert_int_equal(ring_producer_new(RING_CAPACITY_MIN, generation, &ring), 0);
    int fds[2] = {dup(ring_producer_data_fd(ring)), dup(ring_producer_cursor_fd(ring))};
    struct diag diag = {0};
    assert_int_equal(subscriber_attach(b->subscriber, 0, fds, 2, &diag), 0);
    publisher_attach(b->publisher, &ring);
    assert_null(ring);
}

static void
open_bench(struct bench *b)
{
    *b = (struct bench){0};
    assert_int_equal(publisher_new(3, &b->publisher), 0);
    assert_int_equal(subscriber_new(&b->subscriber), 0);
}

static void
close_bench(struct bench *b)
{
    publisher_free(&b->publisher);
    subscriber_free(&b->subscriber);
}

static void
drain(struct bench *b)
{
    while (subscriber_poll(b->subscriber, 100, on_event, b) > 0) {
    }
}

static void
send_query(struct bench *b, uint64_t fingerprint)
{
    union event ev = {.as_event_query = {.head.type = EV_QUERY,
                                         .fingerprint = fingerprint,
                                         .start_ns = 100,
                                         .end_ns = 110,
                                         .prepare_ns = 5,
                                         .rows = 2,
                                         .flags = fingerprint % 2 != 0 ? QUERY_ERROR : 0}};
    publisher_send(b->publisher, 1, &ev, NULL, 0);
}

static void
nobody_listening_costs_nothing(void **state)
{
    struct bench b;
    open_bench(&b);
    send_query(&b, 1);
    assert_false(publisher_wants_statement(b.publisher, 1, 1));
    assert_int_equal(publisher_name(b.publisher, 1, NAME_USER, SLICE_LIT("u")),
                     (uint32_t)hash_bytes(SLICE_LIT("u")));
    assert_int_equal(publisher_totals(b.publisher).sent, 0);
    assert_int_equal(publisher_epoch(b.publisher), 0);
    close_bench(&b);
}

static void
announces_once_an_epoch(void **state)
{
    struct bench b;
    open_bench(&b);
    for (uint32_t epoch = 5; epoch < 7; epoch++) {
        attach(&b, epoch);
        assert_int_equal(publisher_epoch(b.publisher), epoch);
        for (int i = 0; i < 3; i++) {
            publisher_name(b.publisher, 1, NAME_DATABASE, SLICE_LIT("shop"));
            publisher_name(b.publisher, 1, NAME_USER, SLICE_LIT("shop"));
            publisher_name_indexed(b.publisher, 1, NAME_LISTENER, 0, SLICE_LIT("[::1]:1"));
        }
        assert_true(publisher_wants_statement(b.publisher, 9, 1));
        assert_false(publisher_wants_statement(b.publisher, 9, 1));
        assert_true(publisher_wants_statement(b.publisher, 9, 2));
    }
    drain(&b);
    assert_int_equal(b.by_type[EV_NAME], 6);
    assert_string_equal(b.text, "[::1]:1");
    assert_int_equal(subscriber_totals(b.subscriber).epoch, 6);
    assert_int_equal(subscriber_totals(b.subscriber).rings, 1); /* the former one is gone */
    close_bench(&b);
}

/* More statements than are remembered: all is announced again, nothing is forgotten for good. */
static void
forgets_when_full_and_starts_over(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    for (uint64_t i = 1; i <= PUBLISH_KNOWN_MAX; i++) {
        assert_true(publisher_wants_statement(b.publisher, i, 1));
    }
    assert_false(publisher_wants_statement(b.publisher, 1, 1));
    assert_true(publisher_wants_statement(b.publisher, PUBLISH_KNOWN_MAX + 1, 1));
    assert_true(publisher_wants_statement(b.publisher, 1, 1));
    close_bench(&b);
}

static void
a_dropped_announcement_is_made_again(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    for (uint32_t i = 0; publisher_totals(b.publisher).dropped == 0; i++) {
        publisher_name_indexed(b.publisher, 1, NAME_LISTENER, i, SLICE_LIT("."));
    }
    publisher_name(b.publisher, 1, NAME_USER, SLICE_LIT("late"));
    assert_true(publisher_wants_statement(b.publisher, 9, 1));
    union event ev = {
        .as_event_statement = {.head.type = EV_STATEMENT, .fingerprint = 9, .database = 1}};
    ev.as_event_statement.text_len = 6;
    struct slice text = SLICE_LIT("SELECT");
    publisher_send(b.publisher, 1, &ev, &text, 1);
    assert_int_equal(publisher_totals(b.publisher).dropped, 3);
    assert_true(publisher_wants_statement(b.publisher, 9, 1));
    drain(&b);
    b.by_type[EV_NAME] = 0;
    publisher_name(b.publisher, 1, NAME_USER, SLICE_LIT("late"));
    publisher_send(b.publisher, 1, &ev, &text, 1);
    drain(&b);
    assert_int_equal(b.by_type[EV_NAME], 1);
    assert_int_equal(b.by_type[EV_STATEMENT], 1);
    close_bench(&b);
}

/* The law: sent = kept + folded + dropped; and sums and records together are what was sent. */
static void
a_slow_consumer_loses_no_sum(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    struct prng prng = {11};
    uint64_t errors = 0;
    const uint64_t calls = 20000;
    for (uint64_t i = 0; i < calls; i++) {
        uint64_t fingerprint = 1 + prng_below(&prng, 50);
        errors += fingerprint % 2;
        send_query(&b, fingerprint);
        if (prng_below(&prng, 100) == 0) {
            subscriber_poll(b.subscriber, 10, on_event, &b);
        }
    }
    assert_true(publisher_totals(b.publisher).folded > calls / 2);
    while (b.calls < calls) {
        drain(&b);
        publisher_flush(b.publisher, 2);
    }
    drain(&b);
    struct publisher_totals t = publisher_totals(b.publisher);
    struct subscriber_totals got = subscriber_totals(b.subscriber);
    assert_int_equal(t.sent, t.kept + t.folded + t.dropped);
    assert_int_equal(t.dropped, 0);
    assert_int_equal(got.received, t.kept);
    assert_int_equal(got.missing, t.folded);
    assert_int_equal(b.missed, t.folded);
    assert_int_equal(b.folded_queries, t.folded);
    assert_int_equal(b.calls, calls);
    assert_int_equal(b.errors, errors);
    assert_int_equal(b.rows, 2 * calls);
    assert_int_equal(b.time_ns, 15 * calls);
    assert_int_equal(b.rest_calls, 0);
    close_bench(&b);
}

/* What the reader gets are whole stretches: after an overflow nothing is kept until the ring is
 * half empty. */
static void
a_full_ring_folds_until_it_is_half_empty(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    while (publisher_totals(b.publisher).folded == 0) {
        send_query(&b, 2);
    }
    uint64_t all = publisher_totals(b.publisher).kept;
    subscriber_poll(b.subscriber, all / 4, on_event, &b);
    uint64_t kept = publisher_totals(b.publisher).kept;
    for (unsigned i = 0; i < 10; i++) {
        send_query(&b, 2);
    }
    assert_int_equal(publisher_totals(b.publisher).kept, kept);
    assert_int_equal(publisher_totals(b.publisher).folded, 11);
    subscriber_poll(b.subscriber, all / 2, on_event, &b);
    assert_int_equal(b.missed, 0);
    for (unsigned i = 0; i < 10; i++) {
        send_query(&b, 2);
    }
    assert_int_equal(publisher_totals(b.publisher).folded, 11);
    drain(&b);
    assert_int_equal(b.missed, 11);
    close_bench(&b);
}

static void
more_fingerprints_than_the_table_become_one_sum(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    while (publisher_totals(b.publisher).folded == 0) {
        send_query(&b, 2);
    }
    for (uint64_t i = 0; i < 3 * PUBLISH_FOLD_MAX; i++) {
        send_query(&b, 1000 + i);
    }
    uint64_t calls = publisher_totals(b.publisher).sent;
    for (int i = 0; i < 100; i++) {
        drain(&b);
        publisher_flush(b.publisher, 2);
    }
    assert_int_equal(b.calls, calls);
    assert_int_equal(b.rest_calls, 2 * PUBLISH_FOLD_MAX + 1);
    close_bench(&b);
}

static void
requests_fold_by_method_and_path(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    uint64_t value = 77;
    struct slice tails[2] = {slice_of(&value, 8), SLICE_LIT("/api/orders")};
    uint64_t sent = 0;
    while (publisher_totals(b.publisher).folded < 5) {
        union event ev = {.as_event_request = {.head.type = EV_REQUEST,
                                               .method = METHOD_GET,
                                               .status = 500,
                                               .value_count = 1,
                                               .path_len = 11}};
        publisher_send(b.publisher, 1, &ev, tails, 2);
        sent++;
    }
    drain(&b);
    publisher_flush(b.publisher, 1);
    drain(&b);
    assert_int_equal(b.requests, sent);
    assert_int_equal(b.folded_requests, 5);
    assert_int_equal(b.path_hash, hash_bytes(SLICE_LIT("\1/api/orders")));
    close_bench(&b);
}

static void
an_oversized_record_is_counted(void **state)
{
    struct bench b;
    open_bench(&b);
    attach(&b, 1);
    uint8_t *bytes = check_alloc(EVENT_LEN_MAX, 1);
    struct slice tail = slice_of(bytes, EVENT_LEN_MAX);
    union event ev = {.as_event_lens_values = {.head.type = EV_LENS_VALUES}};
    publisher_send(b.publisher, 1, &ev, &tail, 1);
    assert_int_equal(publisher_totals(b.publisher).dropped, 1);
    union event query = {.as_event_query = {.head.type = EV_QUERY}};
    struct slice odd = SLICE_LIT("abc");
    publisher_send(b.publisher, 1, &query, &odd, 1);
    drain(&b);
    assert_int_equal(b.tail_len, 8); /* padded */
    free(bytes);
    close_bench(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listening_costs_nothing),
        cmocka_unit_test(announces_once_an_epoch),
        cmocka_unit_test(forgets_when_full_and_starts_over),
        cmocka_unit_test(a_dropped_announcement_is_made_again),
        cmocka_unit_test(a_slow_consumer_loses_no_sum),
        cmocka_unit_test(a_full_ring_folds_until_it_is_half_empty),
        cmocka_unit_test(more_fingerprints_than_the_table_become_one_sum),
        cmocka_unit_test(requests_fold_by_method_and_path),
        cmocka_unit_test(an_oversized_record_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
