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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(what_goes_beyond_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
