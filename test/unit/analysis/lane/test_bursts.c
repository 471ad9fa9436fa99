/* SPDX-License-Identifier: Apache-2.0
 * What goes away by itself is not told, unless it comes back and back; and what fails beside what
 * is told anyway. */
#include "analysis/monitor/memory.h"
#include "unit/analysis/monitor/scene_kit.h"

#define ROUTES 10
#define CALLS  200 /* a minute, of each */

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double ms_of_locks[ROUTES], times[ROUTES], deadlocks[ROUTES];
    double violations[ROUTES]; /* of constraints, by a statement */
    bool is_silent[ROUTES];
    bool has_x;      /* GET /x, which runs f1 as well */
    double x_errors; /* of its requests */
};

static struct scene *
scene_new(void)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    s->m = quiet_monitor(0);
    s->prng.state = 5;
    s->t = MONDAY;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = 1;
    }
    return s;
}

static void
scene_free(struct scene *s)
{
    monitor_free(&s->m);
    free(s);
}

/* A route, a statement, or the statement in the route. */
static void
give(struct scene *s, unsigned i, bool has_route, bool has_print)
{
    const struct names of = names_of(i);
    double ms = 4 * s->times[i] + s->ms_of_locks[i] + (has_print ? 0 : 10);
    struct reading_cell cell[2];
    struct reading r = daemon_minute(s->t, has_route ? of.route : "", has_print ? of.print : "",
                                     CALLS, noisy_us(&s->prng, ms), cell);
    r.known |= READING_CLASSES | (has_print ? READING_LOCK : 0);
    r.lock_ms = CALLS * s->ms_of_locks[i];
    r.errors = s->deadlocks[i];
    r.errors_by_class[has_print ? ERROR_CLASS_DEADLOCK : ERROR_CLASS_SERVER] = s->deadlocks[i];
    if (has_print) {
        r.errors += s->violations[i];
        r.errors_by_class[ERROR_CLASS_CONSTRAINT] = s->violations[i];
    }
    monitor_reading(s->m, &r);
}

static void
give_x(struct scene *s)
{
    struct reading_cell cell[2];
    struct reading r = daemon_minute(s->t, "GET /x", "", CALLS, noisy_us(&s->prng, 14), cell);
    r.known |= READING_CLASSES;
    r.errors = r.errors_by_class[ERROR_CLASS_SERVER] = s->x_errors;
    monitor_reading(s->m, &r);
    r = daemon_minute(s->t, "GET /x", "f1", CALLS, noisy_us(&s->prng, 4), cell);
    r.known |= READING_CLASSES;
    monitor_reading(s->m, &r);
}

static void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < ROUTES; i++) {
            if (s->is_silent[i]) {
                continue;
            }
            give(s, i, true, false);
            give(s, i, false, true);
            give(s, i, true, true);
        }
        if (s->has_x) {
            give_x(s);
        }
    }
    monitor_advance(s->m, s->t);
}

/* In 4 of 20 minutes. */
static void
play_deadlocks(struct scene *s, unsigned route, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        s->deadlocks[route] = 8;
        play(s, 4 * 60);
        s->deadlocks[route] = 0;
        play(s, 16 * 60);
    }
}

static void
play_locks(struct scene *s, unsigned route, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        s->ms_of_locks[route] = 60;
        play(s, 3 * 60);
        s->ms_of_locks[route] = 0;
        play(s, 12 * 60);
    }
}

static void
bursts_that_come_back_are_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 6 * DAY);
    play_deadlocks(s, 1, 4);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play_deadlocks(s, 1, 4);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_BURSTS);
    assert_float_equal(e->now, 5, 0);
    assert_true(e->before < 0.1);
    assert_int_equal(e->cause_count, 1); /* the statement, its call and the route are one */
    assert_int_equal(e->cause[0].kind, FINDING_ERRORS);
    assert_non_null(strstr(e->cause[0].subject, "f1"));
    assert_non_null(strstr(e->cause[0].detail, " bursts, usually 0."));
    assert_non_null(strstr(e->cause[0].detail, "deadlock"));
    assert_int_equal(e->state, EPISODE_OPEN);
    play_deadlocks(s, 1, 12); /* between them it stays open */
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    play(s, 90 * 60);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    scene_free(s);
}

/* They are not learned as usual, neither those that were told at last nor those that came then;
 * what else there is is. */
