/* SPDX-License-Identifier: Apache-2.0
 * What waits: locks by the advisor's samples (scripted), connections and processors by figures. */
#include "analysis/change/assess.h"
#include "analysis/change/slump.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/analysis/detect/scene.h"

#define HOLDER 9u

/* 10 ms of the statement and 10 ms of the application; after the split the first route's takes
 * first_ms, the others' others_ms. */
static void
play(struct scene *s, double first_ms, double others_ms, double app_ms, double opened)
{
    for (uint64_t at = T0; at < NOW; at += EVERY) {
        bool now = at >= SPLIT;
        double busy_ms = 0;
        for (unsigned i = 0; i < ROUTES; i++) {
            double ms = !now ? 10 : i == 0 ? first_ms : others_ms;
            const struct kit_query q = {
                .fingerprint = i + 1, .ms = ms, .opens = now && i == 0 && s->opens};
            kit_request(s->routes.watch[i], at, ms + (now ? app_ms : 10), &q, 1);
            busy_ms += ms;
        }
        load_add(&s->routes.load, at, ROUTES, ROUTES, 0, busy_ms);
        for (double n = 0; now && n < opened * ROUTES; n++) {
            load_add_connection(&s->routes.load, at, 12);
        }
    }
    (void)routes_compare(&s->routes);
}

static void
open_waits(struct scene *s)
{
    open_scene(s, STATEMENT_UPDATE, "update \"stock\" set \"n\" = ? where \"id\" = ?");
    assert_non_null(statement_add(&s->statements, HOLDER, 0, STATEMENT_SELECT,
                                  SLICE_LIT("select * from \"audit\" where \"day\" = ?"), T0));
}

/* The advisor's word, seconds after the last one. */
static void
answer(struct scene *s, uint64_t after_s, const char *json)
{
    uint64_t at = NOW + after_s * NS_PER_S;
    advice_ask_waits(s->advice, "shop", 1, at);
    assert_true(advice_answer(s->advice, s->asked, slice_from_str(json), &s->statements, at));
}

#define BLOCK(waiting, state, samples)                                                             \
    "{\"ok\": true, \"samples\": 4, \"active\": 9, \"lock_waits\": 4, \"server_cpu\": 0.1, "       \
    "\"blocks\": [{\"waiting\": \"" waiting                                                        \
    "\", \"holder\": \"0000000000000009\", \"state\": \"" state                                    \
    "\", \"lock\": \"transactionid\", \"samples\": " samples ", \"waiters\": 3, \"depth\": 2, "    \
    "\"waited_ms\": 1480, \"idle_ms\": 900, \"transaction_ms\": 1600}]}"

static void
who_blocks_whom(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    assert_false(detect_lock_wait(&in, &f)); /* nobody has looked */
    answer(&s, 0, BLOCK("0000000000000001", "idle in transaction", "2"));
    assert_false(detect_lock_wait(&in, &f)); /* two samples are none */
    answer(&s, 4, BLOCK("0000000000000001", "idle in transaction", "4"));
    assert_true(detect_lock_wait(&in, &f));
    assert_int_equal(f.kind, FINDING_LOCK_WAIT);
    assert_int_equal(f.evidence, EVIDENCE_MEASURED);
    assert_int_equal(f.fingerprint, 1);
    assert_true(f.block.holder == HOLDER && f.block.samples == 6 && f.block.of == 8);
    assert_null(strstr(f.detail, "deadlock"));
    kit_near(f.saving_ms, 200);
    assert_non_null(
        strstr(f.detail, "a row's lock in 6 of 8 samples, up to 1.5 s and 3 at a time"));
    assert_non_null(strstr(f.detail, "ran audit by day and is idle in its transaction (0.9 s)"));
    assert_true(detect_idle_in_transaction(&in, &f));
    assert_int_equal(f.kind, FINDING_IDLE_IN_TRANSACTION);
    assert_int_equal(f.fingerprint, HOLDER);
    assert_string_equal(f.label, "audit by day");
    assert_non_null(strstr(f.detail, "then nothing for up to 0.9 s of a transaction of 1.6 s"));
    assert_non_null(strstr(f.advice, "idle_in_transaction_session_timeout"));
    close_scene(&s);
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    in = input(&s, 0);
    database_counts(&s, 0, 0, 1);
    answer(&s, 4, BLOCK("0000000000000001", "idle in transaction", "4"));
    assert_true(detect_lock_wait(&in, &f));
    assert_non_null(strstr(f.detail, "; the database ended 6 deadlocks in 60 s"));
    close_scene(&s);
}

