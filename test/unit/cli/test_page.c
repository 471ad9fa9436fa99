/* SPDX-License-Identifier: Apache-2.0
 *
 * incident.json -> incident.txt and postmortem.md, to the letter. */
#include "cli/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/postmortem.h"
#include "cli/text.h"
#include "unit/unit.h"

static json_t *
load(void)
{
    json_error_t error;
    json_t *incident = json_load_file(FIXTURES "/incident.json", 0, &error);
    assert_non_null(incident);
    return incident;
}

static void
assert_same_as_file(const char *text, const char *path)
{
    char want[16384] = "";
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t n = fread(want, 1, sizeof(want) - 1, f);
    fclose(f);
    want[n] = '\0';
    assert_string_equal(text, want);
}

static void
the_page_reads_as_agreed(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *incident = load();
    FILE *out = open_memstream(&text, &size);
    page_print(out, incident, text_parse_time("2026-11-23T14:05:51.000Z"), 0);
    fclose(out);
    assert_same_as_file(text, FIXTURES "/incident.txt");
    free(text);
    json_decref(incident);
}

static char *
page_of(const json_t *incident, size_t width)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    page_print(out, incident, text_parse_time("2026-11-23T14:05:51.000Z"), width);
    fclose(out);
    return text;
}

static void
assert_no_wider(char *page, size_t width)
{
    for (char *line = strtok(page, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (text_width(line) > width) {
            fail_msg("%zu columns: %s", text_width(line), line);
        }
    }
}

static void
the_page_fits_a_terminal(void **state)
{
    json_t *incident = load();
    json_t *action = json_array_get(json_object_get(incident, "actions"), 1);
    for (unsigned measured = 0; measured < 2; measured++) {
        char *page = page_of(incident, 80);
        assert_non_null(strstr(page, "slowing down\n  open 3 m 20 s, since 14:02:11"));
        assert_non_null(strstr(page, "  proved by values\n"));
        assert_non_null(strstr(page, "CREATE INDEX CONCURRENTLY ON items (order_id)"));
        assert_no_wider(page, 80);
        free(page);
        page = page_of(incident, 20);
        assert_no_wider(page, 60); /* it is not made for less */
        free(page);
        json_object_set_new(action, "measured_ms", json_real(301.9));
        json_object_set_new(action, "measured_error_ms", json_real(24.1));
    }
    json_decref(incident);
}

/* Also where nothing says how wide the page is. */
static void
long_lists_go_on_further_in(void **state)
{
    json_t *incident = load();
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        json_array_append_new(json_object_get(incident, "ruled_out"),
                              json_pack("{s:s, s:s}", "test", "what the server's processors do",
                                        "figure", "0.4 of 8 cores"));
        json_array_append_new(
            json_object_get(incident, "victims"),
            json_pack("{s:s, s:f}", "subject", "POST /api/orders/{id}/lines", "change_ms", 31.0));
    }
    char *page = page_of(incident, 0);
    assert_non_null(strstr(page, "\n      POST /api/orders/{id}/lines (+31 ms)"));
    assert_non_null(strstr(page, "cores)\n\n  What helps"));
    char *until = strstr(page, "\n  What helps");
    *until = '\0';
    assert_no_wider(page, 112);
    free(page);
    page = page_of(incident, 80);
    assert_non_null(strstr(page, "cores)\n\n  What helps"));
    assert_no_wider(page, 80);
    free(page);
    json_decref(incident);
}

static void
other_traffic_is_said(void **state)
{
    static const struct {
        double route, all;
        bool said;
    } cases[] = {{170, 1012, false}, {150, 900, false}, {100, 1012, true}, {170, 2100, true}};
    json_t *incident = load(), *traffic = json_object_get(incident, "traffic");
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        json_object_set_new(traffic, "route_per_min_before", json_real(cases[i].route));
        json_object_set_new(traffic, "all_per_min_before", json_real(cases[i].all));
        char *page = page_of(incident, 0);
        assert_int_equal(strstr(page, "\n  Before: ") != NULL, cases[i].said);
        free(page);
    }
    json_decref(incident);
}

