/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/tables.h - what the database counts of its tables, as the advisor reads it.
 *
 * Plain data of at most TABLES_MAX tables; what is beyond is not known. Names are as SQL writes
 * them; "public.items" and "items" are one table. Pure; belongs to the judge. */
#ifndef ANALYSIS_DETECT_TABLES_H
#define ANALYSIS_DETECT_TABLES_H

#include <jansson.h>

#include "analysis/series/statement.h"

#define TABLES_MAX 64u

enum advice_state {
    ADVICE_NONE, /* not asked yet, or given up */
    ADVICE_ASKED,
    ADVICE_REFUSED, /* answered: cannot say; reason tells why */
    ADVICE_GIVEN,
};

struct advice_table {
    char name[STATEMENT_NAME_LEN];
    char database[STATEMENT_NAME_LEN];
    enum advice_state state;
    uint64_t first_ns, last_ns;
    unsigned answers;
    double rows_first, rows, bytes;
    double writes_first, writes; /* inserted + updated + deleted */
    double seq_scans_first, seq_scans;
    double reads, reads_taken; /* rows that were read, by whatever scan */
    uint64_t taken_ns;         /* when reads_taken was read; 0: never */
    uint64_t changed_ns;       /* when its counters were last seen to have moved; 0: never */
};

struct tables {
    struct advice_table table[TABLES_MAX];
    unsigned count;
};

/* Finds it, or begins with it; NULL when full. */
struct advice_table *tables_get(struct tables *t, const char *database, const char *name);
/* The names of one database's, for a question; the caller's. */
json_t *tables_names(const struct tables *t, const char *database);
/* An answer to QUESTION_TABLES about this database (hash of its name). */
void tables_answer(struct tables *t, uint64_t database, const json_t *answer, uint64_t now_ns);

/* Rows that were read since this was last asked. False: nobody knows. */
bool tables_take_reads(struct advice_table *t, double *ret_rows);

#endif
