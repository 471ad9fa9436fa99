/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/amounts.h"

#include <math.h>

#include "analysis/baseline/median.h"

#define FIGURE_NOW    0.3f
#define TOP_DECAY     0.8f /* a day */
#define HOURS_BACK    23
#define BELIEVE_TIMES 2.0f  /* of what is normal, where something else has been told */
#define BELIEVE_WIDTH 3.0f  /* spreads */
#define BELIEVE_PEAK  1.25f /* of the most of an hour: a job's time */
#define BELIEVE_HOLD  8     /* stretches: more than a burst */

/* One of the two. */
struct amount {
    struct track_amount *a;
    struct track_amount_past *past;
    float *kept; /* the hour underway */
    enum lane lane;
    float least; /* more than is normal, to be told */
};

static struct amount
rows_of(struct track *t)
{
    return (struct amount){&t->rows, &t->past->rows, t->rows_kept, LANE_ROWS, AMOUNT_ROWS_MIN};
}

static struct amount
bytes_of(struct track *t)
{
    return (struct amount){&t->bytes, &t->past->bytes, t->bytes_kept, LANE_BYTES, AMOUNT_BYTES_MIN};
}

/* What a job does by night, and at the week's end, has been seen since it was learned anew. */
static bool
is_ready(const struct panel *p, const struct amount *of)
{
    uint32_t since_s = of->past->since_s;
    return since_s != 0 && p->step_s - since_s >= AMOUNT_READY_S;
}

static void
tell(struct panel *p, struct track *t, const struct amount *of, int64_t onset_s, int64_t doubt_s)
{
    struct alarm alarm = {
        .lane = of->lane,
        .onset_s = onset_s,
        .doubt_s = doubt_s,
        .before = level_expect(&of->past->level),
        .now = of->a->now,
        .learning = !is_ready(p, of),
    };
    of->past->most = of->a->now;
    panel_tell(p, t, &alarm);
}

/* The median of an hour that is over. NAN: not known. */
static float
hour_before(const struct amount *of, uint32_t hour)
{
    const struct level *l = &of->past->level;
    const struct level_past *past = &of->past->past;
    float copy[LEVEL_VALUES];
    if (hour == l->slot_n && l->value_count > 0) {
        memcpy(copy, past->value, l->value_count * sizeof(copy[0]));
        return median_of(copy, l->value_count);
    }
    bool is_known = hour < l->slot_n && (past->is_pending & 1u << hour % LEVEL_SLOTS) != 0;
    return is_known ? past->pending[hour % LEVEL_SLOTS] : NAN;
}

/* Where the hours before that one, back to a day, were up as well: the start of the first of them;
 * else 0. */
static int64_t
crept_since(const struct amount *of, int64_t at_s)
{
    float up = AMOUNT_CREPT_TIMES * level_expect(&of->past->level);
    uint32_t hour = (uint32_t)(at_s / LEVEL_SLOT_S), first = hour;
    while (hour - first < HOURS_BACK && hour_before(of, first - 1) >= up) {
        first--;
    }
    return first == hour ? 0 : first * (int64_t)LEVEL_SLOT_S;
}

static void
tell_lasting(struct panel *p, struct track *t, const struct amount *of)
{
    int64_t zero_s = (int64_t)of->past->chart.zero * TRACK_STEP_S;
    int64_t since_s = crept_since(of, zero_s);
    of->a->has_crept = since_s != 0;
    if (of->a->has_crept) {
        tell(p, t, of, since_s, LEVEL_SLOT_S);
    } else {
        tell(p, t, of, zero_s, 2 * TRACK_STEP_S);
    }
}

static uint32_t *
up_word(const struct amount *of, uint32_t hour, uint32_t *ret_bit)
{
    *ret_bit = 1u << hour % 32;
    return &of->past->up[hour / 32];
}

/* A job ran in that hour a week ago, and on no other day: it is known from few, and how much it
 * fetches differs more than anything else does. */
static bool
is_of_a_weekly_job(const struct amount *of, int64_t at_s)
{
    uint32_t hour = (uint32_t)((at_s - 1) / LEVEL_SLOT_S), bit;
    bool is_up = (*up_word(of, hour % WEEK_HOURS, &bit) & bit) != 0;
    for (unsigned day = 1; day < 7 && is_up; day++) {
        is_up = (*up_word(of, (hour + 24 * day) % WEEK_HOURS, &bit) & bit) == 0;
    }
    return is_up;
}

static bool
is_high(const struct amount *of, float x, int64_t at_s)
{
    const struct level *l = &of->past->level;
    float expect = level_expect(l), more = x - expect;
    float times = is_of_a_weekly_job(of, at_s) ? AMOUNT_JOB_TIMES : AMOUNT_PEAK_TIMES;
    return x >= AMOUNT_TIMES * expect && x >= times * l->peak && more >= of->least &&
           more >= AMOUNT_SPREADS * level_spread(l) && !level_is_learning(l);
}

