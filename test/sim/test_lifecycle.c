/* SPDX-License-Identifier: Apache-2.0
 * An incident's life: what people say of it, what is told of it, and what comes and goes. */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "sim/shop.h"

#define SEEDS 4

static const char *
text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

static bool
is_null(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    assert_non_null(v);
    return json_is_null(v);
}

/* The only incident; the caller's. */
static json_t *
only(struct shop *s)
{
    json_t *list = shop_incidents(s);
    if (json_array_size(list) != 1) {
        fail_msg("%zu incidents instead of 1", json_array_size(list));
    }
    json_t *inc = json_incref(json_array_get(list, 0));
    json_decref(list);
    return inc;
}

static unsigned
entries(const json_t *inc, const char *kind, const char *text)
{
    size_t i;
    json_t *e;
    unsigned n = 0;
    json_array_foreach(json_object_get(inc, "timeline"), i, e)
    {
        n += strcmp(text_of(e, "kind"), kind) == 0 &&
             (text == NULL || strcmp(text_of(e, "text"), text) == 0);
    }
    return n;
}

static json_t *
document(struct shop *s, enum judge_document which)
{
    AUTO_BUF struct buf b;
    buf_init(&b, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(shop_judge(s), shop_now(s), which, &b), 0);
    json_t *doc = json_loadb((const char *)b.data, b.len, 0, NULL);
    assert_non_null(doc);
    return doc;
}

static int
open_count(struct shop *s, const char *gauge)
{
    json_t *metrics = document(s, JUDGE_METRICS);
    int n = (int)json_integer_value(json_object_get(metrics, gauge));
    json_decref(metrics);
    return n;
}

static struct shop *
shop_with_v2(uint64_t seed, double seconds)
{
    struct shop *s = shop_new(seed);
    shop_play(s, 120);
    shop_deploy(s, "v2");
    shop_state(s)->v2 = true;
    shop_play(s, seconds);
    return s;
}

static int
mute(struct shop *s, const char *subject, uint32_t seconds)
{
    return judge_mute(shop_judge(s), shop_now(s), slice_from_str(subject), seconds);
}

static void
seen_noted_and_over(void **state)
{
    struct shop *s = shop_with_v2(200, 90);
    struct judge *j = shop_judge(s);
    assert_int_equal(judge_ack(j, shop_now(s), 99), -ENOENT);
    assert_int_equal(judge_annotate(j, shop_now(s), 99, SLICE_LIT("x")), -ENOENT);
    assert_int_equal(judge_expect(j, shop_now(s), 99), -ENOENT);
    assert_int_equal(judge_ack(j, shop_now(s), 1), 0);
    assert_int_equal(judge_ack(j, shop_now(s), 1), -EALREADY);
    assert_int_equal(judge_annotate(j, shop_now(s), 1, SLICE_LIT("<b>the import</b> | 50 %")), 0);
    shop_restart_judge(s);
    json_t *inc = only(s);
    assert_false(is_null(inc, "acknowledged_at"));
    assert_int_equal(entries(inc, "annotation", "<b>the import</b> | 50 %"), 1);
    json_decref(inc);

    assert_int_equal(judge_expect(shop_judge(s), shop_now(s), 1), 0);
    assert_int_equal(judge_expect(shop_judge(s), shop_now(s), 1), -EALREADY);
    assert_int_equal(judge_close(shop_judge(s), shop_now(s), 1), -EALREADY);
    shop_play(s, 300); /* as it is now is normal */
    inc = only(s);
    assert_string_equal(text_of(inc, "state"), "closed");
    assert_int_equal(entries(inc, "expected", NULL), 1);
    json_decref(inc);
    shop_free(&s);
}

static void
people_have_room_in_the_timeline(void **state)
{
    struct shop *s = shop_with_v2(201, 30);
    for (int i = 0; i < 100; i++) { /* more than there is room for */
        shop_deploy(s, "again");
    }
    char text[300];
    memset(text, 'x', sizeof(text));
    struct slice longest = slice_of(text, ANNOTATION_LEN_MAX);
    struct judge *j = shop_judge(s);
    assert_int_equal(judge_annotate(j, shop_now(s), 1, slice_of(text, ANNOTATION_LEN_MAX + 1)),
                     -EINVAL);
    for (unsigned i = 0; i < ANNOTATIONS_MAX; i++) {
        assert_int_equal(judge_annotate(j, shop_now(s), 1, longest), 0);
    }
    assert_int_equal(judge_annotate(j, shop_now(s), 1, longest), -ENOSPC);
    json_t *inc = only(s);
    assert_int_equal(entries(inc, "annotation", NULL), ANNOTATIONS_MAX);
    assert_int_equal(json_array_size(json_object_get(inc, "timeline")), 64);
    json_decref(inc);
    shop_free(&s);
}

