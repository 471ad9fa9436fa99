/* SPDX-License-Identifier: Apache-2.0
 * Two open incidents that are one: by their reasons, or because one only waits for the other; and
 * two that are not. */
#include "analysis/judge/state.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/cause.h"
#include "base/clock.h"
#include "unit/analysis/requests_kit.h"

#define T0    (10000 * NS_PER_S)
#define WALL0 (1700000040ull * NS_PER_S)
#define SOON  (T0 + 60 * NS_PER_S)

static unsigned merged; /* so often it was told */

static void
on_log(void *ctx, const char *event, const char *text)
{
    (void)ctx;
    (void)text;
    merged += strcmp(event, "incident-merged") == 0 ? 1 : 0;
}

static struct judge *
new_judge(void)
{
    const struct judge_out out = {.log = on_log};
    const struct judge_config config = {.cores = 2};
    struct judge *j = NULL;
    merged = 0;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &j), 0);
    return j;
}

static struct incident *
open_incident(struct judge *j, const char *subject)
{
    struct incident *inc = incident_new_bare(j->next_id++, subject, T0, T0);
    inc->announced_ns = T0;
    j->incident[j->incident_count++] = inc;
    return inc;
}

static void
blame(struct incident *inc, enum finding_kind kind, uint64_t fingerprint, const char *table,
      const char *column)
{
    struct finding f = {.kind = kind, .evidence = EVIDENCE_PROVED, .fingerprint = fingerprint};
    if (table != NULL) {
        statement_names_add(&f.tables, slice_from_str(table));
    }
    if (column != NULL) {
        statement_names_add(&f.columns, slice_from_str(column));
    }
    assert_true(cause_add(inc, &f, "", NULL));
}

static void
wait_for(struct incident *inc, const char *route)
{
    snprintf(inc->victim[inc->victim_count++].subject, 256, "%s", route);
}

/* The second is part of the first; or it is not. */
static void
expect(struct judge *j, bool one)
{
    struct incident *a = j->incident[0], *b = j->incident[1];
    j->now_ns = SOON;
    judge_merge(j);
    assert_int_equal(a->state, INCIDENT_OPEN);
    assert_int_equal(b->state, one ? INCIDENT_CLOSED : INCIDENT_OPEN);
    assert_int_equal(b->merged_into, one ? a->id : 0);
    assert_int_equal(a->timeline_count, one ? 1 : 0);
    assert_int_equal(merged, one ? 1 : 0);
    judge_free(&j);
}

static void
the_same_statement_is_one_thing(void **state)
{
    (void)state;
    struct judge *j = new_judge();
    blame(open_incident(j, "GET /a"), FINDING_REPEATED_QUERY, 7, NULL, NULL);
    blame(open_incident(j, "GET /b"), FINDING_REPEATED_QUERY, 7, NULL, NULL);
    expect(j, true);
}

/* It began with the one that began first, whichever was opened first; so did the deploy. */
static void
the_first_onset_counts(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct judge *j = new_judge();
        struct incident *inc[2] = {open_incident(j, "GET /a"), open_incident(j, "GET /b")};
        for (unsigned i = 0; i < 2; i++) {
            blame(inc[i], FINDING_REPEATED_QUERY, 7, NULL, NULL);
            uint64_t at_ns = T0 - (i == first ? 9 : 2) * NS_PER_S;
            incident_began(inc[i], (struct onset){at_ns - NS_PER_S, at_ns, at_ns + NS_PER_S});
            inc[i]->has_deploy = true;
            inc[i]->deploy_ns = at_ns - 7;
            inc[i]->deploy_chance = i == first ? 0.25 : 0.5;
            snprintf(inc[i]->deploy_name, sizeof(inc[i]->deploy_name), "v%u", i);
        }
        j->now_ns = SOON;
        judge_merge(j);
        assert_int_equal(inc[1]->merged_into, inc[0]->id);
        assert_true(inc[0]->onset_ns == T0 - 9 * NS_PER_S);
        assert_true(inc[0]->onset_from_ns == inc[0]->onset_ns - NS_PER_S);
        assert_true(inc[0]->onset_to_ns == inc[0]->onset_ns + NS_PER_S);
        assert_true(inc[0]->deploy_ns == inc[0]->onset_ns - 7 && inc[0]->deploy_chance == 0.25);
        assert_string_equal(inc[0]->deploy_name, first == 0 ? "v0" : "v1");
        judge_free(&j);
    }
}

