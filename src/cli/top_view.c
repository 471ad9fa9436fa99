/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/document.h"
#include "cli/text.h"

enum { HEAD_LINES = 5, FOOT_LINES = 1 };

void
top_view_fini(struct top_view *view)
{
    json_decref(view->overview);
    json_decref(view->hour);
    json_decref(view->incidents);
    json_decref(view->traces);
}

const char *
top_page_name(enum top_page page)
{
    static const char *const names[] = {"routes", "queries", "incidents", "traces", "load"};
    return names[page];
}

const char *
top_sort_name(enum top_sort sort)
{
    static const char *const names[] = {"database load", "calls", "mean", "errors"};
    return names[sort];
}

/* ---- rows ---- */

static const json_t *
list_of(const struct top_view *view)
{
    switch (view->page) {
    case TOP_ROUTES:
        return json_object_get(view->overview, "routes");
    case TOP_QUERIES:
    case TOP_LOAD:
        return json_object_get(view->overview, "statements");
    case TOP_INCIDENTS:
        return view->incidents;
    default:
        return view->traces;
    }
}

static double
sort_value(const struct top_view *view, const json_t *row)
{
    if (view->page == TOP_INCIDENTS) {
        return document_number(row, "id", 0);
    }
    if (view->page == TOP_TRACES) {
        return view->sort == TOP_BY_CALLS ? document_number(row, "queries", 0)
                                          : document_number(row, "duration_ms", 0);
    }
    switch (view->page == TOP_LOAD ? TOP_BY_LOAD : view->sort) {
    case TOP_BY_CALLS:
        return document_number(row, view->page == TOP_ROUTES ? "requests" : "calls", 0);
    case TOP_BY_MEAN:
        return document_number(row, "mean_ms", 0);
    case TOP_BY_ERRORS:
        return document_number(row, "errors", 0);
    default:
        return document_number(row, "db_ms", 0);
    }
}

static const char *
title_of(const struct top_view *view, const json_t *row)
{
    switch (view->page) {
    case TOP_QUERIES:
    case TOP_LOAD:
        return document_text(row, "short", document_text(row, "statement", "?"));
    case TOP_INCIDENTS:
        return document_text(row, "headline", document_text(row, "subject", "?"));
    default:
        return document_text(row, "route", "?");
    }
}

struct ranked {
    double value;
    json_t *row;
};

static int
highest_first(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->value;
    double y = ((const struct ranked *)b)->value;
    return (x < y) - (x > y);
}

json_t *
top_view_rows(const struct top_view *view)
{
    const json_t *list = list_of(view);
    json_t *row;
    json_t *rows = json_array();
    size_t count = 0, i;
    struct ranked *ranked = check_alloc(json_array_size(list) + 1, sizeof(*ranked));
    json_array_foreach(list, i, row)
    {
        if (view->filter[0] == '\0' || strcasestr(title_of(view, row), view->filter) != NULL) {
            ranked[count++] = (struct ranked){sort_value(view, row), row};
        }
    }
    qsort(ranked, count, sizeof(*ranked), highest_first);
    for (i = 0; i < count; i++) {
        json_array_append(rows, ranked[i].row);
    }
    free(ranked);
    return rows;
}

/* ---- lines ---- */

struct page {
    struct top_line *lines;
    size_t count, height, width;
};

/* Cuts to the width by whole code points. */
static void
cut(char *text, size_t width)
{
    size_t columns = 0;
    for (char *c = text; *c != '\0'; c++) {
        if (((unsigned char)*c & 0xc0) != 0x80 && columns++ == width) {
            *c = '\0';
            return;
        }
    }
}

__attribute__((format(printf, 3, 4))) static void
put(struct page *p, enum top_look look, const char *format, ...)
{
    va_list args;
    if (p->count == p->height) {
        return;
    }
    struct top_line *line = &p->lines[p->count++];
    line->look = look;
    va_start(args, format);
    vsnprintf(line->text, sizeof(line->text), format, args);
    va_end(args);
    cut(line->text, p->width);
}

/* Pads or cuts to `width` columns, for a table's cell. */
static struct text
cell(const char *s, size_t width)
{
    struct text out = {0};
    size_t columns = 0, at = 0;
    for (; s[at] != '\0' && at + 4 < sizeof(out.s); at++) {
        bool begins = ((unsigned char)s[at] & 0xc0) != 0x80;
        if (begins && columns == width) {
            break;
        }
        columns += begins;
        out.s[at] = s[at];
    }
    while (columns++ < width && at + 1 < sizeof(out.s)) {
        out.s[at++] = ' ';
    }
    out.s[at] = '\0';
    return out;
}

/* The mean of the last three points that anything is known of. */
static double
recently(const json_t *overview, const char *name)
{
    const json_t *list = json_object_get(overview, name);
    double sum = 0;
    unsigned count = 0;
    for (size_t i = json_array_size(list); i > 0 && count < 3; i--) {
        const json_t *value = json_array_get(list, i - 1);
        if (json_is_number(value)) {
            sum += json_number_value(value);
            count++;
        }
    }
    return count == 0 ? NAN : sum / count;
}

