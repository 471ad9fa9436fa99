/* SPDX-License-Identifier: Apache-2.0
 * What a route became slower by: lines that add up, how sure they are, and when nobody can tell. */
#include "analysis/monitor/breakdown.h"

#include "unit/analysis/monitor/monitor_kit.h"

static double
change_of(const struct breakdown_line *l)
{
    return l->now_ms - l->before_ms;
}

static void
is_near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.3f is not within %.3f of %.3f", value, within, wanted);
    }
}

/* To the route's change, whatever they are. */
static void
check_sum(const struct breakdown *b)
{
    double sum = b->outside_ms + b->others_ms;
    for (unsigned i = 0; i < b->line_count; i++) {
        sum += change_of(&b->line[i]);
    }
    assert_true(fabs(sum - (b->now_ms - b->before_ms)) < 1e-6);
}

static const struct breakdown *
after(struct scene *s, int64_t seconds)
{
    play(s, seconds);
    const struct breakdown *b = &only_one(s->m)->breakdown;
    check_sum(b);
    return b;
}

static void
what_is_called_more_explains_it(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->calls[5] = 4;
    const struct breakdown *b = after(s, HOUR);
    assert_string_equal(b->route, "GET /5");
    is_near(b->before_ms, 14.8, 0.3); /* every other one takes an eighth longer */
    is_near(b->now_ms - b->before_ms, 12.7, 1);
    assert_int_equal(b->line_count, 1);
    is_near(change_of(&b->line[0]), 12.7, 1);
    assert_true(fabs(b->outside_ms) <= b->outside_error_ms);
    assert_true(b->explained > 0.9);
    assert_false(breakdown_cannot_tell(b));
    scene_free(s);
}

/* The application works on what its calls return; and a statement that is no cause explains
 * nothing.
 */
static void
time_outside_comes_with_calls(void **state)
{
    struct scene *s = scene_new(0);
    struct breakdown none;
    (void)state;
    play(s, 15 * DAY);
    s->calls[5] = 4;
    s->apart[5] = 10;
    const struct breakdown *b = after(s, HOUR);
    is_near(b->outside_ms, 10.6, 1);
    assert_true(b->explained > 0.9);
    struct episode e = {.lane = LANE_CALLS, .subject_key = only_one(s->m)->subject_key};
    assert_true(breakdown_make(s->m, &e, &none));
    is_near(change_of(&none.line[0]), 12.7, 1);
    is_near(none.explained, 0, 1e-9);
    scene_free(s);
}

static void
what_is_outside_of_statements_is_nobodys(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->apart[5] = 10;
    const struct breakdown *b = after(s, 3 * HOUR);
    assert_string_equal(b->route, "GET /5");
    is_near(b->outside_ms, 10.6, 1);
    assert_true(fabs(change_of(&b->line[0])) <= b->line[0].change_error_ms);
    is_near(b->explained, 0, 1e-9);
    assert_true(breakdown_cannot_tell(b));
    scene_free(s);
}

/* There is a cause, and it is not why. */
static void
a_small_cause_does_not_tell(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->apart[5] = 10;
    s->times[5] = 2;
    const struct breakdown *b = after(s, 3 * HOUR);
    assert_true(only_one(s->m)->cause_count > 0);
    is_near(b->explained, 4 / 14.0, 0.05);
    assert_true(breakdown_cannot_tell(b));
    scene_free(s);
}

/* Of its route, which strays by more, nothing was told. */
static void
a_statement_that_was_told_explains_itself(void **state)
{
    struct scene *s = scene_new(0);
    struct breakdown b;
    (void)state;
    play(s, 15 * DAY);
    s->apart[5] = 10;
    play(s, 10 * 60);
    struct episode e = {.lane = LANE_DRIFT, .subject_key = call_of(s, 5)->key};
    assert_true(breakdown_make(s->m, &e, &b));
    assert_true(b.explained < 0.1);
    assert_false(breakdown_cannot_tell(&b));
    e.subject_key = track_of(s->m, "GET /5", "")->key;
    assert_true(breakdown_make(s->m, &e, &b));
    assert_true(breakdown_cannot_tell(&b));
    scene_free(s);
}

