/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/postmortem.h"

#include <math.h>
#include <string.h>

#include "cli/document.h"
#include "cli/text.h"

static const char *
time_of(const json_t *object, const char *key)
{
    return document_text(object, key, "–");
}

/* Table cells may hold statements: a bar inside would end the cell. */
static void
print_cell(FILE *out, const char *s)
{
    fputs("| ", out);
    for (; *s != '\0'; s++) {
        if (*s == '|') {
            fputc('\\', out);
        }
        fputc(*s == '\n' ? ' ' : *s, out);
    }
    fputc(' ', out);
}

static void
print_cell_ms(FILE *out, double ms, int sign)
{
    fprintf(out, "| %s ", isnan(ms) ? "–" : text_ms(ms, sign).s);
}

/* "338.0 ± 12.1": with half of the 95 % interval, where that is known. */
static void
print_cell_sure(FILE *out, const json_t *row, const char *name, int sign)
{
    char key[64];
    snprintf(key, sizeof(key), "%s_ms", name);
    double ms = document_number(row, key, NAN);
    snprintf(key, sizeof(key), "%s_error_ms", name);
    double error = document_number(row, key, NAN);
    fprintf(out, "| %s ", text_sure(ms, error, sign).s);
}

static void
print_summary(FILE *out, const json_t *incident)
{
    const json_t *deploy = json_object_get(incident, "deploy");
    const json_t *causes = json_object_get(incident, "causes");
    size_t i;
    const json_t *cause;
    fprintf(out, "# Postmortem: %s\n\n## Summary\n\n",
            document_text(incident, "headline", document_text(incident, "subject", "?")));
    fprintf(out, "From %s, `%s` took %s ms a request on average instead of %s ms. ",
            time_of(incident, "onset_at"), document_text(incident, "subject", "?"),
            text_ms(document_number(incident, "measured_now_ms", 0), 0).s,
            text_ms(document_number(incident, "measured_before_ms", 0), 0).s);
    if (json_is_object(deploy)) {
        char chance[64];
        document_deploy_chance(deploy, chance);
        fprintf(out, "It began with deploy `%s` (%s, %s%s%s). ", document_text(deploy, "name", "?"),
                document_text(deploy, "basis", "marked"), time_of(deploy, "at"),
                chance[0] == '\0' ? "" : "; ", chance);
    } else {
        fputs("No deploy was found that it began with. ", out);
    }
    double explained = document_number(incident, "explained", NAN);
    if (json_array_size(causes) == 0) {
        fputs("No cause could be told", out);
    } else if (json_is_true(json_object_get(incident, "cannot_tell"))) {
        fprintf(out,
                "What caused it cannot be told: what was found explains %.0f %% of the change: ",
                100 * explained);
    } else {
        fputs(json_array_size(causes) > 1 ? "Together caused by " : "Caused by ", out);
    }
    json_array_foreach(causes, i, cause)
    {
        fprintf(out, "%s%s (%s)",
                i == 0                             ? ""
                : i + 1 == json_array_size(causes) ? " and "
                                                   : ", ",
                document_text(cause, "kind", "?"), document_text(cause, "short", "?"));
    }
    const char *basis = document_route_basis(incident);
    fprintf(out, ".\n\nState: %s.%s%s%s\n\n", document_text(incident, "state", "?"),
            basis[0] == '\0' ? "" : " ", basis, basis[0] == '\0' ? "" : ".");
}

static void
print_impact(FILE *out, const json_t *incident)
{
    static const char *const rows[][2] = {
        {"mean", "mean_ms"}, {"p50", "p50_ms"}, {"p95", "p95_ms"}};
    const json_t *latency = json_object_get(incident, "latency");
    const json_t *before = json_object_get(latency, "before");
    const json_t *now = json_object_get(latency, "now");
    const json_t *load = json_object_get(incident, "database_load");
    size_t i;
    const json_t *victim;
    const json_t *after = json_object_get(latency, "after");
    fputs("## Impact\n\n| latency, ms | before | while it lasted | after |\n|---|---|---|---|\n",
          out);
    for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
        print_cell(out, rows[k][0]);
        print_cell_ms(out, document_number(before, rows[k][1], NAN), 0);
        print_cell_ms(out, document_number(now, rows[k][1], NAN), 0);
        print_cell_ms(out, document_number(after, rows[k][1], NAN), 0);
        fputs("|\n", out);
    }
    fprintf(out,
            "\nDatabase load (average queries in progress): %.1f before, %.1f while it lasted.\n",
            document_number(load, "before", 0), document_number(load, "now", 0));
    const json_t *errors = json_object_get(incident, "errors");
    fprintf(out, "Failed requests: %s.\n", text_count(document_number(errors, "now", 0)).s);
    if (json_array_size(json_object_get(incident, "victims")) > 0) {
        fputs("\nOnly waited because of it:\n\n", out);
    }
    json_array_foreach(json_object_get(incident, "victims"), i, victim)
    {
        fprintf(out, "- `%s`: +%s ms\n", document_text(victim, "subject", "?"),
                text_ms(document_number(victim, "change_ms", 0), 0).s);
    }
    fputc('\n', out);
}

