/* SPDX-License-Identifier: Apache-2.0
 * What a database counts of itself (scripted answers), and what is made of it beside the wire. */
#include "analysis/detect/databases.h"

#include <stdio.h>

#include "analysis/detect/beside.h"
#include "unit/analysis/requests_kit.h"

#define SHOP 11u
#define T0   (1000 * NS_PER_S)

struct counters {
    double deadlocks, temp_files, temp_mb, sessions, reset;
};

static void
answer(struct databases *d, uint64_t name, uint64_t at_ns, const struct counters *c,
       const char *active)
{
    char text[400];
    snprintf(text, sizeof(text),
             "{\"ok\": true, \"samples\": 10, \"active\": %s, \"database\": {\"deadlocks\": %.0f, "
             "\"temp_files\": %.0f, \"temp_bytes\": %.0f, \"sessions\": %.0f, \"reset\": %.3f}}",
             active, c->deadlocks, c->temp_files, c->temp_mb * 1e6, c->sessions, c->reset);
    json_t *o = json_loads(text, 0, NULL);
    assert_non_null(o);
    databases_answer(d, name, o, at_ns);
    json_decref(o);
}

/* Ten seconds apart, each so much more than the one before. Returns when the last one was. */
static uint64_t
play(struct databases *d, uint64_t name, uint64_t from_ns, unsigned answers, struct counters *at,
     struct counters more, const char *active)
{
    for (unsigned i = 0; i < answers; i++) {
        answer(d, name, from_ns + i * 10 * NS_PER_S, at, active);
        at->deadlocks += more.deadlocks;
        at->temp_files += more.temp_files;
        at->temp_mb += more.temp_mb;
        at->sessions += more.sessions;
    }
    return from_ns + (answers - 1) * 10 * NS_PER_S;
}

static void
rates_are_between_answers(void **state)
{
    static struct databases d;
    struct counters c = {.deadlocks = 700, .temp_files = 9000, .sessions = 50, .reset = 1.5};
    memset(&d, 0, sizeof(d));
    struct databases_rate r = databases_between(&d, 0, 0, 2 * T0);
    assert_true(r.seconds == 0 && r.active < 0 && r.sessions_per_s < 0);
    answer(&d, SHOP, T0, &c, "20");
    r = databases_between(&d, SHOP, 0, 2 * T0); /* what there was before nobody knows */
    assert_true(r.seconds == 0 && r.deadlocks == 0 && r.active == 2 && r.sessions_per_s < 0);
    uint64_t last = play(
        &d, SHOP, T0, 4, &c,
        (struct counters){.deadlocks = 1, .temp_files = 20, .temp_mb = 40, .sessions = 5}, "20");
    r = databases_between(&d, SHOP, 0, 2 * T0);
    assert_true(r.seconds == 30 && r.deadlocks == 3);
    kit_near(r.temp_files_per_s, 2);
    kit_near(r.temp_bytes_per_s, 4e6);
    kit_near(r.sessions_per_s, 0.5);
    r = databases_between(&d, SHOP, last - 10 * NS_PER_S, last); /* the middle counts */
    assert_true(r.seconds == 10 && r.deadlocks == 1);
    r = databases_between(&d, SHOP + 1, 0, 2 * T0);
    assert_true(r.seconds == 0);
}

/* Somebody reset them, the server was started again, or nobody read them for long. */
static void
counters_that_begin_anew(void **state)
{
    static struct databases d;
    struct counters c = {.deadlocks = 7, .temp_files = 100, .sessions = 50, .reset = 1};
    memset(&d, 0, sizeof(d));
    answer(&d, SHOP, T0, &c, "0");
    c = (struct counters){.deadlocks = 2, .temp_files = 150, .sessions = 60, .reset = 1};
    answer(&d, SHOP, T0 + 10 * NS_PER_S, &c, "0"); /* less than there was */
    assert_true(databases_between(&d, SHOP, 0, 2 * T0).seconds == 0);
    c = (struct counters){.deadlocks = 9, .temp_files = 250, .sessions = 70, .reset = 2};
    answer(&d, SHOP, T0 + 20 * NS_PER_S, &c, "0"); /* more, and yet another count */
    assert_true(databases_between(&d, SHOP, 0, 2 * T0).seconds == 0);
    c.deadlocks = 10;
    answer(&d, SHOP, T0 + 30 * NS_PER_S, &c, "0");
    assert_true(databases_between(&d, SHOP, 0, 2 * T0).deadlocks == 1);
    c.deadlocks = 90;
    answer(&d, SHOP, T0 + 30 * NS_PER_S + DATABASES_GAP_NS + 1, &c, "0"); /* when, nobody knows */
    assert_true(databases_between(&d, SHOP, 0, 2 * T0).deadlocks == 1);
}

