/* SPDX-License-Identifier: Apache-2.0
 * An incident from what changed: its parts add up, causes make room for one another, what helps
 * follows from them, and its timeline has an end. */
#include "analysis/incident/incident.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/actions.h"
#include "analysis/incident/cause.h"
#include "analysis/incident/progress.h"
#include "unit/analysis/change/scene.h"

static struct finding
finding_of(enum finding_kind kind, enum evidence evidence, uint64_t fingerprint)
{
    return (struct finding){.kind = kind, .evidence = evidence, .fingerprint = fingerprint};
}

static bool
add(struct incident *inc, enum finding_kind kind, enum evidence evidence, uint64_t fingerprint)
{
    struct finding f = finding_of(kind, evidence, fingerprint);
    return cause_add(inc, &f, "", NULL);
}

static void
better_evidence_replaces_weaker(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    assert_true(add(inc, FINDING_MISSING_INDEX, EVIDENCE_MEASURED, 1));
    assert_false(add(inc, FINDING_MISSING_INDEX, EVIDENCE_SUSPECTED, 1));
    assert_int_equal(inc->cause[0].finding.evidence, EVIDENCE_MEASURED);
    assert_true(add(inc, FINDING_MISSING_INDEX, EVIDENCE_PROVED, 1));
    assert_int_equal(inc->cause_count, 1);
    assert_int_equal(inc->cause[0].finding.evidence, EVIDENCE_PROVED);
    assert_true(add(inc, FINDING_MISSING_INDEX, EVIDENCE_SUSPECTED, 2));
    assert_int_equal(inc->cause_count, 2);
    assert_string_equal(inc->cause[1].label, "GET /a");
    free(inc);
}

/* Who has found two reasons is not silenced by the first of them. */
static void
a_reason_may_be_somebody_elses(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    const struct finding theirs[] = {finding_of(FINDING_LOCK_WAIT, EVIDENCE_MEASURED, 1),
                                     finding_of(FINDING_GROWTH, EVIDENCE_MEASURED, 2)};
    (void)state;
    assert_true(add(inc, FINDING_LOCK_WAIT, EVIDENCE_MEASURED, 1));
    assert_true(incident_has_reason(inc));
    assert_false(incident_has_reason_beside(inc, theirs, 2));
    assert_true(incident_has_reason_beside(inc, &theirs[1], 1));
    assert_true(add(inc, FINDING_LOCK_WAIT, EVIDENCE_MEASURED, 3));
    assert_true(incident_has_reason_beside(inc, theirs, 2));
    free(inc);
}

/* An index that is missing is so for all that reads the table; that a statement is repeated or runs
 * in a crowd says nothing of others. */
static void
what_is_said_of_a_table_explains_its_statements(void **state)
{
    static const struct {
        enum finding_kind kind;
        bool explains;
    } cases[] = {
        {FINDING_MISSING_INDEX, true},   {FINDING_LOCK_WAIT, true},  {FINDING_PLAN_CHANGE, true},
        {FINDING_REPEATED_QUERY, false}, {FINDING_CACHEABLE, false}, {FINDING_STAMPEDE, false},
    };
    struct statement other = {.fingerprint = 2, .reads = {.count = 1, .name = {"items"}}};
    struct statement same = {.fingerprint = 1};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
        struct finding f = finding_of(cases[i].kind, EVIDENCE_PROVED, 1);
        f.tables.count = 1;
        snprintf(f.tables.name[0], sizeof(f.tables.name[0]), "items");
        assert_true(cause_add(inc, &f, "", NULL));
        assert_true(incident_explains(inc, &same));
        assert_int_equal(incident_explains(inc, &other), cases[i].explains);
        free(inc);
    }
}

static void
a_reason_makes_room_for_itself(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    assert_true(add(inc, FINDING_SATURATION, EVIDENCE_MEASURED, 0));
    assert_true(add(inc, FINDING_SLOWER, EVIDENCE_MEASURED, 1));
    assert_false(incident_has(inc, FINDING_SATURATION));
    assert_false(incident_has_reason(inc));
    assert_true(incident_may_pass(inc));
    assert_true(add(inc, FINDING_CACHEABLE, EVIDENCE_MEASURED, 1));
    assert_false(incident_has(inc, FINDING_SLOWER));
    assert_true(incident_has_reason(inc));
    assert_false(incident_may_pass(inc));
    assert_false(add(inc, FINDING_SLOWER, EVIDENCE_PROVED, 1));
    assert_false(add(inc, FINDING_REPEATED_QUERY, EVIDENCE_MEASURED, 1));
    assert_true(add(inc, FINDING_REPEATED_QUERY, EVIDENCE_PROVED, 1));
    assert_false(add(inc, FINDING_CACHEABLE, EVIDENCE_MEASURED, 1));
    assert_int_equal(inc->cause_count, 1);
    assert_true(incident_blames(inc, 1));
    assert_false(incident_blames(inc, 2));
    free(inc);
}

static void
causes_have_a_limit(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    for (unsigned i = 0; i < INCIDENT_CAUSES_MAX; i++) {
        assert_true(add(inc, FINDING_MISSING_INDEX, EVIDENCE_PROVED, i + 1));
    }
    assert_false(add(inc, FINDING_MISSING_INDEX, EVIDENCE_PROVED, 100));
    assert_int_equal(inc->cause_count, INCIDENT_CAUSES_MAX);
    free(inc);
}