static void
how_near_a_deploy_is_by_chance(void **state)
{
    static const struct {
        const char *overlap;
        double chance; /* < 0: unknown */
        const char *said;
    } cases[] = {
        {"time", 0.1449, "deploy v2 (that near by chance: 14 %)\n"},
        {"time", 0.001, "deploy v2 (that near by chance: less than 1 %)\n"},
        {"affects", 0.05, "deploy v2 (it names this; that near by chance: 5 %)\n"},
        {"answers", -1, "deploy v2 (by chance: unknown, fewer than 10 deploys so far)\n"},
        {"new-statement", -1,
         "deploy v2 (a statement is new since; by chance: unknown, fewer than 10 deploys so "
         "far)\n"},
    };
    json_t *incident = load(), *deploy = json_object_get(incident, "deploy");
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        json_object_set_new(deploy, "overlap", json_string(cases[i].overlap));
        json_object_set_new(deploy, "chance",
                            cases[i].chance < 0 ? json_null() : json_real(cases[i].chance));
        char *page = page_of(incident, 0);
        assert_non_null(strstr(page, cases[i].said));
        free(page);
    }
    json_object_set_new(deploy, "basis", json_string("inferred"));
    char *page = page_of(incident, 0);
    assert_null(strstr(page, "by chance"));
    free(page);
    json_object_set_new(deploy, "basis", json_string("marked"));
    json_object_del(deploy, "chance"); /* of an older daemon */
    page = page_of(incident, 0);
    assert_non_null(strstr(page, "First seen 8 s after deploy v2\n"));
    free(page);
    json_decref(incident);
}

/* The monitor's own line does not say it again. */
static void
the_chance_is_said_once(void **state)
{
    json_t *incident = load();
    (void)state;
    json_object_set_new(incident, "monitor",
                        json_pack("{s:s, s:b, s:b, s:s, s:s, s:f}", "lane", "drift", "opened", 1,
                                  "learning", 0, "onset_from", "2026-11-23T14:01:00.000Z",
                                  "onset_to", "2026-11-23T14:03:00.000Z", "deploy_chance", 0.0213));
    char *page = page_of(incident, 0);
    const char *first = strstr(page, "by chance");
    assert_non_null(strstr(page, "Told by drift"));
    assert_non_null(first);
    assert_null(strstr(first + 1, "by chance"));
    free(page);
    json_decref(incident);
}

static void
a_kind_with_a_long_name_is_not_cut(void **state)
{
    json_t *incident = load();
    json_t *cause = json_array_get(json_object_get(incident, "causes"), 0);
    json_object_set_new(cause, "kind", json_string("inconsistent-response"));
    char *page = page_of(incident, 0);
    assert_non_null(strstr(page, "\n  1 inconsistent-response\n                     items"));
    free(page);
    json_decref(incident);
}

static void
a_receipt_stands_beside_what_was_predicted(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *incident = load();
    json_t *action = json_array_get(json_object_get(incident, "actions"), 1);
    json_object_set_new(action, "state", json_string("measured"));
    json_object_set_new(action, "predicted_ms", json_real(318.5));
    json_object_set_new(action, "measured_ms", json_real(301.94));
    json_object_set_new(action, "measured_error_ms", json_real(24.1));
    FILE *out = open_memstream(&text, &size);
    page_print(out, incident, text_parse_time("2026-11-23T14:05:51.000Z"), 0);
    fclose(out);
    assert_non_null(strstr(text, " alone       as landed        measured\n"));
    assert_non_null(strstr(text, "     320.0 ± 8.8           318.5    301.9 ± 24.1\n"));
    free(text);
    json_decref(incident);
}

