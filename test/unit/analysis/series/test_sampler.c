/* SPDX-License-Identifier: Apache-2.0
 * What is kept of a trace, and which traces are kept. */
#include "analysis/series/sampler.h"

#include "unit/analysis/requests_kit.h"

#define T0 (100 * NS_PER_S)

static struct sampler_budget budget = {.bytes_max = 1u << 20};

static struct sample *
sample_of(double total_ms, const struct kit_query *queries, unsigned count)
{
    struct trace *t = kit_trace(T0, total_ms, queries, count);
    struct sample *s = sample_new(t);
    trace_free(&t);
    return s;
}

static void
times_of_queries_and_of_the_application_add_up(void **state)
{
    static const struct kit_query q[] = {
        {.fingerprint = 1, .at_ms = 2, .ms = 2},
        {.fingerprint = 2, .at_ms = 10, .ms = 5, .prepare_ms = 1},
    };
    struct sample *s = sample_of(20, q, ARRAY_LEN(q));
    assert_int_equal(s->row_count, 2);
    kit_near(clock_ns_to_ms(s->row[0].app_before_ns), 2);
    kit_near(clock_ns_to_ms(s->row[0].start_ns), 2);
    kit_near(clock_ns_to_ms(s->row[1].app_before_ns), 5); /* 4..9, where it is prepared */
    kit_near(clock_ns_to_ms(s->row[1].start_ns), 9);
    kit_near(clock_ns_to_ms(s->row[1].end_ns), 15);
    kit_near(clock_ns_to_ms(s->row[1].cost_ns), 6);
    kit_near(clock_ns_to_ms(s->app_after_ns), 5);
    kit_near(clock_ns_to_ms(s->app_ns + s->query_ns), 20);
    sample_free(&s);
}

/* Two statements that take turns are two rows; what runs twice only stays where it was. */
static void
repeats_are_one_row_where_they_began(void **state)
{
    struct kit_query q[2 + 2 * 20];
    q[0] = (struct kit_query){.fingerprint = 1, .at_ms = 0, .ms = 1};
    for (unsigned i = 0; i < 20; i++) {
        q[1 + 2 * i] =
            (struct kit_query){.fingerprint = 2, .values = i, .at_ms = 10 + i * 10, .ms = 4};
        q[2 + 2 * i] =
            (struct kit_query){.fingerprint = 3, .values = 7, .at_ms = 15 + i * 10, .ms = 1};
    }
    q[41] = (struct kit_query){.fingerprint = 1, .at_ms = 210, .ms = 1};
    struct sample *s = sample_of(300, q, ARRAY_LEN(q));
    assert_int_equal(s->row_count, 4);
    assert_int_equal(s->queries, 42);
    const struct sample_row *items = &s->row[1], *settings = &s->row[2];
    assert_int_equal(s->row[0].fingerprint, 1);
    assert_int_equal(items->calls, 20);
    assert_int_equal(items->distinct, 20);
    assert_int_equal(settings->calls, 20);
    assert_int_equal(settings->distinct, 1);
    assert_int_equal(s->row[3].fingerprint, 1);
    kit_near(clock_ns_to_ms(items->cost_ns), 80);
    kit_near(clock_ns_to_ms(items->app_before_ns), 9);
    kit_near(clock_ns_to_ms(items->app_between_ns), 19 * 4);
    kit_near(clock_ns_to_ms(settings->app_between_ns), 19 * 1);
    kit_near(clock_ns_to_ms(s->app_ns + s->query_ns), 300);
    sample_free(&s);
}

static void
what_has_no_row_is_summed(void **state)
{
    struct kit_query q[SAMPLE_ROWS_MAX + 6];
    for (unsigned i = 0; i < ARRAY_LEN(q); i++) {
        q[i] = (struct kit_query){.fingerprint = i + 1, .at_ms = i, .ms = 1};
    }
    struct trace *t = kit_trace(T0, ARRAY_LEN(q) + 10, q, ARRAY_LEN(q));
    t->queries_folded = 3; /* the trace itself had no room for these */
    t->folded_ns = kit_ns(4);
    struct sample *s = sample_new(t);
    assert_int_equal(s->row_count, SAMPLE_ROWS_MAX);
    assert_int_equal(s->more_queries, 9);
    kit_near(clock_ns_to_ms(s->more_ns), 10);
    kit_near(clock_ns_to_ms(s->app_after_ns), 6);
    assert_int_equal(s->queries, ARRAY_LEN(q) + 3);
    sample_free(&s);
    trace_free(&t);
}

