/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/charts.h"

#include <math.h>

#include "analysis/lane/bursts.h"
#include "analysis/lane/latency.h"

#define IN_DOUBT    4.0f  /* the interval of an onset is this over the squared shift, in windows */
#define RAMP_CHARTS 3u    /* all but the one for what is large */
#define RAMP_LEFT   0.3f  /* of the effect is above a chart's allowance at least */
#define RAMP_DOUBT  0.42f /* half of the interval, of the time it has risen for */
#define STEP_SPREAD 1.1f  /* the charts of a step left zero together */
#define SHIFT_Z_MAX 6.0f  /* a window is worth no more */

static const float drift_limit[CUSUM_BANK] = LIMITS_DRIFT, lasting_clip[CUSUM_BANK] = LASTING_CLIP;
static const float allowance[CUSUM_BANK] = DRIFT_ALLOWANCES, suspect[CUSUM_BANK] = DRIFT_SUSPECTS;
/* Of noise.h: how long each chart sums up. */
static const unsigned drift_scale[CUSUM_BANK] = {3, 1, 0, 1};
static const float rise_limit[RISES] = LIMITS_RISE;
static const unsigned dated_by[RISES] = {2, 1}; /* the chart of drift that knows since when */

/* Milliseconds of it in all milliseconds spent in the database. */
bool
charts_matter(const struct panel *p, const struct track *t)
{
    if (t->kind == TRACK_ROUTE || t->kind == TRACK_COMMON || p->busy_ms <= 0) {
        return true;
    }
    float ms_per_s = t->now.cost_ms * t->now.per_s;
    return isnan(ms_per_s) || ms_per_s >= CONFIRM_IMPACT_MIN * p->busy_ms;
}

/* What is told at least, in ln; of everything, in its own unit. */
static float
least_effect(const struct panel *p, const struct track *t)
{
    return t->kind == TRACK_COMMON ? COMMON_EFFECT_MIN / p->common.spread : CONFIRM_EFFECT_MIN;
}

/* Where what is normal rests on few days, it may be off by more for hours, which adds up. */
static float
least_drift(const struct panel *p, const struct track *t)
{
    float weight = week_weight(&t->week);
    float doubt = weight > 0 ? 1 / (weight * weight) - 1 : 0;
    return least_effect(p, t) * (1 + CONFIRM_DOUBT * doubt);
}

/* Everything at once has little noise, so it is slower in each of the last windows: what a shock
 * does to most of them is none. */
bool
charts_confirm(const struct panel *p, const struct track *t, float estimate, float effect)
{
    bool is_there = t->last_count == CONFIRM_WINDOWS && effect >= CONFIRM_SHARE * estimate;
    float told = t->kind == TRACK_COMMON ? latency_least_of_last(t) : effect;
    return is_there && told >= least_effect(p, t) && charts_matter(p, t);
}

static struct alarm
alarm_of(const struct track *t, enum lane lane, float effect)
{
    return (struct alarm){
        .lane = lane,
        .now = t->now.cost_ms,
        .before = t->now.cost_ms / expf(effect),
        .shift_ln = effect,
        .learning = !noise_is_ready(&t->noise),
    };
}

void
charts_tell(struct panel *p, struct track *t, enum lane lane, uint32_t zero, float shift,
            float effect)
{
    float windows = IN_DOUBT / MAX(shift * shift, 0.01f);
    struct alarm a = alarm_of(t, lane, effect);
    a.onset_s = (int64_t)zero * TRACK_STEP_S;
    int64_t elapsed_s = p->step_s - a.onset_s;
    a.doubt_s = MIN((int64_t)(MAX(windows, 1) * TRACK_STEP_S), MAX(elapsed_s / 2, 60));
    panel_tell(p, t, &a);
}

void
charts_reset(struct track *t)
{
    t->drift = (struct cusum_bank){0};
    rise_reset(&t->rise);
    t->shift = t->shape = (struct exceed){0};
}

/* Windows above a limit are as many as they should be only where none has to do with the one
 * before: their sum must be more than noise that lasts can make it. */
static bool
is_more_than_noise(const struct track *t, uint32_t windows, float effect)
{
    unsigned scale = windows <= 2 * NOISE_BLOCK ? 1 : windows <= 8 * NOISE_BLOCK ? 2 : 3;
    float z = MIN(effect / noise_spread(&t->noise, t->n), SHIFT_Z_MAX);
    return sqrtf((float)windows) * z * week_weight(&t->week) >=
           LIMIT_SHIFT_SURE * noise_lasting(&t->noise, scale);
}

