/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/stampede.h - the same statement with the same values many times at once, where
 * one answer would do for all.
 *
 * Two calls are beside one another when they share at least half of the longer one's time. A call
 * is needless when the same one was underway as it began, whichever was over first: its answer
 * would have done, or the one before. What the one that is needed takes longer than the shortest of
 * the same, where others are beside it, is because of them: they share a database. Of those that
 * were told already, the last STAMPEDE_RECENT of a statement are looked at. Only SELECTs of
 * STAMPEDE_CALL_NS and more count: what is over sooner hurts nobody. Counts cover two to four
 * minutes (a pair of halves that take turns). About 3 KB a statement, made on its first such call;
 * STAMPEDE_STATEMENTS_MAX of them, others are not looked at. One thread. */
#ifndef ANALYSIS_SERIES_STAMPEDE_H
#define ANALYSIS_SERIES_STAMPEDE_H

#include "analysis/intake/trace.h"
#include "base/map.h"

#define STAMPEDE_MIN            4u /* of the same at once */
#define STAMPEDE_CALL_NS        (20 * 1000000ull)
#define STAMPEDE_RECENT         64u
#define STAMPEDE_HALF_NS        (120 * 1000000000ull)
#define STAMPEDE_STATEMENTS_MAX 512u

struct stampede_call {
    uint64_t values, start_ns, end_ns;
    uint64_t wasted_ns; /* of its time, as far as that is counted */
    unsigned turn;      /* the half that it is counted in */
    bool is_needless, has_others;
};

struct stampede_half {
    uint64_t calls, crowded; /* with STAMPEDE_MIN - 1 others beside it, or more */
    uint64_t time_ns, wasted_ns;
    unsigned most;
};

struct stampede_statement {
    struct stampede_call recent[STAMPEDE_RECENT]; /* a ring */
    unsigned next;
    struct stampede_half half[2];
    uint64_t half_ns; /* when the current half began */
    unsigned turn;    /* its number */
};

struct stampedes {
    struct map by_fingerprint;
    uint64_t refused;
};

struct stampede_sum {
    uint64_t calls, crowded;
    unsigned most;       /* at once */
    double wasted_share; /* of the time that all calls took: by needless ones, or because of them */
};

void stampedes_init(struct stampedes *s);
void stampedes_fini(struct stampedes *s);

/* Any finished call: most are passed over at the cost of a comparison. */
void stampedes_add(struct stampedes *s, const struct trace_query *q);

/* False: nothing is known of the last minutes. */
bool stampedes_sum(const struct stampedes *s, uint64_t fingerprint, uint64_t now_ns,
                   struct stampede_sum *ret_sum);

#endif
