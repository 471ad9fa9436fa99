/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/text.h"
#include "cli/verbs.h"

#define DEFAULT_LIMIT 20

/* qsort has no argument for it; a verb runs once a process. */
static const char *sort_key;

static int
by_sort_key(const void *a, const void *b)
{
    double x = document_number(*(json_t *const *)a, sort_key, 0);
    double y = document_number(*(json_t *const *)b, sort_key, 0);
    return (x < y) - (x > y);
}

/* A new array, highest first; the members stay the document's. */
static json_t *
sorted(const json_t *rows, const char *key)
{
    size_t count = json_array_size(rows);
    json_t **order = check_alloc(count, sizeof(*order));
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++) {
        order[i] = json_array_get(rows, i);
    }
    sort_key = key;
    qsort(order, count, sizeof(*order), by_sort_key);
    for (size_t i = 0; i < count; i++) {
        json_array_append(result, order[i]);
    }
    free(order);
    return result;
}

static void
print_table(const json_t *rows, unsigned limit)
{
    size_t i;
    const json_t *q;
    double total = 0;
    json_array_foreach(rows, i, q)
    {
        total += document_number(q, "total_ms", 0);
    }
    printf("%6s %12s %11s %9s %9s %10s %7s  %s\n", "share", "total ms", "calls", "mean ms",
           "p95 ms", "rows/call", "errors", "statement");
    json_array_foreach(rows, i, q)
    {
        if (i >= limit) {
            printf("and %zu more; --limit N shows them\n", json_array_size(rows) - i);
            break;
        }
        double calls = document_number(q, "calls", 0);
        double ms = document_number(q, "total_ms", 0);
        printf("%5.1f%% %12.1f %11s %9.2f %9.2f %10.1f %7s  ", total > 0 ? 100 * ms / total : 0, ms,
               text_count(calls).s, document_number(q, "mean_ms", 0),
               document_number(q, "p95_ms", 0),
               calls > 0 ? document_number(q, "rows", 0) / calls : 0,
               text_count(document_number(q, "errors", 0)).s);
        text_put_left(stdout, document_text(q, "statement", "?"), 100);
        putchar('\n');
    }
}

int
verb_queries(int argc, char **argv)
{
    struct options o;
    json_t *doc = NULL;
    const char *key = "total_ms";
    int r = options_parse(argc, argv, "json,sort,limit", 0, 0, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (o.sort != NULL && strcmp(o.sort, "calls") == 0) {
        key = "calls";
    } else if (o.sort != NULL && strcmp(o.sort, "mean") == 0) {
        key = "mean_ms";
    } else if (o.sort != NULL && strcmp(o.sort, "time") != 0) {
        fprintf(stderr, "slowburn queries: --sort is time, calls or mean, not '%s'\n", o.sort);
        return CLI_USAGE;
    }
    r = document_get(&o, argv[0], "queries", &doc);
    if (r != CLI_OK) {
        return r;
    }
    json_t *rows = sorted(doc, key);
    if (o.json) {
        document_print(rows);
    } else {
        print_table(rows, o.limit > 0 ? o.limit : DEFAULT_LIMIT);
    }
    json_decref(rows);
    json_decref(doc);
    return CLI_OK;
}
