/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/judge/inquest.h"

#include <math.h>
#include <stdio.h>

#include "analysis/incident/cause.h"
#include "base/clock.h"
#include "model/event.h"

#define SUBJECTS_MAX       12u  /* statements of a route that are looked into */
#define SHARE_OF_MEAN_MIN  0.02 /* of the route's time, or */
#define SHARE_OF_OWN_MIN   0.05 /* of what changed */
#define LENS_AGAIN_NS      (4 * NS_PER_S)
#define LENS_LEASE_NS      (10 * NS_PER_S)
#define SAMPLES_WANTED     4u
#define SAMPLES_WAIT_NS    (3 * NS_PER_S)
#define PLAN_AGAIN_NS      (20 * NS_PER_S) /* after a refusal, or before a suspicion */
#define GENERIC_AFTER_NS   (8 * NS_PER_S)  /* until then a better reason may turn up */
#define REPEATED_SHARE_MIN 0.3
#define COUNTERS_EVERY_NS  (4 * NS_PER_S)

struct subject {
    const struct shift_part *part;
    const struct stats_query *now;
    const struct statement *statement;
};

static unsigned
subjects_of(const struct inquest *q, const struct shift_route *r, const struct shift_part *parts,
            unsigned part_count, struct subject *subjects)
{
    unsigned n = 0;
    for (unsigned i = 0; i < part_count && n < SUBJECTS_MAX; i++) {
        const struct shift_part *p = &parts[i];
        struct subject x = {p, stats_find(&r->now, p->fingerprint),
                            statement_get(q->statements, p->fingerprint)};
        if (x.now == NULL || x.statement == NULL || statement_is_exempt(x.statement)) {
            continue;
        }
        bool costs = x.now->cost_ms >= SHARE_OF_MEAN_MIN * r->now.mean_ms;
        bool changed = p->change_ms >= SHARE_OF_OWN_MIN * fabs(r->own_ms);
        bool grew = (p->kind == SHIFT_NEW || p->kind == SHIFT_MORE) && x.now->cost_ms >= 0.2;
        if (costs || changed || grew || x.now->repeated >= REPEATED_SHARE_MIN) {
            subjects[n++] = x;
        }
    }
    return n;
}

static void
take_lens(const struct inquest *q, uint64_t fingerprint, unsigned count, unsigned rows)
{
    if (q->out->lens != NULL) {
        q->out->lens(q->out->ctx, fingerprint, count, rows, q->now_ns + LENS_LEASE_NS);
    }
}

void
inquest_ask_plan(const struct inquest *q, struct advice_plan *p, const struct statement *s)
{
    if (p->state != ADVICE_NONE) {
        return;
    }
    if (p->lens_ns == 0) {
        p->lens_ns = q->now_ns;
        take_lens(q, p->fingerprint, QUESTION_SAMPLES_MAX, 0);
    }
    if (p->sample_count >= SAMPLES_WANTED || q->now_ns >= p->lens_ns + SAMPLES_WAIT_NS) {
        advice_ask_plan(q->advice, p, s, q->database_of(q->ctx, s->database), q->now_ns);
    }
}

/* Given before the present suspicion, so that it may be another one by now. */
static bool
plan_is_older(const struct shift_route *r, const struct advice_plan *p)
{
    return p->state == ADVICE_GIVEN && r->watch->suspected_ns > p->at_ns + PLAN_AGAIN_NS;
}

static void
gather_plan(const struct inquest *q, const struct shift_route *r, const struct subject *x)
{
    struct advice_plan *p = advice_plan(q->advice, x->statement->fingerprint);
    if (p == NULL || !statement_has_plan(x->statement)) {
        return;
    }
    bool is_refused = p->state == ADVICE_REFUSED && q->now_ns > p->at_ns + PLAN_AGAIN_NS;
    if (is_refused || plan_is_older(r, p)) {
        p->state = ADVICE_NONE;
        p->lens_ns = 0;
    }
    inquest_ask_plan(q, p, x->statement);
}

