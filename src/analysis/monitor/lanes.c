/* SPDX-License-Identifier: Apache-2.0
 *
 * Latency. A window's mean logarithm less what is expected, standardised, is fed to three charts;
 * what they say must still be there, and be worth telling. */
#include <math.h>

#include "analysis/baseline/median.h"
#include "analysis/monitor/monitor_state.h"

#define LOAD_RIDGE        2.0f
#define LOAD_TRUST        0.5f /* the slope's bounds: ln latency by share of traffic */
#define COMMON_RIDGE      50.0f
#define COMMON_MAX        1.5f
#define COMMON_LEARN_MAX  2.0f
#define COMMON_FASTER_MAX 1.0f /* all faster by more: what is expected is wrong for all */
#define OWN_MAX           3.0f
#define OFF_STEP          0.0005f
#define SHAPE_TIMES       2.0f
#define SHAPE_ERRORS      3.0f /* standard errors beyond twice the share */
#define EARLY_TIMES       2.0f /* while it is learning */
#define EARLY_SPREADS     6.0f
#define EARLY_LIMIT       118.0f /* exceed.h: 40 windows */
#define SHIFT_Z_MAX       6.0f   /* a window is worth no more */
#define DRIFT_LOOK        0.4f   /* of a limit of drift's: less than any limit now is */
#define IN_DOUBT          4.0f /* the interval of an onset is this over the squared shift, in windows */

static const float drift_limit[CUSUM_BANK] = LIMITS_DRIFT, lasting_clip[CUSUM_BANK] = LASTING_CLIP;
static const float allowance[CUSUM_BANK] = DRIFT_ALLOWANCES;
/* Of noise.h: how long each chart sums up. A ramp is soon beyond what strays for hours, so its
 * chart is spared that: RAMP_RISE keeps strays out. */
static const unsigned drift_scale[CUSUM_BANK] = {3, 2, 0, 1};