static void
a_holder_that_works_is_not_idle(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    answer(&s, 0, BLOCK("0000000000000001", "active", "4"));
    assert_true(detect_lock_wait(&in, &f));
    assert_non_null(strstr(f.detail, "behind a session that runs audit by day"));
    assert_non_null(strstr(f.advice, "lock_timeout"));
    assert_false(detect_idle_in_transaction(&in, &f));
    answer(&s, 70, BLOCK("0000000000000001", "prepared transaction", "4"));
    assert_true(detect_idle_in_transaction(&in, &f));
    assert_string_equal(f.label, "a prepared transaction");
    assert_non_null(strstr(f.advice, "ROLLBACK PREPARED"));
    close_scene(&s);
}

/* All that were looked at wait: nobody is blamed. */
static void
a_queue_that_is_cut_has_no_holder(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    answer(&s, 0,
           "{\"ok\": true, \"samples\": 4, \"blocks\": [{\"waiting\": \"0000000000000001\", "
           "\"holder\": null, \"state\": \"not known\", \"lock\": \"tuple\", \"samples\": 4, "
           "\"waiters\": 40, \"depth\": 2, \"waited_ms\": 1480}]}");
    assert_true(detect_lock_wait(&in, &f));
    assert_non_null(strstr(f.detail, "and 40 at a time, behind a holder that is not known (the "
                                     "queue was not followed to its end)"));
    assert_non_null(strstr(f.advice, "pg_blocking_pids"));
    assert_true(waiting_is_cut(&f.block) && !waiting_is_idle(&f.block));
    assert_false(detect_idle_in_transaction(&in, &f));
    close_scene(&s);
}

#define SESSION(statement, state, lock)                                                            \
    "{\"statement\": " statement ", \"state\": \"" state "\", \"lock\": \"" lock                   \
    "\", \"waited_ms\": 5, \"idle_ms\": 0, \"transaction_ms\": 7}"
#define CHAINED(depth, chain)                                                                      \
    "{\"ok\": true, \"samples\": 4, \"blocks\": [{\"waiting\": \"0000000000000001\", "             \
    "\"holder\": \"0000000000000009\", \"state\": \"idle in transaction\", \"lock\": \"tuple\", "  \
    "\"samples\": 4, \"waiters\": 3, \"depth\": " depth ", \"idle_ms\": 900, \"chain\": [" chain   \
    "]}]}"
#define FIRST SESSION("\"0000000000000001\"", "waiting", "tuple")
#define LAST  SESSION("\"0000000000000009\"", "idle in transaction", "")

/* 1 waits for 2, 2 for 3, 3 for one that nobody knows the statement of, and that for the holder. */
static void
who_stands_between(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    answer(&s, 0, CHAINED("1", FIRST ", " LAST));
    assert_true(detect_lock_wait(&in, &f));
    assert_null(strstr(f.detail, "through"));
    answer(
        &s, 4,
        CHAINED("2", FIRST ", " SESSION("\"0000000000000002\"", "waiting", "relation") ", " LAST));
    assert_true(detect_lock_wait(&in, &f));
    assert_non_null(strstr(f.detail, "idle in its transaction (0.9 s), through b by id, which "
                                     "waits for it"));
    assert_int_equal(f.block.chain_count, 3);
    assert_string_equal(f.block.chain[1].lock, "relation");
    assert_true(f.block.chain[1].transaction_ms == 7);
    assert_true(detect_idle_in_transaction(&in, &f));
    assert_non_null(strstr(f.detail, "stock by id waits for it, through b by id, which waits"));
    answer(
        &s, 8,
        CHAINED("4", FIRST ", " SESSION("\"0000000000000002\"", "waiting", "relation") ", " SESSION(
                         "\"0000000000000003\"", "waiting",
                         "tuple") ", " SESSION("null", "waiting", "tuple") ", " LAST));
    assert_true(detect_lock_wait(&in, &f));
    assert_non_null(strstr(f.detail, "through b by id, which waits for c by id, which waits for 1 "
                                     "more, the last for it"));
    answer(&s, 12, CHAINED("1", FIRST ", " LAST)); /* a shorter one does not take its place */
    assert_true(detect_lock_wait(&in, &f));
    assert_int_equal(f.block.chain_count, 5);
    answer(&s, 16,
           CHAINED("20", FIRST ", " LAST ", " LAST ", " LAST ", " LAST ", " LAST ", " LAST ", " LAST
                               ", " LAST)); /* more than there may be */
    assert_true(detect_lock_wait(&in, &f));
    assert_int_equal(f.block.chain_count, 0);
    close_scene(&s);
}

