/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/growth.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/baseline/median.h"
#include "analysis/lane/amounts.h"
#include "analysis/lane/charts.h"
#include "analysis/lane/latency.h"
#include "analysis/lane/structure.h"
#include "analysis/monitor/monitor_state.h"

#define COMMON_TIMES  1.6f /* of what everybody's calls have become dearer by */
#define COMMON_SLACK  0.15f
#define COMMON_LITTLE 0.05f
#define EFFECT_MIN    0.015f
#define CALLS_TIMES   1.25f
#define CALLS_SPREADS 3
#define CALLS_SHARE   0.005f /* of the route's mean */
#define ROWS_LEAST    1.0f
#define BYTES_LEAST   256.0f
#define READ_LEAST    0.05f /* more rows read a call */
#define READ_MOST     1.3f  /* times as many are enough */
#define READ_SHARE    0.5f  /* of what it became dearer by */
#define SHARE_UP      0.15f
#define SAME_SHARE    0.5f
#define LOCK_SHARE    0.4f /* of what it became dearer by */
#define FIGURE_WEIGHT 0.3f /* of a window in the price, track.c and latency.c */
#define ROUTE_SHARE   0.5  /* of a statement's growth */
#define RATIOS_MAX    512u
#define FAILURES      (ERROR_LANES | 1u << LANE_STALL)

const struct track *
growth_latency_of(const struct monitor *m, const struct track *t)
{
    if (t->kind != TRACK_CALL || t->last_count > 0) {
        return t;
    }
    const struct track *statement =
        tracks_find(&m->panel.tracks, SLICE_NONE, slice_from_str(t->fingerprint));
    return statement == NULL ? t : statement;
}

