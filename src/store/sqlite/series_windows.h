/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/series_windows.h - the windows of one series over a span of time, from wherever they
 * are kept: hours of days that are over stand together, a day a page or two; newer hours and
 * minutes stand by their time and are looked up one by one, but for those of parts. */
#ifndef STORE_SQLITE_SERIES_WINDOWS_H
#define STORE_SQLITE_SERIES_WINDOWS_H

#include "store/sqlite/history.h"

struct series_window {
    uint64_t start_s;
    unsigned length_s;
    struct history_sums sums;
    struct slice sketch; /* saved; valid during the call */
};

typedef void series_windows_cb(void *ctx, const struct series_window *window);

/* Calls on_window for each that there is, in the order of their time. 0 or -EIO. */
MUST_CHECK int series_windows(struct db *db, const struct span *span, int64_t series,
                              series_windows_cb *on_window, void *ctx);

/* The same of a statement within a route, without sketches of minutes: see part_hours.h. */
MUST_CHECK int series_windows_of_part(struct db *db, const struct span *span, int64_t series,
                                      series_windows_cb *on_window, void *ctx);

/* How many look-ups that takes at most, of a part. */
uint64_t series_windows_cost(const struct span *span);

#endif
