/* SPDX-License-Identifier: Apache-2.0
 * sim/card.h - what the files of the card share.
 *
 *   card.c      options, what is printed
 *   sky.c       one world under a monitor
 *   calm.c      false incidents, in months without a fault
 *   trials.c    delays, on injected faults (trial.c: which)
 *   cost.c      what a minute's feed of 10,000 series costs
 *   results.c   a line a world: played by several processes, and in pieces
 */
#ifndef SIM_CARD_H
#define SIM_CARD_H

#include "analysis/monitor/monitor.h"
#include "sim/results.h"
#include "sim/world.h"

#define DAY_MIN 1440u

struct options {
    enum world_laws laws;
    unsigned worlds, delay_worlds, emit_days, jobs;
    uint64_t seed;
    const char *results; /* NULL: kept for this run only */
    const char *trial;   /* part of the names of those to play; NULL: all */
    bool families;       /* only those that no calibration world has */
    bool advisor, verbose, cost;
};

/* One world under a monitor. */
struct sky {
    struct world *world;
    struct monitor *monitor;
    struct buf line;
    bool emits; /* lines, instead of being judged */
    int open;   /* episodes */
    double windows;
};

void sky_begin(struct sky *s, const struct world_config *config);
void sky_end(struct sky *s);
void sky_minutes(struct sky *s, unsigned n);

/* Prints the part of the card. 0 or -errno. */
MUST_CHECK int calm_print(const struct options *o);
MUST_CHECK int trials_print(const struct options *o);
void cost_print(const struct options *o);

#endif
