/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/change/assess.h"
#include "analysis/change/onset.h"
#include "analysis/judge/state.h"
#include "base/clock.h"

#define BASE_EVERY_NS    (60 * NS_PER_S)
#define BASE_FIRST_NS    (10 * NS_PER_S)      /* a young one is taken more often */
#define DEPLOY_WINDOW_NS (30 * 60 * NS_PER_S) /* so long a deploy may be to blame */
#define NOVELTY_NEAR_NS  (5 * 60 * NS_PER_S)  /* to an onset: of the same change */
#define HOLD_SINCE_NS    (2 * NS_PER_S)       /* a change must be seen for so long */
#define HOLD_DRIFT_NS    (15 * NS_PER_S)
#define COLD_NS          (60 * NS_PER_S) /* after a deploy latency alone opens nothing */
#define RESTORED_SPAN_NS (10 * 60 * NS_PER_S)
#define NOVELTIES_MAX    4u
#define VICTIM_WAITS_NS  (20 * NS_PER_S)     /* for one with fewer requests that may be to blame */
#define APART_AFTER_NS   (20 * NS_PER_S)     /* after an opening, until a second one may open */
#define APP_SHARE        0.7                 /* of its own change */
#define CHURN_BEYOND     3.0                 /* times what setting connections up costs */
#define LASTING_NS       (4 * 60 * NS_PER_S) /* a change that no statement explains must last */
#define HIDDEN_NS        (APART_AFTER_NS + 20 * NS_PER_S) /* and so long it may be hidden by others */

/* only: the other routes' are another incident's, too. */
static void
freeze_bases(struct shift *s, const struct watch *only)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        if (r->before.n >= 10 && (only == NULL || r->watch == only)) {
            stats_copy(&r->watch->base, &r->before);
            r->watch->base_dirty = true;
        }
    }
}

void
judge_make_place(struct judge *j)
{
    unsigned at = 0;
    if (j->incident_count < JUDGE_INCIDENTS_MAX) {
        return;
    }
    while (at + 1 < j->incident_count && incident_is_active(j->incident[at])) {
        at++;
    }
    free(j->incident[at]); /* the store has it */
    j->incident_count--;
    memmove(&j->incident[at], &j->incident[at + 1],
            (j->incident_count - at) * sizeof(j->incident[0]));
}

static struct incident *
open_incident(struct judge *j, struct shift *s, struct shift_route *r)
{
    uint64_t fingerprint = 0;
    uint64_t from = j->now_ns - MIN(j->now_ns, DEPLOY_WINDOW_NS);
    uint64_t novelty = watch_novelty(r->watch, from, &fingerprint);
    struct onset onset = onset_find(r, s->mode == SHIFT_SINCE ? r->before.to_ns : 0);
    if (novelty != 0 && novelty <= onset.at_ns + NOVELTY_NEAR_NS &&
        onset.at_ns <= novelty + NOVELTY_NEAR_NS) {
        onset = s->mode == SHIFT_SINCE ? onset_at(r->watch, novelty) : onset;
    } else {
        novelty = 0;
    }
    struct incident *active[JUDGE_ACTIVE_MAX];
    bool is_first = judge_active(j, active) == 0;
    struct incident *again = novelty == 0 ? judge_reopen(j, s, r) : NULL;
    if (again != NULL) {
        freeze_bases(s, is_first ? NULL : r->watch);
        return again;
    }
    judge_make_place(j);
    struct incident *inc = incident_new(j->next_id++, r, onset.at_ns, j->now_ns);
    j->incident[j->incident_count++] = inc;
    incident_began(inc, onset);
    inc->is_whole = s->mode == SHIFT_FROZEN;
    judge_tie_deploy(j, inc, s, r, novelty);
    freeze_bases(s, is_first ? NULL : r->watch);
    inc->load_before = s->load_before;
    incident_note(inc, inc->onset_ns, "onset", "requests become slower than before");
    char text[256];
    snprintf(text, sizeof(text), "%.120s: mean %.1f ms, was %.1f ms", inc->subject, r->now.mean_ms,
             r->before.mean_ms);
    incident_note(inc, j->now_ns, "opened", text);
    judge_announce(j, inc);
    return inc;
}

/* A quieter route runs something new, and has not had its 30 requests yet. */
static bool
one_is_brewing(const struct shift *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct shift_route *r = &s->route[i];
        if (!r->comparable && r->before.n >= 15 && r->now.n >= 5 && assess_has_news(r)) {
            return true;
        }
    }
    return false;
}