static void
print_changes(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *change;
    fprintf(out, "## What changed\n\nMean ms per %s; ± is half of the 95 %% interval.\n\n",
            document_text(incident, "figures_per", "request"));
    fputs("| what | before | now | change |\n|---|---|---|---|\n", out);
    json_array_foreach(json_object_get(incident, "changes"), i, change)
    {
        print_cell(out, document_text(change, "what", "?"));
        bool is_new = strcmp(document_text(change, "kind", ""), "new-query") == 0;
        print_cell_sure(out, is_new ? NULL : change, "before", 0);
        print_cell_sure(out, change, "now", 0);
        print_cell_sure(out, change, "change", 1);
        fputs("|\n", out);
    }
    print_cell(out, "unexplained");
    fputs("| | ", out);
    print_cell_sure(out, incident, "unexplained", 1);
    fputs("|\n| **measured** ", out);
    print_cell_sure(out, incident, "measured_before", 0);
    print_cell_sure(out, incident, "measured_now", 0);
    print_cell_sure(out, incident, "measured_change", 1);
    fputs("|\n\n", out);
}

static void
print_timeline(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *entry;
    fputs("## Timeline (UTC)\n\n", out);
    json_array_foreach(json_object_get(incident, "timeline"), i, entry)
    {
        fprintf(out, "- %s  **%s** %s\n", time_of(entry, "at"), document_text(entry, "kind", "?"),
                document_text(entry, "text", ""));
    }
    fputc('\n', out);
}

static void
print_causes(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *cause, *test;
    const json_t *tests = json_object_get(incident, "ruled_out");
    fputs("## Causes\n\n", out);
    json_array_foreach(json_object_get(incident, "causes"), i, cause)
    {
        fprintf(out, "%.0f. **%s**, %s", document_number(cause, "rank", 0),
                document_text(cause, "kind", "?"), document_text(cause, "evidence", "?"));
        const char *basis = document_text(cause, "basis", "");
        fprintf(out,
                "%s%s: %s. Removing it alone saves %s ms a request.\n\n   ```sql\n   %s\n"
                "   ```\n\n",
                basis[0] != '\0' ? " by " : "", basis, document_text(cause, "detail", ""),
                text_ms(document_number(cause, "saving_ms", 0), 0).s,
                document_text(cause, "statement", "?"));
        const char *advice = document_text(cause, "advice", "");
        if (advice[0] != '\0') {
            fprintf(out, "   To do: %s.\n\n", advice);
        }
    }
    if (json_array_size(tests) > 0) {
        fputs("Tested and not the cause: ", out);
    }
    json_array_foreach(tests, i, test)
    {
        fprintf(out, "%s%s (%s)", i > 0 ? ", " : "", document_text(test, "test", "?"),
                document_text(test, "figure", "?"));
    }
    fputs("\n\n", out);
}

/* Which pairs of fixes save clearly less, or more, together than the sum of what each saves alone.
 */
static void
print_interactions(FILE *out, const json_t *incident)
{
    size_t i, k;
    const json_t *row, *id;
    json_array_foreach(json_object_get(incident, "together"), i, row)
    {
        const json_t *ids = json_object_get(row, "actions");
        double ms = document_number(row, "interaction_ms", 0);
        if (!json_is_true(json_object_get(row, "interacts")) || json_array_size(ids) != 2) {
            continue;
        }
        fputs("Fixes", out);
        json_array_foreach(ids, k, id)
        {
            fprintf(out, "%s %s", k > 0 ? " and" : "", json_string_value(id));
        }
        fprintf(out, " interact: together they save %s ms %s than their sum.\n",
                text_ms(fabs(ms), 0).s, ms < 0 ? "less" : "more");
    }
}

