/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/latency.h"

#include <math.h>

#include "analysis/baseline/median.h"
#include "analysis/lane/charts.h"
#include "analysis/lane/creep.h"

#define LOAD_RIDGE    2.0f
#define LOAD_TRUST    0.5f /* the slope's bounds: ln latency by share of traffic */
#define COMMON_RIDGE  50.0f
#define COMMON_MAX    1.5f
#define OWN_MAX       3.0f
#define OFF_STEP      0.0005f
#define SHAPE_TIMES   2.0f
#define SHAPE_ERRORS  3.0f /* standard errors beyond twice the share */
#define EARLY_TIMES   2.0f /* while it is learning */
#define EARLY_SPREADS 6.0f
#define EARLY_LIMIT   118.0f /* exceed.h: 41 windows */

void
latency_make_due(const struct panel *p, struct track *t, struct due *ret_due)
{
    int64_t local = t->to_s - 1 + p->utc_offset_s;
    float expect =
        week_is_seen(&t->week, local) ? week_expect(&t->week, &t->past->week, local) : NAN;
    *ret_due = (struct due){
        .track = t,
        .kind = t->kind,
        .expect = expect,
        .residual = t->sum_ln / t->n - expect,
        .by_load = slope_of(&t->by_load, LOAD_RIDGE, -LOAD_TRUST, LOAD_TRUST),
        .spread = noise_spread(&t->noise, t->n),
        .busy_ms = t->sum_us / 1000 / (float)MAX(t->to_s - t->from_s, 1),
    };
}

void
latency_prepare(const struct panel *p, struct track *t)
{
    struct due *d = tracks_due(&p->tracks, t);
    if (d != NULL) {
        latency_make_due(p, t, d);
    }
}

void
latency_standardise(const struct panel *p, struct due *d)
{
    d->residual -= d->by_load * p->traffic.load;
    d->z = d->residual / d->spread;
}

/* The share of calls above what 10 % and 1 % were above: a part of the calls has become slower. */
static bool
has_other_shape(const struct track *t)
{
    float n = t->n, few90 = SHAPE_TIMES * 0.1f * n, few99 = SHAPE_TIMES * 0.01f * n;
    if (t->over90 <= few90 && t->over99 <= few99 + 1) {
        return false; /* as it nearly always is: roots are dear */
    }
    float limit90 = few90 + SHAPE_ERRORS * sqrtf(0.1f * n);
    float limit99 = few99 + SHAPE_ERRORS * sqrtf(0.01f * n) + 1;
    return t->over90 > limit90 || t->over99 > limit99;
}

/* Where the limits lie, by stochastic approximation: up when too many calls are above. */
static void
follow_shape(struct track *t, float v1)
{
    float step = OFF_STEP * sqrtf(v1), inverse = 1 / t->n;
    t->off90 += step * (10 * t->over90 * inverse - 1);
    t->off99 += step * (100 * t->over99 * inverse - 1);
}

static void
remember(struct track *t, float residual)
{
    t->last[t->last_at] = residual;
    t->last_at = (uint8_t)((t->last_at + 1) % CONFIRM_WINDOWS);
    t->last_count = (uint8_t)MIN(t->last_count + 1, (int)CONFIRM_WINDOWS);
}

float
latency_median_of_last(const struct track *t)
{
    float copy[CONFIRM_WINDOWS];
    memcpy(copy, t->last, sizeof(copy));
    return median_of(copy, t->last_count);
}

float
latency_least_of_last(const struct track *t)
{
    float least = t->last[0];
    for (unsigned i = 1; i < t->last_count; i++) {
        least = MIN(least, t->last[i]);
    }
    return least;
}

/* Without a baseline of its week: before and after, and wide limits. */
static void
judge_early(struct panel *p, struct track *t, float mean_ms)
{
    float expect = level_expect(&t->cost_level);
    if (t->kind == TRACK_COMMON || p->traffic.early_surge || isnan(expect) || expect <= 0) {
        return;
    }
    bool high = mean_ms > EARLY_TIMES * expect &&
                mean_ms > expect + EARLY_SPREADS * level_spread(&t->cost_level);
    remember(t, logf(mean_ms / expect));
    exceed_add(&t->shift, high, (uint32_t)(p->step_s / TRACK_STEP_S));
    float effect = latency_median_of_last(t);
    if (t->shift.f > EARLY_LIMIT && charts_confirm(p, t, 0, effect)) {
        charts_tell(p, t, LANE_SHIFT, t->shift.zero, 3, effect);
    }
}

