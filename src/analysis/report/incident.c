/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/incident.h"

#include <math.h>
#include <stdio.h>

#include "analysis/incident/account.h"
#include "analysis/report/put.h"
#include "base/clock.h"
#include "model/json_text.h"

#define INTERACTION_SHARE 0.02 /* of the saving */

static json_t *
names_json(const struct statement_names *names)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < names->count; i++) {
        json_array_append_new(list, json_text(slice_from_str(names->name[i])));
    }
    return list;
}

static json_t *
latency_json(const struct stats *s)
{
    json_t *o = json_object();
    put_ms(o, "mean_ms", s->mean_ms);
    put_ms(o, "p50_ms", s->p50_ms);
    put_ms(o, "p95_ms", s->p95_ms);
    put_int(o, "requests", s->n);
    return o;
}

static json_t *
changes_json(const struct incident *inc)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < inc->change_count; i++) {
        const struct incident_change *c = &inc->change[i];
        json_t *o = json_object();
        put_text(o, "what", c->what);
        put_text(o, "kind", c->kind);
        put_hex(o, "fingerprint", c->fingerprint);
        put_ms(o, "calls_before", c->calls_before);
        put_ms(o, "calls_now", c->calls_now);
        put_ms(o, "per_call_before_ms", c->per_call_before_ms);
        put_ms(o, "per_call_now_ms", c->per_call_now_ms);
        put_ms(o, "before_ms", c->before_ms);
        put_ms(o, "now_ms", c->now_ms);
        put_ms(o, "change_ms", c->change_ms);
        put_ms(o, "before_error_ms", c->before_error_ms);
        put_ms(o, "now_error_ms", c->now_error_ms);
        put_ms(o, "change_error_ms", c->change_error_ms);
        json_array_append_new(list, o);
    }
    return list;
}

/* What `detail` says in words, as far as the kind has figures. */
static json_t *
figures_json(const struct finding *f)
{
    json_t *o = json_object();
    if (f->has_scan) {
        put_int(o, "rows_read", f->rows_read);
        put_int(o, "rows_returned", f->rows_returned);
    } else if (f->kind == FINDING_REPEATED_QUERY && f->requests_looked_at > 0) {
        char column[2 * STATEMENT_NAME_LEN + 2];
        snprintf(column, sizeof(column), "%s.%s", f->parent_table, f->parent_column);
        put_text(o, "values_of", f->parent_column[0] == '\0' ? "" : column);
        put_int(o, "requests_looked_at", f->requests_looked_at);
        put_int(o, "requests_matched", f->requests_matched);
    } else if (f->kind == FINDING_CACHEABLE) {
        put_int(o, "calls", (double)f->calls);
        put_int(o, "answers", f->answers);
        put_ms(o, "hit_rate", f->hit_rate);
    }
    return o;
}

/* From what waits to who is in the way, with what each runs or ran last. */
static json_t *
chain_json(const struct waiting_block *b, const struct statement_table *statements)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < b->chain_count; i++) {
        const struct waiting_session *w = &b->chain[i];
        const struct statement *s = statement_get(statements, w->statement);
        json_t *o = json_object();
        put_hex(o, "fingerprint", w->statement);
        put_text(o, "short", s != NULL ? s->label : "");
        put_text(o, "state", w->state);
        put_text(o, "lock", w->lock);
        put_ms(o, "waited_ms", w->waited_ms);
        put_ms(o, "idle_ms", w->idle_ms);
        put_ms(o, "transaction_ms", w->transaction_ms);
        json_array_append_new(list, o);
    }
    return list;
}

/* Who is in the way of what waits for a lock. */
static void
put_blocker(json_t *o, const struct finding *f, const struct statement_table *statements)
{
    const struct waiting_block *b = &f->block;
    if (f->kind != FINDING_LOCK_WAIT && f->kind != FINDING_IDLE_IN_TRANSACTION) {
        return;
    }
    const struct statement *waiting = statement_get(statements, b->waiting);
    const struct statement *holder = statement_get(statements, b->holder);
    json_t *x = json_object();
    put_hex(x, "waiting", b->waiting);
    put_text(x, "waiting_short", waiting != NULL ? waiting->label : "");
    put_hex(x, "holder", b->holder);
    put_text(x, "holder_short", holder != NULL ? holder->label : "");
    put_text(x, "state", b->state);
    put_text(x, "lock", b->lock);
    put_int(x, "samples", b->samples);
    put_int(x, "of_samples", b->of);
    put_int(x, "waiters", b->waiters);
    put_int(x, "depth", b->depth);
    put_ms(x, "waited_ms", b->waited_ms);
    put_ms(x, "idle_ms", b->idle_ms);
    put_ms(x, "transaction_ms", b->transaction_ms);
    json_object_set_new(x, "chain", chain_json(b, statements));
    json_object_set_new(o, "blocker", x);
}

