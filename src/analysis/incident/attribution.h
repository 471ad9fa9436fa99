/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/attribution.h - what each action would remove from the mean of a request, alone
 * and with others, before anyone has done it.
 *
 * Counterfactuals on the route as it is now, never parts of what changed: savings overlap and do
 * not add up. doc/internals/attribution.md has each formula with its source; in short
 *   index      calls x (cost - max(floor, cost x plan cost after / before))
 *   eager load calls that go away x (cost + the client's gap around each), one look-up stays
 *   cache      calls x cost x hit rate
 *   any        + its share of the waiting that the added load has brought
 * Pure. */
#ifndef ANALYSIS_INCIDENT_ATTRIBUTION_H
#define ANALYSIS_INCIDENT_ATTRIBUTION_H

#include "analysis/change/shift.h"
#include "analysis/detect/detect.h"

struct attribution_input {
    const struct stats *now; /* of the route */
    double waiting_ms;       /* of its change: queries and application that only wait */
    double calls_app_ms;     /* the application's own time that came with added calls: their gaps */
    double app_ratio;        /* what application time has become dearer by on all routes; >= 1 */
    double requests_per_s;   /* of the route */
    double load_growth;      /* of the database, in queries in progress */
    double floor_ms;
    const struct finding *finding;
    unsigned finding_count; /* at most 32 */
};

/* Milliseconds off the mean request when the findings of the mask are fixed. */
double attribution_saving_ms(const struct attribution_input *in, uint32_t mask);

/* Of which summed query time of the finding's own statement. */
double attribution_query_saving_ms(const struct attribution_input *in, unsigned finding);

#endif