static void
an_index_is_one_thing_for_all_that_lack_it(void **state)
{
    static const struct {
        const char *table, *column;
        bool one;
    } cases[] = {
        {"items", "order_id", true}, {"items", "user_id", false}, {"orders", "order_id", false}};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct judge *j = new_judge();
        blame(open_incident(j, "GET /a"), FINDING_MISSING_INDEX, 7, "items", "order_id");
        blame(open_incident(j, "GET /b"), FINDING_MISSING_INDEX, 8, cases[i].table,
              cases[i].column);
        expect(j, cases[i].one);
    }
}

static void
a_reason_of_its_own_keeps_it(void **state)
{
    (void)state;
    struct judge *j = new_judge();
    blame(open_incident(j, "GET /a"), FINDING_LOCK_WAIT, 7, "items", NULL);
    struct incident *b = open_incident(j, "GET /b");
    blame(b, FINDING_LOCK_WAIT, 8, "items", NULL);
    blame(b, FINDING_MISSING_INDEX, 9, "notes", "user_id");
    wait_for(j->incident[0], "GET /b");
    expect(j, false);
}

static void
who_waits_for_nobody_knows_what_stays(void **state)
{
    (void)state;
    struct judge *j = new_judge();
    blame(open_incident(j, "GET /a"), FINDING_SLOWER, 7, NULL, NULL);
    (void)open_incident(j, "GET /b");
    wait_for(j->incident[0], "GET /b");
    expect(j, false);
}

/* It may find a reason yet; and what a fix has landed for, or is about answers, is a story of its
 * own. */
static void
what_is_not_settled_is_left_alone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct judge *j = new_judge();
        blame(open_incident(j, "GET /a"), FINDING_REPEATED_QUERY, 7, NULL, NULL);
        struct incident *b = open_incident(j, "GET /b");
        blame(b, FINDING_REPEATED_QUERY, 7, NULL, NULL);
        b->opened_ns = i == 0 ? SOON - 5 * NS_PER_S : T0;
        b->state = i == 1 ? INCIDENT_FIXING : INCIDENT_OPEN;
        j->incident[0]->state = i == 2 ? INCIDENT_FIXING : INCIDENT_OPEN;
        b->of_answers = i == 3;
        j->now_ns = SOON;
        judge_merge(j);
        assert_int_equal(b->merged_into, 0);
        judge_free(&j);
    }
}

/* The older one began when the first of them did, and the long view follows it. */
static void
what_was_known_goes_along(void **state)
{
    (void)state;
    struct judge *j = new_judge();
    struct incident *a = open_incident(j, "GET /a"), *b = open_incident(j, "GET /b");
    blame(a, FINDING_REPEATED_QUERY, 7, NULL, NULL);
    blame(b, FINDING_REPEATED_QUERY, 7, NULL, NULL);
    b->onset_ns = T0 - 3600 * NS_PER_S;
    b->episode = (struct incident_episode){.id = 3, .opened = true, .lane = "drift"};
    j->now_ns = SOON;
    judge_merge(j);
    assert_int_equal(b->merged_into, a->id);
    assert_int_equal(a->onset_ns, T0 - 3600 * NS_PER_S);
    assert_int_equal(a->episode.id, 3);
    assert_int_equal(b->episode.id, 0);
    assert_false(a->episode.opened); /* the last minutes still say when it is over */
    assert_int_equal(b->closed_ns, SOON);
    json_t *o = judge_incident_json(j, b);
    assert_int_equal(json_integer_value(json_object_get(o, "merged_into")), a->id);
    json_decref(o);
    o = judge_incident_json(j, a);
    assert_true(json_is_null(json_object_get(o, "merged_into")));
    json_decref(o);
    judge_free(&j);
}

/* ---- with requests: six routes, of which the first two run the same statement */

#define ROUTES 6u
#define SHARED 0x70u

