/* SPDX-License-Identifier: Apache-2.0
 * analysis/chart/exceed.h - a cumulative sum over yes and no: do windows exceed a high limit far
 * more often than they should? The fast lane for shifts that are large, whatever their
 * distribution.
 *
 *   F <- max(0, F + (e ? ln(p1 / p0) : ln((1 - p1) / (1 - p0))))        p0 = 0.05, p1 = 0.95
 *
 * The likelihood ratio CUSUM of a Bernoulli variable (Reynolds and Stoumbos, "A CUSUM chart for
 * monitoring a proportion when inspecting continuously", Journal of Quality Technology 31, 1999).
 * A single window adds at most 2.94, so a blip of a few minutes cannot reach a limit of 20 and
 * more, and p1 is that high so that blips that follow one another cannot either: each quiet window
 * between them takes back one of theirs.
 *
 * Plain data, zeroed is empty; 8 bytes. Pure. */
#ifndef ANALYSIS_CHART_EXCEED_H
#define ANALYSIS_CHART_EXCEED_H

#include <stdbool.h>
#include <stdint.h>

#define EXCEED_YES 2.9444f  /* ln(0.95 / 0.05) */
#define EXCEED_NO  -2.9444f /* ln(0.05 / 0.95) */

struct exceed {
    float f;
    uint32_t zero; /* when it was last at zero, or first added to */
};

static inline void
exceed_add(struct exceed *c, bool exceeds, uint32_t at)
{
    float f = c->f + (exceeds ? EXCEED_YES : EXCEED_NO);
    c->zero = f > 0 && c->zero != 0 ? c->zero : at;
    c->f = f > 0 ? f : 0;
}

#endif
