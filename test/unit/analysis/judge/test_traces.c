/* SPDX-License-Identifier: Apache-2.0
 * Which traces are told to whoever wants them. */
#include "analysis/judge/judge.h"

#include <jansson.h>

#include "unit/analysis/requests_kit.h"

#define T0      (100 * NS_PER_S)
#define WALL_NS (1795864020 * NS_PER_S)

struct told {
    unsigned count;
    uint64_t start_wall_ns;
    char route[64];
};

static void
on_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct told *told = ctx;
    json_t *o = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    assert_non_null(o);
    assert_int_equal(strlen(json_string_value(json_object_get(o, "span_id"))), 16);
    snprintf(told->route, sizeof(told->route), "%s",
             json_string_value(json_object_get(o, "route")));
    json_decref(o);
    told->start_wall_ns = start_wall_ns;
    told->count++;
}

static struct judge *
new_judge(struct told *told, bool wanted)
{
    const struct judge_config config = {.cores = 1};
    const struct judge_out out = {.ctx = told, .trace = wanted ? on_trace : NULL};
    struct judge *j = NULL;
    assert_int_equal(judge_new(&config, &out, T0, WALL_NS, &j), 0);
    const struct intake_item route = {.kind = INTAKE_ROUTE,
                                      .route = {.index = 0,
                                                .method = METHOD_OTHER,
                                                .basis = ROUTE_BASIS_QUERIES,
                                                .text = SLICE_LIT("work")}};
    judge_item(j, T0, &route);
    return j;
}

static void
fail_request(struct judge *j, uint64_t start_ns)
{
    struct trace *t = kit_trace(start_ns, 10, NULL, 0);
    t->status = 500;
    const struct intake_item item = {.kind = INTAKE_TRACE, .trace = t};
    judge_item(j, t->end_ns, &item);
    trace_free(&t);
}

static void
while_everything_fails_so_many_of_a_second_are_told(void **state)
{
    struct told told = {0};
    AUTO_BUF struct buf status;
    buf_init(&status, JUDGE_DOCUMENT_MAX);
    struct judge *j = new_judge(&told, true);
    for (unsigned i = 0; i < JUDGE_TOLD_PER_S + 20; i++) {
        fail_request(j, T0 + i);
    }
    assert_int_equal(told.count, JUDGE_TOLD_PER_S);
    assert_string_equal(told.route, "work");
    assert_true(told.start_wall_ns == WALL_NS + JUDGE_TOLD_PER_S - 1);
    fail_request(j, T0 + NS_PER_S);
    assert_int_equal(told.count, JUDGE_TOLD_PER_S + 1);
    assert_int_equal(judge_document(j, T0 + NS_PER_S, JUDGE_STATUS, &status), 0);
    assert_non_null(strstr(buf_str(&status), "\"traces_untold\":20"));
    judge_free(&j);
}

static void
nobody_is_told_who_does_not_want_to_know(void **state)
{
    struct told told = {0};
    struct judge *j = new_judge(&told, false);
    fail_request(j, T0);
    assert_int_equal(told.count, 0);
    judge_free(&j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_everything_fails_so_many_of_a_second_are_told),
        cmocka_unit_test(nobody_is_told_who_does_not_want_to_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
