/* SPDX-License-Identifier: Apache-2.0
 * What goes on under another name is judged by what was normal under the old one, where that is
 * evident, and else as new. */
#include "unit/analysis/monitor/scene_kit.h"

#define ROUTES     10u
#define STATEMENTS 2u /* of each route */

/* Routes of two statements each, under names that a test may change. */
struct shop {
    struct monitor *m;
    struct prng prng;
    int64_t t, length_s;
    char route[ROUTES][32];
    char print[ROUTES][STATEMENTS][16];
    char text[ROUTES][STATEMENTS][160];
    double ms[ROUTES]; /* of a call */
    bool on_its_own;   /* nobody sees requests */
};

static void
call_statement(struct shop *s, unsigned i, unsigned k, const char *print, const char *text)
{
    snprintf(s->print[i][k], sizeof(s->print[i][k]), "%s", print);
    snprintf(s->text[i][k], sizeof(s->text[i][k]), "%s", text);
}

static struct shop *
shop_new(void)
{
    struct shop *s = check_alloc(1, sizeof(*s));
    s->m = quiet_monitor(0);
    s->prng.state = 11;
    s->t = MONDAY;
    s->length_s = 60;
    for (unsigned i = 0; i < ROUTES; i++) {
        char print[16], text[160];
        snprintf(s->route[i], sizeof(s->route[i]), "GET /api/thing%u", i);
        s->ms[i] = 4;
        for (unsigned k = 0; k < STATEMENTS; k++) {
            snprintf(print, sizeof(print), "f%u.%u", i, k);
            snprintf(text, sizeof(text),
                     "select id, name, price from thing%u where part%u = $1 and owner = $2", i, k);
            call_statement(s, i, k, print, text);
        }
    }
    return s;
}

static void
shop_free(struct shop *s)
{
    monitor_free(&s->m);
    free(s);
}

static void
give(struct shop *s, const char *route, const char *print, const char *text, double n, double ms)
{
    struct reading_cell cells[2];
    fill_cells(cells, noisy_us(&s->prng, ms), n);
    bool is_call = route[0] != '\0' && print[0] != '\0';
    struct reading r = {
        .start_s = s->t,
        .length_s = (uint32_t)s->length_s,
        .route = slice_from_str(route),
        .fingerprint = slice_from_str(print),
        .statement = slice_from_str(text),
        .known = is_call ? READING_REQUESTS : 0,
        .calls = cells[0].count + cells[1].count,
        .requests = is_call ? n : 0,
        .cell = cells,
        .cell_count = 2,
    };
    monitor_reading(s->m, &r);
}

static void
play(struct shop *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += s->length_s) {
        double n = 100 * (double)s->length_s / 60;
        for (unsigned i = 0; i < ROUTES; i++) {
            for (unsigned k = 0; k < STATEMENTS; k++) {
                give(s, "", s->print[i][k], s->text[i][k], n, s->ms[i]);
                if (!s->on_its_own) {
                    give(s, s->route[i], s->print[i][k], s->text[i][k], n, s->ms[i]);
                }
            }
            if (!s->on_its_own) {
                give(s, s->route[i], "", "", n, 10 + 2 * s->ms[i]);
            }
        }
    }
    monitor_advance(s->m, s->t);
}

static void
deploy(struct shop *s)
{
    struct history_deploy d = {.at_s = s->t, .name = SLICE_LIT("v2")};
    monitor_deploy(s->m, &d);
}

static unsigned
followed(const struct shop *s)
{
    return (unsigned)monitor_totals(s->m).followed;
}

/* 30 % more is found in less than an hour by what was learned in weeks, and by nobody who has just
 * begun. */
static const struct episode *
slower_is_found(struct shop *s, unsigned i)
{
    assert_int_equal(monitor_episode_count(s->m), 0);
    s->ms[i] *= 1.3;
    play(s, 3600);
    return monitor_episode_count(s->m) == 1 ? monitor_episode(s->m, 0) : NULL;
}

/* It was learned in days, and not in half an hour. */
static bool
is_of_days(const struct shop *s, struct slice route, struct slice fingerprint)
{
    struct monitor_normal normal;
    assert_true(monitor_normal(s->m, route, fingerprint, &normal));
    return normal.calls > 3 * DAY / 60 * 100;
}

static const char *const with_a_column =
    "select id, name, price, weight from thing3 where part0 = $1 and owner = $2";

static void
a_statement_that_reads_otherwise_keeps_what_is_normal(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 15 * DAY);
    struct recur *bursts = &track_of(s->m, "", "f3.0")->past->bursts;
    for (unsigned i = 0; i < 4; i++) {
        recur_add(bursts, (uint32_t)(s->t / 60) - 60 + 15 * i);
    }
    deploy(s);
    call_statement(s, 3, 0, "g3.0", with_a_column);
    play(s, 1800);
    assert_int_equal(followed(s), 1);
    assert_true(is_of_days(s, SLICE_NONE, SLICE_LIT("g3.0")));
    assert_true(is_of_days(s, SLICE_LIT("GET /api/thing3"), SLICE_LIT("g3.0")));
    /* yesterday is not learned before its time */
    assert_true(track_of(s->m, "", "g3.0")->past->rise.yesterday_count > 0);
    /* what is underway is the old one's */
    const struct recur *its = &track_of(s->m, "", "g3.0")->past->bursts;
    assert_true(its->days >= bursts->days && bursts->days > 0);
    assert_true(bursts->count == 4 && bursts->g > 0);
    assert_true(its->count == 0 && its->g == 0 && its->last == 0);
    const struct episode *e = slower_is_found(s, 3);
    assert_non_null(e);
    assert_false(e->learning);
    shop_free(s);
}

