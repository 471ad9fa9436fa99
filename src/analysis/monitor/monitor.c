/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/monitor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/lane/bursts.h"
#include "analysis/lane/lanes.h"
#include "analysis/lane/latency.h"
#include "analysis/monitor/episodes.h"
#include "analysis/monitor/monitor_state.h"
#include "analysis/monitor/objectives.h"

static void
tell(void *ctx, struct track *t, const struct alarm *a)
{
    episodes_tell(ctx, t, a);
}

static void
forget(void *ctx, struct track *t)
{
    (void)ctx;
    episodes_leave(t);
}

struct monitor *
monitor_new(const struct monitor_config *config, const struct monitor_out *out)
{
    struct monitor *m = check_alloc(1, sizeof(*m));
    const struct panel_out to_episodes = {m, tell, forget};
    m->magic = MONITOR_MAGIC;
    m->out = *out;
    m->next_id = 1;
    panel_init(&m->panel, config->tracks_max, config->utc_offset_s, &to_episodes);
    objectives_begin(m, config->objectives);
    return m;
}

void
monitor_free(struct monitor **monitor)
{
    struct monitor *m = *monitor;
    if (m == NULL) {
        return;
    }
    OBJ_CHECK(m, MONITOR_MAGIC);
    panel_fini(&m->panel);
    for (unsigned i = 0; i < m->episode_count; i++) {
        free(m->episode[i]);
    }
    free(m->promise);
    m->magic = 0;
    free(m);
    *monitor = NULL;
}

/* Apart from what is done with each reading, which is to be short. */
static __attribute__((noinline)) void
end_step(struct monitor *m)
{
    lanes_step(&m->panel);
    objectives_judge(m);
    episodes_step(m);
}

void
monitor_advance(struct monitor *m, int64_t t)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    struct panel *p = &m->panel;
    int64_t end = (t + MONITOR_STEP_S - 1) / MONITOR_STEP_S * MONITOR_STEP_S;
    if (p->step_s == 0) {
        p->step_s = end;
    }
    if (end > p->step_s) {
        end_step(m);
        p->step_s = end;
    }
}

void
monitor_reading(struct monitor *m, const struct reading *r)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    int64_t end = r->start_s + r->length_s;
    m->panel.first_s = m->panel.first_s == 0 ? r->start_s : m->panel.first_s;
    monitor_advance(m, end);
    m->totals.readings++;
    m->totals.late += end + MONITOR_STEP_S <= m->panel.step_s ? 1 : 0;
    lanes_read(&m->panel, r);
    objectives_read(m, r);
}

void
monitor_deploy(struct monitor *m, const struct history_deploy *d)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    deploys_add(&m->panel.deploys, d);
}

void
monitor_take_deploys(struct monitor *m, const struct monitor *from, int64_t until_s)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    OBJ_CHECK(from, MONITOR_MAGIC);
    deploys_take(&m->panel.deploys, &from->panel.deploys, until_s);
}

double
monitor_deploy_chance(const struct monitor *m, const struct scope *scope, double within_s)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    const struct panel *p = &m->panel;
    double for_s = p->first_s == 0 ? 0 : (double)(p->step_s - p->first_s);
    return deploys_chance(&p->deploys, scope, for_s, within_s);
}

void
monitor_look_again(struct monitor *m)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    bursts_look_again(&m->panel);
}

/* Not what another episode is told by, which stays open. */
static void
relearn(struct monitor *m, struct track *t, const struct episode *closed)
{
    lanes_relearn(&m->panel, t, t->episode == NULL || t->episode == closed);
}

int
monitor_close(struct monitor *m, uint32_t id, bool expected)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    struct episode *open[MONITOR_OPEN_MAX];
    unsigned n = episodes_open(m, open);
    for (unsigned i = 0; i < n; i++) {
        if (open[i]->id != id) {
            continue;
        }
        for (unsigned k = 0; k < m->panel.tracks.count; k++) {
            if (episodes_concerns(open[i], &m->panel.tracks.of[k])) {
                relearn(m, &m->panel.tracks.of[k], open[i]);
            }
        }
        episodes_end(m, open[i], expected ? EPISODE_EXPECTED : EPISODE_CLOSED);
        return 0;
    }
    return -ENOENT;
}

