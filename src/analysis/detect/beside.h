/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/beside.h - what the database does as a whole, before and now, beside what the
 * wire says: clients that do not come through slowburn, and what no protocol tells.
 *
 * From the server's own counters and samples (databases.h) over the spans that a shift compares.
 * They are of a database and not of a statement: whoever uses them says so. Pure. */
#ifndef ANALYSIS_DETECT_BESIDE_H
#define ANALYSIS_DETECT_BESIDE_H

#include "analysis/change/shift.h"
#include "analysis/detect/databases.h"

struct beside {
    double load_before,
        load_now; /* sessions in a query that slowburn does not see; < 0: not known */
    double sessions_before, sessions_now; /* new ones a second, of all clients; < 0: not known */
    double temp_files_before, temp_files_now; /* a second; < 0: not known */
    double temp_bytes_before, temp_bytes_now; /* a second */
    double deadlocks;                         /* now; < 0: not known */
    double seconds;                           /* that "now" is of */
};

/* Of one database (hash of its name); 0: of all. */
struct beside beside_of(const struct databases *d, const struct shift *s, uint64_t database);

/* Sessions that slowburn does not see are a part of the load that matters, and were less. */
bool beside_load_grew(const struct beside *b);
/* They are a small part of it, by what is known. */
bool beside_load_is_small(const struct beside *b, const struct shift *s);
/* Sorts and hash tables that do not fit into memory go to temporary files, and did not, or less. */
bool beside_spills(const struct beside *b);
bool beside_spills_no_more_than_before(const struct beside *b);

/* Appends to a finding's detail what of these is so; nothing otherwise. */
void beside_say_load(const struct beside *b, char *detail, size_t size);
/* calls_per_s: of the statement that is slower. */
void beside_say_spills(const struct beside *b, double calls_per_s, char *detail, size_t size);
/* opened_per_s: connections through slowburn. */
void beside_say_sessions(const struct beside *b, double opened_per_s, char *detail, size_t size);
void beside_say_deadlocks(const struct beside *b, char *detail, size_t size);

#endif
