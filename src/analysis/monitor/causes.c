/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose own demand on the database grew, as against who only waits: a statement that is called more
 * often, or whose calls have become dearer by more than everybody's. Ranked by milliseconds a
 * second. What kind it is, by the figures that moved with it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/baseline/median.h"
#include "analysis/monitor/monitor_state.h"

#define COMMON_TIMES   1.6f /* of what everybody's calls have become dearer by */
#define COMMON_SLACK   0.15f
#define COMMON_LITTLE  0.05f
#define EFFECT_MIN     0.015f
#define SHARE_OF_FIRST 0.10 /* a cause is so much of the largest, or clear by itself */
#define CALLS_TIMES    1.25f
#define CALLS_SPREADS  3
#define ROWS_TIMES     1.3f
#define READ_LEAST     0.05f /* more rows read a call */
#define READ_SHARE     0.5f  /* of what it became dearer by */
#define SHARE_UP       0.15f
#define SAME_SHARE     0.5f
#define LOCK_SHARE     0.4f /* of what it became dearer by */
#define FIGURE_WEIGHT  0.3f /* of a window in the price, track.c and lanes.c */
#define RATIOS_MAX     512u
#define FAILURES       (1u << LANE_ERRORS | 1u << LANE_STALL)

struct growth {
    struct track *t;
    enum finding_kind kind;
    float calls, calls_before; /* per request */
    float cost, cost_before;   /* ms a call; the latter with what everybody's waiting adds */
    float normal;              /* without */
    double demand;
};

/* The median of what calls have become dearer by, over statements. */
static float
common_ratio(const struct monitor *m)
{
    float ratio[RATIOS_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < m->track_count && n < RATIOS_MAX; i++) {
        const struct track *t = &m->track[i];
        float before = level_expect(&t->cost_level);
        if (t->kind != TRACK_ROUTE && before > 0 && !isnan(t->now.cost_ms) &&
            m->step_s - t->last_s < 600) {
            ratio[n++] = t->now.cost_ms / before;
        }
    }
    return n < COMMON_MIN ? 1 : MAX(median_of(ratio, n), 1);
}

/* With what is due to everybody's waiting: that is nobody's own. */
static float
with_waiting(float cost, float common)
{
    float slack = common > 1 + COMMON_LITTLE ? COMMON_SLACK : COMMON_LITTLE;
    return cost * (1 + COMMON_TIMES * (common - 1) + slack);
}

/* By more than its calls a request stray by; or it was told of. */
static bool
is_called_more(const struct growth *g)
{
    const struct track *t = g->t;
    float spread = level_spread(&t->calls_level), more = g->calls - g->calls_before;
    bool is_told = (t->lanes & (1u << LANE_CALLS | 1u << LANE_NEW)) != 0;
    return g->calls > CALLS_TIMES * g->calls_before && (is_told || more > CALLS_SPREADS * spread);
}

static int
by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* By how much it is slower than is normal in three of four of the last windows, give or take its
 * noise, in ln: what is but a spike, of minutes, is not in it. */
static float
lasting_effect(const struct track *t)
{
    float sorted[CONFIRM_WINDOWS];
    memcpy(sorted, t->last, sizeof(sorted));
    qsort(sorted, CONFIRM_WINDOWS, sizeof(sorted[0]), by_size);
    return MIN(lanes_median_of_last(t), sorted[CONFIRM_WINDOWS / 4] + t->noise.s);
}

/* Its price without what is but a spike: the last windows weigh in that as they do in the figure.
 */
static float
steady_cost(const struct track *t)
{
    float smooth = t->last[t->last_at]; /* the oldest */
    if (t->last_count < CONFIRM_WINDOWS) {
        return t->now.cost_ms;
    }
    for (unsigned i = 1; i < CONFIRM_WINDOWS; i++) {
        smooth += FIGURE_WEIGHT * (t->last[(t->last_at + i) % CONFIRM_WINDOWS] - smooth);
    }
    return t->now.cost_ms * expf(MIN(lasting_effect(t) - smooth, 0));
}

/* What of that is its own. Where everything is slower, a residual has too much of that in it or too
 * little: with what has been taken out of it, beyond what waiting may add. 0: as good as nothing,
 * or not known. */