static void
a_timeline_keeps_room_for_people(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    for (unsigned i = 0; i < 2 * INCIDENT_TIMELINE_MAX; i++) {
        incident_note(inc, T0 + i, "finding", "one of many");
    }
    assert_int_equal(inc->timeline_count, INCIDENT_TIMELINE_MAX - ANNOTATIONS_MAX);
    for (unsigned i = 0; i < ANNOTATIONS_MAX; i++) {
        assert_true(incident_annotate(inc, T0 + i, "somebody says something"));
        incident_note(inc, T0 + i, "finding", "one too many");
    }
    assert_false(incident_annotate(inc, T0, "somebody says too much"));
    assert_int_equal(inc->timeline_count, INCIDENT_TIMELINE_MAX);
    free(inc);
}

static void
what_is_ruled_out_may_come_back(void **state)
{
    struct incident *inc = incident_new_bare(1, "GET /a", T0, T0);
    incident_rule_out(inc, "traffic", "+1 %");
    incident_rule_out(inc, "errors", "0");
    incident_rule_out(inc, "traffic", "+2 %");
    assert_int_equal(inc->ruled_out_count, 2);
    assert_string_equal(inc->ruled_out[0].figure, "+2 %");
    incident_rule_out(inc, "traffic", NULL);
    incident_rule_out(inc, "lock waits", NULL);
    assert_int_equal(inc->ruled_out_count, 1);
    assert_string_equal(inc->ruled_out[0].test, "errors");
    free(inc);
}

/* ---- figures, on real routes */

/* The first route's statement runs six times instead of once, each time with its own values. */
static struct incident *
open_repeating(struct routes *s, struct statement_table *statements)
{
    static const char text[] = "select * from \"items\" where \"order_id\" = ?";
    open_scene(s);
    play(s, 1, 10, EVERY);
    for (uint64_t at = SPLIT; at < NOW; at += EVERY) {
        kit_calls(s->watch[0], at, 1, 6, 10, 10);
    }
    const struct shift_route *r = routes_compare(s);
    statement_table_init(statements, 16);
    assert_non_null(statement_add(statements, 1, 0, STATEMENT_SELECT, slice_from_str(text), T0));
    return incident_new(1, r, SPLIT, NOW);
}

static void
close_repeating(struct routes *s, struct statement_table *statements, struct incident *inc)
{
    free(inc);
    statement_table_fini(statements);
    routes_close(s);
}

static void
changes_add_up(void **state)
{
    static struct routes s;
    struct statement_table statements;
    struct incident *inc = open_repeating(&s, &statements);
    progress_follow(inc, s.shift, &s.load, &statements, 0, NOW);
    double sum = inc->measured_before_ms + inc->unexplained_ms;
    for (unsigned i = 0; i < inc->change_count; i++) {
        sum += inc->change[i].change_ms;
    }
    kit_near(inc->measured_before_ms, 20);
    kit_near(inc->measured_now_ms, 70);
    kit_near(sum, inc->measured_now_ms);
    assert_string_equal(inc->change[0].what, "items by order_id, 1 → 6 calls");
    assert_string_equal(inc->change[0].kind, "more-calls");
    kit_near(inc->change[0].change_ms, 50);
    assert_int_equal(inc->victim_count, 0);
    assert_true(inc->full_in_s < 0);
    close_repeating(&s, &statements, inc);
}

static void
what_helps_follows_from_the_causes(void **state)
{
    static struct routes s;
    struct statement_table statements;
    struct incident *inc = open_repeating(&s, &statements);
    inc->has_deploy = true;
    assert_true(add(inc, FINDING_REPEATED_QUERY, EVIDENCE_PROVED, 1));
    progress_follow(inc, s.shift, &s.load, &statements, 0, NOW);
    actions_weigh(inc, s.shift, &statements);
    assert_int_equal(inc->action_count, 2);
    assert_int_equal(inc->action[0].kind, ACTION_ROLL_BACK);
    assert_string_equal(inc->action[0].id, "0");
    assert_string_equal(inc->action[0].text, "roll back the last deploy");
    kit_near(inc->action[0].saving_alone_ms, 50);
    assert_int_equal(inc->action[1].kind, ACTION_EAGER_LOAD);
    assert_string_equal(inc->action[1].id, "a");
    kit_near(inc->action[1].saving_alone_ms, inc->cause[0].saving_ms);
    assert_true(inc->action[1].saving_alone_ms > 40 && inc->action[1].saving_alone_ms <= 50);
    kit_near(inc->saving_together_ms, inc->action[1].saving_alone_ms);
    assert_int_equal(inc->together_count, 0); /* one alone is no combination */
    close_repeating(&s, &statements, inc);
}

static void
what_was_promised_stays_once_a_fix_has_landed(void **state)
{
    static struct routes s;
    struct statement_table statements;
    struct incident *inc = open_repeating(&s, &statements);
    assert_true(add(inc, FINDING_REPEATED_QUERY, EVIDENCE_PROVED, 1));
    inc->state = INCIDENT_FIXING;
    progress_follow(inc, s.shift, &s.load, &statements, 0, NOW);
    actions_weigh(inc, s.shift, &statements);
    assert_int_equal(inc->action_count, 0);
    assert_int_equal(inc->change_count, 0);
    kit_near(inc->after.mean_ms, 70);
    close_repeating(&s, &statements, inc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(better_evidence_replaces_weaker),
        cmocka_unit_test(a_reason_may_be_somebody_elses),
        cmocka_unit_test(what_is_said_of_a_table_explains_its_statements),
        cmocka_unit_test(a_reason_makes_room_for_itself),
        cmocka_unit_test(causes_have_a_limit),
        cmocka_unit_test(a_timeline_keeps_room_for_people),
        cmocka_unit_test(what_is_ruled_out_may_come_back),
        cmocka_unit_test(changes_add_up),
        cmocka_unit_test(what_helps_follows_from_the_causes),
        cmocka_unit_test(what_was_promised_stays_once_a_fix_has_landed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
