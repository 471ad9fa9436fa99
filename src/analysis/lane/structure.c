/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/structure.h"

#include <math.h>

#include "analysis/lane/succession.h"

#define FIGURE_NOW    0.5f
#define ROUTE_MIN_S   600 /* of a route's life, before a statement of it can be new */
#define NEW_CALLS_MIN 0.2f

static float
follow(float figure, float value)
{
    return isnan(figure) ? value : figure + FIGURE_NOW * (value - figure);
}

bool
structure_costs_something(const struct track *t, float calls, float cost_ms)
{
    float route_ms = t->parent == NULL ? NAN : level_expect(&t->parent->cost_level);
    return isnan(route_ms) || calls * cost_ms >= STRUCTURE_COST_SHARE * route_ms;
}

static void
tell(struct panel *p, struct track *t, enum lane lane, int64_t onset_s, int64_t doubt_s,
     double before, double now)
{
    struct alarm a = {
        .lane = lane,
        .onset_s = onset_s,
        .doubt_s = doubt_s,
        .before = before,
        .now = now,
        .shift_ln = (float)log(MAX(now, 1e-6) / MAX(before, 1e-6)),
        .learning = level_is_learning(&t->calls_level),
    };
    panel_tell(p, t, &a);
}

/* The route was there long before, and this statement was not; which nobody can tell of one that
 * came when there was no room: it may have been forgotten, or counted under "other" until then. */
static bool
is_new(const struct panel *p, const struct track *t, int64_t at_s)
{
    const struct track *route = t->parent;
    if (t->may_be_back || at_s - t->first_s > NEW_AFTER_S || route == NULL ||
        t->first_s < route->first_s + ROUTE_MIN_S) {
        return false;
    }
    int64_t settled = panel_deploy_near(p, t, at_s, at_s) != NULL ? ROUTE_MIN_S : NEW_AFTER_S;
    return t->first_s >= route->first_s + settled;
}

/* They began in the first stretch that had more. What was a little more for hours before a jump is
 * something else. */
static void
tell_calls(struct panel *p, struct track *t, const struct reading *r, double before, double now)
{
    int64_t at_s = r->start_s + r->length_s;
    int64_t length_s = (int64_t)((double)t->s_requests / r->requests * r->length_s);
    int64_t since_s = at_s - (int64_t)t->calls_chart.zero * TRACK_STEP_S;
    if (t->jumps > 0 && since_s > t->jumps * length_s + STRUCTURE_DATED_S) {
        since_s = t->jumps * length_s;
    }
    int64_t beyond_s = MAX(length_s - TRACK_STEP_S, 0) / 2; /* somewhere in that stretch */
    tell(p, t, LANE_CALLS, at_s - since_s + beyond_s, TRACK_STEP_S + beyond_s, before, now);
}

/* A call's cost has no chart of its own, and it is slow in what its route or its statement is told
 * of. They are asked once an hour, when it matters: neither lies at hand. */
static bool
may_learn(const struct panel *p, const struct track *t, const struct level *l, int64_t at_s)
{
    if (t->episode != NULL || t->kind != TRACK_CALL || !level_ends_slot(l, at_s)) {
        return t->episode == NULL;
    }
    const struct track *statement =
        tracks_find(&p->tracks, SLICE_NONE, slice_from_str(t->fingerprint));
    return (t->parent == NULL || t->parent->episode == NULL) &&
           (statement == NULL || statement->episode == NULL);
}

