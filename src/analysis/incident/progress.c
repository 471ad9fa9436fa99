/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/change/assess.h"
#include "analysis/incident/changes.h"
#include "base/clock.h"

static void
find_trend(struct incident *inc, uint64_t now_ns)
{
    uint64_t half = 45 * NS_PER_S;
    struct stats *late = check_alloc(2, sizeof(*late));
    struct stats *early = late + 1;
    stats_make(&inc->watch->recent, now_ns - MIN(now_ns, half), UINT64_MAX, 0, late);
    stats_make(&inc->watch->recent, MAX(inc->onset_ns, now_ns - MIN(now_ns, 3 * half)),
               now_ns - MIN(now_ns, half), 0, early);
    const char *trend = "steady";
    if (late->n >= 10 && early->n >= 10) {
        double change = late->mean_ms - early->mean_ms;
        double noise = 2 * hypot(late->mean_se_ms, early->mean_se_ms);
        if (change > MAX(noise, 0.05 * early->mean_ms)) {
            trend = "getting worse";
        } else if (-change > MAX(noise, 0.05 * early->mean_ms)) {
            trend = "easing";
        }
    }
    /* A ramp of hours is none in two minutes. */
    bool is_steady = strcmp(trend, "steady") == 0 && inc->episode.trend[0] != '\0';
    snprintf(inc->trend, sizeof(inc->trend), "%s", is_steady ? inc->episode.trend : trend);
    free(late);
}

static void
foresee_full(struct incident *inc, const struct load *load, unsigned cores, uint64_t now_ns)
{
    uint64_t span = 60 * NS_PER_S;
    inc->full_in_s = -1;
    if (cores == 0 || now_ns < 2 * span) {
        return;
    }
    uint64_t from = MAX(inc->onset_ns, now_ns - 2 * span);
    uint64_t middle = from + (now_ns - from) / 2;
    struct load_rate early = load_between(load, from, middle);
    struct load_rate late = load_between(load, middle, now_ns);
    double seconds = (double)(now_ns - from) / 2e9;
    if (early.seconds < 15 || late.seconds < 15) {
        return;
    }
    double slope = (late.database - early.database) / seconds;
    double room = (double)cores - late.database;
    if (room > 0 && slope > 0.02 * late.database / seconds && room / slope < 7200) {
        inc->full_in_s = room / slope;
    }
}

/* It runs into the same trouble: what the incident explains makes most of its change. */
static bool
is_hit_too(const struct incident *inc, const struct shift *s, const struct shift_route *r,
           const struct statement_table *statements)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    double explained = 0;
    if (r->before.n < 10 || r->now.n < 10 || r->z <= 3 ||
        r->change_ms <= MAX(1.0, 0.1 * r->before.mean_ms)) {
        return false;
    }
    unsigned n = shift_parts(s, r, parts);
    for (unsigned i = 0; i < n; i++) {
        const struct statement *st = statement_get(statements, parts[i].fingerprint);
        explained += st != NULL && incident_explains(inc, st) ? parts[i].change_ms : 0;
    }
    return explained >= 0.5 * r->change_ms;
}

static void
list_victims(struct incident *inc, struct shift *s, const struct statement_table *statements)
{
    inc->victim_count = 0;
    for (unsigned i = 0; i < s->count && inc->victim_count < INCIDENT_VICTIMS_MAX; i++) {
        const struct shift_route *r = &s->route[i];
        if (r->watch != inc->watch && !r->is_taken &&
            (assess_is_victim(r) || is_hit_too(inc, s, r, statements))) {
            struct incident_victim *v = &inc->victim[inc->victim_count++];
            snprintf(v->subject, sizeof(v->subject), "%.250s", r->watch->text);
            v->change_ms = r->change_ms;
        }
    }
}

/* A trace near the 95th percentile; another one when that has moved away from it. */
static void
pick_example(struct incident *inc)
{
    struct sampler *samples = &inc->watch->samples;
    enum sampler_reason reason;
    double wanted_ns = inc->now.p95_ms * 1e6;
    const struct sample *have = sampler_find(samples, inc->example_trace, &reason);
    double ns = have == NULL ? 0 : (double)(have->end_ns - have->start_ns);
    if (have != NULL && ns > wanted_ns / 2 && ns < wanted_ns * 2) {
        return;
    }
    const struct sample *best = sampler_nearest(samples, inc->onset_ns, (uint64_t)wanted_ns);
    if (best != NULL) {
        memcpy(inc->example_trace, best->trace_id, sizeof(inc->example_trace));
        sampler_pin(samples, best);
    }
}

void
progress_follow(struct incident *inc, struct shift *s, const struct load *load,
                const struct statement_table *statements, unsigned cores, uint64_t now_ns)
{
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (r == NULL || r->now.n < 5) {
        return;
    }
    inc->after = r->now;
    inc->updated_ns = now_ns;
    inc->dirty = true;
    find_trend(inc, now_ns);
    struct load_rate minute = load_between(load, now_ns - MIN(now_ns, 60 * NS_PER_S), now_ns);
    inc->all_per_min = minute.requests_per_s * 60;
    double seconds = (double)(now_ns - r->now.from_ns) / 1e9;
    inc->route_per_min = seconds > 1 ? r->now.n * recent_weight(&inc->watch->recent) / seconds * 60
                                     : inc->route_per_min;
    inc->errors = load_between(load, inc->onset_ns, now_ns).errors;
    if (inc->state != INCIDENT_OPEN) {
        return; /* what changed stays as it was before the first fix */
    }
    inc->now = r->now;
    inc->load_now = s->load_now;
    if (s->rate_before > 0) {
        inc->all_per_min_before = s->rate_before * 60;
    }
    if (s->load_before > 0) {
        inc->load_before = s->load_before;
    }
    foresee_full(inc, load, cores, now_ns);
    changes_list(inc, s, r, statements);
    list_victims(inc, s, statements);
    pick_example(inc);
}
