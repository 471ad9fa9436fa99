/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/track.h - one series under watch: the window underway, its baseline and noise,
 * its charts.
 *
 * Belongs to tracks.h. About 0.8 KB each that a minute touches, 3 KB that it does not, and its
 * names. Times are seconds since 1970, of events. One thread. */
#ifndef ANALYSIS_TRACK_TRACK_H
#define ANALYSIS_TRACK_TRACK_H

#include "analysis/baseline/level.h"
#include "analysis/baseline/noise.h"
#include "analysis/baseline/rise.h"
#include "analysis/baseline/slope.h"
#include "analysis/baseline/week.h"
#include "analysis/chart/cusum.h"
#include "analysis/chart/exceed.h"
#include "analysis/chart/poisson.h"
#include "analysis/chart/recur.h"
#include "analysis/track/limits.h"
#include "analysis/window/reading.h"

#define TRACK_STATEMENT_MAX 1711u
#define TRACK_STEP_S        60 /* a minute's readings are judged together */

struct episode; /* of whoever is told; nothing in here looks into it */

enum track_kind {
    TRACK_ROUTE,
    TRACK_STATEMENT,
    TRACK_CALL,   /* a statement within a route */
    TRACK_COMMON, /* what all have in common */
};

/* Figures that are compared before with now, smoothed over a few windows. */
struct track_figures {
    float calls;     /* per request */
    float cost_ms;   /* per call, mean */
    float repeating; /* share of requests */
    float same;      /* share of calls */
    float rows_read; /* per call */
    float lock_ms;   /* per call */
    float per_s;     /* calls a second */
};

/* One class of errors of one series. */
struct track_class {
    struct poisson chart;
    float today, yesterday, kept;
    float since; /* errors since its chart left zero */
    float calls_since;
    float lately, told; /* errors of the last windows, decayed; the share that was told, 0: none */
    float by_bursts[POISSON_RATES];
    /* Windows in a row that look like an outage, or like a smaller one that lasts; and their
     * errors, which are not normal before it is known what they are. */
    uint8_t outage, lasting;
    uint8_t cut; /* windows in a row that did not count in full */
    float held;
    float in_bursts; /* errors of those that the track's chart of bursts holds */
};

struct track_errors {
    uint32_t seen;    /* bits of classes that have ever had an error; others are all zero */
    uint32_t last_at; /* the window before */
    float calls_lately;
    bool told_apart; /* by whoever made the readings; until then all are "other" */
    struct track_class of[ERROR_CLASS_COUNT];
};

#define AMOUNT_SAMPLES 8u /* an hour */
#define WEEK_HOURS     168u

/* What a call returns: rows, or bytes. What every reading needs. */
struct track_amount {
    float far;        /* per call: a stretch above is looked at; 0: each is */
    float now;        /* per call, smoothed over a few stretches */
    float top;        /* the most of a stretch of today */
    float sum, calls; /* of the stretch underway */
    uint32_t from_s;
    uint32_t turn; /* in which one was kept last */
    uint32_t hour; /* of the samples that are kept */
    uint8_t kept;
    bool has_crept; /* for hours, before it was told */
    bool is_learning;
};

/* And what one that is far above, or an hour that is over. */
struct track_amount_past {
    struct level level;
    struct level_past past;
    struct exceed chart; /* of stretches that are far above */
    float top[2];        /* the most of a stretch: yesterday, and what was normal */
    float most;          /* now, at the most, since it was told */
    uint32_t since_s;    /* it is learned; 0: not begun */
    uint8_t jumps;       /* stretches in a row that are off behind a deploy */
    uint8_t doubled;     /* at least twice what is normal, less those that were not since */
    uint32_t jump_s;     /* when the first of them began */
    uint32_t up[(WEEK_HOURS + 31) / 32]; /* bits of hours of the week that were up the last time */
};

/* Eight minutes, in which one stretch is kept: not all series in the same minute. */
static inline uint32_t
track_turn(uint64_t key, int64_t at_s)
{
    return ((uint32_t)(at_s / 60) + (uint32_t)key) / 8;
}

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
    float bias; /* of noise.h, seven of its days ago, or the oldest that is known */
};

