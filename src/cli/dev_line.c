/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dev_line.h"

#include <stdlib.h>

#include "cli/budget.h"
#include "cli/colour.h"
#include "cli/document.h"
#include "cli/text.h"

static void
print_coloured(FILE *out, bool colour, enum colour which, const char *text)
{
    colour_set(out, colour, which);
    fputs(text, out);
    colour_set(out, colour, COLOUR_PLAIN);
}

/* ", 21 the same shape ⚠ items by order_id", for the statement that was repeated most. */
static void
print_repeats(FILE *out, const json_t *request, bool colour)
{
    size_t i;
    const json_t *one, *most = NULL;
    char text[200];
    json_array_foreach(json_object_get(request, "repeated"), i, one)
    {
        if (most == NULL || document_number(one, "calls", 0) > document_number(most, "calls", 0)) {
            most = one;
        }
    }
    if (most != NULL) {
        bool same = document_number(most, "distinct_values", 0) <= 1;
        snprintf(text, sizeof(text), ", %.0f the same%s ⚠ %.100s",
                 document_number(most, "calls", 0), same ? "" : " shape",
                 document_text(most, "short", document_text(most, "fingerprint", "?")));
        print_coloured(out, colour, COLOUR_YELLOW, text);
    }
}

void
dev_line_print(FILE *out, const json_t *request, unsigned number, bool colour)
{
    char text[200];
    double queries = document_number(request, "queries", 0);
    double errors = document_number(request, "errors", 0);
    bool failed = json_is_true(json_object_get(request, "failed"));
    const json_t *status = json_object_get(request, "status");
    if (number != 0) {
        snprintf(text, sizeof(text), "%4u ", number);
        print_coloured(out, colour, COLOUR_DIM, text);
    }
    if (json_is_integer(status)) {
        fprintf(out, "%s ", document_text(request, "route", "?"));
        snprintf(text, sizeof(text), "%.0f", json_number_value(status));
        print_coloured(out, colour, failed ? COLOUR_RED : COLOUR_GREEN, text);
    } else {
        snprintf(text, sizeof(text), "(no request) %.120s", document_text(request, "route", "?"));
        print_coloured(out, colour, COLOUR_DIM, text);
    }
    fprintf(out, " %s · %s %s", text_duration_ms(document_number(request, "duration_ms", 0)).s,
            text_count(queries).s, queries == 1 ? "query" : "queries");
    print_repeats(out, request, colour);
    unsigned scans = (unsigned)json_object_size(json_object_get(request, "scans"));
    if (scans > 0) {
        snprintf(text, sizeof(text), " · %u table scan%s", scans, scans == 1 ? "" : "s");
        print_coloured(out, colour, COLOUR_YELLOW, text);
    }
    if (errors > 0) {
        snprintf(text, sizeof(text), " · %.0f failed", errors);
        print_coloured(out, colour, COLOUR_RED, text);
    }
    double unlinked = document_number(request, "unlinked_sessions", 0);
    if (unlinked > 0) {
        print_coloured(out, colour, COLOUR_DIM, " · queries beside it could be tied to none");
    }
    fputc('\n', out);
}

void
dev_summary_print(FILE *out, const json_t *measured, bool colour)
{
    size_t count;
    const char **routes = budget_sorted_keys(measured, &count);
    for (size_t i = 0; i < count; i++) {
        const json_t *route = json_object_get(measured, routes[i]);
        double requests = document_number(route, "requests", 0);
        double repeats = document_number(route, "repeats", 0);
        char text[200];
        fputs("  ", out);
        text_put_left(out, routes[i], 36);
        fprintf(
            out, " %5s × %s, at most %.0f queries", text_count(requests).s,
            text_duration_ms(requests > 0 ? document_number(route, "total_ms", 0) / requests : 0).s,
            document_number(route, "queries", 0));
        if (repeats >= 5) {
            snprintf(text, sizeof(text), " ⚠ %.0f × %.100s", repeats,
                     document_text(route, "repeated", "?"));
            print_coloured(out, colour, COLOUR_YELLOW, text);
        }
        fputc('\n', out);
    }
    free(routes);
}