void
lanes_prepare(const struct monitor *m, struct track *t, struct due *ret_due)
{
    int64_t local = t->to_s - 1 + m->config.utc_offset_s;
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
lanes_standardise(const struct monitor *m, struct due *d)
{
    d->residual -= d->by_load * m->load;
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
lanes_median_of_last(const struct track *t)
{
    float copy[CONFIRM_WINDOWS];
    memcpy(copy, t->last, sizeof(copy));
    return median_of(copy, t->last_count);
}

/* Milliseconds of it in all milliseconds spent in the database. */
static bool
matters(const struct monitor *m, const struct track *t)
{
    if (t->kind == TRACK_ROUTE || t->kind == TRACK_COMMON || m->busy_ms <= 0) {
        return true;
    }
    float ms_per_s = t->now.cost_ms * t->now.per_s;
    return isnan(ms_per_s) || ms_per_s >= CONFIRM_IMPACT_MIN * m->busy_ms;
}

/* What is told at least, in ln; of everything, in its own unit. */
static float
least_effect(const struct monitor *m, const struct track *t)
{
    return t->kind == TRACK_COMMON ? COMMON_EFFECT_MIN / m->typical_spread : CONFIRM_EFFECT_MIN;
}

/* Where what is normal rests on few days, it may be off by more for hours, which adds up. */
static float
least_drift(const struct monitor *m, const struct track *t)
{
    float weight = week_weight(&t->week);
    float doubt = weight > 0 ? 1 / (weight * weight) - 1 : 0;
    return least_effect(m, t) * (1 + CONFIRM_DOUBT * doubt);
}

static float
least_of_last(const struct track *t)
{
    float least = t->last[0];
    for (unsigned i = 1; i < t->last_count; i++) {
        least = MIN(least, t->last[i]);
    }
    return least;
}

/* Everything at once has little noise, so it is slower in each of the last windows: what a shock
 * does to most of them is none. */
bool
lanes_is_confirmed(const struct monitor *m, const struct track *t, float estimate, float effect)
{
    bool is_there = t->last_count == CONFIRM_WINDOWS && effect >= CONFIRM_SHARE * estimate;
    float told = t->kind == TRACK_COMMON ? least_of_last(t) : effect;
    return is_there && told >= least_effect(m, t) && matters(m, t);
}

void
lanes_tell(struct monitor *m, struct track *t, enum lane lane, uint32_t zero, float shift,
           float effect)
{
    float windows = IN_DOUBT / MAX(shift * shift, 0.01f);
    int64_t onset = (int64_t)zero * MONITOR_STEP_S;
    int64_t elapsed = m->step_s - onset;
    struct alarm a = {
        .lane = lane,
        .onset_s = onset,
        .doubt_s = MIN((int64_t)(MAX(windows, 1) * MONITOR_STEP_S), MAX(elapsed / 2, 60)),
        .now = t->now.cost_ms,
        .before = t->now.cost_ms / expf(effect),
        .shift_ln = effect,
        .learning = !noise_is_ready(&t->noise),
    };
    episodes_tell(m, t, &a);
}

static void
reset_minutes(struct track *t)
{
    t->drift = (struct cusum_bank){0};
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
windows_since(const struct monitor *m, uint32_t zero)
{
    return (uint32_t)(m->step_s / MONITOR_STEP_S) - zero;
}

static bool
is_shifted(const struct monitor *m, const struct track *t, float effect)
{
    uint32_t windows = windows_since(m, t->shift.zero);
    return lanes_is_confirmed(m, t, 0, effect) && is_more_than_noise(t, windows, effect);
}

bool
lanes_would_tell_shift(const struct monitor *m, const struct track *t)
{
    return is_shifted(m, t, lanes_median_of_last(t));
}

static float
learning_times(const struct track *t)
{
    return noise_is_ready(&t->noise) ? 1 : LIMIT_LEARNING_TIMES;
}

float
lanes_shift_limit(const struct monitor *m, const struct track *t)
{
    int64_t zero_s = (int64_t)t->shift.zero * MONITOR_STEP_S;
    bool clear = t->kind != TRACK_COMMON && monitor_deploy_near(m, t, zero_s, m->step_s) == NULL;
    return (clear ? LIMIT_SHIFT_CLEAR : LIMIT_SHIFT) * learning_times(t);
}

/* The mean that a drift chart has seen since it was at zero, standardised and in ln. */
struct drift {
    float shift, in_ln;
    bool is_enough; /* to tell */
};

static struct drift
drift_of(const struct monitor *m, const struct track *t, unsigned which)
{
    float n = (float)MAX(windows_since(m, t->drift.zero[which]), 1u);
    struct drift d = {.shift = t->drift.g[which] / n + allowance[which]};
    float lasting = noise_lasting(&t->noise, drift_scale[which]);
    d.in_ln = t->z != 0 ? d.shift * lasting * t->residual / t->z : 0;
    d.is_enough = t->kind == TRACK_COMMON || d.in_ln >= least_drift(m, t);
    return d;
}

static bool
is_still_there(const struct monitor *m, const struct track *t, const struct drift *d, float effect)
{
    return d->is_enough && effect >= least_drift(m, t) &&
           lanes_is_confirmed(m, t, d->in_ln, effect);
}

bool
lanes_would_tell_drift(const struct monitor *m, const struct track *t, unsigned which)
{
    struct drift d = drift_of(m, t, which);
    return is_still_there(m, t, &d, lanes_median_of_last(t));
}

static bool
is_ramp(const struct monitor *m, const struct track *t)
{
    uint32_t windows = windows_since(m, t->drift.zero[RAMP_CHART]);
    float g = t->drift.g[RAMP_CHART];
    return g >= LIMIT_RAMP && windows >= RAMP_WINDOWS && g >= RAMP_RISE * (float)windows &&
           least_of_last(t) > 0 && m->common_now < COMMON_LEARN_MAX && noise_is_ready(&t->noise) &&
           lanes_median_of_last(t) <= RAMP_TOP * drift_of(m, t, RAMP_CHART).in_ln;
}

static float
drift_limit_now(const struct monitor *m, const struct track *t, unsigned which)
{
    float limit = drift_limit[which] * (noise_is_ready(&t->noise) ? 1 : LIMIT_LEARNING_DRIFT);
    if (which != RAMP_CHART) {
        return limit;
    }
    float least = RAMP_RISE_LEAST * (float)windows_since(m, t->drift.zero[which]);
    return is_ramp(m, t) ? LIMIT_RAMP : MAX(limit, least);
}

float
lanes_drift_level(const struct monitor *m, const struct track *t, unsigned which)
{
    return t->drift.g[which] / drift_limit_now(m, t, which);
}

static unsigned
nearest_drift(const struct monitor *m, const struct track *t)
{
    unsigned nearest = 0;
    for (unsigned i = 1; i < CUSUM_BANK; i++) {
        bool is_nearer = lanes_drift_level(m, t, i) > lanes_drift_level(m, t, nearest);
        nearest = is_nearer ? i : nearest;
    }
    return nearest;
}

bool
lanes_is_suspected(const struct monitor *m, const struct track *t)
{
    bool is = false;
    for (unsigned i = 0; i < CUSUM_BANK && noise_is_ready(&t->noise); i++) {
        float limit = i == RAMP_CHART ? LIMIT_RAMP : drift_limit[i];
        is = is || (t->drift.g[i] >= LEARN_BELOW * limit && lanes_would_tell_drift(m, t, i));
    }
    return is;
}

/* A drift chart has reached its limit. */
static void
look_at_drift(struct monitor *m, struct track *t, unsigned which, float effect)
{
    struct drift d = drift_of(m, t, which);
    if (is_still_there(m, t, &d, effect)) {
        lanes_tell(m, t, LANE_DRIFT, t->drift.zero[which], d.shift, effect);
    } else if (effect <= (d.is_enough ? 0 : least_drift(m, t))) {
        reset_minutes(t); /* it went away again, or is too little to tell: it may be learned */
        m->totals.blips += d.is_enough ? 1 : 0;
    }
}

static void
look_at_charts(struct monitor *m, struct track *t)
{
    float shape_limit = LIMIT_SHAPE * learning_times(t);
    if (cusum_is_below(&t->drift, drift_limit, DRIFT_LOOK) && t->shift.f <= LIMIT_SHIFT_CLEAR &&
        t->shape.f <= shape_limit) {
        return; /* as nearly always */
    }
    float effect = lanes_median_of_last(t);
    unsigned nearest = nearest_drift(m, t);
    if (lanes_drift_level(m, t, nearest) >= 1) {
        look_at_drift(m, t, nearest, effect);
    }
    if (t->shift.f > lanes_shift_limit(m, t) && is_shifted(m, t, effect)) {
        lanes_tell(m, t, LANE_SHIFT, t->shift.zero, 3, effect);
    }
    if (t->shape.f > shape_limit && matters(m, t)) {
        lanes_tell(m, t, LANE_SHAPE, t->shape.zero, 3, MAX(effect, 0.01f));
    }
}

/* Without a baseline of its week: before and after, and wide limits. */
static void
judge_early(struct monitor *m, struct track *t, float mean_ms, uint32_t at)
{
    float expect = level_expect(&t->cost_level);
    if (t->kind == TRACK_COMMON || m->early_surge || isnan(expect) || expect <= 0) {
        return;
    }
    bool high = mean_ms > EARLY_TIMES * expect &&
                mean_ms > expect + EARLY_SPREADS * level_spread(&t->cost_level);
    remember(t, logf(mean_ms / expect));
    exceed_add(&t->shift, high, at);
    float effect = lanes_median_of_last(t);
    if (t->shift.f > EARLY_LIMIT && lanes_is_confirmed(m, t, 0, effect)) {
        lanes_tell(m, t, LANE_SHIFT, t->shift.zero, 3, effect);
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
learn(struct monitor *m, struct track *t, float x, bool may_learn)
{
    int64_t local = t->to_s - 1 + m->config.utc_offset_s;
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
        slope_add(&t->by_load, m->load, t->residual);
        follow_shape(t, v1);
    }
}

float
lanes_follows(const struct monitor *m, const struct track *t)
{
    float unit = MAX(t->noise.s, m->typical_spread);
    return slope_of(&t->by_common, COMMON_RIDGE, 0, COMMON_MAX * unit);
}

/* What all have in common is taken out of the residual, by as much as this series follows it: one
 * that is steadier than most follows by more than its own spread. */
static void
take_common(const struct monitor *m, struct track *t, float spread, bool may_learn)
{
    float unit = MAX(t->noise.s, m->typical_spread), c = m->common_now;
    if (t->kind == TRACK_COMMON || c == 0) {
        return;
    }
    float own = MAX(MIN(t->residual, OWN_MAX * unit), -OWN_MAX * unit);
    float slope = lanes_follows(m, t);
    if (may_learn && fabsf(c) < COMMON_LEARN_MAX) { /* beyond, own is cut and c is not */
        slope_add(&t->by_common, c, own);
    }
    t->residual -= slope * MAX(c, -COMMON_FASTER_MAX);
    t->z = t->residual / spread;
}

/* What comes and goes is cut; what lasts is not to saturate: a residual counts for as much more as
 * the least of the last ones lies above what is normal. Not of everything at once, which must be
 * slower by far to be told, nor in the minutes of a shock, nor while a deploy's caches may be cold:
 * a spike, a deploy and a shock in a row last as long. */
static float
lasting(const struct monitor *m, const struct track *t, float spread)
{
    bool is_cut = t->kind == TRACK_COMMON || fabsf(m->common_now) >= COMMON_LEARN_MAX;
    if (is_cut || t->z <= NOISE_CLIP || t->last_count < CONFIRM_WINDOWS ||
        monitor_deploy_near(m, t, m->step_s, m->step_s) != NULL) {
        return 0;
    }
    return MAX(least_of_last(t) / spread, 0);
}

static void
add_to_drift(const struct monitor *m, struct track *t, float spread, uint32_t at)
{
    float x[CUSUM_BANK], least = lasting(m, t, spread);
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        float more = MIN(least, lasting_clip[i]);
        x[i] = noise_weigh(&t->noise, t->z, more, drift_scale[i]) * week_weight(&t->week);
    }
    cusum_add(&t->drift, x, allowance, at);
}

void
lanes_judge(struct monitor *m, const struct due *d)
{
    struct track *t = d->track;
    uint32_t at = (uint32_t)(m->step_s / MONITOR_STEP_S);
    float x = t->sum_ln / t->n, mean_ms = t->sum_us / t->n / 1000;
    bool may_learn = track_may_learn(t) && !m->frozen;
    t->expect = d->expect;
    t->residual = d->residual;
    t->z = d->z;
    follow_cost(t, mean_ms, may_learn);
    if (m->frozen) {
        return; /* nobody's fault, or at least not to be told by latency */
    }
    if (isnan(t->residual)) {
        judge_early(m, t, mean_ms, at);
    } else if (!isnan(t->z)) {
        take_common(m, t, d->spread, may_learn);
        /* What is told is there by itself, not only because the others are faster than expected. */
        remember(t, MIN(d->residual, t->residual));
        add_to_drift(m, t, d->spread, at);
        exceed_add(&t->shift, t->z > LIMIT_SHIFT_Z && t->residual >= least_effect(m, t), at);
        exceed_add(&t->shape, t->kind != TRACK_COMMON && has_other_shape(t), at);
        look_at_charts(m, t);
        if (t->kind != TRACK_COMMON) {
            creep_judge(m, t);
        }
    }
    learn(m, t, x, may_learn);
}

float
lanes_effect(const struct track *t)
{
    bool creeps = (t->lanes & (1u << LANE_CREEP)) != 0;
    return lanes_median_of_last(t) + (creeps ? week_moved(&t->week, &t->past->week) : 0);
}

bool
lanes_is_calm(const struct track *t)
{
    return lanes_effect(t) < RECOVERY_SHARE * MAX(t->shift_ln, CONFIRM_EFFECT_MIN);
}

void
lanes_reset(struct track *t)
{
    reset_minutes(t);
    t->creep.chart = (struct cusum_bank){0};
}