static float
own_effect(const struct monitor *m, const struct track *t)
{
    if (isnan(t->expect) || t->last_count < CONFIRM_WINDOWS) {
        return 0;
    }
    bool creeps = (t->lanes & (1u << LANE_CREEP)) != 0;
    float effect = creeps ? lanes_effect(t) : lasting_effect(t);
    float common = lanes_median_of_last(m->common), common_ln = common * m->typical_spread;
    if (common_ln >= COMMON_EFFECT_MIN) {
        effect += lanes_follows(m, t) * common - logf(with_waiting(1, expf(common_ln)));
    }
    return effect >= EFFECT_MIN ? effect : 0;
}

/* Milliseconds a call that it waits for locks, and did not before. */
static float
locked_ms(const struct track *t)
{
    float more = t->now.lock_ms - t->before.lock_ms;
    return more > 0 ? more : 0; /* NAN: not known */
}

/* Its own demand, at this price. */
static void
reckon(const struct monitor *m, float common, float cost, struct growth *g)
{
    const struct track *t = g->t;
    bool is_new = g->calls_before == 0;
    g->cost = cost;
    g->cost_before = MAX(g->normal, MIN(with_waiting(g->normal, common), cost));
    /* Where the week is known its residuals tell better: time of day and waiting are out of them.
     */
    float effect = is_new ? 0 : own_effect(m, t);
    if (effect > 0) {
        g->cost_before = MIN(g->cost_before, cost / expf(effect));
    }
    /* What has been seen waiting for locks did not wait for its turn. */
    g->cost_before = MIN(g->cost_before, MAX(g->normal, cost - locked_ms(t)));
    float requests = (isnan(t->now.per_s) ? 1 : t->now.per_s) / g->calls;
    bool more = is_called_more(g);
    g->demand = requests * (g->calls * cost - (more ? g->calls_before : g->calls) * g->cost_before);
    g->demand = more || cost > g->cost_before ? g->demand : 0;
}

static bool
grew(const struct monitor *m, float common, struct growth *g)
{
    const struct track *t = g->t;
    bool is_new = (t->lanes & (1u << LANE_NEW)) != 0;
    float calls_before = is_new ? 0 : level_expect(&t->calls_level);
    g->normal = is_new ? t->now.cost_ms : level_expect(&t->cost_level);
    if (isnan(g->normal) || isnan(t->now.cost_ms)) {
        return false;
    }
    bool has_calls = !isnan(calls_before) && !isnan(t->now.calls) && t->now.calls > 0;
    g->calls = has_calls ? t->now.calls : 1;
    g->calls_before = has_calls ? calls_before : 1;
    reckon(m, common, t->now.cost_ms, g);
    return g->demand > 0;
}

static bool
is_up(float now, float before, float by)
{
    return !isnan(now) && !isnan(before) && now > before + by;
}

/* Enough more rows than before to account for half of what it became dearer by, or more. */
static bool
reads_more(const struct growth *g)
{
    const struct track *t = g->t;
    float dearer = g->cost / MAX(g->cost_before, 1e-6f) - 1;
    float times = MIN(1 + MAX(READ_LEAST, READ_SHARE * dearer), ROWS_TIMES);
    return is_up(t->now.rows_read, times * t->before.rows_read, 0);
}

static bool
has_other_plan(const struct episode *e, const struct track *t)
{
    return t->plan_changed_s != 0 && t->plan_changed_s >= e->onset_from_s - 3600;
}

static enum finding_kind
kind_of_calls(const struct growth *g)
{
    const struct track_figures *now = &g->t->now, *before = &g->t->before;
    bool is_new = g->calls_before == 0;
    if (is_up(now->repeating, before->repeating, SHARE_UP) ||
        (now->repeating > SHARE_UP && is_new)) {
        return FINDING_REPEATED_QUERY;
    }
    bool old_values =
        is_up(now->same, before->same, SHARE_UP) || (now->same > SAME_SHARE && is_new);
    return old_values ? FINDING_CACHEABLE : FINDING_MORE_CALLS;
}

