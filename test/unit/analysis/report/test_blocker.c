/* SPDX-License-Identifier: Apache-2.0
 * Who blocks whom, as the incident's document has it: a queue from who waits to the holder. */
#include <errno.h>
#include <stdlib.h>

#include "analysis/incident/keep.h"
#include "analysis/report/incident.h"
#include "unit/unit.h"

#define T0 (5000 * NS_PER_S)

static struct incident *
an_incident(void)
{
    static const struct waiting_session chain[] = {
        {.statement = 1, .state = "waiting", .lock = "tuple", .waited_ms = 1500},
        {.statement = 2,
         .state = "waiting",
         .lock = "relation",
         .waited_ms = 900,
         .transaction_ms = 2500},
        {.state = "idle in transaction", .idle_ms = 12000, .transaction_ms = 14000}};
    struct incident *inc = incident_new_bare(3, "GET /a", T0, T0 + NS_PER_S);
    struct finding *f = &inc->cause[0].finding;
    inc->cause_count = 1;
    *f = (struct finding){.kind = FINDING_LOCK_WAIT, .fingerprint = 1};
    f->block = (struct waiting_block){
        .waiting = 1, .state = "idle in transaction", .lock = "tuple", .depth = 2};
    memcpy(f->block.chain, chain, sizeof(chain));
    f->block.chain_count = ARRAY_LEN(chain);
    return inc;
}

static const char *
text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void
the_chain_is_told_from_who_waits(void **state)
{
    struct wall_clock clock;
    struct statement_table statements;
    struct incident *inc = an_incident();
    wall_clock_init(&clock, T0, 1700000000ull * NS_PER_S);
    statement_table_init(&statements, 10);
    assert_non_null(statement_add(&statements, 2, 0, STATEMENT_UPDATE,
                                  SLICE_LIT("update \"b\" set \"n\" = ? where \"id\" = ?"), T0));
    json_t *o = report_incident(inc, &statements, &clock, 2);
    const json_t *cause = json_array_get(json_object_get(o, "causes"), 0);
    const json_t *chain = json_object_get(json_object_get(cause, "blocker"), "chain");
    assert_int_equal(json_array_size(chain), 3);
    const json_t *x = json_array_get(chain, 0);
    assert_string_equal(text_of(x, "fingerprint"), "0000000000000001");
    assert_string_equal(text_of(x, "short"), ""); /* of another run: its text is not known */
    x = json_array_get(chain, 1);
    assert_string_equal(text_of(x, "fingerprint"), "0000000000000002");
    assert_string_equal(text_of(x, "short"), "update b by id");
    assert_string_equal(text_of(x, "state"), "waiting");
    assert_string_equal(text_of(x, "lock"), "relation");
    assert_true(json_number_value(json_object_get(x, "waited_ms")) == 900);
    assert_true(json_number_value(json_object_get(x, "transaction_ms")) == 2500);
    x = json_array_get(chain, 2);
    assert_true(json_is_null(json_object_get(x, "fingerprint")));
    assert_string_equal(text_of(x, "state"), "idle in transaction");
    assert_string_equal(text_of(x, "lock"), "");
    assert_true(json_number_value(json_object_get(x, "idle_ms")) == 12000);
    json_decref(o);
    statement_table_fini(&statements);
    free(inc);
}

/* Bytes from the store may say anything. */
static void
a_chain_that_is_too_long_does_not_come_back(void **state)
{
    struct wall_clock clock;
    wall_clock_init(&clock, T0, 1700000000ull * NS_PER_S);
    for (unsigned more = 0; more < 2; more++) {
        struct incident *inc = an_incident(), *back = NULL;
        AUTO_BUF struct buf blob;
        buf_init(&blob, 1u << 20);
        inc->cause[0].finding.block.chain_count = WAITING_CHAIN_MAX + more;
        assert_int_equal(keep_incident(inc, &clock, &blob), 0);
        int err = keep_incident_back(buf_slice(&blob), &clock, &back);
        assert_true(err == (more == 0 ? 0 : -EBADMSG));
        free(inc);
        free(back);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_told_from_who_waits),
        cmocka_unit_test(a_chain_that_is_too_long_does_not_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
