/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/episodes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/lane/failures.h"
#include "analysis/lane/lanes.h"
#include "analysis/lane/latency.h"
#include "analysis/monitor/causes.h"
#include "analysis/monitor/course.h"
#include "analysis/monitor/failing.h"
#include "analysis/monitor/monitor_state.h"
#include "analysis/monitor/objectives.h"

#define DEPLOY_BEFORE_S (5 * 60) /* a deploy may be so much older than the onset's interval */
#define DEPLOY_AFTER_S  60
#define DEPLOY_REACH_S  (5.0 * 60)
#define ON_THE_WAY_BACK 0.8        /* of the most that the route became slower by, or less */
#define GONE_S          (2 * 3600) /* a member that is not seen for so long is calm */

const char *
episode_state_name(enum episode_state state)
{
    static const char *const names[] = {"open", "recovered", "closed", "expected"};
    return (unsigned)state < ARRAY_LEN(names) ? names[state] : "?";
}

const char *
episode_trend_name(enum episode_trend trend)
{
    static const char *const names[] = {"", "getting worse", "steady", "easing"};
    return (unsigned)trend < ARRAY_LEN(names) ? names[trend] : "";
}

bool
episode_stands_apart(const struct episode *e)
{
    return e->apart != ERROR_CLASS_COUNT && e->apart != ERROR_CLASS_OTHER;
}

unsigned
episodes_open(const struct monitor *m, struct episode *list[MONITOR_OPEN_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->episode_count && n < MONITOR_OPEN_MAX; i++) {
        if (m->episode[i]->state == EPISODE_OPEN) {
            list[n++] = m->episode[i];
        }
    }
    return n;
}

static bool
is_about(const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *k = e->member[i];
        if (monitor_same(k->route, t->route) || monitor_same(k->fingerprint, t->fingerprint)) {
            return true;
        }
    }
    return false;
}

/* What all have in common makes whoever waits for it slow, or fail. A promise about all that is
 * broken by what stands apart does not. */
static bool
is_of_all(const struct episode *e)
{
    bool has_common = false;
    for (unsigned i = 0; i < e->member_count; i++) {
        has_common = has_common || e->member[i]->kind == TRACK_COMMON;
    }
    return has_common && !episode_stands_apart(e);
}

bool
episodes_concerns(const struct episode *e, const struct track *t)
{
    return is_about(e, t) || is_of_all(e);
}

/* A promise is broken by what its route fails of, as far as that is known; one of all, by whatever
 * somebody else tells of. */
static enum error_class
broken_by(const struct monitor *m, const struct track *t)
{
    return t->errors != NULL ? failing_apart(&m->panel, t, false) : ERROR_CLASS_OTHER;
}

static enum error_class
apart_of(const struct monitor *m, const struct track *t, const struct alarm *a)
{
    if ((ERROR_LANES & (1u << a->lane)) != 0) {
        return failing_apart(&m->panel, t, a->lane == LANE_BURSTS);
    }
    return a->lane == LANE_OBJECTIVE && !a->of_time ? broken_by(m, t) : ERROR_CLASS_COUNT;
}

static bool
may_be_of(const struct episode *e, const struct track *t, enum error_class apart)
{
    return is_about(e, t) || (is_of_all(e) && failing_may_be_one(apart, ERROR_CLASS_COUNT));
}

/* The one that it belongs to: a related one, or the youngest that still takes in what gets slower.
 */
static struct episode *
find_home(const struct monitor *m, const struct track *t, enum error_class apart)
{
    struct episode *open[MONITOR_OPEN_MAX], *young = NULL;
    unsigned n = episodes_open(m, open);
    for (unsigned i = 0; i < n; i++) {
        if (may_be_of(open[i], t, apart)) {
            return open[i];
        }
        bool is_young =
            t->kind == TRACK_COMMON || m->panel.step_s - open[i]->opened_s <= EPISODE_JOIN_S;
        if (is_young && failing_may_be_one(apart, open[i]->apart)) {
            young = open[i];
        }
    }
    return young;
}

