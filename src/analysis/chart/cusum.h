/* SPDX-License-Identifier: Apache-2.0
 * analysis/chart/cusum.h - a bank of one-sided cumulative sums: has the mean of a standardised
 * residual risen, by whatever amount and however slowly?
 *
 *   G_k <- max(0, G_k + x_k - k)        alarm when G_k > h_k
 *
 * Page, "Continuous inspection schemes", Biometrika 41 (1954). A chart with allowance k is close to
 * optimal for a shift of 2k, and a ramp is found by the larger k soon after the smaller ones, so
 * four of them, which their user chooses, cover what matters. A chart with a small k sums up for
 * longer, so each has an x of its own: the residual as it may be summed up for that long
 * (baseline/noise.h). For independent normal x the mean time between false alarms is
 * (exp(2kb) - 2kb - 1) / 2k^2 with b = h + 1.166 (Siegmund, "Sequential Analysis", 1985); real
 * residuals are not independent, so the limits are measured (track/limits.h).
 * The change began after the last zero of the chart that tells it.
 *
 * Plain data, zeroed is empty; 32 bytes; a few ns to add. Pure. */
#ifndef ANALYSIS_CHART_CUSUM_H
#define ANALYSIS_CHART_CUSUM_H

#include <stdbool.h>
#include <stdint.h>

#define CUSUM_BANK 4u

struct cusum_bank {
    float g[CUSUM_BANK];
    uint32_t zero[CUSUM_BANK]; /* when it was last at zero, or first added to */
};

/* at: any clock that rises with the windows. */
static inline void
cusum_add(struct cusum_bank *c, const float x[CUSUM_BANK], const float k[CUSUM_BANK], uint32_t at)
{
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        float g = c->g[i] + x[i] - k[i];
        c->zero[i] = g > 0 && c->zero[i] != 0 ? c->zero[i] : at;
        c->g[i] = g > 0 ? g : 0;
    }
}

/* None has reached that share of its limit. */
static inline bool
cusum_is_below(const struct cusum_bank *c, const float limit[CUSUM_BANK], float share)
{
    bool is_below = true;
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        is_below &= c->g[i] < share * limit[i];
    }
    return is_below;
}

/* The largest g / limit; which one in *ret_which. */
static inline float
cusum_level(const struct cusum_bank *c, const float limit[CUSUM_BANK], unsigned *ret_which)
{
    float most = -1;
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        float level = c->g[i] / limit[i];
        *ret_which = level > most ? i : *ret_which;
        most = level > most ? level : most;
    }
    return most;
}

#endif
