/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/retain.h - what is rolled up and what is let go, a bounded step at a time.
 *
 * What names windows (series, statements' texts, routes, what is normal for a route) lives as long
 * as the windows it names, so that an application that changes for years neither fills the store
 * with what it once was nor, after a restart, the judge's tables. Texts are at most a quarter of
 * the size that is aimed at, those seen last stay.
 *
 * Each function does at most one hour's worth of work (retain_turn_day: one day's) inside the
 * caller's transaction and says whether there is more to do. Returns SQLITE_DONE or an error code.
 *
 * Windows are written in the order of their time, so that a commit touches few pages. Who looks at
 * one series over a month would read a page for each of its hours; so the hours of a day that is
 * over are turned: moved to series_hours, where a series' day stands together. */
#ifndef STORE_SQLITE_RETAIN_H
#define STORE_SQLITE_RETAIN_H

#include "store/sqlite/db.h"

#define RETAIN_MINUTES_S (48u * 3600)
#define RETAIN_HOURS_S   (400u * 24 * 3600)
#define RETAIN_TRACES_S  (7u * 24 * 3600)
#define RETAIN_NORMAL_S  (30u * 24 * 3600) /* what is normal for a route that nobody asks for */
#define RETAIN_LATE_S    120u
#define RETAIN_DAY_S     86400u
#define RETAIN_TRACES    2000u
#define RETAIN_PLANS     4000u

MUST_CHECK int retain_roll_up(struct db *db, uint64_t now_s, bool *ret_more);
/* SQLITE_FULL: there is no room to do it in, and nothing depends on it. */
MUST_CHECK int retain_turn_day(struct db *db, uint64_t now_s, bool *ret_more);
MUST_CHECK int retain_by_age(struct db *db, uint64_t now_s);
MUST_CHECK int retain_by_size(struct db *db, uint64_t size_target, bool *ret_more);

#endif
