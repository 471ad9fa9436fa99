/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors by class, against the share of older than a day; and stalls, which the latency of
 * completed calls hides: by the age of the oldest call in flight. */
#include <math.h>

#include "analysis/monitor/monitor_state.h"

#define DAY_DECAY    0.8f
#define LATELY_DECAY 0.8f
#define MORE_SHARE   0.5f  /* of the windows are above what was expected when a rate has risen */
#define MORE_LEAST   0.85f /* of those that have an error at all when it has tripled */

static const float errors_limit[POISSON_RATES] = LIMITS_ERRORS;

static void
new_day(struct track *t, uint32_t day)
{
    bool may_learn = t->episode == NULL;
    float oldest = t->oldest_max_ms[0];
    if (t->day != 0 && may_learn) {
        t->calls_kept = DAY_DECAY * t->calls_kept + t->calls_yesterday;
        t->oldest_max_ms[1] = MAX(DAY_DECAY * t->oldest_max_ms[1], oldest);
        for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
            t->errors->kept[i] = DAY_DECAY * t->errors->kept[i] + t->errors->yesterday[i];
        }
    }
    t->calls_yesterday = t->calls_today;
    t->calls_today = 0;
    t->oldest_max_ms[0] = 0;
    for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
        t->errors->yesterday[i] = t->errors->today[i];
        t->errors->today[i] = 0;
    }
    t->day = day;
}

static void
tell(struct monitor *m, struct track *t, unsigned class, uint32_t onset, float share, float p0)
{
    t->errors->told[class] = share;
    struct alarm a = {
        .lane = LANE_ERRORS,
        .onset_s = (int64_t)onset * MONITOR_STEP_S,
        .doubt_s = 3 * MONITOR_STEP_S,
        .before = p0,
        .now = share,
        .shift_ln = logf(share / MAX(p0, 1e-6f)),
        .learning = t->calls_kept == 0,
    };
    episodes_tell(m, t, &a);
}

/* A rate has risen, as against some bursts close by: they leave most windows as they were. */
static bool
is_a_rate(const struct poisson *chart, unsigned rate, float expected, uint32_t at)
{
    unsigned more = chart->more[rate], windows = at - chart->zero[rate];
    float each = expected / (float)MAX(windows, 1u);
    float share = MIN(MORE_SHARE, MORE_LEAST * (1 - expf(-3 * each)));
    return more >= ERRORS_WINDOWS_MIN && (float)more >= share * (float)windows;
}

static void
tell_errors(struct monitor *m, struct track *t, unsigned class, unsigned rate, float p0,
            uint32_t at)
{
    struct track_errors *e = t->errors;
    float calls = MAX(e->calls_since[class], 1), share = e->since[class] / calls;
    if (e->since[class] < ERRORS_MIN || share < ERRORS_SHARE_MIN ||
        !is_a_rate(&e->chart[class], rate, p0 * calls, at)) {
        return;
    }
    tell(m, t, class, e->chart[class].zero[rate], share, p0);
}

/* Far more than any burst is made of: two windows of it are enough; or as much as one, for longer
 * than any lasts. */
static void
judge_outage(struct monitor *m, struct track *t, unsigned class, float errors, float calls,
             float p0, uint32_t at)
{
    struct track_errors *e = t->errors;
    float before = t->calls_kept > 0 ? t->calls_kept : t->calls_yesterday + t->calls_today - calls;
    bool is_far = before >= OUTAGE_CALLS && errors >= OUTAGE_ERRORS &&
                  errors >= OUTAGE_LEAST * calls && errors >= OUTAGE_TIMES * p0 * calls;
    bool is_most = is_far && errors >= OUTAGE_SHARE * calls;
    e->outage[class] = is_most ? (uint8_t)MIN(e->outage[class] + 1, 100) : 0;
    e->lasting[class] = is_far ? (uint8_t)MIN(e->lasting[class] + 1, 100) : 0;
    unsigned windows = e->outage[class] >= OUTAGE_WINDOWS    ? OUTAGE_WINDOWS
                       : e->lasting[class] >= OUTAGE_LASTING ? OUTAGE_LASTING
                                                             : 0;
    e->held[class] += errors;
    if (!is_far || windows > 0) {
        e->today[class] += e->held[class];
        e->held[class] = 0;
    }
    if (windows > 0 && (t->lanes & (1u << LANE_ERRORS)) == 0) {
        tell(m, t, class, at - windows, errors / calls, p0);
    }
}

/* As many errors of a window as count: about the most that three times the rate would bring, so
 * that bursts do not add up where there is hardly ever an error. */
static float
that_count(float errors, float expected)
{
    return MIN(errors, 3 * expected + sqrtf(3 * expected) + 1);
}

/* How much of each chart bursts have brought: windows of far more errors than the rates that are
 * looked for, a few in a row. They may add up with a chance, which is no rate either. */
static void
follow_bursts(struct track_errors *e, unsigned class, const struct poisson *was)
{
    const struct poisson *is = &e->chart[class];
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        float *sum = &e->by_bursts[class][i];
        if (is->g[i] <= 0 || e->cut[class] >= ERRORS_BURST_MAX) {
            *sum = 0;
        } else if (e->cut[class] > 0) {
            *sum += MAX(is->g[i] - was->g[i], 0);
        }
    }
}

