/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/text.h"
#include "cli/verbs.h"

#define DEFAULT_LIMIT 40

/* "values 98 %, contained 2 %": how queries were tied to this route's requests. */
static void
print_bases(const json_t *route)
{
    const char *basis;
    json_t *share;
    const char *sep = "";
    if (!json_is_object(json_object_get(route, "basis"))) {
        fputs("–", stdout);
    }
    json_object_foreach(json_object_get(route, "basis"), basis, share)
    {
        if (json_number_value(share) >= 0.005) {
            printf("%s%s %.0f %%", sep, basis, 100 * json_number_value(share));
            sep = ", ";
        }
    }
}

/* What is not known is not zero. */
static void
print_number(const json_t *route, const char *key, size_t width)
{
    char text[32] = "–";
    const json_t *n = json_object_get(route, key);
    if (json_is_number(n)) {
        snprintf(text, sizeof(text), "%.1f", json_number_value(n));
    }
    putchar(' ');
    text_put_right(stdout, text, width - 1);
}

static void
print_row(const json_t *route)
{
    text_put_left(stdout, document_text(route, "route", "?"), 44);
    printf("%10s %7s", text_count(document_number(route, "requests", 0)).s,
           text_count(document_number(route, "errors", 0)).s);
    print_number(route, "mean_ms", 10);
    print_number(route, "p50_ms", 10);
    print_number(route, "p95_ms", 10);
    print_number(route, "db_ms", 10);
    print_number(route, "queries_per_request", 9);
    fputs("  ", stdout);
    text_put_left(stdout, document_text(route, "route_basis", "–"), 13);
    print_bases(route);
    putchar('\n');
}

static void
print_table(const json_t *rows, unsigned limit)
{
    size_t i;
    const json_t *q;
    text_put_left(stdout, "route", 44);
    printf("%10s %7s %9s %9s %9s %9s %8s  %-12s %s\n", "requests", "errors", "mean ms", "p50 ms",
           "p95 ms", "db ms", "queries", "named by", "tied by");
    json_array_foreach(rows, i, q)
    {
        if (i >= limit) {
            printf("and %zu more; --limit N shows them\n", json_array_size(rows) - i);
            break;
        }
        print_row(q);
    }
}

int
verb_requests(int argc, char **argv)
{
    struct options o;
    json_t *doc = NULL;
    int r = options_parse(argc, argv, "json,limit", 0, 0, &o);
    if (r == CLI_OK) {
        r = document_get(&o, argv[0], "requests", &doc);
    }
    if (r != CLI_OK) {
        return r;
    }
    if (o.json) {
        document_print(doc);
    } else {
        print_table(doc, o.limit > 0 ? o.limit : DEFAULT_LIMIT);
    }
    json_decref(doc);
    return CLI_OK;
}
