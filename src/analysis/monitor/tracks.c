/* SPDX-License-Identifier: Apache-2.0
 *
 * All series. A minute reads each of them, one after the other, and 10,000 do not fit in a cache.
 */
#include <stdlib.h>

#include "analysis/monitor/monitor_state.h"

#define CACHE_LINE 64u
#define IDLE_S     (30 * 86400) /* a series that was not seen for so long may go first */
#define YOUNG_S    600          /* one that came since then is as if it were as old */

/* Names as they mostly are. A route has quantiles, and no statement. */
_Static_assert(MONITOR_TRACKS_MAX *(sizeof(struct track) + sizeof(struct track_past) +
                                    sizeof(struct track_errors) + sizeof(struct due) +
                                    MAX(TRACK_STATEMENT_MAX, sizeof(struct track_quantiles))) <=
                   MONITOR_BYTES_MAX,
               "a series has become too large");

/* Pages that are not used yet take no memory. */
static void *
new_array(size_t count, size_t each)
{
    void *p = aligned_alloc(CACHE_LINE, (count * each + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    assert(p != NULL);
    return p;
}

void
tracks_begin(struct monitor *m)
{
    unsigned max = m->config.tracks_max;
    const struct reading none = {0};
    map_init(&m->by_key, max);
    m->common = new_array(max + 1, sizeof(m->track[0]));
    m->track = m->common + 1;
    struct track_past *past = new_array(max + 1, sizeof(m->past[0]));
    m->past = past + 1;
    m->due = check_alloc(max, sizeof(m->due[0]));
    m->z = check_alloc(max, sizeof(m->z[0]));
    track_init(m->common, past, TRACK_COMMON, 1, &none);
}

void
tracks_end(struct monitor *m)
{
    for (unsigned i = 0; i < m->track_count; i++) {
        track_fini(&m->track[i]);
    }
    track_fini(m->common);
    map_fini(&m->by_key);
    free(m->common->past);
    free(m->common);
    free(m->due);
    free(m->z);
}

/* Its window is not closed in this step after all. */
static void
forget_due(struct monitor *m, struct track *t)
{
    if (t->due != 0) {
        struct due *last = &m->due[--m->due_count];
        last->track->due = t->due;
        m->due[t->due - 1] = *last;
        t->due = 0;
    }
}

/* Calls a second, since it was first seen: who came a minute ago is not the least used for that,
 * nor is a crowd that comes once each used more than what is called now and then. */
static double
use_of(const struct monitor *m, const struct track *t)
{
    return (double)t->used / (double)MAX(m->step_s - t->first_s, YOUNG_S);
}

/* What others depend on: a route's requests, and what an open episode waits for. */
static unsigned
rank_of(const struct track *t)
{
    return t->episode != NULL ? 2 : t->kind == TRACK_ROUTE ? 1 : 0;
}

static bool
goes_before(const struct monitor *m, const struct track *a, const struct track *b)
{
    unsigned rank_a = rank_of(a), rank_b = rank_of(b);
    bool idle_a = a->last_s < m->step_s - IDLE_S, idle_b = b->last_s < m->step_s - IDLE_S;
    return rank_a != rank_b   ? rank_a < rank_b
           : idle_a != idle_b ? idle_a
                              : use_of(m, a) < use_of(m, b);
}

/* The least used makes room. */
static struct track *
evict(struct monitor *m)
{
    struct track *t = &m->track[0];
    for (unsigned i = 1; i < m->track_count; i++) {
        t = goes_before(m, &m->track[i], t) ? &m->track[i] : t;
    }
    episodes_forget(m, t);
    forget_due(m, t);
    for (unsigned i = 0; t->kind == TRACK_ROUTE && i < m->track_count; i++) {
        m->track[i].parent = m->track[i].parent == t ? NULL : m->track[i].parent;
    }
    map_remove(&m->by_key, t->key);
    track_fini(t);
    m->totals.evicted++;
    return t;
}

static struct track *
add_track(struct monitor *m, uint64_t key, const struct reading *r)
{
    bool full = m->track_count == m->config.tracks_max;
    struct track *t = full ? evict(m) : &m->track[m->track_count++];
    enum track_kind kind = r->fingerprint.len == 0 ? TRACK_ROUTE
                           : r->route.len == 0     ? TRACK_STATEMENT
                                                   : TRACK_CALL;
    track_init(t, &m->past[t - m->track], kind, key, r);
    t->may_be_back = full;
    m->newest_s = MAX(m->newest_s, t->first_s);
    int err = map_put(&m->by_key, key, t);
    assert(err == 0); /* room was made */
    return t;
}

/* The one that is next is guessed, and those behind it are fetched ahead. */
struct track *
tracks_of(struct monitor *m, const struct reading *r)
{
    uint64_t key = monitor_key(r->route, r->fingerprint);
    struct track *t = m->next < m->track_count ? &m->track[m->next] : NULL;
    if (t == NULL || t->key != key) {
        t = map_get(&m->by_key, key);
        t = t != NULL ? t : add_track(m, key, r);
    }
    unsigned at = (unsigned)(t - m->track) + 1;
    m->next = at < m->track_count ? at : 0;
    if (at + 1 < m->track_count) {
        track_fetch_beside_reading(&m->track[at]);
        track_fetch_for_reading(&m->track[at + 1]);
    }
    return t;
}

void
tracks_prepare(struct monitor *m, struct track *t)
{
    if (t->due != 0) {
        lanes_prepare(m, t, &m->due[t->due - 1]);
    }
}

void
tracks_fetch_due(const struct monitor *m, unsigned i)
{
    if (i + 2 < m->due_count) {
        track_fetch_beside_step(m->due[i + 1].track);
        track_fetch_for_step(m->due[i + 2].track);
    }
}
