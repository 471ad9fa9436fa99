/* SPDX-License-Identifier: Apache-2.0
 *
 * All series. A minute reads each of them, one after the other, and 10,000 do not fit in a cache.
 */
#include "analysis/track/tracks.h"

#include <stdlib.h>

#include "base/check.h"

#define CACHE_LINE 64u
#define IDLE_S     (30 * 86400) /* a series that was not seen for so long may go first */
#define YOUNG_S    600          /* one that came since then is as if it were as old */

/* Names as they mostly are. A route has quantiles, and no statement. */
_Static_assert(TRACKS_MAX *(sizeof(struct track) + sizeof(struct track_past) +
                            sizeof(struct track_errors) + sizeof(struct due) +
                            MAX(TRACK_STATEMENT_MAX, sizeof(struct track_quantiles))) <=
                   TRACKS_BYTES_MAX,
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
tracks_init(struct tracks *all, unsigned max)
{
    const struct reading none = {0};
    all->max = max == 0 || max > TRACKS_MAX ? TRACKS_MAX : max;
    map_init(&all->by_key, all->max);
    all->common = new_array(all->max + 1, sizeof(all->of[0]));
    all->of = all->common + 1;
    struct track_past *past = new_array(all->max + 1, sizeof(all->past[0]));
    all->past = past + 1;
    all->due = check_alloc(all->max, sizeof(all->due[0]));
    track_init(all->common, past, TRACK_COMMON, 1, &none);
}

void
tracks_fini(struct tracks *all)
{
    for (unsigned i = 0; i < all->count; i++) {
        track_fini(&all->of[i]);
    }
    track_fini(all->common);
    map_fini(&all->by_key);
    free(all->common->past);
    free(all->common);
    free(all->due);
}

/* Its window is not closed in this step after all. */
static void
forget_due(struct tracks *all, struct track *t)
{
    if (t->due != 0) {
        struct due *last = &all->due[--all->due_count];
        last->track->due = t->due;
        all->due[t->due - 1] = *last;
        t->due = 0;
    }
}

/* Calls a second, since it was first seen: who came a minute ago is not the least used for that,
 * nor is a crowd that comes once each used more than what is called now and then. */
static double
use_of(const struct track *t, int64_t now_s)
{
    return (double)t->used / (double)MAX(now_s - t->first_s, YOUNG_S);
}

/* What others depend on: a route's requests, and what an open episode waits for. */
static unsigned
rank_of(const struct track *t)
{
    return t->episode != NULL ? 2 : t->kind == TRACK_ROUTE ? 1 : 0;
}

static bool
goes_before(const struct track *a, const struct track *b, int64_t now_s)
{
    unsigned rank_a = rank_of(a), rank_b = rank_of(b);
    bool idle_a = a->last_s < now_s - IDLE_S, idle_b = b->last_s < now_s - IDLE_S;
    return rank_a != rank_b   ? rank_a < rank_b
           : idle_a != idle_b ? idle_a
                              : use_of(a, now_s) < use_of(b, now_s);
}

/* The least used makes room. */
static struct track *
evict(struct tracks *all, int64_t now_s)
{
    struct track *t = &all->of[0];
    for (unsigned i = 1; i < all->count; i++) {
        t = goes_before(&all->of[i], t, now_s) ? &all->of[i] : t;
    }
    if (all->gone != NULL) {
        all->gone(all->ctx, t);
    }
    forget_due(all, t);
    for (unsigned i = 0; t->kind == TRACK_ROUTE && i < all->count; i++) {
        all->of[i].parent = all->of[i].parent == t ? NULL : all->of[i].parent;
    }
    map_remove(&all->by_key, t->key);
    track_fini(t);
    all->evicted++;
    return t;
}

static struct track *
add_track(struct tracks *all, uint64_t key, const struct reading *r, int64_t now_s)
{
    bool full = all->count == all->max;
    struct track *t = full ? evict(all, now_s) : &all->of[all->count++];
    enum track_kind kind = r->fingerprint.len == 0 ? TRACK_ROUTE
                           : r->route.len == 0     ? TRACK_STATEMENT
                                                   : TRACK_CALL;
    track_init(t, &all->past[t - all->of], kind, key, r);
    t->may_be_back = full;
    all->newest_s = MAX(all->newest_s, t->first_s);
    int err = map_put(&all->by_key, key, t);
    assert(err == 0); /* room was made */
    return t;
}

/* The one that is next is guessed, and those behind it are fetched ahead. */
struct track *
tracks_of(struct tracks *all, const struct reading *r, int64_t now_s)
{
    uint64_t key = track_key(r->route, r->fingerprint);
    struct track *t = all->next < all->count ? &all->of[all->next] : NULL;
    if (t == NULL || t->key != key) {
        t = map_get(&all->by_key, key);
        t = t != NULL ? t : add_track(all, key, r, now_s);
    }
    unsigned at = (unsigned)(t - all->of) + 1;
    all->next = at < all->count ? at : 0;
    if (at + 1 < all->count) {
        track_fetch_beside_reading(&all->of[at]);
        track_fetch_for_reading(&all->of[at + 1]);
    }
    return t;
}

struct track *
tracks_find(const struct tracks *all, struct slice route, struct slice fingerprint)
{
    return map_get(&all->by_key, track_key(route, fingerprint));
}

struct track *
tracks_by_key(const struct tracks *all, uint64_t key)
{
    return key == all->common->key ? all->common : map_get(&all->by_key, key);
}

void
tracks_add_due(struct tracks *all, struct track *t)
{
    t->due = (uint16_t)++all->due_count;
}

struct due *
tracks_due(const struct tracks *all, const struct track *t)
{
    return t->due == 0 ? NULL : &all->due[t->due - 1];
}

void
tracks_fetch_due(const struct tracks *all, unsigned i)
{
    if (i + 2 < all->due_count) {
        track_fetch_beside_step(all->due[i + 1].track);
        track_fetch_for_step(all->due[i + 2].track);
    }
}
