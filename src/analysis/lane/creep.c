/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/creep.h"

#include <math.h>

#include "analysis/lane/charts.h"
#include "analysis/lane/latency.h"

#define HOUR_S         3600
#define HOURS_MIN      12u    /* a day of fewer says nothing */
#define PRIOR_DAYS     8.0f   /* what noise tells of days counts as much as so many of them */
#define PRIOR_TIMES    1.5f   /* what was normal a week ago was not known exactly either */
#define DAY_DECAY      0.97f  /* about a month */
#define DAY_CUT        4.0f   /* spreads: a day counts for no more */
#define SPREAD_MIN     0.001f /* 0.1 % */
#define FEW_DAYS       5.0f   /* learned: what days stray by is not known from fewer */
#define FEW_DAYS_MORE  0.3f   /* of a limit, for none */
#define STANDING_HOURS 48     /* yesterday is part of what the chart has seen */
#define STANDING_SHARE 0.25f  /* of what it is above normal; less is no growth in a week */

static const float limit[CUSUM_BANK] = LIMITS_CREEP, allowance[CUSUM_BANK] = CREEP_ALLOWANCES;

/* What a day's mean would stray by if nothing but the minutes' noise were in it. */
static float
by_noise(const struct track *t)
{
    float lasting = noise_lasting(&t->noise, NOISE_SCALES - 1);
    return t->noise.s * lasting / sqrtf(MAX(t->creep.windows, 1));
}

static void
make_spread(struct track *t)
{
    struct creep *c = &t->creep;
    float prior = by_noise(t);
    float square = (PRIOR_TIMES * prior * prior * PRIOR_DAYS + c->squares) / (PRIOR_DAYS + c->days);
    c->spread = MAX(sqrtf(square), SPREAD_MIN);
}

static void
learn_day(struct track *t, float mean, bool may_learn)
{
    struct creep *c = &t->creep;
    float oldest = c->pending[CREEP_DAYS - 1];
    if (c->pending_count == CREEP_DAYS && may_learn && !isnan(oldest)) {
        float cut = DAY_CUT * c->spread;
        oldest = MAX(MIN(oldest, cut), -cut);
        c->squares = DAY_DECAY * c->squares + oldest * oldest;
        c->days = DAY_DECAY * c->days + 1;
    }
    memmove(&c->pending[1], &c->pending[0], (CREEP_DAYS - 1) * sizeof(c->pending[0]));
    c->pending[0] = mean;
    c->pending_count = (uint8_t)MIN(c->pending_count + 1, (int)CREEP_DAYS);
}

void
creep_forget(struct track *t, int64_t since_s)
{
    struct creep *c = &t->creep;
    int64_t days = (int64_t)c->day - since_s / (24 * HOUR_S);
    for (unsigned i = 0; i < CREEP_DAYS && i < days; i++) {
        c->pending[i] = NAN;
    }
    c->hour_sum = c->day_sum = 0;
    c->hour_count = c->day_count = 0;
    c->day_windows = 0;
}

void
creep_remember(struct track *t, const struct creep_past *past)
{
    unsigned count = MIN(past->count, WEEK_DAYS);
    t->past->creep = *past;
    t->creep.bias = count > 0 ? past->bias[count - 1] : t->noise.bias;
}

/* What noise is skewed by has some of what crept in it, as what is normal has. Until the noise is
 * known there is nothing to remember. */
static void
learn_bias(struct track *t)
{
    struct creep_past *p = &t->past->creep;
    if (!noise_is_ready(&t->noise)) {
        p->count = 0;
    }
    memmove(&p->bias[1], &p->bias[0], (WEEK_DAYS - 1) * sizeof(p->bias[0]));
    p->bias[0] = t->noise.bias;
    p->count = (uint8_t)MIN(p->count + 1u, WEEK_DAYS);
    t->creep.bias = p->bias[p->count - 1];
}

static void
end_day(struct track *t)
{
    struct creep *c = &t->creep;
    learn_bias(t);
    if (c->day_count >= HOURS_MIN) {
        float windows = (float)c->day_windows;
        c->windows += (c->windows == 0 ? 1 : 1 - DAY_DECAY) * (windows - c->windows);
        make_spread(t);
        learn_day(t, c->day_sum / c->day_count, track_may_learn(t));
        make_spread(t);
    }
    c->day_sum = 0;
    c->day_count = 0;
    c->day_windows = 0;
}

