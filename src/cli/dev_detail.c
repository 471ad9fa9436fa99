/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dev_detail.h"

#include <string.h>

#include "base/slice.h"
#include "cli/colour.h"
#include "cli/dev_line.h"
#include "cli/document.h"
#include "cli/keys.h"
#include "cli/text.h"
#include "cli/waterfall.h"

enum { MS_WIDTH = 8, CALLS_WIDTH = 7, ROWS_WIDTH = 8, BASIS_WIDTH = 17 };

#define TYPED_MAX      1000000u
#define STATEMENT_SHOW 1000 /* bytes of one text */

void
dev_detail_init(struct dev_detail *d)
{
    *d = (struct dev_detail){.requests = json_array()};
}

void
dev_detail_fini(struct dev_detail *d)
{
    json_decref(d->requests);
    d->requests = NULL;
}

unsigned
dev_detail_add(struct dev_detail *d, const json_t *request)
{
    if (json_array_size(d->requests) == DEV_DETAIL_MAX) {
        json_array_remove(d->requests, 0);
    }
    json_array_append(d->requests, (json_t *)request);
    return ++d->count;
}

/* The oldest that is still there. */
static unsigned
first_number(const struct dev_detail *d)
{
    return d->count - (unsigned)json_array_size(d->requests) + 1;
}

/* NULL: it is not there, or not any more. */
static const json_t *
request_at(const struct dev_detail *d, unsigned number)
{
    unsigned first = first_number(d);
    return number < first || number > d->count ? NULL : json_array_get(d->requests, number - first);
}

static void
print_help(FILE *out)
{
    fputs("  Enter      the queries of the last request, or of the one that was chosen\n"
          "  12 Enter   of request 12, as it is numbered\n"
          "  ↑ ↓, k j   choose the one before, the one after\n"
          "  ?          this\n"
          "  Ctrl-C     ends the command, and slowburn with it\n",
          out);
}

static void
print_selected(const struct dev_detail *d, FILE *out, bool colour)
{
    colour_set(out, colour, COLOUR_DIM);
    fputs("▸", out);
    colour_set(out, colour, COLOUR_PLAIN);
    dev_line_print(out, request_at(d, d->selected), d->selected, colour);
}

static void
step(struct dev_detail *d, int by, FILE *out, bool colour)
{
    if (d->count == 0) {
        return;
    }
    unsigned from = d->selected == 0 ? d->count + (by > 0 ? 0 : 1) : d->selected;
    unsigned to = by < 0 ? from - 1 : from + 1;
    d->selected = MIN(MAX(to, first_number(d)), d->count);
    print_selected(d, out, colour);
}

bool
dev_detail_key(struct dev_detail *d, int key, FILE *out, bool colour)
{
    if (key >= '0' && key <= '9') {
        if (d->typed < TYPED_MAX) {
            d->typed = d->typed * 10 + (unsigned)(key - '0');
        }
        return false;
    }
    unsigned typed = d->typed;
    d->typed = key == KEYS_BACKSPACE ? typed / 10 : 0;
    if (key == KEYS_ENTER) {
        d->selected = typed != 0 ? typed : d->selected;
        return true;
    }
    if (key == KEYS_UP || key == 'k') {
        step(d, -1, out, colour);
    } else if (key == KEYS_DOWN || key == 'j') {
        step(d, +1, out, colour);
    } else if (key == '?' || key == 'h') {
        print_help(out);
    }
    return false;
}

/* NULL: not known. */
static const char *
statement_text(const json_t *queries, const char *fingerprint)
{
    size_t i;
    const json_t *q;
    json_array_foreach(queries, i, q)
    {
        if (strcmp(document_text(q, "fingerprint", ""), fingerprint) == 0) {
            return document_text(q, "statement", NULL);
        }
    }
    return NULL;
}

bool
dev_detail_is_told(const struct dev_detail *d, const json_t *queries)
{
    size_t i;
    const json_t *row;
    const json_t *request = request_at(d, d->selected == 0 ? d->count : d->selected);
    json_array_foreach(json_object_get(request, "statements"), i, row)
    {
        if (statement_text(queries, document_text(row, "fingerprint", "?")) == NULL) {
            return false;
        }
    }
    return true;
}

static void
print_row(const json_t *row, const json_t *queries, const json_t *scans, FILE *out, bool colour)
{
    char basis[64], calls[80] = "";
    double n = document_number(row, "calls", 1);
    bool failed = document_number(row, "errors", 0) > 0;
    const char *text = statement_text(queries, document_text(row, "fingerprint", "?"));
    if (n > 1) {
        snprintf(calls, sizeof(calls), "×%s", text_count(n).s);
    }
    text_put_right(out, text_ms(document_number(row, "total_ms", 0), 0).s, MS_WIDTH);
    colour_set(out, colour && n > 1, COLOUR_YELLOW);
    text_put_right(out, calls, CALLS_WIDTH);
    colour_set(out, colour && n > 1, COLOUR_PLAIN);
    text_put_right(out, text_count(document_number(row, "rows", 0)).s, ROWS_WIDTH);
    waterfall_basis(row, basis, sizeof(basis));
    fputs("  ", out);
    text_put_left(out, basis, BASIS_WIDTH);
    colour_set(out, colour && failed, COLOUR_RED);
    fprintf(out, "%.*s%s\n", STATEMENT_SHOW, text != NULL ? text : document_text(row, "short", "?"),
            failed ? "  failed" : "");
    colour_set(out, colour && failed, COLOUR_PLAIN);
    const json_t *scan = json_object_get(scans, document_text(row, "fingerprint", "?"));
    if (scan != NULL) {
        text_put_right(out, "", MS_WIDTH + CALLS_WIDTH + ROWS_WIDTH);
        fputs("  ", out);
        text_put_left(out, "", BASIS_WIDTH);
        colour_set(out, colour, COLOUR_YELLOW);
        fprintf(out, "reads %s whole, about %s rows\n", document_text(scan, "table", "?"),
                text_count(document_number(scan, "rows", 0)).s);
        colour_set(out, colour, COLOUR_PLAIN);
    }
}

void
dev_detail_print(struct dev_detail *d, const json_t *queries, double now, FILE *out, bool colour)
{
    unsigned number = d->selected == 0 ? d->count : d->selected;
    const json_t *request = request_at(d, number);
    size_t i;
    const json_t *row;
    d->selected = 0;
    if (d->count == 0) {
        fputs("  no request yet\n", out);
        return;
    }
    if (request == NULL) {
        fprintf(out, "  request %u is not among the last %u\n", number,
                (unsigned)json_array_size(d->requests));
        return;
    }
    dev_line_print(out, request, number, colour);
    fprintf(out, "  %s · trace %.10s · application %s · named by %s\n",
            text_clock(document_text(request, "time", ""), now).s,
            document_text(request, "trace_id", "?"),
            text_duration_ms(document_number(request, "app_ms", 0)).s,
            document_text(request, "route_basis", "–"));
    text_put_right(out, "took ms", MS_WIDTH);
    text_put_right(out, "times", CALLS_WIDTH);
    text_put_right(out, "rows", ROWS_WIDTH);
    fputs("  ", out);
    text_put_left(out, "tied by", BASIS_WIDTH);
    fputs("statement\n", out);
    json_array_foreach(json_object_get(request, "statements"), i, row)
    {
        print_row(row, queries, json_object_get(request, "scans"), out, colour);
    }
    double more = document_number(request, "more_queries", 0);
    if (more > 0) {
        fprintf(out, "  and %s more queries\n", text_count(more).s);
    }
}
