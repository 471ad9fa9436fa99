/* SPDX-License-Identifier: Apache-2.0
 * Answers that look different since a deploy are one incident, tied to the deploy and open until
 * they look as before. */
#include "unit/analysis/judge/shapes_lab.h"

static void
one_incident_for_a_deploy(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = LESS;
    l.body[1] = NO_ROOT;
    pass(&l, 240);
    assert_true(l.opened == 1 && l.found >= 1);
    json_t *list = incidents(&l);
    assert_int_equal(json_array_size(list), 1);
    const json_t *inc = json_array_get(list, 0);
    const json_t *causes = json_object_get(inc, "causes");
    assert_string_equal(text_of(inc, "state"), "open");
    assert_string_equal(text_of(json_object_get(inc, "deploy"), "name"), "v2");
    assert_string_equal(text_of(json_object_get(inc, "deploy"), "basis"), "marked");
    assert_non_null(strstr(text_of(inc, "headline"), "answers differently"));
    assert_int_equal(json_array_size(causes), 2);
    for (unsigned i = 0; i < 2; i++) {
        const json_t *c = json_array_get(causes, i);
        bool is_orders = strcmp(text_of(c, "short"), "GET /orders") == 0;
        assert_string_equal(text_of(c, "kind"), "inconsistent-response");
        assert_string_equal(text_of(c, "evidence"), "measured");
        assert_non_null(strstr(text_of(c, "detail"), "1 of 2 members that each answer"));
        assert_true((strstr(text_of(c, "detail"), "first item") != NULL) == is_orders);
        assert_non_null(strstr(text_of(c, "advice"), "slowburn expected 1"));
    }
    json_decref(list);
    pass(&l, 3600); /* it lasts, and nothing else happens */
    assert_state(&l, "open");
    assert_true(l.opened == 1 && l.recovered == 0);
    deploy(&l, "v1 again");
    l.body[0] = l.body[1] = FULL;
    pass(&l, 240);
    assert_state(&l, "recovered");
    assert_true(l.opened == 1 && l.recovered == 1);
    end(&l);
}

static void
it_is_over_when_all_routes_are_as_before(void **state)
{
    struct lab l;
    begin(&l);
    deploy(&l, "v2");
    l.body[0] = l.body[1] = LESS;
    pass(&l, 240);
    l.body[0] = FULL;
    pass(&l, 600);
    assert_state(&l, "open");
    l.body[1] = FULL;
    pass(&l, 240);
    assert_state(&l, "recovered");
    end(&l);
}

/* A deploy that names others has not done it; a statement of the route is the route. */
static void
what_a_deploy_does_not_affect_is_not_its(void **state)
{
    static const char *const text[] = {"v2\nGET /me", "v2\nGET /orders", "v2\n0000000000000070"};
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(text); i++) {
        struct lab l;
        begin_with(&l, 1);
        deploy(&l, text[i]);
        l.body[0] = LESS;
        pass(&l, 240);
        json_t *list = incidents(&l);
        assert_int_equal(json_array_size(list), i == 0 ? 0 : 1);
        const json_t *d = json_object_get(json_array_get(list, 0), "deploy");
        if (i > 0) {
            assert_string_equal(text_of(d, "name"), "v2");
            assert_string_equal(text_of(d, "overlap"), "answers");
            assert_true(json_is_null(json_object_get(d, "chance"))); /* the first one */
        }
        json_decref(list);
        end(&l);
    }
}

static void
none_without_a_deploy(void **state)
{
    struct lab l;
    begin(&l);
    l.body[0] = LESS;
    pass(&l, 1200);
    assert_int_equal(l.opened, 0);
    /* Answers that say that they failed look different: that is another finding. */
    l.body[0] = FULL;
    pass(&l, 2400);
    deploy(&l, "v2");
    l.body[0] = "{\"error\":1}";
    l.flags = REQUEST_ERROR_BODY;
    pass(&l, 240);
    json_t *list = incidents(&l);
    size_t i;
    const json_t *inc;
    json_array_foreach(list, i, inc)
    {
        assert_null(strstr(text_of(inc, "headline"), "answers differently"));
    }
    json_decref(list);
    end(&l);
}

/* Nobody marks it, and the route has a statement that it never had. */
static void
a_deploy_is_inferred(void **state)
{
    struct lab l;
    begin(&l);
    l.statements[0] = l.statements[1] = 1;
    pass(&l, 1860); /* that was one, too, and it is forgotten */
    assert_int_equal(l.opened, 0);
    l.statements[0] = l.statements[1] = 2;
    l.body[0] = LESS;
    pass(&l, 300);
    assert_int_equal(l.opened, 1);
    json_t *list = incidents(&l);
    const json_t *deploy = json_object_get(json_array_get(list, 0), "deploy");
    assert_string_equal(text_of(deploy, "basis"), "inferred");
    json_decref(list);
    end(&l);
}

