/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/budget_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/uri.h"
#include "cli/budget.h"
#include "cli/document.h"
#include "cli/text.h"
#include "model/json_text.h"

/* "24 queries in a request, 4 allowed", in the words of every form. */
static void
say(const json_t *finding, char *dst, size_t size)
{
    const char *rule = document_text(finding, "rule", "");
    const char *what = document_text(finding, "what", "");
    double seen = document_number(finding, "seen", 0);
    double allowed = document_number(finding, "allowed", 0);
    if (strcmp(rule, "queries") == 0) {
        snprintf(dst, size, "%.0f queries in a request, budget %.0f", seen, allowed);
    } else if (strcmp(rule, "repeats") == 0) {
        snprintf(dst, size, "one statement %.0f times in a request, budget %.0f: %s", seen, allowed,
                 what);
    } else if (strcmp(rule, "errors") == 0) {
        snprintf(dst, size, "%.0f errors, budget %.0f", seen, allowed);
    } else if (strcmp(rule, "scans") == 0) {
        snprintf(dst, size, "statements that read a large table whole: %.0f, budget %.0f: %s", seen,
                 allowed, what);
    } else if (strcmp(rule, "statement") == 0) {
        snprintf(dst, size, "new statement: %s", what);
    } else {
        snprintf(dst, size, "a route without a budget, %.0f requests", seen);
    }
}

static unsigned
findings_of(const struct budget_report *r, const char *route)
{
    size_t i;
    const json_t *finding;
    unsigned n = 0;
    json_array_foreach(r->verdict, i, finding)
    {
        n += strcmp(document_text(finding, "route", ""), route) == 0;
    }
    return n;
}

/* Calls print for each finding of the route. */
static void
each_finding(FILE *out, const struct budget_report *r, const char *route,
             void (*print)(FILE *out, const json_t *finding, const char *said))
{
    size_t i;
    const json_t *finding;
    char said[600];
    json_array_foreach(r->verdict, i, finding)
    {
        if (strcmp(document_text(finding, "route", ""), route) == 0) {
            say(finding, said, sizeof(said));
            print(out, finding, said);
        }
    }
}

static void
print_text_finding(FILE *out, const json_t *finding, const char *said)
{
    fprintf(out, "        %s\n", said);
}

static void
print_text(FILE *out, const struct budget_report *r)
{
    size_t count;
    const char **routes = budget_sorted_keys(r->measured, &count);
    for (size_t i = 0; i < count; i++) {
        const json_t *seen = json_object_get(r->measured, routes[i]);
        bool is_over = findings_of(r, routes[i]) > 0;
        fprintf(out, "  %s  ", is_over ? "OVER" : "ok  ");
        text_put_left(out, routes[i], 44);
        fprintf(out, " %4.0f requests, at most %.0f queries\n",
                document_number(seen, "requests", 0), document_number(seen, "queries", 0));
        each_finding(out, r, routes[i], print_text_finding);
    }
    free(routes);
    routes = budget_sorted_keys(r->budget, &count);
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(r->measured, routes[i]) == NULL) {
            fprintf(out, "  -     %s: no request\n", routes[i]);
        }
    }
    free(routes);
    if (r->doubt[0] != '\0') {
        fprintf(out, "Inconclusive: %s.\n", r->doubt);
    }
    if (r->unchecked[0] != '\0') {
        fprintf(out, "Table scans: not checked: %s.\n", r->unchecked);
    }
    size_t n = json_array_size(r->verdict);
    if (n > 0) {
        fprintf(out, "%zu over the budget %s; with --update it is accepted.\n", n, r->path);
    } else if (r->doubt[0] == '\0') {
        fprintf(out, "All within the budget %s.\n", r->path);
    }
}

static void
print_markdown_finding(FILE *out, const json_t *finding, const char *said)
{
    fputs("| `", out);
    for (const char *c = document_text(finding, "route", "?"); *c != '\0'; c++) {
        fputs(*c == '|' ? "\\|" : (char[]){*c, '\0'}, out);
    }
    fputs("` | ", out);
    for (const char *c = said; *c != '\0'; c++) {
        fputs(*c == '|' ? "\\|" : (char[]){*c, '\0'}, out);
    }
    fputs(" |\n", out);
}

static void
print_markdown(FILE *out, const struct budget_report *r)
{
    size_t n = json_array_size(r->verdict);
    fprintf(out, "### slowburn check: %s\n\n",
            n > 0                 ? "over the budget"
            : r->doubt[0] != '\0' ? "inconclusive"
                                  : "within the budget");
    if (r->doubt[0] != '\0') {
        fprintf(out, "Inconclusive: %s.\n\n", r->doubt);
    }
    if (n > 0) {
        fputs("| route | |\n|---|---|\n", out);
    }
    size_t count;
    const char **routes = budget_sorted_keys(r->measured, &count);
    for (size_t i = 0; i < count; i++) {
        each_finding(out, r, routes[i], print_markdown_finding);
    }
    free(routes);
    fprintf(out, "\n%zu routes with requests.\n", count);
    if (r->unchecked[0] != '\0') {
        fprintf(out, "\nTable scans: not checked: %s.\n", r->unchecked);
    }
}