static json_t *
causes_json(const struct incident *inc, const struct statement_table *statements)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct incident_cause *c = &inc->cause[i];
        const struct statement *s = statement_get(statements, c->finding.fingerprint);
        json_t *o = json_object();
        put_int(o, "rank", i + 1);
        put_text(o, "kind", finding_kind_name(c->finding.kind));
        put_hex(o, "fingerprint", c->finding.fingerprint);
        put_text(o, "statement", s != NULL ? s->text : "");
        put_text(o, "short", c->label);
        json_object_set_new(o, "tables", names_json(&c->finding.tables));
        json_object_set_new(o, "columns", names_json(&c->finding.columns));
        put_text(o, "evidence", finding_evidence_name(c->finding.evidence));
        put_text(o, "basis", c->finding.basis);
        put_text(o, "detail", c->finding.detail);
        json_object_set_new(o, "figures", figures_json(&c->finding));
        put_ms(o, "saving_ms", c->saving_ms);
        put_ms(o, "saving_error_ms", c->saving_error_ms);
        put_blocker(o, &c->finding, statements);
        if (c->finding.advice[0] != '\0') {
            put_text(o, "advice", c->finding.advice);
        }
        if (c->route[0] != '\0') {
            put_text(o, "route", c->route);
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *
rank_of_action(const struct incident *inc, const struct incident_action *a)
{
    static const enum finding_kind kinds[] = {FINDING_COUNT, FINDING_MISSING_INDEX,
                                              FINDING_REPEATED_QUERY, FINDING_CACHEABLE};
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        if (f->fingerprint == a->fingerprint && f->kind == kinds[a->kind]) {
            return json_integer(i + 1);
        }
    }
    return json_null();
}

static json_t *
actions_json(const struct incident *inc, const struct wall_clock *clock)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < inc->action_count; i++) {
        const struct incident_action *a = &inc->action[i];
        json_t *o = json_object();
        put_text(o, "id", a->id);
        put_text(o, "kind", incident_action_kind_name(a->kind));
        put_text(o, "text", a->text);
        put_text(o, "note", a->note);
        json_object_set_new(o, "cause", rank_of_action(inc, a));
        put_ms(o, "saving_alone_ms", a->saving_alone_ms);
        put_ms(o, "saving_alone_error_ms", a->saving_alone_error_ms);
        put_text(o, "state", incident_action_state_name(a->state));
        put_time(o, "landed_at", a->landed_ns, clock);
        put_ms(o, "predicted_ms", a->state == ACTION_PROPOSED ? NAN : a->predicted_ms);
        put_ms(o, "predicted_error_ms", a->state == ACTION_PROPOSED ? NAN : a->predicted_error_ms);
        put_ms(o, "measured_ms", a->state == ACTION_MEASURED ? a->measured_ms : NAN);
        put_ms(o, "measured_error_ms", a->state == ACTION_MEASURED ? a->measured_error_ms : NAN);
        put_int(o, "measured_requests", a->measured_n);
        json_array_append_new(list, o);
    }
    return list;
}

/* Beyond chance, and not by next to nothing. */
static bool
interacts(const struct incident_together *t)
{
    double least = MAX(0.1, INTERACTION_SHARE * fabs(t->saving_ms));
    return fabs(t->interaction_ms) > fmax(least, t->interaction_error_ms);
}

static json_t *
together_json(const struct incident *inc)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < inc->together_count; i++) {
        json_t *o = json_object();
        json_t *ids = json_array();
        for (unsigned k = 0; k < inc->action_count; k++) {
            if ((inc->together[i].mask & (1u << k)) != 0) {
                json_array_append_new(ids, json_string(inc->action[k].id));
            }
        }
        json_object_set_new(o, "actions", ids);
        put_ms(o, "saving_ms", inc->together[i].saving_ms);
        put_ms(o, "saving_error_ms", inc->together[i].saving_error_ms);
        put_ms(o, "interaction_ms", inc->together[i].interaction_ms);
        put_ms(o, "interaction_error_ms", inc->together[i].interaction_error_ms);
        json_object_set_new(o, "interacts", json_boolean(interacts(&inc->together[i])));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *
timeline_json(const struct incident *inc, const struct wall_clock *clock)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < inc->timeline_count; i++) {
        const struct incident_entry *e = &inc->timeline[i];
        json_t *o = json_object();
        put_time(o, "at", e->at_ns, clock);
        put_text(o, "kind", e->kind);
        put_text(o, "text", e->text);
        json_array_append_new(list, o);
    }
    return list;
}