static void
one_incident_for_a_deploy_that_nobody_marks(void **state)
{
    struct lab l;
    begin(&l);
    l.statements[0] = l.statements[1] = 1;
    pass(&l, 1860);
    l.statements[0] = l.statements[1] = 2;
    l.body[0] = l.body[1] = LESS;
    pass(&l, 300);
    assert_int_equal(l.opened, 1);
    json_t *list = incidents(&l);
    assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "causes")), 2);
    json_decref(list);
    end(&l);
}

/* Of the routes one shows it by itself before. */
static void
a_deploy_that_is_marked_late_has_its_name(void **state)
{
    struct lab l;
    begin_with(&l, 1);
    l.statements[0] = 2;
    l.body[0] = l.body[1] = LESS;
    pass(&l, 45);
    deploy(&l, "v2");
    pass(&l, 300);
    json_t *list = incidents(&l);
    assert_int_equal(json_array_size(list), 1);
    const json_t *deploy = json_object_get(json_array_get(list, 0), "deploy");
    assert_string_equal(text_of(deploy, "name"), "v2");
    assert_string_equal(text_of(deploy, "basis"), "marked");
    assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "causes")), 2);
    json_decref(list);
    end(&l);
}

/* After the incident has been opened, too. */
static void
an_incident_learns_the_name_of_its_deploy(void **state)
{
    struct lab l;
    begin_with(&l, 1);
    l.statements[0] = 2;
    l.body[0] = LESS;
    pass(&l, 180);
    assert_state(&l, "open");
    deploy(&l, "v2");
    json_t *list = incidents(&l);
    assert_string_equal(text_of(json_object_get(json_array_get(list, 0), "deploy"), "name"), "v2");
    json_decref(list);
    pass(&l, 600);
    deploy(&l, "v3"); /* too late to be the one */
    list = incidents(&l);
    assert_string_equal(text_of(json_object_get(json_array_get(list, 0), "deploy"), "name"), "v2");
    json_decref(list);
    end(&l);
}

/* It has them as a cause, and ends by itself; then they have one of their own. */
static void
an_incident_that_is_open_for_another_reason_is_joined(void **state)
{
    struct lab l;
    begin_with(&l, 1);
    l.repeats = REPEATS_MAX;
    pass(&l, 120);
    assert_state(&l, "open");
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    json_t *list = incidents(&l);
    assert_int_equal(json_array_size(list), 1);
    assert_null(strstr(text_of(json_array_get(list, 0), "headline"), "answers differently"));
    assert_non_null(cause_of(list, 0, "inconsistent-response"));
    json_decref(list);
    l.repeats = 0;
    pass(&l, 400);
    list = incidents(&l);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_array_get(list, 1), "state"), "recovered");
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "open");
    assert_non_null(strstr(text_of(json_array_get(list, 0), "headline"), "answers differently"));
    assert_non_null(cause_of(list, 0, "inconsistent-response"));
    json_decref(list);
    l.body[0] = FULL;
    pass(&l, 300);
    list = incidents(&l);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "recovered");
    json_decref(list);
    end(&l);
}

static void
a_route_that_became_slower_meanwhile_is_not_over(void **state)
{
    struct lab l;
    begin_with(&l, 1);
    deploy(&l, "v2");
    l.body[0] = LESS;
    pass(&l, 240);
    l.repeats = REPEATS_MAX;
    pass(&l, 300);
    l.body[0] = FULL;
    pass(&l, 400);
    assert_state(&l, "open");
    l.repeats = 0;
    pass(&l, 400);
    assert_state(&l, "recovered");
    end(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_incident_for_a_deploy),
        cmocka_unit_test(what_a_deploy_does_not_affect_is_not_its),
        cmocka_unit_test(it_is_over_when_all_routes_are_as_before),
        cmocka_unit_test(none_without_a_deploy),
        cmocka_unit_test(a_deploy_is_inferred),
        cmocka_unit_test(one_incident_for_a_deploy_that_nobody_marks),
        cmocka_unit_test(a_deploy_that_is_marked_late_has_its_name),
        cmocka_unit_test(an_incident_learns_the_name_of_its_deploy),
        cmocka_unit_test(an_incident_that_is_open_for_another_reason_is_joined),
        cmocka_unit_test(a_route_that_became_slower_meanwhile_is_not_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
