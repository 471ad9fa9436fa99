/* SPDX-License-Identifier: Apache-2.0
 * How long lines wait for plans, and in which order they come. With a database:
 * test/peer/test_dev.py. */
#include "cli/dev_scans.h"

#include <math.h>
#include <string.h>

#include "unit/unit.h"

static struct dev_scans s;

static int
setup(void **state)
{
    dev_scans_init(&s, strdup("host=nowhere"));
    return 0;
}

static int
teardown(void **state)
{
    dev_scans_fini(&s);
    return 0;
}

static void
add(int number, const char *fingerprint, double now_s)
{
    dev_scans_add(
        &s,
        json_pack("{s:i, s:[{s:s}]}", "number", number, "statements", "fingerprint", fingerprint),
        now_s);
}

/* number: of the next line; 0: it waits. */
static void
expect(int number, unsigned scans, double now_s)
{
    json_t *request = dev_scans_next(&s, now_s);
    assert_int_equal(json_integer_value(json_object_get(request, "number")), number);
    assert_int_equal(json_object_size(json_object_get(request, "scans")), scans);
    json_decref(request);
}

static void
know(const char *fingerprint)
{
    json_object_set_new(s.known, fingerprint,
                        json_pack("{s:s, s:f}", "table", "public.items", "rows", 5000.0));
}

static void
lines_wait_in_their_order(void **state)
{
    know("b");
    add(1, "a", 10);
    add(2, "b", 10);
    expect(0, 0, 10);
    know("a");
    expect(1, 1, 10.1);
    expect(2, 1, 10.1);
    expect(0, 0, 10.1);
}

static void
none_waits_longer_than_it_may_and_not_twice(void **state)
{
    add(1, "a", 10);
    expect(0, 0, 10 + DEV_SCANS_WAIT_S / 2);
    expect(1, 0, 10 + DEV_SCANS_WAIT_S);
    add(2, "a", 20);
    expect(2, 0, 20);
    add(3, "c", 30);
    expect(3, 0, INFINITY);
}

static void
only_so_many_wait(void **state)
{
    for (int i = 1; i <= (int)DEV_SCANS_WAITING + 1; i++) {
        char fingerprint[17];
        snprintf(fingerprint, sizeof(fingerprint), "%016x", i);
        add(i, fingerprint, 10);
    }
    expect(1, 0, 10);
    expect(0, 0, 10);
}

static void
only_so_many_statements_are_remembered(void **state)
{
    for (unsigned i = 0; i < DEV_SCANS_MAX; i++) {
        char fingerprint[17];
        snprintf(fingerprint, sizeof(fingerprint), "%016x", i);
        know(fingerprint);
    }
    add(1, "a", 10);
    expect(1, 0, 10);
    assert_int_equal(json_object_size(s.known), DEV_SCANS_MAX);
}

static void
without_a_login_nothing_waits(void **state)
{
    dev_scans_fini(&s);
    dev_scans_init(&s, NULL);
    add(1, "a", 10);
    dev_scans_look(&s, "/nowhere");
    expect(1, 0, 10);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(lines_wait_in_their_order),
        T(none_waits_longer_than_it_may_and_not_twice),
        T(only_so_many_wait),
        T(only_so_many_statements_are_remembered),
        T(without_a_login_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
