/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/causes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/failing.h"
#include "analysis/monitor/growth.h"
#include "analysis/monitor/monitor_state.h"

#define ROLLED_BACK    0.6f /* of the most that was told */
#define SHARE_OF_FIRST 0.10 /* a cause is so much of the largest, or clear by itself */
#define MOST_FAILURES  0.5f /* of a route's */

/* As it is; of what has been rolled back, what it was. */
static float
amount_of(const struct track_amount *a, const struct track_amount_past *past)
{
    return a->now < ROLLED_BACK * past->most ? past->most : a->now;
}

static void
describe_amount(const struct track *t, struct episode_cause *c)
{
    if (growth_returns_more_rows(t)) {
        snprintf(c->detail, sizeof(c->detail), "%.0f rows a call, was %.0f",
                 amount_of(&t->rows, &t->past->rows), level_expect(&t->past->rows.level));
    } else {
        snprintf(c->detail, sizeof(c->detail), "%.1f kB a call, was %.1f kB",
                 amount_of(&t->bytes, &t->past->bytes) / 1000,
                 level_expect(&t->past->bytes.level) / 1000);
    }
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
        describe_amount(t, c);
        break;
    case FINDING_GROWTH:
        if (growth_is_of_amount(t)) {
            describe_amount(t, c);
        } else {
            snprintf(to, sizeof(c->detail), "%.0f rows read a call, was %.0f", t->now.rows_read,
                     t->before.rows_read);
        }
        break;
    default:
        snprintf(to, sizeof(c->detail), "%.1f ms a call, was %.1f ms%s", g->cost,
                 level_expect(&t->cost_level),
                 g->kind == FINDING_SLOWER ? "" : ", by another plan");
        break;
    }
}

static void
describe_blips(const struct episode *e, struct episode_cause *c)
{
    size_t at = strlen(c->detail);
    if (e->lane == LANE_BLIPS) {
        snprintf(c->detail + at, sizeof(c->detail) - at, ", again and again: %.0f times by then",
                 e->now);
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

static bool
has_bursts(const struct track *t)
{
    return (t->lanes & 1u << LANE_BURSTS) != 0;
}

/* Most of what fails of the route fails in one of its calls, which is named. */
static bool
fails_in_a_call(const struct episode *e, const struct track *route)
{
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *t = e->member[i];
        if (t->kind == TRACK_CALL && t->parent == route && (t->lanes & ERROR_LANES) != 0 &&
            failing_most(t, has_bursts(t)) >=
                MOST_FAILURES * failing_most(route, has_bursts(route))) {
            return true;
        }
    }
    return false;
}

/* A statement and its call in a route are one thing. */
static bool
is_same(const struct track *a, const struct track *b)
{
    bool is_one_of_all = (a->kind == TRACK_STATEMENT) != (b->kind == TRACK_STATEMENT);
    return a == b || (is_one_of_all && a->fingerprint != NULL && b->fingerprint != NULL &&
                      strcmp(a->fingerprint, b->fingerprint) == 0);
}

static bool
is_cause(const struct monitor *m, const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct track *k = monitor_track(m, e->cause[i].track);
        if (k != NULL && is_same(k, t)) {
            return true;
        }
    }
    return false;
}

/* As a call where it is one of all, or the other way round. */
static bool
is_failing_already(const struct monitor *m, const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct track *k = monitor_track(m, e->cause[i].track);
        if (e->cause[i].kind == FINDING_ERRORS && k != NULL && is_same(k, t)) {
            return true;
        }
    }
    return false;
}

/* Behind a restart it is known how often, not yet how many; and what is usual is learned again
 * where it has become normal by hand. */
