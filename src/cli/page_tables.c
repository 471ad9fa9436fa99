/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/page_tables.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "cli/document.h"
#include "cli/text.h"

enum {
    WHAT_WIDTH = 44,   /* "What changed": the name column */
    FIGURE_WIDTH = 10, /* a figure */
    SURE_WIDTH = 16,   /* and its error */
    ACTION_WIDTH = 64, /* "What helps": an action, where there is room */
    PAGE_SURE = 100,   /* from this width on there is room for errors in "What helps" */
};

size_t
page_column(size_t wanted, size_t right, size_t width)
{
    return width < wanted + right ? width - MIN(width, right) : wanted;
}

static void
print_figure(FILE *out, double ms, int sign, const char *absent)
{
    text_put_right(out, isnan(ms) ? absent : text_ms(ms, sign).s, FIGURE_WIDTH);
}

/* "+338.0 ± 12.1"; the error where it is known and there is room. */
static void
print_sure(FILE *out, double ms, double error, int sign, size_t width)
{
    text_put_right(out, text_sure(ms, width >= SURE_WIDTH ? error : NAN, sign).s, width);
}

static void
print_change_row(FILE *out, const char *what, const json_t *row, const char *prefix, bool is_new,
                 size_t width)
{
    char key[4][64];
    static const char *const names[] = {"before_ms", "now_ms", "change_ms", "change_error_ms"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(key[i], sizeof(key[i]), "%s%s", prefix, names[i]);
    }
    fputs("    ", out);
    text_put_left(out, what, WHAT_WIDTH - 2);
    print_figure(out, is_new ? NAN : document_number(row, key[0], NAN), 0, "–");
    print_figure(out, document_number(row, key[1], NAN), 0, "–");
    print_sure(out, document_number(row, key[2], NAN), document_number(row, key[3], NAN), 1, width);
    fputc('\n', out);
}

void
page_print_changes(FILE *out, const json_t *incident, size_t page_width)
{
    size_t i;
    const json_t *change;
    const json_t *changes = json_object_get(incident, "changes");
    size_t figures = 2 * FIGURE_WIDTH;
    size_t width = page_width < 2 + WHAT_WIDTH + figures + SURE_WIDTH ? FIGURE_WIDTH : SURE_WIDTH;
    if (json_array_size(changes) == 0) {
        return;
    }
    fputs("  ", out);
    bool per_call = strcmp(document_text(incident, "figures_per", ""), "call") == 0;
    text_put_left(out,
                  per_call ? "What changed, mean ms per call" : "What changed, mean ms per request",
                  WHAT_WIDTH);
    text_put_right(out, "before", FIGURE_WIDTH);
    text_put_right(out, "now", FIGURE_WIDTH);
    text_put_right(out, "change", width);
    fputc('\n', out);
    json_array_foreach(changes, i, change)
    {
        bool is_new = strcmp(document_text(change, "kind", ""), "new-query") == 0;
        print_change_row(out, document_text(change, "what", "?"), change, "", is_new, width);
    }
    fputs("    ", out);
    text_put_left(out, "unexplained", WHAT_WIDTH - 2 + figures);
    print_sure(out, document_number(incident, "unexplained_ms", NAN),
               document_number(incident, "unexplained_error_ms", NAN), 1, width);
    fputc('\n', out);
    print_change_row(out, "measured", incident, "measured_", false, width);
    fputc('\n', out);
}

static bool
any_measured(const json_t *actions)
{
    size_t i;
    const json_t *action;
    json_array_foreach(actions, i, action)
    {
        if (json_is_number(json_object_get(action, "measured_ms"))) {
            return true;
        }
    }
    return false;
}

static void
print_measured(FILE *out, const json_t *action, size_t width)
{
    double ms = document_number(action, "measured_ms", NAN);
    bool landed = strcmp(document_text(action, "state", ""), "landed") == 0;
    if (isnan(ms) && landed) {
        text_put_right(out, "…", width);
    } else {
        print_sure(out, ms, document_number(action, "measured_error_ms", NAN), 0, width);
    }
}

