/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/cause.h - why an incident is: how the findings that are its causes come in, and
 * make room for one another.
 *
 * One cause for each kind and statement (what answers look like: and route); better evidence
 * replaces weaker. A reason makes what only says that there is more or slower work superfluous; of
 * "repeated" and "cacheable" on one statement the one that is better proved stays. At most
 * INCIDENT_CAUSES_MAX; others are not added. */
#ifndef ANALYSIS_INCIDENT_CAUSE_H
#define ANALYSIS_INCIDENT_CAUSE_H

#include "analysis/incident/incident.h"

/* Adds a finding, or replaces what was weaker. True when that is news. route: "" for the subject's.
 * statement: NULL where it is about none. */
bool cause_add(struct incident *inc, const struct finding *f, const char *route,
               const struct statement *s);

#endif
