/* SPDX-License-Identifier: Apache-2.0
 *
 * Deploys: which one an incident may have begun with. By time, from the interval in which it began;
 * by what the deploy says that it affects; by what is new since it. Always with the chance that one
 * is that near anyway, and not named where that is all there is to say for it. */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/change/onset.h"
#include "analysis/judge/state.h"
#include "base/clock.h"

#define BEFORE_NS (5 * 60 * NS_PER_S) /* it may be so much older than what it brought about */
#define LATE_NS   (60 * NS_PER_S)     /* or marked so late */

void
judge_deploy(struct judge *j, uint64_t now_ns, struct slice text)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct slice rest = text, name = SLICE_NONE;
    struct history_deploy read;
    j->now_ns = MAX(j->now_ns, now_ns);
    (void)slice_split(&rest, '\n', &name);
    struct judge_deploy_mark *d = &j->deploy[j->deploy_count++ % JUDGE_DEPLOYS_MAX];
    slice_to_str(name, d->name, sizeof(d->name));
    d->at_ns = now_ns;
    free(d->names); /* of the one that gives way */
    d->names = check_alloc(1, rest.len + 1);
    slice_to_str(rest, d->names, rest.len + 1);
    struct stored record = {.kind = STORED_DEPLOY,
                            .deploy = {.name = slice_from_str(d->name),
                                       .at_wall_ns = judge_wall(j, now_ns),
                                       .basis = SLICE_LIT("marked"),
                                       .affects = rest}};
    judge_give(j, &record);
    history_deploy_make(&record.deploy, &read);
    affects_make(&d->affects, &read);
    monitor_deploy(j->long_term.monitor, &read);
    judge_shapes_deploy(j, d);
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        incident_note(active[i], now_ns, "deploy", d->name);
    }
    judge_tell(j, "deploy", d->name);
}

bool
judge_may_affect(const struct judge_deploy_mark *d, const struct watch *w)
{
    struct scope scope;
    if (d->affects.count == 0) {
        return true;
    }
    scope_init(&scope);
    scope_add(&scope, w->text);
    for (unsigned i = 0; i < w->known_count; i++) {
        scope_add_fingerprint(&scope, w->known[i].fingerprint);
    }
    return affects_some(&d->affects, &scope);
}

static bool
has_grown(enum shift_kind kind)
{
    return kind == SHIFT_NEW || kind == SHIFT_MORE || kind == SHIFT_SLOWER;
}

/* Its subject and its causes; before these are known, what has grown in its route. s NULL: no route
 * is compared. */
static void
scope_of(const struct incident *inc, const struct shift *s, const struct shift_route *r,
         struct scope *ret)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = s == NULL ? 0 : shift_parts(s, r, parts);
    scope_init(ret);
    scope_add(ret, inc->subject);
    scope_add_fingerprint(ret, inc->episode.fingerprint);
    ret->is_whole = inc->is_whole;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        scope_add(ret, inc->cause[i].route);
        scope_add_fingerprint(ret, inc->cause[i].finding.fingerprint);
    }
    for (unsigned i = 0; i < n; i++) {
        scope_add_fingerprint(ret, has_grown(parts[i].kind) ? parts[i].fingerprint : 0);
    }
}

/* How far before the onset's interval, or behind it. */
static uint64_t
distance_ns(const struct incident *inc, uint64_t at_ns)
{
    uint64_t before_ns = inc->onset_from_ns - MIN(inc->onset_from_ns, at_ns);
    return MAX(before_ns, at_ns - MIN(at_ns, inc->onset_to_ns));
}

/* What was marked when it was open already is somebody's answer to it. */
static const struct judge_deploy_mark *
nearest(const struct judge *j, const struct incident *inc, const struct scope *scope)
{
    const struct judge_deploy_mark *best = NULL;
    uint64_t best_ns = 0;
    for (unsigned i = 0; i < MIN(j->deploy_count, JUDGE_DEPLOYS_MAX); i++) {
        const struct judge_deploy_mark *d = &j->deploy[i];
        uint64_t off_ns = distance_ns(inc, d->at_ns);
        bool is_near =
            d->at_ns + BEFORE_NS >= inc->onset_from_ns && d->at_ns <= inc->onset_to_ns + LATE_NS;
        if (!is_near || d->at_ns > inc->opened_ns || !affects_some(&d->affects, scope)) {
            continue;
        }
        if (best == NULL || off_ns < best_ns || (off_ns == best_ns && d->at_ns > best->at_ns)) {
            best = d;
            best_ns = off_ns;
        }
    }
    return best;
}

/* Of one that is as near as that, before or behind. */
static double
chance_of(const struct judge *j, const struct incident *inc, const struct scope *scope,
          uint64_t at_ns)
{
    uint64_t off_ns = distance_ns(inc, at_ns);
    uint64_t within_ns = inc->onset_to_ns - inc->onset_from_ns + off_ns + MIN(off_ns, LATE_NS);
    return monitor_deploy_chance(j->long_term.monitor, scope, (double)within_ns / NS_PER_S);
}

double
judge_deploy_chance(const struct judge *j, const struct incident *inc, uint64_t at_ns)
{
    struct scope scope;
    scope_of(inc, NULL, NULL, &scope);
    return chance_of(j, inc, &scope, at_ns);
}

