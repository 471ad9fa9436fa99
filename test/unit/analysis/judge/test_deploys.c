/* SPDX-License-Identifier: Apache-2.0
 * Which deploy an incident of the short view is tied to, in virtual time: by the interval in which
 * it began, by what the deploy names, by what is new since; and how likely one is that near. */
#include "analysis/judge/state.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/iso_time.h"
#include "unit/analysis/requests_kit.h"

#define MONO0     (1000 * NS_PER_S)
#define OFFSET    (1700000040ull * NS_PER_S - MONO0)
#define ROUTES    2u
#define CALLS_MAX 40u
#define SETTLED_S 600u
#define OWN       0x70ull /* the first route's statement */
#define NEW       0x72ull

struct lab {
    struct judge *j;
    uint64_t now_ns;
    unsigned calls;   /* of the first route's own statement, 1 ms each */
    unsigned others;  /* of one that is new */
    char stored[256]; /* what the last deploy affects */
    double opened_s;  /* since the lab began; 0: not yet */
};

static double
now_s(const struct lab *l)
{
    return (double)(l->now_ns - MONO0) / NS_PER_S;
}

static void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind == STORED_DEPLOY) {
        slice_to_str(r->deploy.affects, l->stored, sizeof(l->stored));
    } else if (r->kind == STORED_INCIDENT && l->opened_s == 0) {
        l->opened_s = now_s(l);
    }
}

static void
request(struct lab *l, unsigned route)
{
    struct kit_query q[CALLS_MAX];
    unsigned n = 0, calls = route == 0 ? l->calls : 1, others = route == 0 ? l->others : 0;
    for (; n < calls + others; n++) {
        q[n] = (struct kit_query){.fingerprint = n >= calls ? NEW : OWN + route,
                                  .values = l->now_ns / 7 + n,
                                  .at_ms = n,
                                  .ms = 1};
    }
    struct trace *t = kit_trace(l->now_ns, 10 + n, q, n);
    t->route = route;
    t->method = METHOD_GET;
    const struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, t->end_ns, &item);
    trace_free(&t);
}

static void
play(struct lab *l, unsigned seconds)
{
    for (unsigned i = 0; i < 4 * seconds; i++) {
        for (unsigned k = 0; k < ROUTES; k++) {
            l->now_ns += NS_PER_S / (4 * ROUTES);
            request(l, k);
        }
        judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
    }
}

/* Ten minutes as ever, with a deploy of nothing every so many seconds; 0: none. */
static void
begin(struct lab *l, unsigned deploy_every_s)
{
    static const char *const route[ROUTES] = {"/orders", "/me"};
    const struct judge_out out = {.ctx = l, .store = on_store};
    const struct judge_config config = {.cores = 2};
    *l = (struct lab){.now_ns = MONO0, .calls = 1};
    assert_int_equal(judge_new(&config, &out, l->now_ns, l->now_ns + OFFSET, &l->j), 0);
    for (unsigned i = 0; i < ROUTES; i++) {
        struct intake_item item = {.kind = INTAKE_ROUTE};
        item.route.index = i;
        item.route.method = METHOD_GET;
        item.route.text = slice_from_str(route[i]);
        judge_item(l->j, l->now_ns, &item);
    }
    for (unsigned s = 1; s <= SETTLED_S; s++) {
        play(l, 1);
        if (deploy_every_s != 0 && s % deploy_every_s == 0) {
            judge_deploy(l->j, l->now_ns, SLICE_LIT("routine"));
        }
    }
}

static void
deploy(struct lab *l, const char *text)
{
    judge_deploy(l->j, l->now_ns, slice_from_str(text));
}

/* It became slower: calls more often what it always called, or something new. */
static void
break_it(struct lab *l, bool by_new_statement)
{
    l->calls = by_new_statement ? 1 : 31;
    l->others = by_new_statement ? 30 : 0;
    play(l, 40);
}

/* The only one there is; to be let go of with end(). */
static json_t *
incident(struct lab *l)
{
    AUTO_BUF struct buf text;
    buf_init(&text, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(l->j, l->now_ns, JUDGE_INCIDENTS, &text), 0);
    json_t *list = json_loads(buf_str(&text), 0, NULL);
    assert_int_equal(json_array_size(list), 1);
    json_t *inc = json_incref(json_array_get(list, 0));
    json_decref(list);
    return inc;
}

static void
end(struct lab *l, json_t *inc)
{
    json_decref(inc);
    judge_free(&l->j);
}

static const char *
text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

static double
seconds_of(const json_t *o, const char *key)
{
    uint64_t wall_ns = iso_time_read(text_of(o, key));
    assert_true(wall_ns > MONO0 + OFFSET);
    return (double)(wall_ns - MONO0 - OFFSET) / NS_PER_S;
}

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

/* The deploy that it is tied to; "" for none. */
static void
assert_tied(const json_t *inc, const char *name, const char *overlap)
{
    const json_t *d = json_object_get(inc, "deploy");
    assert_string_equal(text_of(d, "name"), name);
    assert_string_equal(text_of(d, "overlap"), overlap);
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
        cmocka_unit_test(the_onset_lies_between_two_requests),
        cmocka_unit_test(of_few_deploys_the_chance_is_unknown),
        cmocka_unit_test(the_chance_follows_from_how_often_there_is_one),
        cmocka_unit_test(what_chance_would_bring_is_not_named),
        cmocka_unit_test(a_new_statement_names_it),
        cmocka_unit_test(one_that_nobody_marked_has_no_chance),
        cmocka_unit_test(what_names_others_is_passed_over),
        cmocka_unit_test(others_deploys_are_no_chance),
        cmocka_unit_test(a_late_mark),
        cmocka_unit_test(an_incident_that_moves),
        cmocka_unit_test(what_was_inferred_of_another_route_is_forgotten),
        cmocka_unit_test(a_cause_that_a_deploy_names),
        cmocka_unit_test(too_long_ago),
        cmocka_unit_test(what_it_affects_is_stored),
        cmocka_unit_test(after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
