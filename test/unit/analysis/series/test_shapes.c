/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/shapes.h"

#include <errno.h>
#include <stdio.h>

#include "proto/http/http_shape.h"
#include "unit/unit.h"

#define T0   (1000 * NS_PER_S)
#define FULL "{\"id\":1,\"total\":2.5,\"status\":\"paid\",\"user\":{\"id\":1,\"name\":\"x\"}}"
#define LESS "{\"id\":1,\"status\":\"paid\",\"user\":{\"id\":1,\"name\":\"x\"}}"
#define MORE                                                                                       \
    "{\"id\":1,\"total\":2.5,\"status\":\"paid\",\"user\":{\"id\":1,\"name\":\"x\"},\"new\":1}"
#define TEXT       "{\"id\":1,\"total\":\"2.5\",\"status\":\"paid\",\"user\":{\"id\":1,\"name\":\"x\"}}"
#define NULLED     "{\"id\":1,\"total\":null,\"status\":\"paid\",\"user\":{\"id\":1,\"name\":\"x\"}}"
#define LESS_ITEM  "{\"id\":1,\"total\":2.5,\"status\":\"paid\",\"user\":{\"id\":1}}"
#define HTML       "<html><body>Sorry</body></html>"
#define LIST       "{\"data\":[{\"id\":1,\"name\":\"x\"}],\"meta\":{\"page\":1}}"
#define LIST_LESS  "{\"data\":[{\"id\":1}],\"meta\":{\"page\":1}}"
#define LIST_EMPTY "{\"data\":[],\"meta\":{\"page\":1}}"

struct scene {
    struct shapes s;
    uint64_t now_ns;
    unsigned changed, back;
    uint64_t changed_ns;
};

static struct response_shape
shape_as(const char *text, enum response_type type)
{
    const struct http_content content = {.type = type};
    struct http_shape x = {0};
    http_shape_feed(&x, slice_from_str(text));
    http_shape_end(&x, &content);
    return x.found;
}

/* So many a second, of 100 so many like `other`. */
static void
pass(struct scene *c, unsigned seconds, unsigned per_s, const char *text, const char *other,
     unsigned of_100)
{
    static unsigned turn;
    struct response_shape a = shape_as(text, RESPONSE_TYPE_JSON);
    struct response_shape b = shape_as(other == NULL ? "" : other, RESPONSE_TYPE_JSON);
    for (unsigned i = 0; i < seconds; i++) {
        for (unsigned k = 0; k < per_s; k++) {
            turn = (turn + 37) % 100;
            shapes_add(&c->s, turn < of_100 ? &b : &a);
        }
        c->now_ns += NS_PER_S;
        enum shapes_news news = shapes_turn(&c->s, c->now_ns);
        c->changed += news == SHAPES_CHANGED;
        c->changed_ns = news == SHAPES_CHANGED ? c->now_ns : c->changed_ns;
        c->back += news == SHAPES_BACK;
    }
}

static void
begin(struct scene *c, const char *text)
{
    *c = (struct scene){.now_ns = T0};
    pass(c, 300, 10, text, NULL, 0);
}

static void
deploy(struct scene *c, const char *name)
{
    shapes_deploy(&c->s, c->now_ns, c->now_ns, name, true);
}

static void
assert_found(const char *before, const char *after, const char *words)
{
    struct scene c;
    char text[256];
    begin(&c, before);
    deploy(&c, "v2");
    pass(&c, 600, 10, after, NULL, 0);
    if (c.changed != 1 || strstr(shapes_describe(&c.s, text), words) == NULL) {
        fail_msg("%s -> %s: %u, %s", before, after, c.changed, text);
    }
    assert_non_null(strstr(text, "as before were 100.0 % of "));
    assert_non_null(strstr(text, "since the deploy are 0.0 % of "));
}

static void
assert_silent(const char *before, const char *after)
{
    struct scene c;
    begin(&c, before);
    deploy(&c, "v2");
    pass(&c, 3600, 10, after, NULL, 0);
    if (c.changed != 0) {
        fail_msg("%s -> %s", before, after);
    }
}

static void
what_is_lost_behind_a_deploy(void **state)
{
    assert_found(FULL, LESS, "1 of 4 members that each answer had is missing");
    assert_found(FULL, TEXT, "1 of 4 members that each answer had is of another type");
    assert_found(FULL, NULLED, "1 of 4 members that each answer had is of another type");
    assert_found(FULL, LESS_ITEM, "1 of 2 members that each answer's first item had is missing");
    assert_found(LIST, LIST_LESS, "1 of 2 members that each answer's first item had is missing");
    assert_found(FULL, HTML, "bodies were a JSON object and are markup");
    assert_found(FULL, "", "bodies were a JSON object and are empty");
    assert_found(FULL, "[" FULL "]", "bodies were a JSON object and are a JSON array");
}