/* False: chance alone brings one so near, and nothing else speaks for it. */
static bool
tie(struct judge *j, struct incident *inc, const struct judge_deploy_mark *d,
    const struct scope *scope, uint64_t novelty_ns)
{
    double chance = chance_of(j, inc, scope, d->at_ns);
    bool is_new =
        novelty_ns != 0 && novelty_ns + LATE_NS >= d->at_ns && novelty_ns <= d->at_ns + BEFORE_NS;
    bool is_same = inc->deploy_ns == d->at_ns && strcmp(inc->deploy_name, d->name) == 0;
    if (chance > MONITOR_CHANCE_MAX && !is_new) {
        return false;
    }
    inc->has_deploy = inc->deploy_marked = true;
    inc->deploy_ns = d->at_ns;
    inc->deploy_chance = chance;
    inc->deploy_overlap = affects_names(&d->affects, scope) ? OVERLAP_AFFECTS
                          : is_new                          ? OVERLAP_NEW_STATEMENT
                                                            : OVERLAP_TIME;
    memcpy(inc->deploy_name, d->name, sizeof(inc->deploy_name));
    if (!is_same) {
        incident_note(inc, inc->deploy_ns, "deploy", inc->deploy_name);
    }
    return true;
}

/* Nobody marked it, and the route's statements say that there was one. */
static void
infer(struct incident *inc, uint64_t novelty_ns)
{
    inc->has_deploy = true;
    inc->deploy_ns = novelty_ns;
    inc->deploy_chance = -1;
    inc->deploy_overlap = OVERLAP_NEW_STATEMENT;
    snprintf(inc->deploy_name, sizeof(inc->deploy_name), JUDGE_UNNAMED);
    incident_note(inc, inc->deploy_ns, "deploy", inc->deploy_name);
}

/* False: there is none, or one would be so near by chance. */
static bool
tie_nearest(struct judge *j, struct incident *inc, const struct scope *scope, uint64_t novelty_ns)
{
    char text[256];
    const struct judge_deploy_mark *d = nearest(j, inc, scope);
    if (d == NULL || tie(j, inc, d, scope, novelty_ns)) {
        return d != NULL;
    }
    snprintf(text, sizeof(text), "%s: not named, one is that near by chance with %.0f %%", d->name,
             100 * chance_of(j, inc, scope, d->at_ns));
    incident_note(inc, d->at_ns, "deploy", text);
    return false;
}

void
judge_tie_deploy(struct judge *j, struct incident *inc, const struct shift *s,
                 const struct shift_route *r, uint64_t novelty_ns)
{
    struct scope scope;
    scope_of(inc, s, r, &scope);
    inc->has_deploy = inc->deploy_marked = false;
    if (!tie_nearest(j, inc, &scope, novelty_ns) && novelty_ns != 0) {
        infer(inc, novelty_ns);
    }
}

/* When it came is known more exactly here. */
static void
tie_novelty(struct judge *j, struct incident *inc, const struct watch *w)
{
    struct scope scope;
    uint64_t fingerprint = 0;
    uint64_t from_ns = inc->onset_from_ns - MIN(inc->onset_from_ns, BEFORE_NS);
    uint64_t novelty_ns = watch_novelty(w, from_ns, &fingerprint);
    if (novelty_ns != 0) {
        incident_began(inc, onset_at(w, novelty_ns));
        scope_of(inc, NULL, NULL, &scope);
        (void)tie_nearest(j, inc, &scope, novelty_ns);
    }
}

/* As it was marked, where that was here: the monitor knows its second. */
static uint64_t
deploy_of(const struct judge *j, const struct episode *e)
{
    for (unsigned i = 0; i < MIN(j->deploy_count, JUDGE_DEPLOYS_MAX); i++) {
        const struct judge_deploy_mark *d = &j->deploy[i];
        bool is_then = (int64_t)(judge_wall(j, d->at_ns) / NS_PER_S) == e->deploy_s;
        if (is_then && strcmp(d->name, e->deploy) == 0) {
            return d->at_ns;
        }
    }
    return wall_clock_back(&j->clock, (uint64_t)MAX(e->deploy_s, 1) * NS_PER_S);
}

static void
tie_as_told(const struct judge *j, struct incident *inc, const struct episode *e)
{
    inc->has_deploy = inc->deploy_marked = true;
    inc->deploy_ns = deploy_of(j, e);
    inc->deploy_chance = e->chance;
    inc->deploy_overlap = e->deploy_names_it    ? OVERLAP_AFFECTS
                          : e->lane == LANE_NEW ? OVERLAP_NEW_STATEMENT
                                                : OVERLAP_TIME;
    snprintf(inc->deploy_name, sizeof(inc->deploy_name), "%s", e->deploy);
    incident_note(inc, inc->deploy_ns, "deploy", inc->deploy_name);
}

void
judge_tie_episode(struct judge *j, struct incident *inc, const struct episode *e,
                  const struct watch *w)
{
    if (e->deploy[0] != '\0') {
        tie_as_told(j, inc, e);
    } else if (e->lane == LANE_NEW && w != NULL) {
        tie_novelty(j, inc, w);
    }
}

void
judge_tie_causes(struct judge *j, struct incident *inc)
{
    struct scope scope;
    if (inc->episode.opened || inc->of_answers || inc->watch == NULL) {
        return; /* tied by the monitor, or by what it is about */
    }
    scope_of(inc, NULL, NULL, &scope);
    const struct judge_deploy_mark *d = nearest(j, inc, &scope);
    if (d == NULL || !affects_names(&d->affects, &scope) ||
        (inc->has_deploy && inc->deploy_marked &&
         distance_ns(inc, inc->deploy_ns) <= distance_ns(inc, d->at_ns))) {
        return; /* what names nothing was looked at when it opened */
    }
    uint64_t fingerprint = 0;
    uint64_t from_ns = inc->onset_from_ns - MIN(inc->onset_from_ns, BEFORE_NS);
    (void)tie(j, inc, d, &scope, watch_novelty(inc->watch, from_ns, &fingerprint));
}
