/* SPDX-License-Identifier: Apache-2.0
 * What requests have cost so far: what is said, and everything that makes it unsaid; by many
 * threads at once (suite tsan). */
#include "proxy/server_timing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "unit/unit.h"

#define REQUESTS_MAX 64
#define THREADS      4

static struct server_timing *t;

static int
setup(void **state)
{
    t = server_timing_new(REQUESTS_MAX, (struct hash_key){3, 4});
    return t == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    server_timing_free(&t);
    return 0;
}

static struct server_timing_key
key_of(uint32_t trace, uint8_t span)
{
    struct server_timing_key key = {.trace_id = {1}, .span_id = {2}};
    memcpy(key.trace_id + 4, &trace, sizeof(trace));
    key.span_id[7] = span;
    return key;
}

static uint64_t
open_one(uint32_t trace)
{
    struct server_timing_key key = key_of(trace, 0);
    uint64_t ticket = 0;
    assert_int_equal(server_timing_open(t, &key, &ticket), 0);
    assert_true(ticket != 0);
    return ticket;
}

static void
run_one(uint32_t trace, uint64_t took_ns)
{
    struct server_timing_key key = key_of(trace, 0);
    uint64_t ticket = server_timing_begin(t, &key);
    assert_true(ticket != 0);
    server_timing_end(t, ticket, took_ns);
}

static void
assert_silent(uint64_t ticket)
{
    struct server_timing_sum sum;
    assert_false(server_timing_take(t, ticket, &sum));
}

static void
what_has_ended_is_summed_and_the_rest_is_said(void **state)
{
    struct server_timing_sum sum;
    struct server_timing_key key = key_of(1, 0), child = key_of(1, 9);
    uint64_t ticket = open_one(1);
    run_one(1, 1000);
    run_one(1, 30);
    assert_true(server_timing_begin(t, &key) != 0);
    assert_int_equal(server_timing_begin(t, &child), 0); /* another span's: another request's */
    assert_true(server_timing_take(t, ticket, &sum));
    assert_true(sum.took_ns == 1030 && sum.ended == 2 && sum.under_way == 1);
    assert_silent(ticket); /* once */
    assert_int_equal(server_timing_begin(t, &key), 0);
}

static void
nothing_is_said_of_a_request_without_queries(void **state)
{
    struct server_timing_key key = key_of(1, 0);
    uint64_t ticket = open_one(1), query;
    assert_silent(ticket);
    ticket = open_one(2);
    key = key_of(2, 0);
    query = server_timing_begin(t, &key);
    assert_silent(ticket); /* none has ended */
    server_timing_end(t, query, 5);
    server_timing_close(t, 0);
}

static void
a_traceparent_that_comes_twice_is_told_of_neither(void **state)
{
    struct server_timing_key key = key_of(1, 0);
    uint64_t ticket = open_one(1), other = 0;
    run_one(1, 7);
    assert_int_equal(server_timing_open(t, &key, &other), -EEXIST);
    assert_silent(ticket);
    /* Again, when the first one is over: what it left running would be counted here. */
    assert_int_equal(server_timing_open(t, &key, &other), -EEXIST);
    assert_int_equal(other, 0);
}

static void
a_query_that_is_lost_silences_its_request(void **state)
{
    struct server_timing_key key = key_of(1, 0);
    uint64_t ticket = open_one(1);
    run_one(1, 7);
    server_timing_abandon(t, server_timing_begin(t, &key));
    assert_silent(ticket);
    server_timing_abandon(t, ticket); /* closed: nobody hears it */
}

static void
while_queries_may_pass_unseen_nothing_is_said(void **state)
{
    struct server_timing_sum sum;
    struct server_timing_key key = key_of(9, 0);
    uint64_t before = open_one(1), other;
    run_one(1, 7);
    server_timing_blind(t, true);
    server_timing_blind(t, true);
    assert_int_equal(server_timing_open(t, &key, &other), -EBUSY);
    server_timing_blind(t, false);
    assert_int_equal(server_timing_open(t, &key, &other), -EBUSY);
    server_timing_blind(t, false);
    assert_silent(before); /* it was under way meanwhile */
    uint64_t after = open_one(2);
    run_one(2, 8);
    assert_true(server_timing_take(t, after, &sum) && sum.took_ns == 8);
}

/* Each set takes its requests and no more, none that is under way gives its place, and those that
 * are over do. */
static void
a_full_set_refuses_and_forgets_nobody(void **state)
{
    static uint64_t ticket[100000];
    struct server_timing_sum sum;
    uint32_t taken = 0, full = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        struct server_timing_key key = key_of(i, 0);
        int err = server_timing_open(t, &key, &ticket[i]);
        assert_true(err == 0 || err == -ENOSPC);
        taken += err == 0;
        full += err != 0;
    }
    assert_true(taken >= REQUESTS_MAX && full > 0);
    assert_int_equal(taken % SERVER_TIMING_WAYS, 0);
    for (uint32_t i = 0; i < 2000; i++) {
        if (ticket[i] != 0) {
            run_one(i, i + 1);
        }
    }
    for (uint32_t i = 0; i < 2000; i++) {
        if (ticket[i] != 0) {
            assert_true(server_timing_take(t, ticket[i], &sum) && sum.took_ns == i + 1);
        }
    }
    for (uint32_t i = 2000; i < 100000; i++) {
        ticket[i] = open_one(i);
        server_timing_close(t, ticket[i]);
    }
}

struct thread {
    pthread_t id;
    uint32_t first;
    unsigned told;
};

static _Atomic uint32_t turn; /* the request that all threads run queries of */

/* Each opens requests of its own, and runs queries of its neighbours'. */
static void *
many(void *arg)
{
    struct thread *me = arg;
    for (uint32_t i = me->first; i < me->first + 3000; i++) {
        struct server_timing_sum sum;
        struct server_timing_key key = key_of(i, 0);
        uint64_t ticket = 0, query;
        if (server_timing_open(t, &key, &ticket) != 0) {
            return NULL;
        }
        atomic_store(&turn, i);
        for (unsigned k = 0; k < 4; k++) {
            key = key_of(k < 2 ? i : atomic_load(&turn), 0);
            query = server_timing_begin(t, &key);
            if (query != 0) {
                server_timing_end(t, query, 1);
            }
        }
        if (server_timing_take(t, ticket, &sum)) {
            me->told += sum.ended >= 2 && sum.took_ns == sum.ended;
        }
    }
    return NULL;
}

static void
threads_do_not_disturb_one_another(void **state)
{
    struct thread thread[THREADS] = {0};
    for (uint32_t i = 0; i < THREADS; i++) {
        thread[i].first = i * 100000;
        assert_int_equal(pthread_create(&thread[i].id, NULL, many, &thread[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(thread[i].id, NULL);
        assert_int_equal(thread[i].told, 3000);
    }
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_has_ended_is_summed_and_the_rest_is_said),
        T(nothing_is_said_of_a_request_without_queries),
        T(a_traceparent_that_comes_twice_is_told_of_neither),
        T(a_query_that_is_lost_silences_its_request),
        T(while_queries_may_pass_unseen_nothing_is_said),
        T(a_full_set_refuses_and_forgets_nobody),
        T(threads_do_not_disturb_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
