/* SPDX-License-Identifier: Apache-2.0
 * analysis/change/shift.h - all routes, before against now, and which part of each one's change is
 * its own.
 *
 * What every query and every route has in common (a busier machine, queueing behind someone else's
 * load) is told apart from what one of them does by itself: a statement that is new, is called more
 * often, or costs more by far than the others' calls have come to cost. That rests on medians and
 * interquartile ranges; what is printed are means, which add up. doc/internals/attribution.md has
 * the formulas; what a change is worth is assess.h's to say.
 *
 * Pure: made from the watches for one pair of stretches. Owns its routes; at most 40 KB each. */
#ifndef ANALYSIS_CHANGE_SHIFT_H
#define ANALYSIS_CHANGE_SHIFT_H

#include "analysis/series/load.h"
#include "analysis/series/watch.h"

enum shift_kind {
    SHIFT_SAME,
    SHIFT_NEW,
    SHIFT_GONE,
    SHIFT_MORE,
    SHIFT_FEWER,
    SHIFT_SLOWER,
    SHIFT_FASTER,
    SHIFT_WAITING, /* dearer, but no more than what everybody's calls have come to */
};

struct shift_part {
    uint64_t fingerprint;
    enum shift_kind kind;
    double calls_before, calls_now;
    double per_call_before_ms, per_call_now_ms;
    double before_ms, now_ms, change_ms;
    double by_calls_ms, by_cost_ms; /* log-mean Divisia; change_ms in all */
};

#define SHIFT_PARTS_MAX (2 * STATS_QUERIES_MAX)

struct shift_route {
    struct watch *watch;
    struct stats before, now;
    bool comparable; /* 30 requests on each side */
    bool is_taken;   /* another incident's; the judge's to say */
    double change_ms;
    double waiting_ms;       /* of its queries */
    double light_waiting_ms; /* of look-ups that are new, by what all calls have become dearer */
    double app_change_ms;
    double app_waiting_ms;   /* of the application: in common with other routes */
    double own_ms;           /* what is left: its own doing */
    double structural_ms;    /* of own: statements that are new and heavy, or called 4 times more */
    double new_or_more_ms;   /* of own: by statements that are new or called more */
    double gone_or_fewer_ms; /* what left with statements that are gone or called less */
    double relief_ms;        /* it would have become faster by this, as the others have */
    double z;                /* of the mean's change */
};

enum shift_mode {
    SHIFT_SINCE,  /* before a moment against the last two minutes after it */
    SHIFT_DRIFT,  /* the oldest requests that are a baseline against the last minute */
    SHIFT_FROZEN, /* what was normal when an incident opened against the last minute since then */
};

struct shift {
    enum shift_mode mode;
    struct shift_route *route;
    unsigned count;
    double rate_before, rate_now;           /* requests a second, all routes */
    double load_before, load_now;           /* database load */
    double in_flight_before, in_flight_now; /* the same by samples; < 0: not known */
    /* What these are of; from >= to: there is none. */
    uint64_t before_from_ns, before_to_ns, now_from_ns, now_ns;
    double opened_before, opened_now;  /* connections for each request; < 0: not known */
    double setup_ms;                   /* until a new one's first query; < 0: not known */
    double call_ratio, call_growth_ms; /* what unchanged calls have come to cost: medians */
    unsigned call_samples;             /* over so many statements of routes */
    double app_ratio, app_growth_ms;
    /* What a cheap look-up costs on this database now, round trips included: the lower quartile
     * over statements that return few rows. 0: nothing to tell by. */
    double floor_ms;
    bool surge; /* traffic over 1.5 times what it was */
};

/* split_ns: SHIFT_SINCE: that moment; SHIFT_FROZEN: the incident's onset. */
struct shift *shift_new(struct watch *const *watches, unsigned count, const struct load *load,
                        enum shift_mode mode, uint64_t split_ns, uint64_t now_ns);
void shift_free(struct shift **shift);

/* Judges a route whose stretches are others now, by what all routes have in common as it was. */
void shift_judge(const struct shift *shift, struct shift_route *route);

struct shift_route *shift_find(struct shift *shift, const struct watch *watch);

/* The parts of one route's change, biggest first; at most SHIFT_PARTS_MAX. */
unsigned shift_parts(const struct shift *shift, const struct shift_route *route,
                     struct shift_part *ret_parts);

/* How many of a route's newest requests tell whether a change is there still, in which at least
 * SHIFT_STILL of it must be left: what fills its cache after a deploy is slow once. */
#define SHIFT_STILL 0.25
uint32_t shift_newest(const struct shift_route *route);

/* A part that is new and far from a look-up. */
bool shift_is_heavy(const struct shift *shift, const struct shift_part *part);
/* That, or called again and again; and by many of the requests, the newest among them. */
bool shift_is_structural(const struct shift *shift, const struct shift_route *route,
                         const struct shift_part *part);

/* The application's own time around calls that are new or more than before: their gaps. */
double shift_app_from_calls_ms(const struct shift_route *route);

/* What its own statements have come to cost more, without waiting: its own demand. */
double shift_own_queries_ms(const struct shift_route *route);

#endif
