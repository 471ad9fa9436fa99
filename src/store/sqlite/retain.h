/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/retain.h - what is rolled up and what is let go, a bounded step at a time.
 *
 * Each function does at most one hour's worth of work inside the caller's transaction and says
 * whether there is more to do. Returns SQLITE_DONE or an error code. */
#ifndef STORE_SQLITE_RETAIN_H
#define STORE_SQLITE_RETAIN_H

#include "store/sqlite/db.h"

#define RETAIN_MINUTES_S (48u * 3600)
#define RETAIN_HOURS_S   (400u * 24 * 3600)
#define RETAIN_TRACES_S  (7u * 24 * 3600)
#define RETAIN_LATE_S    120u
#define RETAIN_TRACES    2000u

MUST_CHECK int retain_roll_up(struct db *db, uint64_t now_s, bool *ret_more);
MUST_CHECK int retain_by_age(struct db *db, uint64_t now_s);
MUST_CHECK int retain_by_size(struct db *db, uint64_t size_target, bool *ret_more);

#endif
