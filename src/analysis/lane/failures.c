/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/failures.h"

#include <math.h>

#include "analysis/lane/bursts.h"

#define DAY_DECAY    0.8f
#define LATELY_DECAY 0.8f
#define MORE_SHARE   0.5f  /* of the windows are above what was expected when a rate has risen */
#define MORE_LEAST   0.85f /* of those that have an error at all when it has tripled */

static const float errors_limit[POISSON_RATES] = LIMITS_ERRORS;

static void
new_day(const struct panel *p, struct track *t, const struct reading *r, uint32_t day)
{
    bool may_learn = t->episode == NULL;
    bursts_day(t, r);
    traffic_new_day(&p->traffic, t, r, may_learn);
    float oldest = t->oldest_max_ms[0];
    if (t->day != 0 && may_learn) {
        t->calls_kept = DAY_DECAY * t->calls_kept + t->calls_yesterday;
        t->oldest_max_ms[1] = MAX(DAY_DECAY * t->oldest_max_ms[1], oldest);
        for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
            struct track_class *c = &t->errors->of[i];
            c->kept = DAY_DECAY * c->kept + c->yesterday;
        }
    }
    t->calls_yesterday = t->calls_today;
    t->calls_today = 0;
    t->oldest_max_ms[0] = 0;
    for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
        t->errors->of[i].yesterday = t->errors->of[i].today;
        t->errors->of[i].today = 0;
    }
    t->day = day;
}

static struct alarm
alarm_of(const struct track *t, uint32_t onset, float share, float p0)
{
    return (struct alarm){
        .lane = LANE_ERRORS,
        .onset_s = (int64_t)onset * TRACK_STEP_S,
        .doubt_s = 3 * TRACK_STEP_S,
        .before = p0,
        .now = share,
        .shift_ln = logf(share / MAX(p0, 1e-6f)),
        .learning = t->calls_kept == 0,
    };
}

/* The share that was usual before what its chart holds; while it is told that is in none of these.
 */
static float
share_before(const struct track *t, const struct track_class *c)
{
    float errors = c->yesterday + c->today + c->held;
    float calls = t->calls_yesterday + t->calls_today;
    if (t->calls_kept > 0) {
        return c->kept / t->calls_kept;
    }
    return c->told > 0 ? errors / MAX(calls, 1)
                       : MAX(errors - c->since, 0) / MAX(calls - c->calls_since, 1);
}

/* As many as that, but never below what is usual. */
static float
take_out(float *errors, float usual, float most)
{
    float less = MAX(MIN(*errors - usual, most), 0);
    *errors -= less;
    return less;
}

/* So many errors were not normal, and are not learned: the newest ones. */
static void
spare(const struct track *t, struct track_class *c, float share, float errors)
{
    errors -= take_out(&c->held, 0, errors);
    errors -= take_out(&c->today, share * t->calls_today, errors);
    take_out(&c->yesterday, share * t->calls_yesterday, errors);
}

/* Nor are those that have been until then. */
static void
note_told(const struct track *t, struct track_class *c, float share)
{
    if ((t->lanes & (1u << LANE_ERRORS)) == 0) {
        return; /* it was refused */
    }
    if (c->told <= 0) {
        float before = share_before(t, c);
        spare(t, c, before, c->since - before * c->calls_since);
    }
    c->told = share;
}