static void
bursts_that_were_told_are_no_usual_errors(void **state)
{
    struct scene *s = scene_new(), *calm = scene_new();
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct scene *each = i == 0 ? s : calm;
        each->deadlocks[1] = 0.02; /* else they are told as what fails beside, too */
        each->violations[1] = 0.2;
        play(each, 6 * DAY + DAY / 4);
        each->violations[1] = 0.3;
    }
    for (unsigned i = 0; i < 16; i++) {
        s->deadlocks[1] = 8;
        play(s, 4 * 60);
        s->deadlocks[1] = 0.02;
        play(s, 16 * 60);
    }
    assert_int_equal(only_one(s->m)->lane, LANE_BURSTS);
    play(s, 4 * DAY);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    play(calm, s->t - calm->t);
    const struct track_class *of = track_of(s->m, "", "f1")->errors->of;
    const struct track_class *other = track_of(calm->m, "", "f1")->errors->of;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        assert_float_equal(of[i].kept, other[i].kept, 0.01 * other[i].kept);
    }
    scene_free(calm);
    scene_free(s);
}

/* Two classes: the one that there is more of is named, with what there was of it. */
static void
the_class_of_most_errors_is_named(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 8 * DAY);
    for (unsigned i = 0; i < 6; i++) {
        s->deadlocks[1] = 8;
        s->violations[1] = 6;
        play(s, 4 * 60);
        s->deadlocks[1] = s->violations[1] = 0;
        play(s, 16 * 60);
    }
    const struct episode *e = only_one(s->m);
    assert_non_null(strstr(e->cause[0].detail, " deadlock "));
    unsigned errors = 0, bursts = 0;
    assert_int_equal(sscanf(e->cause[0].detail, "%u in %u bursts", &errors, &bursts), 2);
    assert_int_equal(errors, bursts * 4 * 8);
    assert_false(e->learning);
    scene_free(s);
}

/* What is expected of the locks is no matter of the deadlocks beside, which stay open. */
static void
another_episode_keeps_what_it_is_told_by(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->has_x = true;
    play(s, 6 * DAY);
    play_deadlocks(s, 1, 5);
    assert_int_equal(only_one(s->m)->lane, LANE_BURSTS);
    unsigned bursts = 0;
    const struct episode *e = only_one(s->m);
    assert_true(e->learning); /* four days, learned a day late */
    struct episode *other = check_alloc(1, sizeof(*other));
    other->id = 99;
    for (unsigned i = 0; i < s->m->panel.tracks.count; i++) { /* GET /x, which runs f1 */
        struct track *t = &s->m->panel.tracks.of[i];
        if (t->episode == NULL && t->route != NULL && strcmp(t->route, "GET /x") == 0) {
            other->member[other->member_count++] = t;
            t->episode = other;
        }
    }
    assert_true(other->member_count > 0);
    s->m->episode[s->m->episode_count++] = other;
    assert_int_equal(monitor_close(s->m, 99, true), 0);
    play_deadlocks(s, 1, 1);
    assert_int_equal(e->state, EPISODE_OPEN);
    assert_int_equal(sscanf(strstr(e->cause[0].detail, " in ") + 4, "%u bursts", &bursts), 1);
    assert_true(bursts >= 5);
    assert_null(strstr(e->cause[0].detail, "nan"));
    scene_free(s);
}

static void
some_bursts_in_a_day_are_not_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 6 * DAY);
    for (unsigned i = 0; i < 8; i++) {
        play_deadlocks(s, 1, 1);
        play(s, 3 * HOUR);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

static void
a_lock_that_comes_back_is_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 14 * DAY);
    play_locks(s, 1, 4);
    assert_int_equal(monitor_episode_count(s->m), 0);
    play_locks(s, 1, 6);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->lane, LANE_BLIPS);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_non_null(strstr(e->cause[0].subject, "f1"));
    play_locks(s, 1, 12);
    assert_int_equal(only_one(s->m)->state, EPISODE_OPEN);
    play(s, 90 * 60);
    assert_int_equal(only_one(s->m)->state, EPISODE_OVER);
    scene_free(s);
}

static unsigned
blips_of(const struct scene *s, const char *fingerprint)
{
    return track_of(s->m, "", fingerprint)->past->blips.count;
}

