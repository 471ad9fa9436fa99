/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/breakdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/growth.h"
#include "analysis/monitor/monitor_state.h"

#define SURE 1.96
/* What a figure that follows each minute with a weight of 0.3 strays by, of what a minute does. */
#define SMOOTHED 0.42

static bool
is_of_latency(enum lane lane)
{
    return (LATENCY_LANES & 1u << lane) != 0 || (STRUCTURE_LANES & 1u << lane) != 0 ||
           lane == LANE_PLAN;
}

static bool
is_named(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
is_of_route(const struct track *t, const struct track *route)
{
    return t->kind == TRACK_CALL && (t->parent == route || is_named(t->route, route->route));
}

/* A statement by itself is of the route that spends most on it. */
static const struct track *
route_of(const struct monitor *m, const struct track *subject)
{
    const struct track *most = NULL;
    float spent = 0;
    if (subject == NULL || subject->kind == TRACK_COMMON) {
        return NULL;
    }
    if (subject->route != NULL) {
        return tracks_find(&m->panel.tracks, slice_from_str(subject->route), SLICE_NONE);
    }
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        const struct track *t = &m->panel.tracks.of[i];
        float ms = t->now.per_s * t->now.cost_ms;
        if (t->kind == TRACK_CALL && is_named(t->fingerprint, subject->fingerprint) && ms > spent) {
            most = t;
            spent = ms;
        }
    }
    return most == NULL ? NULL
                        : tracks_find(&m->panel.tracks, slice_from_str(most->route), SLICE_NONE);
}

/* A call's mean, as is normal at this time of week. By means, which add up: what becomes slower for
 * some values alone moves them, and medians hardly. NAN: not known. */
static double
normal_ms(const struct monitor *m, const struct track *t)
{
    const struct track *of = growth_latency_of(m, t);
    return level_expect(&t->cost_level) * expf(week_above_mean(&of->past->week, of->expect));
}

/* And now, without what is but a spike. */
static double
now_ms(const struct monitor *m, const struct track *t)
{
    return t->now.cost_ms * growth_steadied(growth_latency_of(m, t));
}

/* Half of the 95 % interval around a figure that is so much a request. */
static double
error_of(const struct monitor *m, const struct track *t, double ms)
{
    const struct noise *noise = &growth_latency_of(m, t)->noise;
    double lasts = noise_is_ready(noise) ? MAX(noise_lasting(noise, 0), 1) : 1;
    return SURE * SMOOTHED * lasts * ms *
           noise_spread(noise, growth_latency_of(m, t)->now.per_s * TRACK_STEP_S);
}

static bool
line_of(const struct monitor *m, const struct track *t, struct breakdown_line *ret)
{
    bool is_new = (t->lanes & 1u << LANE_NEW) != 0;
    double calls = isnan(t->now.calls) ? 1 : (double)t->now.calls;
    double calls_before = is_new ? 0 : level_expect(&t->calls_level);
    calls_before = isnan(calls_before) ? calls : calls_before;
    *ret = (struct breakdown_line){
        .track = t->key,
        .before_ms = is_new ? 0 : calls_before * normal_ms(m, t),
        .now_ms = calls * now_ms(m, t),
    };
    double by_calls = SURE * SMOOTHED * level_spread(&t->calls_level) * now_ms(m, t);
    ret->change_error_ms = hypot(error_of(m, t, ret->now_ms), by_calls);
    return !isnan(ret->before_ms) && !isnan(ret->now_ms);
}

static double
change_of(const struct breakdown_line *l)
{
    return l->now_ms - l->before_ms;
}