static void
several_add_up_and_there_are_only_so_many(void **state)
{
    static struct databases d;
    memset(&d, 0, sizeof(d));
    for (uint64_t name = 1; name <= DATABASES_MAX + 2; name++) {
        struct counters c = {0};
        play(&d, name, T0, 3, &c, (struct counters){.sessions = 10}, "15");
    }
    assert_int_equal(d.count, DATABASES_MAX);
    struct databases_rate r = databases_between(&d, 0, 0, 2 * T0);
    kit_near(r.sessions_per_s, DATABASES_MAX);
    kit_near(r.active, 1.5 * DATABASES_MAX);
    assert_true(r.seconds == 20);
    assert_true(databases_between(&d, DATABASES_MAX + 1, 0, 2 * T0).seconds == 0);
}

static void
an_hour_later_the_window_is_anothers(void **state)
{
    static struct databases d;
    struct counters c = {0};
    uint64_t hour = DATABASES_WINDOWS_MAX * DATABASES_WINDOW_NS;
    memset(&d, 0, sizeof(d));
    play(&d, SHOP, T0, 3, &c, (struct counters){.deadlocks = 1}, "0");
    play(&d, SHOP, T0 + hour, 3, &c, (struct counters){.deadlocks = 1}, "0");
    assert_true(databases_between(&d, SHOP, 0, T0 + hour).deadlocks == 0);
    assert_true(databases_between(&d, SHOP, T0 + hour, 2 * T0 + hour).deadlocks == 2);
}

static void
answers_of_any_kind(void **state)
{
    static struct databases d;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"ok\": true, \"database\": null}",
        "{\"ok\": true, \"database\": 7}",
        "{\"ok\": true, \"samples\": -5, \"active\": -5}",
        "{\"ok\": true, \"database\": {\"deadlocks\": \"x\", \"sessions\": null}}",
        "{\"ok\": false, \"samples\": 3, \"database\": {\"deadlocks\": 4}}"};
    memset(&d, 0, sizeof(d));
    for (unsigned i = 0; i < 3 * ARRAY_LEN(texts); i++) {
        json_t *o = json_loads(texts[i % ARRAY_LEN(texts)], 0, NULL);
        databases_answer(&d, SHOP, o, T0 + i * NS_PER_S);
        json_decref(o);
    }
    struct databases_rate r = databases_between(&d, 0, 0, 2 * T0);
    assert_true(r.deadlocks == 0 && r.active < 0 && r.sessions_per_s < 0);
}

static struct shift
a_shift(double in_flight_before, double in_flight_now)
{
    return (struct shift){.in_flight_before = in_flight_before,
                          .in_flight_now = in_flight_now,
                          .before_from_ns = T0,
                          .before_to_ns = T0 + 60 * NS_PER_S,
                          .now_from_ns = T0 + 60 * NS_PER_S,
                          .now_ns = T0 + 120 * NS_PER_S};
}

/* A minute before, and a minute since. */
static void
play_both(struct databases *d, struct counters before, struct counters now,
          const char *active_before, const char *active_now)
{
    struct counters c = {.reset = 1};
    memset(d, 0, sizeof(*d));
    play(d, SHOP, T0, 6, &c, before, active_before);
    play(d, SHOP, T0 + 60 * NS_PER_S, 1, &c, now, active_before);
    play(d, SHOP, T0 + 70 * NS_PER_S, 6, &c, now, active_now);
}

