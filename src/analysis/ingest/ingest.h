/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/ingest.h - the proxy's records in, the judge's items out.
 *
 * Decoded events go to the registry (announcements), the linker (sessions, queries, requests) or
 * straight through (lens, counters, in flight); what is finished goes into the intake queue. What
 * finds it full is folded into sums (traces), kept for later (announcements, at most
 * INGEST_BACKLOG_MAX) or dropped and counted (the rest). Belongs to the ingest thread; borrows the
 * queue. Pure: no I/O, time comes in. */
#ifndef ANALYSIS_INGEST_INGEST_H
#define ANALYSIS_INGEST_INGEST_H

#include "analysis/intake/intake.h"
#include "analysis/link/link.h"

#define INGEST_BACKLOG_MAX 4096u

struct ingest_totals {
    struct link_totals link;
    uint64_t events;
    uint64_t bad;     /* records whose tail did not fit: skipped */
    uint64_t shed;    /* traces folded because the judge was behind */
    uint64_t dropped; /* other items, for the same reason */
    uint64_t backlog; /* announcements waiting now */
    uint64_t requests;
    uint64_t query_proxy_ns; /* spent inside slowburn, sum and largest */
    uint64_t query_proxy_max_ns;
    uint64_t request_proxy_ns;
    uint64_t request_proxy_max_ns;
    uint64_t routes;
    uint64_t statements;
};

struct ingest;

struct ingest *ingest_new(struct intake *intake);
void ingest_free(struct ingest **ingest);

/* As linker_set_alone: before the first event. */
void ingest_set_alone(struct ingest *in, bool alone);

/* tail: what follows the fixed body, as event_read and the subscriber hand it out. */
void ingest_event(struct ingest *in, uint64_t now_ns, const union event *ev, struct slice tail);

/* New rings: what was in flight is not waited for any longer than usual. */
void ingest_attached(struct ingest *in, uint64_t now_ns, uint32_t epoch);

/* Call every 20 ms or so. */
void ingest_tick(struct ingest *in, uint64_t now_ns);

/* Decides everything that is still undecided: before the end. */
void ingest_flush(struct ingest *in, uint64_t now_ns);

struct ingest_totals ingest_totals(const struct ingest *in);

#endif
