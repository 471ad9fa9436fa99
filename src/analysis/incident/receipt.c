/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/receipt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/actions.h"
#include "analysis/incident/interval.h"
#include "base/clock.h"

#define RUN_MIN       8u
#define RUN_MAX       80u
#define INDEX_POLL_NS (3 * NS_PER_S)
#define COUNTING_NS   (120 * NS_PER_S)
/* The last ones only: what the traffic was minutes ago is not what the fix changed. */
#define BEFORE_REQUESTS 240u

/* Requests in a row without the fault that cannot be chance, when `share` of them have it. */
static unsigned
run_needed(double share)
{
    if (share > 0.99) {
        return RUN_MIN;
    }
    double n = share <= 0.05 ? RUN_MAX : ceil(log(1e-4) / log(1 - share));
    return (unsigned)MIN(MAX(n, RUN_MIN), RUN_MAX);
}

/* 1: the request is as with the fix; 0: as without it; -1: says nothing. */
static int
looks_fixed(const struct incident_action *a, const struct recent_request *req)
{
    const struct recent_query *q = recent_find(req, a->fingerprint);
    double calls = q == NULL ? 0 : q->calls;
    switch (a->kind) {
    case ACTION_EAGER_LOAD:
        return calls < RECENT_REPEATS_MIN;
    case ACTION_CACHE:
        return calls <= 0.5 * a->reference_calls;
    case ACTION_CREATE_INDEX:
        if (q == NULL) {
            return -1;
        }
        return q->cost_ms / calls <= a->reference_call_ms * sqrt(MAX(a->reference_share, 1e-4));
    default:
        return -1;
    }
}

/* Length and start of the run of fixed-looking requests that reaches up to now. */
static unsigned
trailing_run(const struct incident *inc, const struct incident_action *a, uint64_t *ret_start_ns)
{
    const struct recent *r = &inc->watch->recent;
    unsigned n = 0;
    for (uint32_t k = r->count; k-- > 0;) {
        const struct recent_request *req = recent_at(r, k);
        int fixed = req->start_ns < inc->opened_ns ? 0 : looks_fixed(a, req);
        if (fixed == 0) {
            break;
        }
        if (fixed == 1) {
            n++;
            *ret_start_ns = req->start_ns;
        }
    }
    return n;
}

/* When it landed; 0: it has not. */
static uint64_t
landed(struct incident *inc, const struct incident_action *a, struct advice *advice,
       const char *database, uint64_t now_ns)
{
    uint64_t start_ns = 0;
    unsigned run = trailing_run(inc, a, &start_ns);
    if (a->kind != ACTION_CREATE_INDEX) {
        double share = a->kind == ACTION_CACHE ? 1 : a->reference_share;
        return run >= run_needed(share) ? start_ns : 0;
    }
    const struct finding *f = NULL;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *x = &inc->cause[i].finding;
        if (x->kind == FINDING_MISSING_INDEX && x->fingerprint == a->fingerprint) {
            f = x;
        }
    }
    if (f == NULL || f->tables.count == 0 || f->columns.count == 0) {
        return 0;
    }
    struct advice_index *x =
        advice_index(advice, database, f->schema, f->tables.name[0], &f->columns);
    advice_ask_index(advice, x, database, INDEX_POLL_NS, now_ns);
    if (x->covered_ns != 0) {
        /* Between the last look without it and the first with it: where the calls got cheap. */
        return run >= 3 && start_ns + INDEX_POLL_NS >= x->uncovered_ns ? start_ns : x->covered_ns;
    }
    bool nobody_tells = x->state == ADVICE_REFUSED || x->uncovered_ns == 0;
    return nobody_tells && run >= 2 * RUN_MIN ? start_ns : 0;
}

static uint64_t
change_before(const struct incident *inc, uint64_t at_ns)
{
    uint64_t last = inc->onset_ns;
    for (unsigned i = 0; i < inc->action_count; i++) {
        uint64_t x = inc->action[i].landed_ns;
        last = x != 0 && x < at_ns && x > last ? x : last;
    }
    return last;
}