/* The median of what calls have become dearer by, over statements. */
static float
common_ratio(const struct monitor *m)
{
    float ratio[RATIOS_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < m->panel.tracks.count && n < RATIOS_MAX; i++) {
        const struct track *t = &m->panel.tracks.of[i];
        float before = level_expect(&t->cost_level);
        if (t->kind != TRACK_ROUTE && before > 0 && !isnan(t->now.cost_ms) &&
            m->panel.step_s - t->last_s < 600) {
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

double
growth_waiting_share(const struct monitor *m)
{
    float common = common_ratio(m);
    return common > 1 + COMMON_LITTLE ? with_waiting(1, common) - 1 : 0;
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
    return MIN(latency_median_of_last(t), sorted[CONFIRM_WINDOWS / 4] + t->noise.s);
}

float
growth_steadied(const struct track *t, float weight)
{
    float smooth = expf(t->last[t->last_at]); /* the oldest */
    if (t->last_count < CONFIRM_WINDOWS) {
        return 1;
    }
    for (unsigned i = 1; i < CONFIRM_WINDOWS; i++) {
        float times = expf(t->last[(t->last_at + i) % CONFIRM_WINDOWS]);
        smooth += weight * (times - smooth);
    }
    return MIN(expf(lasting_effect(t)) / smooth, 1);
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
    float effect = creeps ? latency_effect(t) : lasting_effect(t);
    float common = latency_median_of_last(m->panel.tracks.common);
    float common_ln = common * m->panel.common.spread;
    if (common_ln >= COMMON_EFFECT_MIN) {
        effect += latency_follows(&m->panel, t) * common - logf(with_waiting(1, expf(common_ln)));
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
    float effect = is_new ? 0 : own_effect(m, growth_latency_of(m, t));
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
    float times = MIN(1 + MAX(READ_LEAST, READ_SHARE * dearer), READ_MOST);
    return is_up(t->now.rows_read, times * t->before.rows_read, 0);
}

static bool
has_other_plan(const struct episode *e, const struct track *t)
{
    return t->plan_changed_s != 0 && t->plan_changed_s >= e->onset_from_s - 3600;
}

static bool
bytes_are_up(const struct track *t)
{
    return amounts_are_up(&t->bytes, &t->past->bytes, BYTES_LEAST);
}

static bool
rows_are_up(const struct track *t)
{
    return amounts_are_up(&t->rows, &t->past->rows, ROWS_LEAST);
}

/* Of what was told, if one of them was. */
bool
growth_is_of_amount(const struct track *t)
{
    if ((t->lanes & AMOUNT_LANES) != 0) {
        return growth_returns_more_rows(t) ? rows_are_up(t) : bytes_are_up(t);
    }
    return rows_are_up(t) || bytes_are_up(t);
}

bool
growth_returns_more_rows(const struct track *t)
{
    bool is_told = (t->lanes & AMOUNT_LANES) != 0;
    return is_told ? (t->lanes & (1u << LANE_ROWS)) != 0 : rows_are_up(t);
}

enum finding_kind
growth_kind_of_amount(const struct track *t)
{
    bool has_crept = growth_returns_more_rows(t) ? t->rows.has_crept : t->bytes.has_crept;
    return has_crept ? FINDING_GROWTH : FINDING_UNBOUNDED_RESULT;
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
    if (growth_is_of_amount(t)) {
        return growth_kind_of_amount(t);
    }
    return reads_more(g) ? FINDING_GROWTH : FINDING_SLOWER;
}

/* For so many stretches, since about when the episode began, and they are not for nothing. */
static bool
calls_are_more(const struct episode *e, const struct growth *g, float limit)
{
    const struct track *t = g->t;
    float route_ms = t->parent == NULL ? NAN : level_expect(&t->parent->cost_level);
    float more_ms = (g->calls - g->calls_before) * g->cost;
    return t->calls_chart.f > limit &&
           (int64_t)t->calls_chart.zero * TRACK_STEP_S >= e->onset_from_s - EPISODE_JOIN_S &&
           (isnan(route_ms) || more_ms >= CALLS_SHARE * route_ms);
}

bool
growth_is_clear(const struct episode *e, const struct growth *g)
{
    const struct track *t = g->t;
    switch (g->kind) {
    case FINDING_REPEATED_QUERY:
    case FINDING_CACHEABLE:
    case FINDING_MORE_CALLS:
        return (t->lanes & (1u << LANE_CALLS | 1u << LANE_NEW)) != 0 ||
               calls_are_more(e, g, LIMIT_CALLS);
    case FINDING_LOCK_WAIT:
        return structure_costs_something(t, g->calls, locked_ms(t));
    case FINDING_UNBOUNDED_RESULT:
    case FINDING_GROWTH:
        if ((t->lanes & AMOUNT_LANES) != 0) {
            return true;
        }
        break;
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

/* One that nobody has told yet, of a route that is looked into anyway: it takes less to be believed
 * than one of all series. */
static bool
is_suspect(const struct monitor *m, const struct episode *e, const struct growth *g)
{
    const struct track *t = g->t;
    switch (g->kind) {
    case FINDING_REPEATED_QUERY:
    case FINDING_CACHEABLE:
    case FINDING_MORE_CALLS:
        return calls_are_more(e, g, LIMIT_CALLS_SUSPECT);
    case FINDING_LOCK_WAIT:
        return structure_costs_something(t, g->calls, locked_ms(t));
    case FINDING_GROWTH:
    case FINDING_UNBOUNDED_RESULT:
        return charts_suspect(&m->panel, growth_latency_of(m, t));
    default:
        return false;
    }
}

/* It runs in that route, as one of its calls or of all. */
static bool
runs_in(const struct monitor *m, const struct track *t, const struct track *route)
{
    if (t == route || t->parent == route) {
        return true;
    }
    if (t->kind != TRACK_STATEMENT) {
        return false;
    }
    return tracks_find(&m->panel.tracks, slice_from_str(route->route),
                       slice_from_str(t->fingerprint)) != NULL;
}

/* A call of the route that the episode began with, or of one that fails. */
static bool
is_looked_into(const struct monitor *m, const struct episode *e, const struct track *t)
{
    bool is_of_another = t->episode != NULL && t->episode != e;
    if (t->kind != TRACK_CALL || t->parent == NULL || is_of_another) {
        return false;
    }
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *k = e->member[i];
        bool is_first = k->key == e->subject_key;
        if ((is_first || (k->lanes & FAILURES) != 0) && runs_in(m, k, t->parent)) {
            return true;
        }
    }
    return false;
}

/* A statement's growth and its growth in one route are one thing: where most of it is in that
 * route, it is the route's, else the statement's. */
static bool
is_said_by(const struct growth *g, const struct growth *other)
{
    if (g->t->kind == other->t->kind || strcmp(g->t->fingerprint, other->t->fingerprint) != 0) {
        return false;
    }
    return g->t->kind == TRACK_STATEMENT
               ? other->demand >= ROUTE_SHARE * g->demand
               : g->demand < ROUTE_SHARE * other->demand && !is_called_more(g);
}

static unsigned
without_doubles(struct growth *found, unsigned n)
{
    bool is_double[EPISODE_MEMBERS_MAX] = {false};
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < n; k++) {
            is_double[i] = is_double[i] || is_said_by(&found[i], &found[k]);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (!is_double[i]) {
            found[kept++] = found[i];
        }
    }
    return kept;
}

/* It was told of nothing but blips, and there is none now. */
static bool
is_between_blips(const struct track *t)
{
    return (t->lanes & ~FAILURES) == 1u << LANE_BLIPS && !t->is_slow;
}

unsigned
growth_find(const struct monitor *m, const struct episode *e,
            struct growth ret_found[EPISODE_MEMBERS_MAX])
{
    unsigned n = 0;
    float common = common_ratio(m);
    for (unsigned i = 0; i < m->panel.tracks.count && n < EPISODE_MEMBERS_MAX; i++) {
        struct growth g = {.t = &m->panel.tracks.of[i]};
        bool judged = g.t->kind == TRACK_CALL || g.t->kind == TRACK_STATEMENT;
        bool is_told = g.t->episode == e && (g.t->lanes & ~FAILURES) != 0 && !is_between_blips(g.t);
        if (!judged || (!is_told && !is_looked_into(m, e, g.t)) || !grew(m, common, &g)) {
            continue;
        }
        g.kind = kind_of(e, &g);
        bool is_blip = (g.t->lanes & ~FAILURES) == 1u << LANE_BLIPS;
        if (g.kind == FINDING_SLOWER && !is_blip) { /* by nothing but its price */
            reckon(m, common, g.t->now.cost_ms * growth_steadied(g.t, FIGURE_WEIGHT), &g);
            is_told = is_told && (g.t->lanes & ~FAILURES & ~AMOUNT_LANES) != 0;
        }
        if (g.demand > 0 && (is_told || is_suspect(m, e, &g))) {
            ret_found[n++] = g;
        }
    }
    return without_doubles(ret_found, n);
}
