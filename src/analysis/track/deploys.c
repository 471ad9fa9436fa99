/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/deploys.h"

#include <math.h>

#include "base/hash.h"

#define DEPLOYS_MIN 10 /* fewer say nothing about how often there is one */

unsigned
deploys_kept(const struct deploys *d)
{
    return MIN(d->count, DEPLOYS_MAX);
}

static bool
is_known(const struct deploys *d, const struct deploy *one)
{
    for (unsigned i = 0; i < deploys_kept(d); i++) {
        if (d->of[i].at_s == one->at_s && strcmp(d->of[i].name, one->name) == 0) {
            return true;
        }
    }
    return false;
}

static void
add(struct deploys *d, const struct deploy *one)
{
    d->of[d->count++ % DEPLOYS_MAX] = *one;
    d->last_s = MAX(d->last_s, one->at_s);
}

void
deploys_add(struct deploys *d, const struct history_deploy *from)
{
    struct deploy one = {.at_s = from->at_s};
    slice_to_str(from->name, one.name, sizeof(one.name));
    affects_make(&one.affects, from);
    add(d, &one);
}

void
deploys_take(struct deploys *d, const struct deploys *from, int64_t until_s)
{
    for (unsigned i = from->count - deploys_kept(from); i < from->count; i++) {
        const struct deploy *one = &from->of[i % DEPLOYS_MAX];
        if (one->at_s <= until_s && !is_known(d, one)) {
            add(d, one);
        }
    }
}

double
deploys_chance(const struct deploys *d, const struct scope *s, double for_s, double within_s)
{
    unsigned kept = deploys_kept(d), of_it = 0;
    if (d->count < DEPLOYS_MIN || for_s <= 0) {
        return -1;
    }
    for (unsigned i = 0; i < kept; i++) {
        of_it += affects_some(&d->of[i].affects, s) ? 1 : 0;
    }
    double rate = d->count / for_s * MAX(of_it, 1u) / kept;
    return -expm1(-rate * within_s);
}

/* The track alone. */
static void
scope_of(const struct track *t, struct scope *ret)
{
    scope_init(ret);
    scope_add(ret, t->route);
    scope_add(ret, t->fingerprint);
    ret->is_whole = t->kind == TRACK_COMMON;
}

/* Or a route that the statement runs in. */
static bool
affects_track(const struct tracks *all, const struct affects *a, const struct track *t,
              const struct scope *scope)
{
    if (affects_some(a, scope)) {
        return true;
    }
    for (unsigned i = 0; t->kind == TRACK_STATEMENT && i < a->count; i++) {
        uint64_t print = hash_bytes(slice_from_str(t->fingerprint));
        if (map_get(&all->by_key, hash_combine(hash_combine(0, a->name[i]), print)) != NULL) {
            return true;
        }
    }
    return false;
}

const struct deploy *
deploys_near(const struct deploys *d, const struct tracks *all, const struct track *t,
             int64_t from_s, int64_t to_s)
{
    const struct deploy *last = NULL;
    from_s -= STRUCTURE_DEPLOY_S;
    if (from_s > d->last_s) {
        return NULL;
    }
    struct scope scope;
    scope_of(t, &scope);
    for (unsigned i = 0; i < deploys_kept(d); i++) {
        const struct deploy *one = &d->of[i];
        bool is_between = one->at_s >= from_s && one->at_s <= to_s;
        bool is_later = last == NULL || one->at_s > last->at_s;
        if (is_between && is_later && affects_track(all, &one->affects, t, &scope)) {
            last = one;
        }
    }
    return last;
}