/* It runs within the route, by itself or as one of many. */
static bool
is_of(const struct monitor *m, const struct track *t, const char *subject)
{
    if (subject[0] == '\0' || monitor_same(t->route, subject) ||
        monitor_same(t->fingerprint, subject)) {
        return true;
    }
    if (t->kind != TRACK_STATEMENT || t->fingerprint == NULL) {
        return false;
    }
    return tracks_find(&m->panel.tracks, slice_from_str(subject), slice_from_str(t->fingerprint)) !=
           NULL;
}

void
monitor_expect(struct monitor *m, const char *subject)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        struct track *t = &m->panel.tracks.of[i];
        if (is_of(m, t, subject)) {
            if (t->episode != NULL) {
                (void)!monitor_close(m, t->episode->id, true);
            }
            relearn(m, t, NULL);
        }
    }
    struct track *c = m->panel.tracks.common;
    if (subject[0] == '\0' && c->episode != NULL) {
        (void)!monitor_close(m, c->episode->id, true);
    }
}

/* How much dearer it is than it should be; NAN: not known. */
static float
ratio_of(const struct track *t)
{
    bool known = t != NULL && !isnan(t->expect) && t->last_count == CONFIRM_WINDOWS;
    return known ? expf(latency_median_of_last(t)) : NAN;
}

bool
monitor_normal(const struct monitor *m, struct slice route, struct slice fingerprint,
               struct monitor_normal *ret)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    const struct track *t = tracks_find(&m->panel.tracks, route, fingerprint);
    if (t == NULL || isnan(t->now.cost_ms)) {
        return false;
    }
    float ratio = ratio_of(t);
    if (isnan(ratio) && t->kind == TRACK_CALL) { /* no distribution of its own */
        ratio = ratio_of(tracks_find(&m->panel.tracks, SLICE_NONE, fingerprint));
    }
    float before = isnan(ratio) ? level_expect(&t->cost_level) : t->now.cost_ms / ratio;
    if (isnan(before)) {
        return false;
    }
    bool is_new = (t->lanes & (1u << LANE_NEW)) != 0;
    *ret = (struct monitor_normal){
        .before_ms = before,
        .now_ms = t->now.cost_ms,
        .p50_ms = t->quantiles == NULL ? NAN : level_expect(&t->quantiles->p50),
        .p95_ms = t->quantiles == NULL ? NAN : level_expect(&t->quantiles->p95),
        .calls_before = is_new ? 0 : level_expect(&t->calls_level),
        .calls = t->calls_kept + t->calls_yesterday + t->calls_today,
        .spread = noise_spread(&t->noise, t->now.per_s * MONITOR_STEP_S),
    };
    return true;
}

const struct track *
monitor_track(const struct monitor *m, uint64_t key)
{
    return tracks_by_key(&m->panel.tracks, key);
}

unsigned
monitor_episode_count(const struct monitor *m)
{
    return m->episode_count;
}

const struct episode *
monitor_episode(const struct monitor *m, unsigned i)
{
    return i < m->episode_count ? m->episode[i] : NULL;
}

/* What never had a histogram, such as a statement within a route, learns nothing. */
static bool
is_learning(const struct track *t)
{
    return (t->week.first_n != 0 || t->n > 0) && !noise_is_ready(&t->noise);
}

struct monitor_totals
monitor_totals(const struct monitor *m)
{
    struct monitor_totals t = m->totals;
    t.tracks = m->panel.tracks.count;
    t.evicted = m->panel.tracks.evicted;
    t.steps = m->panel.steps;
    t.frozen = m->panel.traffic.frozen_steps;
    t.followed = m->panel.followed;
    t.blips = m->panel.blips;
    t.opened = m->next_id - 1;
    t.learning = 0;
    for (unsigned i = 0; i < m->panel.tracks.count; i++) {
        t.learning += is_learning(&m->panel.tracks.of[i]) ? 1 : 0;
    }
    return t;
}
