/* SPDX-License-Identifier: Apache-2.0
 *
 * One incident for one thing: an episode of the monitor joins the incident that is about it, or
 * that it is a consequence of, and else opens one, with the monitor's long view of what is normal.
 * Causes are found as ever; where there is nothing to find it says what the monitor knows. */
#include <math.h>
#include <stdio.h>

#include "analysis/incident/cause.h"
#include "analysis/judge/home.h"
#include "base/clock.h"

#define AGAIN_S          86400 /* what was relearned tells only what is younger */
#define OWN_CAUSES_AFTER (60 * NS_PER_S)

static void
take_part(const struct judge *j, struct incident *inc, const struct episode *e)
{
    struct incident_episode *p = &inc->episode;
    p->id = e->id;
    p->subject_key = e->subject_key;
    p->over = e->state != EPISODE_OPEN;
    p->learning = e->learning;
    p->apart = episode_stands_apart(e);
    p->deploy_chance = e->deploy[0] == '\0' ? -1 : e->chance;
    p->onset_from_ns = judge_mono(j, e->onset_from_s);
    p->onset_to_ns = judge_mono(j, e->onset_to_s);
    snprintf(p->lane, sizeof(p->lane), "%s", lane_name(e->lane));
    inc->dirty = true;
}

/* "drift of GET /a, 12.1 ms instead of 10.0 ms" */
static void
describe(const struct episode *e, char dst[256])
{
    char was[64];
    switch (e->lane) {
    case LANE_CALLS:
    case LANE_NEW:
        snprintf(was, sizeof(was), "%.1f calls a request instead of %.1f", e->now, e->before);
        break;
    case LANE_ERRORS:
        snprintf(was, sizeof(was), "%.2f %% of the calls instead of %.2f %%", 100 * e->now,
                 100 * e->before);
        break;
    case LANE_OBJECTIVE:
        snprintf(was, sizeof(was), "%.2f %% of the requests are bad, where %.2f %% may be",
                 100 * e->now, 100 * e->before);
        break;
    case LANE_ROWS:
        snprintf(was, sizeof(was), "%.0f rows a call instead of %.0f", e->now, e->before);
        break;
    case LANE_BYTES:
        snprintf(was, sizeof(was), "%.1f kB a call instead of %.1f kB", e->now / 1000,
                 e->before / 1000);
        break;
    case LANE_BLIPS:
    case LANE_BURSTS:
        snprintf(was, sizeof(was), "%.0f in %.0f minutes, usually %.1f", e->now,
                 (double)(e->opened_s - e->onset_s) / 60, e->before);
        break;
    case LANE_STALL:
        snprintf(was, sizeof(was), "in flight for %.0f s", e->now / 1000);
        break;
    default:
        snprintf(was, sizeof(was), "%.1f ms instead of %.1f ms", e->now, e->before);
    }
    bool has_figure = isfinite(e->now) && isfinite(e->before) && e->now > 0;
    snprintf(dst, 256, "%s of %.120s%s%s%s", lane_name(e->lane), e->subject, has_figure ? ", " : "",
             has_figure ? was : "", e->learning ? ", while still learning what is normal" : "");
}

static void
join(struct judge *j, struct incident *inc, const struct episode *e)
{
    char what[256], text[300];
    bool is_first = inc->episode.lane[0] == '\0';
    describe(e, what);
    snprintf(text, sizeof(text), "the long view sees it, too: %s", what);
    if (is_first || judge_may_reopen(inc)) {
        take_part(j, inc, e);
    }
    if (judge_may_reopen(inc)) { /* the last minutes had taken it for over */
        inc->episode.opened = true;
        judge_open_again(j, inc, what);
        return;
    }
    incident_note(inc, j->now_ns, "monitor", text);
    judge_tell_of(j, inc, "incident-joined", text);
    judge_publish(j, inc);
}

/* ---- opening */