/* False: there are too many. */
static bool
join(struct monitor *m, struct episode *e, struct track *t, const struct alarm *a)
{
    if (t->episode == NULL && e->member_count == EPISODE_MEMBERS_MAX) {
        e->members_refused++;
        lanes_refuse(t, a->lane);
        return false;
    }
    t->lanes |= 1u << a->lane;
    t->shift_ln = MAX(t->shift_ln, a->shift_ln);
    t->calm_s = 0;
    if (t->episode == NULL) {
        t->episode = e;
        e->joined_s = m->panel.step_s;
        e->member[e->member_count++] = t;
    }
    return true;
}

/* A statement by itself is of each route that it runs in. */
static void
add_routes(const struct monitor *m, const struct track *t, struct scope *ret)
{
    for (unsigned i = 0; t->kind == TRACK_STATEMENT && i < m->panel.tracks.count; i++) {
        const struct track *call = &m->panel.tracks.of[i];
        if (call->kind == TRACK_CALL && monitor_same(call->fingerprint, t->fingerprint)) {
            scope_add(ret, call->route);
        }
    }
}

static void
scope_of(const struct monitor *m, const struct episode *e, struct scope *ret)
{
    scope_init(ret);
    for (unsigned i = 0; i < e->member_count; i++) {
        scope_add(ret, e->member[i]->route);
        scope_add(ret, e->member[i]->fingerprint);
    }
    ret->is_whole = is_of_all(e);
    for (unsigned i = 0; i < e->member_count; i++) { /* last, where there is room for all */
        add_routes(m, e->member[i], ret);
    }
}

/* How far before the onset's interval, or behind it. */
static double
distance_s(const struct episode *e, int64_t at_s)
{
    return (double)MAX(MAX(e->onset_from_s - at_s, at_s - e->onset_to_s), 0);
}

/* The time that has to be looked at to find that one: about where it most probably began, or all
 * of the interval and as far beyond it. */
static double
within_s(const struct episode *e, const struct deploy *d)
{
    double all = (double)(e->onset_to_s - e->onset_from_s);
    if (d == NULL) {
        return all + DEPLOY_BEFORE_S + DEPLOY_AFTER_S;
    }
    double about = 2 * fabs((double)(d->at_s - e->onset_s));
    return MIN(all, MAX(about, 2.0 * TRACK_STEP_S)) + distance_s(e, d->at_s) + DEPLOY_AFTER_S;
}

/* By time, and by what it changed: one that names what it affects and affects none of this is not
 * it. Nor is one named where it would take chance no more to have one that near: behind what began
 * at some time in the last hours there is always one. */
static void
tie_deploy(const struct monitor *m, struct episode *e)
{
    const struct deploy *best = NULL;
    double best_score = 0;
    struct scope scope;
    int64_t from = e->onset_from_s - DEPLOY_BEFORE_S, to = e->onset_to_s + DEPLOY_AFTER_S;
    e->deploy[0] = '\0';
    scope_of(m, e, &scope);
    for (unsigned i = 0; i < deploys_kept(&m->panel.deploys); i++) {
        const struct deploy *d = &m->panel.deploys.of[i];
        if (d->at_s < from || d->at_s > to || !affects_some(&d->affects, &scope)) {
            continue;
        }
        double score = exp(-within_s(e, d) / DEPLOY_REACH_S) * (d->affects.count > 0 ? 2 : 1);
        if (score > best_score) {
            best_score = score;
            best = d;
        }
    }
    e->chance = monitor_deploy_chance(m, &scope, within_s(e, best));
    if (best != NULL && e->chance <= MONITOR_CHANCE_MAX) {
        snprintf(e->deploy, sizeof(e->deploy), "%s", best->name);
        e->deploy_s = best->at_s;
        e->deploy_names_it = affects_names(&best->affects, &scope);
    }
}

