/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/shed.h - the sums of what the judge could not take one by one.
 *
 * A trace that finds the intake queue full is folded into a sum per route and one per statement;
 * shed_flush sends the sums when there is room again. At most SHED_MAX of each kind; the rest goes
 * into one sum with fingerprint 0, or route TRACE_ROUTE_UNLINKED. One thread. */
#ifndef ANALYSIS_INGEST_SHED_H
#define ANALYSIS_INGEST_SHED_H

#include "analysis/intake/intake.h"

#define SHED_MAX 1024u

struct shed;

struct shed *shed_new(void);
void shed_free(struct shed **shed);

/* Takes the trace. */
void shed_trace(struct shed *s, struct trace **trace);
void shed_flush(struct shed *s, struct intake *in, uint64_t now_ns);
uint64_t shed_count(const struct shed *s); /* traces so far */

#endif
