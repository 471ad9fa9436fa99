/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/mute.h - what a person does not want to hear of for a while: an incident, all
 * of a route, all of a statement. Each has an end.
 *
 * Plain data of at most MUTES_MAX entries, kept as JSON. Times are wall clock nanoseconds, so that
 * an end stays what it was across a restart. Pure; belongs to the judge. */
#ifndef ANALYSIS_INCIDENT_MUTE_H
#define ANALYSIS_INCIDENT_MUTE_H

#include <jansson.h>

#include "base/check.h"
#include "base/slice.h"
#include "model/mute.h"

struct mute {
    char subject[MUTE_SUBJECT_MAX]; /* model/mute.h has its forms */
    uint64_t since_wall_ns, until_wall_ns;
};

struct mutes {
    struct mute mute[MUTES_MAX];
    unsigned count;
};

/* One that is there already gets another end; 0 seconds: it ends now. 0; -ENOENT: there is none to
 * end; -EINVAL: no subject, or too long; -ENOSPC. */
MUST_CHECK int mutes_set(struct mutes *m, struct slice subject, uint64_t wall_ns, uint32_t seconds);

/* The end of the mute of "KIND NAME"; 0: it is not muted. */
uint64_t mutes_until(const struct mutes *m, const char *kind, const char *name);

/* Forgets those that are over; true when there were any. */
bool mutes_expire(struct mutes *m, uint64_t wall_ns);

/* [{"subject", "since_ns", "until_ns"}]; the caller's. */
json_t *mutes_save(const struct mutes *m);
/* Takes in what of that makes sense. */
void mutes_load(struct mutes *m, const json_t *saved, uint64_t wall_ns);

#endif