static void
load_that_is_not_seen_on_the_wire(void **state)
{
    static struct databases d;
    char detail[200] = "slower";
    play_both(&d, (struct counters){0}, (struct counters){0}, "20", "70"); /* 2, then 7 sessions */
    struct shift s = a_shift(1.8, 2);
    struct beside b = beside_of(&d, &s, SHOP);
    kit_near(b.load_before, 0.2);
    kit_near(b.load_now, 5);
    assert_true(beside_load_grew(&b) && !beside_load_is_small(&b, &s));
    beside_say_load(&b, detail, sizeof(detail));
    assert_string_equal(detail, "slower; 5.0 sessions at work in the database do not come through "
                                "slowburn, were 0.2");
    s = a_shift(1.8, 7.2); /* it is the wire's own */
    b = beside_of(&d, &s, SHOP);
    assert_true(b.load_now == 0 && !beside_load_grew(&b) && beside_load_is_small(&b, &s));
    s = a_shift(-1, -1); /* nobody counted */
    b = beside_of(&d, &s, SHOP);
    assert_true(b.load_now < 0 && !beside_load_grew(&b) && !beside_load_is_small(&b, &s));
    s = a_shift(0.2, 2); /* as ever */
    play_both(&d, (struct counters){0}, (struct counters){0}, "50", "70");
    b = beside_of(&d, &s, SHOP);
    assert_true(!beside_load_grew(&b) && !beside_load_is_small(&b, &s));
}

static void
sorts_that_spill(void **state)
{
    static struct databases d;
    char detail[300] = "slower";
    const struct counters spill = {.temp_files = 40, .temp_mb = 160};
    struct shift s = a_shift(1, 1);
    play_both(&d, (struct counters){0}, spill, "0", "0");
    struct beside b = beside_of(&d, &s, SHOP);
    assert_true(beside_spills(&b) && !beside_spills_no_more_than_before(&b));
    beside_say_spills(&b, 4, detail, sizeof(detail));
    assert_non_null(
        strstr(detail, "slower; the database writes 4.0 temporary files a second (16.0 MB/s), "));
    assert_non_null(strstr(detail, "was 0.0, 1.0 for each of these calls: sorts or hashes beyond "
                                   "work_mem"));
    snprintf(detail, sizeof(detail), "slower");
    beside_say_spills(&b, 300, detail, sizeof(detail)); /* others' */
    assert_null(strstr(detail, "for each"));
    b = beside_of(&d, &s, SHOP + 1); /* another database's */
    assert_false(beside_spills(&b));
    struct counters c = {.reset = 1}; /* read a while after it began: that is not of before */
    memset(&d, 0, sizeof(d));
    play(&d, SHOP, T0, 6, &c, (struct counters){0}, "0");
    c.temp_files = 40, c.temp_mb = 160;
    play(&d, SHOP, T0 + 60 * NS_PER_S + NS_PER_S, 6, &c, spill, "0");
    b = beside_of(&d, &s, SHOP);
    assert_true(b.temp_files_before == 0 && b.temp_bytes_before == 0 && beside_spills(&b));
    play_both(&d, spill, spill, "0", "0"); /* it has always done so */
    b = beside_of(&d, &s, SHOP);
    assert_true(!beside_spills(&b) && beside_spills_no_more_than_before(&b));
    s = a_shift(1, 1);
    s.before_from_ns = s.before_to_ns = 0; /* nobody knows what was before */
    b = beside_of(&d, &s, SHOP);
    assert_true(!beside_spills(&b) && !beside_spills_no_more_than_before(&b));
}

static void
new_sessions_and_deadlocks(void **state)
{
    static struct databases d;
    char detail[300] = "";
    struct shift s = a_shift(1, 1);
    play_both(&d, (struct counters){.sessions = 1},
              (struct counters){.sessions = 300, .deadlocks = 1}, "0", "0");
    struct beside b = beside_of(&d, &s, 0);
    kit_near(b.sessions_before, 0.1);
    beside_say_sessions(&b, b.sessions_now, detail, sizeof(detail));
    assert_non_null(strstr(detail, "new sessions a second, were 0.1"));
    assert_null(strstr(detail, "through slowburn"));
    beside_say_sessions(&b, 2, detail, sizeof(detail));
    assert_non_null(strstr(detail, "of them do not come through slowburn"));
    detail[0] = '\0';
    beside_say_deadlocks(&b, detail, sizeof(detail));
    assert_string_equal(detail, "; the database ended 6 deadlocks in 60 s");
    char small[8] = "1234567"; /* full is full */
    beside_say_deadlocks(&b, small, sizeof(small));
    assert_string_equal(small, "1234567");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_between_answers),
        cmocka_unit_test(counters_that_begin_anew),
        cmocka_unit_test(several_add_up_and_there_are_only_so_many),
        cmocka_unit_test(an_hour_later_the_window_is_anothers),
        cmocka_unit_test(answers_of_any_kind),
        cmocka_unit_test(load_that_is_not_seen_on_the_wire),
        cmocka_unit_test(sorts_that_spill),
        cmocka_unit_test(new_sessions_and_deadlocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
