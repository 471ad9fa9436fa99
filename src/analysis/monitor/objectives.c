/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/objectives.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/monitor/episodes.h"
#include "analysis/monitor/monitor_state.h"

#define MINUTE_S     60
#define CELL_WIDTH   1.016 /* as finely as a histogram knows */
#define LATE_ONSET_S (5 * MINUTE_S)

void
objectives_begin(struct monitor *m, const struct objectives *settings)
{
    if (settings == NULL) {
        return;
    }
    m->objectives = *settings;
    m->promise = check_alloc((size_t)OBJECTIVES_MAX * INDICATOR_COUNT, sizeof(*m->promise));
    for (unsigned i = 0; i < m->objectives.count; i++) {
        for (unsigned k = 0; k < INDICATOR_COUNT; k++) {
            const struct objective_setting *s = &m->objectives.of[i];
            double allowed = objective_allowed(s, (enum indicator)k);
            if (allowed > 0) {
                struct promise *p = &m->promise[m->promise_count++];
                p->setting = i;
                p->indicator = (enum indicator)k;
                p->rule = OBJECTIVE_RULES_COUNT;
                p->spent.allowed = allowed;
                p->spent.days = s->days;
            }
        }
    }
}

static bool
is_about(const struct objective_setting *s, struct slice route)
{
    return s->route[0] == '\0' || slice_eq(slice_from_str(s->route), route);
}

static void
count_slow(const struct reading *r, double limit_ms, uint64_t *ret_total, uint64_t *ret_bad)
{
    uint64_t total = 0, bad = 0;
    for (unsigned i = 0; i < r->cell_count; i++) {
        total += r->cell[i].count;
        bad += r->cell[i].upper_us > limit_ms * 1000 * CELL_WIDTH ? r->cell[i].count : 0;
    }
    *ret_total = total;
    *ret_bad = bad;
}

void
objectives_read(struct monitor *m, const struct reading *r)
{
    if (m->promise_count == 0 || r->fingerprint.len > 0 || r->route.len == 0 || r->start_s < 0) {
        return;
    }
    uint32_t minute = (uint32_t)(r->start_s / MINUTE_S);
    uint32_t minutes = MAX((r->length_s + MINUTE_S - 1) / MINUTE_S, 1u);
    for (unsigned i = 0; i < m->promise_count; i++) {
        struct promise *p = &m->promise[i];
        const struct objective_setting *s = &m->objectives.of[p->setting];
        uint64_t total = (uint64_t)r->calls, bad = (uint64_t)r->errors;
        if (!is_about(s, r->route)) {
            continue;
        }
        if (p->indicator == INDICATOR_LATENCY) {
            count_slow(r, s->latency_ms, &total, &bad);
        }
        objective_add(&p->spent, minute, minutes, total, bad);
    }
}

static struct track *
track_of(const struct monitor *m, const struct objective_setting *s)
{
    return s->route[0] == '\0'
               ? m->panel.tracks.common
               : tracks_find(&m->panel.tracks, slice_from_str(s->route), SLICE_NONE);
}

/* The last whole minute. */
static uint32_t
minute_of(const struct monitor *m)
{
    return (uint32_t)MAX(m->panel.step_s / MINUTE_S - 1, 0);
}

static void
tell(struct monitor *m, struct promise *p, struct track *t)
{
    uint32_t minute = minute_of(m);
    const struct objective_rule *rule = &objective_rules[p->rule];
    double burn = objective_burn(&p->spent, minute, rule->short_min);
    struct alarm a = {
        .lane = LANE_OBJECTIVE,
        .onset_s = (int64_t)objective_onset(&p->spent, minute, p->rule) * MINUTE_S,
        .doubt_s = LATE_ONSET_S,
        .before = p->spent.allowed,
        .now = burn * p->spent.allowed,
        .shift_ln = (float)log(burn),
        .of_time = p->indicator == INDICATOR_LATENCY,
    };
    episodes_tell(m, t, &a);
}

void
objectives_judge(struct monitor *m)
{
    for (unsigned i = 0; i < m->promise_count; i++) {
        struct promise *p = &m->promise[i];
        struct track *t = track_of(m, &m->objectives.of[p->setting]);
        p->rule = objective_alarm(&p->spent, minute_of(m));
        bool holds = p->rule < OBJECTIVE_RULES_COUNT && t != NULL;
        if (t == m->panel.tracks.common) {
            t->last_s = m->panel.step_s; /* also where there are too few series for a median */
        }
        if (holds && !p->is_told) {
            tell(m, p, t);
        }
        p->is_told = holds;
    }
}

bool
objectives_are_calm(const struct monitor *m, const struct track *t)
{
    for (unsigned i = 0; i < m->promise_count; i++) {
        const struct promise *p = &m->promise[i];
        if (p->rule < OBJECTIVE_RULES_COUNT && track_of(m, &m->objectives.of[p->setting]) == t) {
            return false;
        }
    }
    return true;
}

unsigned
monitor_objective_count(const struct monitor *m)
{
    return m->promise_count;
}

struct monitor_objective
monitor_objective(const struct monitor *m, unsigned i)
{
    assert(i < m->promise_count);
    const struct promise *p = &m->promise[i];
    uint32_t minute = minute_of(m);
    struct monitor_objective o = {
        .setting = &m->objectives.of[p->setting],
        .indicator = p->indicator,
        .allowed = p->spent.allowed,
        .budget = objective_budget(&p->spent, minute),
        .rule = p->rule,
    };
    for (unsigned k = 0; k < OBJECTIVE_RULES_COUNT; k++) {
        o.burn[k][0] = objective_burn(&p->spent, minute, objective_rules[k].long_min);
        o.burn[k][1] = objective_burn(&p->spent, minute, objective_rules[k].short_min);
    }
    return o;
}
