/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/keep.h - the judge's private state as bytes for the store, and back after a
 * restart.
 *
 * An incident is kept as it lies in memory, with a version and its size in front: its readers are
 * this binary's own restarts. A version that does not match is refused, and the incident then goes
 * on as the document that was stored beside it; so is one whose sum does not match, so that bytes
 * that a disk has changed are never taken for state. Times are kept as the wall clock that was told
 * of them, and come back as instants of which the same is told (base/wall_clock.h).
 * Nothing in it is a literal. Pure. */
#ifndef ANALYSIS_INCIDENT_KEEP_H
#define ANALYSIS_INCIDENT_KEEP_H

#include "analysis/incident/incident.h"
#include "base/buf.h"
#include "base/wall_clock.h"

/* Appends. 0 or -E2BIG. */
MUST_CHECK int keep_incident(const struct incident *inc, const struct wall_clock *clock,
                             struct buf *b);
/* A new incident, its watch NULL; -EBADMSG; or -ERANGE: it is older than what the clock reaches. */
MUST_CHECK int keep_incident_back(struct slice blob, const struct wall_clock *clock,
                                  struct incident **ret_incident);

/* What is normal for a route, and which statements belong to it. */
MUST_CHECK int keep_watch(const struct watch *w, struct buf *b);
/* Into a watch without any requests yet. 0 or -EBADMSG. */
MUST_CHECK int keep_watch_back(struct slice blob, struct watch *w);

#endif
