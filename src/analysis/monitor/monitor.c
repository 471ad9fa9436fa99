/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/baseline/median.h"
#include "analysis/monitor/monitor_state.h"
#include "base/hash.h"

#define BUSY_WEIGHT  0.02f
#define SPREAD_STEPS 60u

struct monitor *
monitor_new(const struct monitor_config *config, const struct monitor_out *out)
{
    struct monitor *m = check_alloc(1, sizeof(*m));
    m->magic = MONITOR_MAGIC;
    m->config = *config;
    m->out = *out;
    m->next_id = 1;
    m->usual_per_min = NAN;
    if (m->config.tracks_max == 0 || m->config.tracks_max > MONITOR_TRACKS_MAX) {
        m->config.tracks_max = MONITOR_TRACKS_MAX;
    }
    tracks_begin(m);
    objectives_begin(m);
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
    tracks_end(m);
    for (unsigned i = 0; i < m->episode_count; i++) {
        free(m->episode[i]);
    }
    free(m->promise);
    m->magic = 0;
    free(m);
    *monitor = NULL;
}

uint64_t
monitor_key(struct slice route, struct slice fingerprint)
{
    uint64_t key = hash_combine(0, route.len == 0 ? 0 : hash_bytes(route));
    return hash_combine(key, fingerprint.len == 0 ? 0 : hash_bytes(fingerprint));
}

/* What a series strays by, typically, in ln: the unit of the common mode. Once an hour. */
static void
step_spread(struct monitor *m)
{
    unsigned n = 0;
    if (m->typical_spread > 0 && m->totals.steps % SPREAD_STEPS != 0) {
        return;
    }
    for (unsigned i = 0; i < m->track_count; i++) {
        if (m->track[i].noise.s > 0) {
            m->z[n++] = m->track[i].noise.s;
        }
    }
    m->typical_spread = median_of(m->z, n);
}

/* The median of all that are ready, as a series of its own: a whole database that becomes slower
 * must not be taken for normal because all of its series do. */
static void
step_common(struct monitor *m)
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->due_count; i++) {
        if (!isnan(m->due[i].z)) {
            m->z[n++] = m->due[i].z;
        }
    }
    m->common_now = 0;
    if (n < COMMON_MIN) {
        return;
    }
    m->common_now = median_of(m->z, n);
    m->common_lately += (m->common_now - m->common_lately) / COMMON_LATELY;
    struct track *c = m->common;
    c->n = (float)n;
    c->from_s = m->step_s - MONITOR_STEP_S;
    c->to_s = c->last_s = m->step_s;
    c->sum_ln = m->common_now * (float)n;
    struct due d;
    lanes_prepare(m, c, &d);
    lanes_standardise(m, &d);
    lanes_judge(m, &d);
    track_next(c);
}

/* Database load, for telling what matters; routes are not time in the database. */
static void
step_busy(struct monitor *m, const float ms[TRACK_COMMON])
{
    float busy = ms[TRACK_STATEMENT] > 0 ? ms[TRACK_STATEMENT] : ms[TRACK_CALL];
    m->busy_ms += (m->busy_ms == 0 ? 1 : BUSY_WEIGHT) * (busy - m->busy_ms);
}

static void
end_step(struct monitor *m)
{
    float ms[TRACK_COMMON] = {0};
    traffic_step(m);
    succession_step(m);
    for (unsigned i = 0; i < m->due_count; i++) {
        lanes_standardise(m, &m->due[i]);
        ms[m->due[i].kind] += m->due[i].busy_ms;
    }
    step_busy(m, ms);
    step_spread(m);
    step_common(m);
    for (unsigned i = 0; i < m->due_count; i++) {
        struct track *t = m->due[i].track;
        tracks_fetch_due(m, i);
        lanes_judge(m, &m->due[i]);
        t->due = 0;
        track_next(t);
    }
    m->due_count = 0;
    objectives_judge(m);
    episodes_step(m);
    m->totals.steps++;
}

void
monitor_advance(struct monitor *m, int64_t t)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    int64_t end = (t + MONITOR_STEP_S - 1) / MONITOR_STEP_S * MONITOR_STEP_S;
    if (m->step_s == 0) {
        m->step_s = end;
    }
    if (end > m->step_s) {
        end_step(m);
        m->step_s = end;
    }
}