/* NULL: there are no requests to say anything of. */
static struct incident *
new_on_route(struct judge *j, const struct about *a, uint64_t onset_ns)
{
    struct incident *inc = NULL;
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (a->is_whole || j->watch[i] == a->watch) {
            judge_take_normal(j, j->watch[i]);
        }
    }
    struct shift *s =
        shift_new(j->watch, j->watch_count, &j->load, SHIFT_FROZEN, onset_ns, j->now_ns);
    struct shift_route *r = a->is_whole        ? slump_worst(NULL, s)
                            : a->watch != NULL ? shift_find(s, a->watch)
                                               : NULL;
    if (r != NULL) {
        inc = incident_new(j->next_id++, r, onset_ns, j->now_ns);
        inc->load_before = s->load_before;
    }
    shift_free(&s);
    return inc;
}

struct incident *
judge_incident_on(struct judge *j, struct watch *w, uint64_t onset_ns)
{
    const struct about a = {.name = w->text, .watch = w};
    judge_make_place(j);
    struct incident *inc = new_on_route(j, &a, onset_ns);
    if (inc == NULL) {
        inc = incident_new_bare(j->next_id++, w->text, onset_ns, j->now_ns);
    }
    j->incident[j->incident_count++] = inc;
    return inc;
}

static void
open_incident(struct judge *j, const struct episode *e, const struct about *a)
{
    char what[256], text[300];
    uint64_t onset_ns = judge_mono(j, e->onset_s);
    judge_make_place(j);
    struct incident *inc = new_on_route(j, a, onset_ns);
    if (inc == NULL) {
        const char *subject = a->watch != NULL ? a->watch->text
                              : a->st != NULL  ? a->st->label
                                               : e->subject;
        inc = incident_new_bare(j->next_id++, subject, onset_ns, j->now_ns);
    }
    j->incident[j->incident_count++] = inc;
    take_part(j, inc, e);
    inc->episode.opened = true;
    inc->episode.fingerprint = a->watch == NULL && a->st != NULL ? a->st->fingerprint : 0;
    inc->is_whole = a->is_whole;
    inc->onset_from_ns = inc->episode.onset_from_ns;
    inc->onset_to_ns = inc->episode.onset_to_ns;
    judge_tie_episode(j, inc, e, a->watch);
    describe(e, what);
    snprintf(text, sizeof(text), "give or take %.0f s",
             (double)(inc->onset_to_ns - inc->onset_from_ns) / 2 / NS_PER_S);
    incident_note(inc, inc->onset_ns, "onset", text);
    incident_note(inc, j->now_ns, "opened", what);
    judge_publish(j, inc);
}

/* ---- following */

/* Somebody else has found a reason. */
static bool
others_know(const struct judge *j, const struct incident *inc, const struct episode *e)
{
    struct finding own[EPISODE_CAUSES_MAX];
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct track *t = monitor_track(j->long_term.monitor, e->cause[i].track);
        own[i] = (struct finding){.kind = e->cause[i].kind, .fingerprint = home_fingerprint(t)};
    }
    return incident_has_reason_beside(inc, own, e->cause_count);
}

/* What the monitor knows of its causes, where nobody knows better. Of an incident that it has only
 * joined: what fails besides, and not because of it. */
static void
add_causes(struct judge *j, struct incident *inc, const struct episode *e)
{
    bool is_known = others_know(j, inc, e);
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct episode_cause *c = &e->cause[i];
        const struct track *t = monitor_track(j->long_term.monitor, c->track);
        bool is_failure = c->kind == FINDING_ERRORS || c->kind == FINDING_STALL ||
                          c->kind == FINDING_INCONSISTENT_RESPONSE;
        bool may_wait = !is_failure && j->now_ns < inc->opened_ns + OWN_CAUSES_AFTER;
        if (t == NULL || may_wait || (!inc->episode.opened && !c->by_itself) ||
            (!is_failure && is_known)) {
            continue;
        }
        struct finding f = {
            .kind = c->kind, .evidence = c->evidence, .fingerprint = home_fingerprint(t)};
        snprintf(f.basis, sizeof(f.basis), "counters");
        char who[96];
        snprintf(f.detail, sizeof(f.detail), "%s%s", c->detail, judge_logins_of(j, t, who));
        if (who[0] != '\0') {
            snprintf(f.label, sizeof(f.label), "%s", t->statement);
        }
        const struct statement *st = statement_get(&j->statements, f.fingerprint);
        if (st != NULL) {
            detect_about(&f, st);
        }
        bool is_elsewhere = t->route != NULL && strcmp(t->route, inc->subject) != 0;
        if (cause_add(inc, &f, is_elsewhere ? t->route : "", st)) {
            char text[256];
            snprintf(text, sizeof(text), "%s (%s): %.200s", finding_kind_name(f.kind),
                     finding_evidence_name(f.evidence), f.detail);
            incident_note(inc, j->now_ns, "finding", text);
            judge_tell_of(j, inc, "finding", text);
            judge_publish(j, inc);
        }
    }
}

