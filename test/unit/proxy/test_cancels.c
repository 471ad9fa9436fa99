/* SPDX-License-Identifier: Apache-2.0
 * The table of cancel keys: what it holds, when it is full, and many threads at once (suite tsan).
 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/prng.h"
#include "proxy/cancels.h"

#define KEYS    64
#define THREADS 4
#define ROUNDS  20000

static struct cancels *cancels;

static int
setup(void **state)
{
    return cancels_new(KEYS, (struct hash_key){11, 12}, &cancels);
}

static int
teardown(void **state)
{
    cancels_free(&cancels);
    return 0;
}

/* An address that says whose it is, in every word of its path. */
static struct resolve_address
address_of(uint64_t n)
{
    struct resolve_address a = {.len = sizeof(struct sockaddr_un)};
    struct sockaddr_un *sun = (struct sockaddr_un *)&a.sa;
    sun->sun_family = AF_UNIX;
    for (size_t i = 0; i < sizeof(sun->sun_path); i++) {
        sun->sun_path[i] = (char)('a' + n % 26);
    }
    return a;
}

static bool
is_address_of(const struct resolve_address *a, uint64_t n)
{
    struct resolve_address expected = address_of(n);
    return a->len == expected.len && memcmp(&a->sa, &expected.sa, a->len) == 0;
}

static void
a_key_of_any_length_finds_its_address(void **state)
{
    uint8_t key[260];
    uint32_t slots[3];
    static const size_t lengths[] = {8, 36, 260};
    struct resolve_address found;
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct resolve_address a = address_of(i);
        slots[i] = cancels_add(cancels, slice_of(key, lengths[i]), &a);
        assert_int_not_equal(slots[i], CANCELS_NONE);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_true(cancels_find(cancels, slice_of(key, lengths[i]), &found));
        assert_true(is_address_of(&found, i));
        assert_false(cancels_find(cancels, slice_of(key, lengths[i] - 1), &found));
    }
    cancels_remove(cancels, slots[1]);
    assert_false(cancels_find(cancels, slice_of(key, lengths[1]), &found));
    assert_true(cancels_find(cancels, slice_of(key, lengths[2]), &found));
    cancels_remove(cancels, slots[0]);
    cancels_remove(cancels, slots[2]);
    cancels_remove(cancels, CANCELS_NONE);
}

static void
full_is_an_answer(void **state)
{
    struct resolve_address a = address_of(1), found;
    uint32_t slots[KEYS];
    uint64_t n;
    for (n = 0; n < KEYS; n++) {
        slots[n] = cancels_add(cancels, slice_of(&n, sizeof(n)), &a);
        assert_int_not_equal(slots[n], CANCELS_NONE);
    }
    /* A server that gives the same key to everybody fills its probes and nothing else. */
    uint32_t same[CANCELS_PROBES + 1];
    unsigned taken = 0;
    while (taken < ARRAY_LEN(same) &&
           (same[taken] = cancels_add(cancels, SLICE_LIT("same"), &a)) != CANCELS_NONE) {
        taken++;
    }
    assert_in_range(taken, 1, CANCELS_PROBES);
    assert_true(cancels_find(cancels, SLICE_LIT("same"), &found));
    for (unsigned i = 0; i < taken; i++) {
        assert_true(cancels_find(cancels, SLICE_LIT("same"), &found));
        cancels_remove(cancels, same[i]);
    }
    assert_false(cancels_find(cancels, SLICE_LIT("same"), &found));
    for (n = 0; n < KEYS; n++) {
        assert_true(cancels_find(cancels, slice_of(&n, sizeof(n)), &found));
        cancels_remove(cancels, slots[n]);
    }
}

static _Atomic unsigned wrong;

/* Each thread holds a few of its own keys, which must always be found, and looks for those of all,
 * which may be there or not; what is found is never anything but that key's whole address. */
static void *
worker_main(void *arg)
{
    uint64_t own = (uint64_t)(uintptr_t)arg;
    struct prng prng = {own + 1};
    uint32_t slots[KEYS / THREADS];
    struct resolve_address found;
    for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
        slots[i] = CANCELS_NONE;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t r = prng_next(&prng);
        unsigned at = (unsigned)(r % ARRAY_LEN(slots));
        uint64_t key = own * ARRAY_LEN(slots) + at;
        if (slots[at] == CANCELS_NONE) {
            struct resolve_address a = address_of(key);
            slots[at] = cancels_add(cancels, slice_of(&key, sizeof(key)), &a);
            wrong += slots[at] == CANCELS_NONE;
        } else {
            wrong += !cancels_find(cancels, slice_of(&key, sizeof(key)), &found) ||
                     !is_address_of(&found, key);
            cancels_remove(cancels, slots[at]);
            slots[at] = CANCELS_NONE;
        }
        uint64_t other = (r >> 32) % KEYS;
        if (cancels_find(cancels, slice_of(&other, sizeof(other)), &found)) {
            wrong += !is_address_of(&found, other);
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
        cancels_remove(cancels, slots[i]);
    }
    return NULL;
}

static void
threads_add_remove_and_find(void **state)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, worker_main, (void *)i), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_of_any_length_finds_its_address, setup, teardown),
        cmocka_unit_test_setup_teardown(full_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_add_remove_and_find, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