static void
put_deploy(json_t *o, const struct incident *inc, const struct wall_clock *clock)
{
    if (!inc->has_deploy) {
        json_object_set_new(o, "deploy", json_null());
        return;
    }
    json_t *d = json_object();
    put_text(d, "name", inc->deploy_name);
    put_time(d, "at", inc->deploy_ns, clock);
    put_text(d, "basis", inc->deploy_marked ? "marked" : "inferred");
    int64_t after_ms = (int64_t)(wall_clock_of(clock, inc->onset_ns) / NS_PER_MS) -
                       (int64_t)(wall_clock_of(clock, inc->deploy_ns) / NS_PER_MS);
    put_ms(d, "onset_after_s", (double)after_ms / 1000); /* of the two as they are told */
    put_text(d, "overlap", incident_overlap_name(inc->deploy_overlap));
    json_object_set_new(d, "chance",
                        inc->deploy_chance < 0 ? json_null() : json_real(inc->deploy_chance));
    json_object_set_new(o, "deploy", d);
}

static double
share(double of_route, double of_all)
{
    return of_route > 0 && of_all > 0 ? MIN(of_route / of_all, 1) : NAN;
}

static void
put_figures(json_t *o, const struct incident *inc, unsigned cores)
{
    json_t *latency = json_object();
    json_object_set_new(latency, "before", latency_json(&inc->before));
    json_object_set_new(latency, "now", latency_json(&inc->now));
    json_object_set_new(latency, "after",
                        inc->state == INCIDENT_OPEN ? json_null() : latency_json(&inc->after));
    json_object_set_new(o, "latency", latency);
    json_t *traffic = json_object();
    put_ms(traffic, "route_per_min", inc->route_per_min);
    put_ms(traffic, "all_per_min", inc->all_per_min);
    put_ms(traffic, "route_per_min_before", inc->before.per_min > 0 ? inc->before.per_min : NAN);
    put_ms(traffic, "all_per_min_before",
           inc->all_per_min_before > 0 ? inc->all_per_min_before : NAN);
    put_ms(traffic, "route_share", share(inc->route_per_min, inc->all_per_min));
    put_ms(traffic, "route_share_before", share(inc->before.per_min, inc->all_per_min_before));
    json_object_set_new(o, "traffic", traffic);
    json_t *load = json_object();
    put_ms(load, "before", inc->load_before);
    put_ms(load, "now", inc->load_now);
    put_ms(load, "full_in_s", inc->full_in_s < 0 ? NAN : inc->full_in_s);
    json_object_set_new(load, "cores", cores == 0 ? json_null() : json_integer(cores));
    json_object_set_new(o, "database_load", load);
    json_t *errors = json_object();
    put_int(errors, "now", inc->errors);
    json_object_set_new(errors, "all_ok", json_boolean(inc->errors < 0.5));
    json_object_set_new(o, "errors", errors);
}

static void
put_lists(json_t *o, const struct incident *inc)
{
    json_t *victims = json_array();
    for (unsigned i = 0; i < inc->victim_count; i++) {
        json_t *v = json_object();
        put_text(v, "subject", inc->victim[i].subject);
        put_ms(v, "change_ms", inc->victim[i].change_ms);
        json_array_append_new(victims, v);
    }
    json_object_set_new(o, "victims", victims);
    json_t *ruled = json_array();
    for (unsigned i = 0; i < inc->ruled_out_count; i++) {
        json_t *r = json_object();
        put_text(r, "test", inc->ruled_out[i].test);
        put_text(r, "figure", inc->ruled_out[i].figure);
        json_array_append_new(ruled, r);
    }
    json_object_set_new(o, "ruled_out", ruled);
}

static void
put_example(json_t *o, const struct incident *inc)
{
    static const uint8_t none[16];
    char hex[33];
    for (unsigned i = 0; i < 16; i++) {
        snprintf(hex + i * 2, 3, "%02x", inc->example_trace[i]);
    }
    bool known = memcmp(inc->example_trace, none, sizeof(none)) != 0;
    json_object_set_new(o, "example_trace", known ? json_string(hex) : json_null());
}

/* What the long view has to do with it. */
static json_t *
monitor_json(const struct incident *inc, const struct wall_clock *clock)
{
    const struct incident_episode *p = &inc->episode;
    if (p->lane[0] == '\0') {
        return json_null();
    }
    json_t *o = json_object();
    put_text(o, "lane", p->lane);
    json_object_set_new(o, "opened", json_boolean(p->opened));
    json_object_set_new(o, "learning", json_boolean(p->learning));
    put_time(o, "onset_from", p->onset_from_ns, clock);
    put_time(o, "onset_to", p->onset_to_ns, clock);
    json_object_set_new(o, "deploy_chance",
                        p->deploy_chance < 0 ? json_null() : json_real(p->deploy_chance));
    return o;
}