/* What is as fast as ever, or waits no more, has no such cause. */
static void
never_for_what_is_not_slower(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 210, 10, 10, 0);
    answer(&s, 0, BLOCK("0000000000000002", "idle in transaction", "4"));
    struct detect_input in = input(&s, 1);
    assert_false(detect_lock_wait(&in, &f));
    assert_false(detect_idle_in_transaction(&in, &f));
    in = input(&s, 0); /* slower, and somebody else waits */
    assert_false(detect_lock_wait(&in, &f));
    answer(&s, 4, BLOCK("0000000000000001", "active", "4"));
    assert_true(detect_lock_wait(&in, &f));
    answer(&s, 70, "{\"ok\": true, \"samples\": 60, \"blocks\": []}");
    assert_false(detect_lock_wait(&in, &f)); /* over a minute ago */
    close_scene(&s);
}

/* From anywhere: what does not make sense is no block, and there are only so many. */
static void
answers_of_any_kind(void **state)
{
    struct waiting w = {0};
    static const char *const texts[] = {
        "{}", "{\"ok\": true, \"blocks\": 1}", "{\"ok\": true, \"blocks\": [1, null, {}]}",
        "{\"ok\": true, \"blocks\": [{\"waiting\": 1, \"state\": 2}]}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_t *o = json_loads(texts[i], 0, NULL);
        waiting_answer(&w, 1, o, NOW);
        json_decref(o);
    }
    assert_null(waiting_of(&w, 0));
    assert_null(waiting_of(&w, 1));
    for (unsigned i = 1; i <= 3 * WAITING_BLOCKS_MAX; i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "{\"ok\": true, \"samples\": 1, \"blocks\": [{\"waiting\": \"%016x\","
                 " \"samples\": 1, \"lock_ms\": 400}]}",
                 i);
        json_t *o = json_loads(text, 0, NULL);
        waiting_answer(&w, 1, o, NOW + i);
        json_decref(o);
    }
    assert_int_equal(w.count, WAITING_BLOCKS_MAX);
    assert_non_null(waiting_of(&w, 3 * WAITING_BLOCKS_MAX));
    assert_null(waiting_of(&w, WAITING_BLOCKS_MAX)); /* gave way */
    assert_float_equal(waiting_take_lock_ms(&w, 3 * WAITING_BLOCKS_MAX), 400, 1e-9);
    assert_float_equal(waiting_take_lock_ms(&w, 3 * WAITING_BLOCKS_MAX), 0, 1e-9); /* taken */
    assert_float_equal(w.sums.samples, 3 * WAITING_BLOCKS_MAX, 1e-9);
    waiting_restart(&w);
    assert_float_equal(w.sums.samples, 0, 1e-9);
    assert_true(waiting_take_sampled(&w, 1));
    assert_false(waiting_take_sampled(&w, 1) || waiting_take_sampled(&w, 2));
}

/* Route 0's statement, slower while two dozen of the same run at once. */
static void
a_crowd_that_waits_for_one_answer(void **state)
{
    static struct scene s;
    static struct stampedes crowds;
    struct finding f;
    open_waits(&s);
    stampedes_init(&crowds);
    play(&s, 210, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    assert_false(detect_stampede(&in, &f)); /* nobody looks */
    in.stampedes = &crowds;
    assert_false(detect_stampede(&in, &f)); /* nothing was seen */
    for (unsigned i = 0; i < 24; i++) {
        struct trace_query q = {.fingerprint = 1,
                                .kind = STATEMENT_SELECT,
                                .flags = QUERY_VALUES_HASHED,
                                .start_ns = NOW - 10 * NS_PER_S,
                                .end_ns = NOW - 10 * NS_PER_S + 200 * NS_PER_MS};
        stampedes_add(&crowds, &q);
    }
    assert_true(detect_stampede(&in, &f));
    assert_int_equal(f.kind, FINDING_STAMPEDE);
    assert_non_null(
        strstr(f.detail, "up to 24 calls with the same values at once, 21 of 24 calls"));
    assert_true(f.saving_ms > 150 && f.saving_ms <= 200);
    assert_non_null(strstr(f.advice, "single flight"));
    in = input(&s, 1); /* another one is not slower */
    in.stampedes = &crowds;
    assert_false(detect_stampede(&in, &f));
    stampedes_fini(&crowds);
    close_scene(&s);
}

static void
requests_that_come_again(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 10, 10, 10, 0);
    struct detect_input in = input(&s, 0);
    struct retries *r = &s.routes.watch[0]->retries;
    uint64_t at = NOW - 100 * NS_PER_S;
    for (unsigned i = 0; i < 50; i++) {
        retries_add(r, 100 + i, at, at + 1, false);
    }
    assert_false(detect_retry_storm(&in, &f));
    for (unsigned i = 0; i < 40; i++) {
        retries_add(r, 7, at + i * NS_PER_S, at + i * NS_PER_S + 1, true);
    }
    assert_true(detect_retry_storm(&in, &f));
    assert_int_equal(f.kind, FINDING_RETRY_STORM);
    assert_non_null(
        strstr(f.detail, "came again within 30 s, of those that did not 0 %: 39 of 90"));
    close_scene(&s);
}

