/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/incident.h - one incident as a JSON document (jansson): what the API, the
 * console, the store, the page and the postmortem know of it (doc/api.md). Times become wall clock
 * here. Pure; the caller owns what it gets. */
#ifndef ANALYSIS_REPORT_INCIDENT_H
#define ANALYSIS_REPORT_INCIDENT_H

#include <jansson.h>

#include "analysis/incident/incident.h"
#include "base/wall_clock.h"

/* cores: of the database's machine; 0: unknown. */
json_t *report_incident(const struct incident *inc, const struct statement_table *statements,
                        const struct wall_clock *clock, unsigned cores);

#endif