void
monitor_reading(struct monitor *m, const struct reading *r)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    int64_t end = r->start_s + r->length_s;
    m->first_s = m->first_s == 0 ? r->start_s : m->first_s;
    monitor_advance(m, end);
    m->totals.readings++;
    m->totals.late += end + MONITOR_STEP_S <= m->step_s ? 1 : 0;
    struct track *t = tracks_of(m, r);
    if (t->kind == TRACK_CALL && t->parent == NULL) {
        t->parent = map_get(&m->by_key, monitor_key(r->route, SLICE_NONE));
    }
    t->used += t->used < UINT64_MAX / 2 ? (uint64_t)r->calls : 0;
    traffic_read(m, t, r);
    track_gather(t, r);
    structure_judge(m, t, r);
    amounts_judge(m, t, r);
    failures_judge(m, t, r);
    objectives_read(m, r);
    if (t->due == 0 && track_is_whole(t)) {
        t->due = (uint16_t)++m->due_count;
    }
    tracks_prepare(m, t);
}

/* What was learned is forgotten: as it is now is where it begins. Not what another episode is told
 * by, which stays open. */
static void
relearn(struct monitor *m, struct track *t, const struct episode *closed)
{
    t->week = (struct week){0};
    t->past->week = (struct week_past){0};
    t->calls_level = t->cost_level = (struct level){0};
    t->past->calls = t->past->cost = (struct level_past){0};
    amounts_relearn(t);
    if (t->episode == NULL || t->episode == closed) {
        t->past->blips = t->past->bursts = (struct recur){0};
        t->is_slow = false;
    }
    if (t->quantiles != NULL) {
        *t->quantiles = (struct track_quantiles){0};
    }
    t->creep = (struct creep){0};
    creep_remember(t, &(struct creep_past){0});
    t->before = t->now;
    t->expect = NAN;
    lanes_reset(t);
    tracks_prepare(m, t);
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
        for (unsigned k = 0; k < m->track_count; k++) {
            if (episodes_concerns(open[i], &m->track[k])) {
                relearn(m, &m->track[k], open[i]);
            }
        }
        episodes_end(m, open[i], expected ? EPISODE_EXPECTED : EPISODE_CLOSED);
        return 0;
    }
    return -ENOENT;
}

static bool
is_named(const char *name, const char *subject)
{
    return name != NULL && strcmp(name, subject) == 0;
}

/* It runs within the route, by itself or as one of many. */
static bool
is_of(const struct monitor *m, const struct track *t, const char *subject)
{
    if (subject[0] == '\0' || is_named(t->route, subject) || is_named(t->fingerprint, subject)) {
        return true;
    }
    if (t->kind != TRACK_STATEMENT || t->fingerprint == NULL) {
        return false;
    }
    return map_get(&m->by_key,
                   monitor_key(slice_from_str(subject), slice_from_str(t->fingerprint))) != NULL;
}

void
monitor_expect(struct monitor *m, const char *subject)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    for (unsigned i = 0; i < m->track_count; i++) {
        struct track *t = &m->track[i];
        if (is_of(m, t, subject)) {
            if (t->episode != NULL) {
                (void)!monitor_close(m, t->episode->id, true);
            }
            relearn(m, t, NULL);
        }
    }
    struct track *c = m->common;
    if (subject[0] == '\0' && c->episode != NULL) {
        (void)!monitor_close(m, c->episode->id, true);
    }
}

/* How much dearer it is than it should be; NAN: not known. */
static float
ratio_of(const struct track *t)
{
    bool known = t != NULL && !isnan(t->expect) && t->last_count == CONFIRM_WINDOWS;
    return known ? expf(lanes_median_of_last(t)) : NAN;
}

bool
monitor_normal(const struct monitor *m, struct slice route, struct slice fingerprint,
               struct monitor_normal *ret)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    const struct track *t = map_get(&m->by_key, monitor_key(route, fingerprint));
    if (t == NULL || isnan(t->now.cost_ms)) {
        return false;
    }
    float ratio = ratio_of(t);
    if (isnan(ratio) && t->kind == TRACK_CALL) { /* no distribution of its own */
        ratio = ratio_of(map_get(&m->by_key, monitor_key(SLICE_NONE, fingerprint)));
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
    return key == m->common->key ? m->common : map_get(&m->by_key, key);
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
    t.tracks = m->track_count;
    t.learning = 0;
    for (unsigned i = 0; i < m->track_count; i++) {
        t.learning += is_learning(&m->track[i]) ? 1 : 0;
    }
    return t;
}