static struct text
figure(double value, const char *format)
{
    struct text out;
    if (isnan(value)) {
        snprintf(out.s, sizeof(out.s), "–");
    } else {
        /* the formats are this file's own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(out.s, sizeof(out.s), format, value);
#pragma GCC diagnostic pop
    }
    return out;
}

static bool
is_active(const json_t *incident)
{
    const char *state = document_text(incident, "state", "");
    return strcmp(state, "open") == 0 || strcmp(state, "fixing") == 0;
}

static void
put_head(struct page *p, const struct top_view *view, double now)
{
    double requests = recently(view->overview, "requests");
    double p95 = recently(view->overview, "p95_ms");
    put(p, TOP_PLAIN, "slowburn   %s requests/min   p95 %s   database load %s   errors/min %s",
        isnan(requests) ? "–" : text_count(requests).s, isnan(p95) ? "–" : text_duration_ms(p95).s,
        figure(recently(view->overview, "load"), "%.1f").s,
        figure(recently(view->overview, "errors"), "%.1f").s);
    size_t i, active = 0;
    const json_t *incident;
    const json_t *first = NULL;
    json_array_foreach(view->incidents, i, incident)
    {
        if (is_active(incident)) {
            first = first == NULL ? incident : first;
            active++;
        }
    }
    if (view->problem != NULL) {
        put(p, TOP_BAD, "%s", view->problem);
    } else if (first == NULL) {
        put(p, TOP_GOOD, "All quiet: no incident is open");
    } else {
        char more[48] = "";
        double since = text_parse_time(document_text(first, "onset_at", ""));
        if (active > 1) {
            snprintf(more, sizeof(more), " (and %zu more)", active - 1);
        }
        put(p, TOP_BAD, "%s%s, %s, %s", document_text(first, "headline", "?"), more,
            since > 0 ? text_span(now - since).s : "", document_text(first, "trend", ""));
    }
}

static void
put_tabs(struct page *p, const struct top_view *view)
{
    char tabs[256];
    size_t n = 0;
    for (unsigned i = 0; i < TOP_PAGES; i++) {
        n += (size_t)snprintf(tabs + n, sizeof(tabs) - n, view->page == i ? "[%u %s] " : " %u %s  ",
                              i + 1, top_page_name((enum top_page)i));
    }
    if (view->page == TOP_ROUTES || view->page == TOP_QUERIES) {
        n += (size_t)snprintf(tabs + n, sizeof(tabs) - n, "  by %s", top_sort_name(view->sort));
    }
    n += (size_t)snprintf(tabs + n, sizeof(tabs) - n, "%s", view->paused ? "  PAUSED" : "");
    if (view->filter[0] != '\0') {
        snprintf(tabs + n, sizeof(tabs) - n, "  /%s", view->filter);
    }
    put(p, TOP_DIM, "%s", tabs);
    put(p, TOP_PLAIN, "%s", "");
}

/* The name takes what the figures leave. */
static size_t
name_width(const struct page *p, size_t figures)
{
    return p->width > figures + 20 ? MIN(p->width - figures, (size_t)60) : 20;
}

static void
put_table_head(struct page *p, const struct top_view *view)
{
    switch (view->page) {
    case TOP_ROUTES:
        put(p, TOP_HEAD, "%s%8s%9s%10s%9s%8s", cell("route", name_width(p, 44)).s, "load", "share",
            "requests", "mean ms", "errors");
        break;
    case TOP_QUERIES:
    case TOP_LOAD:
        put(p, TOP_HEAD, "%s%8s%9s%10s%9s%8s", cell("query", name_width(p, 44)).s, "load", "share",
            "calls", "mean ms", "rows");
        break;
    case TOP_INCIDENTS:
        put(p, TOP_HEAD, "%4s  %s%s%18s", "id", cell("incident", name_width(p, 36)).s,
            cell("state", 10).s, "p95");
        break;
    default:
        put(p, TOP_HEAD, "%s%10s%9s%9s%8s", cell("trace of", name_width(p, 38)).s, "ms", "db ms",
            "queries", "kept");
    }
}

static void
put_row(struct page *p, const struct top_view *view, const json_t *row, enum top_look look)
{
    const json_t *latency = json_object_get(row, "latency");
    double seconds =
        document_number(view->overview, "to", 0) - document_number(view->overview, "from", 0);
    double busy = seconds > 0 ? document_number(row, "db_ms", 0) / 1e3 / seconds : 0;
    double calls = document_number(row, view->page == TOP_ROUTES ? "requests" : "calls", 0);
    struct text share = figure(100 * document_number(row, "share", 0), "%.1f %%");
    struct text mean = figure(document_number(row, "mean_ms", NAN), "%.1f");
    const char *title = title_of(view, row);
    switch (view->page) {
    case TOP_ROUTES:
        put(p, look, "%s%8.2f%9s%10s%9s%8s", cell(title, name_width(p, 44)).s, busy, share.s,
            text_count(calls).s, mean.s, text_count(document_number(row, "errors", 0)).s);
        break;
    case TOP_QUERIES:
    case TOP_LOAD:
        put(p, look, "%s%8.2f%9s%10s%9s%8.1f", cell(title, name_width(p, 44)).s, busy, share.s,
            text_count(calls).s, mean.s, calls > 0 ? document_number(row, "rows", 0) / calls : 0.0);
        break;
    case TOP_INCIDENTS:
        put(p, look, "%4.0f  %s%s%8s → %s", document_number(row, "id", 0),
            cell(title, name_width(p, 36)).s, cell(document_text(row, "state", "?"), 10).s,
            text_duration_ms(document_number(json_object_get(latency, "before"), "p95_ms", 0)).s,
            text_duration_ms(document_number(json_object_get(latency, "now"), "p95_ms", 0)).s);
        break;
    default:
        put(p, look, "%s%10.1f%9.1f%9s%8s", cell(title, name_width(p, 38)).s,
            document_number(row, "duration_ms", 0), document_number(row, "db_ms", 0),
            text_count(document_number(row, "queries", 0)).s, document_text(row, "kept", ""));
    }
}

/* ---- the chart of the load ---- */

enum { CHART_LEFT = 8, CHART_MIN = 4, CHART_MAX = 12, CHART_FOOT = 2 };

/* How high it is on a page that has room for so many rows in all; its axis and a blank come on top.
 */
static size_t
chart_height(size_t room)
{
    return room < 2 * CHART_MIN ? 0 : MIN(MAX(room / 2, (size_t)CHART_MIN), (size_t)CHART_MAX) - 2;
}

static double
highest(const json_t *list)
{
    double most = 0;
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        most = MAX(most, json_number_value(value));
    }
    return most;
}

/* One row of it: each point is a bar, filled by eighths of a row. */
static void
put_chart_row(struct page *p, const json_t *load, double most, size_t row, size_t rows)
{
    static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    char bars[TOP_LINE_MAX - 16] = "";
    size_t n = 0, i;
    const json_t *value;
    size_t wide = MAX((MAX(p->width, (size_t)CHART_LEFT) - CHART_LEFT) /
                          MAX(json_array_size(load), (size_t)1),
                      (size_t)1);
    json_array_foreach(load, i, value)
    {
        double filled = most > 0 ? json_number_value(value) / most * (double)rows * 8 : 0;
        double here = filled - (double)((rows - 1 - row) * 8);
        const char *bar = eighths[here >= 8 ? 8 : here >= 1 ? (size_t)here : 0];
        for (size_t k = 0; k < wide && n + 4 < sizeof(bars); k++) {
            n += (size_t)snprintf(bars + n, sizeof(bars) - n, "%s", bar);
        }
    }
    put(p, TOP_PLAIN, "%6s  %s",
        row == 0          ? figure(most, "%.2f").s
        : row == rows - 1 ? "0"
                          : "",
        bars);
}

static void
put_chart(struct page *p, const struct top_view *view, size_t rows)
{
    const json_t *load = json_object_get(view->hour, "load");
    double minutes =
        (document_number(view->hour, "to", 0) - document_number(view->hour, "from", 0)) / 60;
    double most = highest(load);
    if (rows == 0) {
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        put_chart_row(p, load, most, row, rows);
    }
    put(p, TOP_DIM, "%8sdatabase load of the last %.0f minutes; below, who makes it now", "",
        minutes);
    put(p, TOP_PLAIN, "%s", "");
}

size_t
top_view_lines(const struct top_view *view, double now, size_t width, size_t height,
               struct top_line *lines)
{
    struct page p = {.lines = lines, .width = width, .height = height - MIN(height, FOOT_LINES)};
    json_t *rows = top_view_rows(view);
    size_t count = json_array_size(rows);
    size_t room = height > HEAD_LINES + FOOT_LINES ? height - HEAD_LINES - FOOT_LINES : 0;
    size_t chart = view->page == TOP_LOAD ? chart_height(room) : 0;
    room -= chart > 0 ? chart + CHART_FOOT : 0;
    size_t selected = MIN(view->selected, count == 0 ? 0 : count - 1);
    size_t first = room > 0 && selected >= room ? selected - room + 1 : 0;
    put_head(&p, view, now);
    put_tabs(&p, view);
    put_chart(&p, view, chart);
    put_table_head(&p, view);
    for (size_t i = first; i < count && i < first + room; i++) {
        put_row(&p, view, json_array_get(rows, i), i == selected ? TOP_SELECTED : TOP_PLAIN);
    }
    if (count == 0) {
        put(&p, TOP_DIM, "%s", view->filter[0] != '\0' ? "nothing fits the filter" : "nothing yet");
    }
    json_decref(rows);
    return p.count;
}
