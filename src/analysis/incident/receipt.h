/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/receipt.h - a fix is seen to land, and what it really removed.
 *
 * Landing is seen on the route's own requests: repeats or calls that stop, an index that the
 * advisor finds (or, without one, calls that became as cheap as it would make them). A run of
 * requests without the fault counts once it would be a 1-in-10,000 chance while the fault is there.
 * Measured is the mean of the requests between the change before and this one, less the mean of
 * those after it: at least 30 after it, refined up to RECEIPT_REQUESTS_ENOUGH or the next change;
 * its error is half of the 95 % interval of that difference. A cache is measured by its statement's
 * own query time, which is what it promises. Predicted is what attribution.h says on the requests
 * just before the landing.
 *
 * Works on one incident at a time; no memory of its own. */
#ifndef ANALYSIS_INCIDENT_RECEIPT_H
#define ANALYSIS_INCIDENT_RECEIPT_H

#include "analysis/detect/advice.h"
#include "analysis/incident/incident.h"

#define RECEIPT_REQUESTS_MIN     30u
#define RECEIPT_REQUESTS_SETTLED 150u /* more refine it, but nobody need wait for them */
#define RECEIPT_REQUESTS_ENOUGH  300u

/* What happened, for the log. NULL-terminated list of static words is not needed: each is noted in
 * the incident's timeline ("fix-landed", "receipt"). True when something did. */
bool receipt_look(struct incident *inc, struct shift *shift, struct advice *advice,
                  const char *database, uint64_t now_ns);

/* It has landed, and what it removed is not settled yet; for 2 minutes at most. */
bool receipt_is_counting(const struct incident_action *a, uint64_t now_ns);

/* Back to normal: within the noise of before, waiting for others aside. */
bool receipt_is_calm(const struct incident *inc, const struct shift_route *route);

#endif
