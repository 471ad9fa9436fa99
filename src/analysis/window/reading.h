/* SPDX-License-Identifier: Apache-2.0
 * analysis/window/reading.h - one closed window of one series: what the monitor is fed with,
 * whether it comes from a file, from a simulated world, or from the live analyzer.
 *
 * Plain data; the slices and cells are borrowed for the length of the call that takes it. A series
 * is a route (no fingerprint), a statement (no route), or a statement within a route. What is
 * optional has a bit in `known`: absent is not zero. */
#ifndef ANALYSIS_WINDOW_READING_H
#define ANALYSIS_WINDOW_READING_H

#include "base/slice.h"
#include "model/error_class.h"

/* Calls that took at most upper_us, and longer than the cell before it. */
struct reading_cell {
    uint32_t upper_us;
    uint32_t count;
};

enum reading_known {
    READING_REQUESTS = 1 << 0,
    READING_ROWS = 1 << 1,
    READING_BYTES = 1 << 2,
    READING_CLASSES = 1 << 3,
    READING_REPEATING = 1 << 4,
    READING_SAME_VALUES = 1 << 5,
    READING_ROWS_READ = 1 << 6,
    READING_LOCK = 1 << 7,
    READING_OLDEST = 1 << 8,
    READING_PLAN = 1 << 9,
    READING_TIME = 1 << 10,
};

struct reading {
    int64_t start_s; /* since 1970 */
    uint32_t length_s;
    struct slice route;       /* empty: a statement's */
    struct slice fingerprint; /* empty: a route's */
    struct slice statement;   /* its normalized text, or empty */
    struct slice plan;        /* the shape of its plan, by any name; READING_PLAN */
    uint32_t known;           /* enum reading_known */
    double calls;
    double errors;
    double requests; /* of the route, whether they made the call or not */
    double rows, bytes;
    double time_ms; /* of all calls, where there is no histogram */
    double errors_by_class[ERROR_CLASS_COUNT];
    double requests_repeating;       /* that made the call again and again with different values */
    double same_value_calls;         /* with values that were seen shortly before */
    double rows_read;                /* by the advisor's counters */
    double lock_ms;                  /* waited for locks, by the advisor's samples */
    double oldest_ms;                /* age of the oldest call in flight at the window's end */
    const struct reading_cell *cell; /* ascending */
    unsigned cell_count;
};

#endif
