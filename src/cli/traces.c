/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/document.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/waterfall.h"
#include "io/now.h"

#define DEFAULT_LIMIT 40
#define ID_LEN        32
#define ID_SHOWN      10 /* enough to tell a few thousand apart */
#define ID_MIN        6

static int
slowest_first(const void *a, const void *b)
{
    double x = document_number(*(json_t *const *)a, "duration_ms", 0);
    double y = document_number(*(json_t *const *)b, "duration_ms", 0);
    return (x < y) - (x > y);
}

/* A new array of those that are asked for; the members stay the document's. */
static json_t *
chosen(const json_t *traces, const struct options *o)
{
    size_t count = 0, i;
    json_t *trace;
    json_t *result = json_array();
    json_t **order = check_alloc(json_array_size(traces) + 1, sizeof(*order));
    json_array_foreach(traces, i, trace)
    {
        if (o->route == NULL || strstr(document_text(trace, "route", ""), o->route) != NULL) {
            order[count++] = trace;
        }
    }
    if (o->slow) {
        qsort(order, count, sizeof(*order), slowest_first);
    }
    for (i = 0; i < count && (o->limit == 0 || i < o->limit); i++) {
        json_array_append(result, order[i]);
    }
    free(order);
    return result;
}

static void
print_line(const json_t *trace, double now, bool colour)
{
    char status[16] = "–";
    bool failed = json_is_true(json_object_get(trace, "failed"));
    if (json_is_integer(json_object_get(trace, "status"))) {
        snprintf(status, sizeof(status), "%.0f", document_number(trace, "status", 0));
    }
    text_put_left(stdout, text_clock(document_text(trace, "started_at", ""), now).s, 8);
    printf(" %10s %7s %9s ", text_ms(document_number(trace, "duration_ms", 0), 0).s,
           text_count(document_number(trace, "queries", 0)).s,
           text_ms(document_number(trace, "db_ms", 0), 0).s);
    colour_set(stdout, colour && failed, COLOUR_RED);
    text_put_right(stdout, status, 6);
    colour_set(stdout, colour && failed, COLOUR_PLAIN);
    fputs("  ", stdout);
    text_put_left(stdout, document_text(trace, "kept", ""), 9);
    printf("%.*s  ", ID_SHOWN, document_text(trace, "trace_id", "?"));
    text_put_left(stdout, document_text(trace, "route_basis", "–"), 13);
    printf("%s\n", document_text(trace, "route", "?"));
}

static void
print_table(const json_t *traces)
{
    size_t i;
    const json_t *trace;
    double now = (double)now_wall_s();
    bool colour = colour_wanted(stdout);
    if (json_array_size(traces) == 0) {
        puts("No traces are kept yet.");
        return;
    }
    printf("%-8s %10s %7s %9s %6s  %-9s%-*s  %-12s %s\n", "began", "took ms", "queries", "db ms",
           "status", "kept", ID_SHOWN, "trace", "named by", "route");
    json_array_foreach(traces, i, trace)
    {
        print_line(trace, now, colour);
    }
}

int
verb_traces(int argc, char **argv)
{
    struct options o;
    json_t *doc = NULL;
    int r = options_parse(argc, argv, "json,limit,route,slow", 0, 0, &o);
    if (r == CLI_OK) {
        r = document_get(&o, argv[0], "traces", &doc);
    }
    if (r != CLI_OK) {
        return r;
    }
    if (!o.json && o.limit == 0) {
        o.limit = DEFAULT_LIMIT;
    }
    json_t *rows = chosen(doc, &o);
    if (o.json) {
        document_print(rows);
    } else {
        print_table(rows);
    }
    json_decref(rows);
    json_decref(doc);
    return CLI_OK;
}

static bool
is_id(const char *word)
{
    size_t len = strlen(word);
    bool good = len >= ID_MIN && len <= ID_LEN;
    for (size_t i = 0; i < len; i++) {
        good = good && slice_hex_digit((uint8_t)word[i]) >= 0;
    }
    return good;
}

/* The whole id of the one trace that begins so. */
static int
find_id(const struct options *o, const char *verb, const char *start, char ret_id[ID_LEN + 1])
{
    size_t i;
    const json_t *trace;
    json_t *traces = NULL;
    unsigned found = 0;
    if (strlen(start) == ID_LEN) {
        snprintf(ret_id, ID_LEN + 1, "%s", start);
        return CLI_OK;
    }
    int r = document_get(o, verb, "traces", &traces);
    json_array_foreach(traces, i, trace)
    {
        const char *id = document_text(trace, "trace_id", "");
        if (strncasecmp(id, start, strlen(start)) == 0 && strcmp(id, ret_id) != 0) {
            snprintf(ret_id, ID_LEN + 1, "%s", id);
            found++;
        }
    }
    json_decref(traces);
    if (r == CLI_OK && found != 1) {
        fprintf(stderr, "slowburn %s: %s; 'slowburn traces' lists them\n", verb,
                found == 0 ? "no trace that is kept begins like this"
                           : "more than one trace begins like this, give more digits");
        return CLI_FAILED;
    }
    return r;
}

int
verb_trace(int argc, char **argv)
{
    struct options o;
    char id[ID_LEN + 1] = "";
    char path[64];
    json_t *trace = NULL;
    int r = options_parse(argc, argv, "json", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (!is_id(o.words[0])) {
        fprintf(stderr, "slowburn trace: an id is %d to %d hexadecimal digits, not '%s'\n", ID_MIN,
                ID_LEN, o.words[0]);
        return CLI_USAGE;
    }
    r = find_id(&o, argv[0], o.words[0], id);
    snprintf(path, sizeof(path), "traces/%s", id);
    if (r == CLI_OK) {
        r = document_get(&o, argv[0], path, &trace);
    }
    if (r != CLI_OK) {
        return r;
    }
    if (o.json) {
        document_print(trace);
    } else {
        waterfall_print(stdout, trace, (double)now_wall_s(), colour_wanted(stdout));
    }
    json_decref(trace);
    return CLI_OK;
}
