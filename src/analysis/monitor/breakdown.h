/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/breakdown.h - what a request to an episode's route takes more than before, and
 * which of its statements that is; how much of it the episode's causes explain.
 *
 * The route's mean less its statements' is the time outside of them: the application's, and what
 * lies between. Before is what is normal at this time of week, now is smoothed over the last
 * minutes; how sure a change is follows from how far minutes stray (noise.h), as if what is normal
 * was known for sure. Lines, the other statements and the time outside add up to the route's
 * change.
 *
 * Explained are a cause's statements; of others what waits behind a cause; and the time outside
 * where a cause has added calls or results, which the application has to work on. Below
 * FINDING_EXPLAINED_MIN nobody can tell why, whatever was found, unless what is left may be noise
 * (where noise is not known yet, the figures alone decide), or the route was not told of: then the
 * episode is about its statement, and explains that.
 *
 * Plain data with fixed limits, about 1.5 KB. Making it reads all series once. One thread. */
#ifndef ANALYSIS_MONITOR_BREAKDOWN_H
#define ANALYSIS_MONITOR_BREAKDOWN_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKDOWN_LINES_MAX 6u

struct monitor;
struct episode;

/* One statement of the route; milliseconds a request. */
struct breakdown_line {
    uint64_t track; /* its key */
    char subject[160];
    double before_ms, now_ms;
    double change_error_ms; /* half of the 95 % interval; NAN: not known */
};

struct breakdown {
    char route[256]; /* "": the episode is about none, or is no matter of milliseconds */
    double before_ms, now_ms, change_error_ms;
    struct breakdown_line line[BREAKDOWN_LINES_MAX]; /* the largest change first */
    unsigned line_count, statement_count;            /* the latter of all */
    double others_ms;                    /* of the change: statements that have no line */
    double outside_ms, outside_error_ms; /* outside of all statements; the error as of a line */
    double explained; /* a share of the change; NAN: there is nothing to explain */
    bool is_told;     /* the route, of its latency */
};

/* Of an episode whose causes were found. False, and it stays as it was: nothing is known of its
 * route, or it has none. */
bool breakdown_make(const struct monitor *m, const struct episode *e, struct breakdown *b);

/* It is slower, and its causes explain too little of that, by more than noise would. */
bool breakdown_cannot_tell(const struct breakdown *b);

#endif
