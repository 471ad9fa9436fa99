/* SPDX-License-Identifier: Apache-2.0
 * cli/top_view.h - what `slowburn top` shows: documents in, lines out. No terminal in here, so that
 * --once, the screen and the tests have the same lines.
 *
 * The view owns its documents. Lines are plain UTF-8 of at most `width` columns. */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TOP_LINE_MAX   1024
#define TOP_FILTER_MAX 64

enum top_page { TOP_ROUTES, TOP_QUERIES, TOP_INCIDENTS, TOP_TRACES, TOP_LOAD, TOP_PAGES };

enum top_sort { TOP_BY_LOAD, TOP_BY_CALLS, TOP_BY_MEAN, TOP_BY_ERRORS, TOP_SORTS };

enum top_look { TOP_PLAIN, TOP_DIM, TOP_HEAD, TOP_GOOD, TOP_BAD, TOP_SELECTED };

struct top_line {
    enum top_look look;
    char text[TOP_LINE_MAX];
};

struct top_view {
    json_t *overview; /* of the last five minutes; NULL: not there yet */
    json_t *hour; /* the same of the last hour, for the chart of the load; NULL: not there yet */
    json_t *incidents;
    json_t *traces;
    enum top_page page;
    enum top_sort sort;
    char filter[TOP_FILTER_MAX]; /* "": all; case does not matter */
    size_t selected;             /* among the rows that are shown */
    bool paused;
    const char *problem; /* why nothing new comes; NULL: all is well */
};

void top_view_fini(struct top_view *view);

/* The rows of the page in its order, filtered: borrowed members in an array of the caller's. */
json_t *top_view_rows(const struct top_view *view);

/* Fills at most `height` lines and returns how many. */
size_t top_view_lines(const struct top_view *view, double now, size_t width, size_t height,
                      struct top_line *lines);

const char *top_page_name(enum top_page page);
const char *top_sort_name(enum top_sort sort);

#endif
