/* SPDX-License-Identifier: Apache-2.0
 * analysis/judge/home.h - which incident an episode of the monitor is of.
 *
 * One that is about the same route, statement or everything; of what is slow, also one that is so
 * young that it may be why. Failures that stand apart (monitor/failing.h) are of none that is slow,
 * and nothing slow is of theirs. Reads alone, a pass over all series at most where a statement's
 * route is asked for; incidents are borrowed. */
#ifndef ANALYSIS_JUDGE_HOME_H
#define ANALYSIS_JUDGE_HOME_H

#include "analysis/judge/state.h"

/* What it is about, in the judge's own terms. */
struct about {
    const char *name;           /* the monitor's */
    struct watch *watch;        /* NULL: no route is known */
    const struct statement *st; /* NULL: none */
    bool is_whole;
};

/* 0: it is none of a statement. */
uint64_t home_fingerprint(const struct track *t);
struct about home_about(const struct judge *j, const struct episode *e);

/* NULL: it has none, and opens one. */
struct incident *home_find(const struct judge *j, const struct episode *e, const struct about *a);

/* After a restart: of the same series, or else one that is about the same, that no episode is known
 * of yet and that began no sooner than an hour before it. NULL: there is none. */
struct incident *home_of_series(const struct judge *j, const struct episode *e);
struct incident *home_again(const struct judge *j, const struct episode *e);

#endif
