/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/monitor_state.h - what the monitor's own files share. For monitor/ alone. */
#ifndef ANALYSIS_MONITOR_MONITOR_STATE_H
#define ANALYSIS_MONITOR_MONITOR_STATE_H

#include <math.h>

#include "analysis/monitor/monitor.h"
#include "base/map.h"

#define MONITOR_MAGIC 0x6d6f6e69u

#define AMOUNT_LANES (1u << LANE_ROWS | 1u << LANE_BYTES)
#define BURST_LANES  (1u << LANE_BLIPS | 1u << LANE_BURSTS)
#define ERROR_LANES  (1u << LANE_ERRORS | 1u << LANE_BURSTS)

struct monitor_deploy {
    int64_t at_s;
    char name[128];
    struct affects affects;
};

/* One indicator of one objective. */
struct promise {
    unsigned setting; /* index */
    enum indicator indicator;
    unsigned rule; /* that holds */
    bool is_told;  /* since it began to hold */
    struct objective spent;
};

struct traffic_days {
    double today, yesterday, kept; /* the latter decayed by a fifth a day */
};

/* A window that is closed in this step, and what it is compared with all others by: they are not
 * read for that again. */
struct due {
    struct track *track;
    enum track_kind kind;
    float expect;
    float residual; /* NAN: what is expected is not known */
    float by_load;  /* its slope */
    float spread, z;
    float busy_ms; /* a second */
};

struct monitor {
    unsigned magic;
    struct monitor_config config;
    struct monitor_out out;
    struct map by_key;
    struct track *track;     /* tracks_max of them, behind the one that all have in common */
    struct track_past *past; /* of each */
    unsigned track_count;
    unsigned
        next; /* that is likely to be read next: readings come in the order of the minute before */
    struct track *common; /* what all have in common, as a series of its own */
    struct due *due;      /* closed in this step */
    unsigned due_count;
    float *z;         /* room for as many */
    int64_t step_s;   /* end of the step underway; 0: none */
    int64_t first_s;  /* start of the first reading */
    int64_t newest_s; /* of the first reading of the newest series */
    /* Traffic of all routes, or of all statements where there are none. */
    double calls_in_step[TRACK_COMMON];
    struct traffic_days calls_of_day[TRACK_COMMON];
    uint32_t day;
    enum track_kind traffic_is_of; /* one of them */
    float per_min, usual_per_min;  /* of the last ten minutes, and at this time; NAN: not known */
    struct week traffic;
    struct week_past traffic_past;
    struct level traffic_early; /* until its week is known */
    struct level_past traffic_early_past;
    float load;               /* traffic beyond what is usual now, as a share */
    float load_lately;        /* ln of one more than that, in the last hour or two */
    unsigned surge_steps;     /* in a row */
    bool frozen, early_surge; /* the latter while the week is not known */
    float busy_ms;            /* a second, of all statements, smoothed */
    float common_now;         /* this step's common mode */
    float common_lately;      /* its mean in the last half an hour */
    float typical_spread;     /* its unit, in ln */
    struct monitor_deploy deploy[MONITOR_DEPLOYS_MAX];
    unsigned deploy_count; /* ever */
    int64_t last_deploy_s;
    struct episode *episode[MONITOR_EPISODES_MAX];
    unsigned episode_count;
    uint32_t next_id;
    struct monitor_totals totals;
    struct objectives objectives;
    struct promise *promise;
    unsigned promise_count;
};

/* All series are much slower, or faster, at once. */
static inline bool
monitor_in_shock(const struct monitor *m)
{
    return fabsf(m->common_now) >= COMMON_LEARN_MAX;
}

/* An alarm of one lane. effect: in ln for latency, else what it is by. */
struct alarm {
    enum lane lane;
    int64_t onset_s;
    int64_t doubt_s;  /* half of the interval around it */
    int64_t latest_s; /* its end, where that is not as far away as its beginning; else 0 */
    double before, now;
    float shift_ln;
    bool learning;
};