static void
one_that_is_not_alike_is_new(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 15 * DAY);
    call_statement(s, 3, 0, "g3.0", "update carts set seen = now() where session = $1");
    play(s, 1800);
    assert_int_equal(followed(s), 0);
    assert_false(is_of_days(s, SLICE_NONE, SLICE_LIT("g3.0")));
    shop_free(s);
}

static void
a_route_that_is_renamed_keeps_what_is_normal(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 15 * DAY);
    snprintf(s->route[3], sizeof(s->route[3]), "GET /api/v2/thing3");
    play(s, 1800);
    assert_int_equal(followed(s), 1);
    assert_true(is_of_days(s, SLICE_LIT("GET /api/v2/thing3"), SLICE_NONE));
    assert_true(is_of_days(s, SLICE_LIT("GET /api/v2/thing3"), SLICE_LIT("f3.0")));
    const struct episode *e = slower_is_found(s, 3);
    assert_non_null(e);
    assert_false(e->learning);
    shop_free(s);
}

static void
two_that_might_be_it_are_not_guessed_at(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    s->on_its_own = true;
    for (unsigned k = 0; k < STATEMENTS; k++) {
        call_statement(s, 3, k, k == 0 ? "f3.0" : "f3.1",
                       k == 0 ? "select a, b, c, d, e, f from thing where x = $1"
                              : "select a, b, c, d, e, g from thing where x = $1");
    }
    play(s, 2 * DAY);
    call_statement(s, 3, 0, "g3.0", "select a, b, c, d, e, h from thing where x = $1");
    call_statement(s, 3, 1, "g3.1", "select a, b, c, d, e, i from thing where x = $1");
    play(s, 1800);
    assert_int_equal(followed(s), 0);
    shop_free(s);
}

static void
without_requests_the_text_alone_tells(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    s->on_its_own = true;
    play(s, 2 * DAY);
    call_statement(s, 3, 0, "g3.0", with_a_column);
    play(s, 1800);
    assert_int_equal(followed(s), 1);
    shop_free(s);
}

/* Behind a deploy a new statement is told at once, but not one that takes another's place. */
static void
a_new_name_is_no_incident_and_a_dearer_one_is(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 2 * DAY);
    deploy(s);
    call_statement(s, 3, 0, "g3.0", with_a_column);
    play(s, 2 * 3600);
    assert_int_equal(monitor_episode_count(s->m), 0);
    assert_int_equal(followed(s), 1);
    deploy(s);
    call_statement(s, 4, 0, "g4.0",
                   "select id, name, price, weight from thing4 where part0 = $1 and owner = $2");
    s->ms[4] = 12;
    play(s, 300);
    assert_int_equal(monitor_episode_count(s->m), 1);
    assert_non_null(strstr(monitor_episode(s->m, 0)->subject, "thing4"));
    shop_free(s);
}

static void
a_statement_beside_the_old_one_is_an_incident(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 2 * DAY);
    deploy(s);
    for (unsigned i = 0; i < 20; i++) {
        give(s, s->route[3], "h3.0", with_a_column, 100, 4);
        play(s, 60);
    }
    assert_int_equal(followed(s), 0);
    assert_int_equal(monitor_episode_count(s->m), 1);
    assert_int_equal(monitor_episode(s->m, 0)->lane, LANE_NEW);
    shop_free(s);
}

static void
what_comes_back_is_as_it_was(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    play(s, 15 * DAY);
    char old[160];
    snprintf(old, sizeof(old), "%s", s->text[3][0]);
    call_statement(s, 3, 0, "g3.0", with_a_column);
    play(s, 6 * 3600);
    call_statement(s, 3, 0, "f3.0", old);
    play(s, 3600);
    assert_int_equal(followed(s), 1);
    assert_non_null(slower_is_found(s, 3));
    shop_free(s);
}

/* As after a restart, when hours are read again. */
static void
hours_tell_it_too(void **state)
{
    struct shop *s = shop_new();
    (void)state;
    s->length_s = 3600;
    play(s, 15 * DAY);
    call_statement(s, 3, 0, "g3.0", with_a_column);
    play(s, 4 * 3600);
    assert_int_equal(followed(s), 1);
    shop_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_that_reads_otherwise_keeps_what_is_normal),
        cmocka_unit_test(one_that_is_not_alike_is_new),
        cmocka_unit_test(a_route_that_is_renamed_keeps_what_is_normal),
        cmocka_unit_test(two_that_might_be_it_are_not_guessed_at),
        cmocka_unit_test(without_requests_the_text_alone_tells),
        cmocka_unit_test(a_new_name_is_no_incident_and_a_dearer_one_is),
        cmocka_unit_test(a_statement_beside_the_old_one_is_an_incident),
        cmocka_unit_test(what_comes_back_is_as_it_was),
        cmocka_unit_test(hours_tell_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