/* Slower, and no statement of its own explains it: application time, or a busy machine. */
static void
watch_closely(struct judge *j, const struct shift_route *r)
{
    struct watch *w = r->watch;
    if (!w->is_watched) {
        char text[256];
        snprintf(text, sizeof(text),
                 "%.120s: mean %.1f ms, was %.1f ms; no statement of its own explains it", w->text,
                 r->now.mean_ms, r->before.mean_ms);
        judge_tell(j, "watched", text);
    }
    w->is_watched = true;
    w->watched_ms = r->now.mean_ms;
    w->watched_was_ms = r->before.mean_ms;
}

/* Something was deployed a moment ago: caches are cold, and what is only slower may warm up. */
static bool
is_cold(const struct judge *j, const struct watch *w)
{
    uint64_t since = j->now_ns - MIN(j->now_ns, COLD_NS), fingerprint = 0;
    for (unsigned i = 0; i < MIN(j->deploy_count, JUDGE_DEPLOYS_MAX); i++) {
        if (j->deploy[i].at_ns > since && judge_may_affect(&j->deploy[i], w)) {
            return true;
        }
    }
    return watch_novelty(w, since, &fingerprint) != 0;
}

/* True when it has held for long enough, given what there is to explain it. */
static bool
suspect(struct judge *j, const struct shift *s, const struct shift_route *r)
{
    struct watch *w = r->watch;
    struct inquest q = judge_inquest(j);
    if (w->suspected_ns == 0) {
        w->suspected_ns = j->now_ns;
        w->normal_to_ns = r->before.to_ns;
    }
    w->still_suspected = true;
    uint64_t for_ns = j->now_ns - w->suspected_ns;
    enum inquest_reason reason =
        assess_is_structural(r) ? INQUEST_REASON : inquest_reason(&q, s, r);
    if (reason != INQUEST_NOTHING) {
        w->is_watched = false;
        bool waits = reason == INQUEST_SLOWER && for_ns < COLD_NS && is_cold(j, w);
        return for_ns >= (s->mode == SHIFT_SINCE ? HOLD_SINCE_NS : HOLD_DRIFT_NS) && !waits;
    }
    if (for_ns >= HOLD_DRIFT_NS) {
        watch_closely(j, r);
    }
    return for_ns >= LASTING_NS && assess_is_large(s, r);
}

/* Most of what the route became slower by is what the incident is about. */
static bool
is_of(const struct judge *j, const struct incident *inc, const struct shift_part *parts,
      unsigned part_count)
{
    double grown = 0, explained = 0;
    for (unsigned i = 0; i < part_count; i++) {
        const struct statement *st = statement_get(&j->statements, parts[i].fingerprint);
        double ms = MAX(parts[i].change_ms, 0);
        grown += ms;
        explained += st != NULL && incident_explains(inc, st) ? ms : 0;
    }
    return explained > 0 && explained >= 0.5 * grown;
}

/* Its application alone became slower by far, and no other's did: nothing that a database in
 * trouble brings with it. */
static bool
is_its_application(const struct shift *s, const struct shift_route *r)
{
    return assess_is_large(s, r) && r->app_change_ms - r->app_waiting_ms >= APP_SHARE * r->own_ms;
}

/* It is about everything; but what connections cost is known, and does not explain one whose
 * application alone lost many times as much. */
static bool
is_about_all(const struct incident *inc, const struct shift *s, const struct shift_route *r)
{
    double cost_ms = 0;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        cost_ms += f->kind == FINDING_CONNECTION_CHURN ? f->saving_ms : 0;
    }
    bool is_beyond = cost_ms > 0 && r->own_ms >= CHURN_BEYOND * cost_ms && is_its_application(s, r);
    return inc->is_whole && !is_beyond;
}

/* While others are open: not what one of them is about, and nothing that could be its consequence;
 * and not before the last one had the time to find out what it is about. A small one stands in
 * nobody's way but for what it is about. */
