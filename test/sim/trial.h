/* SPDX-License-Identifier: Apache-2.0
 * sim/trial.h - the faults that the card injects, and what is asked of each.
 *
 * Worlds of both laws play the first ones, trials_count(WORLD_CALIBRATION) of them; their rows have
 * the goals. The families behind them are played in held-out worlds alone: no limit was set on
 * them, so they have no goal. */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "sim/world.h"

#define TRIALS_MAX 48u

struct trial {
    const char *name;
    struct fault fault[WORLD_FAULTS_MAX];
    unsigned fault_count;
    bool deploy;     /* just before it */
    unsigned decoys; /* deploys of the same route that are not to blame, some before, some after */
    double horizon_h;
    double goal_median, goal_p90; /* minutes; 0: none */
};

unsigned trials_count(enum world_laws laws);
const struct trial *trial_of(unsigned i);

#endif