/* Below 60 % explained, whatever was found; and where nothing was. */
static void
what_cannot_be_told_is_said(void **state)
{
    json_t *incident = load();
    (void)state;
    char *page = page_of(incident, 0);
    assert_null(strstr(page, "cannot tell"));
    free(page);
    json_object_set_new(incident, "explained", json_real(0.41));
    json_object_set_new(incident, "cannot_tell", json_true());
    page = page_of(incident, 0);
    assert_non_null(strstr(page, "\n  cannot tell: what was found explains 41 % of the change\n"));
    free(page);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    postmortem_print(out, incident);
    fclose(out);
    assert_non_null(strstr(text, "cannot be told: what was found explains 41 % of the change: "
                                 "missing-index (items by order_id), "));
    free(text);
    json_array_clear(json_object_get(incident, "causes"));
    page = page_of(incident, 0);
    assert_non_null(strstr(page, "\n  cannot tell yet: nothing that was tested explains it\n"));
    free(page);
    json_decref(incident);
}

static void
what_is_part_of_another_says_so(void **state)
{
    json_t *incident = load();
    (void)state;
    json_object_set_new(incident, "state", json_string("closed"));
    json_object_set_new(incident, "merged_into", json_integer(3));
    json_object_set_new(incident, "figures_per", json_string("call"));
    char *page = page_of(incident, 0);
    assert_non_null(strstr(page, "\n  Merged: it is part of incident 3\n"));
    assert_non_null(strstr(page, "\n  What changed, mean ms per call  "));
    free(page);
    json_array_clear(json_object_get(incident, "actions"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    postmortem_print(out, incident);
    fclose(out);
    assert_non_null(strstr(text, "\nMean ms per call; ±"));
    assert_null(strstr(text, "All fixes together"));
    free(text);
    json_decref(incident);
}

static void
only_fixes_that_interact_are_said_to(void **state)
{
    json_t *incident = load();
    json_t *pair = json_array_get(json_object_get(incident, "together"), 0);
    (void)state;
    json_object_set_new(pair, "interaction_ms", json_real(2.0));
    char *page = page_of(incident, 0);
    assert_non_null(strstr(page, "a + b 322.0 ± 8.9 (they interact: 2.0 more than their sum) ·"));
    free(page);
    json_object_set_new(pair, "interacts", json_false());
    json_object_del(pair, "saving_error_ms");
    page = page_of(incident, 0);
    assert_non_null(strstr(page, "Together: a + b 322.0 · a + c 320.9 ± 8.8 · all"));
    free(page);
    json_decref(incident);
}

static void
the_postmortem_reads_as_agreed(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *incident = load();
    FILE *out = open_memstream(&text, &size);
    postmortem_print(out, incident);
    fclose(out);
    assert_same_as_file(text, FIXTURES "/postmortem.md");
    free(text);
    json_decref(incident);
}

/* A document of an older or broken daemon must not break the page. */
static void
a_bare_document_prints(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *incident = json_pack("{s:i, s:[{s:s}], s:[n], s:n}", "id", 7, "causes", "detail", "x",
                                 "actions", "deploy");
    assert_non_null(incident);
    FILE *out = open_memstream(&text, &size);
    page_print(out, incident, 0, 0);
    postmortem_print(out, incident);
    page_print_line(out, incident, 0);
    fclose(out);
    assert_non_null(strstr(text, "INCIDENT 7"));
    assert_non_null(strstr(text, "No deploy found"));
    free(text);
    json_decref(incident);
}

int
main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_reads_as_agreed),
        cmocka_unit_test(the_page_fits_a_terminal),
        cmocka_unit_test(long_lists_go_on_further_in),
        cmocka_unit_test(other_traffic_is_said),
        cmocka_unit_test(how_near_a_deploy_is_by_chance),
        cmocka_unit_test(the_chance_is_said_once),
        cmocka_unit_test(a_kind_with_a_long_name_is_not_cut),
        cmocka_unit_test(a_receipt_stands_beside_what_was_predicted),
        cmocka_unit_test(what_cannot_be_told_is_said),
        cmocka_unit_test(what_is_part_of_another_says_so),
        cmocka_unit_test(only_fixes_that_interact_are_said_to),
        cmocka_unit_test(the_postmortem_reads_as_agreed),
        cmocka_unit_test(a_bare_document_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
