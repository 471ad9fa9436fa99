/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/prng.h"
#include "io/timer.h"

#define TIMERS 200

static struct timer timers[TIMERS];
static uint64_t fired_at[TIMERS];
static uint64_t last_fired;

static void
note(struct timer *timer, uint64_t now_ns)
{
    assert_true(timer->at_ns <= now_ns);
    assert_true(timer->at_ns >= last_fired);
    last_fired = timer->at_ns;
    fired_at[timer - timers] = now_ns;
}

/* Random sets, re-sets and cancels against a plain array: what is due fires, in order, once. */
static void
random_operations_match_an_array(void **state)
{
    struct prng prng = {42};
    struct timer_heap heap = {0};
    uint64_t due[TIMERS] = {0}; /* 0: not set */
    uint64_t now = 1;
    for (unsigned i = 0; i < TIMERS; i++) {
        timers[i] = (struct timer){.fire = note};
    }
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)prng_below(&prng, TIMERS);
        switch (prng_below(&prng, 4)) {
        case 0:
        case 1:
            due[i] = now + 1 + prng_below(&prng, 500);
            timer_set(&heap, &timers[i], due[i]);
            break;
        case 2:
            due[i] = 0;
            timer_cancel(&heap, &timers[i]);
            break;
        case 3:
            now += prng_below(&prng, 50);
            last_fired = 0;
            timer_fire_due(&heap, now, UINT32_MAX);
            for (unsigned k = 0; k < TIMERS; k++) {
                bool is_due = due[k] != 0 && due[k] <= now;
                assert_int_equal(fired_at[k] != 0, is_due);
                assert_int_equal(timers[k].is_set, due[k] != 0 && !is_due);
                due[k] = is_due ? 0 : due[k];
                fired_at[k] = 0;
            }
            break;
        }
        uint64_t first = UINT64_MAX;
        for (unsigned k = 0; k < TIMERS; k++) {
            first = due[k] != 0 && due[k] < first ? due[k] : first;
        }
        assert_int_equal(timer_next_ns(&heap), first);
    }
}

static struct timer_heap chained_heap;
static unsigned chained;

static void
chain(struct timer *timer, uint64_t now_ns)
{
    chained++;
    timer_set(&chained_heap, timer, now_ns);
}

static void
a_turn_is_bounded(void **state)
{
    struct timer timer = {.fire = chain};
    timer_set(&chained_heap, &timer, 5);
    assert_int_equal(timer_fire_due(&chained_heap, 4, 10), 0);
    assert_int_equal(timer_fire_due(&chained_heap, 5, 10), 10);
    assert_int_equal(chained, 10);
    timer_cancel(&chained_heap, &timer);
    assert_int_equal(timer_next_ns(&chained_heap), UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_an_array),
        cmocka_unit_test(a_turn_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
