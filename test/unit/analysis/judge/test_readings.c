/* SPDX-License-Identifier: Apache-2.0
 * What the minutes say that the judge gives to the store, and so to the monitor: all of it, once
 * requests and a (scripted) advisor have told it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "analysis/window/reading_maker.h"
#include "base/clock.h"
#include "base/hash.h"
#include "unit/unit.h"

#define MONO0    (1000 * NS_PER_S)
#define OFFSET   (1700000040ull * NS_PER_S - MONO0) /* a whole minute */
#define ITEMS    0x77u
#define SETTINGS 0x78u
#define CALLS    6u /* of ITEMS, by each request */
#define OPEN_MAX 32u
#define KEPT_MAX 128u

struct open {
    uint32_t id;
    char text[2000];
};

struct kept {
    struct stored_window w;
    char route[40], plan[WINDOW_PLAN_MAX + 1];
};

struct lab {
    struct judge *j;
    uint64_t now_ns;
    struct open open[OPEN_MAX];
    unsigned open_count;
    uint32_t asked;
    double rows_read; /* of items, ever */
    const char *node; /* of its plan */
    struct kept kept[KEPT_MAX];
    unsigned kept_count;
    unsigned requests;
};

static uint32_t
on_ask(void *ctx, const char *question)
{
    struct lab *l = ctx;
    if (l->open_count == OPEN_MAX) {
        return 0;
    }
    struct open *o = &l->open[l->open_count++];
    o->id = ++l->asked;
    snprintf(o->text, sizeof(o->text), "%s", question);
    return o->id;
}

static void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    struct kept *to = NULL;
    if (r->kind != STORED_WINDOW) {
        return;
    }
    for (unsigned i = 0; i < l->kept_count && to == NULL; i++) {
        to = reading_order(&l->kept[i].w, &r->window) == 0 ? &l->kept[i] : NULL;
    }
    assert_true(to != NULL || l->kept_count < KEPT_MAX);
    to = to == NULL ? &l->kept[l->kept_count++] : to;
    to->w = r->window;
    slice_to_str(r->window.route, to->route, sizeof(to->route));
    slice_to_str(r->window.plan, to->plan, sizeof(to->plan));
    to->w.route = slice_from_str(to->route);
    to->w.sketch = to->w.plan = SLICE_NONE;
}

/* Rows of items are read through nothing but its plan; one of three samples sees two waiters. */
static void
answer(struct lab *l, const struct open *o)
{
    char text[1000];
    json_t *q = json_loads(o->text, 0, NULL);
    const char *ask = json_string_value(json_object_get(q, "ask"));
    const char *fingerprint = json_string_value(json_object_get(q, "fingerprint"));
    snprintf(text, sizeof(text), "{\"ask\": \"%s\", \"ok\": false, \"reason\": \"no\"}", ask);
    if (strcmp(ask, "explain") == 0 && strtoull(fingerprint, NULL, 16) == ITEMS) {
        snprintf(text, sizeof(text),
                 "{\"ok\": true, \"plan\": {\"shape\": \"00000000000000%02zx\", \"rows_read\": 50,"
                 " \"nodes\": [{\"node\": \"Sort\"}, {\"node\": \"%s\"}]}}",
                 strlen(l->node), l->node);
    } else if (strcmp(ask, "tables") == 0) {
        snprintf(text, sizeof(text),
                 "{\"ok\": true, \"tables\": [{\"name\": \"items\", \"seq_rows\": %.0f,"
                 " \"index_rows\": 7}]}",
                 l->rows_read);
    } else if (strcmp(ask, "waits") == 0) {
        snprintf(text, sizeof(text),
                 "{\"ok\": true, \"samples\": 10, \"blocks\": [{\"waiting\": \"%016" PRIx64 "\","
                 " \"samples\": 3, \"waiters\": 2, \"lock_ms\": 100}]}",
                 (uint64_t)ITEMS);
    }
    judge_answer(l->j, l->now_ns, o->id, slice_from_str(text));
    json_decref(q);
}

static void
request(struct lab *l)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(CALLS + 1, 0, &q, &values);
    t->request = 1;
    t->end_ns = l->now_ns;
    t->start_ns = t->end_ns - 50 * NS_PER_MS;
    t->status = 200;
    t->method = METHOD_GET;
    t->probability = 1;
    for (unsigned i = 0; i <= CALLS; i++) {
        q[i] = (struct trace_query){.fingerprint = i == 0 ? SETTINGS : ITEMS,
                                    .database = (uint32_t)hash_bytes(SLICE_LIT("shop")),
                                    .rows = 3,
                                    .bytes_out = 100,
                                    .flags = QUERY_VALUES_HASHED | QUERY_RESULT_HASHED,
                                    .values_hash = i == 0 ? 1 : l->requests * CALLS + i,
                                    .result_hash = 5,
                                    .kind = STATEMENT_SELECT,
                                    .start_ns = t->start_ns + i * NS_PER_MS};
        q[i].end_ns = q[i].start_ns + NS_PER_MS;
    }
    struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, l->now_ns, &item);
    trace_free(&t);
    l->requests++;
    l->rows_read += 40 * CALLS;
}

static void
play(struct lab *l, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        l->now_ns += NS_PER_S;
        judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
        while (l->open_count > 0) {
            struct open o = l->open[--l->open_count];
            answer(l, &o);
        }
        request(l);
    }
}

