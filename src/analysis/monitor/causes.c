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
#define SHARE_OF_FIRST 0.10 /* a cause is at least this much of the largest */
#define CALLS_TIMES    1.25f
#define ROWS_TIMES     1.3f
#define READ_LEAST     0.05f /* more rows read a call */
#define READ_SHARE     0.5f  /* of what it became dearer by */
#define SHARE_UP       0.15f
#define LOCK_SHARE     0.4f /* of what it became dearer by */
#define RATIOS_MAX     512u

struct growth {
    struct track *t;
    float calls, calls_before; /* per request */
    float cost, cost_before;   /* ms a call */
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

static bool
grew(const struct track *t, float common, struct growth *g)
{
    bool is_new = (t->lanes & (1u << LANE_NEW)) != 0;
    float calls_before = is_new ? 0 : level_expect(&t->calls_level);
    float cost_before = is_new ? t->now.cost_ms : level_expect(&t->cost_level);
    if (isnan(cost_before) || isnan(t->now.cost_ms)) {
        return false;
    }
    bool has_calls = !isnan(calls_before) && !isnan(t->now.calls) && t->now.calls > 0;
    g->calls = has_calls ? t->now.calls : 1;
    g->calls_before = has_calls ? calls_before : 1;
    /* What is due to everybody's waiting is nobody's own. */
    float slack = common > 1 + COMMON_LITTLE ? COMMON_SLACK : COMMON_LITTLE;
    float waiting = cost_before * (1 + COMMON_TIMES * (common - 1) + slack);
    g->cost = t->now.cost_ms;
    g->cost_before = MAX(cost_before, MIN(waiting, g->cost));
    /* Where the week is known its residuals tell better: time of day and waiting are out of them.
     */
    float effect = isnan(t->expect) || t->last_count < CONFIRM_WINDOWS ? 0 : lanes_effect(t);
    if (!is_new && effect >= EFFECT_MIN) {
        g->cost_before = MIN(g->cost_before, g->cost / expf(effect));
    }
    float requests = (isnan(t->now.per_s) ? 1 : t->now.per_s) / g->calls;
    bool more = g->calls > CALLS_TIMES * g->calls_before;
    g->demand =
        requests * (g->calls * g->cost - (more ? g->calls_before : g->calls) * g->cost_before);
    return g->demand > 0 && (more || g->cost > g->cost_before);
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

static void
describe(const struct growth *g, struct episode_cause *c)
{
    const struct track *t = g->t;
    bool more = g->calls > CALLS_TIMES * g->calls_before, dearer = g->cost > g->cost_before;
    float rows_before = level_expect(&t->rows_level);
    bool by_calls = more && (!dearer || g->calls / MAX(g->calls_before, 0.01f) >
                                            g->cost / MAX(g->cost_before, 1e-6f));
    c->evidence = EVIDENCE_MEASURED;
    if (is_up(t->now.lock_ms, t->before.lock_ms, LOCK_SHARE * (g->cost - g->cost_before)) &&
        dearer) {
        c->kind = FINDING_LOCK_WAIT;
        snprintf(c->detail, sizeof(c->detail), "waits %.1f ms a call for locks, was %.1f ms",
                 t->now.lock_ms, t->before.lock_ms);
    } else if (by_calls) {
        bool new_values = is_up(t->now.repeating, t->before.repeating, SHARE_UP) ||
                          (t->now.repeating > SHARE_UP && g->calls_before == 0);
        bool old_values = is_up(t->now.same, t->before.same, SHARE_UP) ||
                          (t->now.same > 0.5f && g->calls_before == 0);
        c->kind = new_values   ? FINDING_REPEATED_QUERY
                  : old_values ? FINDING_CACHEABLE
                               : FINDING_MORE_CALLS;
        snprintf(c->detail, sizeof(c->detail), "%.1f calls a request, was %.1f", g->calls,
                 g->calls_before);
    } else if (t->plan_changed_s != 0 && t->episode != NULL &&
               t->plan_changed_s >= t->episode->onset_from_s - 3600) {
        c->kind = t->plan_reads_all ? FINDING_MISSING_INDEX : FINDING_PLAN_CHANGE;
        snprintf(c->detail, sizeof(c->detail), "%.1f ms a call, was %.1f ms, by another plan",
                 g->cost, level_expect(&t->cost_level));
    } else if (!isnan(rows_before) && t->now.rows > ROWS_TIMES * MAX(rows_before, 1)) {
        c->kind = FINDING_UNBOUNDED_RESULT;
        snprintf(c->detail, sizeof(c->detail), "%.0f rows a call, was %.0f", t->now.rows,
                 rows_before);
    } else if (reads_more(g)) {
        c->kind = FINDING_GROWTH;
        snprintf(c->detail, sizeof(c->detail), "%.0f rows read a call, was %.0f", t->now.rows_read,
                 t->before.rows_read);
    } else {
        c->kind = FINDING_SLOWER;
        snprintf(c->detail, sizeof(c->detail), "%.1f ms a call, was %.1f ms", g->cost,
                 level_expect(&t->cost_level));
    }
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

void
causes_find(struct monitor *m, struct episode *e)
{
    struct growth found[EPISODE_MEMBERS_MAX];
    unsigned n = 0;
    float common = common_ratio(m);
    for (unsigned i = 0; i < e->member_count; i++) {
        struct growth g = {.t = e->member[i]};
        bool judged = g.t->kind == TRACK_CALL || g.t->kind == TRACK_STATEMENT;
        if (judged && (g.t->lanes & ~(1u << LANE_ERRORS | 1u << LANE_STALL)) != 0 &&
            grew(g.t, common, &g)) {
            found[n++] = g;
        }
    }
    qsort(found, n, sizeof(found[0]), by_demand);
    e->cause_count = 0;
    for (unsigned i = 0; i < n && found[i].demand >= SHARE_OF_FIRST * found[0].demand; i++) {
        struct episode_cause *c = add(e, found[i].t, FINDING_SLOWER, found[i].demand);
        if (c != NULL) {
            describe(&found[i], c);
        }
    }
    add_failures(e, false);
    add_failures(e, true);
}
