/* SPDX-License-Identifier: Apache-2.0
 * Answers that look different since a deploy, in virtual time: one incident, tied to the deploy and
 * held until they look as before; nothing else ends it but a person, and a restart does not. */
#include "analysis/judge/judge.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "proto/http/http_shape.h"
#include "unit/analysis/requests_kit.h"

#define MONO0       (1000 * NS_PER_S)
#define OFFSET      (1700000040ull * NS_PER_S - MONO0)
#define ROUTES      2u
#define STATES_MAX  64u
#define REPEATS_MAX 30u
#define FULL        "{\"data\":[{\"id\":1,\"total\":2.5}],\"secret-name\":1}"
#define LESS        "{\"data\":[{\"id\":1}],\"secret-name\":1}"
#define NO_ROOT     "{\"data\":[{\"id\":1,\"total\":2.5}]}"

struct kept {
    char name[300];
    uint8_t *blob;
    size_t len;
};

struct lab {
    struct judge *j;
    uint64_t now_ns;
    const char *body[ROUTES];
    uint32_t flags; /* of all requests */
    unsigned statements[ROUTES];
    unsigned repeats; /* of the first route's first statement: slower by as many ms */
    unsigned opened, found, recovered;
    struct kept state[STATES_MAX];
    unsigned state_count;
    uint8_t *incident;
    size_t incident_len;
    uint32_t incident_id;
};

static void
keep_state(struct lab *l, const struct stored_state *s)
{
    struct kept *to = NULL;
    for (unsigned i = 0; i < l->state_count; i++) {
        to = slice_eq(slice_from_str(l->state[i].name), s->name) ? &l->state[i] : to;
    }
    if (to == NULL) {
        assert_true(l->state_count < STATES_MAX);
        to = &l->state[l->state_count++];
        slice_to_str(s->name, to->name, sizeof(to->name));
    }
    free(to->blob);
    to->blob = check_alloc(1, s->blob.len + 1);
    memcpy(to->blob, s->blob.ptr, s->blob.len);
    to->len = s->blob.len;
}

static void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind == STORED_STATE) {
        keep_state(l, &r->state);
        assert_null(memmem(r->state.blob.ptr, r->state.blob.len, "secret", 6));
    } else if (r->kind == STORED_INCIDENT && r->incident.id >= l->incident_id) { /* the newest */
        free(l->incident);
        l->incident_len = r->incident.blob.len;
        l->incident = check_alloc(1, l->incident_len);
        memcpy(l->incident, r->incident.blob.ptr, l->incident_len);
        l->incident_id = r->incident.id;
    }
}

static void
on_log(void *ctx, const char *event, const char *text)
{
    struct lab *l = ctx;
    l->opened += strcmp(event, "incident-opened") == 0;
    l->found += strcmp(event, "finding") == 0;
    l->recovered += strcmp(event, "recovered") == 0;
}

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
start(struct lab *l)
{
    static const char *const route[ROUTES] = {"/orders", "/me"};
    const struct judge_out out = {.ctx = l, .store = on_store, .log = on_log};
    const struct judge_config config = {.cores = 2};
    assert_int_equal(judge_new(&config, &out, l->now_ns, l->now_ns + OFFSET, &l->j), 0);
    for (unsigned i = 0; i < l->state_count; i++) {
        const struct stored r = {.kind = STORED_STATE,
                                 .state = {slice_from_str(l->state[i].name),
                                           slice_of(l->state[i].blob, l->state[i].len)}};
        assert_int_equal(judge_restore(l->j, &r), 0);
    }
    if (l->incident != NULL) {
        restore_incident(l, l->incident_id, slice_of(l->incident, l->incident_len));
    }
    for (unsigned i = 0; i < ROUTES; i++) {
        struct intake_item item = {.kind = INTAKE_ROUTE};
        item.route.index = i;
        item.route.method = METHOD_GET;
        item.route.text = slice_from_str(route[i]);
        judge_item(l->j, l->now_ns, &item);
    }
}

