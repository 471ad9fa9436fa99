/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/changes.h - what changed for an incident's route, in parts that add up: before
 * + parts + unexplained = now, each in milliseconds of the mean request.
 *
 * A line each for the statements that a cause is about and for those that changed by more than
 * 0.3 ms and 1 % of it all, the largest first; then what only waits, the application, and all
 * others as one line. At most INCIDENT_CHANGES_MAX lines: what has no room is among the others. */
#ifndef ANALYSIS_INCIDENT_CHANGES_H
#define ANALYSIS_INCIDENT_CHANGES_H

#include "analysis/incident/incident.h"

/* It is no line of its own: dearer as all are, and no cause is about it. */
bool changes_only_waits(const struct incident *inc, const struct shift_part *part);

void changes_list(struct incident *inc, const struct shift *shift, const struct shift_route *route,
                  const struct statement_table *statements);

#endif