static void
a_row_tells_its_weakest_link_and_its_first_error(void **state)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(3, 0, &q, &values);
    for (unsigned i = 0; i < 3; i++) {
        q[i] = (struct trace_query){.fingerprint = 1,
                                    .start_ns = T0 + i,
                                    .end_ns = T0 + i,
                                    .basis = i == 1 ? LINK_CONTAINED : LINK_VALUES,
                                    .probability = i == 1 ? 0.91f : 0.999f,
                                    .flags = i > 0 ? QUERY_ERROR : 0};
        memcpy(q[i].sqlstate, i == 1 ? "40001" : "25P02", 5);
    }
    t->start_ns = T0;
    t->end_ns = T0 + 10;
    struct sample *s = sample_new(t);
    assert_int_equal(s->row[0].basis, LINK_CONTAINED);
    assert_true(s->row[0].probability == 0.91f);
    assert_int_equal(s->row[0].errors, 2);
    assert_string_equal(s->row[0].sqlstate, "40001");
    sample_free(&s);
    trace_free(&t);
}

struct tally {
    unsigned count[SAMPLER_IS_PINNED + 1];
    double longest_ms, shortest_slow_ms;
};

static void
count_one(void *ctx, const struct sample *s, enum sampler_reason reason)
{
    struct tally *t = ctx;
    double ms = clock_ns_to_ms(s->end_ns - s->start_ns);
    t->count[reason]++;
    t->longest_ms = MAX(t->longest_ms, ms);
    if (reason == SAMPLER_IS_SLOW) {
        t->shortest_slow_ms = t->shortest_slow_ms == 0 ? ms : MIN(t->shortest_slow_ms, ms);
    }
}

static struct tally
tally_of(const struct sampler *s)
{
    struct tally t = {0};
    sampler_each(s, count_one, &t);
    return t;
}

static void
add(struct sampler *s, uint64_t start_ns, double ms, uint16_t status)
{
    struct trace *t = kit_trace(start_ns, ms, NULL, 0);
    t->status = status;
    enum sampler_reason reason;
    const struct sample *kept = sampler_add(s, t, &reason);
    assert_true(kept == NULL || kept->start_ns == start_ns);
    trace_free(&t);
}

static void
the_slowest_the_failed_and_a_few_others_are_kept(void **state)
{
    struct sampler s;
    sampler_init(&s, &budget, 1);
    for (unsigned i = 0; i < 1000; i++) {
        add(&s, T0 + i * NS_PER_MS, (i * 7919) % 1000, i % 100 == 0 ? 500 : 200);
    }
    struct tally t = tally_of(&s);
    assert_int_equal(t.count[SAMPLER_IS_SLOW], SAMPLER_SLOW);
    assert_int_equal(t.count[SAMPLER_IS_RANDOM], SAMPLER_RANDOM);
    assert_int_equal(t.count[SAMPLER_HAS_FAILED], SAMPLER_FAILED);
    kit_near(t.longest_ms, 999);
    kit_near(t.shortest_slow_ms, 996);
    /* A period later nothing of it is left but what failed. */
    add(&s, T0 + SAMPLER_PERIOD_NS + 10 * NS_PER_S, 5, 200);
    assert_int_equal(tally_of(&s).count[SAMPLER_IS_SLOW], SAMPLER_SLOW + 1);
    add(&s, T0 + 2 * SAMPLER_PERIOD_NS + 20 * NS_PER_S, 6, 200);
    t = tally_of(&s);
    assert_int_equal(t.count[SAMPLER_IS_SLOW], 2);
    assert_int_equal(t.count[SAMPLER_IS_RANDOM], 0);
    assert_int_equal(t.count[SAMPLER_HAS_FAILED], SAMPLER_FAILED);
    sampler_fini(&s);
    assert_int_equal(budget.bytes, 0);
}

