/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/repeating.h"
#include "base/clock.h"
#include "unit/unit.h"

#define QUERIES 900u

struct made {
    struct trace *t;
    struct trace_query *q;
};

static struct made
make(unsigned count)
{
    struct made m;
    uint64_t *values;
    m.t = trace_new(count, 0, &m.q, &values);
    for (unsigned i = 0; i < count; i++) {
        m.q[i] = (struct trace_query){.kind = STATEMENT_SELECT,
                                      .flags = QUERY_VALUES_HASHED,
                                      .fingerprint = 1,
                                      .values_hash = 1000 + i};
    }
    return m;
}

static unsigned
look(struct made *m, uint64_t *ret_first)
{
    const struct trace_query *list[REPEATING_STATEMENTS_MAX];
    unsigned n = repeating_of(m->t, list);
    *ret_first = n == 0 ? 0 : list[0]->fingerprint;
    trace_free(&m->t);
    return n;
}

static void
the_same_shape_with_different_values(void **state)
{
    uint64_t first;
    struct made m = make(20);
    m.q[0].fingerprint = m.q[19].fingerprint = 2; /* once before and once after */
    assert_int_equal(look(&m, &first), 1);
    assert_int_equal(first, 1);
    m = make(REPEATING_CALLS_MIN - 1);
    assert_int_equal(look(&m, &first), 0);
}

static void
what_is_no_repetition(void **state)
{
    uint64_t first;
    struct made same = make(20), unknown = make(20), setup = make(20);
    for (unsigned i = 0; i < 20; i++) {
        same.q[i].values_hash = i % 2; /* read again and again: cacheable, not a loop over rows */
        unknown.q[i].flags = 0;
        setup.q[i].kind = STATEMENT_SESSION;
    }
    assert_int_equal(look(&same, &first), 0);
    assert_int_equal(look(&unknown, &first), 0);
    assert_int_equal(look(&setup, &first), 0);
}

/* Only so many statements are told apart; the first ones are. */
static void
more_statements_than_there_is_room_for(void **state)
{
    uint64_t first;
    struct made m = make(QUERIES);
    for (unsigned i = 0; i < QUERIES; i++) {
        m.q[i].fingerprint = 1 + i / 9;
    }
    assert_int_equal(look(&m, &first), REPEATING_STATEMENTS_MAX);
    m = make(QUERIES);
    for (unsigned i = 0; i < QUERIES; i++) {
        m.q[i].database = 1 + i % 90; /* the same text elsewhere is another statement */
    }
    assert_int_equal(look(&m, &first), REPEATING_STATEMENTS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_shape_with_different_values),
        cmocka_unit_test(what_is_no_repetition),
        cmocka_unit_test(more_statements_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