static void
follow_cost(struct track *t, float mean_ms, bool may_learn)
{
    t->now.cost_ms =
        isnan(t->now.cost_ms) ? mean_ms : t->now.cost_ms + 0.3f * (mean_ms - t->now.cost_ms);
    if (t->kind != TRACK_COMMON) {
        level_add(&t->cost_level, &t->past->cost, t->to_s, mean_ms, may_learn);
    }
}

static void
learn(struct panel *p, struct track *t, float x, bool may_learn)
{
    int64_t local = t->to_s - 1 + p->utc_offset_s;
    bool common = t->kind == TRACK_COMMON;
    if (!common) {
        week_add(&t->week, &t->past->week, local, x, may_learn);
    } else if (t->week.first_n == 0) { /* what is expected of a median residual: nothing */
        for (unsigned i = 0; i < WEEK_SLOTS; i++) {
            t->past->week.days[0][i] = t->past->week.days[1][i] = t->past->week.days[2][i] =
                UINT8_MAX;
        }
        t->week.first_n = 1;
    }
    if (isnan(t->residual)) {
        return;
    }
    float v1 = common ? 0 : MAX(t->sum_ln2 / t->n - x * x, 0);
    noise_add(&t->noise, &t->past->noise, local, t->residual, t->z, t->n, v1, may_learn);
    if (may_learn && !common) {
        slope_add(&t->by_load, p->traffic.load, t->residual);
        follow_shape(t, v1);
    }
}

float
latency_follows(const struct panel *p, const struct track *t)
{
    float unit = MAX(t->noise.s, p->common.spread);
    return slope_of(&t->by_common, COMMON_RIDGE, 0, COMMON_MAX * unit);
}

/* What all have in common is taken out of the residual, by as much as this series follows it: one
 * that is steadier than most follows by more than its own spread. */
static void
take_common(const struct panel *p, struct track *t, float spread, bool may_learn)
{
    float unit = MAX(t->noise.s, p->common.spread), c = p->common.now;
    if (t->kind == TRACK_COMMON || c == 0) {
        return;
    }
    float own = MAX(MIN(t->residual, OWN_MAX * unit), -OWN_MAX * unit);
    float slope = latency_follows(p, t);
    if (may_learn && !panel_in_shock(p)) { /* in one own is cut and c is not */
        slope_add(&t->by_common, c, own);
    }
    t->residual -= slope * MAX(c, -COMMON_FASTER_MAX);
    t->z = t->residual / spread;
}

void
latency_judge(struct panel *p, const struct due *d)
{
    struct track *t = d->track;
    float x = t->sum_ln / t->n, mean_ms = t->sum_us / t->n / 1000;
    bool may_learn = track_may_learn(t) && !p->traffic.frozen;
    t->expect = d->expect;
    t->residual = d->residual;
    t->z = d->z;
    follow_cost(t, mean_ms, may_learn);
    if (p->traffic.frozen) {
        return; /* nobody's fault, or at least not to be told by latency */
    }
    if (isnan(t->residual)) {
        judge_early(p, t, mean_ms);
    } else if (!isnan(t->z)) {
        take_common(p, t, d->spread, may_learn);
        /* What is told is there by itself, not only because the others are faster than expected. */
        remember(t, MIN(d->residual, t->residual));
        charts_add(p, d, t->kind != TRACK_COMMON && has_other_shape(t), may_learn);
        charts_look(p, t);
        if (t->kind != TRACK_COMMON) {
            creep_judge(p, t);
        }
    }
    learn(p, t, x, may_learn);
}

float
latency_effect(const struct track *t)
{
    bool creeps = (t->lanes & (1u << LANE_CREEP)) != 0;
    return latency_median_of_last(t) + (creeps ? week_moved(&t->week, &t->past->week) : 0);
}

bool
latency_is_calm(const struct track *t)
{
    return latency_effect(t) < RECOVERY_SHARE * MAX(t->shift_ln, CONFIRM_EFFECT_MIN);
}

void
latency_reset(struct track *t)
{
    charts_reset(t);
    t->creep.chart = (struct cusum_bank){0};
}

void
latency_forget(const struct panel *p, struct track *t, int64_t since_s)
{
    int64_t offset_s = p->utc_offset_s, since = since_s + offset_s;
    week_forget(&t->week, &t->past->week, since);
    noise_forget(&t->noise, &t->past->noise, p->step_s + offset_s, since);
    rise_forget(&t->rise, &t->past->rise, since_s);
    creep_forget(t, since_s);
    level_forget(&t->cost_level, &t->past->cost, since_s);
    if (t->quantiles != NULL) {
        level_forget(&t->quantiles->p50, &t->quantiles->p50_past, since_s);
        level_forget(&t->quantiles->p95, &t->quantiles->p95_past, since_s);
    }
}
