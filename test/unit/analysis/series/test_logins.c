/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/logins.h"
#include "base/clock.h"
#include "unit/unit.h"

static void
refuse(struct logins *l, uint64_t at_s, uint32_t user, uint32_t database, uint8_t address)
{
    struct event_login_refused r = {.user = user, .database = database};
    r.client_ip[15] = address;
    logins_refused(l, at_s * NS_PER_S, &r);
}

static void
each_is_counted_once(void **state)
{
    static struct logins l;
    for (uint64_t i = 0; i < 60; i++) {
        refuse(&l, 1000 + i, (uint32_t)i % 3, 7, (uint8_t)(i % 2));
    }
    struct logins_sum sum = logins_sum(&l, 1060 * NS_PER_S);
    assert_int_equal(sum.refused, 60);
    assert_int_equal(sum.users, 3);
    assert_int_equal(sum.databases, 1);
    assert_int_equal(sum.addresses, 2);
    assert_false(sum.at_least);
    sum = logins_sum(&l, 1000 * NS_PER_S + 2 * LOGINS_WINDOW_NS); /* long ago */
    assert_int_equal(sum.refused + sum.users + sum.databases + sum.addresses, 0);
    refuse(&l, 5000, 0, 7, 0); /* the same again is not what it was then */
    assert_int_equal(logins_sum(&l, 5000 * NS_PER_S).refused, 1);
}

/* Names that somebody makes up, one for each try. */
static void
more_than_there_is_room_for(void **state)
{
    static struct logins l;
    for (uint32_t i = 0; i < 5 * LOGINS_MAX; i++) {
        refuse(&l, 1000 + i / 10, i, i, 1);
    }
    struct logins_sum sum = logins_sum(&l, 1060 * NS_PER_S);
    assert_int_equal(sum.users, LOGINS_MAX);
    assert_int_equal(sum.addresses, 1);
    assert_true(sum.at_least);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_counted_once),
        cmocka_unit_test(more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
