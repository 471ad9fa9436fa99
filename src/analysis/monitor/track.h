/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/track.h - one series under watch: the window underway, its baseline and noise,
 * its charts.
 *
 * Belongs to the monitor. About 3.6 KB each, and its names. Times are seconds since 1970, of
 * events. One thread. */
#ifndef ANALYSIS_MONITOR_TRACK_H
#define ANALYSIS_MONITOR_TRACK_H

#include "analysis/baseline/level.h"
#include "analysis/baseline/noise.h"
#include "analysis/baseline/slope.h"
#include "analysis/baseline/week.h"
#include "analysis/chart/cusum.h"
#include "analysis/chart/exceed.h"
#include "analysis/chart/poisson.h"
#include "analysis/monitor/limits.h"
#include "analysis/window/reading.h"

enum track_kind {
    TRACK_ROUTE,
    TRACK_STATEMENT,
    TRACK_CALL,   /* a statement within a route */
    TRACK_COMMON, /* what all have in common */
};

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
    LANE_COUNT
};

/* Figures that are compared before with now, smoothed over a few windows. */
struct track_figures {
    float calls;     /* per request */
    float cost_ms;   /* per call, mean */
    float rows;      /* per call */
    float repeating; /* share of requests */
    float same;      /* share of calls */
    float rows_read; /* per call */
    float lock_ms;   /* per call */
    float per_s;     /* calls a second */
};

/* One class of errors of one series. */
struct track_errors {
    struct poisson chart[ERROR_CLASS_COUNT];
    float today[ERROR_CLASS_COUNT], yesterday[ERROR_CLASS_COUNT], kept[ERROR_CLASS_COUNT];
    float since[ERROR_CLASS_COUNT]; /* errors since its chart left zero */
    float calls_since[ERROR_CLASS_COUNT];
    /* Windows in a row that look like an outage, or like a smaller one that lasts; and their
     * errors, which are not normal before it is known what they are. */
    uint8_t outage[ERROR_CLASS_COUNT], lasting[ERROR_CLASS_COUNT];
    float held[ERROR_CLASS_COUNT];
    uint8_t cut[ERROR_CLASS_COUNT]; /* windows in a row that did not count in full */
    float by_bursts[ERROR_CLASS_COUNT][POISSON_RATES];
    /* The last windows, decayed; and the share that was told, 0: none. */
    float lately[ERROR_CLASS_COUNT], calls_lately, told[ERROR_CLASS_COUNT];
    bool told_apart; /* by whoever made the readings; until then all are "other" */
};

#define CREEP_DAYS 4u

/* Hours against what was normal a week ago; how far whole days stray from it. */
struct creep {
    struct cusum_bank chart;
    uint32_t hour, day; /* underway */
    float hour_sum, day_sum;
    uint16_t hour_count, day_count; /* windows, hours */
    uint32_t day_windows;
    float pending[CREEP_DAYS]; /* means of the last days, not learned yet */
    uint8_t pending_count;
    float squares, days, windows; /* of days that were learned, decayed; windows a day */
    float spread;                 /* of a day's mean, in ln; 0: not known */
};

/* Of a route's windows, for telling what was normal. */
struct track_quantiles {
    struct level p50, p95; /* ms */
};

struct track {
    enum track_kind kind;
    uint64_t key;
    char *route, *fingerprint, *statement; /* NULL: none */
    struct track *parent;                  /* a call's route */
    int64_t first_s, last_s;
    uint64_t used; /* by which it is the least used */

    /* The window underway. */
    int64_t from_s, to_s;
    float n, sum_ln, sum_ln2, sum_us, over90, over99;
    float requests, calls, rows;
    bool is_due; /* is on the monitor's list for this step */

    /* Latency. */
    struct week week;
    struct noise noise;
    struct slope by_load, by_common;
    struct cusum_bank drift;
    struct exceed shift, shape;
    struct track_quantiles *quantiles; /* NULL: not a route */
    float off90, off99;                /* of ln latency above what is expected */
    float expect;                      /* at this step */
    float residual, z, v1;             /* of the window that is closed in this step */
    float last[CONFIRM_WINDOWS];       /* residuals */
    uint8_t last_at, last_count;
    struct creep creep;

    /* Structure. */
    struct level calls_level, cost_level, rows_level;
    struct exceed calls_chart;
    float s_requests, s_calls; /* the stretch underway */
    uint8_t jumps;             /* stretches in a row that are off */
    uint64_t plan, plan_before;
    int64_t plan_changed_s;
    bool plan_reads_all; /* the plan in use scans a whole table, the one before did not */
    struct track_figures now, before;

    /* Failures. */
    struct track_errors *errors; /* NULL: it never had any */
    float calls_today, calls_yesterday, calls_kept;
    uint32_t day;
    float oldest_max_ms[2]; /* today's, and what was normal */
    uint8_t stalls;
    float stall_s; /* the age that was too old */

    struct episode *episode; /* it belongs to, or NULL */
    uint32_t lanes;          /* bits of enum lane that it is in the episode for */
    float shift_ln;          /* when it was told */
    int64_t calm_s;          /* since when it is back; 0: it is not */
};

/* Copies the names. */
struct track *track_new(enum track_kind kind, uint64_t key, const struct reading *r);
void track_free(struct track **track);

/* Adds to the window underway. */
void track_gather(struct track *t, const struct reading *r);
/* The window underway may be closed. */
bool track_is_whole(const struct track *t);
/* Empties it. */
void track_next(struct track *t);

/* Nothing is suspected, so it may be learned from. */
bool track_may_learn(const struct track *t);

/* "GET /a", a statement's text, or both: for people. Returns dst. */
const char *track_name(const struct track *t, char *dst, unsigned size);
const char *lane_name(enum lane lane);

#endif