static void
put_xml(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void
print_junit_finding(FILE *out, const json_t *finding, const char *said)
{
    fprintf(out, "%s: ", document_text(finding, "rule", ""));
    put_xml(out, said);
    fputc('\n', out);
}

/* One failure for all that a route is over with: readers look at no second one. */
static void
print_junit_case(FILE *out, const struct budget_report *r, const char *route)
{
    unsigned count = findings_of(r, route);
    fputs("  <testcase classname=\"slowburn\" name=\"", out);
    put_xml(out, route);
    fputs("\" time=\"0\">\n", out);
    if (count > 0) {
        fprintf(out, "    <failure type=\"budget\" message=\"%u over the budget\">", count);
        each_finding(out, r, route, print_junit_finding);
        fputs("</failure>\n", out);
    }
    fputs("  </testcase>\n", out);
}

static void
print_junit(FILE *out, const struct budget_report *r)
{
    size_t count;
    unsigned failed = 0;
    const char **routes = budget_sorted_keys(r->measured, &count);
    for (size_t i = 0; i < count; i++) {
        failed += findings_of(r, routes[i]) > 0;
    }
    bool doubt = r->doubt[0] != '\0';
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites>\n<testsuite name=\"slowburn check\" tests=\"%zu\" failures=\"%u\""
            " errors=\"%d\" time=\"0\">\n",
            count + doubt, failed, doubt);
    for (size_t i = 0; i < count; i++) {
        print_junit_case(out, r, routes[i]);
    }
    free(routes);
    if (doubt) {
        fputs("  <testcase classname=\"slowburn\" name=\"conclusive\" time=\"0\">\n    <error "
              "type=\"inconclusive\" message=\"",
              out);
        put_xml(out, r->doubt);
        fputs("\"/>\n  </testcase>\n", out);
    }
    fputs("</testsuite>\n</testsuites>\n", out);
}

static json_t *
sarif_rules(void)
{
    static const char *const rules[][2] = {
        {"queries", "A request runs more queries than its route's budget allows"},
        {"repeats", "A request runs one statement more often than its route's budget allows"},
        {"errors", "More requests or queries failed than the route's budget allows"},
        {"scans", "More statements read a large table whole than the route's budget allows"},
        {"statement", "A statement that the route's budget does not know"},
        {"route", "A route that has no budget"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        json_array_append_new(list, json_pack("{s:s, s:{s:s}}", "id", rules[i][0],
                                              "shortDescription", "text", rules[i][1]));
    }
    return list;
}

/* What keeps the run from being conclusive is no result, and no silence either. */
static json_t *
sarif_invocation(const struct budget_report *r)
{
    json_t *notes = json_array();
    bool doubt = r->doubt[0] != '\0';
    if (doubt) {
        json_array_append_new(
            notes, json_pack("{s:s, s:{s:s}}", "level", "warning", "message", "text", r->doubt));
    }
    return json_pack("{s:b, s:o}", "executionSuccessful", !doubt, "toolExecutionNotifications",
                     notes);
}

static void
print_sarif(FILE *out, const struct budget_report *r)
{
    size_t i;
    const json_t *finding;
    char said[600], text[1200], uri[4096];
    json_t *results = json_array();
    (void)uri_path(r->path, uri, sizeof(uri));
    json_array_foreach(r->verdict, i, finding)
    {
        say(finding, said, sizeof(said));
        snprintf(text, sizeof(text), "%s: %s", document_text(finding, "route", "?"), said);
        json_array_append_new(
            results, json_pack("{s:s, s:s, s:{s:o}, s:[{s:{s:{s:s}, s:{s:i}}}]}", "ruleId",
                               document_text(finding, "rule", ""), "level", "error", "message",
                               "text", json_text(slice_from_str(text)), "locations",
                               "physicalLocation", "artifactLocation", "uri", uri, "region",
                               "startLine", (int)document_number(finding, "line", 1)));
    }
    json_t *doc =
        json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[o], s:o}]}", "$schema",
                  "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                  "tool", "driver", "name", "slowburn", "version", SLOWBURN_VERSION, "rules",
                  sarif_rules(), "invocations", sarif_invocation(r), "results", results);
    json_dumpf(doc, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(doc);
}

/* As GitHub's workflow commands want it: %, line ends, and in a property , and : too. */
static void
put_github(FILE *out, const char *text, bool is_property)
{
    for (; *text != '\0'; text++) {
        bool special = *text == '%' || *text == '\r' || *text == '\n' ||
                       (is_property && (*text == ',' || *text == ':'));
        if (special) {
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
        } else {
            fputc(*text, out);
        }
    }
}

static void
print_github(FILE *out, const struct budget_report *r)
{
    size_t i;
    const json_t *finding;
    char said[600];
    json_array_foreach(r->verdict, i, finding)
    {
        say(finding, said, sizeof(said));
        fputs("::error file=", out);
        put_github(out, r->path, true);
        fprintf(out, ",line=%.0f,title=", document_number(finding, "line", 1));
        put_github(out, document_text(finding, "route", "?"), true);
        fputs("::", out);
        put_github(out, said, false);
        fputc('\n', out);
    }
    if (r->doubt[0] != '\0') {
        fputs("::warning title=slowburn check is inconclusive::", out);
        put_github(out, r->doubt, false);
        fputc('\n', out);
    }
}

budget_report_print *
budget_report_form(const char *name)
{
    static const struct {
        const char *name;
        budget_report_print *print;
    } forms[] = {{"text", print_text},
                 {"markdown", print_markdown},
                 {"junit", print_junit},
                 {"sarif", print_sarif},
                 {"github", print_github}};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return forms[i].print;
        }
    }
    return NULL;
}
