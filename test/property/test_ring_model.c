/* SPDX-License-Identifier: Apache-2.0
 * The ring against a plain queue: random sizes, random batches; and two threads at once, over the
 * same addresses, so that ThreadSanitizer sees both ends. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/prng.h"
#include "bus/ring_layout.h"
#include "model/event.h"
#include "unit/unit.h"

static uint64_t
seed_from_env(void)
{
    const char *s = getenv("SLOWBURN_SEED");
    return s == NULL ? 20261123 : strtoull(s, NULL, 0);
}

/* Mostly short, sometimes as long as allowed. */
static uint32_t
random_len(struct prng *prng)
{
    uint64_t max = prng_below(prng, 50) == 0 ? EVENT_LEN_MAX : 512;
    uint32_t len = (uint32_t)(sizeof(struct event_head) + prng_below(prng, max - 31));
    return len & ~7u;
}

static bool
put(struct ring_producer *p, uint32_t len, uint64_t seq)
{
    uint8_t *to = ring_reserve(p, len);
    if (to == NULL) {
        return false;
    }
    struct event_head head = {.type = EV_NAME, .len = len, .seq = seq};
    memcpy(to, &head, sizeof(head));
    memset(to + sizeof(head), (int)(seq & 0xff), len - sizeof(head));
    ring_commit(p, len);
    return true;
}

static void
check_record(struct slice record, uint32_t len, uint64_t seq)
{
    struct event_head head;
    memcpy(&head, record.ptr, sizeof(head));
    assert_int_equal(record.len, len);
    assert_int_equal(head.seq, seq);
    for (size_t i = sizeof(head); i < len; i++) {
        if (record.ptr[i] != (uint8_t)seq) {
            fail_msg("byte %zu of record %llu", i, (unsigned long long)seq);
        }
    }
}

static void
behaves_like_a_queue(void **state)
{
    enum { MODEL = 8192 };
    static uint32_t model[MODEL]; /* lengths of what is in the ring */
    struct prng prng = {seed_from_env()};
    struct ring_producer *p;
    struct ring_consumer *c;
    struct diag diag = {0};
    assert_int_equal(ring_producer_new(RING_CAPACITY_MIN << prng_below(&prng, 3), 1, &p), 0);
    assert_int_equal(ring_consumer_new(dup(ring_producer_data_fd(p)),
                                       dup(ring_producer_cursor_fd(p)), &diag, &c),
                     0);
    uint64_t written = 0, read = 0, released = 0, refused = 0;
    for (int round = 0; round < 20000; round++) {
        for (uint64_t n = prng_below(&prng, 20); n > 0; n--) {
            uint32_t len = random_len(&prng);
            if (put(p, len, written)) {
                model[written++ % MODEL] = len;
            } else {
                refused++;
                /* With nothing unread at all, every record must find room. */
                assert_true(released < written || len > ring_producer_capacity(p) / 2);
            }
        }
        for (uint64_t n = prng_below(&prng, 25); n > 0; n--) {
            struct slice record;
            int r = ring_next(c, &record);
            assert_int_equal(r, read < written);
            if (r == 1) {
                check_record(record, model[read % MODEL], read);
                read++;
            }
        }
        if (prng_below(&prng, 3) == 0) {
            ring_release(c);
            released = read;
        }
    }
    assert_true(written > 1000 && refused > 100);
    ring_consumer_free(&c);
    ring_producer_free(&p);
}

enum { THREAD_RECORDS = 100000 };

static void *
produce(void *arg)
{
    struct ring_producer *p = arg;
    struct prng prng = {seed_from_env()};
    for (uint64_t seq = 0; seq < THREAD_RECORDS; seq++) {
        uint32_t len = random_len(&prng);
        while (!put(p, len, seq)) {
            sched_yield();
        }
    }
    ring_end(p);
    return NULL;
}

static void
two_threads_agree(void **state)
{
    struct ring_producer *p;
    struct ring_consumer *c;
    assert_int_equal(ring_producer_new(2 * EVENT_LEN_MAX, 1, &p), 0);
    assert_int_equal(ring_consumer_new_beside(p, &c), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, p), 0);
    struct prng prng = {seed_from_env()};
    uint64_t seq = 0;
    while (!ring_is_ended(c)) {
        struct slice record;
        int r = ring_next(c, &record);
        assert_true(r >= 0);
        if (r == 1) {
            check_record(record, random_len(&prng), seq++);
        }
        if (r == 0 || seq % 64 == 0) {
            ring_release(c);
        }
    }
    assert_int_equal(seq, THREAD_RECORDS);
    pthread_join(thread, NULL);
    ring_consumer_free(&c);
    ring_producer_free(&p);
}

/* Random bytes for data and cursors: never a crash, never a record outside the ring. */
static void
hostile_memory_is_survived(void **state)
{
    struct prng prng = {seed_from_env()};
    for (int round = 0; round < 300; round++) {
        struct ring_producer *p;
        struct ring_consumer *c;
        assert_int_equal(ring_producer_new(1, 1, &p), 0);
        assert_int_equal(ring_consumer_new_beside(p, &c), 0);
        uint8_t *data = ring_producer_data(p);
        for (size_t i = 0; i < RING_CAPACITY_MIN; i += 8) {
            uint64_t word = prng_below(&prng, 3) == 0 ? prng_next(&prng) : prng_below(&prng, 200);
            memcpy(data + i, &word, 8);
        }
        uint64_t tail = prng_below(&prng, 3) == 0 ? prng_next(&prng)
                                                  : 8 * prng_below(&prng, RING_CAPACITY_MIN / 8);
        atomic_store(&ring_producer_header(p)->tail, tail);
        struct slice record;
        int r;
        while ((r = ring_next(c, &record)) == 1) {
            assert_true(record.ptr >= data && record.len <= RING_CAPACITY_MIN);
            assert_true(record.ptr + record.len <= data + RING_CAPACITY_MIN);
            union event ev;
            struct slice body;
            (void)!event_read(record, &ev, &body);
        }
        ring_consumer_free(&c);
        ring_producer_free(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_like_a_queue),
        cmocka_unit_test(two_threads_agree),
        cmocka_unit_test(hostile_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
