/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/part_hours.h - the minutes of what a route asks, by the hour.
 *
 * Minutes are written in the order of their time: six hours of a route with ten statements are
 * 3,600 look-ups, a page each. So once an hour is rolled up, the minutes of each statement within a
 * route are written once more, without what only the detectors want: an hour of one in a row of
 * some hundred bytes. They go when the minutes do.
 *
 * Made by the writer, hour by hour, so that a store of an older version catches up by itself. */
#ifndef STORE_SQLITE_PART_HOURS_H
#define STORE_SQLITE_PART_HOURS_H

#include "store/sqlite/series_windows.h"

/* Makes the rows of the oldest hour that is rolled up and has none. SQLITE_DONE or an error code;
 * *ret_more: it made them, there may be another. Inside the caller's transaction. */
MUST_CHECK int part_hours_step(struct db *db, bool *ret_more);

/* Calls on_window for each minute with from <= start < until of that series; both before the mark
 * 'parts_until'. 0 or -EIO. */
MUST_CHECK int part_hours_each(struct db *db, int64_t series, uint64_t from_s, uint64_t until_s,
                               series_windows_cb *on_window, void *ctx);

#endif
