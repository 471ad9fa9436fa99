/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/actions.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/remedy.h"

void
actions_attribution(const struct incident *inc, const struct shift *s, const struct shift_route *r,
                    struct finding *findings, struct attribution_input *in)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        findings[i] = inc->cause[i].finding;
    }
    double seconds = r->now.n > 1 ? (double)(r->now.to_ns - r->now.from_ns) / 1e9 : 0;
    *in = (struct attribution_input){
        .now = &r->now,
        .waiting_ms = MAX(r->waiting_ms, 0) + MAX(r->app_waiting_ms, 0),
        .calls_app_ms = MIN(shift_app_from_calls_ms(r), MAX(r->app_change_ms, 0)),
        .app_ratio = s->app_ratio,
        .requests_per_s = seconds > 1 ? r->now.n * recent_weight(&r->watch->recent) / seconds : 0,
        .load_growth = s->load_now - s->load_before,
        .floor_ms = s->floor_ms,
        .finding = findings,
        .finding_count = inc->cause_count,
    };
}

static int
cause_compare(const void *a, const void *b)
{
    double x = ((const struct incident_cause *)a)->saving_ms;
    double y = ((const struct incident_cause *)b)->saving_ms;
    return x > y ? -1 : x < y;
}

static bool
action_of(enum finding_kind kind, enum action_kind *ret_kind)
{
    switch (kind) {
    case FINDING_MISSING_INDEX:
        *ret_kind = ACTION_CREATE_INDEX;
        return true;
    case FINDING_REPEATED_QUERY:
        *ret_kind = ACTION_EAGER_LOAD;
        return true;
    case FINDING_CACHEABLE:
        *ret_kind = ACTION_CACHE;
        return true;
    default:
        return false;
    }
}

static void
propose(struct incident *inc, const struct incident_cause *c, const struct shift_route *r,
        const struct statement *s, double floor_ms)
{
    enum action_kind kind;
    if (!action_of(c->finding.kind, &kind) || inc->action_count == INCIDENT_ACTIONS_MAX) {
        return;
    }
    const struct stats_query *q = stats_find(&r->now, c->finding.fingerprint);
    if (q == NULL) {
        return;
    }
    struct incident_action *a = &inc->action[inc->action_count++];
    memset(a, 0, sizeof(*a));
    a->kind = kind;
    a->fingerprint = c->finding.fingerprint;
    a->saving_alone_ms = c->saving_ms;
    a->reference_calls = q->calls;
    a->reference_call_ms = q->per_call_ms;
    a->reference_share = q->repeated;
    if (kind == ACTION_CREATE_INDEX) { /* where a call is on its way to with the index */
        double after = MAX(MIN(floor_ms, q->per_call_ms), q->per_call_ms * c->finding.cost_ratio);
        a->reference_share = after / MAX(q->per_call_ms, 1e-9);
    }
    if (s != NULL) {
        remedy_text(&c->finding, s, a->text, sizeof(a->text));
        remedy_note(&c->finding, q->calls, a->note, sizeof(a->note));
    }
}

static void
propose_roll_back(struct incident *inc, const struct shift_route *r)
{
    if (!inc->has_deploy) {
        return;
    }
    struct incident_action *a = &inc->action[inc->action_count++];
    memset(a, 0, sizeof(*a));
    a->kind = ACTION_ROLL_BACK;
    a->saving_alone_ms = r->change_ms;
    snprintf(a->text, sizeof(a->text), "roll back %.120s",
             inc->deploy_marked ? inc->deploy_name : "the last deploy");
}

static void
name_actions(struct incident *inc)
{
    char next = 'a';
    for (unsigned i = 0; i < inc->action_count; i++) {
        struct incident_action *a = &inc->action[i];
        snprintf(a->id, sizeof(a->id), "%c", a->kind == ACTION_ROLL_BACK ? '0' : next++);
    }
}

unsigned
actions_cause_of(const struct incident *inc, const struct incident_action *a)
{
    enum action_kind kind;
    for (unsigned c = 0; c < inc->cause_count; c++) {
        const struct finding *f = &inc->cause[c].finding;
        if (f->fingerprint == a->fingerprint && action_of(f->kind, &kind) && kind == a->kind) {
            return c;
        }
    }
    return INCIDENT_CAUSES_MAX;
}

