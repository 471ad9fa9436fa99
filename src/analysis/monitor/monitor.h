/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/monitor.h - watches closed windows of many series for what slowly becomes worse,
 * and says so once, with a measured rate of false alarms.
 *
 * Readings go in, in the order of their time; episodes come out. All time is that of the readings:
 * there is no clock in here, so a month of history is judged as fast as it can be read, and exactly
 * as it would have been when it happened. doc/internals/detection.md has the equations and what
 * they were measured to do.
 *
 *   monitor.c    readings to the detectors (analysis/lane), their alarms to episodes
 *   objectives.c what the user promises of routes, and how fast that is broken
 *   episodes.c   which alarms belong together
 *   course.c     which way an episode goes
 *   growth.c     whose demand grew
 *   causes.c     that, and what fails, in words
 *   breakdown.c  what a request takes more, statement by statement
 *   report.c     as JSON
 *   memory.c     what only weeks of minutes can teach, as bytes and back
 *   replay.c     one that has seen what the store keeps
 *   relearn.c    that, on a thread of its own
 *
 * Limits: TRACKS_MAX series (track/tracks.h); MONITOR_OPEN_MAX open episodes and
 * MONITOR_EPISODES_MAX that are remembered. About 4.5 KB a series, of which a minute touches 0.8;
 * about a tenth of a microsecond a series and window with 10,000 of them
 * (doc/internals/detection.md). One thread. */
#ifndef ANALYSIS_MONITOR_MONITOR_H
#define ANALYSIS_MONITOR_MONITOR_H

#include <jansson.h>

#include "analysis/monitor/episode.h"
#include "analysis/objective/objective.h"
#include "analysis/track/affects.h"
#include "analysis/track/tracks.h"
#include "analysis/window/history.h"
#include "model/objective_setting.h"

#define MONITOR_OPEN_MAX     8u
#define MONITOR_EPISODES_MAX 256u
#define MONITOR_STEP_S       TRACK_STEP_S
/* What is tied to a deploy by time alone is not, where chance alone brings one so near. */
#define MONITOR_CHANCE_MAX 0.05

struct monitor_config {
    int utc_offset_s;                    /* of the users' local time, for days and weekends */
    unsigned tracks_max;                 /* 0: TRACKS_MAX */
    const struct objectives *objectives; /* copied; NULL: none */
};

struct monitor_out {
    void *ctx;
    /* It opened, or ended (its state says so). May be NULL. */
    void (*changed)(void *ctx, const struct episode *e);
};

struct monitor_totals {
    uint64_t readings, evicted, steps;
    uint64_t late;     /* readings that came behind later ones; they count all the same */
    uint64_t frozen;   /* steps with far more traffic than usual at that time */
    uint64_t followed; /* series that took over what was normal under another name */
    uint64_t blips;    /* that healed by themselves before they were told */
    uint64_t refused;  /* alarms that found MONITOR_OPEN_MAX episodes open */
    uint64_t opened;   /* episodes ever; the last MONITOR_EPISODES_MAX are remembered */
    unsigned tracks;
    unsigned learning; /* those that can: they have a histogram */
};

struct monitor;

struct monitor *monitor_new(const struct monitor_config *config, const struct monitor_out *out);
void monitor_free(struct monitor **monitor);

void monitor_reading(struct monitor *m, const struct reading *r);
void monitor_deploy(struct monitor *m, const struct history_deploy *d);
/* Those until then that the other one was told and it does not know. */
void monitor_take_deploys(struct monitor *m, const struct monitor *from, int64_t until_s);
/* That a deploy which may affect it lies within so many seconds by chance: 1 - exp(-rate x seconds)
 * by as many as there have been. Below 0: unknown, there were fewer than 10. */
double monitor_deploy_chance(const struct monitor *m, const struct scope *scope, double within_s);
/* Time has come to t_s, though nothing was read since. */
void monitor_advance(struct monitor *m, int64_t t_s);

/* What comes back and back, and is underway by what memory.h knows, is told now: not with the next
 * time that it comes. */
void monitor_look_again(struct monitor *m);

/* By hand: 0 or -ENOENT. Expected: as it is now is normal from here on. */
MUST_CHECK int monitor_close(struct monitor *m, uint32_t id, bool expected);
/* The same for a route or a fingerprint, and for all that shares one with it, whether an episode is
 * open or not; "" for everything. */
void monitor_expect(struct monitor *m, const char *subject);

/* Oldest first. i < monitor_episode_count(). */
unsigned monitor_episode_count(const struct monitor *m);
const struct episode *monitor_episode(const struct monitor *m, unsigned i);
struct monitor_totals monitor_totals(const struct monitor *m);

/* What is normal for a series, beside what it is now: by time of week, load and what all have in
 * common where that is known, else by what came before. False: it is not known at all. */
struct monitor_normal {
    double before_ms, now_ms; /* per call */
    double p50_ms, p95_ms;    /* of a route, before; NAN: not known */
    double calls_before;      /* per request; NAN: not known */
    double calls;             /* that it was learned from, about */
    double spread;            /* of a minute's mean around before_ms, relative; NAN: not known */
};
bool monitor_normal(const struct monitor *m, struct slice route, struct slice fingerprint,
                    struct monitor_normal *ret_normal);

/* One indicator of one objective, as of the last step. */
struct monitor_objective {
    const struct objective_setting *setting;
    enum indicator indicator;
    double allowed;                        /* share of bad requests */
    double budget;                         /* what is left of it, as a share; below 0: overdrawn */
    double burn[OBJECTIVE_RULES_COUNT][2]; /* over each rule's long and short window */
    unsigned rule;                         /* that holds; OBJECTIVE_RULES_COUNT: none */
};
/* In the order of the configuration. */
unsigned monitor_objective_count(const struct monitor *m);
struct monitor_objective monitor_objective(const struct monitor *m, unsigned i);

/* NULL: there is none of that key (any more). */
const struct track *monitor_track(const struct monitor *m, uint64_t key);

/* The document of `slowburn backtest --json`. */
json_t *monitor_json(const struct monitor *m);

#endif