/* Recorded, not announced, over a restart; announced when the mute is over. */
static void
muted_for_a_while(void **state)
{
    struct shop *s = shop_new(210);
    shop_play(s, 120);
    assert_int_equal(mute(s, "route GET /api/orders", 300), 0);
    shop_deploy(s, "v2");
    shop_state(s)->v2 = true;
    shop_play(s, 60);
    shop_restart_judge(s);
    shop_play(s, 60);
    json_t *inc = only(s);
    assert_string_equal(text_of(inc, "state"), "open");
    assert_int_equal(json_array_size(json_object_get(inc, "causes")), 3);
    assert_false(is_null(inc, "muted_until"));
    assert_true(is_null(inc, "announced_at"));
    json_decref(inc);
    assert_int_equal(shop_told(s, "incident-opened") + shop_told(s, "finding"), 0);
    assert_int_equal(open_count(s, "incidents_open"), 0);
    assert_int_equal(open_count(s, "incidents_quiet"), 1);
    json_t *list = document(s, JUDGE_MUTES);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "kind"), "route");
    assert_string_equal(text_of(json_array_get(list, 0), "subject"), "GET /api/orders");
    json_decref(list);

    shop_play(s, 200); /* its end has passed */
    inc = only(s);
    assert_true(is_null(inc, "muted_until"));
    assert_false(is_null(inc, "announced_at"));
    json_decref(inc);
    assert_int_equal(shop_told(s, "incident-opened"), 1);
    assert_true(shop_told(s, "finding") >= 3);
    assert_int_equal(open_count(s, "incidents_open"), 1);
    list = document(s, JUDGE_MUTES);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    shop_free(&s);
}

static void
mutes_by_number_and_by_statement(void **state)
{
    struct shop *s = shop_with_v2(211, 90);
    json_t *inc = only(s);
    size_t i;
    json_t *cause;
    char subject[64];
    assert_int_equal(mute(s, "incident 99", 60), -ENOENT);
    assert_int_equal(mute(s, "incident 1", 0), -ENOENT);
    assert_int_equal(mute(s, "incident 1", MUTE_SECONDS_MAX + 1), -EINVAL);
    assert_int_equal(mute(s, "incident 1", 60), 0);
    assert_int_equal(open_count(s, "incidents_open"), 0);
    assert_int_equal(mute(s, "incident 1", 0), 0);
    assert_int_equal(open_count(s, "incidents_open"), 1);
    json_array_foreach(json_object_get(inc, "causes"), i, cause)
    {
        assert_int_equal(open_count(s, "incidents_open"), 1); /* another cause is left */
        snprintf(subject, sizeof(subject), "fingerprint %s", text_of(cause, "fingerprint"));
        assert_int_equal(mute(s, subject, 60), 0);
    }
    json_decref(inc);
    assert_int_equal(open_count(s, "incidents_open"), 0);
    inc = only(s);
    assert_false(is_null(inc, "muted_until"));
    json_decref(inc);
    shop_free(&s);
}

/* Slower for two minutes, nobody deployed anything, and nothing is to be removed. */
static void
a_blip_is_recorded_and_not_announced(void **state)
{
    for (uint64_t seed = 220; seed < 220 + SEEDS; seed++) {
        struct shop *s = shop_new(seed);
        shop_play(s, 300);
        shop_state(s)->growth = 12;
        shop_play(s, 100);
        shop_state(s)->growth = 0;
        shop_play(s, 240);
        json_t *inc = only(s);
        assert_string_equal(text_of(inc, "state"), "recovered");
        assert_true(is_null(inc, "announced_at"));
        json_decref(inc);
        assert_int_equal(shop_told(s, "incident-opened") + shop_told(s, "recovered") +
                             shop_told(s, "finding"),
                         0);
        shop_free(&s);
    }
}

static void
what_lasts_is_announced(void **state)
{
    for (uint64_t seed = 230; seed < 230 + SEEDS; seed++) {
        struct shop *s = shop_new(seed);
        shop_play(s, 300);
        shop_state(s)->growth = 12;
        shop_play(s, 240);
        json_t *inc = only(s);
        assert_string_equal(text_of(inc, "state"), "open");
        assert_false(is_null(inc, "announced_at"));
        json_decref(inc);
        assert_int_equal(shop_told(s, "incident-opened"), 1);
        assert_true(shop_told(s, "finding") > 0);
        shop_free(&s);
    }
}

/* What was deployed does not pass by itself: it is told at once. */
static void
a_deploy_is_told_at_once(void **state)
{
    struct shop *s = shop_with_v2(240, 30);
    assert_int_equal(shop_told(s, "incident-opened"), 1);
    shop_free(&s);
}

/* Bad for two minutes, good for three, four times over: one trouble. */
static void
what_comes_and_goes_is_one_incident(void **state)
{
    for (uint64_t seed = 250; seed < 250 + SEEDS; seed++) {
        struct shop *s = shop_new(seed);
        shop_play(s, 300);
        for (int turn = 0; turn < 4; turn++) {
            shop_state(s)->growth = 12;
            shop_play(s, 120);
            shop_state(s)->growth = 0;
            shop_play(s, 180);
        }
        json_t *inc = only(s);
        assert_true(entries(inc, "reopened", NULL) >= 2);
        assert_false(is_null(inc, "announced_at")); /* it was no blip */
        assert_string_equal(text_of(inc, "state"), "recovered");
        json_decref(inc);
        assert_int_equal(shop_told(s, "incident-opened"), 1);

        shop_play(s, 2400); /* closed by then: the next one is another one */
        shop_state(s)->growth = 12;
        shop_play(s, 120);
        json_t *list = shop_incidents(s);
        assert_int_equal(json_array_size(list), 2);
        json_decref(list);
        shop_free(&s);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_noted_and_over),
        cmocka_unit_test(people_have_room_in_the_timeline),
        cmocka_unit_test(muted_for_a_while),
        cmocka_unit_test(mutes_by_number_and_by_statement),
        cmocka_unit_test(a_blip_is_recorded_and_not_announced),
        cmocka_unit_test(what_lasts_is_announced),
        cmocka_unit_test(a_deploy_is_told_at_once),
        cmocka_unit_test(what_comes_and_goes_is_one_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
