/* SPDX-License-Identifier: Apache-2.0 */
#include "app/footprint.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "unit/unit.h"

static void
a_process_is_told_of(void **state)
{
    struct footprint before, after;
    assert_int_equal(footprint_of(getpid(), &before), 0);
    assert_true(before.memory_bytes > 100000 && before.up_s >= 0 && before.cpu_s >= 0);
    clock_t until =
        clock() + CLOCKS_PER_SEC / 20; /* of its own processor time, however long it takes */
    while (clock() < until) {
    }
    assert_int_equal(footprint_of(getpid(), &after), 0);
    assert_true(after.cpu_s - before.cpu_s >= 0.02);
    assert_true(after.up_s >= before.up_s);
}

static void
who_is_not_there_is_not_told_of(void **state)
{
    struct footprint none = {.cpu_s = 7};
    assert_int_equal(footprint_of(0x7fffffff, &none), -ESRCH);
    assert_true(none.cpu_s == 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_told_of),
        cmocka_unit_test(who_is_not_there_is_not_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
