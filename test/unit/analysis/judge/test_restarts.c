/* SPDX-License-Identifier: Apache-2.0
 * What was learned, told or said by hand outlives a restart, and a wall clock that is set. */
#include <errno.h>

#include "analysis/judge/state.h"
#include "unit/analysis/judge/judge_lab.h"

static void
a_restart_keeps_what_was_learned(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR, 0);
    play(l, HOUR / 4, 0.06);
    assert_int_equal(l->opened, 0);
    restart(l);
    play(l, 2 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    uint64_t after_s = (l->opened_at_ns - MONO0) / NS_PER_S - HOUR;
    assert_true(after_s < 2 * HOUR);
    restart(l); /* with it open */
    assert_int_equal(monitor_number(l, "open"), 1);
    play(l, HOUR, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    l->db_ms = 10; /* it is mended */
    play(l, 2 * HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_true(json_is_string(json_object_get(json_array_get(list, 0), "recovered_at")));
    json_decref(list);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* Six deadlocks, in 3 of 15 minutes: no rate, and no outage. */
static void
play_bursts(struct lab *l, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        for (unsigned k = 0; k < 3 * 6; k++) {
            l->failing = 1;
            play(l, 1, 0);
            l->failing = 0;
            play(l, 9, 0);
        }
        play(l, 12 * MINUTE, 0);
    }
}

/* As where minutes have become hours: no burst is seen in what is left. */
static void
forget_windows(struct lab *l, uint64_t from_s, uint64_t to_s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->kept.window_count; i++) {
        uint64_t at_s = l->kept.window[i].w.start_wall_ns / NS_PER_S;
        if (at_s >= from_s && at_s < to_s) {
            l->kept.window[n++] = l->kept.window[i];
        }
    }
    l->kept.window_count = l->kept.history_count = n;
}

/* What comes back and back is underway by what is remembered, between two times that it comes. */
static void
a_restart_between_two_bursts_is_no_end(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play_bursts(l, 8);
    play(l, MINUTE, 0); /* the hour is kept */
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_string_equal(text_of(json_object_get(json_array_get(list, 0), "monitor"), "lane"),
                        "bursts");
    json_decref(list);
    forget_windows(l, BEGIN - 36 * HOUR, BEGIN);
    restart(l);
    assert_int_equal(monitor_number(l, "open"), 1);
    play(l, 5 * MINUTE, 0);
    play_bursts(l, 2);
    assert_int_equal(monitor_number(l, "episodes"), 1);
    assert_int_equal(l->opened, 1);
    assert_int_equal(l->joined, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    lab_free(l);
}

/* Also before the weeks have been learned again: until then it is as it was kept. */
static void
what_stands_apart_does_so_after_a_restart(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->lying = 0.8;
    play(l, 10 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    assert_true(l->j->incident[0]->episode.apart);
    judge_free(&l->j);
    begin(l);
    kept_restore(&l->kept, l->j);
    const struct incident *inc = l->j->incident[0];
    assert_true(inc->episode.opened && inc->episode.apart && !inc->episode.over);
    relearn(l);
    announce(l);
    assert_int_equal(monitor_number(l, "open"), 1);
    assert_int_equal(inc->episode.id, monitor_episode(l->j->long_term.monitor, 0)->id);
    play(l, 10 * MINUTE, 0);
    assert_true(inc->episode.apart && !inc->episode.over);
    assert_int_equal(inc->state, INCIDENT_OPEN);
    assert_int_equal(l->j->incident_count, 1);
    assert_int_equal(l->opened, 1);
    assert_int_equal(l->joined, 0);
    l->lying = 0; /* and is over when that is */
    play(l, 2 * HOUR, 0);
    assert_int_equal(l->j->incident_count, 1);
    assert_true(inc->episode.over && inc->state != INCIDENT_OPEN);
    lab_free(l);
}

/* As where it ended without a word, within the hour in which somebody said so. */
static void
bursts_that_are_expected_are_not_told_again(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play_bursts(l, 8);
    play(l, MINUTE, 0); /* the hour is kept */
    assert_int_equal(l->opened, 1);
    assert_int_equal(judge_expect(l->j, l->now_ns, l->kept.incident.id), 0);
    forget_windows(l, BEGIN - 36 * HOUR, BEGIN);
    restart(l);
    assert_int_equal(monitor_number(l, "open"), 0);
    play(l, 5 * MINUTE, 0);
    play_bursts(l, 1);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

static const struct kept_blob *
memory_of(const struct lab *l)
{
    for (unsigned i = 0; i < l->kept.state_count; i++) {
        if (strcmp(l->kept.state[i].name, "monitor:memory:0") == 0) {
            return &l->kept.state[i];
        }
    }
    return NULL;
}

/* Of the hour that is underway, too; and not by one that has yet to learn what the store knows. */
static void
the_end_keeps_what_was_learned(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, MINUTE, 0);
    assert_null(memory_of(l));
    judge_end(l->j, l->now_ns);
    assert_non_null(memory_of(l));
    unsigned writes = memory_of(l)->writes;
    judge_free(&l->j);
    begin(l);
    announce(l);
    play(l, 2 * MINUTE, 0);
    judge_end(l->j, l->now_ns);
    assert_int_equal(memory_of(l)->writes, writes); /* as it was */
    lab_free(l);
}

/* Nothing is kept of the weeks before, or it cannot be read: what is learned since is kept each
 * hour. */
static void
without_a_history_what_is_learned_is_kept(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    judge_free(&l->j);
    begin(l);
    announce(l);
    play(l, HOUR + MINUTE, 0);
    assert_null(memory_of(l));
    judge_take_no_monitor(l->j);
    play(l, HOUR + MINUTE, 0);
    assert_non_null(memory_of(l));
    lab_free(l);
}

/* That is as much as done, whether the judge ends before it has learned again or not. */
static void
what_is_expected_while_it_learns_again_is_passed_over(void **state)
{
    (void)state;
    for (unsigned ends = 0; ends < 2; ends++) {
        struct lab *l = lab_new();
        play_bursts(l, 8);
        play(l, MINUTE, 0); /* the hour is kept */
        assert_int_equal(l->opened, 1);
        forget_windows(l, BEGIN - 36 * HOUR, BEGIN);
        judge_free(&l->j);
        begin(l);
        kept_restore(&l->kept, l->j);
        struct replay *replay = judge_replay(l->j);
        play(l, 2 * MINUTE, 0);
        assert_int_equal(judge_expect(l->j, l->now_ns, l->kept.incident.id), 0);
        if (ends) {
            replay_cancel(replay);
            assert_null(replay_end(&replay));
            restart(l);
        } else {
            learn_from(l, replay);
            announce(l);
        }
        assert_int_equal(monitor_number(l, "open"), 0);
        play(l, 5 * MINUTE, 0);
        play_bursts(l, 1);
        assert_int_equal(l->opened, 1);
        lab_free(l);
    }
}

/* Of what was stored since the beginning: the most calls in a minute, and whether there are any in
 * the last one that is over. */
static uint64_t
most_calls(struct lab *l, bool *ret_has_last)
{
    uint64_t most = 0, last_s = wall_ns(l) / NS_PER_S / MINUTE * MINUTE - MINUTE;
    *ret_has_last = false;
    judge_flush(l->j, l->now_ns);
    for (unsigned i = l->kept.history_count; i < l->kept.window_count; i++) {
        const struct stored_window *w = &l->kept.window[i].w;
        most = MAX(most, w->calls);
        *ret_has_last |= w->start_wall_ns / NS_PER_S == last_s && w->calls > 0;
    }
    return most;
}

static void
the_wall_clock_may_be_set_back(void **state)
{
    struct lab *l = lab_new();
    bool has_last;
    (void)state;
    play(l, HOUR, 0);
    assert_false(judge_wants_replay(l->j));
    l->set_back_ns = HOUR / 2 * NS_PER_S;
    play(l, 2 * MINUTE, 0);
    assert_true(judge_wants_replay(l->j));
    assert_false(judge_wants_replay(l->j));
    relearn(l);
    json_int_t minutes = monitor_number(l, "minutes");
    play(l, 10 * MINUTE, 0);
    assert_true(monitor_number(l, "minutes") >= minutes + 9);
    assert_true(most_calls(l, &has_last) <= PER_MINUTE + 5); /* a turn is five seconds */
    assert_true(has_last);
    assert_int_equal(l->opened, 0);
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* By the machine's start, or while slowburn was down. */
static void
a_store_may_be_ahead_of_the_wall_clock(void **state)
{
    struct lab *l = lab_new();
    bool has_last;
    (void)state;
    judge_free(&l->j);
    begin(l);
    const struct stored later = {.kind = STORED_WINDOW,
                                 .window = {.start_wall_ns = wall_ns(l) + HOUR * NS_PER_S,
                                            .length_s = MINUTE,
                                            .route = SLICE_LIT("GET /a"),
                                            .calls = PER_MINUTE}};
    assert_int_equal(judge_restore(l->j, &later), 0);
    announce(l);
    play(l, 10 * MINUTE, 0);
    assert_true(most_calls(l, &has_last) <= PER_MINUTE + 5);
    assert_true(has_last);
    lab_free(l);
}

static void
what_is_expected_is_learned(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    assert_int_equal(judge_expect(l->j, l->now_ns, 99), -ENOENT);
    assert_int_equal(judge_expect(l->j, l->now_ns, l->kept.incident.id), 0);
    assert_int_equal(monitor_number(l, "open"), 0);
    play(l, 2 * HOUR, 0);
    restart(l);
    assert_int_equal(monitor_number(l, "open"), 0);
    play(l, 2 * HOUR, 0);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_keeps_what_was_learned),
        cmocka_unit_test(a_restart_between_two_bursts_is_no_end),
        cmocka_unit_test(what_stands_apart_does_so_after_a_restart),
        cmocka_unit_test(bursts_that_are_expected_are_not_told_again),
        cmocka_unit_test(the_end_keeps_what_was_learned),
        cmocka_unit_test(without_a_history_what_is_learned_is_kept),
        cmocka_unit_test(what_is_expected_while_it_learns_again_is_passed_over),
        cmocka_unit_test(the_wall_clock_may_be_set_back),
        cmocka_unit_test(a_store_may_be_ahead_of_the_wall_clock),
        cmocka_unit_test(what_is_expected_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
