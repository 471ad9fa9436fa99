/* SPDX-License-Identifier: Apache-2.0
 * What a backtest prints: names from outside, cut to what there is room for, are no reason to lose
 * an episode. */
#include "unit/analysis/monitor/scene_kit.h"

#define LONG 700u

/* Characters of two bytes: every cut to an odd size is in the middle of one. */
static void
name_of(char name[LONG + 1])
{
    for (unsigned i = 0; i < LONG; i += 2) {
        memcpy(name + i, "\xc3\xa9", 2);
    }
    name[LONG] = '\0';
}

static void
names_are_cut_behind_a_character(void **state)
{
    struct monitor *m = quiet_monitor(4);
    struct episode *e = check_alloc(1, sizeof(*e));
    char name[LONG + 1];
    (void)state;
    name_of(name);
    struct reading r = {.start_s = 60,
                        .length_s = 60,
                        .fingerprint = SLICE_LIT("00000000000000aa"),
                        .statement = slice_from_str(name),
                        .calls = 1};
    monitor_reading(m, &r);
    e->id = 1;
    e->member[e->member_count++] = &m->panel.tracks.of[0];
    e->cause_count = 1;
    slice_to_str(slice_from_str(name), e->subject, sizeof(e->subject));
    slice_to_str(slice_from_str(name), e->cause[0].subject, sizeof(e->cause[0].subject));
    m->episode[m->episode_count++] = e;
    json_t *doc = monitor_json(m);
    char *text = json_dumps(doc, JSON_COMPACT);
    assert_non_null(text);
    const json_t *got = json_array_get(json_object_get(doc, "incidents"), 0);
    const json_t *cause = json_array_get(json_object_get(got, "causes"), 0);
    const json_t *member = json_array_get(json_object_get(got, "members"), 0);
    assert_int_equal(json_string_length(json_object_get(got, "subject")), 254);
    assert_int_equal(json_string_length(json_object_get(cause, "subject")), 254);
    assert_int_equal(json_string_length(member), 510);
    free(text);
    json_decref(doc);
    monitor_free(&m);
}

/* A statement within a route has no histogram: it is never learned how long it takes. */
static void
only_what_can_be_learned_is_learning(void **state)
{
    const struct reading_cell cells[] = {{10000, 100}};
    struct monitor *m = quiet_monitor(4);
    (void)state;
    for (int64_t at = 60; at < 660; at += 60) {
        struct reading route = {.start_s = at,
                                .length_s = 60,
                                .route = SLICE_LIT("GET /a"),
                                .calls = 100,
                                .cell = cells,
                                .cell_count = 1};
        struct reading call = {.start_s = at,
                               .length_s = 60,
                               .route = SLICE_LIT("GET /a"),
                               .fingerprint = SLICE_LIT("00000000000000aa"),
                               .calls = 100};
        monitor_reading(m, &route);
        monitor_reading(m, &call);
        assert_int_equal(monitor_totals(m).tracks, 2);
        assert_int_equal(monitor_totals(m).learning, 1);
    }
    monitor_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_cut_behind_a_character),
        cmocka_unit_test(only_what_can_be_learned_is_learning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
