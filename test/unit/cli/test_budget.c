/* SPDX-License-Identifier: Apache-2.0
 * What is written reads back as it was; what was measured stands beside it. Whole runs are
 * test/peer/test_check.py's. */
#include "cli/budget.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

static char path[64];

static json_t *
read_text(const char *text)
{
    snprintf(path, sizeof(path), "/tmp/slowburn-budget-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    json_t *budget = budget_read("check", path);
    unlink(path);
    return budget;
}

static char *
text_of(const json_t *budget)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    budget_print(out, budget);
    fclose(out);
    return text;
}

static const char BUDGET[] = "# ours\n\n"
                             "[POST /b]\nqueries = 3\n"
                             "[GET /a/{id}]\n  errors=1\n\trepeats = 2\nowner = shop team\n"
                             "statement = 00000000000000b2\n"
                             "statement = 00000000000000a1 orders by user_id\n";

static void
what_is_written_reads_back(void **state)
{
    json_t *budget = read_text(BUDGET);
    assert_non_null(budget);
    char *first = text_of(budget);
    assert_non_null(strstr(first, "\n[GET /a/{id}]\nrepeats = 2\nerrors = 1\nowner = shop team\n"
                                  "statement = 00000000000000a1 orders by user_id\n"
                                  "statement = 00000000000000b2\n\n[POST /b]\nqueries = 3\n"));
    json_t *again = read_text(first);
    char *second = text_of(again);
    assert_string_equal(first, second);
    free(first);
    free(second);
    json_decref(budget);
    json_decref(again);
}

static void
what_is_wrong_is_refused(void **state)
{
    static const char *const wrong[] = {
        "queries = 1\n",
        "[GET /a]\nqueries\n",
        "[GET /a]\nqueries = -1\n",
        "[GET /a]\nquery = 1\n",
        "[GET /a]\nstatement = a1 x\n",
        "[GET /a\n",
        "[]\n",
        "[GET /a]\n[GET /a]\n",
        "[GET /\xff]\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_null(read_text(wrong[i]));
    }
}

static void
measure(json_t *measured, const char *line)
{
    json_t *request = json_loads(line, 0, NULL);
    assert_non_null(request);
    budget_measure(measured, request);
    json_decref(request);
}

static const char *
rule_at(const json_t *verdict, size_t i)
{
    return json_string_value(json_object_get(json_array_get(verdict, i), "rule"));
}

static void
what_goes_beyond_is_found(void **state)
{
    json_t *budget = read_text(BUDGET);
    json_t *measured = json_object();
    /* one statement in two rows is executed three times in the request */
    measure(measured, "{\"route\":\"GET /a/{id}\",\"status\":200,\"queries\":9,\"statements\":["
                      "{\"fingerprint\":\"00000000000000a1\",\"calls\":2},"
                      "{\"fingerprint\":\"00000000000000b2\",\"calls\":1},"
                      "{\"fingerprint\":\"00000000000000a1\",\"calls\":1}]}");
    json_t *verdict = budget_verdict(budget, measured);
    assert_int_equal(json_array_size(verdict), 1); /* it has no line for queries */
    assert_string_equal(rule_at(verdict, 0), "repeats");
    json_decref(verdict);
    measure(measured, "{\"route\":\"GET /a/{id}\",\"status\":500,\"failed\":true,\"errors\":1,"
                      "\"statements\":[{\"fingerprint\":\"00000000000000c3\",\"calls\":1}]}");
    measure(measured, "{\"route\":\"POST /b\",\"status\":200,\"queries\":3,\"statements\":["
                      "{\"fingerprint\":\"00000000000000c3\",\"calls\":1}]}"); /* lists none */
    measure(measured, "{\"route\":\"GET /c\",\"status\":200,\"queries\":0}");
    /* a session of nobody's request */
    measure(measured,
            "{\"route\":\"select x\",\"status\":null,\"route_basis\":\"queries\",\"queries\":7}");
    verdict = budget_verdict(budget, measured);
    static const char *const rules[] = {"repeats", "errors", "statement", "route"};
    assert_int_equal(json_array_size(verdict), ARRAY_LEN(rules));
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        assert_string_equal(rule_at(verdict, i), rules[i]);
    }
    json_decref(verdict);
    budget_accept(budget, measured);
    verdict = budget_verdict(budget, measured);
    assert_int_equal(json_array_size(verdict), 0);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(budget, "GET /a/{id}"), "owner")),
        "shop team");
    json_decref(verdict);
    json_decref(measured);
    json_decref(budget);
}