static void
failures_are_no_matter_of_milliseconds(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 3 * DAY);
    s->errors[5] = 60;
    const struct breakdown *b = after(s, HOUR);
    assert_string_equal(b->route, "");
    assert_true(isnan(b->explained));
    assert_false(breakdown_cannot_tell(b));
    scene_free(s);
}

/* For twenty minutes: what is told afterwards is what it was. */
static void
what_is_over_is_told_as_it_was(void **state)
{
    struct scene *s = scene_new(0);
    (void)state;
    play(s, 15 * DAY);
    s->calls[5] = 4;
    play(s, 20 * 60);
    s->calls[5] = 1;
    const struct breakdown *b = after(s, 2 * HOUR);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    is_near(b->now_ms - b->before_ms, 12.7, 1.5);
    is_near(change_of(&b->line[0]), 12.7, 1.5);
    assert_true(b->explained > 0.9);
    scene_free(s);
}

/* ---- one route, as a daemon writes it: its statements have sums only */

#define STATEMENTS 9u

struct page {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double calls[STATEMENTS], ms[STATEMENTS];
};

static void
page_open(struct page *p)
{
    *p = (struct page){.m = quiet_monitor(0), .prng = {4}, .t = MONDAY};
    for (unsigned i = 0; i < STATEMENTS; i++) {
        p->calls[i] = 1;
        p->ms[i] = 2;
    }
    p->calls[8] = 0;
}

static void
page_minute(struct page *p)
{
    struct reading_cell cell[2];
    double whole = 6;
    for (unsigned i = 0; i < STATEMENTS; i++) {
        const struct names of = names_of(i);
        double n = 100 * p->calls[i];
        uint32_t us = noisy_us(&p->prng, p->ms[i]);
        whole += p->calls[i] * us / 1000;
        if (n > 0) {
            struct reading call = daemon_minute(p->t, "GET /page", of.print, n, us, cell);
            call.requests = 100;
            monitor_reading(p->m, &call);
            struct reading statement = daemon_minute(p->t, "", of.print, n, us, cell);
            monitor_reading(p->m, &statement);
        }
    }
    struct reading route =
        daemon_minute(p->t, "GET /page", "", 100, (uint32_t)(whole * 1000), cell);
    monitor_reading(p->m, &route);
    p->t += 60;
}

static void
page_play(struct page *p, int64_t seconds)
{
    for (int64_t end = p->t + seconds; p->t < end;) {
        page_minute(p);
    }
    monitor_advance(p->m, p->t + 1);
}

static const struct breakdown_line *
line_named(const struct breakdown *b, const char *subject)
{
    for (unsigned i = 0; i < b->line_count; i++) {
        if (strcmp(b->line[i].subject, subject) == 0) {
            return &b->line[i];
        }
    }
    return NULL;
}

static void
more_statements_than_lines(void **state)
{
    struct page p;
    struct breakdown b;
    (void)state;
    page_open(&p);
    page_play(&p, 9 * DAY);
    struct episode e = {.lane = LANE_DRIFT, .subject_key = track_of(p.m, "GET /page", "")->key};
    for (unsigned i = 0; i < 8; i++) {
        p.ms[i] = 3 + i;
    }
    page_play(&p, HOUR);
    assert_true(breakdown_make(p.m, &e, &b));
    check_sum(&b);
    assert_int_equal(b.line_count, BREAKDOWN_LINES_MAX);
    assert_int_equal(b.statement_count, 8);
    is_near(b.others_ms, 1 + 2, 0.5); /* the least of them */
    is_near(b.now_ms - b.before_ms, 36 * 1.06, 2);
    assert_true(fabs(b.outside_ms) < 3); /* a route's mean is of cells, and they of sums */
    is_near(change_of(line_named(&b, "f7")), 8, 0.5);
    monitor_free(&p.m);
}

/* A join is replaced by many small queries. */
static void
what_is_not_called_any_more_is_gone(void **state)
{
    struct page p;
    struct breakdown b;
    (void)state;
    page_open(&p);
    p.ms[0] = 10;
    page_play(&p, 9 * DAY);
    struct episode e = {.lane = LANE_CALLS, .subject_key = track_of(p.m, "GET /page", "")->key};
    p.calls[0] = 0;
    p.calls[1] = 21;
    page_play(&p, HOUR);
    assert_true(breakdown_make(p.m, &e, &b));
    check_sum(&b);
    is_near(change_of(line_named(&b, "f0")), -10, 0.5);
    is_near(change_of(line_named(&b, "f1")), 40, 2);
    monitor_free(&p.m);
}