static void
what_is_no_loss(void **state)
{
    assert_silent(FULL, FULL);
    assert_silent(FULL, MORE);
    assert_silent(NULLED, FULL);
    assert_silent(LIST, LIST_EMPTY);
    assert_silent("", FULL);
    /* Of a body whose end was not seen, nobody knows what it has not. */
    assert_silent(FULL, "{\"id\":1,\"status\":\"paid\",");
    assert_silent("{\"id\":1,\"status\":\"paid\",", FULL);
}

static void
another_content_type(void **state)
{
    struct response_shape html = shape_as(FULL, RESPONSE_TYPE_HTML);
    struct scene c;
    char text[256];
    begin(&c, FULL);
    deploy(&c, "v2");
    for (unsigned i = 0; i < 3000; i++) {
        shapes_add(&c.s, &html);
        c.now_ns += NS_PER_S / 10;
        c.changed += shapes_turn(&c.s, c.now_ns) == SHAPES_CHANGED;
    }
    assert_int_equal(c.changed, 1);
    assert_non_null(
        strstr(shapes_describe(&c.s, text), "the Content-Type was JSON and is HTML now"));
}

static void
it_takes_minutes_and_is_dated(void **state)
{
    struct scene c;
    begin(&c, FULL);
    deploy(&c, "v2");
    uint64_t deploy_ns = c.now_ns;
    pass(&c, 50, 10, FULL, NULL, 0); /* marked before the new version serves */
    pass(&c, 600, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 1);
    assert_true(c.changed_ns >= deploy_ns + 140 * NS_PER_S); /* 90 s of it at least */
    assert_true(c.changed_ns <= deploy_ns + 240 * NS_PER_S);
    assert_true(c.s.bad_ns >= deploy_ns + 30 * NS_PER_S && c.s.bad_ns <= deploy_ns + 90 * NS_PER_S);
    assert_string_equal(c.s.deploy_name, "v2");
    /* Marked after it. */
    begin(&c, FULL);
    pass(&c, 25, 10, LESS, NULL, 0);
    deploy(&c, "v3");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 1);
    assert_true(c.s.bad_ns >= c.s.deploy_ns);
}

static void
no_deploy_no_finding(void **state)
{
    struct scene c;
    begin(&c, FULL);
    pass(&c, 3600, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 0);
    /* Nor is one to blame for what comes an hour after it. */
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 3600, 10, FULL, NULL, 0);
    pass(&c, 3600, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 0);
    /* Not even where nobody came in between. */
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 3600, 0, FULL, NULL, 0);
    pass(&c, 3600, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 0);
}

static void
optional_members_and_mixes_are_normal(void **state)
{
    static const unsigned share[] = {5, 40, 80, 97};
    for (unsigned i = 0; i < ARRAY_LEN(share); i++) {
        struct scene c = {.now_ns = T0};
        pass(&c, 600, 10, FULL, LESS, share[i]);
        deploy(&c, "v2");
        pass(&c, 900, 10, LESS, NULL, 0);
        pass(&c, 900, 10, FULL, LESS, 50);
        assert_int_equal(c.changed, 0);
    }
    /* One of two versions, and never all of them. */
    for (unsigned i = 0; i < 3; i++) {
        struct scene c;
        begin(&c, FULL);
        deploy(&c, "v2");
        pass(&c, 3600, 10, FULL, LESS, share[i]);
        assert_int_equal(c.changed, 0);
    }
}

static void
few_answers_say_nothing(void **state)
{
    struct scene c = {.now_ns = T0};
    pass(&c, 125, 2, FULL, NULL, 0); /* two steps, 120 answers: no normal yet */
    assert_true(c.s.normal.answers > 0 && c.s.normal.answers < 200);
    deploy(&c, "v2");
    pass(&c, 600, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 0);
    begin(&c, FULL);
    deploy(&c, "v2");
    for (unsigned i = 0; i < 60; i++) { /* one a minute */
        pass(&c, 1, 1, LESS, NULL, 0);
        pass(&c, 59, 0, LESS, NULL, 0);
    }
    assert_int_equal(c.changed, 0);
}

static void
only_a_few_small_ones_are_seen_to_the_end(void **state)
{
    struct scene c;
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 900, 10, "{\"id\":1,\"total\":2.5,", LESS, 30); /* the others are longer now */
    assert_int_equal(c.changed, 0);
}

static void
maps_are_not_compared(void **state)
{
    char map[2048] = "{";
    for (unsigned i = 0; i < 120; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%s\"u%u\":1", i == 0 ? "" : ",", i);
        strcat(map, name);
    }
    strcat(map, "}");
    assert_silent(map, "{\"u7\":1}");
}

