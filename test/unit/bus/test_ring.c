/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/ring_layout.h"
#include "model/event.h"
#include "unit/unit.h"

struct pair {
    struct ring_producer *producer;
    struct ring_consumer *consumer;
};

static void
open_pair(struct pair *p)
{
    assert_int_equal(ring_producer_new(1, 7, &p->producer), 0);
    struct diag diag = {0};
    assert_int_equal(ring_consumer_new(dup(ring_producer_data_fd(p->producer)),
                                       dup(ring_producer_cursor_fd(p->producer)), &diag,
                                       &p->consumer),
                     0);
}

static void
close_pair(struct pair *p)
{
    ring_consumer_free(&p->consumer);
    ring_producer_free(&p->producer);
}

static bool
put(struct ring_producer *p, uint32_t len, uint64_t seq)
{
    struct event_head *head = ring_reserve(p, len);
    if (head == NULL) {
        return false;
    }
    memset(head, 0, len);
    *head = (struct event_head){.type = EV_NAME, .len = len, .seq = seq};
    ring_commit(p, len);
    return true;
}

static uint64_t
take(struct ring_consumer *c)
{
    struct slice record;
    assert_int_equal(ring_next(c, &record), 1);
    struct event_head head;
    memcpy(&head, record.ptr, sizeof(head));
    assert_int_equal(head.len, record.len);
    return head.seq;
}

static void
carries_records_in_order(void **state)
{
    struct pair p;
    open_pair(&p);
    assert_int_equal(ring_consumer_generation(p.consumer), 7);
    struct slice record;
    assert_int_equal(ring_next(p.consumer, &record), 0);
    for (uint64_t i = 0; i < 5; i++) {
        assert_true(put(p.producer, 40, i));
    }
    assert_int_equal(ring_used(p.producer), 200);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(take(p.consumer), i);
    }
    assert_int_equal(ring_used(p.producer), 200);
    ring_release(p.consumer);
    assert_int_equal(ring_used(p.producer), 0);
    close_pair(&p);
}

static void
full_is_null_and_room_returns(void **state)
{
    struct pair p;
    open_pair(&p);
    uint64_t n = 0;
    while (put(p.producer, 64, n)) {
        n++;
    }
    assert_int_equal(n, RING_CAPACITY_MIN / 64);
    assert_int_equal(take(p.consumer), 0);
    assert_false(put(p.producer, 64, n));
    ring_release(p.consumer);
    assert_true(put(p.producer, 64, n));
    assert_false(put(p.producer, 64, n + 1));
    close_pair(&p);
}

/* A record that does not fit before the end goes to the start, whatever is left: 8 bytes too. */
static void
wraps_behind_a_filler(void **state)
{
    struct pair p;
    open_pair(&p);
    uint32_t at = 0;
    uint64_t seq = 0;
    for (; at + 40 <= RING_CAPACITY_MIN - 8; at += 40) {
        assert_true(put(p.producer, 40, seq));
        assert_int_equal(take(p.consumer), seq++);
        ring_release(p.consumer);
    }
    uint32_t last = RING_CAPACITY_MIN - 8 - at;
    if (last >= 32) {
        assert_true(put(p.producer, last, seq));
        assert_int_equal(take(p.consumer), seq++);
        ring_release(p.consumer);
    }
    assert_true(put(p.producer, 48, seq));
    assert_int_equal(take(p.consumer), seq);
    close_pair(&p);
}

static void
the_longest_record_fits(void **state)
{
    struct pair p;
    open_pair(&p);
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(put(p.producer, EVENT_LEN_MAX, i));
        assert_int_equal(take(p.consumer), i);
        ring_release(p.consumer);
    }
    close_pair(&p);
}

static void
an_uncommitted_reservation_never_happened(void **state)
{
    struct pair p;
    open_pair(&p);
    assert_non_null(ring_reserve(p.producer, 64));
    struct slice record;
    assert_int_equal(ring_next(p.consumer, &record), 0);
    assert_true(put(p.producer, 40, 3));
    assert_int_equal(take(p.consumer), 3);
    close_pair(&p);
}

static void
ended_only_when_read_to_the_end(void **state)
{
    struct pair p;
    open_pair(&p);
    assert_true(put(p.producer, 40, 1));
    assert_false(ring_is_ended(p.consumer));
    ring_end(p.producer);
    assert_false(ring_is_ended(p.consumer));
    assert_int_equal(take(p.consumer), 1);
    assert_true(ring_is_ended(p.consumer));
    close_pair(&p);
}