static void
gather_proof(const struct inquest *q, const struct subject *x, bool lease)
{
    if (x->statement->kind != STATEMENT_SELECT || x->now->repeated < REPEATED_SHARE_MIN) {
        return;
    }
    struct proof_watch *w = proof_watch(q->proof, x->statement->fingerprint);
    if (w == NULL || !lease || proof_result(w) != NULL) {
        return;
    }
    for (unsigned i = 0; i < w->parent_count; i++) {
        take_lens(q, w->parents[i], 16, EVENT_LENS_ROWS_MAX);
    }
    if (w->values_seen < PROOF_DISTINCT_MIN) {
        take_lens(q, w->fingerprint, 2 * QUESTION_SAMPLES_MAX, 0);
    }
}

static bool
any_parent(const struct inquest *q, const struct subject *subjects, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct proof_watch *w = proof_find(q->proof, subjects[i].statement->fingerprint);
        if (w != NULL && w->parent_count > 0 && proof_result(w) == NULL) {
            return true;
        }
    }
    return false;
}

void
inquest_gather(const struct inquest *q, const struct shift *s, const struct shift_route *r)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    struct subject subjects[SUBJECTS_MAX];
    unsigned n = subjects_of(q, r, parts, shift_parts(s, r, parts), subjects);
    const char *database = NULL;
    bool lease = q->now_ns >= *q->rows_asked_ns + LENS_AGAIN_NS && any_parent(q, subjects, n);
    for (unsigned i = 0; i < n; i++) {
        const struct subject *x = &subjects[i];
        database = q->database_of(q->ctx, x->statement->database);
        gather_plan(q, r, x);
        gather_proof(q, x, lease);
        for (unsigned k = 0; k < x->statement->reads.count; k++) {
            (void)advice_table(q->advice, database, x->statement->reads.name[k]);
        }
    }
    if (lease) {
        *q->rows_asked_ns = q->now_ns;
    }
    if (database != NULL) {
        advice_ask_tables(q->advice, database, COUNTERS_EVERY_NS, q->now_ns);
        advice_ask_waits(q->advice, database, COUNTERS_EVERY_NS, q->now_ns);
    }
}

static bool
plan_is_pending(const struct inquest *q, const struct shift_route *r, uint64_t fingerprint)
{
    const struct advice_plan *p = advice_plan(q->advice, fingerprint);
    return p != NULL &&
           (p->state == ADVICE_NONE || p->state == ADVICE_ASKED || plan_is_older(r, p));
}

static bool
add(const struct inquest *q, struct incident *inc, const struct finding *f, const char *route_name,
    const struct statement *s)
{
    if (!cause_add(inc, f, route_name, s)) {
        return false;
    }
    char text[256];
    snprintf(text, sizeof(text), "%s (%s): %.200s", finding_kind_name(f->kind),
             finding_evidence_name(f->evidence), f->detail);
    incident_note(inc, q->now_ns, "finding", text);
    if (q->out->log != NULL && !q->is_quiet) {
        q->out->log(q->out->ctx, "finding", text);
    }
    return true;
}

typedef bool detector(const struct detect_input *in, struct finding *ret_finding);

static detector *const reasons[] = {
    detect_missing_index,       detect_repeated_query, detect_cacheable,        detect_lock_wait,
    detect_idle_in_transaction, detect_plan_change,    detect_unbounded_result, detect_stampede};
static detector *const generic[] = {detect_slower, detect_more_calls};

/* x: NULL where the subject is no statement. */
static struct detect_input
input_of(const struct inquest *q, const struct shift *s, const struct shift_route *r,
         const struct subject *x, double largest_ms)
{
    return (struct detect_input){
        .route = r,
        .part = x == NULL ? NULL : x->part,
        .now = x == NULL ? NULL : x->now,
        .statement = x == NULL ? NULL : x->statement,
        .database = x == NULL ? "" : q->database_of(q->ctx, x->statement->database),
        .advice = q->advice,
        .proof = q->proof,
        .sameness = q->sameness,
        .stampedes = q->stampedes,
        .statements = q->statements,
        .shift = s,
        .cores = q->cores,
        .largest_ms = largest_ms,
        .floor_ms = s->floor_ms,
        .now_ns = q->now_ns,
    };
}

