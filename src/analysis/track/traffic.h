/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/traffic.h - traffic: what is usual of all of it at this time, when it is so much
 * more that latency says nothing, and which part of it is whose. None of it is an alarm.
 *
 * Of all routes, or of all statements where there are none. A few additions a reading, a logarithm
 * a step. Zeroed memory with usual_per_min NAN is a new one. Times are seconds since 1970, of
 * events. One thread. */
#ifndef ANALYSIS_TRACK_TRAFFIC_H
#define ANALYSIS_TRACK_TRAFFIC_H

#include "analysis/track/track.h"

#define TRAFFIC_DAYS 33u /* today, and a month: some series are called once a week, or less */

struct traffic_days {
    double calls[TRAFFIC_DAYS]; /* [n]: of n days ago; [0]: of today, as far as it is over */
};

struct traffic {
    double calls_in_step[TRACK_COMMON];
    struct traffic_days calls_of_day[TRACK_COMMON]; /* [0] is of day */
    uint32_t day;
    enum track_kind is_of;        /* one of them */
    float per_min, usual_per_min; /* of the last ten minutes, and at this time; NAN: not known */
    struct week week;
    struct week_past past;
    struct level early; /* until its week is known */
    struct level_past early_past;
    float load;               /* beyond what is usual now, as a share */
    float load_lately;        /* ln of one more than that, in the last hour or two */
    unsigned surge_steps;     /* in a row */
    bool frozen, early_surge; /* far more than usual; the latter while the week is not known */
    uint64_t frozen_steps;    /* ever */
};

/* Calls a minute, and as a share of all requests (of a call: its route's share; where nobody sees
 * requests, of all calls). Before: as is usual at this time. NAN: not known. */
struct traffic_share {
    double per_min, per_min_before, share, share_before;
};

/* How often it is called, with every reading. */
void traffic_read(struct traffic *all, struct track *t, const struct reading *r);
/* Its day is over, or the first one begins, with a reading of that day; whoever counts its calls
 * says so (failures.c). learns: not while an incident lasts. */
void traffic_new_day(const struct traffic *all, struct track *t, const struct reading *r,
                     bool learns);
/* Its calls are counted anew. */
void traffic_forget(const struct traffic *all, struct track *t);
/* All of it, at the end of a step. */
void traffic_step(struct traffic *all, int64_t step_s, int utc_offset_s);
void traffic_of(const struct traffic *all, const struct track *t, int64_t now_s,
                struct traffic_share *ret);

#endif