uint32_t
actions_causes_of(const struct incident *inc, uint32_t actions)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < inc->action_count; i++) {
        unsigned c = actions_cause_of(inc, &inc->action[i]);
        mask |= (actions & (1u << i)) != 0 && c < INCIDENT_CAUSES_MAX ? 1u << c : 0;
    }
    return mask;
}

double
actions_interaction_ms(const struct attribution_input *in, uint32_t causes)
{
    double ms = attribution_saving_ms(in, causes);
    for (unsigned c = 0; c < in->finding_count; c++) {
        ms -= (causes & (1u << c)) != 0 ? attribution_saving_ms(in, 1u << c) : 0;
    }
    return ms;
}

static void
add_together(struct incident *inc, const struct attribution_input *in, uint32_t mask)
{
    for (unsigned i = 0; i < inc->together_count; i++) {
        if (inc->together[i].mask == mask) {
            return;
        }
    }
    if (inc->together_count < INCIDENT_TOGETHER_MAX) {
        uint32_t causes = actions_causes_of(inc, mask);
        struct incident_together *t = &inc->together[inc->together_count++];
        *t = (struct incident_together){.mask = mask};
        t->saving_ms = attribution_saving_ms(in, causes);
        t->interaction_ms = actions_interaction_ms(in, causes);
    }
}

/* Pairs that work on the same statement first: there the sum misleads most. Then the other pairs,
 * then all of them. */
static void
weigh_together(struct incident *inc, const struct attribution_input *in)
{
    uint32_t all = 0;
    inc->together_count = 0;
    for (unsigned same = 2; same-- > 0;) {
        for (unsigned i = 0; i < inc->action_count; i++) {
            const struct incident_action *a = &inc->action[i];
            if (a->kind == ACTION_ROLL_BACK) {
                continue;
            }
            all |= 1u << i;
            for (unsigned k = i + 1; k < inc->action_count; k++) {
                if ((inc->action[k].fingerprint == a->fingerprint) == (same == 1) &&
                    inc->together_count < INCIDENT_TOGETHER_MAX - 1) {
                    add_together(inc, in, 1u << i | 1u << k);
                }
            }
        }
    }
    inc->saving_together_ms = attribution_saving_ms(in, actions_causes_of(inc, all));
    if ((all & (all - 1)) != 0) {
        add_together(inc, in, all);
    }
}

double
actions_cause_saving_ms(const struct incident *inc, const struct attribution_input *in,
                        unsigned cause, const struct shift_route *r)
{
    const struct finding *f = &inc->cause[cause].finding;
    if (f->has_saving) {
        return f->saving_ms;
    }
    if (finding_is_generic(f->kind)) {
        const struct stats_query *now = stats_find(&r->now, f->fingerprint);
        const struct stats_query *was = stats_find(&r->before, f->fingerprint);
        return now == NULL ? 0 : now->cost_ms - (was == NULL ? 0 : was->cost_ms);
    }
    /* A cache is measured by the query time it saves: so is its promise. */
    return f->kind == FINDING_CACHEABLE ? attribution_query_saving_ms(in, cause)
                                        : attribution_saving_ms(in, 1u << cause);
}

void
actions_weigh(struct incident *inc, struct shift *s, const struct statement_table *statements)
{
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (r == NULL || inc->state != INCIDENT_OPEN || r->now.n < 5) {
        return;
    }
    struct finding findings[INCIDENT_CAUSES_MAX];
    struct attribution_input in;
    actions_attribution(inc, s, r, findings, &in);
    for (unsigned i = 0; i < inc->cause_count; i++) {
        inc->cause[i].saving_ms = actions_cause_saving_ms(inc, &in, i, r);
    }
    qsort(inc->cause, inc->cause_count, sizeof(inc->cause[0]), cause_compare);
    actions_attribution(inc, s, r, findings, &in); /* in the new order */
    inc->action_count = 0;
    propose_roll_back(inc, r);
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct incident_cause *c = &inc->cause[i];
        propose(inc, c, r, statement_get(statements, c->finding.fingerprint), in.floor_ms);
    }
    name_actions(inc);
    weigh_together(inc, &in);
}
