/* SPDX-License-Identifier: Apache-2.0
 * The judge's conversation with the advisor: what is asked once, what is told of a plan, and that a
 * plan which was asked for at leisure is no evidence. */
#include <stdlib.h>

#include "analysis/detect/advice.h"
#include "unit/unit.h"

#define SHOP  7
#define ITEMS 0xaaull
#define NOW   (100 * NS_PER_S)

struct world {
    uint32_t asked; /* the last question's id */
    char *text;
    unsigned planned;
    uint64_t planned_of;
    char shape[17];
};

static uint32_t
on_ask(void *ctx, const char *question)
{
    struct world *w = ctx;
    free(w->text);
    w->text = check_strdup(question);
    return ++w->asked;
}

static void
on_plan(void *ctx, uint64_t fingerprint, const json_t *answer)
{
    struct world *w = ctx;
    w->planned++;
    w->planned_of = fingerprint;
    snprintf(w->shape, sizeof(w->shape), "%s",
             json_string_value(json_object_get(json_object_get(answer, "plan"), "shape")));
}

struct fixture {
    struct world world;
    struct advice *advice;
    struct statement_table statements;
    struct statement *items;
};

static void
start(struct fixture *f)
{
    *f = (struct fixture){0};
    f->advice = advice_new(on_ask, &f->world);
    advice_on_plan(f->advice, on_plan, &f->world);
    statement_table_init(&f->statements, 10);
    f->items = statement_add(&f->statements, ITEMS, SHOP, 0,
                             SLICE_LIT("select * from items where order_id = ?"), NOW);
    assert_non_null(f->items);
}

static void
stop(struct fixture *f)
{
    advice_free(&f->advice);
    statement_table_fini(&f->statements);
    free(f->world.text);
}

static void
answer(struct fixture *f, const char *json)
{
    assert_true(
        advice_answer(f->advice, f->world.asked, slice_from_str(json), &f->statements, NOW));
}

static const char GIVEN[] =
    "{\"ask\": \"explain\", \"ok\": true, \"basis\": \"values\", \"plan\": {\"shape\": \"00ff\","
    " \"cost\": 5600, \"nodes\": []}, \"scan\": null, \"index\": {\"evidence\": \"proved\","
    " \"schema\": \"public\", \"table\": \"items\", \"columns\": [\"order_id\"], \"ddl\": \"x\","
    " \"cost_before\": 5600, \"cost_after\": 8}}";

static void
a_plan_that_comes_is_told(void **state)
{
    struct fixture f;
    start(&f);
    struct advice_plan *p = advice_plan(f.advice, ITEMS);
    advice_ask_plan(f.advice, p, f.items, "shop", NOW);
    assert_int_equal(p->state, ADVICE_ASKED);
    assert_non_null(strstr(f.world.text, "\"explain\""));
    advice_ask_plan(f.advice, p, f.items, "shop", NOW); /* it is under way */
    assert_int_equal(f.world.asked, 1);
    answer(&f, GIVEN);
    assert_int_equal(p->state, ADVICE_GIVEN);
    assert_true(p->has_index && p->proved);
    assert_int_equal(f.world.planned, 1);
    assert_int_equal(f.world.planned_of, ITEMS);
    assert_string_equal(f.world.shape, "00ff");
    assert_false(advice_answer(f.advice, 1, slice_from_str(GIVEN), &f.statements, NOW));
    stop(&f);
}

static void
a_refusal_tells_nothing(void **state)
{
    struct fixture f;
    start(&f);
    struct advice_plan *p = advice_plan(f.advice, ITEMS);
    advice_ask_plan(f.advice, p, f.items, "shop", NOW);
    answer(&f, "{\"ask\": \"explain\", \"ok\": false, \"reason\": \"no login\"}");
    assert_int_equal(p->state, ADVICE_REFUSED);
    assert_string_equal(p->reason, "no login");
    advice_ask_plan(f.advice, p, f.items, "shop", NOW);
    advice_expire(f.advice, NOW + 2 * ADVICE_GIVE_UP_NS);
    assert_int_equal(p->state, ADVICE_REFUSED);
    assert_int_equal(f.world.planned, 0);
    stop(&f);
}

/* What a detector looks at is only what was asked for a detector. */
static void
a_survey_is_told_and_is_no_evidence(void **state)
{
    struct fixture f;
    start(&f);
    struct advice_plan *survey = advice_survey(f.advice, ITEMS);
    assert_ptr_equal(advice_survey(f.advice, 0), survey);
    advice_ask_plan(f.advice, survey, f.items, "shop", NOW);
    assert_ptr_equal(advice_survey(f.advice, 0xbb), survey);
    assert_int_equal(survey->fingerprint, ITEMS); /* it is under way */
    answer(&f, GIVEN);
    assert_int_equal(f.world.planned, 1);
    assert_int_equal(survey->state, ADVICE_GIVEN);
    assert_int_equal(advice_plan(f.advice, ITEMS)->state, ADVICE_NONE);
    assert_int_equal(advice_survey(f.advice, ITEMS)->state, ADVICE_NONE); /* and once more */
    advice_ask_plan(f.advice, survey, f.items, "shop", NOW);
    advice_expire(f.advice, NOW + 2 * ADVICE_GIVE_UP_NS);
    assert_int_equal(survey->state, ADVICE_REFUSED);
    assert_int_equal(advice_survey(f.advice, 0xbb)->fingerprint, 0xbb);
    stop(&f);
}

