/* SPDX-License-Identifier: Apache-2.0 */
#include "export/announce.h"

#include <errno.h>

#include "unit/unit.h"

#define OPENED_S 1795864020 /* 2026-11-28T11:07:00Z */

static struct announce_facts
facts(enum announce_change state, double change_ms)
{
    return (struct announce_facts){state, OPENED_S, change_ms, true, 0};
}

static struct announced
told(enum announce_change change, double change_ms)
{
    return (struct announced){change, change_ms, OPENED_S, 1};
}

static enum announce_change
due(struct announce_facts f, struct announced t, int64_t after_s, int64_t *ret_later_s)
{
    return announce_due(&f, &t, OPENED_S + after_s, ret_later_s);
}

static void
a_document_is_read(void **state)
{
    struct announce_facts f;
    json_t *o = json_loads("{\"state\": \"open\", \"opened_at\": \"2026-11-28T11:07:00.250Z\","
                           " \"measured_change_ms\": 344.5, \"causes\": [{}],"
                           " \"muted_until\": \"2026-11-28T11:07:09.000Z\","
                           " \"announced_at\": \"2026-11-28T11:07:02.000Z\"}",
                           0, NULL);
    assert_int_equal(announce_facts_of(o, &f), 0);
    assert_int_equal(f.state, ANNOUNCE_OPENED);
    assert_int_equal(f.opened_s, OPENED_S);
    assert_true(f.change_ms == 344.5 && f.has_cause && f.quiet_until_s == OPENED_S + 9);
    json_object_set_new(o, "state", json_string("worse"));
    assert_int_equal(announce_facts_of(o, &f), -EBADMSG);
    json_object_set_new(o, "state", json_string("closed"));
    json_object_set_new(o, "muted_until", json_null());
    assert_int_equal(announce_facts_of(o, &f), 0);
    assert_true(announce_is_over(&f) && f.quiet_until_s == 0);
    json_object_set_new(o, "announced_at", json_null());
    assert_int_equal(announce_facts_of(o, &f), 0);
    assert_true(f.quiet_until_s == INT64_MAX);
    json_decref(o);
    assert_int_equal(announce_facts_of(NULL, &f), -EBADMSG);
}

static void
the_first_message_waits_for_a_cause_but_not_for_ever(void **state)
{
    int64_t later_s;
    struct announce_facts f = facts(ANNOUNCE_OPENED, 100);
    struct announced nothing = {0};
    assert_int_equal(due(f, nothing, 0, &later_s), ANNOUNCE_OPENED);
    f.has_cause = false;
    assert_int_equal(due(f, nothing, 14, &later_s), ANNOUNCE_NOTHING);
    assert_int_equal(later_s, OPENED_S + ANNOUNCE_PATIENCE_S);
    assert_int_equal(due(f, nothing, 15, &later_s), ANNOUNCE_OPENED);
}

static void
worse_is_twice_what_was_told_and_not_too_often(void **state)
{
    int64_t later_s;
    struct announced t = told(ANNOUNCE_OPENED, 100);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 199), t, 6000, &later_s), ANNOUNCE_NOTHING);
    assert_int_equal(later_s, 0);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 200), t, 599, &later_s), ANNOUNCE_NOTHING);
    assert_int_equal(later_s, OPENED_S + 600);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 200), t, 600, &later_s), ANNOUNCE_WORSE);
    t = told(ANNOUNCE_WORSE, 200);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 200), t, 9000, &later_s), ANNOUNCE_NOTHING);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 400), t, 9000, &later_s), ANNOUNCE_WORSE);
}

static void
each_state_is_told_once_and_the_latest_one_only(void **state)
{
    int64_t later_s;
    for (enum announce_change was = ANNOUNCE_NOTHING; was < ANNOUNCE_CHANGE_COUNT; was++) {
        for (enum announce_change is = ANNOUNCE_FIXING; is < ANNOUNCE_CHANGE_COUNT; is++) {
            assert_int_equal(due(facts(is, 100), told(was, 100), 10000, &later_s),
                             was < is ? is : ANNOUNCE_NOTHING);
        }
    }
}

static void
what_is_back_is_told_again(void **state)
{
    int64_t later_s;
    struct announced t = told(ANNOUNCE_RECOVERED, 100);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 100), t, 10, &later_s), ANNOUNCE_REOPENED);
    t = told(ANNOUNCE_REOPENED, 100);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 100), t, 10, &later_s), ANNOUNCE_NOTHING);
    assert_int_equal(due(facts(ANNOUNCE_OPENED, 200), t, 600, &later_s), ANNOUNCE_WORSE);
    assert_int_equal(due(facts(ANNOUNCE_RECOVERED, 100), t, 10, &later_s), ANNOUNCE_RECOVERED);
}

static void
what_is_quiet_is_not_told_but_for_the_end_of_what_was(void **state)
{
    int64_t later_s;
    for (enum announce_change is = ANNOUNCE_OPENED; is < ANNOUNCE_CHANGE_COUNT; is++) {
        struct announce_facts f = facts(is, 100);
        struct announced nothing = {0}, opened = told(ANNOUNCE_OPENED, 100);
        f.quiet_until_s = OPENED_S + 500;
        assert_int_equal(due(f, nothing, 499, &later_s), ANNOUNCE_NOTHING);
        assert_int_equal(later_s, OPENED_S + 500);
        assert_int_equal(announce_is_past(&f, &nothing, OPENED_S + 499), announce_is_over(&f));
        assert_false(announce_is_past(&f, &nothing, OPENED_S + 500));
        assert_false(announce_is_past(&f, &opened, OPENED_S + 499));
        assert_int_equal(due(f, opened, 499, &later_s),
                         announce_is_over(&f) ? is : ANNOUNCE_NOTHING);
        f.quiet_until_s = INT64_MAX;
        assert_int_equal(due(f, nothing, 499, &later_s), ANNOUNCE_NOTHING);
        assert_int_equal(later_s, 0);
    }
}

static void
names_go_there_and_back(void **state)
{
    for (enum announce_change c = ANNOUNCE_NOTHING; c < ANNOUNCE_CHANGE_COUNT; c++) {
        assert_int_equal(announce_change_of(announce_change_name(c)), c);
    }
    assert_int_equal(announce_change_of("else"), ANNOUNCE_NOTHING);
    assert_int_equal(announce_change_of(NULL), ANNOUNCE_NOTHING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_read),
        cmocka_unit_test(the_first_message_waits_for_a_cause_but_not_for_ever),
        cmocka_unit_test(worse_is_twice_what_was_told_and_not_too_often),
        cmocka_unit_test(each_state_is_told_once_and_the_latest_one_only),
        cmocka_unit_test(what_is_back_is_told_again),
        cmocka_unit_test(what_is_quiet_is_not_told_but_for_the_end_of_what_was),
        cmocka_unit_test(names_go_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