static void
what_is_back(void **state)
{
    struct scene c;
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_true(c.changed == 1 && c.s.is_changed);
    deploy(&c, "v1 again");
    pass(&c, 20, 10, LESS, NULL, 0);
    pass(&c, 120, 10, FULL, NULL, 0);
    assert_true(c.back == 1 && !c.s.is_changed && c.changed == 1);
    /* The same again is found again. */
    deploy(&c, "v2 again");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 2);
    assert_string_equal(c.s.deploy_name, "v2 again");
}

static void
what_is_meant_is_normal(void **state)
{
    struct scene c;
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_true(c.s.is_changed);
    shapes_adopt(&c.s, c.now_ns);
    pass(&c, 300, 10, LESS, NULL, 0);
    deploy(&c, "v3");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 1);
    deploy(&c, "v4");
    pass(&c, 300, 10, "{\"id\":1}", NULL, 0);
    assert_int_equal(c.changed, 2);
}

/* What is new with one deploy is missed behind the next. */
static void
what_is_added_is_learned(void **state)
{
    struct scene c;
    begin(&c, FULL);
    deploy(&c, "v2");
    pass(&c, 3600, 10, MORE, NULL, 0);
    deploy(&c, "v3");
    pass(&c, 300, 10, FULL, NULL, 0);
    assert_int_equal(c.changed, 1);
}

/* The one that did it is named, not the one that came behind it. */
static void
many_deploys(void **state)
{
    struct scene c;
    begin(&c, FULL);
    for (unsigned i = 0; i < 10; i++) {
        deploy(&c, "decoy");
        pass(&c, 120, 10, FULL, NULL, 0);
    }
    deploy(&c, "v2");
    pass(&c, 70, 10, LESS, NULL, 0);
    deploy(&c, "decoy");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 1);
    assert_string_equal(c.s.deploy_name, "v2");
}

static void
restart(struct scene *c)
{
    uint64_t deploy_ns = 0, bad_ns = 0;
    json_t *saved = shapes_save(&c->s, c->s.deploy_ns, c->s.bad_ns);
    assert_non_null(saved);
    c->s = (struct shapes){0};
    assert_int_equal(shapes_load(&c->s, saved, &deploy_ns, &bad_ns), 0);
    c->s.deploy_ns = deploy_ns;
    c->s.bad_ns = bad_ns;
    json_decref(saved);
}

static void
a_restart(void **state)
{
    struct scene c;
    begin(&c, FULL);
    restart(&c);
    pass(&c, 60, 10, FULL, LESS, 20); /* optional after all */
    deploy(&c, "v2");
    pass(&c, 60, 10, LESS, NULL, 0);
    restart(&c);
    assert_string_equal(c.s.deploy_name, "v2");
    pass(&c, 300, 10, LESS, NULL, 0);
    assert_int_equal(c.changed, 1);
    c.s.incident = 7;
    restart(&c);
    assert_true(c.s.is_changed && c.s.incident == 7);
    pass(&c, 60, 10, LESS, NULL, 0);
    assert_true(c.back == 0 && c.changed == 1);
    pass(&c, 120, 10, FULL, NULL, 0);
    assert_int_equal(c.back, 1);
}

static void
what_is_damaged_is_refused(void **state)
{
    static const char *const texts[] = {
        "null",
        "{}",
        "{\"name\":\"v2\",\"always\":[\"1\",\"2\",\"3\"],\"lost\":[\"0\",\"0\",\"0\",\"0\"]}",
        "{\"name\":\"v2\",\"always\":[\"1\",\"2\",\"3\",\"4\"],\"lost\":[\"0\",\"0\",\"0\",\"0\"],"
        "\"body\":99}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct shapes s = {0};
        uint64_t deploy_ns, bad_ns;
        json_t *saved = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_int_equal(shapes_load(&s, saved, &deploy_ns, &bad_ns), -EBADMSG);
        json_decref(saved);
    }
}

static void
what_was_not_seen_is_not_counted(void **state)
{
    struct shapes s = {0};
    const struct response_shape unseen = {0}, odd = {.body = 200, .type = 200};
    shapes_add(&s, &unseen);
    shapes_add(&s, &odd);
    assert_true(s.repeated == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_behind_a_deploy),
        cmocka_unit_test(what_is_no_loss),
        cmocka_unit_test(another_content_type),
        cmocka_unit_test(it_takes_minutes_and_is_dated),
        cmocka_unit_test(no_deploy_no_finding),
        cmocka_unit_test(optional_members_and_mixes_are_normal),
        cmocka_unit_test(few_answers_say_nothing),
        cmocka_unit_test(only_a_few_small_ones_are_seen_to_the_end),
        cmocka_unit_test(maps_are_not_compared),
        cmocka_unit_test(what_is_back),
        cmocka_unit_test(what_is_meant_is_normal),
        cmocka_unit_test(what_is_added_is_learned),
        cmocka_unit_test(many_deploys),
        cmocka_unit_test(a_restart),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(what_was_not_seen_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
