/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "analysis/change/assess.h"
#include "analysis/detect/beside.h"
#include "analysis/incident/account.h"
#include "analysis/incident/actions.h"
#include "analysis/incident/interval.h"
#include "analysis/incident/progress.h"
#include "analysis/incident/receipt.h"
#include "analysis/judge/state.h"
#include "base/clock.h"

#define CALM_NS         (60 * NS_PER_S)
#define BLAME_WITHIN_NS (5 * 60 * NS_PER_S) /* so long after its opening the subject may change */
#define BLAME_TIMES     3

/* What the server counts, whoever its clients are. */
static void
rule_out_beside(struct judge *j, struct incident *inc, const struct shift *s)
{
    char text[64];
    const struct databases *d = advice_databases(j->advice);
    struct beside b = beside_of(d, s, 0);
    struct databases_rate since = databases_between(d, 0, inc->onset_ns, j->now_ns + 1);
    bool none = since.seconds > 0 && since.deadlocks < 0.5;
    incident_rule_out(inc, "deadlocks", none ? "0" : NULL);
    snprintf(text, sizeof(text), "%.1f a second", b.temp_files_now);
    incident_rule_out(inc, "temporary files", beside_spills_no_more_than_before(&b) ? text : NULL);
    snprintf(text, sizeof(text), "%.1f sessions", b.load_now);
    incident_rule_out(inc, "load by others", beside_load_is_small(&b, s) ? text : NULL);
}

static void
rule_out(struct judge *j, struct incident *inc, const struct shift *s)
{
    char text[64], lock[32], samples[32];
    double change = s->rate_before > 0 ? 100 * (s->rate_now / s->rate_before - 1) : NAN;
    snprintf(text, sizeof(text), "%+.0f %%", change);
    incident_rule_out(inc, "traffic", fabs(change) <= 25 ? text : NULL);
    incident_rule_out(inc, "errors", inc->errors < 0.5 ? "0" : NULL);
    struct waiting_sums w = advice_waiting(j->advice)->sums;
    if (w.samples > 0) {
        snprintf(text, sizeof(text), "%s of %s samples", detect_count(w.lock_waits, lock),
                 detect_count(w.samples, samples));
        bool few = w.lock_waits < 0.05 * w.samples && !incident_has(inc, FINDING_LOCK_WAIT);
        incident_rule_out(inc, "lock waits", few ? text : NULL);
    }
    double growth = NAN;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        const struct statement *st = statement_get(&j->statements, f->fingerprint);
        for (unsigned k = 0; st != NULL && k < f->tables.count; k++) {
            const struct advice_table *t =
                advice_table(j->advice, judge_name(j, st->database), f->tables.name[k]);
            if (t != NULL && t->answers > 1 && t->rows_first > 0) {
                growth = fmax(isnan(growth) ? 0 : growth, 100 * (t->rows / t->rows_first - 1));
            }
        }
    }
    snprintf(text, sizeof(text), "%.0f %%", isnan(growth) ? 0 : fabs(growth) < 0.5 ? 0 : growth);
    incident_rule_out(inc, "table growth", !isnan(growth) && growth < 10 ? text : NULL);
    rule_out_beside(j, inc, s);
}

static const char *
database_of_incident(struct judge *j, const struct incident *inc)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct statement *s =
            statement_get(&j->statements, inc->cause[i].finding.fingerprint);
        if (s != NULL) {
            return judge_name(j, s->database);
        }
    }
    return "";
}

void
judge_end_burn(struct judge *j, struct incident *inc, enum incident_state state, const char *kind,
               const char *text)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    inc->state = state;
    inc->answers_differ = false;
    incident_note(inc, j->now_ns, kind, text);
    judge_tell_of(j, inc, kind, text);
    bool is_last = judge_active(j, active) == 0 && !incident_is_small(inc);
    for (unsigned i = 0; i < j->watch_count; i++) { /* normal begins anew */
        struct watch *w = j->watch[i];
        if (!is_last && w != inc->watch) {
            continue; /* another is measured by what was before it, or none was touched but one */
        }
        if (w != inc->watch && judge_merged_into(j, w) == inc->id) {
            continue; /* it may last longer, and is then found by what it was before */
        }
        w->settled_ns = j->now_ns;
        w->suspected_ns = 0;
        w->base_restored = false;
        w->base.n = 0;
        w->base_ns = j->now_ns;
    }
    judge_publish(j, inc);
}

/* A fix that has landed ends a story; without one, what comes and goes is one trouble. */
bool
judge_may_reopen(const struct incident *inc)
{
    for (unsigned i = 0; i < inc->action_count; i++) {
        if (inc->action[i].state != ACTION_PROPOSED) {
            return false;
        }
    }
    return inc->state == INCIDENT_RECOVERED; /* judge.c closes it after half an hour */
}

void
judge_open_again(struct judge *j, struct incident *inc, const char *text)
{
    inc->state = INCIDENT_OPEN;
    inc->recovered_ns = inc->calm_ns = 0;
    incident_note(inc, j->now_ns, "reopened", text);
    judge_tell_of(j, inc, "incident-reopened", text);
    judge_publish(j, inc);
}