/* episodes.c */
void episodes_tell(struct monitor *m, struct track *t, const struct alarm *a);
/* This one, whichever it would belong to; it has one already or none. */
void episodes_join(struct monitor *m, struct episode *e, struct track *t, const struct alarm *a);
void episodes_step(struct monitor *m);
void episodes_forget(struct monitor *m, struct track *t); /* it goes away */
/* It shares a route or a statement with a member, or all are concerned. */
bool episodes_concerns(const struct episode *e, const struct track *t);
void episodes_end(struct monitor *m, struct episode *e, enum episode_state state);
unsigned episodes_open(const struct monitor *m, struct episode *ret_list[MONITOR_OPEN_MAX]);

/* tracks.c */
void tracks_begin(struct monitor *m);
void tracks_end(struct monitor *m);
struct track *tracks_of(struct monitor *m, const struct reading *r); /* added, if it is new */
/* Its window, or what is normal for it, has become another. */
void tracks_prepare(struct monitor *m, struct track *t);
void tracks_fetch_due(const struct monitor *m, unsigned i); /* those behind it */

/* lanes.c: the window that is closed in this step. Prepared with the reading, made standard when
 * the step's load is known, judged when what all have in common is. */
void lanes_prepare(const struct monitor *m, struct track *t, struct due *ret_due);
void lanes_standardise(const struct monitor *m, struct due *d);
void lanes_judge(struct monitor *m, const struct due *d);
/* Its latency is back. */
bool lanes_is_calm(const struct track *t);
void lanes_reset(struct track *t);
/* Of the residuals of the last windows, in ln. */
float lanes_median_of_last(const struct track *t);
float lanes_least_of_last(const struct track *t);
/* What is told of it: by how much it is slower than it was, or was a week ago; in ln. */
float lanes_effect(const struct track *t);
/* By how much it follows the common mode, in ln for one of its units. */
float lanes_follows(const struct monitor *m, const struct track *t);

/* charts.c: the residual of that window goes into them; then what they say is told. */
void charts_add(struct monitor *m, const struct due *d, bool has_other_shape, bool may_learn);
void charts_look(struct monitor *m, struct track *t);
void charts_reset(struct track *t);
/* It takes enough of all time. */
bool charts_matter(const struct monitor *m, const struct track *t);
/* What one has seen is still there, by at least half of it, and worth telling. */
bool charts_confirm(const struct monitor *m, const struct track *t, float estimate, float effect);
/* zero: the step before which it began; shift: in standardised units of a step. */
void charts_tell(struct monitor *m, struct track *t, enum lane lane, uint32_t zero, float shift,
                 float effect);
/* One is so near to its limit that nothing is learned, and what it has seen is there. */
bool charts_suspect(const struct monitor *m, const struct track *t);
/* One that is at its limit would be told, not passed over. */
bool charts_would_tell_drift(const struct monitor *m, const struct track *t, unsigned which);
bool charts_would_tell_rise(const struct monitor *m, const struct track *t, unsigned which);
bool charts_would_tell_shift(const struct monitor *m, const struct track *t);
/* How near the drift chart is to its limit, which is 1, or what has risen; where the chart of
 * shifts has its own. */
float charts_drift_level(const struct track *t, unsigned which);
float charts_rise_level(const struct monitor *m, const struct track *t, unsigned which);
float charts_shift_limit(const struct monitor *m, const struct track *t);

/* creep.c: the window that is closed in this step. */
void creep_judge(struct monitor *m, struct track *t);
bool creep_would_tell(const struct monitor *m, const struct track *t, unsigned which);
/* As it was before a restart; empty: from how skewed noise is now. */
void creep_remember(struct track *t, const struct creep_past *past);

/* structure.c: with every reading. */
void structure_judge(struct monitor *m, struct track *t, const struct reading *r);
bool structure_is_calm(const struct track *t);
/* So many calls a request at that price are a fair part of a request of its route. */
bool structure_costs_something(const struct track *t, float calls, float cost_ms);

