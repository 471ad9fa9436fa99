/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/subscribe.h"

#include <errno.h>
#include <unistd.h>

#include "bus/ring.h"
#include "unit/unit.h"

struct seen {
    uint64_t count;
    uint64_t last_seq;
    uint64_t by_epoch[8];
};

static void
on_event(void *ctx, const union event *ev, struct slice tail)
{
    struct seen *s = ctx;
    s->count++;
    s->last_seq = ev->head.seq;
    s->by_epoch[ev->head.epoch % 8]++;
}

static bool
put(struct ring_producer *p, uint16_t type, uint64_t seq)
{
    struct event_in_flight *ev = ring_reserve(p, sizeof(*ev));
    if (ev == NULL) {
        return false;
    }
    *ev = (struct event_in_flight){.head = {.type = type,
                                            .body_len = sizeof(*ev),
                                            .len = sizeof(*ev),
                                            .epoch = ring_producer_generation(p),
                                            .seq = seq}};
    ring_commit(p, sizeof(*ev));
    return true;
}

static struct ring_producer *
new_ring(uint32_t generation, int *fds)
{
    struct ring_producer *p;
    assert_int_equal(ring_producer_new(1, generation, &p), 0);
    fds[0] = dup(ring_producer_data_fd(p));
    fds[1] = dup(ring_producer_cursor_fd(p));
    return p;
}

static void
the_next_reader_goes_on_where_one_died(void **state)
{
    struct subscriber *first, *second;
    struct diag diag = {0};
    struct seen seen = {0}, seen_next = {0};
    int fds[2];
    struct ring_producer *ring = new_ring(1, fds);
    int again[2] = {dup(fds[0]), dup(fds[1])};
    assert_int_equal(subscriber_new(&first), 0);
    assert_int_equal(subscriber_attach(first, 0, fds, 2, &diag), 0);
    for (uint64_t seq = 0; seq < 10; seq++) {
        assert_true(put(ring, EV_IN_FLIGHT, seq));
    }
    assert_int_equal(subscriber_poll(first, 4, on_event, &seen), 4);
    subscriber_free(&first);
    assert_int_equal(ring_unread(ring), 6);
    assert_true(put(ring, EV_IN_FLIGHT, 10));
    assert_int_equal(subscriber_new(&second), 0);
    assert_int_equal(subscriber_attach(second, 0, again, 2, &diag), 0);
    assert_int_equal(subscriber_poll(second, 100, on_event, &seen_next), 7);
    assert_int_equal(seen_next.last_seq, 10);
    assert_int_equal(subscriber_totals(second).missing, 0);
    assert_int_equal(ring_unread(ring), 0);
    subscriber_free(&second);
    ring_producer_free(&ring);
}

/* A proxy that answers late tells one analyzer of its rings twice. */
static void
a_ring_has_one_reader(void **state)
{
    struct subscriber *s;
    struct diag diag = {0};
    struct seen seen = {0};
    int fds[2];
    struct ring_producer *ring = new_ring(1, fds);
    int again[2] = {dup(fds[0]), dup(fds[1])};
    assert_int_equal(subscriber_new(&s), 0);
    assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
    assert_true(put(ring, EV_IN_FLIGHT, 0));
    assert_int_equal(subscriber_attach(s, 0, again, 2, &diag), 0);
    assert_int_equal(subscriber_totals(s).rings, 1);
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 1);
    assert_int_equal(ring_used(ring), 0);
    assert_true(put(ring, EV_IN_FLIGHT, 1)); /* and goes on */
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 1);
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 0);
    assert_int_equal(seen.count, 2);
    subscriber_free(&s);
    ring_producer_free(&ring);
}

static void
reads_every_ring_in_turn(void **state)
{
    struct subscriber *s;
    struct ring_producer *rings[3];
    int fds[6];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    for (int i = 0; i < 3; i++) {
        rings[i] = new_ring(4, fds + 2 * i);
    }
    assert_int_equal(subscriber_attach(s, 0, fds, 6, &diag), 0);
    for (uint64_t seq = 0; seq < 10; seq++) {
        for (int i = 0; i < 3; i++) {
            assert_true(put(rings[i], EV_IN_FLIGHT, seq));
        }
    }
    assert_int_equal(subscriber_poll(s, 4, on_event, &seen), 12);
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 18);
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 0);
    assert_int_equal(ring_used(rings[2]), 0);
    assert_int_equal(subscriber_totals(s).received, 30);
    assert_int_equal(subscriber_totals(s).rings, 3);
    ring_end(rings[1]);
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 0);
    assert_int_equal(subscriber_totals(s).rings, 2);
    for (int i = 0; i < 3; i++) {
        ring_producer_free(&rings[i]);
    }
    subscriber_free(&s);
}

static void
counts_gaps_and_skips_strangers(void **state)
{
    struct subscriber *s;
    int fds[2];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    struct ring_producer *p = new_ring(1, fds);
    assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
    assert_true(put(p, EV_IN_FLIGHT, 2)); /* two are missing before it */
    assert_true(put(p, 999, 3));
    assert_true(put(p, EV_IN_FLIGHT, 9)); /* five */
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 3);
    struct subscriber_totals t = subscriber_totals(s);
    assert_int_equal(t.received, 2);
    assert_int_equal(t.missing, 7);
    assert_int_equal(t.skipped, 1);
    assert_true(put(p, EV_IN_FLIGHT, 5)); /* back in time: it cannot be right */
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 0);
    t = subscriber_totals(s);
    assert_int_equal(t.broken, 1);
    assert_int_equal(t.rings, 0);
    ring_producer_free(&p);
    subscriber_free(&s);
}