/* Once; a second class is no second alarm, but is neither normal nor over with the first. */
static void
tell(struct panel *p, struct track *t, struct track_class *c, uint32_t onset, float share, float p0)
{
    bool is_told = (t->lanes & (1u << LANE_ERRORS)) != 0;
    if (is_told && c->told > 0) {
        return;
    }
    if (!is_told) {
        const struct alarm a = alarm_of(t, onset, share, p0);
        panel_tell(p, t, &a);
    }
    note_told(t, c, share);
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

static float
share_since(const struct track_class *c)
{
    return c->since / MAX(c->calls_since, 1);
}

/* limit: of the chart of that rate. */
static bool
has_risen(const struct track_class *c, unsigned rate, float limit, float p0, uint32_t at)
{
    bool is_without = c->chart.g[rate] - c->by_bursts[rate] >= limit;
    return is_without && c->since >= ERRORS_MIN && share_since(c) >= ERRORS_SHARE_MIN &&
           is_a_rate(&c->chart, rate, p0 * MAX(c->calls_since, 1), at);
}

/* Without a day that is old enough: before today, and then today itself, which what fails now is
 * part of. Of few errors it may be more than was seen, by two standard deviations. */
static float
usual_share(const struct track *t, const struct track_class *c)
{
    bool has_kept = t->calls_kept > 0;
    float n0 = has_kept ? t->calls_kept : t->calls_yesterday + t->calls_today;
    float e0 = has_kept ? c->kept : c->yesterday + c->today;
    return (e0 + 0.5f + (has_kept ? 2 * sqrtf(e0) : 0)) / (n0 + 1);
}

bool
failures_would_tell(const struct panel *p, const struct track *t, unsigned class, unsigned rate)
{
    const struct track_class *c = &t->errors->of[class];
    return has_risen(c, rate, c->chart.g[rate] - c->by_bursts[rate], usual_share(t, c),
                     (uint32_t)(p->step_s / TRACK_STEP_S));
}

/* The share of an outage; before: calls until this window. */
static float
outage_least(const struct track *t, const struct track_class *c, float p0, float before)
{
    float least = OUTAGE_TIMES * p0;
    if (t->calls_kept > 0) {
        return least;
    }
    float seen = MAX(c->yesterday + c->today + 0.5f, OUTAGE_ERRORS_LEARNING);
    return MIN(least, OUTAGE_TIMES_LEARNING * seen / MAX(before, 1));
}

/* Far more than any burst is made of: two windows of it are enough; or as much as one, for longer
 * than any lasts. */
static void
judge_outage(struct panel *p, struct track *t, struct track_class *c, float errors, float calls,
             float p0, uint32_t at)
{
    float before = t->calls_kept > 0 ? t->calls_kept : t->calls_yesterday + t->calls_today - calls;
    bool is_far = before >= OUTAGE_CALLS && errors >= OUTAGE_ERRORS &&
                  errors >= OUTAGE_LEAST * calls &&
                  errors >= outage_least(t, c, p0, before) * calls;
    bool is_most = is_far && errors >= OUTAGE_SHARE * calls;
    c->outage = is_most ? (uint8_t)MIN(c->outage + 1, 100) : 0;
    c->lasting = is_far ? (uint8_t)MIN(c->lasting + 1, 100) : 0;
    unsigned windows = c->outage >= OUTAGE_WINDOWS    ? OUTAGE_WINDOWS
                       : c->lasting >= OUTAGE_LASTING ? OUTAGE_LASTING
                                                      : 0;
    /* Of what is told as many as usual stand for all. */
    c->held += c->told > 0 ? MIN(errors, share_before(t, c) * calls) : errors;
    if (!is_far || windows > 0) {
        c->today += c->held;
        c->held = 0;
    }
    if (windows > 0) {
        tell(p, t, c, at - windows, errors / calls, p0);
    }
}

/* As many errors of a window as count: about the most that three times the rate would bring, so
 * that bursts do not add up where there is hardly ever an error. */
static float
that_count(float errors, float expected)
{
    return errors <= 0 ? 0 : MIN(errors, 3 * expected + 2 * sqrtf(3 * expected) + 1);
}

/* How much of each chart bursts have brought: windows of far more errors than the rates that are
 * looked for, a few in a row. They may add up with a chance, which is no rate either. */
static void
follow_bursts(struct track_class *c, const struct poisson *was)
{
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        float *sum = &c->by_bursts[i];
        if (c->chart.g[i] <= 0 || c->cut >= ERRORS_BURST_MAX) {
            *sum = 0;
        } else if (c->cut > 0) {
            *sum += MAX(c->chart.g[i] - was->g[i], 0);
        }
    }
}

/* Where errors are rare it takes long anyway, so that more for certainty costs little. */
static float
limit_times(const struct track *t, float expected)
{
    float rare = MAX(1 - expected, 0);
    return (t->calls_kept > 0 ? 1 : LIMIT_LEARNING_TIMES) * (1 + ERRORS_RARE_MORE * rare);
}

/* So that it finds back; with what bursts have brought of it. */
static void
cap(struct track_class *c, unsigned rate, float most)
{
    float *g = &c->chart.g[rate];
    if (*g > most) {
        c->by_bursts[rate] *= most / *g;
        *g = most;
    }
}