static bool
goes_on(const struct incident *inc, const struct shift *s, const struct shift_route *r)
{
    if (!judge_may_reopen(inc)) {
        return false;
    }
    return inc->is_whole ? s->mode == SHIFT_FROZEN
                         : s->mode == SHIFT_DRIFT && strcmp(inc->subject, r->watch->text) == 0;
}

struct incident *
judge_reopen(struct judge *j, const struct shift *s, const struct shift_route *r)
{
    for (unsigned i = j->incident_count; i-- > 0;) {
        struct incident *inc = j->incident[i];
        if (!goes_on(inc, s, r)) {
            continue;
        }
        char text[256];
        snprintf(text, sizeof(text), "it is back: mean %.1f ms, was %.1f ms", r->now.mean_ms,
                 inc->before.mean_ms);
        inc->watch = inc->is_whole ? inc->watch : r->watch;
        inc->episode.opened = false; /* the last minutes say when it is over */
        judge_open_again(j, inc, text);
        return inc;
    }
    return NULL;
}

/* The monitor's long view says when what it opened is over, but for what a fix has ended. What was
 * opened because of answers need not be slower, and may have become so. */
static bool
is_calm(const struct incident *inc, const struct shift_route *r)
{
    if (incident_is_held(inc)) {
        return false;
    }
    bool can_tell = r != NULL && r->now.n >= RECEIPT_REQUESTS_MIN && inc->before.n > 0;
    bool is_over = (inc->episode.opened && inc->episode.over) || (inc->of_answers && !can_tell);
    return is_over || (r != NULL && receipt_is_calm(inc, r));
}

static bool
follow_calm(struct judge *j, struct incident *inc, const struct shift_route *r)
{
    if (!is_calm(inc, r)) {
        inc->calm_ns = 0;
        return false;
    }
    if (inc->calm_ns == 0) {
        inc->calm_ns = j->now_ns;
    }
    /* A receipt that is still being counted is waited for, though not for ever: afterwards nobody
     * refines it. */
    for (unsigned i = 0; i < inc->action_count; i++) {
        if (receipt_is_counting(&inc->action[i], j->now_ns)) {
            return false;
        }
    }
    return j->now_ns >= inc->calm_ns + CALM_NS;
}

/* The busiest route has its 30 requests first, and may only be a victim: while no reason is found
 * for it, one whose own statements take far more of the database's time takes its place. */
static struct shift_route *
blame(struct judge *j, struct incident *inc, struct shift *s, struct shift_route *r)
{
    struct shift_route *worst = r;
    double most = BLAME_TIMES * MAX(shift_own_queries_ms(r), 0) * r->now.n;
    bool young = j->now_ns < inc->opened_ns + BLAME_WITHIN_NS;
    if (inc->is_whole && assess_has_churn(s)) { /* nobody's statements are to blame */
        return r;
    }
    if (inc->state != INCIDENT_OPEN || !young || incident_is_small(inc) ||
        incident_has_reason(inc)) {
        return r;
    }
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *x = &s->route[i];
        double own = shift_own_queries_ms(x) * x->now.n;
        if (x->watch != inc->watch && !x->is_taken && own > most && assess_is_burn(s, x)) {
            most = own;
            worst = x;
        }
    }
    if (worst != r) {
        judge_move_incident(j, inc, s, worst);
    }
    return worst;
}

/* What is another's subject, or waits because of an older one. */
static void
mark_taken(const struct judge *j, const struct incident *inc, struct shift *s)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        for (unsigned k = 0; k < n; k++) {
            bool older = active[k]->id < inc->id;
            r->is_taken = r->is_taken || (active[k] != inc && active[k]->watch == r->watch) ||
                          (older && incident_concerns(active[k], r->watch->text));
        }
    }
}

void
judge_follow(struct judge *j, struct incident *inc)
{
    struct shift *s =
        shift_new(j->watch, j->watch_count, &j->load, SHIFT_FROZEN, inc->onset_ns, j->now_ns);
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    bool news = false;
    mark_taken(j, inc, s);
    if (r != NULL && r->now.n >= 5) {
        stats_copy(&r->before, &inc->before); /* the judge's own base may be another burn's */
        r = blame(j, inc, s, r);
        struct inquest q = judge_inquest(j);
        q.is_quiet = judge_is_quiet(j, inc);
        if (inc->state == INCIDENT_OPEN) {
            inquest_gather(&q, s, r);
            news = inquest_find(&q, inc, s, r, "");
            if (news) {
                judge_tie_causes(j, inc);
            }
        }
        progress_follow(inc, s, &j->load, &j->statements, judge_cores(j), j->now_ns);
        actions_weigh(inc, s, &j->statements);
        account_of(inc, s, &j->statements);
        interval_estimate(inc, s);
        rule_out(j, inc, s);
        unsigned entries = inc->timeline_count;
        news = receipt_look(inc, s, j->advice, database_of_incident(j, inc), j->now_ns) || news;
        for (; entries < inc->timeline_count; entries++) {
            judge_tell_of(j, inc, inc->timeline[entries].kind, inc->timeline[entries].text);
        }
    }
    if (news) {
        judge_publish(j, inc);
    } else if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
    if (follow_calm(j, inc, r)) {
        inc->recovered_ns = j->now_ns;
        judge_end_burn(j, inc, INCIDENT_RECOVERED, "recovered", "back to what it was before");
    }
    shift_free(&s);
}
