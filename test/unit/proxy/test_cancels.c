/* SPDX-License-Identifier: Apache-2.0
 * The table of cancel keys: what it holds, when it is full, and many threads at once (suite tsan).
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/prng.h"
#include "bus/ring.h"
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

/* As two proxies beside one another have them. */
static void
another_proxys_keys_are_found_as_they_come_and_go(void **state)
{
    struct cancels *other = NULL, *later = NULL;
    struct resolve_address a = address_of(1), b = address_of(2), found;
    assert_int_equal(cancels_new(1000, (struct hash_key){21, 22}, &other), 0);
    assert_int_equal(cancels_share(cancels, 0, cancels_fd(other)), 0);
    assert_int_equal(cancels_share(other, 1, cancels_fd(cancels)), 0);
    uint32_t theirs = cancels_add(other, SLICE_LIT("theirs"), &a);
    uint32_t ours = cancels_add(cancels, SLICE_LIT("ours"), &b);
    assert_true(cancels_find(cancels, SLICE_LIT("theirs"), &found) && is_address_of(&found, 1));
    assert_true(cancels_find(other, SLICE_LIT("ours"), &found) && is_address_of(&found, 2));
    assert_false(cancels_find(cancels, SLICE_LIT("nobody's"), &found));
    cancels_remove(other, theirs);
    assert_false(cancels_find(cancels, SLICE_LIT("theirs"), &found));
    cancels_add(other, SLICE_LIT("left behind"), &a);
    cancels_free(&other); /* what it had stays as it was, until another has its place */
    assert_true(cancels_find(cancels, SLICE_LIT("left behind"), &found));
    assert_int_equal(cancels_new(1, (struct hash_key){23, 24}, &later), 0);
    assert_int_equal(cancels_share(cancels, 0, cancels_fd(later)), 0);
    assert_false(cancels_find(cancels, SLICE_LIT("left behind"), &found));
    cancels_free(&later);
    cancels_remove(cancels, ours);
}

static void
what_is_no_table_is_not_taken(void **state)
{
    struct ring_producer *ring = NULL;
    int file = open("/proc/self/exe", O_RDONLY);
    int memory = memfd_create("test", MFD_ALLOW_SEALING);
    assert_true(file >= 0 && memory >= 0);
    assert_int_equal(cancels_share(cancels, 0, file), -EBADMSG);
    assert_int_equal(cancels_share(cancels, 0, memory), -EBADMSG);
    assert_int_equal(ring_producer_new(RING_CAPACITY_MIN, 1, &ring), 0);
    assert_int_equal(cancels_share(cancels, 0, ring_producer_data_fd(ring)), -EBADMSG);
    assert_int_equal(cancels_share(cancels, 99, cancels_fd(cancels)), -EBADMSG);
    assert_int_equal(cancels_share(cancels, 0, -1), -EBADMSG);
    ring_producer_free(&ring);
    close(file);
    close(memory);
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
        cmocka_unit_test_setup_teardown(another_proxys_keys_are_found_as_they_come_and_go, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_table_is_not_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_add_remove_and_find, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