static struct incident *
incident_of(const struct judge *j, const struct episode *e)
{
    for (unsigned i = j->incident_count; i-- > 0;) {
        if (j->incident[i]->episode.id == e->id) {
            return j->incident[i];
        }
    }
    return NULL;
}

static void
welcome(struct judge *j, const struct episode *e)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    struct about a = home_about(j, e);
    struct incident *home = home_find(j, e, &a);
    if (home != NULL) {
        join(j, home, e);
    } else if (judge_active(j, active) == JUDGE_ACTIVE_MAX) {
        j->long_term.refused++;
    } else {
        open_incident(j, e, &a);
    }
}

static void
follow(struct judge *j, const struct episode *e)
{
    struct incident *inc = incident_of(j, e);
    if (inc == NULL) {
        return;
    }
    if (e->state != EPISODE_OPEN) {
        inc->episode.over = inc->episode.over || inc->episode.opened;
        inc->dirty = inc->dirty || inc->episode.opened;
    } else if (inc->state == INCIDENT_OPEN) {
        snprintf(inc->episode.trend, sizeof(inc->episode.trend), "%s",
                 episode_trend_name(e->trend));
        inc->episode.apart = episode_stands_apart(e);
        add_causes(j, inc, e);
        if (inc->watch == NULL && inc->before.n == 0) {
            judge_follow_bare(j, inc);
        }
    }
}

void
judge_episodes_turn(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    for (unsigned i = 0; i < monitor_episode_count(m); i++) {
        const struct episode *e = monitor_episode(m, i);
        if (e->id > j->long_term.welcomed) {
            j->long_term.welcomed = e->id;
            if (e->state == EPISODE_OPEN) {
                welcome(j, e);
            }
        }
        follow(j, e);
    }
}

/* ---- after a restart */

static void
is_again(struct incident *inc, const struct episode *e)
{
    inc->episode.id = e->id;
    inc->episode.apart = episode_stands_apart(e);
}

/* Those of the same series first: what resembles an episode may be another one's. */
static void
find_known(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    for (unsigned i = 0; i < monitor_episode_count(m); i++) {
        const struct episode *e = monitor_episode(m, i);
        struct incident *inc = e->state == EPISODE_OPEN ? home_of_series(j, e) : NULL;
        if (inc != NULL) {
            is_again(inc, e);
        }
    }
}

void
judge_episodes_again(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    int64_t now_s = (int64_t)(judge_wall(j, j->now_ns) / NS_PER_S);
    for (unsigned i = 0; i < j->incident_count; i++) {
        j->incident[i]->episode.id = 0; /* numbers of another monitor */
    }
    j->long_term.welcomed = 0;
    find_known(j);
    for (unsigned i = 0; i < monitor_episode_count(m); i++) {
        const struct episode *e = monitor_episode(m, i);
        j->long_term.welcomed = e->id;
        if (e->state != EPISODE_OPEN || incident_of(j, e) != NULL) {
            continue;
        }
        struct incident *inc = home_again(j, e);
        if (inc != NULL) {
            is_again(inc, e);
        } else if (now_s - e->opened_s < AGAIN_S) {
            welcome(j, e);
        }
    }
    for (unsigned i = 0; i < j->incident_count; i++) {
        struct incident *inc = j->incident[i];
        if (incident_is_held(inc) && inc->episode.id == 0) {
            inc->episode.over = true; /* it is not there any more */
            inc->dirty = true;
        }
    }
}
