/* SPDX-License-Identifier: Apache-2.0
 * What slowly becomes worse is one incident, the same as a backtest of what was stored finds. */
#include "analysis/judge/state.h"
#include "unit/analysis/judge/judge_lab.h"

static void
a_slow_ramp_is_one_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    assert_true(monitor_number(l, "series") >= 3);
    play(l, HOUR, 0);
    assert_int_equal(l->opened, 0);
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(inc, "subject"), "GET /a");
    assert_string_equal(text_of(inc, "state"), "open");
    const json_t *monitor = json_object_get(inc, "monitor");
    assert_string_equal(text_of(monitor, "lane"), "drift");
    assert_true(json_is_true(json_object_get(monitor, "opened")));
    assert_true(json_is_false(json_object_get(monitor, "learning")));
    /* Before is what two weeks say, not the last minutes. */
    double before = json_number_value(json_object_get(inc, "measured_before_ms"));
    double now = json_number_value(json_object_get(inc, "measured_now_ms"));
    assert_true(before > 14.7 && before < 15.3);
    assert_true(now > 16);
    before = json_number_value(
        json_object_get(json_object_get(json_object_get(inc, "latency"), "before"), "p95_ms"));
    assert_true(before > 15.5 && before < 16.8);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(cause, "kind"), "slower");
    assert_string_equal(text_of(cause, "short"), "items by order_id");
    json_decref(list);
    check_backtest(l, "drift");
    lab_free(l);
}

static void
expect_trend(struct lab *l, const char *trend)
{
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "trend"), trend);
    json_decref(list);
}

/* Two minutes of it are steady; the hours are not. */
static void
a_slow_ramp_gets_worse_until_it_stays(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR, 0);
    play(l, 5 * HOUR, 0.06);
    expect_trend(l, "getting worse");
    play(l, 3 * HOUR, 0);
    expect_trend(l, "steady");
    play(l, 2 * HOUR, -0.06);
    expect_trend(l, "easing");
    lab_free(l);
}

/* Nobody knows who asks: its tables are what the monitor knows of the mean call. */
static void
a_statement_without_a_route_has_its_tables(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    l->is_orphan = true;
    play(l, HOUR, 0);
    play(l, 3 * HOUR, 0.06);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(inc, "subject_kind"), "statement");
    assert_string_equal(text_of(inc, "figures_per"), "call");
    const json_t *change = json_array_get(json_object_get(inc, "changes"), 0);
    assert_string_equal(text_of(change, "kind"), "slower");
    double before = json_number_value(json_object_get(change, "before_ms"));
    double now = json_number_value(json_object_get(change, "now_ms"));
    double error = json_number_value(json_object_get(change, "change_error_ms"));
    assert_true(before > 9.7 && before < 10.3);
    assert_true(now > 11);
    assert_true(error > 0.05 && error < 1.5);
    assert_true(json_number_value(json_object_get(inc, "measured_now_ms")) == now);
    assert_true(json_number_value(json_object_get(inc, "explained")) == 1);
    json_decref(list);
    lab_free(l);
}

/* It joins what is so young that it may be why; that stays about what it is about. */
static void
a_statement_that_joins_a_route_is_not_its_subject(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    l->is_orphan = true;
    play(l, HOUR, 0);
    struct incident *inc = incident_new_bare(1, "GET /b", l->now_ns, l->now_ns);
    l->j->incident[l->j->incident_count++] = inc;
    l->j->next_id = 2;
    for (unsigned i = 0; i < 24 && inc->episode.lane[0] == '\0'; i++) {
        inc->opened_ns = l->now_ns;
        play(l, 10 * MINUTE, 0.06);
    }
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    const json_t *only = json_array_get(list, 0);
    assert_string_equal(text_of(json_object_get(only, "monitor"), "lane"), "drift");
    assert_string_equal(text_of(only, "subject"), "GET /b");
    assert_string_equal(text_of(only, "subject_kind"), "route");
    json_decref(list);
    lab_free(l);
}

/* Answers that look different make nobody slower. */
static void
a_ramp_beside_answers_that_differ_is_another_incident(void **state)
{
    struct lab *l = lab_new();
    const struct intake_item beside = {
        .kind = INTAKE_ROUTE, .route = {.index = 1, .method = METHOD_GET, .text = SLICE_LIT("/b")}};
    (void)state;
    judge_item(l->j, l->now_ns, &beside);
    l->members = 7;
    play(l, HOUR / 2, 0.06);
    judge_deploy(l->j, l->now_ns, SLICE_LIT("v2"));
    l->members = 3;
    play(l, 10 * MINUTE, 0.06);
    assert_int_equal(l->opened, 1);
    play(l, HOUR, 0.06);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_array_get(list, 1), "headline"), "GET /b answers differently");
    assert_string_equal(text_of(json_array_get(list, 0), "subject"), "GET /a");
    json_decref(list);
    lab_free(l);
}

/* Nor does what is refused. */
static void
a_ramp_beside_logins_that_are_refused_is_another_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play_logins(l, HOUR / 2, 0.06, NULL);
    play_logins(l, 6 * MINUTE, 0.06, "28P01");
    assert_int_equal(l->opened, 1);
    play(l, 50 * MINUTE, 0.06);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_array_get(list, 1), "subject"), "logging in to shop");
    assert_string_equal(text_of(json_array_get(list, 0), "subject"), "GET /a");
    json_decref(list);
    lab_free(l);
}

/* One of this route in seventeen days: hardly by chance. */
static void
a_ramp_behind_a_deploy_names_it(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        judge_deploy(l->j, l->now_ns, SLICE_LIT("another\nGET /none"));
    }
    play(l, HOUR / 4, 0.06); /* so long it is not seen */
    judge_deploy(l->j, l->now_ns, SLICE_LIT("v2\nGET /a"));
    for (unsigned i = 0; i < 8 && l->opened == 0; i++) {
        play(l, HOUR / 4, 0.06);
    }
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    const json_t *inc = json_array_get(list, 0), *monitor = json_object_get(inc, "monitor");
    const json_t *d = json_object_get(inc, "deploy");
    double chance = json_number_value(json_object_get(d, "chance"));
    assert_true(json_is_true(json_object_get(monitor, "opened")));
    assert_string_equal(text_of(inc, "onset_from"), text_of(monitor, "onset_from"));
    assert_string_equal(text_of(d, "name"), "v2");
    assert_string_equal(text_of(d, "overlap"), "affects");
    assert_true(chance > 0 && chance < 0.02);
    json_decref(list);
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_ramp_is_one_incident),
        cmocka_unit_test(a_slow_ramp_gets_worse_until_it_stays),
        cmocka_unit_test(a_statement_without_a_route_has_its_tables),
        cmocka_unit_test(a_ramp_beside_answers_that_differ_is_another_incident),
        cmocka_unit_test(a_ramp_beside_logins_that_are_refused_is_another_incident),
        cmocka_unit_test(a_ramp_behind_a_deploy_names_it),
        cmocka_unit_test(a_statement_that_joins_a_route_is_not_its_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