static void
judge_class(struct panel *p, struct track *t, struct track_class *c, float errors, float calls,
            uint32_t at)
{
    float p0 = usual_share(t, c);
    float counted = that_count(errors, p0 * calls);
    c->cut = counted < errors ? (uint8_t)MIN(c->cut + 1, 100) : 0;
    struct poisson was = c->chart;
    poisson_add(&c->chart, counted, p0 * calls, at);
    follow_bursts(c, &was);
    bool zero = true;
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        zero = zero && c->chart.g[i] <= 0;
    }
    c->since = zero ? 0 : c->since + errors;
    c->calls_since = zero ? 0 : c->calls_since + calls;
    c->lately = LATELY_DECAY * c->lately + errors;
    judge_outage(p, t, c, errors, calls, p0, at);
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        float limit = errors_limit[i] * limit_times(t, p0 * calls);
        cap(c, i, 2 * limit);
        if (c->chart.g[i] > limit && has_risen(c, i, limit, p0, at)) {
            tell(p, t, c, c->chart.zero[i], share_since(c), p0);
        }
    }
}

static struct track_class *
class_of(struct track_errors *e, unsigned class)
{
    struct track_class *c = &e->of[class];
    if ((e->seen & (1u << class)) == 0) {
        e->seen |= 1u << class;
        for (unsigned i = 0; i < POISSON_RATES; i++) {
            c->chart.zero[i] = e->last_at;
        }
    }
    return c;
}

/* Bits of those that have any. */
static uint32_t
errors_of(const struct reading *r, float errors[ERROR_CLASS_COUNT])
{
    float classified = 0;
    uint32_t bits = 0;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        errors[i] = (float)r->errors_by_class[i];
        classified += errors[i];
    }
    errors[ERROR_CLASS_OTHER] += MAX((float)r->errors - classified, 0);
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        bits |= errors[i] > 0 ? 1u << i : 0;
    }
    return bits;
}

/* What was "other" until now was of any class, with a share that nobody knows. */
static void
begin_classes(const struct panel *p, struct track *t)
{
    struct track_errors *e = t->errors;
    unsigned other = ERROR_CLASS_OTHER;
    if (e->of[other].kept + e->of[other].yesterday + e->of[other].today > 0) {
        memset(e, 0, sizeof(*e));
        t->calls_kept = t->calls_yesterday = t->calls_today = 0;
        traffic_forget(&p->traffic, t);
    }
    e->told_apart = true;
}

/* One that is told of teaches nothing, nor do those before it that were told with it. */
static void
judge_burst(struct panel *p, struct track *t, unsigned class, float errors, uint32_t at)
{
    bool was_told = (t->lanes & 1u << LANE_BURSTS) != 0;
    bursts_of_errors(p, t, class, errors, at);
    for (unsigned i = 0; (t->lanes & 1u << LANE_BURSTS) != 0 && i < ERROR_CLASS_COUNT; i++) {
        struct track_class *c = &t->errors->of[i];
        float of_it = !was_told ? c->in_bursts : i == class ? errors : 0;
        if (c->told <= 0 && of_it > 0) {
            spare(t, c, share_before(t, c), of_it);
        }
    }
}

static void
judge_errors(struct panel *p, struct track *t, const struct reading *r)
{
    uint32_t at = (uint32_t)((r->start_s + r->length_s) / TRACK_STEP_S);
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
        begin_classes(p, t);
    }
    float errors[ERROR_CLASS_COUNT];
    /* Most classes never have an error: their charts stay at zero, and are not looked at. */
    uint32_t classes = errors_of(r, errors) | t->errors->seen;
    for (; classes != 0; classes &= classes - 1) {
        unsigned class = (unsigned)__builtin_ctz(classes);
        struct track_class *c = class_of(t->errors, class);
        judge_class(p, t, c, errors[class], calls, at);
        if (c->cut > 0 && r->length_s <= BLIPS_WINDOW_MAX && errors[class] >= BURSTS_ERRORS_MIN &&
            errors[class] >= ERRORS_SHARE_MIN * calls) {
            judge_burst(p, t, class, errors[class], at);
        }
    }
    t->errors->last_at = at;
}