static void
add_line(struct breakdown *b, const struct track *t, struct breakdown_line *line)
{
    unsigned at = b->line_count;
    while (at > 0 && fabs(change_of(&b->line[at - 1])) < fabs(change_of(line))) {
        at--;
    }
    if (at == BREAKDOWN_LINES_MAX) {
        return;
    }
    snprintf(line->subject, sizeof(line->subject), "%.159s",
             t->statement != NULL ? t->statement : t->fingerprint);
    b->line_count = MIN(b->line_count + 1, BREAKDOWN_LINES_MAX);
    memmove(&b->line[at + 1], &b->line[at], (b->line_count - 1 - at) * sizeof(b->line[0]));
    b->line[at] = *line;
}

static void
add_lines(const struct monitor *m, const struct track *route, struct breakdown *b)
{
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        const struct track *t = &m->panel.tracks.of[i];
        struct breakdown_line line;
        if (is_of_route(t, route) && line_of(m, t, &line)) {
            add_line(b, t, &line);
        }
    }
}

/* A statement, or its call in this route or another one: it is the same to the database. */
static const struct episode_cause *
cause_of(const struct monitor *m, const struct episode *e, const struct breakdown_line *l)
{
    const struct track *t = monitor_track(m, l->track);
    for (unsigned i = 0; t != NULL && i < e->cause_count; i++) {
        const struct episode_cause *c = &e->cause[i];
        const struct track *k = monitor_track(m, c->track);
        if (c->demand_ms > 0 && k != NULL && is_named(k->fingerprint, t->fingerprint)) {
            return c;
        }
    }
    return NULL;
}

static bool
gives_work(const struct episode_cause *c)
{
    return c->kind == FINDING_REPEATED_QUERY || c->kind == FINDING_CACHEABLE ||
           c->kind == FINDING_MORE_CALLS || c->kind == FINDING_UNBOUNDED_RESULT ||
           c->kind == FINDING_GROWTH;
}

static double
explained_of(const struct monitor *m, const struct episode *e, const struct breakdown *b)
{
    double change = b->now_ms - b->before_ms, ms = 0;
    double waiting = growth_waiting_share(m);
    bool works = false;
    if (change <= 0) {
        return NAN;
    }
    for (unsigned i = 0; i < b->line_count; i++) {
        const struct breakdown_line *l = &b->line[i];
        const struct episode_cause *c = cause_of(m, e, l);
        double behind = e->cause_count > 0 ? waiting * l->before_ms : 0;
        ms += c != NULL ? change_of(l) : MIN(MAX(change_of(l), 0), behind);
        works = works || (c != NULL && gives_work(c));
    }
    ms += works ? MAX(b->outside_ms, 0) : 0;
    return MIN(MAX(ms / change, 0), 1);
}

void
breakdown_make(const struct monitor *m, const struct episode *e, struct breakdown *ret)
{
    const struct track *route = route_of(m, monitor_track(m, e->subject_key));
    *ret = (struct breakdown){.explained = NAN};
    if (!is_of_latency(e->lane) || route == NULL || isnan(route->now.cost_ms) ||
        isnan(normal_ms(m, route))) {
        return;
    }
    snprintf(ret->route, sizeof(ret->route), "%s", route->route);
    ret->before_ms = normal_ms(m, route);
    ret->now_ms = now_ms(m, route);
    ret->change_error_ms = error_of(m, route, ret->now_ms);
    add_lines(m, route, ret);
    ret->outside_ms = ret->now_ms - ret->before_ms;
    double squares = pow(ret->change_error_ms, 2);
    for (unsigned i = 0; i < ret->line_count; i++) {
        ret->outside_ms -= change_of(&ret->line[i]);
        squares += pow(ret->line[i].change_error_ms, 2);
    }
    ret->outside_error_ms = sqrt(squares);
    ret->explained = explained_of(m, e, ret);
}

bool
breakdown_cannot_tell(const struct breakdown *b)
{
    double left_ms = (1 - b->explained) * (b->now_ms - b->before_ms);
    bool may_be_noise = left_ms <= b->outside_error_ms;
    return !isnan(b->explained) && b->explained < FINDING_EXPLAINED_MIN && !may_be_noise;
}
