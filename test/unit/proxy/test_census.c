/* SPDX-License-Identifier: Apache-2.0
 * Who has how many sessions, counted by many threads at once (suite tsan). */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/prng.h"
#include "proxy/census.h"

#define SESSIONS 64
#define THREADS  4

static struct census *census;

static int
setup(void **state)
{
    census = census_new(SESSIONS, (struct hash_key){3, 4});
    return 0;
}

static int
teardown(void **state)
{
    census_free(&census);
    return 0;
}

static void
kinds_scopes_and_names_are_told_apart(void **state)
{
    const uint64_t keys[] = {
        census_key(census, CENSUS_USER, 0, SLICE_LIT("anna")),
        census_key(census, CENSUS_USER, 1, SLICE_LIT("anna")),
        census_key(census, CENSUS_USER, 0, SLICE_LIT("ann")),
        census_key(census, CENSUS_ADDRESS, 0, SLICE_LIT("anna")),
        census_key(census, CENSUS_LISTENER, 0, SLICE_NONE),
    };
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
            assert_int_equal(census_enter(census, keys[i]), round);
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
        for (unsigned round = 0; round < 3; round++) {
            census_leave(census, keys[i]);
        }
        assert_int_equal(census_enter(census, keys[i]), 1);
    }
}

static void
full_is_an_answer(void **state)
{
    for (uint64_t key = 1; key <= SESSIONS * CENSUS_KEYS; key++) {
        assert_int_equal(census_enter(census, key), 1);
    }
    assert_int_equal(census_enter(census, 100000), 0);
    /* Who is in it already still counts on. */
    assert_int_equal(census_enter(census, 7), 2);
    census_leave(census, 7);
    census_leave(census, 7);
    assert_int_equal(census_enter(census, 100000), 1);
}

static _Atomic unsigned wrong;

static void *
worker_main(void *arg)
{
    struct prng prng = {(uint64_t)(uintptr_t)arg};
    uint64_t held[SESSIONS / THREADS] = {0};
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t r = prng_next(&prng);
        uint64_t *key = &held[r % ARRAY_LEN(held)];
        if (*key == 0) {
            *key = 1 + (r >> 32) % 8;
            uint32_t count = census_enter(census, *key);
            wrong += count == 0 || count > SESSIONS;
        } else {
            census_leave(census, *key);
            *key = 0;
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(held); i++) {
        if (held[i] != 0) {
            census_leave(census, held[i]);
        }
    }
    return NULL;
}

static void
threads_come_and_go(void **state)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, worker_main, (void *)(i + 1)), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(wrong, 0);
    for (uint64_t key = 1; key <= 8; key++) {
        assert_int_equal(census_enter(census, key), 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kinds_scopes_and_names_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(full_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_come_and_go, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
