/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/metrics_table.h"

#include <stdio.h>
#include <stdlib.h>

void
metrics_table_init(struct metrics_table *t, size_t keep)
{
    *t = (struct metrics_table){.keep = keep};
    t->row = check_alloc(METRICS_NAMES_MAX, sizeof(*t->row));
}

void
metrics_table_fini(struct metrics_table *t)
{
    free(t->row);
    t->row = NULL;
}

struct metrics_row *
metrics_table_row(struct metrics_table *t, const char *name, const char *scope)
{
    if (strcmp(name, METRICS_REST) == 0 && scope[0] == '\0') {
        return NULL; /* two rows would have one name */
    }
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->row[i].name, name) == 0 && strcmp(t->row[i].scope, scope) == 0) {
            t->row[i].is_counted = true;
            return &t->row[i];
        }
    }
    if (t->count == METRICS_NAMES_MAX) {
        return NULL;
    }
    struct metrics_row *row = &t->row[t->count++];
    *row = (struct metrics_row){.is_counted = true};
    snprintf(row->name, sizeof(row->name), "%s", name);
    snprintf(row->scope, sizeof(row->scope), "%s", scope);
    return row;
}

static int
most_time_first(const void *a, const void *b)
{
    const struct metrics_row *x = a, *y = b;
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? 1 : -1;
    }
    int by_name = strcmp(x->name, y->name);
    return by_name != 0 ? by_name : strcmp(x->scope, y->scope);
}

void
metrics_table_tell(struct metrics_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        t->row[i].time_ns += t->row[i].fresh.time_ns;
    }
    qsort(t->row, t->count, sizeof(t->row[0]), most_time_first);
    t->has_rest = t->has_rest || t->count > t->keep || t->fresh_rest.calls > 0;
    t->shown = MIN(t->count, t->keep - t->has_rest);
    series_counts_add(&t->rest, &t->fresh_rest);
    t->fresh_rest = (struct series_counts){0};
    size_t left = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct metrics_row *row = &t->row[i];
        series_counts_add(i < t->shown ? &row->told : &t->rest, &row->fresh);
        row->fresh = (struct series_counts){0};
        if (i < t->shown || row->is_counted) { /* a name that nothing has any more makes room */
            row->is_counted = false;
            t->row[left++] = *row;
        }
    }
    t->count = left;
}