static void
one_broken_ring_harms_no_other(void **state)
{
    struct subscriber *s;
    struct ring_producer *rings[2];
    int fds[4];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    rings[0] = new_ring(1, fds);
    rings[1] = new_ring(1, fds + 2);
    assert_int_equal(subscriber_attach(s, 0, fds, 4, &diag), 0);
    struct event_name *name = ring_reserve(rings[0], sizeof(*name));
    *name = (struct event_name){
        .head = {.type = EV_NAME, .body_len = sizeof(*name), .len = sizeof(*name)},
        .text_len = 100}; /* more than there is */
    ring_commit(rings[0], sizeof(*name));
    assert_true(put(rings[1], EV_IN_FLIGHT, 0));
    assert_int_equal(subscriber_poll(s, 100, on_event, &seen), 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(subscriber_totals(s).broken, 1);
    assert_int_equal(subscriber_totals(s).rings, 1);
    ring_producer_free(&rings[0]);
    ring_producer_free(&rings[1]);
    subscriber_free(&s);
}

/* The proxy died and came back, or the epoch changed: what lies in the old rings still counts. */
static void
a_new_attachment_reads_the_old_rings_out(void **state)
{
    struct subscriber *s;
    int fds[2];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    struct ring_producer *old = new_ring(1, fds);
    assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
    for (uint64_t seq = 0; seq < 5; seq++) {
        assert_true(put(old, EV_IN_FLIGHT, seq));
    }
    ring_producer_free(&old); /* without an end: killed */
    struct ring_producer *young = new_ring(2, fds);
    assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
    assert_true(put(young, EV_IN_FLIGHT, 0));
    assert_int_equal(subscriber_poll(s, 3, on_event, &seen), 4);
    assert_int_equal(subscriber_totals(s).rings, 2);
    assert_int_equal(subscriber_poll(s, 3, on_event, &seen), 2);
    assert_int_equal(subscriber_totals(s).rings, 1);
    assert_int_equal(seen.by_epoch[1], 5);
    assert_int_equal(seen.by_epoch[2], 1);
    assert_int_equal(subscriber_totals(s).missing, 0);
    assert_int_equal(subscriber_totals(s).epoch, 2);
    ring_producer_free(&young);
    subscriber_free(&s);
}

/* A proxy that restarts in a circle cannot fill the table. */
static void
the_oldest_gives_way(void **state)
{
    struct subscriber *s;
    int fds[2];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    for (uint32_t i = 0; i < SUBSCRIBER_RINGS_MAX + 3; i++) {
        struct ring_producer *p = new_ring(i, fds);
        assert_true(put(p, EV_IN_FLIGHT, 0));
        assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
        ring_producer_free(&p);
    }
    assert_int_equal(subscriber_totals(s).abandoned, 3);
    assert_int_equal(subscriber_poll(s, 10, on_event, &seen), SUBSCRIBER_RINGS_MAX);
    assert_int_equal(subscriber_totals(s).rings, 1);
    subscriber_free(&s);
}

/* Two proxies side by side: new rings of one leave the other's alone, and one that was killed is
 * read out. */
static void
sources_are_apart(void **state)
{
    struct subscriber *s;
    int fds[2];
    struct diag diag = {0};
    struct seen seen = {0};
    assert_int_equal(subscriber_new(&s), 0);
    struct ring_producer *one = new_ring(1, fds);
    assert_int_equal(subscriber_attach(s, 0, fds, 2, &diag), 0);
    struct ring_producer *two = new_ring(1, fds);
    assert_int_equal(subscriber_attach(s, 1, fds, 2, &diag), 0);
    assert_int_equal(subscriber_poll(s, 10, on_event, &seen), 0);
    assert_int_equal(subscriber_totals(s).rings, 2);
    assert_int_equal(subscriber_totals(s).attached, 2);
    assert_true(put(one, EV_IN_FLIGHT, 0) && put(two, EV_IN_FLIGHT, 0));
    subscriber_retire(s, 0);
    assert_int_equal(subscriber_poll(s, 10, on_event, &seen), 2);
    assert_int_equal(subscriber_totals(s).rings, 1);
    assert_true(put(two, EV_IN_FLIGHT, 1));
    assert_int_equal(subscriber_poll(s, 10, on_event, &seen), 1);
    ring_producer_free(&one);
    ring_producer_free(&two);
    subscriber_free(&s);
}

static void
refuses_odd_and_foreign_descriptors(void **state)
{
    struct subscriber *s;
    int fds[4];
    struct diag diag = {0};
    assert_int_equal(subscriber_new(&s), 0);
    assert_int_equal(subscriber_attach(s, 0, fds, 0, &diag), -EBADMSG);
    fds[0] = dup(0);
    assert_int_equal(subscriber_attach(s, 0, fds, 1, &diag), -EBADMSG);
    struct ring_producer *p = new_ring(1, fds);
    fds[2] = dup(fds[0]);
    fds[3] = dup(fds[0]); /* not a cursor */
    assert_true(subscriber_attach(s, 0, fds, 4, &diag) < 0);
    assert_int_equal(subscriber_totals(s).rings, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(close(fds[i]), -1); /* they were taken */
    }
    ring_producer_free(&p);
    subscriber_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_has_one_reader),
        cmocka_unit_test(reads_every_ring_in_turn),
        cmocka_unit_test(the_next_reader_goes_on_where_one_died),
        cmocka_unit_test(counts_gaps_and_skips_strangers),
        cmocka_unit_test(one_broken_ring_harms_no_other),
        cmocka_unit_test(a_new_attachment_reads_the_old_rings_out),
        cmocka_unit_test(the_oldest_gives_way),
        cmocka_unit_test(sources_are_apart),
        cmocka_unit_test(refuses_odd_and_foreign_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