static void
describe_bursts(const struct track *t, unsigned class, struct episode_cause *c)
{
    const struct recur *r = &t->past->bursts;
    const struct track_class *of = &t->errors->of[class];
    bool is_known = of->in_bursts > 0 || failing_in_days(of) > 0;
    char many[32] = "", usual[48] = "";
    if (of->in_bursts > 0) {
        snprintf(many, sizeof(many), "%.0f in ", of->in_bursts);
    }
    if (!isnan(recur_usual(r))) {
        snprintf(usual, sizeof(usual), ", usually %.1f a day", recur_usual(r));
    }
    snprintf(c->detail, sizeof(c->detail), "%s%u bursts%s%s%s", many, r->count, usual,
             is_known ? ": " : "", is_known ? error_class_doc((enum error_class) class) : "");
}

static void
describe_errors(const struct track *t, unsigned class, struct episode_cause *c)
{
    const struct track_class *of = &t->errors->of[class];
    if (has_bursts(t)) {
        describe_bursts(t, class, c);
    } else {
        snprintf(c->detail, sizeof(c->detail), "%.0f of %.0f: %s", of->since, of->calls_since,
                 error_class_doc((enum error_class) class));
    }
}

/* of_routes: a request fails because of what it calls, so statements are named first. */
static void
add_failures(const struct monitor *m, struct episode *e, bool of_routes)
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
        } else if ((t->lanes & ERROR_LANES) != 0 && !(of_routes && fails_in_a_call(e, t)) &&
                   !is_failing_already(m, e, t)) {
            enum error_class class = failing_class(t, has_bursts(t));
            c = add(e, t, FINDING_ERRORS, 0);
            if (c != NULL) {
                c->by_itself = error_class_is_by_itself(class);
                c->kind = class == ERROR_CLASS_BODY ? FINDING_INCONSISTENT_RESPONSE : c->kind;
                describe_errors(t, class, c);
            }
        }
    }
}

/* A call of the route, or of the statement, returns more as well: that is the one to name. */
static bool
returns_more_in_a_call(const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; t->kind != TRACK_CALL && i < e->member_count; i++) {
        const struct track *k = e->member[i];
        bool is_of = k->kind == TRACK_CALL && (k->parent == t || is_same(k, t));
        if (is_of && (k->lanes & AMOUNT_LANES) != 0) {
            return true;
        }
    }
    return false;
}

/* Its responses are larger because it calls something more, or something new: that is named. */
static bool
calls_more(const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; t->kind == TRACK_ROUTE && i < e->member_count; i++) {
        const struct track *k = e->member[i];
        if (k->parent == t && (k->lanes & (1u << LANE_CALLS | 1u << LANE_NEW)) != 0) {
            return true;
        }
    }
    return false;
}

/* What returns more, whether it has become slower by it or not. */
static void
add_amounts(const struct monitor *m, struct episode *e)
{
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *t = e->member[i];
        if ((t->lanes & AMOUNT_LANES) == 0 || is_cause(m, e, t) || returns_more_in_a_call(e, t) ||
            calls_more(e, t)) {
            continue;
        }
        struct episode_cause *c = add(e, t, growth_kind_of_amount(t), 0);
        if (c != NULL) {
            describe_amount(t, c);
        }
    }
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
    unsigned n = growth_find(m, e, found);
    qsort(found, n, sizeof(found[0]), by_demand);
    if (e->lane == LANE_BLIPS && n > 0 && e->cause_count > 0 &&
        e->cause[0].demand_ms > found[0].demand) {
        n = 0; /* what is left of a blip says less than the blip did */
    }
    forget(e, n > 0);
    for (unsigned i = 0; i < n; i++) {
        if (found[i].demand < SHARE_OF_FIRST * found[0].demand && !growth_is_clear(e, &found[i])) {
            continue;
        }
        struct episode_cause *c = add(e, found[i].t, found[i].kind, found[i].demand);
        if (c != NULL) {
            describe(&found[i], c);
            describe_blips(e, c);
        }
    }
    add_failures(m, e, false);
    add_failures(m, e, true);
    add_amounts(m, e);
}