static void
judge_class(struct monitor *m, struct track *t, unsigned class, float errors, float calls,
            uint32_t at)
{
    struct track_errors *e = t->errors;
    struct poisson *chart = &e->chart[class];
    /* Without a day that is old enough: before today, and then today itself. */
    bool has_kept = t->calls_kept > 0;
    float n0 = has_kept ? t->calls_kept : t->calls_yesterday + t->calls_today;
    float e0 = has_kept ? e->kept[class] : e->yesterday[class] + e->today[class];
    float p0 = (e0 + 0.5f) / (n0 + 1);
    float counted = that_count(errors, p0 * calls);
    e->cut[class] = counted < errors ? (uint8_t)MIN(e->cut[class] + 1, 100) : 0;
    struct poisson was = *chart;
    poisson_add(chart, counted, p0 * calls, at);
    follow_bursts(e, class, &was);
    bool zero = true;
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        zero = zero && chart->g[i] <= 0;
    }
    e->since[class] = zero ? 0 : e->since[class] + errors;
    e->calls_since[class] = zero ? 0 : e->calls_since[class] + calls;
    e->lately[class] = LATELY_DECAY * e->lately[class] + errors;
    judge_outage(m, t, class, errors, calls, p0, at);
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        float limit = errors_limit[i] * (has_kept ? 1 : LIMIT_LEARNING_TIMES);
        chart->g[i] = MIN(chart->g[i], 2 * limit); /* so that it finds back */
        bool is_without = chart->g[i] - e->by_bursts[class][i] > ERRORS_BURST_SHARE * limit;
        if (chart->g[i] > limit && is_without && (t->lanes & (1u << LANE_ERRORS)) == 0) {
            tell_errors(m, t, class, i, p0, at);
        }
    }
}

/* What was "other" until now was of any class, with a share that nobody knows. */
static void
begin_classes(struct track *t)
{
    struct track_errors *e = t->errors;
    unsigned other = ERROR_CLASS_OTHER;
    if (e->kept[other] + e->yesterday[other] + e->today[other] > 0) {
        memset(e, 0, sizeof(*e));
        t->calls_kept = t->calls_yesterday = t->calls_today = 0;
    }
    e->told_apart = true;
}

static void
judge_errors(struct monitor *m, struct track *t, const struct reading *r)
{
    uint32_t at = (uint32_t)((r->start_s + r->length_s) / MONITOR_STEP_S);
    float calls = (float)r->calls;
    if (t->errors == NULL && (r->errors > 0 || (r->known & READING_CLASSES) != 0)) {
        t->errors = check_alloc(1, sizeof(*t->errors));
    }
    t->calls_today += calls;
    if (t->errors == NULL) {
        return;
    }
    t->errors->calls_lately = LATELY_DECAY * t->errors->calls_lately + calls;
    if ((r->known & READING_CLASSES) != 0 && !t->errors->told_apart) {
        begin_classes(t);
    }
    float classified = 0;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        float errors = (float)r->errors_by_class[i];
        classified += errors;
        if (i != ERROR_CLASS_OTHER) {
            judge_class(m, t, i, errors, calls, at);
        }
    }
    float rest =
        (float)r->errors_by_class[ERROR_CLASS_OTHER] + MAX((float)r->errors - classified, 0);
    judge_class(m, t, ERROR_CLASS_OTHER, rest, calls, at);
}

static void
judge_stall(struct monitor *m, struct track *t, const struct reading *r)
{
    float oldest = (float)r->oldest_ms;
    bool known = t->oldest_max_ms[1] > 0 || t->calls_kept > 0;
    float limit = MAX(STALL_MS_MIN, STALL_TIMES * t->oldest_max_ms[1]);
    bool stalls = known && oldest >= limit;
    t->stalls = stalls ? (uint8_t)MIN(t->stalls + 1, 100) : 0;
    t->oldest_max_ms[0] = stalls ? t->oldest_max_ms[0] : MAX(t->oldest_max_ms[0], oldest);
    if (t->stalls >= STALL_WINDOWS) {
        t->stall_s = oldest / 1000;
        struct alarm a = {
            .lane = LANE_STALL,
            .onset_s = r->start_s + r->length_s - (int64_t)(oldest / 1000),
            .doubt_s = MONITOR_STEP_S,
            .before = t->oldest_max_ms[1],
            .now = oldest,
            .shift_ln = logf(oldest / MAX(t->oldest_max_ms[1], 1)),
        };
        episodes_tell(m, t, &a);
    }
}

void
failures_judge(struct monitor *m, struct track *t, const struct reading *r)
{
    uint32_t day = (uint32_t)(r->start_s / 86400);
    if (day != t->day) {
        new_day(t, day);
    }
    judge_errors(m, t, r);
    if ((r->known & READING_OLDEST) != 0) {
        judge_stall(m, t, r);
    } else {
        t->stalls = 0; /* nothing is old enough to be told */
    }
}

bool
failures_is_calm(const struct track *t)
{
    if ((t->lanes & (1u << LANE_STALL)) != 0 && t->stalls > 0) {
        return false;
    }
    const struct track_errors *e = t->errors;
    for (unsigned i = 0; e != NULL && i < ERROR_CLASS_COUNT; i++) {
        float usual = t->calls_kept > 0 ? e->kept[i] / t->calls_kept : 0;
        float few = usual + RECOVERY_SHARE * MAX(e->told[i] - usual, 0);
        /* Not by the chart: where errors are rare, it takes days to find back. */
        if (e->told[i] > 0 && e->lately[i] > few * e->calls_lately) {
            return false;
        }
    }
    return true;
}