/* It lasts, and was far more for two minutes: whenever that was, the statement is what it is, and
 * so is the time outside. */
static void
a_spike_is_neither_of_a_statement_nor_outside(void **state)
{
    struct page p;
    struct breakdown b;
    (void)state;
    page_open(&p);
    page_play(&p, 15 * DAY);
    struct episode e = {.lane = LANE_PLAN, .subject_key = track_of(p.m, "GET /page", "")->key};
    p.ms[0] = 10;
    page_play(&p, HOUR / 4);
    p.ms[0] = 60;
    page_play(&p, 120);
    p.ms[0] = 10;
    for (unsigned i = 0; i < 15; i++) {
        page_play(&p, 60);
        assert_true(breakdown_make(p.m, &e, &b));
        check_sum(&b);
        is_near(change_of(line_named(&b, "f0")), 8, 0.5);
        is_near(b.outside_ms, 0, 1.8);
    }
    monitor_free(&p.m);
}

/* Of statements with sums as well: as sure as minutes stray, and no surer. */
static void
intervals_of_sums_hold_what_they_promise(void **state)
{
    struct page p;
    struct breakdown b;
    unsigned held = 0, n = 0;
    double width = 0;
    (void)state;
    page_open(&p);
    page_play(&p, 15 * DAY);
    struct episode e = {.lane = LANE_DRIFT, .subject_key = track_of(p.m, "GET /page", "")->key};
    for (unsigned round = 0; round < 60; round++) {
        page_play(&p, HOUR / 4);
        assert_true(breakdown_make(p.m, &e, &b));
        for (unsigned i = 0; i < b.line_count; i++, n++) {
            held += fabs(change_of(&b.line[i])) <= b.line[i].change_error_ms;
            width += b.line[i].change_error_ms / b.line[i].now_ms;
        }
    }
    /* The six that stray most of eight. */
    if (held < 0.9 * n || width / n > 0.04) {
        fail_msg("%u of %u, %.3f wide", held, n, width / n);
    }
    monitor_free(&p.m);
}

/* Where nothing has changed 95 of 100 intervals have nothing in them. */
static void
intervals_hold_what_they_promise(void **state)
{
    struct scene *s = scene_new(0);
    struct breakdown b;
    unsigned route = 0, line = 0, outside = 0, n = 0;
    (void)state;
    play(s, 15 * DAY);
    for (unsigned round = 0; round < 40; round++) {
        play(s, HOUR / 2);
        for (unsigned i = 0; i < ROUTES; i++) {
            const struct names names = names_of(i);
            struct episode e = {.lane = LANE_DRIFT,
                                .subject_key = track_of(s->m, names.route, "")->key};
            assert_true(breakdown_make(s->m, &e, &b));
            check_sum(&b);
            assert_int_equal(b.line_count, 1);
            assert_true(b.change_error_ms < 0.04 * b.now_ms); /* minutes stray by 2.3 % */
            route += fabs(b.now_ms - b.before_ms) <= b.change_error_ms;
            line += fabs(change_of(&b.line[0])) <= b.line[0].change_error_ms;
            outside += fabs(b.outside_ms) <= b.outside_error_ms;
            n++;
        }
    }
    assert_true(route >= 0.95 * n);
    assert_true(line >= 0.95 * n);
    assert_true(outside >= 0.95 * n);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_called_more_explains_it),
        cmocka_unit_test(time_outside_comes_with_calls),
        cmocka_unit_test(what_is_outside_of_statements_is_nobodys),
        cmocka_unit_test(a_small_cause_does_not_tell),
        cmocka_unit_test(a_statement_that_was_told_explains_itself),
        cmocka_unit_test(failures_are_no_matter_of_milliseconds),
        cmocka_unit_test(what_is_over_is_told_as_it_was),
        cmocka_unit_test(more_statements_than_lines),
        cmocka_unit_test(what_is_not_called_any_more_is_gone),
        cmocka_unit_test(a_spike_is_neither_of_a_statement_nor_outside),
        cmocka_unit_test(intervals_of_sums_hold_what_they_promise),
        cmocka_unit_test(intervals_hold_what_they_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
