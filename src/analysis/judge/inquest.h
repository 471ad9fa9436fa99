/* SPDX-License-Identifier: Apache-2.0
 * analysis/judge/inquest.h - gathers the evidence about a route under suspicion, and puts it before
 * the detectors.
 *
 * inquest_gather asks for what is missing (plans with values from the lens, rows of the results
 * before a repeated query, table counters) as soon as a route looks bad, so that the page is
 * complete within seconds of the incident's opening; it may be called as often as one likes.
 * inquest_find runs the detectors over the route's statements. No memory of its own. */
#ifndef ANALYSIS_JUDGE_INQUEST_H
#define ANALYSIS_JUDGE_INQUEST_H

#include "analysis/incident/incident.h"
#include "analysis/judge/judge.h"

struct inquest {
    const struct judge_out *out;
    const struct statement_table *statements;
    struct sameness *sameness;
    const struct stampedes *stampedes;
    struct advice *advice;
    struct proof *proof;
    const char *(*database_of)(void *ctx, uint32_t id);
    void *ctx;
    uint64_t now_ns;
    uint64_t *rows_asked_ns; /* when rows were last leased */
    unsigned cores;          /* of the database's machine; 0: not known */
    bool is_quiet;           /* what is found is recorded, and not told */
};

void inquest_gather(const struct inquest *q, const struct shift *shift,
                    const struct shift_route *route);

/* Samples, then the question; called until p is answered. */
void inquest_ask_plan(const struct inquest *q, struct advice_plan *p, const struct statement *s);

enum inquest_reason {
    INQUEST_NOTHING,
    INQUEST_SLOWER, /* calls take longer, and nobody knows why: latency alone */
    INQUEST_REASON,
};

/* A statement of the route that is new, called more or slower by its own doing makes a good part of
 * its change, and a detector has something to say of it. */
enum inquest_reason inquest_reason(const struct inquest *q, const struct shift *shift,
                                   const struct shift_route *route);

/* New or better causes go into the incident. True when there were any. route_name: "" for the
 * subject's own. */
bool inquest_find(const struct inquest *q, struct incident *inc, const struct shift *shift,
                  const struct shift_route *route, const char *route_name);

#endif
