/* SPDX-License-Identifier: Apache-2.0
 * Which deploy an incident of the short view is tied to: by the interval in which it began, by what
 * the deploy names, by what is new since; and how likely one is that near. */
#include <math.h>

#include "unit/analysis/judge/deploys_lab.h"

static bool
is_noted(const json_t *inc, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(inc, "timeline"), i, entry)
    {
        if (strstr(text_of(entry, "text"), text) != NULL) {
            return true;
        }
    }
    return false;
}

static double
chance_of(const json_t *inc)
{
    const json_t *chance = json_object_get(json_object_get(inc, "deploy"), "chance");
    assert_true(json_is_number(chance));
    return json_number_value(chance);
}

static bool
is_unknown(const json_t *inc)
{
    return json_is_null(json_object_get(json_object_get(inc, "deploy"), "chance"));
}

static void
the_onset_lies_between_two_requests(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    double broken_s = now_s(&l);
    break_it(&l, false);
    json_t *inc = incident(&l);
    double from_s = seconds_of(inc, "onset_from"), to_s = seconds_of(inc, "onset_to");
    assert_true(from_s <= broken_s && broken_s <= to_s);
    assert_true(to_s - from_s <= 5); /* ten requests, of which every second one is kept */
    assert_true(fabs(seconds_of(inc, "onset_at") - broken_s) <= 0.5);
    assert_true(json_is_null(json_object_get(inc, "deploy")));
    end(&l, inc);
}

static void
of_few_deploys_the_chance_is_unknown(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 75); /* eight */
    play(&l, 30);
    deploy(&l, "v2");
    play(&l, 10);
    break_it(&l, false);
    json_t *inc = incident(&l);
    assert_tied(inc, "v2", "time");
    assert_true(is_unknown(inc));
    end(&l, inc);
}

/* 1 - exp(-rate x interval), where the interval is that of the onset and as far to either side as
 * the deploy is away. */
static void
the_chance_follows_from_how_often_there_is_one(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 60);
    play(&l, 30);
    deploy(&l, "v2");
    play(&l, 1);
    break_it(&l, false);
    json_t *inc = incident(&l);
    assert_tied(inc, "v2", "time");
    double at_s = seconds_of(json_object_get(inc, "deploy"), "at");
    double from_s = seconds_of(inc, "onset_from"), to_s = seconds_of(inc, "onset_to");
    double within_s = to_s - from_s + 2 * (from_s - at_s);
    assert_true(from_s > at_s && within_s < 3);
    assert_true(chance_of(inc) > 1 - exp(-11 * within_s / 720)); /* within a minute, how long */
    assert_true(chance_of(inc) < 1 - exp(-11 * within_s / 600));
    end(&l, inc);
}

/* With one a minute there is always one near. */
static void
what_chance_would_bring_is_not_named(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 60);
    play(&l, 30);
    deploy(&l, "v2");
    play(&l, 15);
    break_it(&l, false);
    json_t *inc = incident(&l);
    assert_true(json_is_null(json_object_get(inc, "deploy")));
    assert_true(is_noted(inc, "v2: not named, one is that near by chance with "));
    size_t i;
    json_t *action;
    json_array_foreach(json_object_get(inc, "actions"), i, action)
    {
        assert_string_not_equal(text_of(action, "kind"), "roll-back");
    }
    end(&l, inc);
}

/* But a statement that is new since speaks for it; also where it is the monitor that tells it. */
static void
a_new_statement_names_it(void **state)
{
    (void)state;
    for (unsigned before_s = 5; before_s <= 15; before_s += 10) {
        struct lab l;
        begin(&l, 60);
        play(&l, 30);
        deploy(&l, "v2");
        play(&l, before_s);
        break_it(&l, true);
        json_t *inc = incident(&l);
        const json_t *monitor = json_object_get(inc, "monitor");
        assert_int_equal(json_is_true(json_object_get(monitor, "opened")), before_s == 15);
        assert_tied(inc, "v2", "new-statement");
        assert_true(chance_of(inc) > 0.05);
        double onset_s = seconds_of(inc, "onset_at");
        assert_true(fabs(onset_s - SETTLED_S - 30 - before_s) <= 0.5);
        end(&l, inc);
    }
}

static void
one_that_nobody_marked_has_no_chance(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    break_it(&l, true);
    json_t *inc = incident(&l);
    assert_string_equal(text_of(json_object_get(inc, "deploy"), "basis"), "inferred");
    assert_string_equal(text_of(json_object_get(inc, "deploy"), "overlap"), "new-statement");
    assert_true(is_unknown(inc));
    end(&l, inc);
}

static void
what_names_others_is_passed_over(void **state)
{
    static const struct {
        const char *before, *near;
        const char *name, *overlap;
    } cases[] = {
        {"v1", "v2", "v2", "time"}, /* the nearest */
        {"v1", "v2\nGET /orders", "v2", "affects"},
        {"v1\nGET /orders", "v2\nGET /me", "v1", "affects"},
        {"v1\nGET /none\nGET /orders", "v2\nGET /me", "v1", "affects"},
        {"v1", "v2\n0000000000000071\nGET /order", "v1", "time"},
        {"v1", "v2\n0000000000000070", "v2", "affects"}, /* its statement that is called more */
        {"v1\nGET /me", "v2\nGET /me", "", ""},
    };
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct lab l;
        begin(&l, 0);
        deploy(&l, cases[i].before);
        play(&l, 30);
        deploy(&l, cases[i].near);
        play(&l, 10);
        break_it(&l, false);
        json_t *inc = incident(&l);
        assert_tied(inc, cases[i].name, cases[i].overlap);
        end(&l, inc);
    }
}

/* Those that may affect it alone count. */
static void
others_deploys_are_no_chance(void **state)
{
    struct lab l;
    double chance[2];
    (void)state;
    for (unsigned named = 0; named < 2; named++) {
        begin(&l, 0);
        for (unsigned i = 0; i < 12; i++) {
            deploy(&l, named == 0 ? "routine" : "routine\nGET /me");
            play(&l, 1);
        }
        play(&l, 30);
        deploy(&l, "v2\nGET /orders");
        break_it(&l, false);
        json_t *inc = incident(&l);
        assert_tied(inc, "v2", "affects");
        chance[named] = chance_of(inc);
        end(&l, inc);
    }
    assert_true(chance[1] < chance[0] / 10 && chance[1] > 0);
}

/* A mark may come late; but not when the incident is open: that is somebody's answer to it. */
static void
a_late_mark(void **state)
{
    struct lab l;
    (void)state;
    for (unsigned answer = 0; answer < 2; answer++) {
        begin(&l, 0);
        l.calls = 31;
        for (unsigned s = 0; answer == 1 ? l.opened_s == 0 : s < 5; s++) {
            play(&l, 1);
        }
        deploy(&l, "v2");
        break_it(&l, false);
        json_t *inc = incident(&l);
        assert_tied(inc, answer == 1 ? "" : "v2", answer == 1 ? "" : "time");
        end(&l, inc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_onset_lies_between_two_requests),
        cmocka_unit_test(of_few_deploys_the_chance_is_unknown),
        cmocka_unit_test(the_chance_follows_from_how_often_there_is_one),
        cmocka_unit_test(what_chance_would_bring_is_not_named),
        cmocka_unit_test(a_new_statement_names_it),
        cmocka_unit_test(one_that_nobody_marked_has_no_chance),
        cmocka_unit_test(what_names_others_is_passed_over),
        cmocka_unit_test(others_deploys_are_no_chance),
        cmocka_unit_test(a_late_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