struct shop {
    struct judge *j;
    uint64_t now_ns;
    unsigned calls[2];
    double app_ms; /* of the second one */
};

static uint64_t
statement_of(unsigned route)
{
    return route < 2 ? SHARED : SHARED + 10 + route;
}

static void
ask(struct shop *s, unsigned route)
{
    struct kit_query q[64];
    unsigned n = route < 2 ? s->calls[route] : 1;
    for (unsigned i = 0; i < n; i++) {
        q[i] = (struct kit_query){
            .fingerprint = statement_of(route), .values = s->now_ns / 7 + i, .at_ms = i, .ms = 1};
    }
    struct trace *t = kit_trace(s->now_ns, n + (route == 1 ? s->app_ms : 10), q, n);
    t->route = route;
    t->method = METHOD_GET;
    const struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(s->j, t->end_ns, &item);
    trace_free(&t);
}

static void
play(struct shop *s, unsigned seconds)
{
    for (unsigned i = 0; i < 4 * seconds; i++) {
        for (unsigned k = 0; k < ROUTES; k++) {
            s->now_ns += NS_PER_S / (4 * ROUTES);
            ask(s, k);
        }
        judge_tick(s->j, s->now_ns, WALL0 + s->now_ns - T0);
    }
}

static void
open_shop(struct shop *s)
{
    const struct judge_out out = {.log = on_log};
    const struct judge_config config = {.cores = 2};
    *s = (struct shop){.now_ns = T0, .calls = {1, 1}, .app_ms = 2};
    merged = 0;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &s->j), 0);
    for (unsigned i = 0; i < ROUTES; i++) {
        char name[20];
        struct intake_item statement = {.kind = INTAKE_STATEMENT};
        snprintf(name, sizeof(name), "/r%u", i);
        const struct intake_item route = kit_route(i, name);
        statement.statement.fingerprint = statement_of(i);
        statement.statement.kind = STATEMENT_SELECT;
        statement.statement.text = SLICE_LIT("SELECT a FROM items WHERE id = $1");
        judge_item(s->j, T0, &route);
        judge_item(s->j, T0, &statement);
    }
    play(s, 300);
}

/* It stays merged while the other is open, and while it is slow: it neither opens again, nor is
 * what it is now taken for normal. */
static void
what_is_merged_opens_nothing(void **state)
{
    struct shop s;
    (void)state;
    open_shop(&s);
    judge_deploy(s.j, s.now_ns, SLICE_LIT("v2"));
    s.calls[0] = 41;
    play(&s, 40);
    s.calls[1] = 13;
    s.app_ms = 60;
    play(&s, 300);
    assert_int_equal(merged, 1);
    assert_int_equal(s.j->incident_count, 2);
    assert_int_equal(s.j->incident[1]->merged_into, s.j->incident[0]->id);
    assert_int_equal(s.j->incident[0]->state, INCIDENT_OPEN);
    const struct watch *second = map_get(&s.j->routes, 2);
    assert_true(second->base.n > 0 && second->base.mean_ms < 5);
    judge_free(&s.j);
}

/* The long view has an episode of its own for each. */
static void
two_episodes_are_two_incidents(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        struct judge *j = new_judge();
        struct incident *a = open_incident(j, "GET /a"), *b = open_incident(j, "GET /b");
        blame(a, FINDING_REPEATED_QUERY, 7, NULL, NULL);
        blame(b, FINDING_REPEATED_QUERY, 7, NULL, NULL);
        a->episode = (struct incident_episode){.id = 3, .lane = "drift", .over = over == 1};
        b->episode = (struct incident_episode){.id = 4, .lane = "drift"};
        expect(j, over == 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_statement_is_one_thing),
        cmocka_unit_test(the_first_onset_counts),
        cmocka_unit_test(an_index_is_one_thing_for_all_that_lack_it),
        cmocka_unit_test(a_reason_of_its_own_keeps_it),
        cmocka_unit_test(who_waits_for_nobody_knows_what_stays),
        cmocka_unit_test(what_is_not_settled_is_left_alone),
        cmocka_unit_test(what_was_known_goes_along),
        cmocka_unit_test(what_is_merged_opens_nothing),
        cmocka_unit_test(two_episodes_are_two_incidents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
