/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/growth.h - whose own demand on the database grew, as against who only waits: a
 * statement that is called more often, or whose calls have become dearer by more than everybody's;
 * and what kind of growth that is, by the figures that moved with it.
 *
 * Reads all series, which takes a fraction of a millisecond with as many as there can be; changes
 * nothing. One thread. */
#ifndef ANALYSIS_MONITOR_GROWTH_H
#define ANALYSIS_MONITOR_GROWTH_H

#include "analysis/monitor/monitor.h"
#include "model/finding.h"

/* A statement, or a call, whose own demand has grown. */
struct growth {
    struct track *t;
    enum finding_kind kind;
    float calls, calls_before; /* per request */
    float cost, cost_before;   /* ms a call; the latter with what everybody's waiting adds */
    float normal;              /* without */
    double demand;             /* ms a second */
};

/* Those of the episode, in no order. Returns how many. */
unsigned growth_find(const struct monitor *m, const struct episode *e,
                     struct growth ret_found[EPISODE_MEMBERS_MAX]);
/* It is a cause however little it takes beside the first one: it has a proof of its own, or its own
 * part is more than what it waits for the others. */
bool growth_is_clear(const struct episode *e, const struct growth *g);

/* Where it is known how long its calls take, one by one: of a call that has sums only, its
 * statement's, which are those of all routes. */
const struct track *growth_latency_of(const struct monitor *m, const struct track *t);
/* Its price without what is but a spike is so many times a figure that follows minutes with that
 * weight. */
float growth_steadied(const struct track *t, float weight);
/* By what share of their price calls wait, at most, behind what has grown; 0: they do not. */
double growth_waiting_share(const struct monitor *m);

/* A call returns more: of rows, else of bytes; at once, or as time goes by. */
bool growth_is_of_amount(const struct track *t);
bool growth_returns_more_rows(const struct track *t);
enum finding_kind growth_kind_of_amount(const struct track *t);

#endif
