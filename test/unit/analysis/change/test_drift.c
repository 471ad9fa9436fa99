/* SPDX-License-Identifier: Apache-2.0
 * What a drift is measured against: the first third of what is known of a route, and nothing that
 * somebody else's trouble may have brought. */
#include "unit/analysis/change/scene.h"

#define END   (T0 + 600 * NS_PER_S)
#define FROM  (T0 + WATCH_WARM_UP_NS) /* the route's own baseline */
#define THIRD (FROM + (END - FROM) / 3)

/* Of ten minutes of the first route. */
static struct stats
before_of(uint64_t trouble_ns, uint64_t suspected_ns, uint64_t normal_to_ns)
{
    static struct routes s;
    routes_open(&s);
    for (uint64_t at = T0; at < END; at += EVERY) {
        kit_calls(s.watch[0], at, 1, 1, 10, 10);
    }
    s.watch[0]->trouble_ns = trouble_ns;
    s.watch[0]->suspected_ns = suspected_ns;
    s.watch[0]->normal_to_ns = normal_to_ns;
    s.shift = shift_new(s.watch, ROUTES, &s.load, SHIFT_DRIFT, 0, END);
    struct stats before = shift_find(s.shift, s.watch[0])->before;
    routes_close(&s);
    return before;
}

static void
expect(const struct stats *before, uint64_t to_ns)
{
    assert_true(before->from_ns >= FROM && before->from_ns < FROM + NS_PER_S);
    assert_true(before->to_ns < to_ns && before->to_ns + NS_PER_S >= to_ns);
}

static void
without_trouble_it_is_the_first_third(void **state)
{
    (void)state;
    struct stats before = before_of(0, 0, 0);
    expect(&before, THIRD);
}

static void
it_ends_where_trouble_begins(void **state)
{
    (void)state;
    struct stats before = before_of(FROM + 60 * NS_PER_S, 0, 0);
    expect(&before, FROM + 60 * NS_PER_S);
    before = before_of(END - 60 * NS_PER_S, 0, 0); /* it was normal before that */
    expect(&before, THIRD);
}

/* Days ago: what is known all lies within it. */
static void
trouble_of_before_all_that_is_known_changes_nothing(void **state)
{
    static const uint64_t since[] = {1, T0, FROM};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(since); i++) {
        struct stats before = before_of(since[i], 0, 0);
        expect(&before, THIRD);
    }
}

/* Two a second: 14 s before it are too few, and 15 s just enough. */
static void
fewer_requests_before_it_say_nothing(void **state)
{
    uint64_t enough_ns = WATCH_REQUESTS_MIN * EVERY;
    (void)state;
    struct stats before = before_of(FROM + enough_ns - EVERY, 0, 0);
    expect(&before, THIRD);
    before = before_of(FROM + enough_ns, 0, 0);
    assert_int_equal(before.n, WATCH_REQUESTS_MIN);
    expect(&before, FROM + enough_ns);
}

/* What is suspected is normal until then, whoever else is in trouble. */
static void
what_is_suspected_goes_by_its_own(void **state)
{
    (void)state;
    uint64_t normal_to = FROM + 100 * NS_PER_S;
    struct stats before = before_of(FROM + 60 * NS_PER_S, END - NS_PER_S, normal_to);
    expect(&before, normal_to + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_trouble_it_is_the_first_third),
        cmocka_unit_test(it_ends_where_trouble_begins),
        cmocka_unit_test(trouble_of_before_all_that_is_known_changes_nothing),
        cmocka_unit_test(fewer_requests_before_it_say_nothing),
        cmocka_unit_test(what_is_suspected_goes_by_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