static void
judge_stall(struct panel *p, struct track *t, const struct reading *r)
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
            .doubt_s = TRACK_STEP_S,
            .before = t->oldest_max_ms[1],
            .now = oldest,
            .shift_ln = logf(oldest / MAX(t->oldest_max_ms[1], 1)),
        };
        panel_tell(p, t, &a);
    }
}

void
failures_judge(struct panel *p, struct track *t, const struct reading *r)
{
    uint32_t day = (uint32_t)(r->start_s / 86400);
    if (day != t->day) {
        new_day(p, t, r, day);
    }
    judge_errors(p, t, r);
    if ((r->known & READING_OLDEST) != 0) {
        judge_stall(p, t, r);
    } else {
        t->stalls = 0; /* nothing is old enough to be told */
    }
}

/* Since when its errors are counted. */
static uint32_t
first_zero(const struct track_class *c)
{
    uint32_t first = UINT32_MAX;
    for (unsigned i = 0; i < POISSON_RATES; i++) {
        first = c->chart.g[i] > 0 ? MIN(first, c->chart.zero[i]) : first;
    }
    return first;
}

/* It hardly ever has an error, has many since then or later, and has them still. */
static bool
is_beside(const struct track *t, const struct track_class *c, int64_t from_s)
{
    float expected = usual_share(t, c) * c->calls_since;
    float unlikely = c->since > expected
                         ? c->since * logf(c->since / MAX(expected, 1e-3f)) - (c->since - expected)
                         : 0;
    int64_t zero_s = (int64_t)first_zero(c) * TRACK_STEP_S;
    return c->told <= 0 && c->lately >= BESIDE_LATELY && c->since >= ERRORS_MIN &&
           share_since(c) >= ERRORS_SHARE_MIN && c->kept <= BESIDE_USUAL_MAX &&
           unlikely >= BESIDE_UNLIKELY && zero_s >= from_s;
}

bool
failures_beside(const struct track *t, int64_t from_s, unsigned *ret_class, struct alarm *ret)
{
    bool may_be = t->errors != NULL && t->calls_kept > 0 && (t->lanes & (1u << LANE_ERRORS)) == 0;
    for (uint32_t left = may_be ? t->errors->seen : 0; left != 0; left &= left - 1) {
        unsigned class = (unsigned)__builtin_ctz(left);
        const struct track_class *c = &t->errors->of[class];
        if (is_beside(t, c, from_s)) {
            *ret_class = class;
            *ret = alarm_of(t, first_zero(c), share_since(c), usual_share(t, c));
            return true;
        }
    }
    return false;
}

void
failures_note_told(struct track *t, unsigned class)
{
    struct track_class *c = &t->errors->of[class];
    note_told(t, c, share_since(c));
}

bool
failures_is_calm(const struct track *t)
{
    if ((t->lanes & (1u << LANE_STALL)) != 0 && t->stalls > 0) {
        return false;
    }
    const struct track_errors *e = t->errors;
    for (unsigned i = 0; e != NULL && i < ERROR_CLASS_COUNT; i++) {
        const struct track_class *c = &e->of[i];
        float usual = share_before(t, c);
        float few = usual + RECOVERY_SHARE * MAX(c->told - usual, 0);
        /* Not by the chart: where errors are rare, it takes days to find back. */
        if (c->told > 0 && c->lately > few * e->calls_lately) {
            return false;
        }
    }
    return true;
}

void
failures_release(struct track *t)
{
    t->stalls = 0;
    for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
        struct track_class *c = &t->errors->of[i];
        c->chart = (struct poisson){0};
        memset(c->by_bursts, 0, sizeof(c->by_bursts));
        c->outage = c->lasting = 0;
        c->since = c->calls_since = c->told = 0;
    }
}

void
failures_relearn(struct track *t)
{
    for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
        struct track_class *c = &t->errors->of[i];
        if (c->told > 0) {
            float share = share_since(c);
            c->kept = MAX(c->kept, share * t->calls_kept);
            c->yesterday = MAX(c->yesterday, share * t->calls_yesterday);
            c->today = MAX(c->today, share * t->calls_today);
        }
    }
    if ((t->lanes & 1u << LANE_STALL) != 0) {
        t->oldest_max_ms[1] = MAX(t->oldest_max_ms[1], 1000 * t->stall_s);
    }
}
