/* SPDX-License-Identifier: Apache-2.0
 * analysis/chart/poisson.h - a cumulative sum over counts: has a rate of errors risen to twice,
 * three or five times what it was?
 *
 *   G_r <- max(0, G_r + E ln r - N p0 (r - 1))        r = 2, 3, 5
 *
 * for E errors of N calls and an expected share p0 (Lucas, "Counted data CUSUM's", Technometrics
 * 27, 1985). Exposure is in the formula, so more traffic is no more errors. A window's step is cut,
 * so that a burst of a few minutes, however large, is worth no more than some windows. That can be
 * a limit's worth, so its user knows how much of G bursts have brought, and the windows that had
 * half as many again as expected are counted here.
 *
 * Plain data, zeroed is empty; 32 bytes. Pure. */
#ifndef ANALYSIS_CHART_POISSON_H
#define ANALYSIS_CHART_POISSON_H

#include <stdbool.h>
#include <stdint.h>

#define POISSON_RATES    3u
#define POISSON_STEP_MAX 6.0f
#define POISSON_MORE     1.5f

struct poisson {
    float g[POISSON_RATES];
    uint32_t zero[POISSON_RATES];
    uint16_t more[POISSON_RATES]; /* windows since then with POISSON_MORE times what was expected */
};

static inline void
poisson_add(struct poisson *c, float errors, float expected, uint32_t at)
{
    static const float log_rate[POISSON_RATES] = {0.6931f, 1.0986f, 1.6094f};
    static const float less_one[POISSON_RATES] = {1, 2, 4};
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        float step = errors * log_rate[i] - expected * less_one[i];
        float g = c->g[i] + (step < POISSON_STEP_MAX ? step : POISSON_STEP_MAX);
        c->zero[i] = g > 0 && c->zero[i] != 0 ? c->zero[i] : at;
        c->g[i] = g > 0 ? g : 0;
        bool is_more = errors > POISSON_MORE * expected && c->more[i] < UINT16_MAX;
        c->more[i] = g > 0 ? (uint16_t)(c->more[i] + is_more) : 0;
    }
}

#endif
