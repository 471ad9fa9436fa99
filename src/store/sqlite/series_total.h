/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/series_total.h - each series over the last SERIES_TOTAL_S, hours and minutes taken
 * once each: all of its windows but the newest summed, and the newest, to which more may be added,
 * by itself.
 *
 * Reads what a store of any version has, a series at a time. */
#ifndef STORE_SQLITE_SERIES_TOTAL_H
#define STORE_SQLITE_SERIES_TOTAL_H

#include "model/sketch.h"
#include "model/stored.h"
#include "store/sqlite/db.h"

#define SERIES_TOTAL_S (7u * 24 * 3600)

struct series_total {
    struct stored_window sums; /* texts are the statement's, valid during the call */
    struct sketch sketch;
    struct stored_window newest; /* length_s 0: none */
    uint8_t newest_sketch[SKETCH_SAVED_MAX];
    char newest_plan[WINDOW_PLAN_MAX];
    int64_t id;
};

/* Valid during the call. */
typedef void series_total_cb(void *ctx, struct series_total *total);

/* 0 or -EIO. */
MUST_CHECK int series_total_each(struct db *db, uint64_t now_s, series_total_cb *on_total,
                                 void *ctx);

/* The series as a whole: the newest window is added to the sums, once. */
const struct stored_window *series_total_whole(struct series_total *t);

#endif