static void
answer(struct lab *l, unsigned route)
{
    const struct http_content json = {.type = RESPONSE_TYPE_JSON};
    struct http_shape shape = {0};
    http_shape_feed(&shape, slice_from_str(l->body[route]));
    http_shape_end(&shape, &json);
    struct kit_query queries[2 + REPEATS_MAX] = {
        {.fingerprint = 0x70, .values = 1, .ms = 1},
        {.fingerprint = 0x71, .values = 1, .at_ms = 2, .ms = 0.1},
    };
    unsigned repeats = route == 0 ? l->repeats : 0;
    for (unsigned i = 0; i < repeats; i++) {
        queries[l->statements[route] + i] =
            (struct kit_query){.fingerprint = 0x70, .values = i, .at_ms = 3 + i, .ms = 1};
    }
    struct trace *t = kit_trace(l->now_ns, 10 + repeats, queries, l->statements[route] + repeats);
    t->route = route;
    t->method = METHOD_GET;
    t->shape = shape.found;
    t->request_flags = l->flags;
    const struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, t->end_ns, &item);
    trace_free(&t);
}

static void
pass_slowly(struct lab *l, unsigned turns, uint64_t turn_ns)
{
    for (unsigned i = 0; i < turns; i++) {
        for (unsigned k = 0; k < 2 * ROUTES; k++) {
            l->now_ns += turn_ns / (2 * ROUTES);
            answer(l, k % ROUTES);
        }
        judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
    }
}

static void
pass(struct lab *l, unsigned seconds)
{
    pass_slowly(l, seconds, NS_PER_S);
}

static void
begin_with(struct lab *l, unsigned statements)
{
    *l =
        (struct lab){.now_ns = MONO0, .body = {FULL, FULL}, .statements = {statements, statements}};
    start(l);
    pass(l, 300);
}

static void
begin(struct lab *l)
{
    begin_with(l, 0);
}

static void
end(struct lab *l)
{
    judge_free(&l->j);
    for (unsigned i = 0; i < l->state_count; i++) {
        free(l->state[i].blob);
    }
    free(l->incident);
}

static void
deploy(struct lab *l, const char *name)
{
    judge_deploy(l->j, l->now_ns, slice_from_str(name));
}

static json_t *
incidents(struct lab *l)
{
    AUTO_BUF struct buf text;
    buf_init(&text, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(l->j, l->now_ns, JUDGE_INCIDENTS, &text), 0);
    assert_null(strstr(buf_str(&text), "secret"));
    json_t *list = json_loads(buf_str(&text), 0, NULL);
    assert_non_null(list);
    return list;
}

static const char *
text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* The only incident is in that state. */
static void
assert_state(struct lab *l, const char *state)
{
    json_t *list = incidents(l);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), state);
    json_decref(list);
}

/* The incident's, newest first. NULL: it has none of that kind. Borrowed. */
static const json_t *
cause_of(const json_t *list, size_t incident, const char *kind)
{
    size_t i;
    const json_t *cause;
    json_array_foreach(json_object_get(json_array_get(list, incident), "causes"), i, cause)
    {
        if (strcmp(text_of(cause, "kind"), kind) == 0) {
            return cause;
        }
    }
    return NULL;
}

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
    free(l.incident);
    l.incident = NULL;
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
    size_t len = l.incident_len;
    uint8_t *first = TAKE(l.incident);
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
        restore_incident(&l, 2, slice_of(l.incident, l.incident_len));
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
        cmocka_unit_test(what_is_meant_is_closed),
        cmocka_unit_test(after_a_day_it_is_normal),
        cmocka_unit_test(a_restart_loses_nothing),
        cmocka_unit_test(an_incident_that_is_lost_is_told_again),
        cmocka_unit_test(an_open_incident_stays_however_many_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
