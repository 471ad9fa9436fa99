/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "cli/document.h"
#include "model/json_text.h"

static const char *const counts[] = {"queries", "repeats", "errors", "scans", "scan_rows"};
#define MEASURED_COUNTS 3 /* the others are of the plans */
static const char *const notes[] = {"owner", "expires"};

static bool
is_one_of(struct slice key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(key, slice_from_str(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool
is_fingerprint(struct slice s)
{
    bool good = s.len == 16;
    for (size_t i = 0; good && i < s.len; i++) {
        good = slice_hex_digit(s.ptr[i]) >= 0;
    }
    return good;
}

/* "key = value" of a route. NULL, or what is wrong with it. */
static const char *
read_member(json_t *route, struct slice line)
{
    size_t at = slice_find(line, '=');
    struct slice key = slice_trim(slice_sub(line, 0, at));
    struct slice value = slice_trim(slice_sub(line, at + 1, line.len));
    char name[32];
    uint64_t number;
    if (at == line.len) {
        return "a line is [ROUTE], KEY = VALUE or # a remark";
    }
    slice_to_str(key, name, sizeof(name));
    if (is_one_of(key, counts, ARRAY_LEN(counts))) {
        if (slice_to_u64(value, &number) < 0 || number > 1000000000) {
            return "this wants a number";
        }
        json_object_set_new(route, name, json_integer((json_int_t)number));
    } else if (is_one_of(key, notes, ARRAY_LEN(notes))) {
        json_object_set_new(route, name, json_text(value));
    } else if (slice_eq(key, SLICE_LIT("statement"))) {
        size_t blank = slice_find(value, ' ');
        char hex[17];
        if (!is_fingerprint(slice_sub(value, 0, blank))) {
            return "a statement begins with its fingerprint, 16 hexadecimal digits";
        }
        slice_to_str(slice_sub(value, 0, blank), hex, sizeof(hex));
        json_object_set_new(json_object_get(route, "statements"), hex,
                            json_text(slice_trim(slice_sub(value, blank, value.len))));
    } else {
        return "the keys are queries, repeats, errors, scans, scan_rows, statement, owner and "
               "expires";
    }
    return NULL;
}

static const char *
read_line(json_t *budget, json_t **route, struct slice line, unsigned number)
{
    if (line.len == 0 || line.ptr[0] == '#') {
        return NULL;
    }
    if (line.ptr[0] != '[') {
        return *route == NULL ? "a route comes first, as [GET /path]" : read_member(*route, line);
    }
    if (line.len < 3 || line.ptr[line.len - 1] != ']') {
        return "a route stands in brackets, as [GET /path]";
    }
    if (json_object_size(budget) == BUDGET_ROUTES_MAX) {
        return "these are too many routes";
    }
    char name[BUDGET_LINE_MAX];
    slice_to_str(slice_sub(line, 1, line.len - 2), name, sizeof(name));
    if (json_object_get(budget, name) != NULL) {
        return "this route was there before";
    }
    *route = json_pack("{s:{}, s:i}", "statements", "line", (int)number);
    if (*route == NULL || json_object_set_new(budget, name, *route) != 0) {
        return "this is not UTF-8";
    }
    return NULL;
}

json_t *
budget_read(const char *verb, const char *path)
{
    char line[BUDGET_LINE_MAX];
    FILE *f = fopen(path, "re");
    json_t *budget = json_object();
    json_t *route = NULL;
    unsigned number = 0;
    const char *wrong = NULL;
    if (f == NULL) {
        fprintf(stderr, "slowburn %s: %s: %s; --update makes one\n", verb, path, strerror(errno));
        json_decref(budget);
        return NULL;
    }
    while (wrong == NULL && fgets(line, sizeof(line), f) != NULL) {
        number++;
        wrong = strlen(line) == sizeof(line) - 1
                    ? "this line is too long"
                    : read_line(budget, &route, slice_trim(slice_from_str(line)), number);
    }
    fclose(f);
    if (wrong != NULL) {
        fprintf(stderr, "slowburn %s: %s:%u: %s\n", verb, path, number, wrong);
        json_decref(budget);
        return NULL;
    }
    return budget;
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
budget_sorted_keys(const json_t *object, size_t *ret_count)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    const char **keys = check_alloc(json_object_size(object) + 1, sizeof(*keys));
    json_object_foreach((json_t *)object, key, value)
    {
        keys[n++] = key;
    }
    qsort(keys, n, sizeof(*keys), compare_texts);
    *ret_count = n;
    return keys;
}

static void
print_route(FILE *out, const char *name, const json_t *route)
{
    fprintf(out, "\n[%s]\n", name);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const json_t *n = json_object_get(route, counts[i]);
        if (n != NULL) {
            fprintf(out, "%s = %.0f\n", counts[i], json_number_value(n));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        const char *text = document_text(route, notes[i], "");
        if (text[0] != '\0') {
            fprintf(out, "%s = %s\n", notes[i], text);
        }
    }
    size_t count;
    const json_t *statements = json_object_get(route, "statements");
    const char **keys = budget_sorted_keys(statements, &count);
    for (size_t i = 0; i < count; i++) {
        const char *words = document_text(statements, keys[i], "");
        fprintf(out, "statement = %s%s%s\n", keys[i], words[0] != '\0' ? " " : "", words);
    }
    free(keys);
}

void
budget_print(FILE *out, const json_t *budget)
{
    size_t count;
    const char **keys = budget_sorted_keys(budget, &count);
    fputs(
        "# What each route may do; slowburn check holds it. `slowburn check --update` writes this\n"
        "# file: review the difference as you review code. Counts are the most in one request,\n"
        "# errors the sum over all requests, scans statements that read a large table whole.\n",
        out);
    for (size_t i = 0; i < count; i++) {
        print_route(out, keys[i], json_object_get(budget, keys[i]));
    }
    free(keys);
}

/* ---- what was measured ---- */

static void
raise_to(json_t *o, const char *key, double n)
{
    if (json_object_get(o, key) == NULL || document_number(o, key, 0) < n) {
        json_object_set_new(o, key, json_integer((json_int_t)n));
    }
}

static void
add_to(json_t *o, const char *key, double n)
{
    json_object_set_new(o, key, json_integer((json_int_t)(document_number(o, key, 0) + n)));
}

/* One statement may be several rows; the most executions of one are the request's repeats. */
static void
add_statements(json_t *route, const json_t *rows)
{
    size_t i;
    const json_t *row;
    json_t *calls = json_object();
    json_array_foreach(rows, i, row)
    {
        const char *hex = document_text(row, "fingerprint", "?");
        add_to(calls, hex, document_number(row, "calls", 1));
        json_object_set_new(json_object_get(route, "statements"), hex,
                            json_string(document_text(row, "short", "")));
        double n = document_number(calls, hex, 0);
        if (n > document_number(route, "repeats", 0)) {
            json_object_set_new(route, "repeated", json_string(document_text(row, "short", hex)));
        }
        raise_to(route, "repeats", n);
    }
    json_decref(calls);
}

void
budget_measure(json_t *measured, const json_t *request)
{
    const char *name = document_text(request, "route", "?");
    bool is_request = json_is_integer(json_object_get(request, "status"));
    if (!is_request && strcmp(document_text(request, "route_basis", ""), "queries") == 0) {
        return; /* work that no request was seen for, and that nobody named */
    }
    json_t *route = json_object_get(measured, name);
    if (route == NULL) {
        route = json_pack("{s:{}, s:i, s:i, s:i, s:i, s:i}", "statements", "requests", 0, "queries",
                          0, "repeats", 0, "errors", 0, "untied", 0);
        if (json_object_size(measured) == BUDGET_ROUTES_MAX ||
            json_object_set_new(measured, name, route) != 0) {
            return;
        }
    }
    bool failed = json_is_true(json_object_get(request, "failed"));
    bool untied = json_is_true(json_object_get(request, "partial")) ||
                  document_number(request, "unlinked_sessions", 0) > 0;
    add_to(route, "requests", 1);
    add_to(route, "errors", document_number(request, "errors", 0) + (failed ? 1 : 0));
    add_to(route, "untied", untied ? 1 : 0);
    raise_to(route, "queries", document_number(request, "queries", 0));
    add_statements(route, json_object_get(request, "statements"));
}

/* Every route that ran the statement; of several tables the largest counts. */
static void
add_scanned(json_t *measured, const char *hex, const json_t *scans)
{
    const char *name;
    json_t *route;
    size_t i;
    json_t *scan, *largest = NULL;
    json_array_foreach(scans, i, scan)
    {
        if (largest == NULL ||
            document_number(scan, "rows", 0) > document_number(largest, "rows", 0)) {
            largest = scan;
        }
    }
    json_object_foreach(measured, name, route)
    {
        json_t *scanned = json_object_get(route, "scanned");
        if (json_object_get(json_object_get(route, "statements"), hex) == NULL) {
            continue;
        }
        double known = document_number(json_object_get(scanned, hex), "rows", -1);
        if (largest != NULL && document_number(largest, "rows", 0) > known) {
            json_object_set(scanned, hex, largest);
        }
    }
}

void
budget_measure_scans(json_t *measured, const json_t *statements)
{
    const char *name;
    json_t *route;
    size_t i;
    const json_t *one;
    json_object_foreach(measured, name, route)
    {
        json_object_set_new(route, "scanned", json_object());
    }
    json_array_foreach(statements, i, one)
    {
        add_scanned(measured, document_text(one, "fingerprint", ""), json_object_get(one, "scans"));
    }
}

bool
budget_limits_scans(const json_t *budget, const json_t *measured)
{
    const char *name;
    const json_t *route;
    json_object_foreach((json_t *)measured, name, route)
    {
        if (json_object_get(json_object_get(budget, name), "scans") != NULL) {
            return true;
        }
    }
    return false;
}

/* How many of its statements read a table of that many rows, in order of their fingerprints, and
 * the first of them in words (ret_what: NULL: not asked; the caller's). */
static double
scans_of(const json_t *seen, double rows_min, json_t **ret_what)
{
    size_t count;
    double scans = 0;
    const json_t *scanned = json_object_get(seen, "scanned");
    const char **keys = budget_sorted_keys(scanned, &count);
    for (size_t i = 0; i < count; i++) {
        const json_t *scan = json_object_get(scanned, keys[i]);
        double rows = document_number(scan, "rows", 0);
        if (rows < rows_min) {
            continue;
        }
        scans++;
        if (scans == 1 && ret_what != NULL) {
            *ret_what =
                json_sprintf("%s %s reads %s, about %.0f rows", keys[i],
                             document_text(json_object_get(seen, "statements"), keys[i], ""),
                             document_text(scan, "table", "?"), rows);
        }
    }
    free(keys);
    return scans;
}

/* ---- the two beside each other ---- */

/* what: taken. */
static void
find(json_t *list, const char *route, const json_t *of, const char *rule, double allowed,
     double seen, json_t *what)
{
    json_t *o =
        json_pack("{s:s, s:s, s:f, s:f, s:o, s:f}", "route", route, "rule", rule, "allowed",
                  allowed, "seen", seen, "what", what, "line", document_number(of, "line", 1));
    json_array_append_new(list, o);
}

static void
check_route(json_t *list, const char *name, const json_t *route, const json_t *seen)
{
    for (size_t i = 0; i < MEASURED_COUNTS; i++) {
        double allowed = document_number(route, counts[i], -1); /* no line: no limit */
        double n = document_number(seen, counts[i], 0);
        if (allowed >= 0 && n > allowed) {
            const char *what =
                strcmp(counts[i], "repeats") == 0 ? document_text(seen, "repeated", "") : "";
            find(list, name, route, counts[i], allowed, n, json_string(what));
        }
    }
    json_t *scan = NULL;
    double scans_max = document_number(route, "scans", -1);
    double scans = scans_of(seen, document_number(route, "scan_rows", BUDGET_SCAN_ROWS), &scan);
    if (scans_max >= 0 && scans > scans_max) {
        find(list, name, route, "scans", scans_max, scans, json_incref(scan));
    }
    json_decref(scan);
    const json_t *known = json_object_get(route, "statements");
    const json_t *run = json_object_get(seen, "statements");
    size_t count;
    const char **keys = budget_sorted_keys(run, &count);
    for (size_t i = 0; i < count && json_object_size(known) > 0; i++) {
        if (json_object_get(known, keys[i]) == NULL) {
            find(list, name, route, "statement", 0, 1,
                 json_sprintf("%s %s", keys[i], document_text(run, keys[i], "")));
        }
    }
    free(keys);
}

json_t *
budget_verdict(const json_t *budget, const json_t *measured)
{
    json_t *list = json_array();
    size_t count;
    const char **keys = budget_sorted_keys(measured, &count);
    for (size_t i = 0; i < count; i++) {
        const json_t *seen = json_object_get(measured, keys[i]);
        const json_t *route = json_object_get(budget, keys[i]);
        if (route == NULL) {
            find(list, keys[i], NULL, "route", 0, document_number(seen, "requests", 0),
                 json_string(""));
        } else {
            check_route(list, keys[i], route, seen);
        }
    }
    free(keys);
    return list;
}

void
budget_accept(json_t *budget, const json_t *measured)
{
    const char *name;
    json_t *seen;
    json_object_foreach((json_t *)measured, name, seen)
    {
        const json_t *old = json_object_get(budget, name);
        json_t *route = json_object();
        for (size_t i = 0; i < MEASURED_COUNTS; i++) {
            json_object_set(route, counts[i], json_object_get(seen, counts[i]));
        }
        json_object_set(route, "scan_rows", json_object_get(old, "scan_rows"));
        if (json_object_get(seen, "scanned") != NULL) {
            double rows_min = document_number(old, "scan_rows", BUDGET_SCAN_ROWS);
            json_object_set_new(route, "scans",
                                json_integer((json_int_t)scans_of(seen, rows_min, NULL)));
        } else { /* nobody could tell: what was allowed stays */
            json_object_set(route, "scans", json_object_get(old, "scans"));
        }
        for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
            json_object_set(route, notes[i], json_object_get(old, notes[i]));
        }
        json_object_set(route, "statements", json_object_get(seen, "statements"));
        json_object_set_new(budget, name, route);
    }
}