static uint32_t
windows_since(const struct panel *p, uint32_t zero)
{
    return (uint32_t)(p->step_s / TRACK_STEP_S) - zero;
}

static bool
is_shifted(const struct panel *p, const struct track *t, float effect)
{
    uint32_t windows = windows_since(p, t->shift.zero);
    return charts_confirm(p, t, 0, effect) && is_more_than_noise(t, windows, effect);
}

bool
charts_would_tell_shift(const struct panel *p, const struct track *t)
{
    return is_shifted(p, t, latency_median_of_last(t));
}

static float
learning_times(const struct track *t)
{
    return noise_is_ready(&t->noise) ? 1 : LIMIT_LEARNING_TIMES;
}

float
charts_shift_limit(const struct panel *p, const struct track *t)
{
    int64_t zero_s = (int64_t)t->shift.zero * TRACK_STEP_S;
    bool clear = t->kind != TRACK_COMMON && panel_deploy_near(p, t, zero_s, p->step_s) == NULL;
    return (clear ? LIMIT_SHIFT_CLEAR : LIMIT_SHIFT) * learning_times(t);
}

/* The mean that a drift chart has seen since it was at zero, standardised and in ln. */
struct drift {
    float shift, in_ln;
    bool is_enough; /* to tell */
};

static struct drift
drift_of(const struct panel *p, const struct track *t, unsigned which)
{
    float n = (float)MAX(windows_since(p, t->drift.zero[which]), 1u);
    struct drift d = {.shift = t->drift.g[which] / n + allowance[which]};
    float lasting = noise_lasting(&t->noise, drift_scale[which]);
    d.in_ln = t->z != 0 ? d.shift * lasting * t->residual / t->z : 0;
    d.is_enough = t->kind == TRACK_COMMON || d.in_ln >= least_drift(p, t);
    return d;
}

/* For how many windows it has risen: it was below a chart's allowance at first, so for longer than
 * the chart has been above zero, on a line through what it was then and what it is now; in the mean
 * of the charts that sum up for long. Of 200 ramps in simulated worlds nine in ten had risen for
 * 0.6 to 1.6 times that. */
static float
windows_risen(const struct panel *p, const struct track *t, float effect)
{
    float spread = t->z != 0 ? t->residual / t->z : 0, windows = 0;
    for (unsigned i = 0; i < RAMP_CHARTS; i++) {
        float least = allowance[i] * noise_lasting(&t->noise, drift_scale[i]) * spread /
                      MAX(week_weight(&t->week), 0.1f);
        windows += (float)windows_since(p, t->drift.zero[i]) * effect /
                   MAX(effect - least, RAMP_LEFT * effect) / RAMP_CHARTS;
    }
    return windows;
}

/* All charts left zero at the same time. */
static bool
left_together(const struct panel *p, const struct track *t)
{
    float last = (float)windows_since(p, t->drift.zero[RAMP_CHARTS - 1]);
    return (float)windows_since(p, t->drift.zero[0]) <= STEP_SPREAD * last;
}

/* Dated as a ramp, or rather as a step; that it may be either is in the interval. */
static void
tell_dated(struct panel *p, struct track *t, enum lane lane, bool is_step, float effect)
{
    float risen = windows_risen(p, t, effect);
    float last = (float)windows_since(p, t->drift.zero[RAMP_CHARTS - 1]);
    float since = is_step ? last : risen, first = MAX((1 + RAMP_DOUBT) * risen, last);
    float latest = MIN((1 - RAMP_DOUBT) * risen, last - 1);
    struct alarm a = alarm_of(t, lane, effect);
    a.onset_s = p->step_s - (int64_t)(since * TRACK_STEP_S);
    a.doubt_s = (int64_t)((first - since) * TRACK_STEP_S);
    a.latest_s = p->step_s - (int64_t)(MAX(latest, 0) * TRACK_STEP_S);
    panel_tell(p, t, &a);
}

/* What is little and slow may be nothing but what is taken out of it: where all others have been
 * faster than expected for a while, what is expected of them is wrong. */