static struct lab *
lab_new(void)
{
    struct lab *l = check_alloc(1, sizeof(*l));
    struct judge_config config = {.cores = 2};
    struct judge_out out = {.ctx = l, .ask = on_ask, .store = on_store};
    l->now_ns = MONO0;
    l->node = "Index Scan";
    assert_int_equal(judge_new(&config, &out, l->now_ns, l->now_ns + OFFSET, &l->j), 0);
    struct intake_item item = {
        .kind = INTAKE_NAME,
        .name = {(uint32_t)hash_bytes(SLICE_LIT("shop")), NAME_DATABASE, SLICE_LIT("shop")}};
    judge_item(l->j, l->now_ns, &item);
    item = (struct intake_item){.kind = INTAKE_STATEMENT};
    item.statement.database = (uint32_t)hash_bytes(SLICE_LIT("shop"));
    item.statement.kind = STATEMENT_SELECT;
    item.statement.fingerprint = ITEMS;
    item.statement.text = SLICE_LIT("select * from items where order_id = ?");
    judge_item(l->j, l->now_ns, &item);
    item.statement.fingerprint = SETTINGS;
    item.statement.text = SLICE_LIT("select value from settings where key = ?");
    judge_item(l->j, l->now_ns, &item);
    item = (struct intake_item){.kind = INTAKE_ROUTE};
    item.route.method = METHOD_GET;
    item.route.text = SLICE_LIT("/a");
    judge_item(l->j, l->now_ns, &item);
    return l;
}

static void
lab_free(struct lab *l)
{
    judge_free(&l->j);
    free(l);
}

/* The last whole minute but `ago` of a series; the others of its plan are told, too. */
static const struct kept *
minute_of(struct lab *l, const char *route, uint64_t fingerprint, unsigned ago)
{
    uint64_t start_ns = (l->now_ns + OFFSET) / (60 * NS_PER_S) * 60 * NS_PER_S;
    start_ns -= (1 + ago) * 60 * NS_PER_S;
    judge_flush(l->j, l->now_ns);
    for (unsigned i = 0; i < l->kept_count; i++) {
        const struct kept *k = &l->kept[i];
        if (k->w.start_wall_ns == start_ns && k->w.fingerprint == fingerprint &&
            strcmp(k->route, route) == 0) {
            return k;
        }
    }
    fail_msg("no such window");
    return NULL;
}

static double
amount(const struct kept *k, enum window_amount which)
{
    return window_amounts_know(&k->w.amounts, which) ? (double)k->w.amounts.of[which] : -1;
}

static void
what_requests_say(void **state)
{
    struct lab *l = lab_new();
    play(l, 130);
    const struct kept *items = minute_of(l, "GET /a", ITEMS, 0);
    const struct kept *settings = minute_of(l, "GET /a", SETTINGS, 0);
    const struct kept *route = minute_of(l, "GET /a", 0, 0);
    assert_int_equal(route->w.calls, 60);
    assert_int_equal(items->w.calls, 60 * CALLS);
    assert_float_equal(amount(items, AMOUNT_BYTES), 100 * 60 * CALLS, 0);
    assert_float_equal(amount(items, AMOUNT_REPEATING), 60, 0);
    assert_float_equal(amount(settings, AMOUNT_REPEATING), 0, 0);
    assert_float_equal(amount(items, AMOUNT_SAME_VALUES), 0, 0);
    assert_float_equal(amount(settings, AMOUNT_SAME_VALUES), 60, 0);
    assert_float_equal(amount(minute_of(l, "", SETTINGS, 0), AMOUNT_SAME_VALUES), 60, 0);
    assert_float_equal(amount(route, AMOUNT_SAME_VALUES), -1, 0); /* of no route by itself */
    lab_free(l);
}

static void
what_the_advisor_says(void **state)
{
    struct lab *l = lab_new();
    play(l, 60 * 8 + 10);
    for (unsigned i = 0; i < 2; i++) {
        const struct kept *items = minute_of(l, i == 0 ? "" : "GET /a", ITEMS, 0);
        const struct kept *settings = minute_of(l, i == 0 ? "" : "GET /a", SETTINGS, 0);
        double rows = amount(items, AMOUNT_ROWS_READ), lock = amount(items, AMOUNT_LOCK_MS);
        /* Counters are read three times a minute, waits six times. */
        assert_true(rows >= 60 * CALLS * 40 * 0.6 && rows <= 60 * CALLS * 40 * 1.4);
        assert_true(lock >= 500 && lock <= 700);
        assert_float_equal(amount(settings, AMOUNT_ROWS_READ), -1, 0); /* not counted */
        assert_float_equal(amount(settings, AMOUNT_LOCK_MS), 0, 0);
    }
    lab_free(l);
}

/* Once, in the minute in which it is known, and again when it is another one. */
static void
plans_are_told_when_they_are_new(void **state)
{
    struct lab *l = lab_new();
    play(l, 60 * 8 + 10);
    unsigned told = 0;
    for (unsigned i = 0; i < l->kept_count; i++) {
        if (l->kept[i].plan[0] != '\0') {
            assert_int_equal(l->kept[i].w.fingerprint, ITEMS);
            assert_string_equal(l->kept[i].plan, "000000000000000a Sort, Index Scan");
            told++;
        }
    }
    assert_int_equal(told, 2); /* of the statement, and of it within its route */
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_requests_say),
        cmocka_unit_test(what_the_advisor_says),
        cmocka_unit_test(plans_are_told_when_they_are_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