/* One slow minute, and hours later, when it is called again, another one: not two in a row. */
static void
what_is_slow_once_is_no_blip(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 14 * DAY);
    s->ms_of_locks[1] = 60;
    play(s, 60);
    s->is_silent[1] = true;
    play(s, HOUR);
    s->is_silent[1] = false;
    play(s, 60);
    s->ms_of_locks[1] = 0;
    play(s, 10 * 60);
    assert_int_equal(blips_of(s, "f1"), 0);
    s->ms_of_locks[1] = 60;
    play(s, 2 * 60);
    s->ms_of_locks[1] = 0;
    play(s, 10 * 60);
    assert_int_equal(blips_of(s, "f1"), 1);
    scene_free(s);
}

/* A cron job of every quarter of an hour, ever since. */
static void
a_lock_that_has_always_come_is_not_told(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 6 * DAY);
    play_locks(s, 1, 10 * 96);
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* All at once: a shock of everything, or a burst that everything waits for. */
static void
what_all_have_is_nobodys(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 14 * DAY);
    for (unsigned n = 0; n < 10; n++) {
        for (unsigned i = 0; i < ROUTES; i++) {
            s->times[i] = n % 2 == 0 ? 3 : 4;
        }
        play(s, 3 * 60);
        for (unsigned i = 0; i < ROUTES; i++) {
            s->times[i] = 1;
        }
        play(s, 12 * 60);
    }
    assert_int_equal(monitor_episode_count(s->m), 0);
    scene_free(s);
}

/* A statement of the same route begins to fail, as it never has: in 8 minutes, which is no rate. */
static void
what_fails_beside_is_a_second_cause(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 10 * DAY);
    s->ms_of_locks[1] = 60;
    play_deadlocks(s, 1, 3);
    const struct episode *e = only_one(s->m);
    assert_true(e->lane != LANE_ERRORS && e->lane != LANE_BURSTS);
    assert_int_equal(e->cause_count, 2);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    assert_int_equal(e->cause[1].kind, FINDING_ERRORS);
    scene_free(s);
}

static bool
has_member(const struct episode *e, const char *route)
{
    bool has = false;
    for (unsigned i = 0; i < e->member_count; i++) {
        has = has || (e->member[i]->route != NULL && strcmp(e->member[i]->route, route) == 0);
    }
    return has;
}

/* Another route of the statement, when the episode does not take in just anything any more. */
static void
what_fails_beside_opens_nothing_of_its_own(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    s->has_x = true;
    play(s, 10 * DAY);
    s->ms_of_locks[1] = 60;
    play(s, 85 * 60);
    only_one(s->m);
    play_deadlocks(s, 1, 2); /* one more joins */
    assert_true(s->t - only_one(s->m)->opened_s > HOUR);
    assert_true(s->t - only_one(s->m)->joined_s < 40 * 60);
    assert_false(has_member(only_one(s->m), "GET /x"));
    for (unsigned i = 0; i < 8; i++) {
        s->x_errors = 3;
        play(s, 60);
        s->x_errors = 0;
        play(s, 60);
    }
    assert_true(has_member(only_one(s->m), "GET /x"));
    scene_free(s);
}

/* One minute, hours before; of a class that has an error a day, so that one chart is back. */
static void
what_failed_long_before_is_not_beside(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    for (unsigned day = 0; day < 10; day++) {
        s->deadlocks[1] = 1;
        play(s, 60);
        s->deadlocks[1] = 0;
        play(s, DAY - 60);
    }
    s->deadlocks[1] = 100;
    play(s, 60);
    s->deadlocks[1] = 0;
    play(s, 6 * HOUR);
    s->ms_of_locks[1] = 60;
    play(s, HOUR);
    const struct episode *e = only_one(s->m);
    assert_int_equal(e->cause_count, 1);
    assert_int_equal(e->cause[0].kind, FINDING_LOCK_WAIT);
    scene_free(s);
}

/* What is usual is kept, and what was underway: the first burst behind a restart is told. */
static void
it_is_known_after_a_restart(void **state)
{
    struct scene *s = scene_new(), *again = scene_new();
    AUTO_BUF struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    play(s, 6 * DAY);
    play_deadlocks(s, 1, 4);
    assert_int_equal(memory_save(s->m, 0, &b), 0);
    again->t = s->t - DAY;
    play(again, DAY);
    assert_int_equal(memory_load(again->m, buf_slice(&b)), 0);
    play_deadlocks(again, 1, 1);
    assert_int_equal(only_one(again->m)->lane, LANE_BURSTS);
    scene_free(s);
    scene_free(again);
}

