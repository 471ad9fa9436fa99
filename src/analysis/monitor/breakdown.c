/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/breakdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/growth.h"
#include "analysis/monitor/monitor_state.h"

#define SURE 1.96
/* A statement that its route did not call for so long is not called any more. */
#define GONE_S 600
/* By which a figure follows minutes: latency.c's, and structure.c's of calls and of the time of
 * those that have sums. */
#define WEIGHT      0.3f
#define WEIGHT_SUMS 0.5f
/* What such a figure strays by, of what a minute does: the root of w / (2 - w). */
#define SMOOTHED      0.42
#define SMOOTHED_SUMS 0.58

static bool
is_of_route(const struct track *t, const struct track *route)
{
    return t->kind == TRACK_CALL && (t->parent == route || monitor_same(t->route, route->route));
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
        if (t->kind == TRACK_CALL && monitor_same(t->fingerprint, subject->fingerprint) &&
            ms > spent) {
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
    const struct track *of = growth_latency_of(m, t);
    return t->now.cost_ms * growth_steadied(of, of == t ? WEIGHT : WEIGHT_SUMS);
}

/* Half of the 95 % interval around a figure that is so much a request. */
static double
error_of(const struct monitor *m, const struct track *t, double ms)
{
    const struct track *of = growth_latency_of(m, t);
    double lasts = noise_is_ready(&of->noise) ? MAX(noise_lasting(&of->noise, 0), 1) : 1;
    double smoothed = of == t ? SMOOTHED : SMOOTHED_SUMS;
    return SURE * smoothed * lasts * ms * noise_spread(&of->noise, t->now.per_s * TRACK_STEP_S);
}

static bool
line_of(const struct monitor *m, const struct track *route, const struct track *t,
        struct breakdown_line *ret)
{
    bool is_new = (t->lanes & 1u << LANE_NEW) != 0;
    bool is_gone = route->last_s - t->last_s >= GONE_S;
    double calls = isnan(t->now.calls) ? 1 : (double)t->now.calls;
    double calls_before = is_new ? 0 : level_expect(&t->calls_level);
    calls_before = isnan(calls_before) ? calls : calls_before;
    calls = is_gone ? 0 : calls;
    *ret = (struct breakdown_line){
        .track = t->key,
        .before_ms = is_new ? 0 : calls_before * normal_ms(m, t),
        .now_ms = calls * now_ms(m, t),
    };
    double by_calls = SURE * SMOOTHED_SUMS * level_spread(&t->calls_level) * now_ms(m, t);
    ret->change_error_ms = is_gone ? 0 : hypot(error_of(m, t, ret->now_ms), by_calls);
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

/* A statement, or its call in this route or another one: it is the same to the database. */
static const struct episode_cause *
cause_of(const struct monitor *m, const struct episode *e, const struct track *t)
{
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct episode_cause *c = &e->cause[i];
        const struct track *k = monitor_track(m, c->track);
        if (c->demand_ms > 0 && k != NULL && monitor_same(k->fingerprint, t->fingerprint)) {
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

/* Of all statements of a route. */
struct sums {
    double change_ms, explained_ms, squares; /* the latter of their errors */
    bool has_more_work;
};

static void
add_statements(const struct monitor *m, const struct episode *e, const struct track *route,
               struct breakdown *b, struct sums *ret)
{
    double waiting = e->cause_count > 0 ? growth_waiting_share(m) : 0;
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        const struct track *t = &m->panel.tracks.of[i];
        struct breakdown_line line;
        if (!is_of_route(t, route) || !line_of(m, route, t, &line)) {
            continue;
        }
        const struct episode_cause *c = cause_of(m, e, t);
        double change = change_of(&line);
        ret->change_ms += change;
        ret->explained_ms += c != NULL ? change : MIN(MAX(change, 0), waiting * line.before_ms);
        ret->squares += pow(line.change_error_ms, 2);
        ret->has_more_work = ret->has_more_work || (c != NULL && gives_work(c));
        b->statement_count++;
        add_line(b, t, &line);
    }
}

static double
explained_of(const struct breakdown *b, const struct sums *s)
{
    double change = b->now_ms - b->before_ms;
    double ms = s->explained_ms + (s->has_more_work ? MAX(b->outside_ms, 0) : 0);
    return change > 0 ? MIN(MAX(ms / change, 0), 1) : NAN;
}

bool
breakdown_make(const struct monitor *m, const struct episode *e, struct breakdown *b)
{
    const struct track *route = route_of(m, monitor_track(m, e->subject_key));
    bool is_of_time = (TIME_LANES & 1u << e->lane) != 0;
    if (!is_of_time || route == NULL || isnan(route->now.cost_ms) || isnan(normal_ms(m, route))) {
        return false;
    }
    struct sums sums = {0};
    *b = (struct breakdown){.before_ms = normal_ms(m, route), .now_ms = now_ms(m, route)};
    snprintf(b->route, sizeof(b->route), "%s", route->route);
    b->change_error_ms = error_of(m, route, b->now_ms);
    add_statements(m, e, route, b, &sums);
    b->others_ms = sums.change_ms;
    for (unsigned i = 0; i < b->line_count; i++) {
        b->others_ms -= change_of(&b->line[i]);
    }
    b->outside_ms = b->now_ms - b->before_ms - sums.change_ms;
    b->outside_error_ms = sqrt(pow(b->change_error_ms, 2) + sums.squares);
    b->explained = explained_of(b, &sums);
    b->is_told = route->key == e->subject_key ||
                 (route->episode == e && (route->lanes & LATENCY_LANES) != 0);
    return true;
}

bool
breakdown_cannot_tell(const struct breakdown *b)
{
    double left_ms = (1 - b->explained) * (b->now_ms - b->before_ms);
    bool may_be_noise = left_ms <= b->outside_error_ms;
    return b->is_told && b->explained < FINDING_EXPLAINED_MIN && !may_be_noise;
}
