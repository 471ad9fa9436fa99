/* SPDX-License-Identifier: Apache-2.0
 * What the monitor tells beside latency's charts is an incident, too: a broken promise, failures,
 * logins, results, what does not end. */
#include "unit/analysis/judge/judge_lab.h"

static bool
was_told(const struct lab *l, const char *trace_id)
{
    for (unsigned i = 0; i < ARRAY_LEN(l->told); i++) {
        if (strcmp(l->told[i], trace_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Also while so much fails that most of what is kept goes untold. */
static void
an_incidents_example_is_told(void **state)
{
    struct lab *l = lab_new();
    const struct intake_item work = {.kind = INTAKE_ROUTE,
                                     .route = {.index = 1,
                                               .method = METHOD_OTHER,
                                               .basis = ROUTE_BASIS_QUERIES,
                                               .text = SLICE_LIT("work")}};
    unsigned examples = 0;
    size_t i;
    const json_t *inc;
    (void)state;
    play(l, HOUR / 2, 0);
    judge_item(l->j, l->now_ns, &work);
    l->flood = JUDGE_TOLD_PER_S + 10;
    l->db_ms = 60;
    play(l, 600, 0);
    json_t *list = document(l, JUDGE_INCIDENTS);
    json_array_foreach(list, i, inc)
    {
        if (strcmp(text_of(inc, "subject"), "GET /a") == 0) {
            examples++;
            assert_true(was_told(l, text_of(inc, "example_trace")));
        }
    }
    assert_int_equal(examples, 1);
    json_decref(list);
    lab_free(l);
}

static const json_t *
objective_of(const json_t *document)
{
    const json_t *list = json_object_get(document, "objectives");
    assert_int_equal(json_array_size(list), 1);
    return json_array_get(list, 0);
}

/* Entries of its timeline. */
static unsigned
noted(const json_t *incident, const char *kind, const char *part)
{
    unsigned n = 0;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(incident, "timeline"), i, entry)
    {
        n += strcmp(text_of(entry, "kind"), kind) == 0 && strstr(text_of(entry, "text"), part);
    }
    return n;
}

/* Too slow for what is promised: the incident about the route says so, once, also after a restart;
 * and says when the promise is kept again. */
static void
a_broken_objective_is_part_of_the_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    json_t *status = document(l, JUDGE_STATUS);
    assert_string_equal(text_of(objective_of(status), "indicator"), "latency");
    assert_true(json_is_null(json_object_get(objective_of(status), "broken_over")));
    assert_true(json_number_value(json_object_get(objective_of(status), "budget_left")) > 0.9);
    json_decref(status);
    l->db_ms = 60;
    play(l, HOUR, 0);
    restart(l);
    play(l, HOUR / 2, 0);
    json_t *list = document(l, JUDGE_INCIDENTS), *metrics = document(l, JUDGE_METRICS);
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(noted(json_array_get(list, 0), "objective", "\"quick\" (latency): "), 1);
    assert_string_equal(text_of(objective_of(metrics), "broken_over"), "1 h and 5 min");
    json_decref(metrics);
    json_decref(list);
    l->db_ms = 10;
    play(l, 7 * HOUR, 0); /* the slowest rule looks back six hours */
    list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_true(json_is_string(json_object_get(json_array_get(list, 0), "recovered_at")));
    status = document(l, JUDGE_STATUS);
    assert_true(json_is_null(json_object_get(objective_of(status), "broken_over")));
    json_decref(status);
    json_decref(list);
    lab_free(l);
}

static void
failures_are_told_by_their_class(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->failing = 0.1;
    play(l, HOUR / 2, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0), *cause;
    assert_string_equal(text_of(inc, "headline"), "GET /a is failing");
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "errors");
    unsigned deadlocks = 0;
    size_t i;
    json_array_foreach(json_object_get(inc, "causes"), i, cause)
    {
        assert_string_equal(text_of(cause, "kind"), "errors");
        deadlocks += strstr(text_of(cause, "detail"), "deadlock") != NULL ? 1 : 0;
    }
    assert_true(deadlocks > 0);
    json_decref(list);
    check_backtest(l, "errors");
    lab_free(l);
}

/* All replies are still 200. */
static void
errors_inside_of_a_200_are_an_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    assert_int_equal(l->opened, 0);
    l->lying = 0.8;
    play(l, 6 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(inc, "subject"), "GET /a");
    assert_string_equal(text_of(cause, "kind"), "inconsistent-response");
    assert_non_null(strstr(text_of(cause, "detail"), "answered 2xx with a body that says error"));
    json_decref(list);
    lab_free(l);
}

/* An application whose password is wrong tries again and again. */
static void
logins_that_are_refused_are_an_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play_logins(l, HOUR / 2, 0, NULL);
    assert_int_equal(l->opened, 0);
    play_logins(l, 6 * MINUTE, 0, "28P01"); /* nobody knows yet what is normal */
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(inc, "subject"), "logging in to shop");
    assert_string_equal(text_of(inc, "headline"), "logging in to shop is failing");
    assert_string_equal(text_of(cause, "kind"), "errors");
    assert_non_null(strstr(text_of(cause, "detail"), "a login was refused"));
    assert_non_null(strstr(text_of(cause, "detail"), "of 3 users, to 1 database, from 1 address"));
    json_decref(list);
    /* A database that nobody was ever let into has no name here, and its logins are no queries. */
    json_t *queries = document(l, JUDGE_QUERIES);
    assert_int_equal(json_array_size(queries), 1);
    json_decref(queries);
    restart(l); /* it is the same one afterwards */
    play(l, MINUTE, 0);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* Before it has become slow. */
static void
a_result_that_nothing_limits_is_told(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->rows = 60;
    play(l, 55 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "rows");
    assert_non_null(strstr(text_of(inc, "headline"), " returns more than before"));
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(cause, "kind"), "unbounded-result");
    assert_string_equal(text_of(cause, "evidence"), "measured");
    assert_non_null(strstr(text_of(cause, "detail"), "60 rows a call, was 3"));
    assert_float_equal(
        json_number_value(json_object_get(json_object_get(inc, "traffic"), "route_share")), 1,
        0.01);
    assert_int_equal(noted(inc, "opened", "rows of "), 1);
    json_decref(list);
    l->rows = 0;
    play(l, HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_string_not_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    lab_free(l);
}

static void
what_does_not_end_is_a_stall(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->stuck_since_ns = l->now_ns;
    play(l, 12 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "stall");
    assert_string_equal(text_of(inc, "headline"), "GET /a is stuck");
    json_decref(list);
    l->stuck_since_ns = 0;
    play(l, HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "recovered");
    json_decref(list);
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incidents_example_is_told),
        cmocka_unit_test(a_broken_objective_is_part_of_the_incident),
        cmocka_unit_test(failures_are_told_by_their_class),
        cmocka_unit_test(errors_inside_of_a_200_are_an_incident),
        cmocka_unit_test(logins_that_are_refused_are_an_incident),
        cmocka_unit_test(a_result_that_nothing_limits_is_told),
        cmocka_unit_test(what_does_not_end_is_a_stall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