static void
sealed_against_writers(void **state)
{
    struct ring_producer *p;
    assert_int_equal(ring_producer_new(1, 1, &p), 0);
    int fd = ring_producer_data_fd(p);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(ring_producer_cursor_fd(p), 0), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    ring_producer_free(&p);
}

static void
refuse(int data_fd, int cursor_fd)
{
    struct diag diag = {0};
    struct ring_consumer *c = NULL;
    assert_true(ring_consumer_new(data_fd, cursor_fd, &diag, &c) < 0);
    assert_null(c);
    assert_true(diag_is_set(&diag));
}

static void
refuses_what_is_not_a_ring(void **state)
{
    struct ring_producer *p;
    assert_int_equal(ring_producer_new(1, 1, &p), 0);
    int data = ring_producer_data_fd(p), cursor = ring_producer_cursor_fd(p);
    int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(plain, RING_PAGE + RING_CAPACITY_MIN), 0);
    refuse(dup(plain), dup(cursor));
    refuse(open("/dev/null", O_RDWR), dup(cursor));
    refuse(dup(data), dup(plain));
    refuse(dup(cursor), dup(data));
    assert_int_equal(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | 0x0010),
                     0);
    refuse(dup(plain), dup(cursor));
    ring_producer_header(p)->version++;
    refuse(dup(data), dup(cursor));
    close(plain);
    ring_producer_free(&p);
}

/* A consumer may claim any position: the ring counts as full at worst and is never overrun. */
static void
survives_a_hostile_head(void **state)
{
    struct pair p;
    open_pair(&p);
    struct ring_cursor *cursor = mmap(NULL, RING_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                                      ring_producer_cursor_fd(p.producer), 0);
    assert_ptr_not_equal(cursor, MAP_FAILED);
    uint64_t n = 0;
    while (put(p.producer, 64, n)) {
        n++;
    }
    const uint64_t heads[] = {UINT64_MAX, UINT64_MAX - 7, 64 * n + 8,
                              3,          1ull << 63,     RING_CAPACITY_MIN * 2ull};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        atomic_store(&cursor->head, heads[i]);
        assert_false(put(p.producer, 64, n));
        assert_true(ring_used(p.producer) <= RING_CAPACITY_MIN);
    }
    atomic_store(&cursor->head, 128);
    assert_true(put(p.producer, 64, n));
    atomic_store(&cursor->head, 0); /* back again */
    assert_true(put(p.producer, 64, n));
    assert_false(put(p.producer, 64, n));
    munmap(cursor, RING_PAGE);
    close_pair(&p);
}

static void
detaches_from_a_hostile_tail(void **state)
{
    const uint64_t tails[] = {4, UINT64_MAX, RING_CAPACITY_MIN + 8ull, 1ull << 63};
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
        struct pair p;
        open_pair(&p);
        atomic_store(&ring_producer_header(p.producer)->tail, tails[i]);
        struct slice record;
        assert_int_equal(ring_next(p.consumer, &record), -EBADMSG);
        close_pair(&p);
    }
    struct pair p;
    open_pair(&p);
    assert_true(put(p.producer, 40, 0));
    (void)take(p.consumer);
    atomic_store(&ring_producer_header(p.producer)->tail, 0);
    struct slice record;
    assert_int_equal(ring_next(p.consumer, &record), -EBADMSG);
    close_pair(&p);
}

static void
detaches_from_a_hostile_record(void **state)
{
    const struct event_head heads[] = {
        {.type = EV_NAME, .len = 0},         {.type = EV_NAME, .len = 31},
        {.type = EV_NAME, .len = 44},        {.type = EV_NAME, .len = UINT32_MAX},
        {.type = EV_NAME, .len = 72},        {.type = EV_NAME, .len = EVENT_LEN_MAX + 8},
        {.type = RING_TYPE_FILL, .len = 64},
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct pair p;
        open_pair(&p);
        assert_true(put(p.producer, 64, 0));
        memcpy(ring_producer_data(p.producer), &heads[i], sizeof(heads[i]));
        struct slice record;
        assert_int_equal(ring_next(p.consumer, &record), -EBADMSG);
        close_pair(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_records_in_order),
        cmocka_unit_test(full_is_null_and_room_returns),
        cmocka_unit_test(wraps_behind_a_filler),
        cmocka_unit_test(the_longest_record_fits),
        cmocka_unit_test(an_uncommitted_reservation_never_happened),
        cmocka_unit_test(ended_only_when_read_to_the_end),
        cmocka_unit_test(sealed_against_writers),
        cmocka_unit_test(refuses_what_is_not_a_ring),
        cmocka_unit_test(survives_a_hostile_head),
        cmocka_unit_test(detaches_from_a_hostile_tail),
        cmocka_unit_test(detaches_from_a_hostile_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
