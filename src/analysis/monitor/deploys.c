/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "analysis/monitor/monitor_state.h"
#include "base/hash.h"

#define DEPLOYS_MIN 10 /* fewer say nothing about how often there is one */

static bool
is_known(const struct monitor *m, const struct monitor_deploy *d)
{
    for (unsigned i = 0; i < MIN(m->deploy_count, MONITOR_DEPLOYS_MAX); i++) {
        if (m->deploy[i].at_s == d->at_s && strcmp(m->deploy[i].name, d->name) == 0) {
            return true;
        }
    }
    return false;
}

static void
add(struct monitor *m, const struct monitor_deploy *d)
{
    m->deploy[m->deploy_count++ % MONITOR_DEPLOYS_MAX] = *d;
    m->last_deploy_s = MAX(m->last_deploy_s, d->at_s);
}

void
monitor_deploy(struct monitor *m, const struct history_deploy *d)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    struct monitor_deploy one = {.at_s = d->at_s};
    slice_to_str(d->name, one.name, sizeof(one.name));
    affects_make(&one.affects, d);
    add(m, &one);
}

void
monitor_take_deploys(struct monitor *m, const struct monitor *from, int64_t until_s)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    OBJ_CHECK(from, MONITOR_MAGIC);
    unsigned kept = MIN(from->deploy_count, MONITOR_DEPLOYS_MAX);
    for (unsigned i = from->deploy_count - kept; i < from->deploy_count; i++) {
        const struct monitor_deploy *d = &from->deploy[i % MONITOR_DEPLOYS_MAX];
        if (d->at_s <= until_s && !is_known(m, d)) {
            add(m, d);
        }
    }
}

double
monitor_deploy_chance(const struct monitor *m, const struct scope *s, double within_s)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    double for_s = (double)(m->step_s - m->first_s);
    unsigned kept = MIN(m->deploy_count, MONITOR_DEPLOYS_MAX), of_it = 0;
    if (m->deploy_count < DEPLOYS_MIN || m->first_s == 0 || for_s <= 0) {
        return -1;
    }
    for (unsigned i = 0; i < kept; i++) {
        of_it += affects_some(&m->deploy[i].affects, s) ? 1 : 0;
    }
    double rate = m->deploy_count / for_s * MAX(of_it, 1u) / kept;
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
affects_track(const struct monitor *m, const struct affects *a, const struct track *t,
              const struct scope *scope)
{
    if (affects_some(a, scope)) {
        return true;
    }
    for (unsigned i = 0; t->kind == TRACK_STATEMENT && i < a->count; i++) {
        uint64_t print = hash_bytes(slice_from_str(t->fingerprint));
        if (map_get(&m->by_key, hash_combine(hash_combine(0, a->name[i]), print)) != NULL) {
            return true;
        }
    }
    return false;
}

const struct monitor_deploy *
monitor_deploy_near(const struct monitor *m, const struct track *t, int64_t from_s, int64_t to_s)
{
    const struct monitor_deploy *last = NULL;
    from_s -= STRUCTURE_DEPLOY_S;
    if (from_s > m->last_deploy_s) {
        return NULL;
    }
    struct scope scope;
    scope_of(t, &scope);
    for (unsigned i = 0; i < MIN(m->deploy_count, MONITOR_DEPLOYS_MAX); i++) {
        const struct monitor_deploy *d = &m->deploy[i];
        bool is_between = d->at_s >= from_s && d->at_s <= to_s;
        bool is_later = last == NULL || d->at_s > last->at_s;
        if (is_between && is_later && affects_track(m, &d->affects, t, &scope)) {
            last = d;
        }
    }
    return last;
}
