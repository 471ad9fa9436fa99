/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/episode.h - alarms that belong together, from the first one to the way back.
 *
 *   open --quiet for half an hour--> over          (or closed, or marked as expected, by hand)
 *
 * One trouble on a database makes many series slower: what alarms while an episode is young, or
 * shares a route or a statement with it, joins it and opens nothing. Failures that no waiting
 * brings about are a trouble of their own: a young one takes in others of their class alone.
 * Plain data with fixed limits, about 9 KB; owned by the monitor. Times are seconds since 1970, of
 * events. */
#ifndef ANALYSIS_MONITOR_EPISODE_H
#define ANALYSIS_MONITOR_EPISODE_H

#include "analysis/monitor/breakdown.h"
#include "analysis/track/alarm.h"
#include "analysis/track/traffic.h"
#include "model/error_class.h"
#include "model/finding.h"

#define EPISODE_MEMBERS_MAX 64u
#define EPISODE_CAUSES_MAX  8u
#define EPISODE_PIECES_MAX  12u
#define EPISODE_JOIN_S      3600 /* so young it takes in whatever becomes slower */

enum episode_state { EPISODE_OPEN, EPISODE_OVER, EPISODE_CLOSED, EPISODE_EXPECTED };

/* Of its subject's latency, over an hour or two; not known before that, nor of other lanes. */
enum episode_trend { EPISODE_TREND_UNKNOWN, EPISODE_WORSE, EPISODE_STEADY, EPISODE_EASING };

struct episode_course {
    double level[EPISODE_PIECES_MAX]; /* ln above what is normal, oldest first */
    unsigned count;
    double sum; /* of the piece underway */
    unsigned windows;
    int64_t last_s;
};

struct episode_cause {
    enum finding_kind kind;
    enum evidence evidence;
    uint64_t track; /* its key: tracks may be evicted */
    char subject[256];
    char detail[160];
    double demand_ms; /* milliseconds a second that its subject takes more than before */
    bool by_itself;   /* failures of a kind that no waiting brings about */
};

struct episode {
    uint32_t id;
    enum episode_state state;
    int64_t opened_s, over_s;
    int64_t joined_s; /* when its last member did: causes are looked for until an hour later */
    int64_t onset_s, onset_from_s, onset_to_s;
    enum lane lane;         /* that opened it */
    bool learning;          /* there was no baseline of its own yet */
    enum error_class apart; /* failing.h, of what it has told; ERROR_CLASS_COUNT: some waits */
    char subject[256];
    uint64_t subject_key;
    struct track *member[EPISODE_MEMBERS_MAX];
    unsigned member_count;
    unsigned members_refused;
    struct episode_cause cause[EPISODE_CAUSES_MAX];
    unsigned cause_count;
    char deploy[128]; /* "": none fits */
    int64_t deploy_s;
    bool deploy_names_it; /* as one that it affects */
    double chance;        /* that one that may affect it is that near by chance; < 0: unknown */
    double before, now; /* of the subject: ms, or calls per request, errors, rows, bytes per call */
    struct traffic_share traffic; /* as of joined_s and the hour behind it */
    struct breakdown breakdown;   /* likewise, but not of the way back */
    double most_ms;               /* the largest change that it has told */
    float worst;                  /* largest shift so far, ln */
    struct episode_course course;
    enum episode_trend trend;
};

/* Failures that no waiting brings about, and nothing else: no reason why others are slow. */
bool episode_stands_apart(const struct episode *e);
const char *episode_state_name(enum episode_state state);
/* "getting worse", "steady", "easing"; "" where it is not known. */
const char *episode_trend_name(enum episode_trend trend);

#endif