/* Of no stretch of the last days, and behind a deploy. Before two Sundays it may be a job's. */
static bool
is_jump(const struct panel *p, const struct track *t, const struct amount *of, float x,
        int64_t at_s)
{
    const float *top = of->past->top;
    float times = is_ready(p, of) ? AMOUNT_JUMP_TIMES : AMOUNT_JUMP_TIMES_LEARNING;
    return x >= times * level_expect(&of->past->level) && top[1] > 0 &&
           x >= AMOUNT_TOP_TIMES * MAX(top[0], top[1]) &&
           panel_deploy_near(p, t, at_s, at_s) != NULL;
}

/* What is looked at: twice what is normal, and whatever comes behind that. */
static void
set_far(const struct amount *of)
{
    float expect = level_expect(&of->past->level);
    const struct track_amount_past *p = of->past;
    bool is_looked_at = p->chart.f > 0 || p->jumps > 0 || p->doubled > 0;
    of->a->far = is_looked_at ? 0 : isnan(expect) ? INFINITY : AMOUNT_TIMES * expect;
}

static void
look(struct panel *p, struct track *t, const struct amount *of, float x, int64_t at_s)
{
    struct track_amount_past *past = of->past;
    bool high = is_high(of, x, at_s), jump = high && is_jump(p, t, of, x, at_s);
    bool lasts = high && is_ready(p, of);
    past->jump_s = past->jumps == 0 ? of->a->from_s : past->jump_s;
    past->jumps = jump ? (uint8_t)MIN(past->jumps + 1, 100) : 0;
    if (x >= AMOUNT_TIMES * level_expect(&past->level)) {
        past->doubled = (uint8_t)MIN(past->doubled + 1, 2 * BELIEVE_HOLD);
    } else {
        past->doubled = past->doubled == 0 ? 0 : past->doubled - 1;
    }
    if (past->chart.f <= 0) {
        past->chart.zero = 0;
    }
    if (!lasts || past->chart.f < 2 * LIMIT_AMOUNT) { /* it comes back within an hour */
        exceed_add(&past->chart, lasts, (uint32_t)(at_s / TRACK_STEP_S));
    }
    set_far(of);
    if ((t->lanes & 1u << of->lane) != 0) {
        past->most = MAX(past->most, of->a->now);
        return; /* it is told */
    }
    if (past->jumps >= AMOUNT_HOLD) {
        of->a->now = MAX(of->a->now, x);
        of->a->has_crept = false;
        tell(p, t, of, past->jump_s, MAX(at_s - of->a->from_s, TRACK_STEP_S));
    } else if (lasts && past->chart.f > LIMIT_AMOUNT) {
        tell_lasting(p, t, of);
    }
}

static void
end_day(const struct amount *of, bool may_learn)
{
    float *top = of->past->top;
    if (may_learn) {
        top[1] = MAX(TOP_DECAY * top[1], top[0]);
    }
    top[0] = of->a->top;
    of->a->top = 0;
}

static void
add_value(const struct track *t, const struct amount *of, float x, int64_t at_s)
{
    struct level *l = &of->past->level;
    bool may_learn = t->episode == NULL && of->past->chart.f < LIMIT_AMOUNT / 2;
    if ((uint32_t)(at_s / LEVEL_SLOT_S) / 24 != l->slot_n / 24) {
        end_day(of, may_learn);
    }
    level_add(l, &of->past->past, at_s, x, may_learn);
}

/* Whether the hour that is over was up, as a job's is. */
static void
note_job(const struct track *t, const struct amount *of)
{
    float copy[AMOUNT_SAMPLES], expect = level_expect(&of->past->level);
    uint32_t bit, *word = up_word(of, of->a->hour % WEEK_HOURS, &bit);
    if (of->a->kept == 0 || t->episode != NULL || isnan(expect)) {
        return;
    }
    memcpy(copy, of->kept, of->a->kept * sizeof(copy[0]));
    bool is_up = median_of(copy, of->a->kept) >= AMOUNT_CREPT_TIMES * expect;
    *word = is_up ? *word | bit : *word & ~bit;
}

/* An hour is learned when it is over: until then its samples are kept where they are at hand. */
static void
learn(const struct track *t, const struct amount *of, float x, int64_t at_s)
{
    struct track_amount *a = of->a;
    int64_t hour_s = a->hour * (int64_t)LEVEL_SLOT_S;
    of->past->since_s = of->past->since_s == 0 ? a->from_s : of->past->since_s;
    if (a->is_learning || at_s - hour_s >= LEVEL_SLOT_S || a->kept == AMOUNT_SAMPLES) {
        note_job(t, of);
        for (unsigned i = 0; i < a->kept; i++) {
            add_value(t, of, of->kept[i], hour_s);
        }
        a->kept = 0;
        a->hour = (uint32_t)(at_s / LEVEL_SLOT_S);
        a->is_learning = level_is_learning(&of->past->level);
        set_far(of);
    }
    if (a->is_learning) { /* there is little: at once */
        add_value(t, of, x, at_s);
        set_far(of);
    } else {
        of->kept[a->kept++] = x;
    }
}

