/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/timing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"
#include "unit/unit.h"

static struct timing *
fresh(void)
{
    return check_alloc(1, sizeof(struct timing));
}

/* Its own request began and ended close by, others at any time. */
static void
close_gaps_are_learned(void **state)
{
    struct timing *t = fresh();
    struct prng prng = {1};
    int64_t near = 300 * (int64_t)NS_PER_US, far = 20 * (int64_t)NS_PER_MS;
    assert_true(timing_ratio(t, TIMING_SESSION, 1, near, -near) == 0);
    for (int i = 0; i < 300; i++) {
        int64_t jitter = (int64_t)prng_below(&prng, 100 * NS_PER_US);
        timing_learn(t, TIMING_SESSION, 1, near + jitter, -near - jitter, 1);
        timing_learn(t, TIMING_SESSION, 1, far + 100 * jitter, -far - 100 * jitter, 0);
    }
    assert_true(timing_ratio(t, TIMING_SESSION, 1, near, -near) > 1000);
    assert_true(timing_ratio(t, TIMING_SESSION, 1, far, -far) < 0.001);
    assert_true(timing_ratio(t, TIMING_SESSION, 1, near, -far) < 10); /* one of two says little */
    assert_true(timing_ratio(t, TIMING_QUERY, 1, near, -near) == 0);  /* another kind */
    free(t);
}

/* What the whole kind does is believed of a statement of which little is known. */
static void
statements_have_gaps_of_their_own(void **state)
{
    struct timing *t = fresh();
    int64_t soon = 300 * (int64_t)NS_PER_US, later = 10 * (int64_t)NS_PER_MS;
    for (int i = 0; i < 500; i++) { /* 1 comes first, 2 later */
        timing_learn(t, TIMING_QUERY, 1, soon, -later, 1);
        timing_learn(t, TIMING_QUERY, 1, later, -soon, 0);
        timing_learn(t, TIMING_QUERY, 2, later, -soon, 1);
        timing_learn(t, TIMING_QUERY, 2, soon, -later, 0);
    }
    assert_true(timing_ratio(t, TIMING_QUERY, 1, soon, -later) > 100);
    assert_true(timing_ratio(t, TIMING_QUERY, 2, soon, -later) < 0.01);
    double of_new = timing_ratio(t, TIMING_QUERY, 3, soon, -later);
    assert_true(of_new > 0.5 && of_new < 2);
    free(t);
}

/* More statements than there is room for: those that are used keep their place or get it back. */
static void
what_is_gone_gives_way(void **state)
{
    struct timing *t = fresh();
    int64_t gap = 300 * (int64_t)NS_PER_US, far = 20 * (int64_t)NS_PER_MS;
    for (uint64_t f = 1; f < 20 * TIMING_STATEMENTS; f++) {
        timing_learn(t, TIMING_QUERY, f, far, far, f % 2 == 0 ? 1 : 0);
    }
    for (int i = 0; i < 1000; i++) {
        timing_learn(t, TIMING_QUERY, 7, gap, gap, 1);
        timing_learn(t, TIMING_QUERY, 7, far, far, 0);
    }
    assert_true(timing_ratio(t, TIMING_QUERY, 7, gap, gap) > 100);
    free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_gaps_are_learned),
        cmocka_unit_test(statements_have_gaps_of_their_own),
        cmocka_unit_test(what_is_gone_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
