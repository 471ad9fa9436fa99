/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/interval.h - how sure the figures of both tables are: "what changed" and "what
 * helps" are made again without each block of the requests before, and of those of now
 * (series/jackknife.h), by the same rules and with the same lines.
 *
 * What all routes have in common stays as it is. Where what is normal was learned by the monitor
 * there are no requests to leave out: a minute's spread around what it expected stands for them.
 * 0.55 million instructions with three statements and 480 requests (0.2 ms or so), and more where
 * more requests are scanned for what is new. No memory of its own but while it works. */
#ifndef ANALYSIS_INCIDENT_INTERVAL_H
#define ANALYSIS_INCIDENT_INTERVAL_H

#include "analysis/incident/incident.h"

/* Of an incident whose changes were listed and whose actions were weighed; nothing once a fix has
 * landed. */
void interval_estimate(struct incident *inc, struct shift *shift);

/* Half of the 95 % interval around what the cause's removal saves on this route as it is;
 * INCIDENT_CAUSES_MAX: around its whole change. */
double interval_of_saving(const struct incident *inc, const struct shift *shift,
                          const struct shift_route *route, unsigned cause);

/* Of one figure: a mean's, of a stretch; fingerprint 0: of the requests, else of the statement's
 * cost. */
struct jackknife interval_of_mean(const struct stats *s, uint64_t fingerprint);

#endif