/* amounts.c: with every reading, what a call returns. */
void amounts_judge(struct monitor *m, struct track *t, const struct reading *r);
bool amounts_are_calm(struct track *t);
/* By so much that it explains what it costs, whether it was told or not. */
bool amounts_are_up(const struct track_amount *a, const struct track_amount_past *past,
                    float least);
/* The episode is over: what was measured in it was not normal. */
void amounts_release(struct track *t);
void amounts_relearn(struct track *t);
/* Its past has become another's. */
void amounts_take_over(struct track *t);

/* succession.c: with every step, who goes on under another name. */
void succession_step(struct monitor *m);
/* A statement that is new in its route, and costs no more, may be one of the route's that reads
 * otherwise now. */
bool succession_may_be(const struct monitor *m, const struct track *call, float calls,
                       float cost_ms);

/* failures.c: with every reading. */
void failures_judge(struct monitor *m, struct track *t, const struct reading *r);
bool failures_is_calm(const struct track *t);
bool failures_would_tell(const struct monitor *m, const struct track *t, unsigned class,
                         unsigned rate);

/* Errors of a class that hardly ever has one join an episode that is about the same. */
void failures_join(struct monitor *m, struct episode *e);

/* bursts.c: what goes away, and comes back far more often than it used to. */
void bursts_day(struct track *t, const struct reading *r);
/* Far slower than expected in the second window in a row, or more. */
void bursts_of_latency(struct monitor *m, struct track *t);
/* Far more errors than expected of that class. */
void bursts_of_errors(struct monitor *m, struct track *t, unsigned class, float errors,
                      uint32_t at);
bool bursts_are_calm(const struct monitor *m, const struct track *t);
void bursts_forget(struct track *t);

/* objectives.c: with every reading, and with every step. */
void objectives_begin(struct monitor *m);
void objectives_read(struct monitor *m, const struct reading *r);
void objectives_judge(struct monitor *m);
/* None that is about it is broken too fast. */
bool objectives_are_calm(const struct monitor *m, const struct track *t);

/* growth.c: a statement, or a call, whose own demand has grown. */
struct growth {
    struct track *t;
    enum finding_kind kind;
    float calls, calls_before; /* per request */
    float cost, cost_before;   /* ms a call; the latter with what everybody's waiting adds */
    float normal;              /* without */
    double demand;             /* ms a second */
};

/* Those of the episode, in no order. Returns how many. */
unsigned growth_find(const struct monitor *m, const struct episode *e,
                     struct growth ret_found[EPISODE_MEMBERS_MAX]);
/* It is a cause however little it takes beside the first one: it has a proof of its own, or its own
 * part is more than what it waits for the others. */
bool growth_is_clear(const struct episode *e, const struct growth *g);

/* course.c: the windows of this step. */
void course_add(const struct monitor *m, struct episode *e);

/* A call returns more: of rows, else of bytes; at once, or as time goes by. */
bool growth_is_of_amount(const struct track *t);
bool growth_returns_more_rows(const struct track *t);
enum finding_kind growth_kind_of_amount(const struct track *t);

/* causes.c: why it is, afresh. */
void causes_find(struct monitor *m, struct episode *e);

/* traffic.c: how often it is called, with every reading; all of it, with every step. */
void traffic_read(struct monitor *m, struct track *t, const struct reading *r);
void traffic_step(struct monitor *m);
/* Of the episode's subject, now. */
void traffic_note(const struct monitor *m, struct episode *e);

/* monitor.c */
uint64_t monitor_key(struct slice route, struct slice fingerprint);

/* deploys.c: the last one that may affect the track, from STRUCTURE_DEPLOY_S before from_s until
 * to_s; else NULL. */
const struct monitor_deploy *monitor_deploy_near(const struct monitor *m, const struct track *t,
                                                 int64_t from_s, int64_t to_s);

#endif
