/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/actions.h - what can be done about an incident, and what each action would
 * remove from the mean request: alone, in pairs, all together (attribution.h).
 *
 * Follows from the causes: weighing ranks these by what their removal saves, the largest first,
 * and makes the actions anew. Stays as it is once a fix has landed. At most INCIDENT_ACTIONS_MAX
 * actions and INCIDENT_TOGETHER_MAX combinations. */
#ifndef ANALYSIS_INCIDENT_ACTIONS_H
#define ANALYSIS_INCIDENT_ACTIONS_H

#include "analysis/incident/attribution.h"
#include "analysis/incident/incident.h"

void actions_weigh(struct incident *inc, struct shift *shift,
                   const struct statement_table *statements);

/* The same for one of its causes, and for the actions of a set. */
double actions_cause_saving_ms(const struct incident *inc, const struct attribution_input *in,
                               unsigned cause, const struct shift_route *route);
uint32_t actions_causes_of(const struct incident *inc, uint32_t actions);
/* The cause that it is against; INCIDENT_CAUSES_MAX: all that has changed, or none. */
unsigned actions_cause_of(const struct incident *inc, const struct incident_action *action);

/* By so much a set of causes saves more than the sum of what each of them saves alone. */
double actions_interaction_ms(const struct attribution_input *in, uint32_t causes);

/* What attribution.h wants to know: the causes, in their order, for this route as it is now.
 * ret_findings: room for INCIDENT_CAUSES_MAX; ret_input borrows it, and the route's figures. */
void actions_attribution(const struct incident *inc, const struct shift *shift,
                         const struct shift_route *route, struct finding *ret_findings,
                         struct attribution_input *ret_input);

#endif