/* Over many routes: a trace from the last tenth is drawn as often as one from the first. */
static void
the_few_others_are_random(void **state)
{
    unsigned late = 0, all = 0;
    for (unsigned seed = 0; seed < 300; seed++) {
        struct sampler s;
        sampler_init(&s, &budget, seed);
        for (unsigned i = 0; i < 104; i++) { /* the first four are the slowest */
            add(&s, T0 + i * NS_PER_MS, i < 4 ? 1000 : 1, 200);
        }
        for (unsigned i = 0; i < SAMPLER_RANDOM; i++) {
            late += s.now.random[i]->start_ns >= T0 + 54 * NS_PER_MS;
            all++;
        }
        sampler_fini(&s);
    }
    assert_true(late > all * 4 / 10 && late < all * 6 / 10);
}

static void
a_pinned_trace_outlives_its_period(void **state)
{
    struct sampler s;
    enum sampler_reason reason;
    sampler_init(&s, &budget, 1);
    for (unsigned i = 0; i < 20; i++) {
        add(&s, T0 + i * NS_PER_S, 100 + i, 200);
    }
    const struct sample *near = sampler_nearest(&s, T0, kit_ns(117));
    kit_near(clock_ns_to_ms(near->end_ns - near->start_ns), 117);
    assert_null(sampler_nearest(&s, T0 + 30 * NS_PER_S, kit_ns(117)));
    uint8_t id[16];
    memcpy(id, near->trace_id, sizeof(id));
    sampler_pin(&s, near);
    sampler_pin(&s, near); /* again: it stays once */
    assert_int_equal(tally_of(&s).count[SAMPLER_IS_PINNED], 1);
    assert_int_equal(tally_of(&s).count[SAMPLER_IS_SLOW], SAMPLER_SLOW - 1);
    for (unsigned i = 1; i < 4; i++) {
        add(&s, T0 + i * (SAMPLER_PERIOD_NS + 60 * NS_PER_S), 1, 200);
    }
    assert_non_null(sampler_find(&s, id, &reason));
    assert_int_equal(reason, SAMPLER_IS_PINNED);
    sampler_fini(&s);
    assert_int_equal(budget.bytes, 0);
}

static void
over_the_budget_nothing_is_added(void **state)
{
    struct sampler_budget small = {.bytes_max = 2 * sizeof(struct sample)};
    struct sampler s;
    sampler_init(&s, &small, 1);
    for (unsigned i = 0; i < 10; i++) {
        add(&s, T0 + i * NS_PER_S, 100 + i, 200);
    }
    assert_true(small.bytes <= small.bytes_max);
    assert_int_equal(tally_of(&s).count[SAMPLER_IS_SLOW], 2);
    assert_true(small.refused > 0);
    sampler_fini(&s);
    assert_int_equal(small.bytes, 0);
}

static void
a_trace_without_an_id_gets_one_of_its_own(void **state)
{
    static const uint8_t none[16];
    struct sample *a = sample_of(20, NULL, 0), *b = sample_of(21, NULL, 0);
    assert_memory_not_equal(a->trace_id, none, 16);
    assert_memory_not_equal(a->trace_id, b->trace_id, 16);
    sample_free(&a);
    sample_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_queries_and_of_the_application_add_up),
        cmocka_unit_test(repeats_are_one_row_where_they_began),
        cmocka_unit_test(what_has_no_row_is_summed),
        cmocka_unit_test(a_row_tells_its_weakest_link_and_its_first_error),
        cmocka_unit_test(the_slowest_the_failed_and_a_few_others_are_kept),
        cmocka_unit_test(the_few_others_are_random),
        cmocka_unit_test(a_pinned_trace_outlives_its_period),
        cmocka_unit_test(over_the_budget_nothing_is_added),
        cmocka_unit_test(a_trace_without_an_id_gets_one_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
