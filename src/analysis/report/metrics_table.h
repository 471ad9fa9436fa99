/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/metrics_table.h - counters by name for exporters, of which none ever falls.
 *
 * At most `keep` rows are shown, those with the most time, and one of them is that of the rest.
 * What a name has counted since the last telling is added, once and for all, to its own row when
 * that is shown, else to the rest: a name that comes to be shown begins with what it counts from
 * then on, and one that is not shown any more goes on, if it comes back, where it stopped.
 * METRICS_NAMES_MAX names have a row; those beyond are counted with the rest. */
#ifndef ANALYSIS_REPORT_METRICS_TABLE_H
#define ANALYSIS_REPORT_METRICS_TABLE_H

#include "analysis/series/series.h"

#define METRICS_NAMES_MAX 400u /* 300 kB of memory, when there are so many */
#define METRICS_REST      "other"

struct metrics_row {
    char name[300];   /* route, or summary */
    char scope[128];  /* method, or namespace */
    bool is_given;    /* a route that the application has named */
    bool is_counted;  /* since the last telling */
    uint64_t time_ns; /* all that there was, shown or not */
    struct series_counts fresh, told;
};

struct metrics_table {
    struct metrics_row *row; /* those that are shown first, the one with the most time first */
    size_t count, shown, keep;
    struct series_counts rest, fresh_rest;
    bool has_rest;
};

void metrics_table_init(struct metrics_table *t, size_t keep);
void metrics_table_fini(struct metrics_table *t);

/* The row of that name; NULL: it is counted with the rest. Until the next telling. */
struct metrics_row *metrics_table_row(struct metrics_table *t, const char *name, const char *scope);
/* What is fresh becomes told. */
void metrics_table_tell(struct metrics_table *t);

#endif
