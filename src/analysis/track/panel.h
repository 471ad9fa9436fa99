/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/panel.h - all series side by side, step by step, and what is so of all of them in
 * this step: what the detectors of each go by, and whom they tell.
 *
 * Belongs to a monitor; about 4.5 KB a series. Times are seconds since 1970, of events. One thread.
 */
#ifndef ANALYSIS_TRACK_PANEL_H
#define ANALYSIS_TRACK_PANEL_H

#include <math.h>

#include "analysis/track/alarm.h"
#include "analysis/track/deploys.h"
#include "analysis/track/tracks.h"
#include "analysis/track/traffic.h"

/* The median of all series' residuals: a database that is slower is slower for all of them. */
struct common_mode {
    float now;    /* this step's */
    float lately; /* its mean in the last half an hour */
    float spread; /* its unit: what a series typically strays by, in ln */
    float *z;     /* room for all series' */
};

struct panel_out {
    void *ctx;
    void (*alarm)(void *ctx, struct track *t, const struct alarm *a);
    void (*gone)(void *ctx, struct track *t); /* it makes room for another one */
};

struct panel {
    int utc_offset_s; /* of the users' local time, for days and weekends */
    struct panel_out out;
    struct tracks tracks;
    struct traffic traffic;
    struct deploys deploys;
    struct common_mode common;
    float busy_ms;     /* database load: ms a second, of all statements, smoothed */
    int64_t step_s;    /* end of the step underway, set by whoever has the panel; 0: none */
    int64_t first_s;   /* start of the first reading; the same */
    uint64_t steps;    /* that are over */
    uint64_t followed; /* series that took over what was normal under another name */
    uint64_t blips;    /* that healed by themselves before they were told */
};

/* *p is zeroed. At most tracks_max series; 0: TRACKS_MAX. */
void panel_init(struct panel *p, unsigned tracks_max, int utc_offset_s,
                const struct panel_out *out);
void panel_fini(struct panel *p);

/* All series are much slower, or faster, at once. */
static inline bool
panel_in_shock(const struct panel *p)
{
    return fabsf(p->common.now) >= COMMON_LEARN_MAX;
}

static inline void
panel_tell(struct panel *p, struct track *t, const struct alarm *a)
{
    p->out.alarm(p->out.ctx, t, a);
}

/* deploys.h: one that may affect it, from half an hour before from_s until to_s. */
static inline const struct deploy *
panel_deploy_near(const struct panel *p, const struct track *t, int64_t from_s, int64_t to_s)
{
    return deploys_near(&p->deploys, &p->tracks, t, from_s, to_s);
}

#endif
