/* SPDX-License-Identifier: Apache-2.0
 * sim/result.h - what a statement's calls return, minute by minute.
 *
 * A third each: one row or none, a page, a list that has whatever there is. Calls differ, by time
 * of day and by who asks as well; tables grow; jobs at night, some on Sundays alone, fetch more,
 * and now and again somebody fetches it all for minutes. With chances of its own, so that all else
 * in a world is what it is without. One thread. */
#ifndef SIM_RESULT_H
#define SIM_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "sim/chance.h"

struct result {
    float rows, width;        /* the mean, and bytes a row */
    float cv;                 /* by how much calls differ, in means */
    float swing, asked, ar;   /* by time of day; by who asks, over hours, and its state */
    float growth;             /* of the table, a day */
    float at_night;           /* times as many, for hours; 0: no job does that */
    bool on_sundays, is_list; /* the job; nothing limits it */
    float burst;              /* somebody fetches it all */
    unsigned burst_left;
};

/* rows: of a page; a list has more. */
void result_init(struct result *r, struct chance *c, bool held_out, float rows);
/* One of 20 rows that nothing limits. */
void result_init_typical(struct result *r);

/* Of so many calls in the minute at now_s, which is since_s after the world began. */
double result_rows(struct result *r, struct chance *c, bool held_out, int64_t now_s,
                   int64_t since_s, double calls);
double result_bytes(const struct result *r, struct chance *c, double calls, double rows);

#endif