static __attribute__((noinline)) void
attend(struct panel *p, struct track *t, const struct amount *of, float x, int64_t at_s,
       bool is_turn)
{
    if (x >= of->a->far) {
        look(p, t, of, x, at_s);
    }
    if (is_turn) {
        learn(t, of, x, at_s);
    }
}

/* A stretch is over. */
static inline void
judge(struct panel *p, struct track *t, struct track_amount *a, float x, int64_t at_s)
{
    uint32_t turn = track_turn(t->key, at_s);
    bool is_turn = turn != a->turn || a->is_learning;
    a->now = isnan(a->now) ? x : a->now + FIGURE_NOW * (x - a->now);
    a->turn = turn;
    if (is_turn || x >= a->far) {
        const struct amount of = a == &t->rows ? rows_of(t) : bytes_of(t);
        attend(p, t, &of, x, at_s, is_turn);
    }
    a->top = MAX(a->top, x);
}

/* Until it is one: of 20 calls, or of an hour. */
static inline void
add(struct panel *p, struct track *t, struct track_amount *a, const struct reading *r, float amount)
{
    float calls = (float)r->calls;
    int64_t end_s = r->start_s + r->length_s;
    if (a->calls == 0) {
        a->from_s = (uint32_t)r->start_s;
        a->sum = 0;
    }
    a->sum += amount;
    a->calls += calls;
    if (a->calls >= WINDOW_CALLS_MIN || (uint32_t)end_s - a->from_s >= WINDOW_S_MAX) {
        judge(p, t, a, a->sum / a->calls, end_s);
        a->calls = 0;
    }
}

void
amounts_judge(struct panel *p, struct track *t, const struct reading *r)
{
    if (r->calls > 0 && (r->known & READING_ROWS) != 0) {
        add(p, t, &t->rows, r, (float)r->rows);
    }
    if (r->calls > 0 && (r->known & READING_BYTES) != 0) {
        add(p, t, &t->bytes, r, (float)r->bytes);
    }
}

static bool
is_back(const struct amount *of)
{
    float expect = level_expect(&of->past->level);
    return isnan(expect) || of->a->now < MAX(AMOUNT_BACK_TIMES * expect, expect + of->least / 2);
}

bool
amounts_are_calm(struct track *t)
{
    const struct amount rows = rows_of(t), bytes = bytes_of(t);
    return ((t->lanes & (1u << LANE_ROWS)) == 0 || is_back(&rows)) &&
           ((t->lanes & (1u << LANE_BYTES)) == 0 || is_back(&bytes));
}

bool
amounts_are_up(const struct track_amount *a, const struct track_amount_past *past, float least)
{
    const struct level *l = &past->level;
    float expect = level_expect(l);
    return !isnan(expect) && past->doubled >= BELIEVE_HOLD &&
           a->now > BELIEVE_TIMES * MAX(expect, least) && a->now > BELIEVE_PEAK * l->peak &&
           a->now - expect > BELIEVE_WIDTH * level_spread(l);
}

static void
release(const struct amount *of)
{
    of->past->chart = (struct exceed){0};
    of->past->jumps = of->past->doubled = 0;
    of->past->most = 0;
    of->past->top[0] = of->a->top = 0;
    of->a->has_crept = false;
    of->a->kept = 0;
    level_forget(&of->past->level, &of->past->past, 0);
    set_far(of);
}

void
amounts_release(struct track *t)
{
    const struct amount both[] = {rows_of(t), bytes_of(t)};
    for (unsigned i = 0; i < ARRAY_LEN(both); i++) {
        if ((t->lanes & 1u << both[i].lane) != 0) {
            release(&both[i]);
        }
    }
}

static void
relearn(const struct amount *of)
{
    *of->past = (struct track_amount_past){0};
    *of->a = (struct track_amount){.now = of->a->now, .is_learning = true, .far = INFINITY};
}

void
amounts_relearn(struct track *t)
{
    const struct amount rows = rows_of(t), bytes = bytes_of(t);
    relearn(&rows);
    relearn(&bytes);
}

/* What was learned is in *past already; the stretch underway is dropped. */
static void
take_over(const struct amount *of)
{
    of->past->chart = (struct exceed){0};
    of->past->jumps = of->past->doubled = 0;
    of->past->most = 0;
    of->a->calls = 0;
    of->a->kept = 0;
    of->a->is_learning = level_is_learning(&of->past->level);
    set_far(of);
}

void
amounts_take_over(struct track *t)
{
    const struct amount rows = rows_of(t), bytes = bytes_of(t);
    take_over(&rows);
    take_over(&bytes);
}