static uint64_t
change_after(const struct incident *inc, uint64_t at_ns)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < inc->action_count; i++) {
        uint64_t x = inc->action[i].landed_ns;
        next = x > at_ns && x < next ? x : next;
    }
    return next;
}

/* What the action is measured by, and how sure that is. */
static double
figure_of(const struct incident_action *a, const struct stats *s, struct jackknife *ret_side)
{
    if (a->kind != ACTION_CACHE) {
        *ret_side = interval_of_mean(s, 0);
        return s->mean_ms;
    }
    const struct stats_query *q = stats_find(s, a->fingerprint);
    *ret_side = interval_of_mean(s, a->fingerprint);
    return q == NULL ? 0 : q->cost_ms;
}

/* The requests just before the landing: what it removes from, and what was promised for it. */
static void
freeze_before(struct incident *inc, struct incident_action *a, const struct shift *s,
              const struct shift_route *live)
{
    uint64_t from = change_before(inc, a->landed_ns);
    struct shift_route *r = check_alloc(1, sizeof(*r));
    *r = *live;
    stats_make(&inc->watch->recent, from, a->landed_ns, BEFORE_REQUESTS, &r->now);
    a->before_ms = figure_of(a, &r->now, &a->before_side);
    struct finding findings[INCIDENT_CAUSES_MAX];
    struct attribution_input in;
    actions_attribution(inc, s, r, findings, &in);
    unsigned cause = actions_cause_of(inc, a);
    bool has_cause = cause < INCIDENT_CAUSES_MAX;
    a->predicted_ms = has_cause ? actions_cause_saving_ms(inc, &in, cause, r) : 0;
    if (a->kind == ACTION_ROLL_BACK) {
        a->predicted_ms = a->before_ms - inc->before.mean_ms;
    }
    a->predicted_error_ms =
        has_cause || a->kind == ACTION_ROLL_BACK ? interval_of_saving(inc, s, r, cause) : NAN;
    free(r);
}

static void
note_landed(struct incident *inc, struct incident_action *a)
{
    char text[256];
    snprintf(text, sizeof(text), "%s: %.200s", a->id, a->text);
    incident_note(inc, a->landed_ns, "fix-landed", text);
    a->state = ACTION_LANDED;
    if (inc->state == INCIDENT_OPEN) {
        inc->state = INCIDENT_FIXING;
    }
}

static bool
measure(struct incident *inc, struct incident_action *a)
{
    if (a->measured_n >= RECEIPT_REQUESTS_ENOUGH) {
        return false;
    }
    struct stats *after = check_alloc(1, sizeof(*after));
    bool told = false;
    stats_make(&inc->watch->recent, a->landed_ns + NS_PER_S, change_after(inc, a->landed_ns), 0,
               after);
    if (after->n >= RECEIPT_REQUESTS_MIN && after->n > a->measured_n) {
        struct jackknife after_side;
        a->measured_ms = a->before_ms - figure_of(a, after, &after_side);
        a->measured_error_ms = jackknife_error(a->before_side, after_side);
        a->measured_n = after->n;
        inc->dirty = true;
        if (a->state == ACTION_LANDED) {
            char text[256];
            a->state = ACTION_MEASURED;
            snprintf(text, sizeof(text), "%s: removed %.1f ± %.1f ms, predicted %.1f ms (%.150s)",
                     a->id, a->measured_ms, a->measured_error_ms, a->predicted_ms, a->text);
            incident_note(inc, after->to_ns, "receipt", text);
            told = true;
        }
    }
    free(after);
    return told;
}

