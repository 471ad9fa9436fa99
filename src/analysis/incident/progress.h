/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/progress.h - how an incident goes: its figures follow the last minute. Latency,
 * trend, database load, how long until the database is full, victims, the example trace.
 *
 * Works on one incident at a time; no memory of its own. Nothing is done for an incident whose
 * route is not known, or has fewer than 5 requests in the last minute. Once a fix has landed only
 * latency after it, trend and rates follow: what changed stays as it was (incident.h). */
#ifndef ANALYSIS_INCIDENT_PROGRESS_H
#define ANALYSIS_INCIDENT_PROGRESS_H

#include "analysis/incident/incident.h"
#include "analysis/series/load.h"

/* cores: of the database's machine; 0: unknown, and then nothing is foreseen. */
void progress_follow(struct incident *inc, struct shift *shift, const struct load *load,
                     const struct statement_table *statements, unsigned cores, uint64_t now_ns);

#endif
