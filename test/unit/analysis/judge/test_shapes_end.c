/* SPDX-License-Identifier: Apache-2.0
 * What else ends an incident of answers that look different: a person, and a day; a restart does
 * not, nor do others that come. */
#include "unit/analysis/judge/shapes_lab.h"

static void
restore_incident(struct lab *l, uint32_t id, struct slice blob)
{
    struct stored r = {.kind = STORED_INCIDENT};
    r.incident.id = id;
    r.incident.json = SLICE_LIT("{}");
    r.incident.state = SLICE_LIT("open");
    r.incident.blob = blob;
    assert_int_equal(judge_restore(l->j, &r), 0);
}

static void
what_is_meant_is_closed(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    assert_int_equal(judge_expect(l.j, l.now_ns, 1), 0);
    pass(&l, 600);
    assert_state(&l, "closed");
    deploy(&l, "v3");
    pass(&l, 600);
    assert_true(l.opened == 1 && l.recovered == 0);
    end(&l);
}

static void
after_a_day_it_is_normal(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    assert_state(&l, "open");
    pass_slowly(&l, 24 * 360, 10 * NS_PER_S);
    json_t *list = incidents(&l);
    const char *is = text_of(json_array_get(list, 0), "state");
    assert_true(strcmp(is, "recovered") == 0 || strcmp(is, "closed") == 0);
    json_decref(list);
    assert_int_equal(l.opened, 1);
    end(&l);
}

static void
a_restart_loses_nothing(void **state)
{
    struct lab l;
    begin(&l);
    judge_flush(l.j, l.now_ns);
    judge_free(&l.j);
    l.now_ns += 20 * NS_PER_S;
    start(&l);
    pass(&l, 30);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    assert_state(&l, "open");
    judge_flush(l.j, l.now_ns);
    judge_free(&l.j);
    start(&l);
    pass(&l, 600);
    assert_state(&l, "open");
    l.body[0] = FULL;
    pass(&l, 300);
    assert_state(&l, "recovered");
    assert_true(l.opened == 1 && l.recovered == 1);
    end(&l);
}

/* The store has what was learned, and no incident that it could give back. */
static void
an_incident_that_is_lost_is_told_again(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    judge_flush(l.j, l.now_ns);
    judge_free(&l.j);
    l.kept.incident.id = 0;
    start(&l);
    pass(&l, 120);
    assert_state(&l, "open");
    json_t *list = incidents(&l);
    const json_t *cause = cause_of(list, 0, "inconsistent-response");
    assert_null(strstr(text_of(cause, "detail"), " of 0"));
    json_decref(list);
    end(&l);
}

/* The oldest that are over make room. */
static void
an_open_incident_stays_however_many_come(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    size_t len = l.kept.incident.blob.len;
    uint8_t *first = TAKE(l.kept.incident_blob);
    deploy(&l, "v3");
    l.body[1] = LESS;
    pass(&l, 240);
    l.body[1] = FULL;
    pass(&l, 300);
    assert_int_equal(l.opened, 2);
    judge_flush(l.j, l.now_ns);
    judge_free(&l.j);
    start(&l);
    restore_incident(&l, 1, slice_of(first, len));
    for (unsigned i = 2; i < JUDGE_INCIDENTS_MAX; i++) {
        restore_incident(&l, 2, l.kept.incident.blob);
    }
    deploy(&l, "v4");
    l.body[1] = LESS;
    pass(&l, 240);
    assert_int_equal(l.opened, 3);
    json_t *list = incidents(&l);
    size_t last = json_array_size(list) - 1;
    assert_int_equal(last + 1, JUDGE_INCIDENTS_MAX);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, last), "id")), 1);
    assert_string_equal(text_of(json_array_get(list, last), "state"), "open");
    json_decref(list);
    free(first);
    end(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_meant_is_closed),
        cmocka_unit_test(after_a_day_it_is_normal),
        cmocka_unit_test(a_restart_loses_nothing),
        cmocka_unit_test(an_incident_that_is_lost_is_told_again),
        cmocka_unit_test(an_open_incident_stays_however_many_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
