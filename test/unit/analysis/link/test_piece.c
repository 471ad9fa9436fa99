/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/piece.h"

#include "unit/unit.h"

static struct event_query
query(uint64_t fingerprint, uint64_t start_ns)
{
    return (struct event_query){.fingerprint = fingerprint,
                                .start_ns = start_ns,
                                .end_ns = start_ns + 10,
                                .rows = 2,
                                .kind = STATEMENT_SELECT};
}

/* Queries, values and all, with a comment that names a trace. */
static void
fill(struct piece *p, uint64_t from_ns, unsigned queries, unsigned values_each)
{
    uint64_t values[EVENT_VALUES_MAX];
    for (unsigned i = 0; i < queries; i++) {
        struct event_query q = query(i + 1, from_ns + 100 * i);
        q.value_count = (uint16_t)values_each;
        memset(q.trace_id, 7, sizeof(q.trace_id));
        for (unsigned k = 0; k < values_each; k++) {
            values[k] = from_ns + i * 100 + k;
        }
        piece_add(p, &q, values);
    }
}

static void
one_from_the_pool_is_like_new(void **state)
{
    struct piece_pool pool;
    piece_pool_init(&pool);
    struct piece *used = piece_new(&pool, NULL, 1, 2);
    struct piece *wide = piece_new(&pool, NULL, 1, 2);
    fill(used, 1000, 3, 2);
    fill(wide, 1000, 100, 3); /* more room than the pool keeps */
    used->hope = used->request = 9;
    used->basis = LINK_VALUES;
    used->is_open = used->is_session = true;
    memcpy(used->tag, "orders", 7);
    piece_free(&pool, &used);
    piece_free(&pool, &wide);
    assert_null(used);
    assert_int_equal(pool.count, 1);

    struct piece *p = piece_new(&pool, NULL, 3, 4);
    assert_int_equal(pool.count, 0);
    assert_int_equal(p->session_id, 3);
    assert_int_equal(p->query_count + p->value_count + p->evidence_count, 0);
    assert_int_equal(p->start_ns + p->end_ns + p->hope + p->request + p->basis, 0);
    assert_false(p->has_trace_id || p->is_open || p->is_session);
    assert_true(p->is_setup);
    assert_string_equal(p->tag, "");
    fill(p, 5000, 1, 1);
    assert_int_equal(p->start_ns, 5000);
    assert_int_equal(p->evidence_count, 1);
    piece_free(&pool, &p);
    piece_pool_fini(&pool);
}

static void
what_is_appended_keeps_its_values(void **state)
{
    struct piece_pool pool;
    piece_pool_init(&pool);
    struct piece *all = piece_new(&pool, NULL, 1, 2);
    fill(all, 1000, 1, 2);
    for (unsigned i = 1; i < 50; i++) {
        struct piece *next = piece_new(&pool, NULL, 1, 2);
        fill(next, 1000 + 1000 * i, 2, i % 5);
        piece_append(all, next);
        piece_free(&pool, &next);
    }
    struct list one;
    list_init(&one);
    list_append(&one, &all->in_order);
    struct trace *t = piece_list_trace(&one);
    assert_int_equal(t->query_count, 99);
    assert_int_equal(t->start_ns, 1000);
    assert_int_equal(t->end_ns, 50000 + 110);
    for (unsigned i = 1; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        assert_true(q->start_ns > t->queries[i - 1].start_ns);
        for (unsigned k = 0; k < q->value_count; k++) {
            assert_int_equal(q->values[k], q->start_ns + k);
        }
    }
    trace_free(&t);
    piece_free(&pool, &all);
    piece_pool_fini(&pool);
}

/* Those of two connections, one behind the other. */
static void
a_trace_is_in_the_order_of_starts(void **state)
{
    struct piece_pool pool;
    piece_pool_init(&pool);
    struct piece *late = piece_new(&pool, NULL, 1, 2), *early = piece_new(&pool, NULL, 2, 2);
    struct list both;
    list_init(&both);
    fill(late, 1050, 3, 1);
    fill(early, 1000, 3, 1);
    list_append(&both, &late->in_order);
    list_append(&both, &early->in_order);
    struct trace *t = piece_list_trace(&both);
    assert_int_equal(t->query_count, 6);
    for (unsigned i = 0; i < t->query_count; i++) {
        assert_int_equal(t->queries[i].start_ns, 1000 + 50 * i);
        assert_int_equal(t->queries[i].values[0], t->queries[i].start_ns);
    }
    trace_free(&t);
    piece_free(&pool, &late);
    piece_free(&pool, &early);
    piece_pool_fini(&pool);
}

static void
what_is_too_much_is_summed(void **state)
{
    struct piece_pool pool;
    piece_pool_init(&pool);
    struct piece *all = piece_new(&pool, NULL, 1, 2), *more = piece_new(&pool, NULL, 1, 2);
    fill(all, 1000, TRACE_QUERIES_MAX - 1, 0);
    fill(more, 900, 3, 1);
    piece_append(all, more);
    assert_int_equal(all->query_count, TRACE_QUERIES_MAX);
    assert_int_equal(all->queries_folded, 2);
    assert_int_equal(all->folded_ns, 20);
    assert_int_equal(all->folded_rows, 4);
    assert_int_equal(all->start_ns, 900);
    piece_free(&pool, &all);
    piece_free(&pool, &more);
    piece_pool_fini(&pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_from_the_pool_is_like_new),
        cmocka_unit_test(what_is_appended_keeps_its_values),
        cmocka_unit_test(a_trace_is_in_the_order_of_starts),
        cmocka_unit_test(what_is_too_much_is_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