/* figure: how wide each is. */
static void
print_action(FILE *out, const json_t *action, bool measured, size_t width, size_t figure)
{
    char line[512];
    snprintf(line, sizeof(line), "  %s %s", document_text(action, "id", "-"),
             document_text(action, "text", "?"));
    if (text_width(line) > width) { /* the figures stand below it */
        fprintf(out, "%s\n", line);
        line[0] = '\0';
    }
    text_put_left(out, line, width);
    print_sure(out, document_number(action, "saving_alone_ms", NAN),
               document_number(action, "saving_alone_error_ms", NAN), 0, figure);
    if (measured) {
        print_sure(out, document_number(action, "predicted_ms", NAN),
                   document_number(action, "predicted_error_ms", NAN), 0, figure);
        print_measured(out, action, SURE_WIDTH);
    }
    fputc('\n', out);
    const char *note = document_text(action, "note", "");
    if (note[0] != '\0') {
        fprintf(out, "      %s\n", note);
    }
}

static void
print_saving(FILE *out, double ms, double error)
{
    fprintf(out, " %s", text_sure(ms, error, 0).s);
}

/* Together they save clearly less, or more, than the sum. */
static void
print_interaction(FILE *out, const json_t *row)
{
    double ms = document_number(row, "interaction_ms", 0);
    if (json_is_true(json_object_get(row, "interacts"))) {
        fprintf(out, " (they interact: %s %s than their sum)", text_ms(fabs(ms), 0).s,
                ms < 0 ? "less" : "more");
    }
}

static size_t
count_fixes(const json_t *incident)
{
    size_t i, fixes = 0;
    const json_t *action;
    json_array_foreach(json_object_get(incident, "actions"), i, action)
    {
        fixes += strcmp(document_text(action, "kind", ""), "roll-back") != 0;
    }
    return fixes;
}

/* "Together: a + b 255.6 ± 4.1 (they interact: 248.0 less than their sum) · all 265.9 ± 4.4" */
static void
print_together(FILE *out, const json_t *incident)
{
    size_t i, k;
    const json_t *row, *id;
    size_t fixes = count_fixes(incident);
    const char *sep = "  Together: ";
    if (fixes < 2) {
        return;
    }
    json_array_foreach(json_object_get(incident, "together"), i, row)
    {
        const json_t *ids = json_object_get(row, "actions");
        if (json_array_size(ids) >= fixes && fixes > 2) {
            continue; /* "all" */
        }
        fputs(sep, out);
        json_array_foreach(ids, k, id)
        {
            fprintf(out, "%s%s", k > 0 ? " + " : "", json_string_value(id));
        }
        print_saving(out, document_number(row, "saving_ms", 0),
                     document_number(row, "saving_error_ms", NAN));
        print_interaction(out, row);
        sep = " · ";
    }
    double all = document_number(incident, "saving_together_ms", NAN);
    if (!isnan(all) && (fixes > 2 || strcmp(sep, " · ") != 0)) {
        fprintf(out, "%sall", sep);
        print_saving(out, all, document_number(incident, "saving_together_error_ms", NAN));
        sep = " · ";
    }
    if (strcmp(sep, " · ") == 0) {
        fputc('\n', out);
    }
}

void
page_print_actions(FILE *out, const json_t *incident, size_t page_width)
{
    size_t i;
    const json_t *action;
    const json_t *actions = json_object_get(incident, "actions");
    if (json_array_size(actions) == 0) {
        return;
    }
    bool measured = any_measured(actions) || strcmp(document_text(incident, "state", ""), "open");
    size_t figure = page_width < PAGE_SURE ? FIGURE_WIDTH : SURE_WIDTH;
    size_t figures = figure + (measured ? figure + SURE_WIDTH : 0);
    size_t width = page_column(ACTION_WIDTH, figures, page_width);
    fputs("  ", out);
    text_put_left(out, "What helps, mean ms it removes", width - 2);
    text_put_right(out, "alone", figure);
    if (measured) {
        text_put_right(out, "as landed", figure);
        text_put_right(out, "measured", SURE_WIDTH);
    }
    fputc('\n', out);
    json_array_foreach(actions, i, action)
    {
        print_action(out, action, measured, width, figure);
    }
    print_together(out, incident);
}
