/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/sameness.h - does a statement with the same values give the same answer, again
 * and again?
 *
 * For each SELECT: the SAMENESS_VALUES_MAX values it was last called with, each with the hash of
 * its last result. A call is a *hit* when its values are there, were used within SAMENESS_TTL_NS,
 * and its result is the one before it: a cache of that age would have answered it. Counts cover two
 * to four minutes (a pair of halves that take turns). About 1 KB a statement, made on its first
 * call; at most as many statements as it was made for. One thread. */
#ifndef ANALYSIS_SERIES_SAMENESS_H
#define ANALYSIS_SERIES_SAMENESS_H

#include "analysis/intake/trace.h"
#include "base/map.h"

#define SAMENESS_VALUES_MAX 16u
#define SAMENESS_TTL_NS     (60 * 1000000000ull)
#define SAMENESS_HALF_NS    (120 * 1000000000ull)

struct sameness_value {
    uint64_t values;
    uint64_t result;
    uint64_t last_ns;
    uint64_t calls;
};

struct sameness_half {
    uint64_t calls;
    uint64_t hits;
    uint64_t changed;  /* same values, another result */
    uint64_t unhashed; /* values or result were not hashed: nothing can be said */
};

struct sameness_statement {
    struct sameness_value value[SAMENESS_VALUES_MAX];
    struct sameness_half half[2];
    uint64_t half_ns; /* when the current half began */
};

struct sameness_write {
    uint64_t table; /* hash of its bare name */
    uint64_t last_ns;
};

#define SAMENESS_TABLES_MAX 512u /* the one that was written longest ago gives way */

struct sameness {
    struct map by_fingerprint;
    struct sameness_write write[SAMENESS_TABLES_MAX];
};

struct sameness_sum {
    uint64_t calls;
    uint64_t hits;
    uint64_t changed;
    uint64_t since_ns;
    unsigned answers; /* different values that make up nine tenths of its calls; 0: too many */
    double hit_rate;
};

void sameness_init(struct sameness *s, size_t statements_max);
void sameness_fini(struct sameness *s);
/* The statement of this query, made when it is its first; NULL: it is no SELECT, or there are too
 * many. Stays where it is. */
struct sameness_statement *sameness_of(struct sameness *s, const struct trace_query *q);

/* Whether it came with values that were seen within SAMENESS_TTL_NS. */
enum sameness_answer { SAMENESS_UNKNOWN, SAMENESS_UNSEEN, SAMENESS_SEEN };

enum sameness_answer sameness_add(struct sameness_statement *statement,
                                  const struct trace_query *q);
/* False: nothing is known. */
bool sameness_sum(const struct sameness *s, uint64_t fingerprint, struct sameness_sum *ret_sum);

/* A write to a table went through slowburn. */
void sameness_wrote(struct sameness *s, const char *table, uint64_t at_ns);
/* When the table was last written through slowburn; 0: not seen. */
uint64_t sameness_written_ns(const struct sameness *s, const char *table);

#endif