/* Raw samples go to whoever waits for them, and away with the answer. */
static void
samples_are_for_who_waits(void **state)
{
    struct fixture f;
    start(&f);
    struct intake_lens_values v = {.event = {.fingerprint = ITEMS},
                                   .text = SLICE_LIT("select * from items where order_id = 17")};
    advice_sample(f.advice, &v); /* nobody waits */
    struct advice_plan *p = advice_plan(f.advice, ITEMS);
    struct advice_plan *survey = advice_survey(f.advice, ITEMS);
    for (unsigned i = 0; i < 2 * QUESTION_SAMPLES_MAX; i++) {
        advice_sample(f.advice, &v);
    }
    assert_int_equal(p->sample_count, QUESTION_SAMPLES_MAX);
    assert_int_equal(survey->sample_count, QUESTION_SAMPLES_MAX);
    advice_ask_plan(f.advice, survey, f.items, "shop", NOW);
    assert_non_null(strstr(f.world.text, "order_id = 17"));
    answer(&f, GIVEN);
    assert_null(survey->samples);
    assert_int_equal(p->sample_count, QUESTION_SAMPLES_MAX);
    stop(&f);
}

static const char ORDERS_ID[] =
    "{\"ask\": \"columns\", \"ok\": true, \"columns\": [{\"schema\": \"public\","
    " \"table\": \"orders\", \"column\": \"id\"}]}";

/* An answer that comes when its column has given way is not taken for another one's. */
static void
columns_give_way_and_take_no_others_answer(void **state)
{
    struct fixture f;
    start(&f);
    struct advice_column *kept = advice_column(f.advice, 999, 1, "shop", NOW);
    (void)advice_column(f.advice, 1, 1, "shop", NOW);
    uint32_t first = f.world.asked;
    for (uint32_t oid = 2; oid <= ADVICE_COLUMNS_MAX; oid++) {
        (void)advice_column(f.advice, oid, 1, "shop", NOW);
        assert_ptr_equal(advice_column(f.advice, 999, 1, "shop", NOW), kept);
    }
    assert_true(advice_answer(f.advice, first, slice_from_str(ORDERS_ID), &f.statements, NOW));
    for (uint32_t oid = 2; oid <= ADVICE_COLUMNS_MAX; oid++) {
        assert_int_not_equal(advice_column(f.advice, oid, 1, "shop", NOW)->state, ADVICE_GIVEN);
    }
    stop(&f);
}

/* Databases that are copies of one another have tables with the same numbers. */
static void
a_column_is_one_of_its_database(void **state)
{
    struct fixture f;
    start(&f);
    struct advice_column *c = advice_column(f.advice, 7, 2, "shop", NOW);
    answer(&f, ORDERS_ID);
    assert_string_equal(c->table, "orders");
    assert_int_equal(advice_column(f.advice, 7, 2, "shop", NOW)->state, ADVICE_GIVEN);
    assert_int_equal(advice_column(f.advice, 7, 2, "other", NOW)->state, ADVICE_ASKED);
    assert_int_equal(advice_column(f.advice, 7, 3, "shop", NOW)->state, ADVICE_ASKED);
    stop(&f);
}

static struct advice_index *
index_of(struct fixture *f, const char *database, const char *table)
{
    struct statement_names columns = {.count = 1, .name = {"order_id"}};
    struct advice_index *x = advice_index(f->advice, database, "public", table, &columns);
    advice_ask_index(f->advice, x, database, NS_PER_S, NOW);
    return x;
}

static void
indexes_give_way_and_take_no_others_answer(void **state)
{
    static const char covered[] = "{\"ask\": \"indexes\", \"ok\": true, \"covered\": true}";
    struct fixture f;
    char table[16];
    start(&f);
    (void)index_of(&f, "shop", "items");
    uint32_t first = f.world.asked;
    for (unsigned i = 0; i < ADVICE_INDEXES_MAX; i++) {
        snprintf(table, sizeof(table), "table%u", i);
        (void)index_of(&f, "shop", table);
    }
    assert_true(advice_answer(f.advice, first, slice_from_str(covered), &f.statements, NOW));
    for (unsigned i = 0; i < ADVICE_INDEXES_MAX; i++) {
        snprintf(table, sizeof(table), "table%u", i);
        assert_false(index_of(&f, "shop", table)->covered);
    }
    (void)index_of(&f, "other", "table0");
    answer(&f, covered);
    assert_true(index_of(&f, "other", "table0")->covered);
    assert_false(index_of(&f, "shop", "table0")->covered);
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_that_comes_is_told),
        cmocka_unit_test(a_refusal_tells_nothing),
        cmocka_unit_test(a_survey_is_told_and_is_no_evidence),
        cmocka_unit_test(samples_are_for_who_waits),
        cmocka_unit_test(columns_give_way_and_take_no_others_answer),
        cmocka_unit_test(a_column_is_one_of_its_database),
        cmocka_unit_test(indexes_give_way_and_take_no_others_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
