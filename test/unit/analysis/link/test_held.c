/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/held.h"

#include "base/prng.h"
#include "unit/unit.h"

static void
requests_stay_in_order(void **state)
{
    struct held h;
    struct prng prng = {5};
    held_init(&h, 100);
    for (uint64_t i = 1; i <= 100; i++) {
        struct event_request ev = {.request = i, .value_count = 3};
        ev.end_ns = prng_below(&prng, 1000);
        ev.trace_id[0] = (uint8_t)i;
        struct held_request *r = held_add(&h, &ev, (uint64_t[]){9, 3, 9});
        assert_int_equal(r->value_count, 2);
        assert_int_equal(r->values[0], 3);
        assert_ptr_equal(held_find(&h, i), r);
        assert_ptr_equal(held_find_trace(&h, ev.trace_id), r);
    }
    assert_true(held_is_full(&h));
    for (size_t i = 1; i < h.count; i++) {
        assert_true(held_at(&h, i - 1)->ev.end_ns <= held_at(&h, i)->ev.end_ns);
    }
    size_t at = held_first_ending_after(&h, 500);
    assert_true(at == h.count || held_at(&h, at)->ev.end_ns >= 500);
    assert_true(at == 0 || held_at(&h, at - 1)->ev.end_ns < 500);
    while (h.count > 0) {
        uint64_t id = held_at(&h, 0)->ev.request;
        held_drop_oldest(&h);
        assert_null(held_find(&h, id));
    }
    held_fini(&h);
}

static void
siblings_are_few_and_in_order(void **state)
{
    struct held_request r = {0};
    struct prng prng = {11};
    for (unsigned i = 0; i < 10 * HELD_SIBLINGS_MAX; i++) {
        uint64_t value = prng_below(&prng, 4 * HELD_SIBLINGS_MAX);
        bool known = false;
        for (uint32_t k = 0; k < r.sibling_count; k++) {
            known = known || r.siblings[k] == value;
        }
        bool has_room = r.sibling_count < HELD_SIBLINGS_MAX;
        assert_int_equal(held_add_sibling(&r, value), !known && has_room);
    }
    assert_int_equal(r.sibling_count, HELD_SIBLINGS_MAX);
    for (uint32_t k = 1; k < r.sibling_count; k++) {
        assert_true(r.siblings[k - 1] < r.siblings[k]);
    }
}

/* As many as there are, and no fewer: the blocks that are skipped hold none of them, however full
 * the ring is and however late some are reported. */
static void
whoever_began_in_time_is_found(void **state)
{
    struct held h;
    struct prng prng = {7};
    held_init(&h, 250); /* of 256 slots */
    uint64_t now = 1000;
    for (uint64_t i = 1; i <= 5000; i++) {
        if (held_is_full(&h) || prng_below(&prng, 8) == 0) {
            for (uint64_t n = prng_below(&prng, h.count + 1); n > 0; n--) {
                held_drop_oldest(&h);
            }
        }
        now += prng_below(&prng, 10);
        struct event_request ev = {.request = i, .end_ns = now - prng_below(&prng, 60)};
        ev.start_ns = ev.end_ns - prng_below(&prng, prng_below(&prng, 20) == 0 ? 900 : 30);
        memcpy(ev.trace_id, &i, sizeof(i));
        assert_non_null(held_add(&h, &ev, NULL));
        uint64_t t = now - prng_below(&prng, 400);
        size_t found = 0, there = 0;
        for (size_t k = held_next_begun(&h, 0, t); k < h.count; k = held_next_begun(&h, k + 1, t)) {
            assert_true(held_at(&h, k)->ev.start_ns <= t);
            found++;
        }
        for (size_t k = 0; k < h.count; k++) {
            there += held_at(&h, k)->ev.start_ns <= t;
        }
        assert_int_equal(found, there);
    }
    held_fini(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_stay_in_order),
        cmocka_unit_test(siblings_are_few_and_in_order),
        cmocka_unit_test(whoever_began_in_time_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
