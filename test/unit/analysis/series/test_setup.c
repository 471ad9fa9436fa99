/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/setup.h"

#include "base/clock.h"
#include "unit/unit.h"

static void
from_its_beginning_to_its_first_query(void **state)
{
    static struct setup s;
    assert_true(setup_ms(&s, 7, NS_PER_S) < 0);
    setup_begins(&s, 7, NS_PER_S);
    assert_true(setup_ms(&s, 7, NS_PER_S + 12 * NS_PER_MS) == 12);
    assert_true(setup_ms(&s, 8, NS_PER_S) < 0);
    assert_true(setup_ms(&s, 7, NS_PER_S - 1) < 0); /* clocks of two cores */
}

/* In fixed memory: the newest are known, and none is taken for another one. */
static void
many_sessions(void **state)
{
    static struct setup s;
    unsigned known = 0;
    for (uint64_t i = 1; i <= 10 * SETUP_SESSIONS; i++) {
        setup_begins(&s, i << 48 | i, i * NS_PER_MS);
        assert_true(setup_ms(&s, i << 48 | i, i * NS_PER_MS) == 0);
    }
    for (uint64_t i = 1; i <= 10 * SETUP_SESSIONS; i++) {
        double ms = setup_ms(&s, i << 48 | i, i * NS_PER_MS);
        assert_true(ms <= 0);
        known += ms == 0;
    }
    assert_true(known > SETUP_SESSIONS / 2 && known <= SETUP_SESSIONS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_its_beginning_to_its_first_query),
        cmocka_unit_test(many_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