static bool
is_its_own(const struct panel *p, const struct track *t)
{
    return t->kind == TRACK_COMMON || p->common.lately > -COMMON_FASTER_LATELY;
}

static bool
is_still_there(const struct panel *p, const struct track *t, const struct drift *d, float effect)
{
    return d->is_enough && effect >= least_drift(p, t) && charts_confirm(p, t, d->in_ln, effect) &&
           is_its_own(p, t);
}

/* What rises is above its own mean, and a burst far above. */
bool
charts_would_tell_rise(const struct panel *p, const struct track *t, unsigned which)
{
    float effect = latency_median_of_last(t), spread = t->z != 0 ? t->residual / t->z : 0;
    float mean = t->rise.lately[which] * spread;
    bool is_burst =
        effect > RISE_TOP * mean && windows_since(p, t->drift.zero[dated_by[which]]) < RISE_WINDOWS;
    return effect >= mean && !is_burst && effect >= least_drift(p, t) &&
           charts_confirm(p, t, 0, effect) && is_its_own(p, t);
}

bool
charts_would_tell_drift(const struct panel *p, const struct track *t, unsigned which)
{
    struct drift d = drift_of(p, t, which);
    return is_still_there(p, t, &d, latency_median_of_last(t));
}

static float
drift_times(const struct track *t)
{
    return 1 + (LIMIT_LEARNING_DRIFT - 1) * noise_doubt(&t->noise);
}

float
charts_drift_level(const struct track *t, unsigned which)
{
    return t->drift.g[which] / (drift_limit[which] * drift_times(t));
}

/* Slower in each of the last windows, and in no shock: a burst is over sooner. */
float
charts_rise_level(const struct panel *p, const struct track *t, unsigned which)
{
    bool is_steady = p->common.now < COMMON_LEARN_MAX && latency_least_of_last(t) > 0;
    return is_steady ? rise_of(&t->rise, which) / (rise_limit[which] * drift_times(t)) : 0;
}

static unsigned
nearest_drift(const struct track *t)
{
    unsigned nearest = 0;
    for (unsigned i = 1; i < CUSUM_BANK; i++) {
        bool is_nearer = charts_drift_level(t, i) > charts_drift_level(t, nearest);
        nearest = is_nearer ? i : nearest;
    }
    return nearest;
}

bool
charts_suspect(const struct panel *p, const struct track *t)
{
    bool is = false;
    for (unsigned i = 0; i < CUSUM_BANK && noise_is_ready(&t->noise); i++) {
        is = is || (t->drift.g[i] >= suspect[i] && charts_would_tell_drift(p, t, i));
    }
    return is;
}

/* A drift chart has reached its limit. */
static void
look_at_drift(struct panel *p, struct track *t, unsigned which, float effect)
{
    struct drift d = drift_of(p, t, which);
    if (is_still_there(p, t, &d, effect)) {
        tell_dated(p, t, LANE_DRIFT, left_together(p, t), effect);
    } else if (effect <= (d.is_enough ? 0 : least_drift(p, t))) {
        charts_reset(t); /* it went away again, or is too little to tell: it may be learned */
        p->blips += d.is_enough ? 1 : 0;
    }
}

static void
look_at_rises(struct panel *p, struct track *t, float effect)
{
    for (unsigned i = 0; i < RISES; i++) {
        if (charts_rise_level(p, t, i) >= 1 && charts_would_tell_rise(p, t, i)) {
            tell_dated(p, t, LANE_DRIFT, left_together(p, t), effect);
        }
    }
}

/* As nearly always is. */
static bool
nothing_is_near(const struct track *t, float shape_limit)
{
    bool is = cusum_is_below(&t->drift, drift_limit, 1) && t->shift.f <= LIMIT_SHIFT_CLEAR &&
              t->shape.f <= shape_limit;
    for (unsigned i = 0; i < RISES; i++) {
        is &= rise_of(&t->rise, i) < rise_limit[i];
    }
    return is;
}

/* All charts have left zero, one after the other. */
static bool
is_ramp(const struct panel *p, const struct track *t)
{
    bool is = true;
    for (unsigned i = 0; i < RAMP_CHARTS; i++) {
        is = is && t->drift.g[i] > 0;
    }
    return is && !left_together(p, t);
}

