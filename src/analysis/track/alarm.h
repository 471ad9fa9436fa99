/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/alarm.h - one control chart that speaks: of which lane, since about when, from
 * what to what.
 *
 * Plain data. Times are seconds since 1970, of events. */
#ifndef ANALYSIS_TRACK_ALARM_H
#define ANALYSIS_TRACK_ALARM_H

#include <stdbool.h>
#include <stdint.h>

/* Which detector speaks. */
enum lane {
    LANE_DRIFT, /* latency: slow or small, cusum.h */
    LANE_SHIFT, /* latency: large, exceed.h */
    LANE_SHAPE, /* latency: more calls above what 90 % and 99 % stayed below */
    LANE_CALLS, /* calls per request */
    LANE_NEW,   /* a statement that the route did not make before */
    LANE_PLAN,  /* dearer by far, with another plan */
    LANE_ERRORS,
    LANE_STALL,
    LANE_CREEP,     /* latency: over days, against a week ago */
    LANE_OBJECTIVE, /* what the user promises is broken too fast */
    LANE_ROWS,      /* a call returns far more of them than before */
    LANE_BYTES,
    LANE_BLIPS,  /* latency: what goes away, and comes back and back */
    LANE_BURSTS, /* the same of errors */
    LANE_COUNT
};

/* Bits of those that have to do with one another. */
#define LATENCY_LANES   (1u << LANE_DRIFT | 1u << LANE_SHIFT | 1u << LANE_SHAPE | 1u << LANE_CREEP)
#define STRUCTURE_LANES (1u << LANE_CALLS | 1u << LANE_NEW)
#define TIME_LANES      (LATENCY_LANES | STRUCTURE_LANES | 1u << LANE_PLAN) /* milliseconds */
#define FAILURE_LANES   (1u << LANE_ERRORS | 1u << LANE_STALL)
#define AMOUNT_LANES    (1u << LANE_ROWS | 1u << LANE_BYTES)
#define BURST_LANES     (1u << LANE_BLIPS | 1u << LANE_BURSTS)
#define ERROR_LANES     (1u << LANE_ERRORS | 1u << LANE_BURSTS)

struct alarm {
    enum lane lane;
    int64_t onset_s;
    int64_t doubt_s;    /* half of the interval around it */
    int64_t latest_s;   /* its end, where that is not as far away as its beginning; else 0 */
    double before, now; /* ms a call, or what the lane is about */
    float shift_ln;     /* of latency its effect, else of what it is about */
    bool learning;      /* there is no baseline of its own yet */
    bool of_time;       /* of an objective: it promises how long requests take */
};

const char *lane_name(enum lane lane);

#endif
