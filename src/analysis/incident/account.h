/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/account.h - how much of what changed an incident's causes account for: below
 * FINDING_EXPLAINED_MIN of it nobody can tell why, and that is said, whatever was found.
 *
 * Accounted for are the lines of "what changed" that a cause is about; what waits behind them; of
 * the application, the time that came with calls that were added, that all routes lose alike, or
 * that a cause without a statement takes. Never more than has changed. Pure. */
#ifndef ANALYSIS_INCIDENT_ACCOUNT_H
#define ANALYSIS_INCIDENT_ACCOUNT_H

#include "analysis/incident/incident.h"

/* After its changes were listed and its causes weighed; nothing once a fix has landed. */
void account_of(struct incident *inc, struct shift *shift,
                const struct statement_table *statements);

/* Failures, stalls, larger results and other answers are no matter of milliseconds. */
bool account_is_of_latency(const struct incident *inc);

/* It is slower, and its causes explain too little of that. */
bool account_cannot_tell(const struct incident *inc);

#endif