static void
make_place(struct monitor *m)
{
    if (m->episode_count < MONITOR_EPISODES_MAX) {
        return;
    }
    for (unsigned i = 0; i < m->episode_count; i++) {
        if (m->episode[i]->state != EPISODE_OPEN) {
            free(m->episode[i]);
            memmove(&m->episode[i], &m->episode[i + 1],
                    (m->episode_count - i - 1) * sizeof(m->episode[0]));
            m->episode_count--;
            return;
        }
    }
}

/* Of its subject, now; as it was, where that is not there any more. */
static void
note_traffic(const struct monitor *m, struct episode *e)
{
    const struct track *t = tracks_by_key(&m->panel.tracks, e->subject_key);
    if (t != NULL) {
        traffic_of(&m->panel.traffic, t, m->panel.step_s, &e->traffic);
    }
}

static struct episode *
open_episode(struct monitor *m, struct track *t, const struct alarm *a, enum error_class apart)
{
    struct episode *e = check_alloc(1, sizeof(*e));
    make_place(m);
    e->id = m->next_id++;
    e->opened_s = m->panel.step_s;
    e->onset_s = a->onset_s;
    e->onset_from_s = a->onset_s - a->doubt_s;
    e->onset_to_s = a->latest_s != 0 ? a->latest_s : MIN(a->onset_s + a->doubt_s, m->panel.step_s);
    e->lane = a->lane;
    e->learning = a->learning;
    e->apart = apart;
    e->before = a->before;
    e->now = a->now;
    e->breakdown.explained = NAN;
    e->subject_key = t->key;
    track_name(t, e->subject, sizeof(e->subject));
    note_traffic(m, e);
    m->episode[m->episode_count++] = e;
    return e;
}

static void
take_in(struct monitor *m, struct episode *e, struct track *t, const struct alarm *a,
        enum error_class apart)
{
    if (join(m, e, t, a)) {
        bool says_more = apart == ERROR_CLASS_COUNT || e->apart == ERROR_CLASS_OTHER;
        e->apart = says_more ? apart : e->apart;
        e->worst = MAX(e->worst, a->shift_ln);
    }
}

/* What it is while it lasts, not what is left of it on the way back. */
static void
break_down(const struct monitor *m, struct episode *e)
{
    struct breakdown b;
    if (!breakdown_make(m, e, &b)) {
        return;
    }
    double change_ms = b.now_ms - b.before_ms;
    if (change_ms >= ON_THE_WAY_BACK * e->most_ms) {
        e->breakdown = b;
        e->most_ms = MAX(e->most_ms, change_ms);
    }
}

void
episodes_leave(struct track *t)
{
    struct episode *e = t->episode;
    for (unsigned i = 0; e != NULL && i < e->member_count; i++) {
        if (e->member[i] == t) {
            e->member[i] = e->member[--e->member_count];
        }
    }
    t->episode = NULL;
}

/* It told of what stands apart, and now of what is slow: that is something else, which may be
 * anybody's. */
static bool
has_to_leave(const struct track *t, enum error_class apart)
{
    return t->kind == TRACK_COMMON && t->episode != NULL && episode_stands_apart(t->episode) &&
           apart == ERROR_CLASS_COUNT;
}

void
episodes_tell(struct monitor *m, struct track *t, const struct alarm *a)
{
    enum error_class apart = apart_of(m, t, a);
    if (has_to_leave(t, apart)) {
        episodes_leave(t);
    }
    if (t->episode != NULL) {
        take_in(m, t->episode, t, a, apart);
        return;
    }
    struct episode *e = find_home(m, t, apart), *open[MONITOR_OPEN_MAX];
    bool opens = e == NULL;
    if (opens && episodes_open(m, open) == MONITOR_OPEN_MAX) {
        m->totals.refused++;
        latency_reset(t);
        return;
    }
    e = opens ? open_episode(m, t, a, apart) : e;
    take_in(m, e, t, a, apart);
    if (opens) {
        tie_deploy(m, e);
        causes_find(m, e);
        break_down(m, e);
        if (m->out.changed != NULL) {
            m->out.changed(m->out.ctx, e);
        }
    }
}

