/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/deploys.h - the last deploys: which one is near, and whether chance alone would
 * bring one so near.
 *
 * DEPLOYS_MAX of them; a further one takes the oldest one's place. Zeroed memory is none. Owned by
 * a panel. Times are seconds since 1970, of events. Pure; one thread. */
#ifndef ANALYSIS_TRACK_DEPLOYS_H
#define ANALYSIS_TRACK_DEPLOYS_H

#include "analysis/track/affects.h"
#include "analysis/track/tracks.h"

#define DEPLOYS_MAX 256u

struct deploy {
    int64_t at_s;
    char name[128];
    struct affects affects;
};

struct deploys {
    struct deploy of[DEPLOYS_MAX];
    unsigned count; /* ever */
    int64_t last_s;
};

/* That are there: of[i] of as many. */
unsigned deploys_kept(const struct deploys *d);
void deploys_add(struct deploys *d, const struct history_deploy *one);
/* Those until then that the other one was told and it does not know. */
void deploys_take(struct deploys *d, const struct deploys *from, int64_t until_s);

/* The last one that may affect the track, from STRUCTURE_DEPLOY_S before from_s until to_s; else
 * NULL. One comparison where the last of all is older. */
const struct deploy *deploys_near(const struct deploys *d, const struct tracks *all,
                                  const struct track *t, int64_t from_s, int64_t to_s);

/* That one which may affect it lies within so many seconds by chance: 1 - exp(-rate x seconds)
 * by as many as there have been in for_s. Below 0: unknown, there were fewer than 10. */
double deploys_chance(const struct deploys *d, const struct scope *scope, double for_s,
                      double within_s);

#endif