static void
tell_shape(struct panel *p, struct track *t, float effect)
{
    if (charts_suspect(p, t) && is_ramp(p, t)) { /* of another shape at last, too */
        tell_dated(p, t, LANE_SHAPE, false, MAX(effect, 0.01f));
    } else {
        charts_tell(p, t, LANE_SHAPE, t->shape.zero, 3, MAX(effect, 0.01f));
    }
}

void
charts_look(struct panel *p, struct track *t)
{
    float shape_limit = LIMIT_SHAPE * learning_times(t);
    if (nothing_is_near(t, shape_limit)) {
        return;
    }
    float effect = latency_median_of_last(t);
    unsigned nearest = nearest_drift(t);
    if (charts_drift_level(t, nearest) >= 1) {
        look_at_drift(p, t, nearest, effect);
    }
    look_at_rises(p, t, effect);
    if (t->shift.f > charts_shift_limit(p, t) && is_shifted(p, t, effect)) {
        charts_tell(p, t, LANE_SHIFT, t->shift.zero, 3, effect);
    }
    if (t->shape.f > shape_limit && charts_matter(p, t)) {
        tell_shape(p, t, effect);
    }
}

/* What comes and goes is cut, and does not count at all where it is far above: spikes would add up,
 * and hide how little is left of the noise without them. What lasts is not to saturate: a residual
 * counts for as much more as the least of the last ones lies above what is normal. Not of
 * everything at once, which must be slower by far to be told, nor in the minutes of a shock, nor
 * while a deploy's caches may be cold: a spike, a deploy and a shock in a row last as long. */
static float
lasting(const struct panel *p, const struct track *t, float spread)
{
    bool is_cut = t->kind == TRACK_COMMON || panel_in_shock(p);
    if (is_cut || t->z <= NOISE_CLIP || t->last_count < CONFIRM_WINDOWS ||
        panel_deploy_near(p, t, p->step_s, p->step_s) != NULL) {
        return 0;
    }
    return MAX(latency_least_of_last(t) / spread, 0);
}

static void
add_to_drift(struct track *t, float least, uint32_t at)
{
    float x[CUSUM_BANK], weight = week_weight(&t->week);
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        float more = MIN(least, lasting_clip[i]);
        x[i] = noise_weigh(&t->noise, t->z, more, drift_scale[i]) * weight;
    }
    cusum_add(&t->drift, x, allowance, at);
}

/* Not in the minutes of a shock: by how much one series follows all others is not known exactly,
 * and of a shock that is much. */
static void
add_to_rises(const struct panel *p, struct track *t, bool may_learn)
{
    if (t->kind != TRACK_COMMON && !panel_in_shock(p)) {
        rise_add(&t->rise, &t->past->rise, &t->noise, p->step_s, t->z, week_weight(&t->week),
                 may_learn);
    }
}

/* In two windows in a row, which end within BLIPS_WINDOW_MAX. Not in the minutes of a shock, nor
 * while a deploy's caches may be cold. */
static void
look_at_blips(struct panel *p, struct track *t)
{
    bool was_slow = t->is_slow && t->to_s - (int64_t)t->past->slow_s <= BLIPS_WINDOW_MAX;
    t->is_slow = t->residual >= BLIPS_EFFECT_MIN && t->to_s - t->from_s <= BLIPS_WINDOW_MAX;
    t->past->slow_s = (uint32_t)t->to_s;
    if (was_slow && t->is_slow && !panel_in_shock(p) && charts_matter(p, t) &&
        panel_deploy_near(p, t, p->step_s, p->step_s) == NULL) {
        bursts_of_latency(p, t);
    }
}

void
charts_add(struct panel *p, const struct due *d, bool has_other_shape, bool may_learn)
{
    struct track *t = d->track;
    uint32_t at = (uint32_t)(p->step_s / TRACK_STEP_S);
    float least = lasting(p, t, d->spread);
    bool is_spike = t->kind != TRACK_COMMON && t->z > NOISE_SPIKE && least < NOISE_CLIP;
    if (!is_spike) { /* else it is as if it had not been */
        add_to_drift(t, least, at);
        add_to_rises(p, t, may_learn);
    }
    if (t->z > NOISE_SPIKE && t->kind != TRACK_COMMON) {
        look_at_blips(p, t);
    } else {
        t->is_slow = false;
    }
    exceed_add(&t->shift, t->z > LIMIT_SHIFT_Z && t->residual >= least_effect(p, t), at);
    exceed_add(&t->shape, has_other_shape, at);
}