static void
connections_that_come_and_go(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 10, 10, 22, 1);
    struct detect_input in = input(&s, 0);
    assert_true(assess_has_churn(s.routes.shift));
    assert_true(detect_connection_churn(
        &(struct detect_input){.route = in.route, .advice = s.advice, .shift = s.routes.shift},
        &f));
    assert_int_equal(f.kind, FINDING_CONNECTION_CHURN);
    assert_int_equal(f.fingerprint, 0);
    kit_near(f.saving_ms, 12);
    assert_non_null(
        strstr(f.detail, "1.00 new connections a request, were 0.00; each takes 12.0 ms"));
    assert_null(strstr(f.detail, "the database counts"));
    database_counts(&s, 0, 100, 0); /* 10 a second, of these 8 through slowburn */
    assert_true(detect_connection_churn(&in, &f));
    assert_non_null(strstr(f.detail, "; the database counts 10.0 new sessions a second, were 0.0"));
    assert_null(strstr(f.detail, "do not come through"));
    close_scene(&s);
}

/* The first statement on each connection is dearer: that is what connections cost. */
static void
churn_is_paid_by_the_first_statement(void **state)
{
    (void)state;
    for (int opens = 0; opens < 2; opens++) {
        static struct scene s;
        struct finding f;
        open_waits(&s);
        s.opens = opens == 1;
        play(&s, 14, 10, 22, 1);
        struct detect_input in = input(&s, 0);
        assert_true(detect_slower(&in, &f) == (opens == 0));
        assert_true(detect_connection_churn(&in, &f));
        kit_near(f.saving_ms, opens == 0 ? 12 : 12 + 4);
        close_scene(&s);
    }
}

/* One that lost many times as much is large by itself, though all became slower by what connections
 * cost them; otherwise what all have in common makes nobody large. */
static void
churn_leaves_one_that_lost_more_by_itself(void **state)
{
    static struct scene s;
    (void)state;
    open_waits(&s);
    play(&s, 10, 10, 22, 1);
    struct shift_route *r = &s.routes.shift->route[0];
    r->own_ms = 160;
    assert_true(s.routes.shift->app_ratio > 1.5 && assess_has_churn(s.routes.shift));
    assert_true(assess_is_large(s.routes.shift, r));
    s.routes.shift->opened_now = 0.01;
    assert_false(assess_is_large(s.routes.shift, r));
    close_scene(&s);
}

/* What is dearer by more than a new connection can make it has a reason of its own. */
static void
churn_does_not_pay_for_all(void **state)
{
    static struct scene s;
    struct finding f;
    (void)state;
    open_waits(&s);
    s.opens = true;
    play(&s, 18, 10, 22, 1);
    struct detect_input in = input(&s, 0);
    assert_true(detect_slower(&in, &f));
    close_scene(&s);
}

