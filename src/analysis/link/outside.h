/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/outside.h - which kinds of work run outside of requests (a queue worker, cron).
 *
 * For the statement that a piece begins with: how often there was such a piece, and how often no
 * request ran at its time. Limits: OUTSIDE_CELLS statements; a new one takes an old one's place.
 * One thread. Pure. */
#ifndef ANALYSIS_LINK_OUTSIDE_H
#define ANALYSIS_LINK_OUTSIDE_H

#include "base/check.h"

#define OUTSIDE_CELLS 4096u

struct outside {
    struct {
        uint64_t fingerprint;
        float seen;
        float outside;
    } cells[OUTSIDE_CELLS];
};

/* first: 0: nothing but set-up. */
double outside_share(const struct outside *o, uint64_t first);
double outside_times_seen(const struct outside *o, uint64_t first);
void outside_learn(struct outside *o, uint64_t first, bool was_outside);

#endif
