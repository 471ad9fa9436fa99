/* SPDX-License-Identifier: Apache-2.0
 * Windows of 1 s and 10 s as whoever asks the judge gets them: of every series, in their order,
 * with the deploys between them, and in pieces. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "analysis/window/history.h"
#include "base/clock.h"
#include "proto/http/http_head.h"
#include "unit/unit.h"

#define MONO0  (1000 * NS_PER_S)
#define BEGIN  1700000040ull /* a whole minute */
#define OFFSET (BEGIN * NS_PER_S - MONO0)
#define PRINT  0x77u
#define PRINTS 900u

struct lab {
    struct judge *j;
    uint64_t now_ns;
};

static struct lab
lab_new(void)
{
    struct lab l = {.now_ns = MONO0};
    struct judge_config config = {.cores = 2};
    const struct judge_out out = {0};
    assert_int_equal(judge_new(&config, &out, MONO0, MONO0 + OFFSET, &l.j), 0);
    struct intake_item route = {.kind = INTAKE_ROUTE,
                                .route = {0, 0, METHOD_GET, ROUTE_BASIS_PATH, SLICE_LIT("/a")}};
    struct intake_item statement = {.kind = INTAKE_STATEMENT};
    statement.statement.fingerprint = PRINT;
    statement.statement.database = 5;
    statement.statement.kind = STATEMENT_SELECT;
    statement.statement.text = SLICE_LIT("select \"x\xff\" from items where id = ?");
    judge_item(l.j, l.now_ns, &route);
    judge_item(l.j, l.now_ns, &statement);
    return l;
}

/* One request with so many calls, the last of which may fail. */
static void
request(struct lab *l, unsigned calls, bool fails)
{
    struct trace_query q[8] = {0};
    struct trace t = {.route = 0,
                      .start_ns = l->now_ns - 20 * NS_PER_MS,
                      .end_ns = l->now_ns,
                      .status = 200,
                      .probability = 1,
                      .queries = q,
                      .query_count = calls};
    for (unsigned i = 0; i < calls; i++) {
        q[i].fingerprint = PRINT;
        q[i].database = 5;
        q[i].rows = 3;
        q[i].start_ns = t.start_ns + i * NS_PER_MS;
        q[i].end_ns = q[i].start_ns + NS_PER_MS;
    }
    if (fails) {
        q[calls - 1].flags |= QUERY_ERROR;
        memcpy(q[calls - 1].sqlstate, "40P01", 5);
    }
    struct intake_item item = {.kind = INTAKE_TRACE, .trace = &t};
    judge_item(l->j, l->now_ns, &item);
}

static void
pass(struct lab *l, uint64_t ns)
{
    l->now_ns += ns;
    judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
}

static json_t *
ask(struct lab *l, uint32_t length_s, uint64_t since_s)
{
    struct buf text;
    json_error_t error;
    buf_init(&text, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_windows(l->j, l->now_ns, length_s, since_s, &text), 0);
    json_t *doc = json_loadb((const char *)text.data, text.len, 0, &error);
    assert_non_null(doc);
    assert_int_equal(json_integer_value(json_object_get(doc, "len")), length_s);
    assert_int_equal(json_integer_value(json_object_get(doc, "left_out")), 0);
    buf_fini(&text);
    return doc;
}

static long
number(const json_t *o, const char *key)
{
    return (long)json_number_value(json_object_get(o, key));
}

/* Nothing that slowburn-windows(5) would refuse. */
static void
can_be_read(const json_t *line)
{
    static struct history h;
    struct diag diag = {0};
    enum history_kind kind;
    char *text = json_dumps(line, JSON_COMPACT);
    assert_int_equal(history_line(&h, slice_from_str(text), &diag, &kind), 0);
    assert_int_not_equal(kind, HISTORY_NOTHING);
    free(text);
}

static void
seconds_have_what_was_called_in_them(void **state)
{
    struct lab l = lab_new();
    pass(&l, 100 * NS_PER_MS);
    request(&l, 2, false);
    request(&l, 3, true);
    pass(&l, 2 * NS_PER_S);
    request(&l, 1, false); /* in the second underway */
    json_t *doc = ask(&l, 1, 0), *windows = json_object_get(doc, "windows");
    assert_int_equal(json_array_size(windows), 3);
    const json_t *route = json_array_get(windows, 0), *statement = json_array_get(windows, 1);
    const json_t *both = json_array_get(windows, 2);
    for (unsigned i = 0; i < 3; i++) {
        const json_t *w = json_array_get(windows, i);
        can_be_read(w);
        assert_int_equal(number(w, "t"), BEGIN);
        assert_int_equal(number(w, "len"), 1);
    }
    assert_string_equal(json_string_value(json_object_get(route, "route")), "GET /a");
    assert_null(json_object_get(route, "fingerprint"));
    assert_int_equal(number(route, "calls"), 2);
    assert_int_equal(json_array_size(json_object_get(route, "hist")), 1);
    assert_null(json_object_get(statement, "route"));
    assert_string_equal(json_string_value(json_object_get(statement, "fingerprint")),
                        "0000000000000077");
    assert_string_equal(json_string_value(json_object_get(statement, "statement")),
                        "select \"x?\" from items where id = ?");
    assert_int_equal(number(statement, "calls"), 5);
    assert_int_equal(number(statement, "rows"), 15);
    assert_int_equal(number(statement, "errors"), 1);
    assert_int_equal(number(json_object_get(statement, "errors_by_class"), "deadlock"), 1);
    assert_int_equal(number(both, "calls"), 5);
    assert_int_equal(number(both, "requests"), 2);
    assert_int_equal(number(doc, "next"), BEGIN + 1);
    assert_true(json_is_false(json_object_get(doc, "more")));
    json_decref(doc);
    judge_free(&l.j);
}