/* {fingerprint, scans: [{table, rows}]} of one table. */
static json_t *
plan(const char *fingerprint, const char *table, double rows)
{
    return json_pack("{s:s, s:[{s:s, s:f}]}", "fingerprint", fingerprint, "scans", "table", table,
                     "rows", rows);
}

static void
large_tables_that_are_read_whole_are_counted(void **state)
{
    json_t *budget = read_text("[GET /a]\nscans = 0\n[GET /b]\nscans = 1\nscan_rows = 50\n"
                               "[GET /c]\nqueries = 9\n");
    json_t *measured = json_object();
    measure(measured, "{\"route\":\"GET /a\",\"status\":200,\"statements\":["
                      "{\"fingerprint\":\"00000000000000a1\",\"short\":\"items by x\"}]}");
    assert_true(budget_limits_scans(budget, measured));
    json_t *plans = json_array();
    json_array_append_new(plans, plan("00000000000000a1", "public.items", 999));
    budget_measure_scans(measured, plans);
    json_t *verdict = budget_verdict(budget, measured);
    assert_int_equal(json_array_size(verdict), 0); /* a small one */
    json_decref(verdict);
    json_array_append_new(plans, plan("00000000000000a1", "public.items", 1000));
    json_array_append_new(plans, plan("00000000000000ff", "public.other", 1e9)); /* nobody's */
    budget_measure_scans(measured, plans);
    verdict = budget_verdict(budget, measured);
    assert_int_equal(json_array_size(verdict), 1);
    assert_string_equal(rule_at(verdict, 0), "scans");
    assert_string_equal(json_string_value(json_object_get(json_array_get(verdict, 0), "what")),
                        "00000000000000a1 items by x reads public.items, about 1000 rows");
    json_decref(verdict);
    budget_accept(budget, measured);
    char *text = text_of(budget);
    assert_non_null(strstr(text, "[GET /a]\nqueries = 0\nrepeats = 1\nerrors = 0\nscans = 1\n"));
    assert_non_null(strstr(text, "[GET /b]\nscans = 1\nscan_rows = 50\n"));
    free(text);
    json_decref(plans);
    json_decref(measured);
    /* A run that knows no plans leaves what is allowed as it is. */
    measured = json_object();
    measure(measured, "{\"route\":\"GET /a\",\"status\":200,\"statements\":[]}");
    budget_accept(budget, measured);
    json_t *kept = json_object_get(json_object_get(budget, "GET /a"), "scans");
    assert_int_equal(json_integer_value(kept), 1);
    json_decref(measured);
    measured = json_object();
    measure(measured, "{\"route\":\"GET /c\",\"status\":200,\"statements\":[]}");
    assert_false(budget_limits_scans(budget, measured));
    json_decref(measured);
    json_decref(budget);
}

/* Letters of several bytes in long names hide nothing, wherever the names are cut. */
static void
long_names_are_over_the_budget_too(void **state)
{
    json_t *budget = read_text("[GET /a]\nscans = 0\nstatement = 00000000000000b2\n");
    char name[200], line[500];
    for (size_t len = 90; len < 99; len++) {
        memset(name, 'x', sizeof(name));
        memcpy(name + len, "\xc3\xa4\xc3\xb6\xc3\xbc", 6);
        name[190] = '\0';
        json_t *measured = json_object(), *plans = json_array();
        snprintf(line, sizeof(line),
                 "{\"route\":\"GET /a\",\"status\":200,\"statements\":["
                 "{\"fingerprint\":\"00000000000000a1\",\"short\":\"%s\"}]}",
                 name);
        measure(measured, line);
        json_array_append_new(plans, plan("00000000000000a1", name, 5000));
        budget_measure_scans(measured, plans);
        json_t *verdict = budget_verdict(budget, measured);
        assert_int_equal(json_array_size(verdict), 2);
        assert_string_equal(rule_at(verdict, 0), "scans");
        assert_string_equal(rule_at(verdict, 1), "statement");
        json_decref(verdict);
        json_decref(plans);
        json_decref(measured);
    }
    json_decref(budget);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(what_goes_beyond_is_found),
        cmocka_unit_test(large_tables_that_are_read_whole_are_counted),
        cmocka_unit_test(long_names_are_over_the_budget_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