/* What it concerned teaches nothing, member or not: a call is hardly ever one. */
static void
forget(const struct monitor *m, const struct episode *e)
{
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        struct track *t = &m->panel.tracks.of[i];
        if (t->episode == e || episodes_concerns(e, t)) {
            lanes_forget(&m->panel, t, e->onset_from_s);
        }
    }
    struct track *common = m->panel.tracks.common;
    if (common->episode == e) {
        lanes_forget(&m->panel, common, e->onset_from_s);
    }
}

void
episodes_end(struct monitor *m, struct episode *e, enum episode_state state)
{
    e->state = state;
    e->over_s = m->panel.step_s;
    forget(m, e);
    for (unsigned i = 0; i < e->member_count; i++) {
        e->member[i]->episode = NULL;
        lanes_release(e->member[i]);
    }
    if (m->out.changed != NULL) {
        m->out.changed(m->out.ctx, e);
    }
}

static bool
is_calm(const struct monitor *m, struct track *t)
{
    if (t->last_s + GONE_S < m->panel.step_s) {
        return true;
    }
    return lanes_are_calm(&m->panel, t) &&
           ((t->lanes & (1u << LANE_OBJECTIVE)) == 0 || objectives_are_calm(m, t));
}

/* It shares a route with it; a statement by itself is of each one that it runs in. */
static bool
is_of_route(const struct monitor *m, const struct episode *e, const struct track *t,
            enum error_class apart)
{
    for (unsigned i = 0; t->route != NULL && i < e->member_count; i++) {
        const struct track *k = e->member[i];
        if (k->kind == TRACK_STATEMENT && tracks_find(&m->panel.tracks, slice_from_str(t->route),
                                                      slice_from_str(k->fingerprint)) != NULL) {
            return true;
        }
    }
    return may_be_of(e, t, apart);
}

/* Errors of a class that hardly ever has one join an episode that is about the same, where they
 * began about when it did. */
static void
join_beside(struct monitor *m, struct episode *e)
{
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        struct track *t = &m->panel.tracks.of[i];
        bool may_join =
            t->episode == e || (t->episode == NULL && e->member_count < EPISODE_MEMBERS_MAX);
        struct alarm a;
        unsigned class;
        if (!may_join || !failures_beside(t, e->onset_from_s - EPISODE_JOIN_S, &class, &a)) {
            continue;
        }
        enum error_class apart = apart_of(m, t, &a);
        if (is_of_route(m, e, t, apart)) {
            take_in(m, e, t, &a, apart);
            failures_note_told(t, class);
        }
    }
}

void
episodes_step(struct monitor *m)
{
    struct episode *open[MONITOR_OPEN_MAX];
    unsigned n = episodes_open(m, open);
    for (unsigned i = 0; i < n; i++) {
        struct episode *e = open[i];
        bool over = true;
        for (unsigned k = 0; k < e->member_count; k++) {
            struct track *t = e->member[k];
            e->apart = failing_waits(t) ? ERROR_CLASS_COUNT : e->apart;
            t->calm_s = !is_calm(m, t) ? 0 : t->calm_s == 0 ? m->panel.step_s : t->calm_s;
            over = over && t->calm_s != 0 && m->panel.step_s - t->calm_s >= RECOVERY_S;
        }
        if (over) {
            episodes_end(m, e, EPISODE_OVER);
            continue;
        }
        course_add(m, e);
        if (m->panel.step_s - e->opened_s <= EPISODE_JOIN_S) {
            tie_deploy(m, e);
        }
        if (m->panel.step_s - e->joined_s <= EPISODE_JOIN_S) {
            note_traffic(m, e);
            join_beside(m, e);
            causes_find(m, e);
            break_down(m, e);
        }
    }
}
