/* SPDX-License-Identifier: Apache-2.0
 * sim/grid.h - a world's histograms: cells a third of a power of two wide, from 1 us to 27 minutes.
 *
 * The daemon's are finer (model/sketch.h: 64 in a power of two). These are coarser, to be fast: a
 * little noise that the daemon does not have. One thread. */
#ifndef SIM_GRID_H
#define SIM_GRID_H

#include "analysis/window/reading.h"
#include "sim/chance.h"

#define GRID_CELLS 92

struct grid {
    uint32_t upper[GRID_CELLS];
    float ln_upper[GRID_CELLS];
    uint32_t count[GRID_CELLS]; /* of the window underway */
    unsigned low, high;         /* those that were touched */
};

void grid_init(struct grid *g);
/* n calls, lognormal: mean and sd of ln us. */
void grid_add(struct grid *g, struct chance *chance, double n, float mean, float sd);
/* Into the reading: cells, calls, and the time they took, by the cells' middles. Empties it. */
void grid_take(struct grid *g, struct reading_cell cell[GRID_CELLS], struct reading *r);

#endif
