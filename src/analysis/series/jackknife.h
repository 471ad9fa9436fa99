/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/jackknife.h - how sure a figure is that was made of a stretch of requests: it is
 * made again without each block of them, and what it varies by tells the error of it.
 *
 * The delete-a-group jackknife over blocks that follow one another in time (Kunsch, "The jackknife
 * and the bootstrap for general stationary observations", Annals of Statistics 17, 1989): requests
 * that are slow together fall into one block, so what lasts shorter than a block is in the error,
 * and what lasts longer is not. For means and smooth functions of means; not for percentiles.
 * Pure. */
#ifndef ANALYSIS_SERIES_JACKKNIFE_H
#define ANALYSIS_SERIES_JACKKNIFE_H

#include "analysis/series/stats.h"

#define JACKKNIFE_BLOCKS_MIN 5u /* fewer tell nothing */

/* The stretch without that block; its percentiles and standard errors are those of the whole. */
void jackknife_without(const struct stats *s, unsigned block, struct stats *ret_stats);

/* Of one side of a figure. */
struct jackknife {
    double variance; /* NAN: not known */
    unsigned blocks; /* 0: it was not made of blocks, and the variance is as good as exact */
};

/* without: the figure without each block. */
struct jackknife jackknife_of(const double *without, unsigned blocks);

/* Half of the 95 % interval around a figure that two independent sides make, by Student's t with
 * Welch's degrees of freedom. NAN: not known. */
double jackknife_error(struct jackknife a, struct jackknife b);

#endif
