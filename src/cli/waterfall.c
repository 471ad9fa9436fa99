/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/waterfall.h"

#include <math.h>
#include <string.h>

#include "cli/colour.h"
#include "cli/document.h"
#include "cli/text.h"

enum {
    MS_WIDTH = 8, /* two of them: when it began, how long it took */
    BAR_WIDTH = 20,
    LABEL_WIDTH = 25,
};

/* Less of the application's time than this share of the whole is not shown as a line of its own. */
#define GAP_SHARE_MIN 0.01

struct page {
    FILE *out;
    bool colour;
    double total_ms;
};

void
waterfall_basis(const json_t *of, char *dst, size_t size)
{
    double share = document_number(of, "probability", 1);
    const char *basis = document_text(of, "basis", "–");
    if (share >= 0.9995) {
        snprintf(dst, size, "%s", basis);
    } else {
        snprintf(dst, size, "%s %.*f %%", basis, share > 0.99 ? 1 : 0, 100 * share);
    }
}

static void
print_head(const struct page *p, const json_t *trace, double now)
{
    char basis[64];
    const json_t *status = json_object_get(trace, "status");
    bool failed = json_is_true(json_object_get(trace, "failed"));
    fprintf(p->out, "TRACE %s   %s\n", document_text(trace, "trace_id", "?"),
            text_clock(document_text(trace, "started_at", ""), now).s);
    fprintf(p->out, "%s   ", document_text(trace, "route", "?"));
    colour_set(p->out, p->colour && failed, COLOUR_RED);
    if (json_is_integer(status)) {
        fprintf(p->out, "%.0f", json_number_value(status));
    } else {
        fputs("no request seen", p->out);
    }
    fputs(failed ? ", failed" : "", p->out);
    colour_set(p->out, p->colour && failed, COLOUR_PLAIN);
    fprintf(p->out, "   %s   named by %s\n", text_duration_ms(p->total_ms).s,
            document_text(trace, "route_basis", "–"));
    fprintf(p->out, "%s queries %s", text_count(document_number(trace, "queries", 0)).s,
            text_duration_ms(document_number(trace, "db_ms", 0)).s);
    fprintf(p->out, " · application %s", text_duration_ms(document_number(trace, "app_ms", 0)).s);
    if (json_is_string(json_object_get(trace, "basis"))) {
        waterfall_basis(trace, basis, sizeof(basis));
        fprintf(p->out, " · tied by %s", basis);
    }
    double unlinked = document_number(trace, "unlinked_sessions", 0);
    if (unlinked > 0) {
        fprintf(p->out, " · %.0f connections beside it could not be tied", unlinked);
    }
    fputs("\n\n", p->out);
}

/* Where in the request it lies; full where it is one query, light where it is many. */
static void
print_bar(const struct page *p, double start_ms, double end_ms, bool is_many)
{
    double scale = p->total_ms > 0 ? BAR_WIDTH / p->total_ms : 0;
    int from = (int)fmin(fmax(floor(start_ms * scale), 0), BAR_WIDTH - 1);
    int to = (int)fmin(fmax(ceil(end_ms * scale), from + 1), BAR_WIDTH);
    fprintf(p->out, "  %*s", from, "");
    for (int i = from; i < to; i++) {
        fputs(is_many ? "▒" : "█", p->out);
    }
    fprintf(p->out, "%*s  ", BAR_WIDTH - to, "");
}

static void
print_ms(const struct page *p, double ms)
{
    text_put_right(p->out, isnan(ms) ? "" : text_ms(ms, 0).s, MS_WIDTH);
}

static void
print_application(const struct page *p, double start_ms, double ms, const char *label)
{
    if (ms < GAP_SHARE_MIN * p->total_ms || ms < 0.05) {
        return;
    }
    colour_set(p->out, p->colour, COLOUR_DIM);
    print_ms(p, start_ms);
    print_ms(p, ms);
    fprintf(p->out, "  %*s  %s", BAR_WIDTH, "", label);
    colour_set(p->out, p->colour, COLOUR_PLAIN);
    fputc('\n', p->out);
}

/* The name gives way to what is behind it: "items by order_… ×20". */
static void
print_label(const struct page *p, const json_t *row)
{
    char suffix[64] = "";
    const char *name = document_text(row, "short", "");
    double calls = document_number(row, "calls", 1);
    double errors = document_number(row, "errors", 0);
    if (name[0] == '\0') {
        name = document_text(row, "statement", "");
    }
    if (name[0] == '\0') {
        name = document_text(row, "fingerprint", "?");
    }
    size_t used = 0;
    if (calls > 1) {
        used = (size_t)snprintf(suffix, sizeof(suffix), " ×%s", text_count(calls).s);
    }
    if (errors > 0) {
        snprintf(suffix + used, sizeof(suffix) - used, " %s", document_text(row, "sqlstate", "!"));
    }
    size_t room = LABEL_WIDTH - text_width(suffix);
    size_t width = text_width(name);
    colour_set(p->out, p->colour && errors > 0, COLOUR_RED);
    colour_set(p->out, p->colour && errors <= 0 && calls > 1, COLOUR_YELLOW);
    text_put_left(p->out, name, width < room ? width : room);
    fputs(suffix, p->out);
    colour_set(p->out, p->colour && (errors > 0 || calls > 1), COLOUR_PLAIN);
    fprintf(p->out, "%*s ", (int)(room - (width < room ? width : room)), "");
}

static void
print_row(const struct page *p, const json_t *row)
{
    char basis[64];
    double start_ms = document_number(row, "start_ms", 0);
    double end_ms = document_number(row, "end_ms", start_ms);
    double before_ms = document_number(row, "app_before_ms", 0);
    double calls = document_number(row, "calls", 1);
    print_application(p, start_ms - before_ms, before_ms, "application");
    print_ms(p, start_ms);
    print_ms(p, document_number(row, "total_ms", 0));
    print_bar(p, start_ms, end_ms, calls > 1);
    print_label(p, row);
    waterfall_basis(row, basis, sizeof(basis));
    fprintf(p->out, "%s\n", basis);
    print_application(p, NAN, document_number(row, "app_between_ms", 0), "application between");
}

static void
print_scale(const struct page *p)
{
    char end[80];
    snprintf(end, sizeof(end), "%s", text_duration_ms(p->total_ms).s);
    text_put_right(p->out, "at ms", MS_WIDTH);
    text_put_right(p->out, "took ms", MS_WIDTH);
    fputs("  0", p->out);
    text_put_right(p->out, end, BAR_WIDTH - 1);
    fputs("  ", p->out);
    text_put_left(p->out, "", LABEL_WIDTH);
    fputs(" tied by\n", p->out);
}

void
waterfall_print(FILE *out, const json_t *trace, double now, bool colour)
{
    size_t i;
    const json_t *row;
    struct page p = {out, colour, document_number(trace, "duration_ms", 0)};
    print_head(&p, trace, now);
    print_scale(&p);
    json_array_foreach(json_object_get(trace, "statements"), i, row)
    {
        print_row(&p, row);
    }
    double more = document_number(trace, "more_queries", 0);
    if (more > 0) {
        print_ms(&p, NAN);
        print_ms(&p, document_number(trace, "more_ms", 0));
        fprintf(out, "  %*s  other queries ×%s\n", BAR_WIDTH, "", text_count(more).s);
    }
    double after_ms = document_number(trace, "app_after_ms", 0);
    print_application(&p, p.total_ms - after_ms, after_ms, "application");
}
