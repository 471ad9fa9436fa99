/* SPDX-License-Identifier: Apache-2.0
 * What is known later of an incident and its deploy: that it is about another route, what caused
 * it, what the store has of deploys. */
#include <math.h>

#include "unit/analysis/judge/deploys_lab.h"

static unsigned
count_noted(const json_t *inc, const char *kind)
{
    size_t i;
    json_t *entry;
    unsigned n = 0;
    json_array_foreach(json_object_get(inc, "timeline"), i, entry)
    {
        n += strcmp(text_of(entry, "kind"), kind) == 0 ? 1 : 0;
    }
    return n;
}

/* It was about /orders; /me turns out to be to blame. */
static void
move(struct lab *l)
{
    struct judge *j = l->j;
    struct incident *inc = j->incident[0];
    struct shift *s =
        shift_new(j->watch, j->watch_count, &j->load, SHIFT_FROZEN, inc->onset_ns, j->now_ns);
    judge_move_incident(j, inc, s, shift_find(s, j->watch[1]));
    shift_free(&s);
}

/* What the deploy names is held against what it is about now. */
static void
an_incident_that_moves(void **state)
{
    static const struct {
        const char *before, *near;
        const char *first, *then, *overlap;
    } cases[] = {
        {NULL, "v2", "v2", "v2", "time"},
        {NULL, "v2\nGET /orders", "v2", "", ""},
        {NULL, "v2\n0000000000000070", "v2", "", ""},
        {"v1\nGET /me", "v2\nGET /orders", "v2", "v1", "affects"},
        {"v1", "v2\nGET /orders", "v2", "v1", "time"},
        {"v1", "v2\nGET /me\nGET /orders", "v2", "v2", "affects"},
    };
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct lab l;
        begin(&l, 0);
        if (cases[i].before != NULL) {
            deploy(&l, cases[i].before);
            play(&l, 10);
        }
        deploy(&l, cases[i].near);
        play(&l, 10);
        break_it(&l, false);
        json_t *inc = incident(&l);
        assert_string_equal(text_of(json_object_get(inc, "deploy"), "name"), cases[i].first);
        json_decref(inc);
        deploy(&l, "fix\nGET /me"); /* what somebody does about it is not what it began with */
        move(&l);
        inc = incident(&l);
        assert_string_equal(text_of(inc, "subject"), "GET /me");
        assert_tied(inc, cases[i].then, cases[i].overlap);
        bool same = cases[i].then[0] == '\0' || strcmp(cases[i].first, cases[i].then) == 0;
        assert_int_equal(count_noted(inc, "deploy"), same ? 2 : 3);
        end(&l, inc);
    }
}

/* The other route's statement is new to nobody. */
static void
what_was_inferred_of_another_route_is_forgotten(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    break_it(&l, true);
    move(&l);
    json_t *inc = incident(&l);
    assert_true(json_is_null(json_object_get(inc, "deploy")));
    end(&l, inc);
}

/* Causes come later; a nearer deploy that names one is the one then, a farther one is not. */
static void
a_cause_that_a_deploy_names(void **state)
{
    (void)state;
    for (unsigned near = 0; near < 2; near++) {
        struct lab l;
        begin(&l, 0);
        deploy(&l, near == 0 ? "v1\n0000000000000099" : "v1");
        play(&l, 20);
        deploy(&l, near == 0 ? "v2" : "v2\n0000000000000099");
        play(&l, 10);
        break_it(&l, false);
        struct incident *open = l.j->incident[0];
        assert_string_equal(open->deploy_name, near == 0 ? "v2" : "v1");
        judge_tie_causes(l.j, open);
        assert_string_equal(open->deploy_name, near == 0 ? "v2" : "v1");
        assert_true(open->cause_count < INCIDENT_CAUSES_MAX);
        open->cause[open->cause_count++] =
            (struct incident_cause){.finding = {.kind = FINDING_SLOWER, .fingerprint = 0x99}};
        judge_tie_causes(l.j, open);
        assert_string_equal(open->deploy_name, "v2");
        assert_int_equal(open->deploy_overlap, near == 0 ? OVERLAP_TIME : OVERLAP_AFFECTS);
        end(&l, NULL);
    }
}

static void
too_long_ago(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    deploy(&l, "v2");
    play(&l, 310);
    break_it(&l, false);
    json_t *inc = incident(&l);
    assert_tied(inc, "", "");
    end(&l, inc);
}

static void
what_it_affects_is_stored(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    deploy(&l, "v2");
    assert_string_equal(l.stored, "");
    deploy(&l, "v3\nGET /orders\n0000000000000070");
    assert_string_equal(l.stored, "GET /orders\n0000000000000070");
    end(&l, NULL);
}

/* What the store has of it counts as if it had been marked here. */
static void
after_a_restart(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, 0);
    play(&l, 20);
    uint64_t wall_ns = l.now_ns + OFFSET;
    const struct stored_deploy kept[] = {
        {SLICE_LIT("long ago"), wall_ns - (1ull << 60), SLICE_LIT("marked"), SLICE_LIT("")},
        {SLICE_LIT("v1"), wall_ns - 40 * NS_PER_S, SLICE_LIT("marked"), SLICE_LIT("GET /orders")},
        {SLICE_LIT("v2"), wall_ns - 10 * NS_PER_S, SLICE_LIT("marked"), SLICE_LIT("GET /me")},
        {SLICE_LIT("to come"), wall_ns + NS_PER_S, SLICE_LIT("marked"), SLICE_LIT("")}};
    for (unsigned i = 0; i < ARRAY_LEN(kept); i++) {
        const struct stored record = {.kind = STORED_DEPLOY, .deploy = kept[i]};
        assert_int_equal(judge_restore(l.j, &record), 0);
    }
    assert_int_equal(l.j->deploy_count, 2);
    assert_string_equal(l.j->deploy[1].names, "GET /me");
    break_it(&l, false);
    json_t *inc = incident(&l);
    assert_tied(inc, "v1", "affects");
    assert_true(fabs(seconds_of(json_object_get(inc, "deploy"), "at") -
                     (double)(kept[1].at_wall_ns - OFFSET - MONO0) / NS_PER_S) < 0.01);
    end(&l, inc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_that_moves),
        cmocka_unit_test(what_was_inferred_of_another_route_is_forgotten),
        cmocka_unit_test(a_cause_that_a_deploy_names),
        cmocka_unit_test(too_long_ago),
        cmocka_unit_test(what_it_affects_is_stored),
        cmocka_unit_test(after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