static double
largest_of(const struct subject *subjects, unsigned n)
{
    double largest_ms = 0;
    for (unsigned i = 0; i < n; i++) {
        largest_ms = MAX(largest_ms, subjects[i].part->change_ms);
    }
    return largest_ms;
}

static enum inquest_reason
reason_of(const struct detect_input *in)
{
    struct finding f;
    if (detect_unbounded_result(in, &f)) { /* mostly the application's own time */
        return INQUEST_REASON;
    }
    enum shift_kind kind = in->part->kind;
    if ((kind != SHIFT_NEW && kind != SHIFT_MORE && kind != SHIFT_SLOWER) ||
        !detect_stands_out(in)) {
        return INQUEST_NOTHING;
    }
    for (unsigned k = 0; k < ARRAY_LEN(reasons); k++) {
        if (reasons[k](in, &f)) {
            return INQUEST_REASON;
        }
    }
    return detect_more_calls(in, &f) ? INQUEST_REASON
           : detect_slower(in, &f)   ? INQUEST_SLOWER
                                     : INQUEST_NOTHING;
}

enum inquest_reason
inquest_reason(const struct inquest *q, const struct shift *s, const struct shift_route *r)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    struct subject subjects[SUBJECTS_MAX];
    unsigned n = subjects_of(q, r, parts, shift_parts(s, r, parts), subjects);
    double largest_ms = largest_of(subjects, n);
    enum inquest_reason best = INQUEST_NOTHING;
    for (unsigned i = 0; i < n && best != INQUEST_REASON; i++) {
        struct detect_input in = input_of(q, s, r, &subjects[i], largest_ms);
        best = MAX(best, reason_of(&in));
    }
    return best;
}

/* What is no statement's; that there are too few processors only where nothing else explains it. */
static bool
find_common(const struct inquest *q, struct incident *inc, const struct shift *s,
            const struct shift_route *r, const char *route_name)
{
    struct detect_input in = input_of(q, s, r, NULL, 0);
    struct finding f;
    bool news = detect_connection_churn(&in, &f) && add(q, inc, &f, route_name, NULL);
    news = (detect_retry_storm(&in, &f) && add(q, inc, &f, route_name, NULL)) || news;
    if (inc->cause_count == 0 && q->now_ns >= inc->opened_ns + GENERIC_AFTER_NS &&
        detect_saturation(&in, &f)) {
        news = add(q, inc, &f, route_name, NULL) || news;
    }
    return news;
}

bool
inquest_find(const struct inquest *q, struct incident *inc, const struct shift *s,
             const struct shift_route *r, const char *route_name)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    struct subject subjects[SUBJECTS_MAX];
    unsigned n = subjects_of(q, r, parts, shift_parts(s, r, parts), subjects);
    double largest_ms = largest_of(subjects, n);
    bool news = false;
    for (unsigned i = 0; i < n; i++) {
        const struct subject *x = &subjects[i];
        struct detect_input in = input_of(q, s, r, x, largest_ms);
        struct finding f;
        for (unsigned k = 0; k < ARRAY_LEN(reasons); k++) {
            if (reasons[k](&in, &f)) {
                news = add(q, inc, &f, route_name, x->statement) || news;
            }
        }
        bool wait = q->now_ns < inc->opened_ns + GENERIC_AFTER_NS ||
                    plan_is_pending(q, r, x->statement->fingerprint);
        for (unsigned k = 0; k < ARRAY_LEN(generic) && !wait; k++) {
            if (generic[k](&in, &f)) {
                news = add(q, inc, &f, route_name, x->statement) || news;
            }
        }
    }
    return find_common(q, inc, s, r, route_name) || news;
}