/* Everything that was new is gone, and nothing came instead: the deploy was rolled back. */
static bool
rolled_back(const struct incident *inc, uint64_t *ret_start_ns)
{
    unsigned faults = 0, run = 0;
    for (unsigned i = 0; i < inc->action_count; i++) {
        const struct incident_action *a = &inc->action[i];
        bool code = a->kind == ACTION_EAGER_LOAD || a->kind == ACTION_CACHE;
        faults += code && a->state == ACTION_PROPOSED ? 1 : 0;
    }
    const struct recent *r = &inc->watch->recent;
    for (uint32_t k = r->count; faults >= 2 && k-- > 0;) {
        const struct recent_request *req = recent_at(r, k);
        bool clean = req->start_ns > inc->opened_ns;
        for (unsigned i = 0; clean && i < req->query_count; i++) {
            clean = stats_find(&inc->before, req->q[i].fingerprint) != NULL;
        }
        for (unsigned i = 0; clean && i < inc->action_count; i++) {
            const struct incident_action *a = &inc->action[i];
            bool code = a->kind == ACTION_EAGER_LOAD || a->kind == ACTION_CACHE;
            clean = !code || looks_fixed(a, req) == 1;
        }
        if (!clean) {
            break;
        }
        run++;
        *ret_start_ns = req->start_ns;
    }
    return run >= RUN_MIN;
}

static struct incident_action *
roll_back_of(struct incident *inc)
{
    for (unsigned i = 0; i < inc->action_count; i++) {
        if (inc->action[i].kind == ACTION_ROLL_BACK && inc->action[i].state == ACTION_PROPOSED) {
            return &inc->action[i];
        }
    }
    return NULL;
}

bool
receipt_look(struct incident *inc, struct shift *s, struct advice *advice, const char *database,
             uint64_t now_ns)
{
    const struct shift_route *live = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (live == NULL) {
        return false;
    }
    bool news = false;
    uint64_t start_ns = 0;
    struct incident_action *back = roll_back_of(inc);
    if (back != NULL && rolled_back(inc, &start_ns)) {
        back->landed_ns = start_ns;
        freeze_before(inc, back, s, live);
        note_landed(inc, back);
        news = true;
    }
    for (unsigned i = 0; i < inc->action_count; i++) {
        struct incident_action *a = &inc->action[i];
        bool code = a->kind == ACTION_EAGER_LOAD || a->kind == ACTION_CACHE;
        bool undone =
            code && inc->action[0].kind == ACTION_ROLL_BACK && inc->action[0].landed_ns != 0;
        if (a->state == ACTION_PROPOSED && a->kind != ACTION_ROLL_BACK && !undone) {
            uint64_t at_ns = landed(inc, a, advice, database, now_ns);
            if (at_ns != 0) {
                a->landed_ns = at_ns;
                freeze_before(inc, a, s, live);
                note_landed(inc, a);
                news = true;
            }
        }
        if (a->state != ACTION_PROPOSED) {
            news = measure(inc, a) || news;
        }
    }
    return news;
}

bool
receipt_is_counting(const struct incident_action *a, uint64_t now_ns)
{
    return a->landed_ns != 0 && a->measured_n < RECEIPT_REQUESTS_SETTLED &&
           now_ns < a->landed_ns + COUNTING_NS;
}

bool
receipt_is_calm(const struct incident *inc, const struct shift_route *r)
{
    double allowed = MAX(2.0, 0.3 * inc->before.mean_ms);
    if (inc->is_whole) { /* there waiting is what it is about */
        return r->now.n >= RECEIPT_REQUESTS_MIN && r->change_ms <= 2 * allowed;
    }
    if (!inc->of_answers) { /* a small burn is not over while half of it is left */
        allowed = MIN(allowed, MAX(0.5 * inc->opened_own_ms, 0.5));
    }
    return r->now.n >= RECEIPT_REQUESTS_MIN && r->own_ms <= allowed &&
           r->change_ms <= 2 * allowed + MAX(r->waiting_ms, 0) + MAX(r->app_waiting_ms, 0);
}