static struct recur *
bursts_of(const struct scene *s, const char *fingerprint)
{
    return &track_of(s->m, "", fingerprint)->past->bursts;
}

/* It has been told: it is told again, without another burst, unless it is over. */
static void
what_was_open_is_so_after_a_restart(void **state)
{
    struct scene *s = scene_new();
    AUTO_BUF struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    play(s, 6 * DAY);
    play_deadlocks(s, 1, 6);
    assert_int_equal(memory_save(s->m, 0, &b), 0);
    for (unsigned hours = 0; hours < 3; hours += 2) {
        struct scene *again = scene_new();
        again->t = s->t - DAY + hours * HOUR;
        play(again, DAY);
        assert_int_equal(memory_load(again->m, buf_slice(&b)), 0);
        monitor_look_again(again->m);
        assert_int_equal(monitor_episode_count(again->m), hours == 0 ? 1 : 0);
        if (hours == 0) {
            const struct episode *e = only_one(again->m);
            assert_int_equal(e->lane, LANE_BURSTS);
            assert_int_equal(strncmp(e->cause[0].detail, "6 bursts, usually ", 18), 0);
            assert_null(strstr(e->cause[0].detail, "login")); /* of whatever */
            assert_int_equal(e->onset_s, only_one(s->m)->onset_s);
            play(again, 10 * 60);
            assert_int_equal(only_one(again->m)->state, EPISODE_OPEN);
        }
        scene_free(again);
    }
    scene_free(s);
}

/* A stop of hours, or over midnight: that day is not learned. */
static void
a_day_that_was_half_seen_is_not_learned(void **state)
{
    const int64_t stop[] = {0, 5 * HOUR, 20 * HOUR};
    struct scene *s = scene_new();
    AUTO_BUF struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    play(s, 6 * DAY + 6 * HOUR);
    assert_true(bursts_of(s, "f1")->is_whole[0]);
    float days = bursts_of(s, "f1")->days;
    assert_int_equal(memory_save(s->m, 0, &b), 0);
    for (unsigned i = 0; i < ARRAY_LEN(stop); i++) {
        struct scene *again = scene_new();
        again->t = s->t - HOUR + stop[i];
        play(again, HOUR);
        assert_int_equal(memory_load(again->m, buf_slice(&b)), 0);
        const struct recur *r = bursts_of(again, "f1");
        assert_true(r->is_whole[0] == (stop[i] == 0));
        bool is_over = stop[i] > 18 * HOUR;
        assert_true(is_over ? r->days > days && !r->is_whole[1] : r->days == days);
        scene_free(again);
    }
    scene_free(s);
}

/* By hand it is taken for normal: the same two days later is not told again. */
static void
what_is_expected_is_not_told_again(void **state)
{
    struct scene *s = scene_new();
    (void)state;
    play(s, 6 * DAY);
    play_deadlocks(s, 1, 6);
    assert_int_equal(monitor_close(s->m, only_one(s->m)->id, true), 0);
    play_deadlocks(s, 1, 6 * 72);
    only_one(s->m);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_that_come_back_are_told),
        cmocka_unit_test(bursts_that_were_told_are_no_usual_errors),
        cmocka_unit_test(the_class_of_most_errors_is_named),
        cmocka_unit_test(another_episode_keeps_what_it_is_told_by),
        cmocka_unit_test(some_bursts_in_a_day_are_not_told),
        cmocka_unit_test(a_lock_that_comes_back_is_told),
        cmocka_unit_test(what_is_slow_once_is_no_blip),
        cmocka_unit_test(a_lock_that_has_always_come_is_not_told),
        cmocka_unit_test(what_all_have_is_nobodys),
        cmocka_unit_test(what_fails_beside_is_a_second_cause),
        cmocka_unit_test(what_fails_beside_opens_nothing_of_its_own),
        cmocka_unit_test(what_failed_long_before_is_not_beside),
        cmocka_unit_test(it_is_known_after_a_restart),
        cmocka_unit_test(what_was_open_is_so_after_a_restart),
        cmocka_unit_test(a_day_that_was_half_seen_is_not_learned),
        cmocka_unit_test(what_is_expected_is_not_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