static bool
stands_apart(const struct judge *j, const struct shift *s, const struct shift_route *r)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = judge_active(j, active), large = 0;
    if (n == 0) {
        return true;
    }
    if (judge_is_merged(j, r->watch)) { /* one of them tells of it */
        return false;
    }
    unsigned part_count = shift_parts(s, r, parts);
    for (unsigned i = 0; i < n; i++) {
        const struct incident *inc = active[i];
        bool is_small = incident_is_small(inc);
        if (inc->watch == r->watch || is_about_all(inc, s, r) ||
            (is_small && is_of(j, inc, parts, part_count))) {
            return false;
        }
        if (!is_small && (inc->watch == NULL || inc->cause_count == 0 ||
                          j->now_ns < inc->opened_ns + APART_AFTER_NS)) {
            return false;
        }
        large += is_small ? 0 : 1;
    }
    if (large == 0 || is_its_application(s, r)) {
        return true;
    }
    for (unsigned i = 0; i < part_count; i++) {
        const struct statement *st = statement_get(&j->statements, parts[i].fingerprint);
        bool own =
            assess_is_distinct(s, r, &parts[i]) || assess_returns_more(r, parts[i].fingerprint);
        bool apart = st != NULL && !statement_is_exempt(st) && own;
        for (unsigned k = 0; k < n && apart; k++) {
            apart = !incident_explains(active[k], st);
        }
        if (apart) {
            return true;
        }
    }
    return false;
}

/* A candidate must be seen without a break for some seconds, and has its evidence gathered
 * meanwhile. Returns the worst one that has held. */
static struct shift_route *
pick(struct judge *j, struct shift *s, const struct watch *only)
{
    struct shift_route *worst = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        if ((only != NULL && r->watch != only) || !stands_apart(j, s, r)) {
            continue;
        }
        bool burn = assess_is_burn(s, r);
        bool looks_bad =
            r->before.n >= 15 && r->now.n >= 8 && r->own_ms >= assess_threshold_ms(r) && r->z >= 4;
        if (burn || looks_bad) {
            struct inquest q = judge_inquest(j);
            inquest_gather(&q, s, r);
        }
        if (!burn) {
            continue;
        }
        bool held = suspect(j, s, r);
        if (held && (worst == NULL || r->own_ms * r->now.n > worst->own_ms * worst->now.n)) {
            worst = r;
        }
    }
    bool may_be_victim = worst != NULL && !assess_has_news(worst) &&
                         j->now_ns < worst->watch->suspected_ns + VICTIM_WAITS_NS;
    return may_be_victim && one_is_brewing(s) ? NULL : worst;
}

void
judge_move_incident(struct judge *j, struct incident *inc, const struct shift *s,
                    const struct shift_route *r)
{
    uint64_t fingerprint = 0;
    uint64_t from = inc->onset_ns - MIN(inc->onset_ns, NOVELTY_NEAR_NS);
    uint64_t novelty = watch_novelty(r->watch, from, &fingerprint);
    char text[256];
    snprintf(text, sizeof(text), "%.110s is to blame, %.110s only waits", r->watch->text,
             inc->subject);
    incident_move(inc, r);
    if (novelty != 0 && novelty < inc->onset_ns) {
        incident_began(inc, onset_at(r->watch, novelty));
    }
    if (!inc->episode.opened) { /* the monitor has tied its own */
        judge_tie_deploy(j, inc, s, r, novelty);
    }
    incident_note(inc, j->now_ns, "subject", text);
    judge_tell_of(j, inc, "incident-subject", text);
}

static bool
try_to_open(struct judge *j, enum shift_mode mode, uint64_t split_ns, const struct watch *only)
{
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, mode, split_ns, j->now_ns);
    struct shift_route *r = pick(j, s, only);
    if (r != NULL) {
        struct incident *inc = open_incident(j, s, r);
        if (r->watch->is_watched) {
            snprintf(
                inc->remark, sizeof(inc->remark),
                "no single cause: it has lasted for %.0f minutes, and no statement explains it",
                (double)(j->now_ns - r->watch->suspected_ns) / (60.0 * NS_PER_S));
            incident_note(inc, j->now_ns, "no-cause", inc->remark);
        }
    }
    shift_free(&s);
    return r != NULL;
}

static bool
is_subject(const struct judge *j, const struct watch *w)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        if (active[i]->watch == w) {
            return true;
        }
    }
    return judge_is_merged(j, w);
}