/* A minute of it is enough, though queries are as fast as ever; two seconds of it are not. */
static void
churn_that_lasts(void **state)
{
    static struct scene s;
    struct slump slump = {0};
    char text[256];
    open_waits(&s);
    play(&s, 10, 10, 22, 1);
    assert_int_equal(slump_look(&slump, s.routes.shift, NOW), SLUMP_BEGINS);
    assert_int_equal(slump_look(&slump, s.routes.shift, NOW + 2 * NS_PER_S), SLUMP_WATCHED);
    assert_int_equal(slump_look(&slump, s.routes.shift, NOW + SLUMP_CHURN_NS), SLUMP_LASTS);
    assert_non_null(strstr(slump_text(&slump, text, sizeof(text)), "1.00 new connections"));
    /* One that has become slower by much more has another reason. */
    s.routes.shift->route[0].change_ms += 300;
    s.routes.shift->route[0].now.mean_ms += 300;
    assert_ptr_equal(slump_worst(NULL, s.routes.shift), &s.routes.shift->route[0]);
    assert_ptr_not_equal(slump_worst(&slump, s.routes.shift), &s.routes.shift->route[0]);
    close_scene(&s);
    open_waits(&s); /* a few, when a pool is filled */
    play(&s, 10, 10, 22, 0.05);
    slump = (struct slump){0};
    assert_int_equal(slump_look(&slump, s.routes.shift, NOW), SLUMP_NONE);
    close_scene(&s);
}

/* An application that has always done so has not changed; one that is as fast as ever is no case.
 */
static void
connections_that_change_nothing(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    for (uint64_t at = T0; at < SPLIT; at += EVERY) {
        for (unsigned i = 0; i < ROUTES; i++) {
            load_add_connection(&s.routes.load, at, 12);
        }
    }
    play(&s, 10, 10, 22, 1);
    struct detect_input in = input(&s, 0);
    assert_false(detect_connection_churn(&in, &f));
    close_scene(&s);
    open_waits(&s);
    play(&s, 10, 10, 10, 1);
    in = input(&s, 0);
    assert_false(detect_connection_churn(&in, &f));
    close_scene(&s);
}

static void
processors_that_are_all_busy(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    play(&s, 40, 40, 10, 0);
    struct detect_input in = input(&s, 0);
    assert_false(detect_saturation(&in, &f)); /* nobody has looked */
    answer(&s, 0, "{\"ok\": true, \"samples\": 4, \"server_cpu\": 1.2}");
    assert_false(detect_saturation(&in, &f));
    answer(&s, 4, "{\"ok\": true, \"samples\": 4, \"server_cpu\": 1.9}");
    assert_true(detect_saturation(&in, &f));
    assert_int_equal(f.kind, FINDING_SATURATION);
    assert_non_null(strstr(f.detail, "1.9 of 2 busy"));
    in.cores = 0; /* whose machine it is, is not known */
    assert_false(detect_saturation(&in, &f));
    close_scene(&s);
    open_waits(&s); /* its own statement is slower, the others' are not */
    play(&s, 40, 10, 10, 0);
    answer(&s, 4, "{\"ok\": true, \"samples\": 4, \"server_cpu\": 1.9}");
    in = input(&s, 0);
    assert_false(detect_saturation(&in, &f));
    close_scene(&s);
}

/* One session is seen on the wire, and of late six are at work. */
static void
processors_that_others_keep_busy(void **state)
{
    static struct scene s;
    struct finding f;
    open_waits(&s);
    for (uint64_t at = T0; at < NOW; at += NS_PER_S) {
        load_add_in_flight(&s.routes.load, at, 0, 1);
    }
    play(&s, 40, 40, 10, 0);
    struct detect_input in = input(&s, 0);
    database_samples(&s, 10, 60);
    answer(&s, 4, "{\"ok\": true, \"server_cpu\": 1.9}");
    assert_true(detect_saturation(&in, &f));
    assert_non_null(strstr(f.detail, "; 5.0 sessions at work in the database do not come through "
                                     "slowburn, were 0.0"));
    close_scene(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_blocks_whom),
        cmocka_unit_test(a_holder_that_works_is_not_idle),
        cmocka_unit_test(a_queue_that_is_cut_has_no_holder),
        cmocka_unit_test(who_stands_between),
        cmocka_unit_test(never_for_what_is_not_slower),
        cmocka_unit_test(answers_of_any_kind),
        cmocka_unit_test(connections_that_come_and_go),
        cmocka_unit_test(connections_that_change_nothing),
        cmocka_unit_test(churn_is_paid_by_the_first_statement),
        cmocka_unit_test(churn_does_not_pay_for_all),
        cmocka_unit_test(churn_leaves_one_that_lost_more_by_itself),
        cmocka_unit_test(churn_that_lasts),
        cmocka_unit_test(processors_that_are_all_busy),
        cmocka_unit_test(processors_that_others_keep_busy),
        cmocka_unit_test(a_crowd_that_waits_for_one_answer),
        cmocka_unit_test(requests_that_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
