/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/databases.h - what each database counts as a whole, whoever its clients are: as
 * the advisor reads it from pg_stat_database, and its samples of sessions in a query.
 *
 * In windows of DATABASES_WINDOW_NS over the last hour, of at most DATABASES_MAX databases; others
 * are not known. What was counted between two answers is of the window in their middle. Counters
 * that were reset begin anew, and so do those that nobody has read for DATABASES_GAP_NS: nobody
 * knows when in that time it was. Fixed memory. Pure; belongs to the judge. */
#ifndef ANALYSIS_DETECT_DATABASES_H
#define ANALYSIS_DETECT_DATABASES_H

#include <jansson.h>

#include "base/check.h"

#define DATABASES_MAX         8u
#define DATABASES_WINDOW_NS   (5 * 1000000000ull)
#define DATABASES_WINDOWS_MAX 720u
#define DATABASES_GAP_NS      (120 * 1000000000ull)

/* Since the server began to count. */
struct databases_counters {
    double deadlocks, temp_files, temp_bytes;
    double sessions; /* < 0: the server does not count them */
    double reset;    /* when it last began anew; seconds since 1970, 0: never */
};

struct databases_window {
    uint64_t number; /* start / DATABASES_WINDOW_NS */
    double seconds;  /* that the counters are of */
    double deadlocks, temp_files, temp_bytes, sessions;
    double samples, active; /* of sessions; in a query, summed over these */
};

struct database {
    uint64_t name;   /* hash */
    uint64_t newest; /* window's number */
    uint64_t at_ns;  /* when they were last read; 0: not yet */
    struct databases_counters last;
    struct databases_window ring[DATABASES_WINDOWS_MAX];
};

struct databases {
    struct database database[DATABASES_MAX];
    unsigned count;
};

struct databases_rate {
    double seconds; /* that somebody counted; 0: nothing is known but `active` */
    double deadlocks;
    double temp_files_per_s, temp_bytes_per_s;
    double sessions_per_s; /* new ones; < 0: not known */
    double active;         /* sessions in a query, on average; < 0: not known */
};

/* An answer to QUESTION_WAITS about that database (hash of its name); one that says nothing of it,
 * or nonsense, counts nothing. */
void databases_answer(struct databases *d, uint64_t name, const json_t *answer, uint64_t now_ns);

/* Of the windows that begin between the two moments. name 0: of all databases, added up. */
struct databases_rate databases_between(const struct databases *d, uint64_t name, uint64_t from_ns,
                                        uint64_t to_ns);

#endif