/* While nothing is suspected, what is normal is taken afresh now and then. */
void
judge_learn_bases(struct judge *j)
{
    bool due = false;
    if (j->slump.since_ns != 0) {
        return;
    }
    for (unsigned i = 0; i < j->watch_count; i++) {
        const struct watch *w = j->watch[i];
        if (w->suspected_ns != 0) {
            return;
        }
        uint64_t age_ns = j->now_ns - MIN(w->recent.first_ns, j->now_ns);
        uint64_t every_ns = MIN(MAX(age_ns / 4, BASE_FIRST_NS), BASE_EVERY_NS);
        due = due || (w->recent.count >= WATCH_REQUESTS_MIN && j->now_ns >= w->base_ns + every_ns);
    }
    if (!due) {
        return;
    }
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, SHIFT_DRIFT, 0, j->now_ns);
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        struct watch *w = r->watch;
        if (is_subject(j, w)) {
            continue;
        }
        bool reaches_back = !w->base_restored || j->now_ns > w->recent.first_ns + RESTORED_SPAN_NS;
        w->base_restored = w->base_restored && !reaches_back;
        if (w->base.n == 0 && r->before.n < WATCH_REQUESTS_MIN) { /* no minute is over yet */
            stats_make(&w->recent, watch_baseline_from(w),
                       j->now_ns - MIN(j->now_ns, BASE_FIRST_NS), 0, &r->before);
        }
        if (reaches_back && r->before.n >= WATCH_REQUESTS_MIN) {
            stats_copy(&w->base, &r->before);
            w->base_dirty = true;
            w->base_ns = j->now_ns;
        }
    }
    shift_free(&s);
}

/* Everything is slower alike. */
static void
look_for_slump(struct judge *j)
{
    uint64_t from = j->now_ns - MIN(j->now_ns, 60 * NS_PER_S);
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, SHIFT_FROZEN, from, j->now_ns);
    char text[256];
    enum slump_state state = slump_look(&j->slump, s, j->now_ns);
    if (state == SLUMP_BEGINS) {
        judge_tell(j, "watched", slump_text(&j->slump, text, sizeof(text)));
    }
    struct shift_route *worst = state == SLUMP_LASTS ? slump_worst(&j->slump, s) : NULL;
    if (worst != NULL) {
        struct incident *inc = open_incident(j, s, worst);
        slump_text(&j->slump, inc->remark, sizeof(inc->remark));
        incident_note(inc, j->now_ns, "no-cause", inc->remark);
        j->slump.since_ns = 0;
    }
    shift_free(&s);
}

/* What began before enough is known of a route hides nothing that has begun since. What was slow
 * because of one that has ended is not normal while another one is open. */
void
judge_note_trouble(struct judge *j)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct watch *w = j->watch[i];
        uint64_t from = watch_kept_nth(w, WATCH_REQUESTS_MIN);
        uint64_t first = w->trouble_ns > from ? w->trouble_ns : UINT64_MAX;
        bool is_any = false;
        for (unsigned k = 0; k < n; k++) {
            bool is_large = !incident_is_small(active[k]);
            bool counts = is_large && active[k]->onset_ns > from;
            first = counts ? MIN(first, active[k]->onset_ns) : first;
            is_any = is_any || is_large;
        }
        w->trouble_ns = is_any && first != UINT64_MAX ? first : 0;
    }
}

void
judge_look_for_burns(struct judge *j)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        j->watch[i]->still_suspected = false;
    }
    uint64_t from = j->now_ns - MIN(j->now_ns, DEPLOY_WINDOW_NS);
    uint64_t last = 0;
    for (unsigned i = 0; i < MIN(j->deploy_count, JUDGE_DEPLOYS_MAX); i++) {
        last = MAX(last, j->deploy[i].at_ns);
    }
    bool opened = last >= from && last != 0 && try_to_open(j, SHIFT_SINCE, last, NULL);
    unsigned novelties = 0;
    for (unsigned i = 0; i < j->watch_count && !opened && novelties < NOVELTIES_MAX; i++) {
        uint64_t fingerprint = 0;
        uint64_t at = watch_novelty(j->watch[i], from, &fingerprint);
        if (at != 0) {
            novelties++;
            opened = try_to_open(j, SHIFT_SINCE, at, j->watch[i]);
        }
    }
    opened = opened || try_to_open(j, SHIFT_DRIFT, 0, NULL);
    struct incident *active[JUDGE_ACTIVE_MAX];
    if (judge_active(j, active) == 0) {
        look_for_slump(j);
    }
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct watch *w = j->watch[i];
        w->last_seen_ns = w->still_suspected ? j->now_ns : w->last_seen_ns;
        bool is_hidden = w->is_watched && j->now_ns < w->last_seen_ns + HIDDEN_NS;
        if (!w->still_suspected && !is_hidden) {
            w->suspected_ns = 0;
            w->is_watched = false;
        }
    }
}
