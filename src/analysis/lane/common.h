/* SPDX-License-Identifier: Apache-2.0
 * analysis/lane/common.h - what all series have in common in a step: the median of their
 * standardised residuals, in units of what one of them strays by; and how busy the database is.
 *
 * It is a series of its own, "everything", and is judged as one. Three passes over the windows that
 * are closed in the step. One thread. */
#ifndef ANALYSIS_LANE_COMMON_H
#define ANALYSIS_LANE_COMMON_H

#include "analysis/track/panel.h"

/* Makes them standard, before each of them is judged. */
void common_step(struct panel *p);

#endif
