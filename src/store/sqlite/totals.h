/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/totals.h - one row for each window of time: all its series summed, and the largest
 * of them by name, so that a screen over a month reads hundreds of rows instead of millions.
 *
 * Made by the writer once a window is complete (RETAIN_LATE_S after its end), window by window, so
 * that a store of an older version catches up by itself. What is changed in a window later than
 * that is not in its totals. Zeroed memory is an empty one; totals_fini frees its sketch. */
#ifndef STORE_SQLITE_TOTALS_H
#define STORE_SQLITE_TOTALS_H

#include "model/sketch.h"
#include "store/sqlite/db.h"

#define TOTALS_TOP_MAX  32u
#define TOTALS_TAIL_MAX 8u

/* One of the largest: a route by what its statements spent, or a statement. */
struct totals_top {
    int64_t series; /* 0: none */
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns; /* of the requests, or of the calls */
    uint64_t db_ns;   /* of a route's statements; a statement's time_ns again */
};

struct totals_list {
    unsigned count;
    struct totals_top top[TOTALS_TOP_MAX]; /* in no order */
};

struct totals {
    uint64_t start_s;
    uint64_t requests;
    uint64_t request_errors;
    uint64_t request_ns;
    uint64_t queries;
    uint64_t query_errors;
    uint64_t query_ns;
    struct sketch sketch; /* of the requests, where they were summed */
    struct slice saved;   /* the same as it stands in a row, for the length of the call */
    struct totals_list routes;
    struct totals_list statements;
};

void totals_fini(struct totals *t);

/* Adds what is known of how long the requests took. */
void totals_add_sketch(const struct totals *t, struct sketch *into);

/* Sums the windows of this length and start. SQLITE_DONE or an error code. */
int totals_sum(struct db *db, unsigned length_s, uint64_t start_s, struct totals *ret_totals);

/* Makes the row of the oldest window that is complete and has none. SQLITE_DONE or an error code;
 * *ret_more: one was made, there may be another. Inside the caller's transaction. */
MUST_CHECK int totals_step(struct db *db, uint64_t now_s, bool *ret_more);

/* Calls on_row for each row there is of this length with from <= start < to, in order. */
typedef void totals_cb(void *ctx, struct totals *row);
int totals_read(struct db *db, unsigned length_s, uint64_t from_s, uint64_t to_s, totals_cb *on_row,
                void *ctx);

/* Calls on_row for the newest minutes with from <= start < to, which have no row yet: they are
 * summed now, TOTALS_TAIL_MAX at most. */
int totals_read_tail(struct db *db, uint64_t from_s, uint64_t to_s, uint64_t now_s,
                     totals_cb *on_row, void *ctx);

/* How long all queries took, by the rows of this length with from <= start < to. */
int totals_query_ns(struct db *db, unsigned length_s, uint64_t from_s, uint64_t to_s,
                    uint64_t *ret_ns);

/* The start of the newest row of this length; 0: none. */
uint64_t totals_newest(struct db *db, unsigned length_s);

#endif
