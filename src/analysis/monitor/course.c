/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/course.h"

#include <math.h>

#include "analysis/baseline/kendall.h"
#include "analysis/monitor/monitor_state.h"

#define PIECE_WINDOWS 10u
#define PIECES_MIN    5u
#define Z_MIN         2.0
#define CHANGE_MIN    0.02 /* ln: less is steady */

static double
mean_of(const double *value, unsigned count)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += value[i];
    }
    return sum / count;
}

static enum episode_trend
trend_of(const struct episode_course *c)
{
    unsigned third = c->count / 3;
    if (c->count < PIECES_MIN) {
        return EPISODE_TREND_UNKNOWN;
    }
    double z = kendall_z(c->level, c->count);
    double change = mean_of(&c->level[c->count - third], third) - mean_of(c->level, third);
    if (z >= Z_MIN && change >= CHANGE_MIN) {
        return EPISODE_WORSE;
    }
    return z <= -Z_MIN && change <= -CHANGE_MIN ? EPISODE_EASING : EPISODE_STEADY;
}

void
course_add(const struct monitor *m, struct episode *e)
{
    const struct track *t = monitor_track(m, e->subject_key);
    struct episode_course *c = &e->course;
    if ((1u << e->lane & LATENCY_LANES) == 0 || t == NULL || isnan(t->expect) ||
        !isfinite(t->residual) || t->last_s == c->last_s || t->from_s != 0) {
        return; /* its window is still underway */
    }
    c->last_s = t->last_s;
    c->sum += t->residual;
    if (++c->windows < PIECE_WINDOWS) {
        return;
    }
    if (c->count == EPISODE_PIECES_MAX) {
        memmove(&c->level[0], &c->level[1], (EPISODE_PIECES_MAX - 1) * sizeof(c->level[0]));
        c->count--;
    }
    c->level[c->count++] = c->sum / c->windows;
    c->sum = 0;
    c->windows = 0;
    e->trend = trend_of(c);
}