/* It lies where it lay a week ago, and is too little to be told: it does not creep any more, and
 * may be learned. */
static bool
stands_still(const struct creep *c)
{
    float before = c->pending[CREEP_DAYS - 1], now = c->pending[0];
    return c->pending_count == CREEP_DAYS && now < CONFIRM_EFFECT_MIN &&
           now - before < STANDING_SHARE * now;
}

/* A week ago lies behind the week that it takes to know what is normal. */
static bool
is_old_enough(const struct panel *p, const struct track *t)
{
    return p->step_s - (int64_t)t->week.first_n * WEEK_SLOT_S >= CREEP_READY_S;
}

/* In standardised units of an hour. */
static float
shift_of(const struct creep *c, unsigned which)
{
    float hours = (float)MAX(c->hour - c->chart.zero[which], 1u);
    return c->chart.g[which] / hours + allowance[which];
}

static float
effect_of(const struct track *t)
{
    return latency_median_of_last(t) + week_moved(&t->week, &t->past->week);
}

bool
creep_would_tell(const struct panel *p, const struct track *t, unsigned which)
{
    float in_ln = shift_of(&t->creep, which) * t->creep.spread * sqrtf(24);
    float effect = effect_of(t);
    return is_old_enough(p, t) && effect >= CREEP_EFFECT_MIN && charts_confirm(p, t, in_ln, effect);
}

static float
limit_times(const struct track *t)
{
    float missing = MAX(1 - t->creep.days / FEW_DAYS, 0);
    float times = noise_is_ready(&t->noise) ? 1 : LIMIT_LEARNING_TIMES;
    return times * (1 + FEW_DAYS_MORE * missing);
}

static void
look_at_chart(struct panel *p, struct track *t)
{
    struct creep *c = &t->creep;
    unsigned which = 0;
    float level = cusum_level(&c->chart, limit, &which);
    if (level >= LEARN_BELOW && c->hour >= c->chart.zero[which] + STANDING_HOURS &&
        stands_still(c)) {
        c->chart = (struct cusum_bank){0};
        return;
    }
    if (level < limit_times(t)) {
        return;
    }
    if (creep_would_tell(p, t, which)) {
        charts_tell(p, t, LANE_CREEP, c->chart.zero[which] * (HOUR_S / TRACK_STEP_S),
                    shift_of(c, which) / sqrtf(HOUR_S / TRACK_STEP_S), effect_of(t));
    } else if (!is_old_enough(p, t) || effect_of(t) <= 0) {
        c->chart = (struct cusum_bank){0};
    }
}

static void
end_hour(struct panel *p, struct track *t)
{
    struct creep *c = &t->creep;
    float mean = c->hour_sum / c->hour_count + week_moved(&t->week, &t->past->week);
    c->day_sum += mean;
    c->day_count++;
    c->day_windows += c->hour_count;
    c->hour_sum = 0;
    c->hour_count = 0;
    if (c->spread > 0) {
        float x = mean * week_weight(&t->week) / (c->spread * sqrtf(24));
        x = MAX(MIN(x, CREEP_CLIP), -CREEP_CLIP);
        cusum_add(&c->chart, (float[CUSUM_BANK]){x, x, x, x}, allowance, c->hour);
        look_at_chart(p, t);
    }
}

void
creep_judge(struct panel *p, struct track *t)
{
    struct creep *c = &t->creep;
    uint32_t hour = (uint32_t)((t->to_s - 1) / HOUR_S), day = hour / 24;
    if (hour != c->hour) {
        if (c->hour_count > 0) {
            end_hour(p, t);
        }
        if (day != c->day) {
            end_day(t);
            c->day = day;
        }
        c->hour = hour;
    }
    float cut = NOISE_CLIP * t->noise.s;
    c->hour_sum += MAX(MIN(t->residual, cut), -cut) - c->bias * t->noise.s;
    c->hour_count++;
}