static enum finding_kind
kind_of(const struct episode *e, const struct growth *g)
{
    const struct track *t = g->t;
    bool more = is_called_more(g), dearer = g->cost > g->cost_before;
    float rows_before = level_expect(&t->rows_level);
    if (dearer && locked_ms(t) > LOCK_SHARE * (g->cost - g->cost_before)) {
        return FINDING_LOCK_WAIT;
    }
    if (more && (!dearer ||
                 g->calls / MAX(g->calls_before, 0.01f) > g->cost / MAX(g->cost_before, 1e-6f))) {
        return kind_of_calls(g);
    }
    if (has_other_plan(e, t)) {
        return t->plan_reads_all ? FINDING_MISSING_INDEX : FINDING_PLAN_CHANGE;
    }
    if (!isnan(rows_before) && t->now.rows > ROWS_TIMES * MAX(rows_before, 1)) {
        return FINDING_UNBOUNDED_RESULT;
    }
    return reads_more(g) ? FINDING_GROWTH : FINDING_SLOWER;
}

static void
describe(const struct growth *g, struct episode_cause *c)
{
    const struct track *t = g->t;
    char *to = c->detail;
    switch (g->kind) {
    case FINDING_LOCK_WAIT:
        snprintf(to, sizeof(c->detail), "waits %.1f ms a call for locks, was %.1f ms",
                 t->now.lock_ms, t->before.lock_ms);
        break;
    case FINDING_REPEATED_QUERY:
    case FINDING_CACHEABLE:
    case FINDING_MORE_CALLS:
        snprintf(to, sizeof(c->detail), "%.1f calls a request, was %.1f", g->calls,
                 g->calls_before);
        break;
    case FINDING_UNBOUNDED_RESULT:
        snprintf(to, sizeof(c->detail), "%.0f rows a call, was %.0f", t->now.rows,
                 level_expect(&t->rows_level));
        break;
    case FINDING_GROWTH:
        snprintf(to, sizeof(c->detail), "%.0f rows read a call, was %.0f", t->now.rows_read,
                 t->before.rows_read);
        break;
    default:
        snprintf(to, sizeof(c->detail), "%.1f ms a call, was %.1f ms%s", g->cost,
                 level_expect(&t->cost_level),
                 g->kind == FINDING_SLOWER ? "" : ", by another plan");
        break;
    }
}

/* It is a cause however little it takes beside the first one: it has a proof of its own, or its own
 * part is more than what it waits for the others. */
static bool
is_clear(const struct growth *g)
{
    const struct track *t = g->t;
    switch (g->kind) {
    case FINDING_REPEATED_QUERY:
    case FINDING_CACHEABLE:
    case FINDING_MORE_CALLS:
        return (t->lanes & (1u << LANE_CALLS | 1u << LANE_NEW)) != 0;
    case FINDING_LOCK_WAIT:
        return structure_costs_something(t, g->calls, locked_ms(t));
    case FINDING_MISSING_INDEX:
    case FINDING_PLAN_CHANGE:
        if ((t->lanes & (1u << LANE_PLAN)) != 0) {
            return true;
        }
        break;
    default:
        break;
    }
    return g->cost - g->cost_before >= g->cost_before - g->normal;
}

static int
by_demand(const void *a, const void *b)
{
    double x = ((const struct growth *)a)->demand, y = ((const struct growth *)b)->demand;
    return (x < y) - (x > y);
}

static struct episode_cause *
add(struct episode *e, const struct track *t, enum finding_kind kind, double demand)
{
    if (e->cause_count == EPISODE_CAUSES_MAX) {
        return NULL;
    }
    struct episode_cause *c = &e->cause[e->cause_count++];
    memset(c, 0, sizeof(*c));
    c->kind = kind;
    c->evidence = EVIDENCE_MEASURED;
    c->track = t->key;
    c->demand_ms = demand;
    track_name(t, c->subject, sizeof(c->subject));
    return c;
}

static float
failures_of(const struct track *t)
{
    float most = 0;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        most = MAX(most, t->errors->of[i].since);
    }
    return most;
}

/* Most of what fails of the route fails in one of its calls, which is named. */
static bool
fails_in_a_call(const struct episode *e, const struct track *route)
{
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *t = e->member[i];
        if (t->kind == TRACK_CALL && t->parent == route && (t->lanes & (1u << LANE_ERRORS)) != 0 &&
            failures_of(t) >= 0.5f * failures_of(route)) {
            return true;
        }
    }
    return false;
}