/* What creep needs once a day. */
struct creep_past {
    float bias[WEEK_DAYS]; /* the newest first */
    uint8_t count;
};

/* Of a route's windows, for telling what was normal. */
struct track_quantiles {
    struct level p50, p95; /* ms */
    struct level_past p50_past, p95_past;
};

/* All calls of the days in which a series' own are counted, traffic.h; of today but for what was
 * before it was seen. */
struct traffic_past {
    float yesterday, kept, before;
};

/* What is read once in a half-hour or less. */
struct track_past {
    struct week_past week;
    struct noise_past noise;
    struct rise_past rise;
    struct creep_past creep;
    struct level_past calls, cost;
    struct track_amount_past rows, bytes;
    struct recur blips, bursts;
    struct traffic_past all_calls;
    uint32_t recur_min; /* when both began anew, in minutes since 1970; 0: they did not */
    uint32_t slow_s;    /* end of the last window, where that is_slow */
};

/* 10,000 of them are read each minute, one after the other: what that touches lies together, in the
 * order in which it is touched, and what it does not lies elsewhere. */
struct track {
    /* With every reading. */
    _Alignas(64) uint64_t key;
    struct track *parent; /* a call's route */
    struct track_past *past;
    struct track_errors *errors;       /* NULL: it never had any */
    struct track_quantiles *quantiles; /* NULL: not a route */
    struct episode *episode;           /* that it is told of in, or NULL: then it may be learned */
    int64_t from_s, to_s;              /* of the window underway */

    float n, sum_ln, sum_ln2, sum_us, over90, over99; /* of the window underway */
    float expect;                                     /* at this step */
    float off90, off99;                               /* of ln latency above what is expected */
    float s_requests, s_calls;                        /* the stretch underway */
    enum track_kind kind;
    uint32_t lanes;          /* bits of enum lane that it is in the episode for */
    uint16_t due;            /* place in tracks.due, of this step, from 1; 0: it is not there */
    bool may_be_back;        /* it came when another one had to go: it may have been here before */
    bool plan_reads_all : 1; /* the plan in use scans a whole table, the one before did not */
    bool is_slow : 1;        /* far slower in the last window */
    uint8_t jumps;           /* stretches in a row that are off */
    uint8_t stalls;
    uint8_t last_at, last_count;
    uint32_t day;

    struct exceed calls_chart;
    struct level calls_level;
    struct track_amount rows, bytes;
    struct level cost_level;
    int64_t first_s, last_s;
    uint64_t used; /* by which it is the least used */
    struct track_figures now, before;
    uint64_t plan, plan_before;
    int64_t plan_changed_s;
    float calls_today, calls_yesterday, calls_kept;
    float per_min;          /* calls, of the last ten minutes */
    float oldest_max_ms[2]; /* today's, and what was normal */
    float stall_s;          /* the age that was too old */

    /* With every window that is closed. */
    struct week week;
    struct slope by_load, by_common;
    struct noise noise;
    float residual, z; /* of the window that was closed last */
    struct rise rise;
    struct cusum_bank drift;
    struct exceed shift, shape;
    struct creep creep;
    float last[CONFIRM_WINDOWS]; /* residuals */

    /* In eight minutes. */
    float rows_kept[AMOUNT_SAMPLES], bytes_kept[AMOUNT_SAMPLES];

    char *route, *fingerprint, *statement; /* NULL: none; the last one cut */
    float shift_ln;                        /* when it was told */
    int64_t calm_s;                        /* since when it is back; 0: it is not */
};

/* Of its names. */
uint64_t track_key(struct slice route, struct slice fingerprint);

/* Copies the names. What is in *t and *past is overwritten; past is borrowed. */
void track_init(struct track *t, struct track_past *past, enum track_kind kind, uint64_t key,
                const struct reading *r);
void track_fini(struct track *t);

/* Fetches ahead what a reading will touch of it, or what a step will; and, once it is there, what
 * else they will touch. */
void track_fetch_for_reading(const struct track *t);
void track_fetch_for_step(const struct track *t);
void track_fetch_beside_reading(const struct track *t);
void track_fetch_beside_step(const struct track *t);

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

#endif