static void
print_fixes(FILE *out, const json_t *incident)
{
    size_t i;
    bool has_fix = false;
    const json_t *action;
    fputs("## Fixes\n\n| action | predicted alone, ms | as it landed | measured | landed "
          "at |\n"
          "|---|---|---|---|---|\n",
          out);
    json_array_foreach(json_object_get(incident, "actions"), i, action)
    {
        has_fix = has_fix || strcmp(document_text(action, "kind", ""), "roll-back") != 0;
        print_cell(out, document_text(action, "text", "?"));
        print_cell_sure(out, action, "saving_alone", 0);
        print_cell_sure(out, action, "predicted", 0);
        print_cell_sure(out, action, "measured", 0);
        print_cell(out, time_of(action, "landed_at"));
        fputs("|\n", out);
    }
    double error = document_number(incident, "saving_together_error_ms", NAN);
    if (!has_fix) {
        return; /* but to roll back */
    }
    fprintf(out, "\nAll fixes together were predicted to save %s ms a request.\n",
            text_sure(document_number(incident, "saving_together_ms", 0), error, 0).s);
    print_interactions(out, incident);
}

/* The most executions of one statement in a request, before and now, and which grew most. */
static double
repeats_of(const json_t *incident, double *ret_now, const char **ret_what)
{
    size_t i;
    const json_t *change;
    double before = 1;
    *ret_now = 0;
    json_array_foreach(json_object_get(incident, "changes"), i, change)
    {
        if (!json_is_string(json_object_get(change, "fingerprint"))) {
            continue;
        }
        double now = ceil(document_number(change, "calls_now", 0));
        before = fmax(before, ceil(document_number(change, "calls_before", 0)));
        if (now > *ret_now) {
            *ret_now = now;
            *ret_what = document_text(change, "what", "?");
        }
    }
    return before;
}

static bool
has_cause(const json_t *incident, const char *kind)
{
    size_t i;
    const json_t *cause;
    json_array_foreach(json_object_get(incident, "causes"), i, cause)
    {
        if (strcmp(document_text(cause, "kind", ""), kind) == 0) {
            return true;
        }
    }
    return false;
}

/* What `slowburn check` would have to be told to stop this before it is deployed. */
static void
print_guard(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *change;
    double now;
    const char *what = "";
    double before = repeats_of(incident, &now, &what);
    const char *opened = document_text(incident, "opened_at", "");
    int year = 0, used = 0;
    fputs("\n## Guard\n\n", out);
    bool repeats = now > before, scans = has_cause(incident, "missing-index");
    bool any = repeats || scans;
    if (any) {
        fprintf(out,
                "These lines in the budget of `slowburn check` would have caught it: %s%s%s.\n\n",
                repeats ? what : "", repeats && scans ? "; " : "",
                scans ? "a table that is read whole" : "");
        fprintf(out, "```\n[%s]\n", document_text(incident, "subject", "?"));
        if (repeats) {
            fprintf(out, "repeats = %.0f\n", before);
        }
        fputs(scans ? "scans = 0\nowner = \n" : "owner = \n", out);
        if (sscanf(opened, "%4d%n", &year, &used) == 1 && used == 4 && strlen(opened) >= 10) {
            fprintf(out, "expires = %d%.6s\n", year + 1, opened + 4);
        }
        fputs("```\n", out);
    }
    json_array_foreach(json_object_get(incident, "changes"), i, change)
    {
        if (strcmp(document_text(change, "kind", ""), "new-query") == 0) {
            fprintf(out,
                    "%sA budget that lists the route's statements would have named %s as new.\n",
                    any ? "\n" : "", document_text(change, "fingerprint", "?"));
            any = true;
        }
    }
    if (!any) {
        fputs("No count would have caught it: the same queries ran, and took longer.\n", out);
    }
}

void
postmortem_print(FILE *out, const json_t *incident)
{
    print_summary(out, incident);
    print_impact(out, incident);
    print_changes(out, incident);
    print_timeline(out, incident);
    print_causes(out, incident);
    print_fixes(out, incident);
    print_guard(out, incident);
}