/* of_routes: a request fails because of what it calls, so statements are named first. */
static void
add_failures(struct episode *e, bool of_routes)
{
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *t = e->member[i];
        struct episode_cause *c = NULL;
        if ((t->kind == TRACK_ROUTE) != of_routes) {
            continue;
        }
        if ((t->lanes & (1u << LANE_STALL)) != 0) {
            c = add(e, t, FINDING_STALL, 0);
            if (c != NULL) {
                snprintf(c->detail, sizeof(c->detail),
                         "its oldest call has been in flight for %.0f s and more", t->stall_s);
            }
        } else if ((t->lanes & (1u << LANE_ERRORS)) != 0 && !(of_routes && fails_in_a_call(e, t))) {
            unsigned most = 0;
            for (unsigned k = 0; k < ERROR_CLASS_COUNT; k++) {
                most = t->errors->of[k].since > t->errors->of[most].since ? k : most;
            }
            c = add(e, t, FINDING_ERRORS, 0);
            if (c != NULL) {
                c->by_itself = most == ERROR_CLASS_LOGIN || most == ERROR_CLASS_CONSTRAINT ||
                               most == ERROR_CLASS_STATEMENT || most == ERROR_CLASS_BODY;
                c->kind = most == ERROR_CLASS_BODY ? FINDING_INCONSISTENT_RESPONSE : c->kind;
                snprintf(c->detail, sizeof(c->detail), "%.0f of %.0f: %s",
                         t->errors->of[most].since, t->errors->of[most].calls_since,
                         error_class_doc((enum error_class)most));
            }
        }
    }
}

/* One that nobody has told yet, of a route that is looked into anyway: it takes less to be believed
 * than one of all series. */
static bool
is_suspect(const struct monitor *m, const struct growth *g)
{
    const struct track *t = g->t;
    switch (g->kind) {
    case FINDING_LOCK_WAIT:
        return structure_costs_something(t, g->calls, locked_ms(t));
    case FINDING_GROWTH:
    case FINDING_UNBOUNDED_RESULT:
        return lanes_is_suspected(m, t);
    default:
        return false;
    }
}

/* A call of the route that the episode began with, or of one that fails. */
static bool
is_looked_into(const struct episode *e, const struct track *t)
{
    bool is_of_another = t->episode != NULL && t->episode != e;
    if (t->kind != TRACK_CALL || t->parent == NULL || is_of_another) {
        return false;
    }
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *k = e->member[i];
        bool is_first = k->key == e->subject_key;
        if ((is_first || (k->lanes & FAILURES) != 0) &&
            (k == t->parent || k->parent == t->parent)) {
            return true;
        }
    }
    return false;
}

static unsigned
find_growth(const struct monitor *m, const struct episode *e,
            struct growth found[EPISODE_MEMBERS_MAX])
{
    unsigned n = 0;
    float common = common_ratio(m);
    for (unsigned i = 0; i < m->track_count && n < EPISODE_MEMBERS_MAX; i++) {
        struct growth g = {.t = &m->track[i]};
        bool judged = g.t->kind == TRACK_CALL || g.t->kind == TRACK_STATEMENT;
        bool is_told = g.t->episode == e && (g.t->lanes & ~FAILURES) != 0;
        if (!judged || (!is_told && !is_looked_into(e, g.t)) || !grew(m, common, &g)) {
            continue;
        }
        g.kind = kind_of(e, &g);
        if (g.kind == FINDING_SLOWER) { /* by nothing but its price */
            reckon(m, common, steady_cost(g.t), &g);
        }
        if (g.demand > 0 && (is_told || is_suspect(m, &g))) {
            found[n++] = g;
        }
    }
    return n;
}

/* What has been found stands while nothing else is: a shock hides what is small for minutes. What
 * fails is found afresh. */
static void
forget(struct episode *e, bool growth)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < e->cause_count; i++) {
        if (!growth && e->cause[i].demand_ms > 0) {
            e->cause[kept++] = e->cause[i];
        }
    }
    e->cause_count = kept;
}

void
causes_find(struct monitor *m, struct episode *e)
{
    struct growth found[EPISODE_MEMBERS_MAX];
    unsigned n = find_growth(m, e, found);
    qsort(found, n, sizeof(found[0]), by_demand);
    forget(e, n > 0);
    for (unsigned i = 0; i < n; i++) {
        if (found[i].demand < SHARE_OF_FIRST * found[0].demand && !is_clear(&found[i])) {
            continue;
        }
        struct episode_cause *c = add(e, found[i].t, found[i].kind, found[i].demand);
        if (c != NULL) {
            describe(&found[i], c);
        }
    }
    add_failures(e, false);
    add_failures(e, true);
}
