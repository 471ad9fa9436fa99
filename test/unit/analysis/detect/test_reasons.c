/* SPDX-License-Identifier: Apache-2.0
 * Why calls of a statement, or the requests around it, take longer: another plan by the advisor's
 * word (scripted), more rows by the wire. */
#include <stdio.h>

#include "unit/analysis/detect/scene.h"

#define ITEMS 1u /* the statement in question, called by route 0 */
struct cost {
    double ms, app_ms;
    unsigned rows, calls;
};

static void
request(struct watch *w, uint64_t at, uint64_t fingerprint, const struct cost *c)
{
    struct kit_query q[8];
    for (unsigned i = 0; i < c->calls; i++) {
        q[i] = (struct kit_query){.fingerprint = fingerprint,
                                  .values = i,
                                  .at_ms = i * c->ms,
                                  .ms = c->ms,
                                  .rows = c->rows};
    }
    kit_request(w, at, c->calls * c->ms + c->app_ms, q, c->calls);
}

/* From the split on the first route's statement is as `now` says. */
static void
play(struct scene *s, struct cost before, struct cost now)
{
    const struct cost usual = {.ms = 1, .app_ms = 10, .rows = 1, .calls = 1};
    open_scene(s, STATEMENT_SELECT, "select * from \"items\" where \"order_id\" = ?");
    for (uint64_t at = T0; at < NOW; at += EVERY) {
        for (unsigned i = 0; i < ROUTES; i++) {
            request(s->routes.watch[i], at, i + 1, i > 0 ? &usual : at < SPLIT ? &before : &now);
        }
        load_add(&s->routes.load, at, ROUTES, ROUTES, 0, ROUTES);
    }
    (void)routes_compare(&s->routes);
}

/* The advisor's word on the statement's plan, whatever it said before. */
static void
planned(struct scene *s, const char *rows_read, const char *unused, const char *index)
{
    char json[512];
    struct advice_plan *p = advice_plan(s->advice, ITEMS);
    p->state = ADVICE_NONE;
    advice_ask_plan(s->advice, p, statement_get(&s->statements, ITEMS), "shop", NOW);
    snprintf(
        json, sizeof(json),
        "{\"ok\": true, \"basis\": \"values\", \"plan\": {\"cost\": 100}, \"scan\": {\"schema\": "
        "\"public\", \"table\": \"items\", \"table_rows\": %s, \"rows_read\": %s, "
        "\"rows_returned\": 200000}, \"index\": %s, \"unused_index\": %s}",
        rows_read, rows_read, index, unused);
    assert_true(advice_answer(s->advice, s->asked, slice_from_str(json), &s->statements, NOW));
}

static void
an_index_that_is_not_used_any_more(void **state)
{
    static struct scene s;
    struct finding f;
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 60, .calls = 1},
         (struct cost){.ms = 40, .app_ms = 10, .rows = 60, .calls = 1});
    struct detect_input in = input(&s, 0);
    assert_false(detect_plan_change(&in, &f)); /* nobody has looked */
    planned(&s, "300000", "\"items_order_id_index\"", "null");
    assert_true(detect_plan_change(&in, &f));
    assert_int_equal(f.kind, FINDING_PLAN_CHANGE);
    assert_int_equal(f.evidence, EVIDENCE_MEASURED);
    assert_string_equal(f.tables.name[0], "items");
    kit_near(f.saving_ms, 39);
    assert_non_null(strstr(f.detail, "all 300,000 rows of items for 60, though "
                                     "items_order_id_index fits"));
    assert_false(detect_missing_index(&in, &f));
    planned(&s, "300000", "null", "null"); /* there is none */
    assert_false(detect_plan_change(&in, &f));
    planned(&s, "900", "\"items_order_id_index\"", "null"); /* a small table is read in full */
    assert_false(detect_plan_change(&in, &f));
    planned(&s, "1100", "\"items_order_id_index\"", "null"); /* much of it is wanted */
    assert_false(detect_plan_change(&in, &f));
    close_scene(&s);
    play(&s, (struct cost){.ms = 20, .app_ms = 10, .rows = 60, .calls = 1},
         (struct cost){.ms = 40, .app_ms = 10, .rows = 60, .calls = 1});
    planned(&s, "300000", "\"items_order_id_index\"", "null"); /* it may always have done so */
    in = input(&s, 0);
    assert_false(detect_plan_change(&in, &f));
    close_scene(&s);
}

static void
more_rows_and_what_they_cost(void **state)
{
    static struct scene s;
    struct finding f;
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 3, .calls = 1},
         (struct cost){.ms = 2, .app_ms = 25, .rows = 300, .calls = 1});
    struct detect_input in = input(&s, 0);
    assert_true(detect_unbounded_result(&in, &f));
    assert_int_equal(f.kind, FINDING_UNBOUNDED_RESULT);
    kit_near(f.saving_ms, 16); /* the application reads them, too */
    assert_non_null(strstr(f.detail, "300 rows a call, was 3; 1.0 ms more in the database, "
                                     "15.0 ms in the application"));
    close_scene(&s);
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 3, .calls = 1},
         (struct cost){.ms = 30, .app_ms = 10, .rows = 3, .calls = 1});
    in = input(&s, 0); /* slower, for as many */
    assert_false(detect_unbounded_result(&in, &f));
    close_scene(&s);
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 3, .calls = 1},
         (struct cost){.ms = 8, .app_ms = 10, .rows = 7, .calls = 1});
    in = input(&s, 0); /* a handful more explains nothing */
    assert_false(detect_unbounded_result(&in, &f));
    close_scene(&s);
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 30, .calls = 1},
         (struct cost){.ms = 1, .app_ms = 10.1, .rows = 300, .calls = 1});
    in = input(&s, 0); /* nobody is slower by it */
    assert_false(detect_unbounded_result(&in, &f));
    close_scene(&s);
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 3, .calls = 1},
         (struct cost){.ms = 2, .app_ms = 25, .rows = 60, .calls = 8});
    in = input(&s, 0); /* that it is called for each row is the larger matter */
    assert_false(detect_unbounded_result(&in, &f));
    close_scene(&s);
}

/* As many files as it has calls: 20 in 10 s. */
static void
slower_with_sorts_that_spill(void **state)
{
    static struct scene s;
    struct finding f;
    play(&s, (struct cost){.ms = 1, .app_ms = 10, .rows = 60, .calls = 1},
         (struct cost){.ms = 40, .app_ms = 10, .rows = 60, .calls = 1});
    struct detect_input in = input(&s, 0);
    assert_true(detect_slower(&in, &f)); /* nobody has looked */
    assert_string_equal(f.detail, "40.0 ms a call, was 1.0 ms, 60 rows");
    assert_string_equal(f.advice, "");
    database_counts(&s, 20, 0, 0);
    assert_true(detect_slower(&in, &f));
    assert_string_equal(f.detail, "40.0 ms a call, was 1.0 ms, 60 rows; the database writes 2.0 "
                                  "temporary files a second (8.0 MB/s), was 0.0, 1.0 for each of "
                                  "these calls: sorts or hashes beyond work_mem");
    assert_non_null(strstr(f.advice, "log_temp_files"));
    close_scene(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_that_is_not_used_any_more),
        cmocka_unit_test(more_rows_and_what_they_cost),
        cmocka_unit_test(slower_with_sorts_that_spill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
