/* SPDX-License-Identifier: Apache-2.0
 * When the store is given the text of a statement: when it is first seen, when its database's name
 * is known, and once a day while it is in use. */
#include "analysis/judge/judge.h"

#include "base/clock.h"
#include "unit/unit.h"

#define T0        (1000 * NS_PER_S)
#define WALL0     (1700000040ull * NS_PER_S) /* a full minute */
#define HOUR      (3600 * NS_PER_S)
#define STATEMENT 0x77u

struct told {
    unsigned count;
    char database[32];
    uint64_t seen_wall_ns;
};

static void
on_store(void *ctx, const struct stored *record)
{
    struct told *told = ctx;
    if (record->kind == STORED_FINGERPRINT) {
        told->count++;
        slice_to_str(record->fingerprint.database, told->database, sizeof(told->database));
        told->seen_wall_ns = record->fingerprint.seen_wall_ns;
    }
}

static struct judge *
new_judge(struct told *told)
{
    struct judge_out out = {.ctx = told, .store = on_store};
    struct judge_config config = {.cores = 2};
    struct judge *j = NULL;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &j), 0);
    return j;
}

static void
announce_statement(struct judge *j, uint64_t at_ns)
{
    struct intake_item item = {.kind = INTAKE_STATEMENT};
    item.statement.fingerprint = STATEMENT;
    item.statement.database = 5;
    item.statement.kind = STATEMENT_SELECT;
    item.statement.text = SLICE_LIT("select * from items where order_id = ?");
    judge_item(j, at_ns, &item);
}

static void
announce_name(struct judge *j, uint64_t at_ns)
{
    struct intake_item item = {.kind = INTAKE_NAME, .name = {5, NAME_DATABASE, SLICE_LIT("shop")}};
    judge_item(j, at_ns, &item);
}

/* One query, and all that the minute brings with it. */
static void
use(struct judge *j, uint64_t at_ns)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(1, 0, &q, &values);
    t->start_ns = at_ns;
    t->end_ns = at_ns + NS_PER_MS;
    t->probability = 1;
    q[0] = (struct trace_query){.fingerprint = STATEMENT,
                                .database = 5,
                                .kind = STATEMENT_SELECT,
                                .start_ns = at_ns,
                                .end_ns = at_ns + NS_PER_MS};
    struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(j, t->end_ns, &item);
    trace_free(&t);
    judge_flush(j, at_ns + NS_PER_MS);
}

static void
a_name_that_comes_late_is_told(void **state)
{
    struct told told = {0};
    struct judge *j = new_judge(&told);
    announce_statement(j, T0);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.database, "");
    use(j, T0 + NS_PER_S);
    assert_int_equal(told.count, 1);
    announce_name(j, T0 + 2 * NS_PER_S);
    use(j, T0 + 3 * NS_PER_S);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.database, "shop");
    use(j, T0 + 4 * NS_PER_S);
    assert_int_equal(told.count, 2);
    judge_free(&j);
}

static void
what_is_in_use_says_so_once_a_day(void **state)
{
    struct told told = {0};
    struct judge *j = new_judge(&told);
    announce_name(j, T0);
    announce_statement(j, T0);
    announce_statement(j, T0 + HOUR);
    use(j, T0 + 23 * HOUR);
    assert_int_equal(told.count, 1);
    assert_true(told.seen_wall_ns == WALL0);
    use(j, T0 + 25 * HOUR);
    assert_int_equal(told.count, 2);
    assert_true(told.seen_wall_ns >= WALL0 + 25 * HOUR);
    use(j, T0 + 26 * HOUR);
    assert_int_equal(told.count, 2);
    judge_free(&j);
}

static void
what_came_from_the_store_says_that_it_is_seen_again(void **state)
{
    struct told told = {0};
    struct judge *j = new_judge(&told);
    struct stored kept = {.kind = STORED_FINGERPRINT,
                          .fingerprint = {.fingerprint = STATEMENT,
                                          .database = SLICE_LIT("shop"),
                                          .text = SLICE_LIT("select ?"),
                                          .kind = STATEMENT_SELECT,
                                          .seen_wall_ns = WALL0 - 24 * HOUR}};
    assert_int_equal(judge_restore(j, &kept), 0);
    judge_flush(j, T0);
    assert_int_equal(told.count, 0);
    use(j, T0 + NS_PER_S);
    use(j, T0 + 2 * NS_PER_S);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.database, "shop");
    judge_free(&j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_comes_late_is_told),
        cmocka_unit_test(what_is_in_use_says_so_once_a_day),
        cmocka_unit_test(what_came_from_the_store_says_that_it_is_seen_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
