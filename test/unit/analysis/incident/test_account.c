/* SPDX-License-Identifier: Apache-2.0
 * How much of what changed its causes account for, and when that is too little to tell why. */
#include "analysis/incident/account.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/cause.h"
#include "analysis/incident/progress.h"
#include "unit/analysis/change/scene.h"

static struct routes scene;
static struct statement_table statements;

/* The first route calls its statement so often, each for so long, and works so long by itself. */
static struct incident *
open_burn(unsigned calls, double call_ms, double app_ms)
{
    open_scene(&scene);
    play(&scene, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(scene.watch[0], at, 1, calls, call_ms, app_ms);
    }
    statement_table_init(&statements, 16);
    return incident_new(1, routes_compare(&scene), SPLIT, NOW);
}

static void
blame(struct incident *inc, enum finding_kind kind, uint64_t fingerprint, double saving_ms)
{
    const struct finding f = {.kind = kind,
                              .evidence = EVIDENCE_MEASURED,
                              .fingerprint = fingerprint,
                              .has_saving = saving_ms > 0,
                              .saving_ms = saving_ms};
    assert_true(cause_add(inc, &f, "", NULL));
}

static void
take_account(struct incident *inc)
{
    progress_follow(inc, scene.shift, &scene.load, &statements, 0, NOW);
    account_of(inc, scene.shift, &statements);
}

static void
close_burn(struct incident *inc)
{
    free(inc);
    statement_table_fini(&statements);
    routes_close(&scene);
}

static void
without_a_cause_nothing_is(void **state)
{
    (void)state;
    struct incident *inc = open_burn(6, 10, 10);
    assert_false(account_cannot_tell(inc)); /* nobody has asked yet */
    take_account(inc);
    kit_near(inc->explained, 0);
    assert_true(account_cannot_tell(inc));
    close_burn(inc);
}

static void
its_statement_accounts_for_what_it_changed(void **state)
{
    (void)state;
    struct incident *inc = open_burn(6, 10, 10);
    blame(inc, FINDING_REPEATED_QUERY, 1, 0);
    take_account(inc);
    kit_near(inc->explained, 1);
    assert_false(account_cannot_tell(inc));
    close_burn(inc);
}

/* 50 ms by its statement, and what the application takes more. */
static void
check_with_application(double app_ms, double explained, bool cannot_tell)
{
    struct incident *inc = open_burn(6, 10, 10 + app_ms);
    blame(inc, FINDING_MORE_CALLS, 1, 0);
    take_account(inc);
    if (fabs(inc->explained - explained) > 0.02) {
        fail_msg("%f explained, wanted %f", inc->explained, explained);
    }
    assert_int_equal(account_cannot_tell(inc), cannot_tell);
    close_burn(inc);
}

static void
what_the_application_takes_by_itself_is_not(void **state)
{
    (void)state;
    check_with_application(25, 50.0 / 75, false);
    check_with_application(50, 50.0 / 100, true);
}

/* Connections, or rows that the application turns into objects. */
static void
a_cause_may_be_the_applications(void **state)
{
    (void)state;
    struct incident *inc = open_burn(1, 10, 110);
    blame(inc, FINDING_CONNECTION_CHURN, 0, 80);
    take_account(inc);
    kit_near(inc->explained, 0.8);
    close_burn(inc);
    inc = open_burn(1, 10, 110);
    blame(inc, FINDING_CONNECTION_CHURN, 0, 300); /* never more than there is */
    take_account(inc);
    kit_near(inc->explained, 1);
    close_burn(inc);
}

static void
failures_and_answers_are_no_matter_of_time(void **state)
{
    (void)state;
    struct incident *inc = open_burn(1, 10, 110);
    static const char *const lanes[] = {"errors", "stall", "objective", "rows",
                                        "bytes",  "blips", "bursts"};
    inc->episode.opened = true;
    for (unsigned i = 0; i < ARRAY_LEN(lanes); i++) {
        snprintf(inc->episode.lane, sizeof(inc->episode.lane), "%s", lanes[i]);
        inc->explained = 1;
        take_account(inc);
        assert_true(isnan(inc->explained));
        assert_false(account_cannot_tell(inc));
    }
    snprintf(inc->episode.lane, sizeof(inc->episode.lane), "drift");
    take_account(inc);
    kit_near(inc->explained, 0);
    inc->of_answers = true;
    take_account(inc);
    assert_true(isnan(inc->explained));
    close_burn(inc);
}

static void
once_a_fix_has_landed_it_stays(void **state)
{
    (void)state;
    struct incident *inc = open_burn(1, 10, 110);
    inc->explained = 0.9;
    inc->state = INCIDENT_FIXING;
    account_of(inc, scene.shift, &statements);
    kit_near(inc->explained, 0.9);
    close_burn(inc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_cause_nothing_is),
        cmocka_unit_test(its_statement_accounts_for_what_it_changed),
        cmocka_unit_test(what_the_application_takes_by_itself_is_not),
        cmocka_unit_test(a_cause_may_be_the_applications),
        cmocka_unit_test(failures_and_answers_are_no_matter_of_time),
        cmocka_unit_test(once_a_fix_has_landed_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