static void
those_since_then_with_the_deploys_between_them(void **state)
{
    struct lab l = lab_new();
    for (unsigned i = 0; i < 30; i++) {
        request(&l, 1, false);
        pass(&l, NS_PER_S);
        if (i == 24) {
            judge_deploy(l.j, l.now_ns, SLICE_LIT("v2"));
        }
    }
    json_t *doc = ask(&l, 10, 0), *windows = json_object_get(doc, "windows");
    assert_int_equal(json_array_size(windows), 3 * 3 + 1);
    assert_int_equal(number(json_array_get(windows, 0), "calls"), 10);
    assert_string_equal(json_string_value(json_object_get(json_array_get(windows, 6), "deploy")),
                        "v2");
    can_be_read(json_array_get(windows, 6));
    json_decref(doc);
    doc = ask(&l, 1, BEGIN + 26);
    windows = json_object_get(doc, "windows");
    assert_int_equal(json_array_size(windows), 4 * 3);
    assert_int_equal(number(json_array_get(windows, 0), "t"), BEGIN + 26);
    assert_int_equal(number(doc, "next"), BEGIN + 30);
    json_decref(doc);
    doc = ask(&l, 1, BEGIN + 30);
    assert_int_equal(json_array_size(json_object_get(doc, "windows")), 0);
    assert_int_equal(number(doc, "next"), BEGIN + 30);
    json_decref(doc);
    struct buf text;
    buf_init(&text, 1000);
    assert_int_equal(judge_windows(l.j, l.now_ns, 60, 0, &text), -EINVAL);
    assert_int_equal(judge_windows(l.j, l.now_ns, 0, 0, &text), -EINVAL);
    buf_fini(&text);
    judge_free(&l.j);
}

/* More than one answer takes: they follow one another, and lack nothing. */
static void
answers_follow_one_another(void **state)
{
    struct lab l = lab_new();
    for (unsigned s = 0; s < 60; s++) {
        for (uint64_t i = 0; i < PRINTS; i++) {
            struct intake_item item = {.kind = INTAKE_FOLDED, .folded = {.fingerprint = 1000 + i}};
            item.folded.database = 5;
            item.folded.calls = 1 + s;
            item.folded.time_ns = NS_PER_MS;
            item.time_ns = l.now_ns;
            judge_item(l.j, l.now_ns, &item);
        }
        pass(&l, NS_PER_S);
    }
    uint64_t since_s = 0, lines = 0, calls = 0;
    unsigned answers = 0;
    for (bool more = true; more; answers++) {
        json_t *doc = ask(&l, 1, since_s), *line;
        size_t i;
        json_array_foreach(json_object_get(doc, "windows"), i, line)
        {
            calls += (uint64_t)number(line, "calls");
            lines++;
        }
        since_s = (uint64_t)number(doc, "next");
        more = json_is_true(json_object_get(doc, "more"));
        json_decref(doc);
    }
    assert_true(answers > 1);
    assert_int_equal(lines, 60 * PRINTS);
    assert_int_equal(calls, PRINTS * 60 * 61 / 2);
    judge_free(&l.j);
}

/* Calls of the route in all windows of a length, which are in the order of their time. */
static long
calls_of_route(struct lab *l, uint32_t length_s, long *ret_last_s)
{
    json_t *doc = ask(l, length_s, 0), *line;
    long calls = 0;
    size_t i;
    *ret_last_s = 0;
    json_array_foreach(json_object_get(doc, "windows"), i, line)
    {
        assert_true(number(line, "t") >= *ret_last_s);
        *ret_last_s = number(line, "t");
        calls += json_object_get(line, "fingerprint") == NULL ? number(line, "calls") : 0;
    }
    json_decref(doc);
    return calls;
}

/* The clock goes back into the middle of ten seconds: what it had shown before comes again. */
static void
what_comes_again_replaces_what_was_there(void **state)
{
    struct lab l = lab_new();
    uint64_t back_ns = 155 * NS_PER_S;
    long last_s;
    for (unsigned i = 0; i < 200; i++) {
        request(&l, 1, false);
        pass(&l, NS_PER_S);
    }
    judge_tick(l.j, l.now_ns, l.now_ns + OFFSET - back_ns);
    for (unsigned i = 0; i < 25; i++) {
        request(&l, 2, false);
        l.now_ns += NS_PER_S;
        judge_tick(l.j, l.now_ns, l.now_ns + OFFSET - back_ns);
    }
    assert_int_equal(calls_of_route(&l, 1, &last_s), 45 + 25);
    assert_int_equal(last_s, BEGIN + 69);
    assert_int_equal(calls_of_route(&l, 10, &last_s), 45 + 25);
    assert_int_equal(last_s, BEGIN + 60);
    judge_free(&l.j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_have_what_was_called_in_them),
        cmocka_unit_test(those_since_then_with_the_deploys_between_them),
        cmocka_unit_test(answers_follow_one_another),
        cmocka_unit_test(what_comes_again_replaces_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
