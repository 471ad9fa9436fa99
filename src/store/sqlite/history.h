/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/history.h - what the answers over a stretch of time have in common: its points, its
 * marks, and numbers as JSON. */
#ifndef STORE_SQLITE_HISTORY_H
#define STORE_SQLITE_HISTORY_H

#include "model/json_text.h"
#include "model/sketch.h"
#include "store/history.h"
#include "store/sqlite/db.h"

struct history {
    struct db db;
};

struct history_sums {
    uint64_t calls, errors, rows, time_ns;
};

/* The range in whole windows, and which windows. */
struct span {
    uint64_t from_s;
    uint64_t to_s;
    uint64_t now_s;
    unsigned length_s; /* of the windows: 60 or 3600 */
    unsigned step_s;   /* of the points, whole windows */
    unsigned points;
    uint64_t rolled_s; /* windows of hours are whole before this */
    uint64_t turned_s; /* and stand by series before this */
    uint64_t parts_s;  /* a part's minutes stand by the hour before this */
};

/* 0, -EINVAL or -EIO. minutes_max_s: ranges up to this are read by minutes. */
MUST_CHECK int span_of(struct db *db, const struct history_range *range, uint64_t minutes_max_s,
                       struct span *ret_span);

/* Which point a window belongs to; `points` when none. */
unsigned span_point(const struct span *span, uint64_t start_s);

/* How much of this point's time has passed, in seconds; never 0. */
double span_seconds(const struct span *span, unsigned point);

/* Until when it is told by hours, from when on by minutes. */
uint64_t span_hours_end(const struct span *span);

/* How long all queries of these windows took. 0 or -EIO. */
MUST_CHECK int span_query_ns(struct db *db, const struct span *span, uint64_t *ret_ns);

/* {"from", "to", "step_s", "times"}, with "deploys" and "incidents" in that time. */
json_t *span_document(struct db *db, const struct span *span);

json_t *history_ms(uint64_t ns);
/* of a time that nothing happened in: null */
json_t *history_quantile(const struct sketch *sketch, double q);
void history_put_hex(json_t *object, const char *key, uint64_t fingerprint);

#endif