static void
put_headline(json_t *o, const struct incident *inc)
{
    char text[600];
    bool is_open = inc->state == INCIDENT_OPEN;
    const char *what = is_open ? "is slowing down" : "slowed down";
    if (inc->episode.opened && strcmp(inc->episode.lane, "errors") == 0) {
        what = is_open ? "is failing" : "failed";
    } else if (inc->episode.opened && strcmp(inc->episode.lane, "bursts") == 0) {
        what = is_open ? "fails again and again" : "failed again and again";
    } else if (inc->episode.opened && strcmp(inc->episode.lane, "blips") == 0) {
        what = is_open ? "slows down again and again" : "slowed down again and again";
    } else if (inc->episode.opened && strcmp(inc->episode.lane, "stall") == 0) {
        what = is_open ? "is stuck" : "was stuck";
    } else if (inc->episode.opened && (strcmp(inc->episode.lane, "rows") == 0 ||
                                       strcmp(inc->episode.lane, "bytes") == 0)) {
        what = is_open ? "returns more than before" : "returned more than before";
    } else if (inc->of_answers) {
        what = is_open ? "answers differently" : "answered differently";
    }
    snprintf(text, sizeof(text), "%s %s", inc->subject, what);
    put_text(o, "headline", text);
}

/* The last lines of "what changed", and how much of it the causes account for. */
static void
put_measured(json_t *o, const struct incident *inc)
{
    put_ms(o, "measured_before_ms", inc->measured_before_ms);
    put_ms(o, "measured_before_error_ms", inc->measured_before_error_ms);
    put_ms(o, "measured_now_ms", inc->measured_now_ms);
    put_ms(o, "measured_now_error_ms", inc->measured_now_error_ms);
    put_ms(o, "measured_change_ms", inc->measured_now_ms - inc->measured_before_ms);
    put_ms(o, "measured_change_error_ms", inc->measured_change_error_ms);
    put_ms(o, "unexplained_ms", inc->unexplained_ms);
    put_ms(o, "unexplained_error_ms", inc->unexplained_error_ms);
    put_ms(o, "explained", inc->explained);
    json_object_set_new(o, "cannot_tell", json_boolean(account_cannot_tell(inc)));
}

json_t *
report_incident(const struct incident *inc, const struct statement_table *statements,
                const struct wall_clock *clock, unsigned cores)
{
    json_t *o = json_object();
    put_int(o, "id", inc->id);
    put_text(o, "state", incident_state_name(inc->state));
    put_text(o, "subject", inc->subject);
    put_text(o, "subject_kind", inc->episode.fingerprint != 0 ? "statement" : "route");
    bool has_route = inc->episode.fingerprint == 0 && inc->watch != NULL;
    json_object_set_new(o, "route_basis",
                        has_route ? json_string(route_basis_name(inc->watch->basis)) : json_null());
    put_headline(o, inc);
    put_text(o, "trend", inc->trend);
    put_time(o, "opened_at", inc->opened_ns, clock);
    put_time(o, "onset_at", inc->onset_ns, clock);
    put_time(o, "onset_from", inc->onset_from_ns, clock);
    put_time(o, "onset_to", inc->onset_to_ns, clock);
    put_time(o, "updated_at", inc->updated_ns, clock);
    put_time(o, "recovered_at", inc->recovered_ns, clock);
    put_time(o, "closed_at", inc->closed_ns, clock);
    json_object_set_new(o, "merged_into",
                        inc->merged_into == 0 ? json_null() : json_integer(inc->merged_into));
    put_time(o, "acknowledged_at", inc->acknowledged_ns, clock);
    put_time(o, "announced_at", inc->announced_ns, clock);
    put_deploy(o, inc, clock);
    json_object_set_new(o, "monitor", monitor_json(inc, clock));
    put_figures(o, inc, cores);
    put_text(o, "figures_per", inc->before.n == 0 && inc->change_count > 0 ? "call" : "request");
    json_object_set_new(o, "changes", changes_json(inc));
    put_measured(o, inc);
    json_object_set_new(o, "causes", causes_json(inc, statements));
    put_lists(o, inc);
    json_object_set_new(o, "actions", actions_json(inc, clock));
    put_ms(o, "saving_together_ms", inc->saving_together_ms);
    put_ms(o, "saving_together_error_ms", inc->saving_together_error_ms);
    json_object_set_new(o, "together", together_json(inc));
    json_object_set_new(o, "timeline", timeline_json(inc, clock));
    put_example(o, inc);
    json_t *notes = json_array();
    if (inc->remark[0] != '\0' && !incident_has_reason(inc)) {
        json_array_append_new(notes, json_string(inc->remark));
    }
    json_object_set_new(o, "notes", notes);
    return o;
}