/* A stretch of at least 30 requests is over. */
static void
judge_calls(struct panel *p, struct track *t, const struct reading *r, float mean_ms)
{
    float calls = t->s_calls / t->s_requests;
    int64_t at_s = r->start_s + r->length_s;
    float expect = level_expect(&t->calls_level), spread = level_spread(&t->calls_level);
    bool was_quiet = t->jumps == 0;
    t->now.calls = follow(t->now.calls, calls);
    if (is_new(p, t, at_s)) {
        bool heavy = calls >= NEW_CALLS_MIN && structure_costs_something(t, calls, mean_ms) &&
                     !succession_may_be(p, t, calls, mean_ms);
        t->jumps = heavy ? (uint8_t)MIN(t->jumps + 1, 100) : 0;
        if (heavy && (panel_deploy_near(p, t, at_s, at_s) != NULL || t->jumps >= STRUCTURE_HOLD)) {
            tell(p, t, LANE_NEW, t->first_s, TRACK_STEP_S, 0, calls);
        }
        return; /* not learned: whether it is normal is asked for an hour */
    }
    if (isnan(expect)) {
        level_add(&t->calls_level, &t->past->calls, at_s, calls, true);
        return;
    }
    float chance = sqrtf(MAX(expect, 0.1f) / t->s_requests);
    float jump = calls - expect;
    bool off = jump >= STRUCTURE_JUMP_MIN && calls >= STRUCTURE_RATIO_MIN * expect &&
               jump >= STRUCTURE_SPREADS * MAX(spread, chance) &&
               structure_costs_something(t, jump, mean_ms);
    t->jumps = off ? (uint8_t)MIN(t->jumps + 1, 100) : 0;
    unsigned hold = t->s_requests >= STRUCTURE_SURE ? 1 : STRUCTURE_HOLD_DEPLOY;
    bool is_sure = t->jumps >= hold && !level_is_learning(&t->calls_level) &&
                   panel_deploy_near(p, t, at_s, at_s) != NULL;
    /* Slow or small: more calls than ever, again and again. */
    bool more = jump > 3 * MAX(spread, chance) && calls >= 1.1f * expect;
    if (!more || t->calls_chart.f < 2 * LIMIT_CALLS) {
        exceed_add(&t->calls_chart, more, (uint32_t)(at_s / TRACK_STEP_S));
    }
    bool lasts = t->calls_chart.f > LIMIT_CALLS && structure_costs_something(t, jump, mean_ms);
    if (is_sure || t->jumps >= STRUCTURE_HOLD || lasts) {
        tell_calls(p, t, r, expect, calls);
    }
    bool is_quiet = was_quiet && t->calls_chart.f < LIMIT_CALLS / 2;
    level_add(&t->calls_level, &t->past->calls, at_s, calls,
              is_quiet && may_learn(p, t, &t->calls_level, at_s));
}

static void
judge_plan(struct panel *p, struct track *t, int64_t at_s, float mean_ms)
{
    bool other = t->plan_changed_s != 0 && at_s - t->plan_changed_s <= STRUCTURE_DEPLOY_S;
    float expect = other ? level_expect(&t->cost_level) : NAN;
    if (other && t->episode == NULL && !isnan(expect) && mean_ms >= PLAN_TIMES * expect &&
        structure_costs_something(t, isnan(t->now.calls) ? 1 : t->now.calls, mean_ms - expect)) {
        tell(p, t, LANE_PLAN, t->plan_changed_s, TRACK_STEP_S, expect, mean_ms);
    }
}

void
structure_judge(struct panel *p, struct track *t, const struct reading *r)
{
    if (t->kind == TRACK_ROUTE || r->calls <= 0) {
        return;
    }
    float mean_ms = t->n > 0 ? t->sum_us / t->n / 1000 : 0;
    if (r->cell_count == 0 && (r->known & READING_TIME) != 0) {
        mean_ms = (float)(r->time_ms / r->calls);
        t->now.cost_ms = follow(t->now.cost_ms, mean_ms);
        level_add(&t->cost_level, &t->past->cost, r->start_s + r->length_s, mean_ms,
                  may_learn(p, t, &t->cost_level, r->start_s + r->length_s));
    }
    judge_plan(p, t, r->start_s + r->length_s, mean_ms);
    if (t->kind != TRACK_CALL || (r->known & READING_REQUESTS) == 0 || r->requests <= 0) {
        return;
    }
    if (t->s_requests == 0 && t->calls_chart.f <= 0) {
        t->calls_chart.zero = (uint32_t)(r->start_s / TRACK_STEP_S);
    }
    t->s_requests += (float)r->requests;
    t->s_calls += (float)r->calls;
    if (t->s_requests >= STRUCTURE_REQUESTS_MIN) {
        judge_calls(p, t, r, mean_ms);
        t->s_requests = t->s_calls = 0;
    }
}

bool
structure_is_calm(const struct track *t)
{
    float expect = level_expect(&t->calls_level);
    return isnan(expect) || t->now.calls - expect < MAX(0.25f * expect, 0.25f);
}
